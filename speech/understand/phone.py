"""The telephone number that was said: complete and valid, or none; never a digit that wasn't said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from speech.numbers import DIGITS
from speech.understand.lexicon import Span, phrases, table

_MOBILE = re.compile(r"(?:0086|86)?(1[3-9]\d{9})$")
_LANDLINE_WITH_AREA = re.compile(r"(0(?:10|2\d|[3-9]\d{2})[2-8]\d{6,7})$")
_LANDLINE = re.compile(r"([2-8]\d{6,7})$")
_CUE_REACH = 14
# So many last digits are said again.
_FEWEST_AGAIN, _MOST_AGAIN = 2, 8
_OF_TWO_PARTS = 0.7
_MOBILE_DIGITS, _LONGEST_ROOM, _WHOLE_LANDLINE = 11, 4, 8
_UNCUED = 0.3
# Between a warning and a cue so much must be said for the cue to speak of another number: 身份证号码 is one.
_ANOTHER_NUMBER = 4


@dataclass(frozen=True)
class Phone:
    """A number as it is dialled, and the words it was said with."""

    number: str
    span: Span
    confidence: float


@dataclass(frozen=True)
class _Digit:
    digits: str
    start: int
    end: int
    is_sure: bool = True


def find_phone(text: str) -> Phone | None:
    """The number to ring back: the one that isn't warned of; of several the last, which corrects the others.

    Of one whose end is corrected (零六幺七 不对是 六七幺) the end is taken as it was said last.
    """
    wanted = [phone for phone in _phones(text) if not _is_unwanted(text, phone.span)]
    return max(wanted, key=lambda phone: (phone.confidence, phone.span.start), default=None)


def rows_of_digits(text: str) -> Iterator[list[Span]]:
    """Every row of digits, whatever it numbers: a span for each digit, or for several said at once; `says` has them."""
    for run in _runs(text):
        yield [Span(digit.start, digit.end, digit.digits) for digit in run]


def _phones(text: str) -> Iterator[Phone]:
    before: list[_Digit] = []
    told: Phone | None = None
    # Where what led to the number began, before it was begun again: a cue there still counts.
    cued_at = 0
    for run in _runs(text):
        between = text[before[-1].end : run[0].start] if before else ""
        last = _last_ones(between)
        is_again = bool(before) and (last is not None or _corrects(between))
        cued_at = cued_at if is_again else run[0].start
        phone, whole = (_complete(text, run, cued_at) if last is None else None), run
        if phone is None and is_again:
            whole = _with_other_end(text, before, run, last)
            phone = _complete_to_its_end(text, whole, cued_at)
            if phone or (last is not None and not _says_the_same(before, run)):
                # Said otherwise, or to be said otherwise in a way that can't be followed.
                told = None
        if told:
            yield told
        before, told = (whole if phone else run), phone
    if told:
        yield told


def _corrects(between: str) -> bool:
    return len(between) <= _CUE_REACH and phrases("phone", "correction").occur(between)


def _last_ones(between: str) -> int | None:
    """How many digits 最后四位是 tells of."""
    found = list(_last_digits().finditer(between)) if len(between) <= 2 * _CUE_REACH else []
    return int(DIGITS.get(found[-1]["count"], "2")) if found else None


def _with_other_end(text: str, whole: list[_Digit], end: list[_Digit], last: int | None) -> list[_Digit]:
    """The digits before, the last replaced by as many that were said instead; none where that can't be done.

    最后一位是九 without a word of correction also tells the digit that was yet to come.
    """
    if last and _count(end) == last + 1 and phrases("phone", "digit_of_a_word").occur(text[end[-1].start :][:2]):
        end = end[:-1]
    count = _count(end)
    if phrases("phone", "another_number").occur(text[end[-1].end :][:2]) or count > _MOST_AGAIN:
        return []
    if (count < _FEWEST_AGAIN) if last is None else (count != last):
        return []
    if last is not None and not _corrects(text[whole[-1].end : end[0].start]):
        return [*whole, *end]
    return [*_without_last(whole, count), *end]


def _count(run: list[_Digit]) -> int:
    return sum(len(digit.digits) for digit in run)


def _without_last(run: list[_Digit], count: int) -> list[_Digit]:
    kept = list(run)
    while kept and count:
        digit = kept.pop()
        rest = digit.digits[: max(0, len(digit.digits) - count)]
        count -= len(digit.digits) - len(rest)
        if rest:
            kept.append(replace(digit, digits=rest))
    return kept


def _says_the_same(whole: list[_Digit], end: list[_Digit]) -> bool:
    return "".join(digit.digits for digit in whole).endswith("".join(digit.digits for digit in end))


def _complete_to_its_end(text: str, run: list[_Digit], cued_at: int) -> Phone | None:
    phone = _complete(text, run, cued_at) if run else None
    return replace(phone, confidence=_OF_TWO_PARTS) if phone and phone.span.end == run[-1].end else None


def _is_unwanted(text: str, span: Span) -> bool:
    """Warned of; but 卡号八八四七 手机幺三零... tells of two numbers, of which the second is wanted."""
    before = text[max(0, span.start - _CUE_REACH) : span.start]
    warned = max((found.end for found in phrases("phone", "not_this").find(before)), default=-1)
    asked = max((found.start for found in phrases("phone", "cues").find(before)), default=-1)
    is_own = warned >= 0 and phrases("phone", "own").occur(before[warned:])
    if warned >= 0 and asked < warned + _ANOTHER_NUMBER and not is_own:
        return True
    return phrases("phone", "not_this_after").occur(text[span.end : span.end + _CUE_REACH])


def _runs(text: str) -> Iterator[list[_Digit]]:
    """Rows of digits with nothing but pauses and fillers between them."""
    run: list[_Digit] = []
    for digit in _digits(text):
        if run and not _goes_on(text, run[-1].end, digit.start):
            yield run
            run = []
        run.append(digit)
    if run:
        yield run


def _goes_on(text: str, end: int, start: int) -> bool:
    between = text[end:start]
    if _last_ones(between) is not None:
        return False
    if _fillers().fullmatch(between):
        return True
    # 还有个三 is the last digit, but 还有个三岁的 is somebody.
    is_last = between in table("phone")["before_last_digit"]
    return is_last and not phrases("phone", "digit_of_a_word").occur(text[start : start + 2])


@cache
def _fillers() -> re.Pattern[str]:
    return re.compile(f"(?:{'|'.join(map(re.escape, table('phone')['fillers']))})*")


@cache
def _last_digits() -> re.Pattern[str]:
    return re.compile(table("phone")["last_digits"])


def _digits(text: str) -> Iterator[_Digit]:
    position = 0
    # The number of 最后四位 counts digits and is none.
    counts = {match.start("count") for match in _last_digits().finditer(text)}
    while position < len(text):
        if position in counts:
            position += 1
            continue
        digit = _repeated(text, position) or _single(text, position)
        if digit:
            yield digit
        position = digit.end if digit else position + 1


def _repeated(text: str, at: int) -> _Digit | None:
    """三个七 is 777, and 双七 is 77."""
    if text[at] == "双" and text[at + 1 : at + 2] in DIGITS:
        return _Digit(DIGITS[text[at + 1]] * 2, at, at + 2)
    said = text[at : at + 3]
    is_repeated = len(said) == 3 and said[1] == "个" and said[0] in "两二三四五六七八" and said[2] in DIGITS  # noqa: PLR2004
    return _Digit(DIGITS[said[2]] * int(DIGITS[said[0]]), at, at + 3) if is_repeated else None


def _single(text: str, at: int) -> _Digit | None:
    if text[at] in DIGITS:
        return _Digit(DIGITS[text[at]], at, at + 1)
    meant = table("phone")["sounds_like"].get(text[at])
    return _Digit(meant, at, at + 1, is_sure=False) if meant and _is_among_digits(text, at) else None


def _is_among_digits(text: str, at: int) -> bool:
    """With a digit on either side; of two such beside each other, on either side of both."""
    return any(
        text[at - before : at - before + 1] in DIGITS
        and text[at + after : at + after + 1] in DIGITS
        and at >= before
        and all(sign in table("phone")["sounds_like"] for sign in text[at - before + 1 : at + after])
        for before, after in ((1, 1), (1, 2), (2, 1))
    )


def _complete(text: str, run: list[_Digit], cued_at: int) -> Phone | None:
    """The run as a number, with or without digits at its ends that belong to other words (一共, 三楼)."""
    for first, last in _trims(text, run):
        kept = run[first:last]
        if kept and (phone := _valid(text, kept, cued_at)):
            return phone
    return None


def _trims(text: str, run: list[_Digit]) -> Iterator[tuple[int, int]]:
    ends = [len(run)]
    if phrases("phone", "digit_of_a_word").occur(text[run[-1].start : run[-1].start + 2]):
        ends.append(len(run) - 1)
        if len(run) > 1 and not run[-2].is_sure:
            # 九吧三个人: what sounds like a digit was none.
            ends.append(len(run) - 2)
    starts = [0, *_behind_a_door(run)]
    if len(run) > 1 and phrases("phone", "word_with_a_digit").occur(text[max(0, run[0].start - 1) : run[0].end]):
        starts.append(1)
    yield from ((start, end) for start in starts for end in ends)


def _behind_a_door(run: list[_Digit]) -> Iterator[int]:
    """Where a mobile number begins right behind the number of a room: 八栋一零三 幺三九..."""
    sizes = [len(digit.digits) for digit in run[: _MOBILE_DIGITS + _LONGEST_ROOM + 1]]
    before = sum(sizes) - _MOBILE_DIGITS
    if len(sizes) == len(run) and 0 < before <= _LONGEST_ROOM:
        yield from (at for at in range(1, len(run)) if sum(sizes[:at]) == before)


def _valid(text: str, run: list[_Digit], cued_at: int) -> Phone | None:
    said = "".join(digit.digits for digit in run)
    span = Span(run[0].start, run[-1].end)
    confidence = 0.95 if all(digit.is_sure for digit in run) else 0.7
    if match := _MOBILE.match(said):
        return Phone(match[1], span, confidence)
    if _is_behind_digits(text, span.start) or phrases("phone", "date_before").occur(text[: span.start][-_CUE_REACH:]):
        return None
    if match := _LANDLINE_WITH_AREA.match(said):
        return Phone(match[1], span, confidence)
    around = text[max(0, cued_at - _CUE_REACH) : cued_at] + "，" + text[span.end : span.end + 4]
    match = _LANDLINE.match(said)
    if match and phrases("phone", "cues").occur(around):
        return Phone(match[1], span, confidence - 0.1)
    # Eight digits in a row, said one by one, number hardly anything else.
    if match and len(said) == _WHOLE_LANDLINE and not phrases("phone", "another_number").occur(text[span.end :][:2]):
        return Phone(match[1], span, confidence - _UNCUED)
    return None


def _is_behind_digits(text: str, at: int) -> bool:
    """Whether other digits end right there, parted at most by a pause or a word that says a digit several times.

    Then these are the rest of a longer number that wasn't understood.
    """
    before = text[max(0, at - _CUE_REACH) : at]
    parted = _parting().search(before)
    start = parted.start() if parted else len(before)
    return start < len(before) and before[start - 1 : start] in DIGITS


@cache
def _parting() -> re.Pattern[str]:
    words = [*table("phone")["several_times"], *table("phone")["fillers"]]
    return re.compile(f"(?:{'|'.join(map(re.escape, words))})+$")
