"""The telephone number that was said: complete and valid, or none; never a digit that wasn't said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from speech.numbers import DIGITS
from speech.understand.lexicon import Span, phrases, table

_MOBILE = re.compile(r"(?:0086|86)?(1[3-9]\d{9})$")
_LANDLINE_WITH_AREA = re.compile(r"(0(?:10|2\d|[3-9]\d{2})[2-8]\d{6,7})$")
_LANDLINE = re.compile(r"([2-8]\d{6,7})$")
_CUE_REACH = 14


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
    """The number to ring back: the one that isn't warned of; of several the last, which corrects the others."""
    wanted = [phone for phone in _phones(text) if not _is_unwanted(text, phone.span)]
    return max(wanted, key=lambda phone: (phone.confidence, phone.span.start), default=None)


def rows_of_digits(text: str) -> Iterator[list[Span]]:
    """Every row of digits, whatever it numbers: a span for each digit, or for several said at once; `says` has them."""
    for run in _runs(text):
        yield [Span(digit.start, digit.end, digit.digits) for digit in run]


def _phones(text: str) -> Iterator[Phone]:
    for run in _runs(text):
        phone = _complete(text, run)
        if phone:
            yield phone


def _is_unwanted(text: str, span: Span) -> bool:
    before = text[max(0, span.start - _CUE_REACH) : span.start]
    return phrases("phone", "not_this").occur(before) or phrases("phone", "not_this_after").occur(
        text[span.end : span.end + _CUE_REACH]
    )


def _runs(text: str) -> Iterator[list[_Digit]]:
    """Rows of digits with nothing but pauses and fillers between them."""
    run: list[_Digit] = []
    for digit in _digits(text):
        if run and not _is_filler(text[run[-1].end : digit.start]):
            yield run
            run = []
        run.append(digit)
    if run:
        yield run


def _is_filler(between: str) -> bool:
    fillers = table("phone")["fillers"]
    return re.fullmatch(f"(?:{'|'.join(map(re.escape, fillers))})*", between) is not None


def _digits(text: str) -> Iterator[_Digit]:
    position = 0
    while position < len(text):
        digit = _repeated(text, position) or _single(text, position)
        if digit:
            yield digit
        position = digit.end if digit else position + 1


def _repeated(text: str, at: int) -> _Digit | None:
    """三个七 is 777."""
    said = text[at : at + 3]
    is_repeated = len(said) == 3 and said[1] == "个" and said[0] in "两二三四五六七八" and said[2] in DIGITS  # noqa: PLR2004
    return _Digit(DIGITS[said[2]] * int(DIGITS[said[0]]), at, at + 3) if is_repeated else None


def _single(text: str, at: int) -> _Digit | None:
    if text[at] in DIGITS:
        return _Digit(DIGITS[text[at]], at, at + 1)
    meant = table("phone")["sounds_like"].get(text[at])
    has_neighbours = text[at - 1 : at] in DIGITS and text[at + 1 : at + 2] in DIGITS
    return _Digit(meant, at, at + 1, is_sure=False) if meant and at and has_neighbours else None


def _complete(text: str, run: list[_Digit]) -> Phone | None:
    """The run as a number, with or without digits at its ends that belong to other words (一共, 三楼)."""
    for first, last in _trims(text, run):
        kept = run[first:last]
        if kept and (phone := _valid(text, kept)):
            return phone
    return None


def _trims(text: str, run: list[_Digit]) -> Iterator[tuple[int, int]]:
    ends = [len(run)]
    if phrases("phone", "digit_of_a_word").occur(text[run[-1].start : run[-1].start + 2]):
        ends.append(len(run) - 1)
    starts = [0]
    if len(run) > 1 and phrases("phone", "word_with_a_digit").occur(text[max(0, run[0].start - 1) : run[0].end]):
        starts.append(1)
    yield from ((start, end) for start in starts for end in ends)


def _valid(text: str, run: list[_Digit]) -> Phone | None:
    said = "".join(digit.digits for digit in run)
    span = Span(run[0].start, run[-1].end)
    confidence = 0.95 if all(digit.is_sure for digit in run) else 0.7
    if match := _MOBILE.match(said) or _LANDLINE_WITH_AREA.match(said):
        return Phone(match[1], span, confidence)
    around = text[max(0, span.start - _CUE_REACH) : span.start] + "，" + text[span.end : span.end + 4]
    if (match := _LANDLINE.match(said)) and phrases("phone", "cues").occur(around):
        return Phone(match[1], span, confidence - 0.1)
    return None
