"""What a short message to us means beyond its words: an answer by figure, a wish to be left alone, a reminder."""

import re
import unicodedata

_ANSWER = re.compile(r"[0-9]")
_STOP = frozenset({"退订", "td", "t", "stop", "不再回访", "不要再发", "别再发了", "勿扰"})
_THANKS = frozenset(
    {"谢谢", "谢谢你", "谢谢您", "谢谢你们", "多谢", "多谢晒", "唔该", "感谢", "非常感谢", "好", "好的", "好的谢谢",
     "知道了", "收到", "收到谢谢", "收到了", "嗯", "辛苦了", "不用了", "ok", "thanks", "thankyou"}
)  # fmt: skip
_CHASES = re.compile(
    r"催|怎么还(没|不)|还没(有)?(人)?(来|到|消息|联系|处理|办)|什么时候(能|来|到|有人|办)|多久(能|才|还)?|"
    r"(进度|进展|办到哪|处理得怎么样|有(消息|结果)了?(吗|没))|any news|how long"
)
# The same words with all that belongs to asking so, but nothing else: 怎么还没水 tells of a need.
_CHASING = re.compile(
    r"(?:请问|麻烦|你们|想问|问一下|到底|究竟|怎么|为什么|为何|有没|再)*"
    r"(?:催|还(?:没有?|不)人?(?:来|到|消息|联系|处理|办|解决|回复)|(?:什么时候|多久)(?:才|能|来|到|有人|办)|"
    r"进度|进展|办到哪|处理得怎么样|有(?:消息|结果)|any news|how long)"
    r"(?:一下|怎么样|人(?=[来到\W了呢啊吗呀吧]|$)|[来到办好完能才了呢啊吗呀吧])*",
    re.IGNORECASE,
)
_MARKS = re.compile(r"[\s。.!！?？,，、;；~～]+")
# A reminder says little else; whoever writes at length tells something new.
_LONGEST_REMINDER = 40


def figure(text: str) -> str | None:
    """The single figure that the message consists of, marks aside; None for anything else."""
    plain = _plain(text)
    return plain if _ANSWER.fullmatch(plain) else None


def asks_to_stop(text: str) -> bool:
    """Whether it says nothing but that no such message is wanted any more."""
    return _plain(text) in _STOP


def chases(text: str) -> bool:
    """Whether it asks how the matter stands (催办) rather than telling something new."""
    return len(text) <= _LONGEST_REMINDER and _CHASES.search(unicodedata.normalize("NFKC", text).lower()) is not None


def beyond_chasing(text: str) -> str:
    """The text with marks in place of the words that only ask how the matter stands; all else stays where it is."""
    return _CHASING.sub(lambda asked: "，" * len(asked[0]), text)


def needs_no_answer(text: str) -> bool:
    """Whether it only thanks or agrees, or is a late figure: said about what is over, it is nothing new."""
    return figure(text) is not None or _plain(text) in _THANKS


def says_something(text: str) -> bool:
    """Whether there are words in it at all."""
    return any(character.isalnum() for character in text)


def _plain(text: str) -> str:
    return _MARKS.sub("", unicodedata.normalize("NFKC", text)).lower()
