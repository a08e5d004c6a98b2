"""Numbers as people say them: 十五, 三百零二, 二零一, 两."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

DIGITS = {
    **dict(zip("零一二三四五六七八九", "0123456789", strict=True)),
    "〇": "0",
    "○": "0",
    "幺": "1",
    "两": "2",
    **{str(digit): str(digit) for digit in range(10)},
    **{chr(ord("０") + digit): str(digit) for digit in range(10)},
}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_MYRIAD = "万"
# 九千九百九十九万 has nine characters; nobody says a number longer than this in one go.
LONGEST = 12
_NUMBER = re.compile(f"[{''.join(DIGITS)}{''.join(_UNITS)}{_MYRIAD}]{{1,{LONGEST}}}")


@dataclass(frozen=True)
class Number:
    """A number and the characters it was said with."""

    value: int
    start: int
    end: int


def numbers(text: str) -> Iterator[Number]:
    """All numbers of a text, as long as they go; a row of single digits is read as one number."""
    for match in _NUMBER.finditer(text):
        yield from _read(match[0], match.start())


def _read(spoken: str, start: int) -> Iterator[Number]:
    """八十二一 (个人) is 82 and the 1 of what follows: the longest number first, then the rest."""
    while spoken:
        end = next((end for end in range(len(spoken), 0, -1) if value_of(spoken[:end]) is not None), 0)
        if end:
            yield Number(value_of(spoken[:end]) or 0, start, start + end)
        start, spoken = start + max(end, 1), spoken[max(end, 1) :]


def value_of(spoken: str) -> int | None:
    """The value of a spoken number, None where it is none. Never longer than a person would say it."""
    if not spoken or len(spoken) > LONGEST:
        return None
    if all(sign in DIGITS for sign in spoken):
        return int("".join(DIGITS[sign] for sign in spoken))
    if _MYRIAD in spoken:
        return _with_myriads(spoken)
    return _below_myriad(spoken)


def _with_myriads(spoken: str) -> int | None:
    high, _, low = spoken.partition(_MYRIAD)
    # 20万 is a number, but 二零万 is none that people say.
    is_row = len(high) > 1 and not high.isdecimal() and all(sign in DIGITS for sign in high)
    many = None if is_row else value_of(high)
    # 两万三 is 23,000: a single digit behind counts the next lower unit.
    rest = _tail(low, 1000) if low else 0
    return None if many is None or rest is None else many * 10000 + rest


def _below_myriad(spoken: str) -> int | None:
    total, digit, last_unit = 0, None, 10000
    for position, sign in enumerate(spoken):
        if sign in DIGITS:
            if digit not in (None, 0):
                return None
            digit = int(DIGITS[sign])
        elif sign in _UNITS and _UNITS[sign] < last_unit:
            # 十五 and 一百十五 leave out the one.
            if digit is None and position and sign != "十":
                return None
            last_unit = _UNITS[sign]
            total += (1 if digit is None else int(digit)) * last_unit
            digit = None
        else:
            return None
    return total + _last_digit(spoken, digit, last_unit)


def _last_digit(spoken: str, digit: int | None, last_unit: int) -> int:
    if digit is None:
        return 0
    # 一百三 is 130, but 一百零三 is 103 and 十三 is 13.
    is_short = last_unit > 10 and DIGITS.get(spoken[-2:-1]) != "0"  # noqa: PLR2004 - tens
    return digit * (last_unit // 10 if is_short else 1)


def _tail(low: str, unit: int) -> int | None:
    if len(low) == 1 and low in DIGITS:
        return int(DIGITS[low]) * unit
    return value_of(low.lstrip("零〇"))
