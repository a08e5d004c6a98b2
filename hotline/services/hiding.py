"""Telephone numbers and other words that are hidden from whoever need not read them."""

import re
from collections.abc import Iterator, Sequence

from speech.understand.lexicon import Span
from speech.understand.phone import rows_of_digits

HIDDEN = "•"
# Fewer digits in a row are a house, a year or a sum.
_FEWEST = 7
# As many as of a masked number.
_SHOWN = 4


def without_numbers(text: str, numbers: Sequence[Span] = (), ours: str = "") -> str:
    """The text, as long as it was; of every long number, and of those in `numbers`, only the last digits.

    `ours` is the number that we gave the matter ourselves: where it stands by itself, it is nobody's secret.
    """
    shown = list(text)
    for row in rows_of_digits(text):
        is_number = sum(len(digits.says) for digits in row) >= _FEWEST
        if is_number or any(digits.overlaps(number) for digits in row for number in numbers):
            for digits in _all_but_last(row):
                shown[digits.start : digits.end] = HIDDEN * len(digits)
    for own in re.finditer(rf"(?<!\d){re.escape(ours)}(?!\d)", text) if ours else ():
        shown[own.start() : own.end()] = ours
    return "".join(shown)


def _all_but_last(row: Sequence[Span]) -> Iterator[Span]:
    following = 0
    for digits in reversed(row):
        following += len(digits.says)
        if following > _SHOWN:
            yield digits
