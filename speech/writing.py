"""Words as people would write them down: numbers in figures, pauses as punctuation, and the way back to the words."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise

from speech.figures import Figure, figures, is_row, is_told_in_parts

_SPACELESS = frozenset({"zh", "cmn", "yue"})

# A word that is cut by a number may hold a unit beside it (二十号楼), but isn't part of another word (三元里).
_UNITS = re.compile("[号楼栋幢单元室层岁周块钱毛角分点半钟刻整度月日年个多来余天小时公斤平米左右]*")

_SURE_QUESTION = re.compile(
    r"[吗么嘛]$|(?:有没有|是不是|能不能|会不会|可不可以|行不行|好不好|要不要|对不对|在不在|知不知道)"
)
_QUESTION = re.compile("什么|怎么|怎样|咋|啥|哪|谁|多少|几[点号个时岁天]|为何|如何|呢$")
_NO_QUESTION = re.compile(
    "没什么|没啥|不知道|不晓得|不清楚|不懂|不管[什怎是谁哪多]|无论|不论|随便|(?:什么|怎么|怎样|啥|哪|谁)[一-鿿]{0,3}[都也]|那么|这么|什么的$"
)


@dataclass(frozen=True)
class Piece:
    """A stretch of a written text, and the numbers of the first and the last word that it was said with."""

    text: str
    first: int
    last: int


@dataclass(frozen=True)
class Said:
    """A word, its number in the transcript, and whether the speaker paused behind it."""

    word: str
    number: int
    pauses: bool = False


def is_spaceless(language: str) -> bool:
    """Chinese (zh, cmn, yue) is written without spaces, other languages with them."""
    return language.lower().split("-")[0] in _SPACELESS


def written(said: Sequence[Said], language: str) -> tuple[Piece, ...]:
    """What was said in one go, as it is written; the texts of the pieces in a row are the whole.

    Every word belongs to one piece. A piece of several words is a number; its text and theirs say the same.
    """
    if not is_spaceless(language):
        return tuple(
            Piece(f"{' ' if place else ''}{each.word}", each.number, each.number) for place, each in enumerate(said)
        )
    return tuple(piece for clause in _clauses(said) for piece in _punctuated(clause, is_last=clause[-1] is said[-1]))


def goes_on(before: str, after: str) -> bool:
    """Whether a pause between two words may be one within a number that is told digit by digit."""
    return is_row(before) and is_row(after)


def _clauses(said: Sequence[Said]) -> Iterator[Sequence[Said]]:
    joined = _pauses_within_numbers(said)
    start = 0
    for place, each in enumerate(said):
        if place == len(said) - 1 or (each.pauses and place not in joined):
            yield said[start : place + 1]
            start = place + 1


def _pauses_within_numbers(said: Sequence[Said]) -> set[int]:
    """The places behind which somebody paused in the middle of a number: 139, 1234, 5678."""
    joined: set[int] = set()
    for is_digits, run in groupby(range(len(said)), key=lambda place: is_row(said[place].word)):
        parts = _parts(said, list(run)) if is_digits else []
        first = 0
        while first < len(parts):
            end = _end_of_number(said, parts, first)
            joined.update(part[-1] for part in parts[first : end - 1])
            first = end
    return joined


def _parts(said: Sequence[Said], run: Sequence[int]) -> list[list[int]]:
    parts: list[list[int]] = [[]]
    for place in run:
        parts[-1].append(place)
        if said[place].pauses and place != run[-1]:
            parts.append([])
    return parts


def _end_of_number(said: Sequence[Said], parts: Sequence[Sequence[int]], first: int) -> int:
    """The part behind the longest number of these parts, or behind this one alone."""
    for end in range(len(parts), first + 1, -1):
        if is_told_in_parts("".join(said[place].word for part in parts[first:end] for place in part)):
            return end
    return first + 1


def _punctuated(clause: Sequence[Said], *, is_last: bool) -> Iterator[Piece]:
    *pieces, end = _pieces(clause)
    yield from pieces
    is_question = asks("".join(each.word for each in clause), is_sure=not is_last)
    sign = "？" if is_question else "。" if is_last else "，"
    yield Piece(end.text + sign, end.first, end.last)


def asks(clause: str, *, is_sure: bool = False) -> bool:
    """Whether the clause is a question; `is_sure` asks for words that are nothing else."""
    if _SURE_QUESTION.search(clause):
        return not _NO_QUESTION.search(clause)
    return not is_sure and bool(_QUESTION.search(clause)) and not _NO_QUESTION.search(clause)


def _pieces(clause: Sequence[Said]) -> Iterator[Piece]:
    """A piece for each number, and one for each word beside them."""
    starts = list(accumulate((len(each.word) for each in clause), initial=0))
    text = "".join(each.word for each in clause)
    kept = [figure for figure in figures(text) if not _cuts_a_word(figure, text, starts)]
    within = deque(kept)
    for first, end in _stretches(kept, starts):
        parts, at = [], starts[first]
        while within and within[0].end <= starts[end]:
            figure = within.popleft()
            parts += [text[at : figure.start], figure.text]
            at = figure.end
        yield Piece("".join([*parts, text[at : starts[end]]]), clause[first].number, clause[end - 1].number)


def _stretches(kept: Sequence[Figure], starts: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The clause cut between words wherever no number goes across."""
    inside = {at for figure in kept for at in range(figure.start + 1, figure.end)}
    cuts = [place for place, at in enumerate(starts) if at not in inside]
    yield from pairwise(cuts)


def _cuts_a_word(figure: Figure, text: str, starts: Sequence[int]) -> bool:
    """Whether the number is a part of a word with more in it than a unit."""
    before = text[starts[bisect_right(starts, figure.start) - 1] : figure.start]
    after = text[figure.end : starts[bisect_left(starts, figure.end)]]
    return not (_UNITS.fullmatch(before) and _UNITS.fullmatch(after))
