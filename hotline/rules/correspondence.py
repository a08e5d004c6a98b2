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


def needs_no_answer(text: str) -> bool:
    """Whether it only thanks or agrees, or is a late figure: said about what is over, it is nothing new."""
    return figure(text) is not None or _plain(text) in _THANKS


def says_something(text: str) -> bool:
    """Whether there are words in it at all."""
    return any(character.isalnum() for character in text)


def _plain(text: str) -> str:
    return _MARKS.sub("", unicodedata.normalize("NFKC", text)).lower()
