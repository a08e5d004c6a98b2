"""Whatever the text: it is understood without an error, in time that grows with its length, and nothing is invented."""

import re
from collections.abc import Callable
from functools import cache
from time import process_time

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from speech.numbers import DIGITS, numbers
from speech.understand import Evidence, Facts, Gazetteer, understand, understand_outreach, understand_survey
from speech.understand.learned import CASES
from speech.understand.lexicon import FOLDER, table, words
from speech.understand.place_names import key_of, sound_of

SAMPLES = CASES / "samples"
GAZETTEER = Gazetteer.from_csv(SAMPLES / "units.csv", SAMPLES / "places.csv")
# Signs with which phrases are written in the lexicons; what is between them are words.
SIGNS = "…(|)?{}[]^$\\d+<!=,"
COUNTING = "半每一两二三四五六七八九十百0123456789俩仨双"


@cache
def lexicon_words() -> tuple[str, ...]:
    """All words of all lexicons."""
    found: set[str] = set()
    for file in FOLDER.glob("*.toml"):
        for phrase in _strings(table(file.stem)):
            found |= set("".join(" " if sign in SIGNS else sign for sign in phrase).split())
    return tuple(sorted(found))


def _strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if hasattr(value, "values") else value if isinstance(value, list | tuple) else ()
    return [text for each in inner for text in _strings(each)]


def spoken() -> st.SearchStrategy[str]:
    """Words of the lexicons, names and numbers, in any order."""
    names = [*GAZETTEER.names, "流西大接", "十二网格"]
    signs = st.sampled_from([*"零一二三四五六七八九十两百千万幺个号楼我的了没有不是姓叫住在电话岁"])
    words = st.one_of(st.sampled_from(lexicon_words()), st.sampled_from(names), signs, signs)
    return st.lists(words, max_size=40).map("".join)


def any_text() -> st.SearchStrategy[str]:
    """Characters of any script, and such as are none."""
    return st.text(st.characters(exclude_categories=()), max_size=80)


def mixed() -> st.SearchStrategy[str]:
    parts = st.one_of(
        any_text(), spoken(), st.sampled_from(["😀👨‍👩‍👧", "\ud800", "\x00\x1b", "１３６４４００２２１９", "abc 123-4"])
    )
    return st.lists(parts, max_size=5).map("".join)


def _understood(text: str) -> Facts:
    return understand(text, GAZETTEER)


FEW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@FEW
@given(st.one_of(spoken(), mixed()))
@example("")
@example("\ud800一三六\udfff四四零零二二一九")
@example("我叫")
@example("三个三个三")
def test_request_is_understood_and_nothing_is_invented(text):
    facts = understand(text, GAZETTEER)
    for name, fact in facts.items():
        _lies_in(text, fact.evidence)
        assert fact.is_said or not fact.evidence, name
        assert 0 <= fact.confidence <= 1
    _lies_in(text, facts.emergencies)
    _was_said(text, facts)


def _lies_in(text: str, evidence: tuple[Evidence, ...]) -> None:
    for each in evidence:
        assert 0 <= each.start < each.end <= len(text)
        assert text[each.start : each.end] == each.text


def _was_said(text: str, facts: Facts) -> None:
    if facts.phone.value:
        assert _is_part(facts.phone.value, _digits(facts.phone.evidence[0].text))
    if facts.place.value:
        assert _sounds_like_a_name(facts.place.evidence[0].text, facts.place.value)
    if facts.summary.value:
        assert facts.summary.value == "，".join(each.text for each in facts.summary.evidence)
    for quoted in (facts.caller_name, facts.address):
        assert quoted.value is None or quoted.value in text
    if facts.people.value is not None:
        words = "".join(each.text for each in facts.people.evidence)
        assert any(numbers(words)) or any(sign in words for sign in (*COUNTING, *_people_who_count()))


def _people_who_count() -> set[str]:
    """Words of the rules that tell a number without one: 老伴 is one more."""
    fixed = [rule for rule in table("people")["rule"] if rule.get("count") or rule.get("besides")]
    return {word for phrase in _strings(fixed) for word in phrase.replace("?", "|").split("|") if word}


def _digits(words: str) -> list[str]:
    """For each character the digits that it may stand for, several where it counts the next: 三个七 is 777, 双七 77."""
    homophones = table("phone")["sounds_like"]
    found = [{**DIGITS, **homophones}.get(sign, "") for sign in words]
    for at in range(len(words) - 1):
        if words[at] == "双" and words[at + 1] in DIGITS:
            found[at] = DIGITS[words[at + 1]]
    for at in range(len(words) - 2):
        if words[at + 1] == "个" and words[at] in DIGITS and words[at + 2] in DIGITS:
            found[at] = DIGITS[words[at + 2]] * int(DIGITS[words[at]])
            found[at + 2] = ""
    return [digit for digit in found if digit]


def _is_part(number: str, said: list[str]) -> bool:
    """Whether the digits come in this order, with none between them that was not said."""
    rest = iter("".join(said))
    return all(digit in rest for digit in number)


def _sounds_like_a_name(words: str, unit: str) -> bool:
    sound = sound_of(key_of(words))
    known = {sound_of(key_of(name)) for name in GAZETTEER.names}
    return GAZETTEER.find(f"住在{words}") is not None and (
        sound in known or any(_is_inside(sound, name) for name in known)
    )


def _is_inside(sound: tuple[str, ...], name: tuple[str, ...]) -> bool:
    """柳溪 for 柳溪街道, 莲塘社区二号网格 for 莲塘02网格."""
    return len(set(sound) & set(name)) >= min(len(set(sound)), 2)


@FEW
@given(st.one_of(spoken(), mixed()))
def test_answers_to_calls_are_understood_and_nothing_is_invented(text):
    for answers in (understand_survey(text), understand_outreach(text)):
        for name, fact in answers.items():
            _lies_in(text, fact.evidence)
            assert fact.value or not fact.evidence or name == "problem"


def test_no_phrase_can_be_tried_in_ever_more_ways():
    """A repeated group of which one word is made of others is tried in twice as many ways with each word more."""
    phrases = {phrase for file in FOLDER.glob("*.toml") for phrase in _strings(table(file.stem))}
    groups = [(phrase, group) for phrase in phrases for group in re.findall(r"\(([^()]*)\)[*+](?=.)", _listed(phrase))]
    assert [phrase for phrase, group in groups if _is_ambiguous(group)] == []


def _listed(phrase: str) -> str:
    return re.sub(r"\{(\D\w*)\}", lambda name: "|".join(words(name[1])), phrase)


def _is_ambiguous(group: str) -> bool:
    parts = [part for alternative in group.split("|") for part in _with_and_without(alternative)]
    return any(_ways(part, parts) > 1 for part in parts)


def _with_and_without(part: str) -> list[str]:
    """会说话的? is said in two ways."""
    perhaps = re.search(r"(.)\?", part)
    if not perhaps:
        return [part]
    before, after = part[: perhaps.start()], part[perhaps.end() :]
    return [*_with_and_without(before + perhaps[1] + after), *_with_and_without(before + after)]


def _ways(word: str, parts: list[str]) -> int:
    """In how many ways a word is made of these parts."""
    ways = [1, *[0] * len(word)]
    for end in range(1, len(word) + 1):
        ways[end] = sum(ways[end - len(part)] for part in parts if part and word[:end].endswith(part))
    return ways[-1]


# What is repeated is long enough to see a square grow, and short enough to be tried often.
LONG = [
    "没有米",
    "一",
    "三个",
    "不对是",
    "我姓",
    "住在柳溪大街",
    "一三六四四零零二二一九不对",
    "打不通",
    "药吃完了但是还有",
    "好",
    "是",
    "0",
]
SHORT_LENGTH, TIMES = 1_500, 8


@pytest.mark.parametrize("part", LONG)
@pytest.mark.parametrize("answer", [_understood, understand_survey, understand_outreach])
def test_time_grows_with_the_text_and_no_faster(answer, part):
    short = part * (SHORT_LENGTH // len(part))
    answer(short)
    assert _time_s(answer, short * TIMES) < 2.5 * TIMES * max(_time_s(answer, short), 0.005)


def _time_s(answer: Callable[[str], object], text: str) -> float:
    began = process_time()
    answer(text)
    return process_time() - began
