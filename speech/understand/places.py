"""Which place a text speaks of, and where of several help is needed."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from os import PathLike
from pathlib import Path

from speech.understand.lexicon import Span, phrases, table
from speech.understand.place_names import Key, Named, PlaceNames, PlaceRow, Token, UnitRow, sound_of, tokens

_CUE_REACH = 6
_CORRECTION_REACH = 14
_MIN_SOUND_LENGTH = 3
# Syllables, and characters, that words are about evenly made of: by chance one stretch in so many to the power of its
# length is a certain name.
_SYLLABLES, _CHARACTERS = 60, 500
# Where so many names would be met by chance in a stretch of this length, a name is believed only with a cue, or never.
_CROWDED_SOUNDS, _LOST_SOUNDS, _CROWDED_CHARACTERS = 0.005, 0.5, 0.1
_NEVER, _ONLY_ALONE = -2, -1


@dataclass(frozen=True)
class Place:
    """A unit that was named, where, and how surely."""

    unit: str
    span: Span
    confidence: float
    is_bare: bool = False


@dataclass(frozen=True)
class _Mention:
    """Words that name a place: perhaps one of several units. What is vague gives way to what is spelled rightly."""

    span: Span
    units: tuple[int, ...]
    is_exact: bool
    is_bare: bool
    is_vague: bool

    @property
    def confidence(self) -> float:
        if not self.is_exact:
            return 0.7
        return 0.9 if self.is_bare else 0.95


@dataclass(frozen=True)
class Gazetteer:
    """All names that are places here, a million if need be, by their characters and by their sound."""

    known: PlaceNames = field(default_factory=PlaceNames)

    @classmethod
    def from_rows(cls, units: Iterable[UnitRow], places: Iterable[PlaceRow] = ()) -> Gazetteer:
        """Rows are read once, one by one, so they may be generated."""
        return cls(PlaceNames(units, places))

    @classmethod
    def from_csv(cls, units: str | PathLike[str], places: str | PathLike[str] | None = None) -> Gazetteer:
        """From files with the columns code,parent,level,name,aliases and unit,name; aliases parted by |."""
        unit_rows = (
            UnitRow(
                row["code"], row["parent"], row["level"], row["name"], tuple(filter(None, row["aliases"].split("|")))
            )
            for row in _rows(units)
        )
        return cls.from_rows(unit_rows, (PlaceRow(row["unit"], row["name"]) for row in _rows(places)) if places else ())

    @property
    def names(self) -> Iterator[str]:
        """Every name as it is written, of units of all kinds and of places."""
        return iter(self.known)

    def find(self, text: str) -> Place | None:
        """The place where help is needed, as deep as the words allow; None when none of ours is named.

        Of two units with one name neither is meant, unless one lies in the other, or alone in a place named beside it.
        """
        mentions = _corrected(text, self._mentions(text))
        weighed = [(_weight(text, mention), mention) for mention in mentions]
        likely = [each for each in weighed if each[0] >= 0] or [each for each in weighed if each[0] == _ONLY_ALONE]
        around = frozenset(unit for _, mention in likely if (unit := self._meant(text, mention)) is not None)
        settled = [
            (weight, mention, unit)
            for weight, mention in likely
            if (unit := self._meant(text, mention, around)) is not None
        ]
        if not settled:
            return None
        best = max(weight for weight, _, _ in settled)
        first = next(number for number, (weight, _, _) in enumerate(settled) if weight == best)
        mention, unit = self._deepest(settled[first][1:], [each[1:] for each in settled])
        return Place(self.known.code(unit), mention.span, mention.confidence, mention.is_bare)

    def _meant(self, text: str, mention: _Mention, around: frozenset[int] = frozenset()) -> int | None:
        """Of units with one name the higher, since that is sure; with a number of a house behind it the lower."""
        has_door = phrases("places", "door_after").occur(text[mention.span.end : mention.span.end + _CUE_REACH])
        lowest = self.known.lowest(mention.units) if has_door else None
        if lowest is not None:
            return lowest
        highest = self.known.highest(mention.units)
        if highest is not None:
            return highest
        return self.known.highest([unit for unit in mention.units if not around.isdisjoint(self.known.above(unit))])

    def _deepest(self, chosen: tuple[_Mention, int], others: list[tuple[_Mention, int]]) -> tuple[_Mention, int]:
        """京溪街 beside 京溪大街 means the latter, because it lies in the former."""
        for other in others:
            if other[1] != chosen[1] and chosen[1] in self.known.above(other[1]):
                chosen = other
        return chosen

    def _mentions(self, text: str) -> list[_Mention]:
        """Every name in the text, the longest at each spot."""
        parts = tuple(tokens(text))
        keys = tuple(part.key for part in parts)
        sounds = sound_of(keys)
        found = [
            mention
            for start in range(len(parts))
            if (mention := self._at(text, parts, keys, sounds, start)) is not None
        ]
        return _side_by_side(found)

    def _at(self, text: str, parts: tuple[Token, ...], keys: Key, sounds: Key, start: int) -> _Mention | None:
        """The place named from this token on; one spelled rightly with its ending before one that only sounds so."""
        best: _Mention | None = None
        for length, named in self.known.from_here(keys, sounds, start):
            span = Span(parts[start].start, parts[start + length - 1].end)
            mention = self._mention(text, span, length, named)
            if mention and mention.is_exact and (best is None or not mention.is_bare):
                return mention
            best = best or mention
        return best

    def _mention(self, text: str, span: Span, length: int, named: list[Named]) -> _Mention | None:
        nearest = min(each.differ for each in named)
        units = tuple(dict.fromkeys(each.unit for each in named if each.differ == nearest))
        is_exact, is_bare = nearest == 0, all(each.is_bare for each in named)
        if is_bare and _is_another_name(text, span):
            return None
        if (is_bare or not is_exact) and _is_across_words(text, span):
            return None
        by_chance = len(self.known) / (_CHARACTERS if is_exact else _SYLLABLES) ** length
        if not is_exact and (length < _MIN_SOUND_LENGTH or by_chance > _LOST_SOUNDS):
            return None
        is_vague = by_chance > (_CROWDED_CHARACTERS if is_exact else _CROWDED_SOUNDS)
        if (is_vague or _is_common(text, span, is_exact=is_exact, is_bare=is_bare)) and not _has_cue(text, span):
            return None
        return _Mention(span, units, is_exact, is_bare, is_vague)


def _side_by_side(found: Iterable[_Mention]) -> list[_Mention]:
    """From left to right those that don't overlap; what is vague is left where something else overlaps it."""
    kept: list[_Mention] = []
    for mention in found:
        overlapped = kept[-1] if kept and kept[-1].span.overlaps(mention.span) else None
        if overlapped is None:
            kept.append(mention)
        elif overlapped.is_vague and not mention.is_vague:
            kept[-1] = mention
    return kept


def _is_another_name(text: str, span: Span) -> bool:
    """京溪 within 京溪南路 or 北京 as the capital isn't the place that is ours."""
    return (
        phrases("places", "longer_name").occur(text[span.end : span.end + 4])
        or text[span.start : span.end] in table("places")["elsewhere"]
    )


def _is_across_words(text: str, span: Span) -> bool:
    """京海 in 北京海鲜市场: it begins inside of another word and is none."""
    start = max(0, span.start - _CUE_REACH)
    within = span.start - start
    return any(word.start < within < word.end for word in phrases("places", "well_known").find(text[start : span.end]))


def _is_common(text: str, span: Span, *, is_exact: bool, is_bare: bool) -> bool:
    """An everyday word, or what merely sounds like a place and begins with one."""
    words = text[span.start : span.end]
    return words in _everyday() and is_bare if is_exact else words.startswith(tuple(table("places")["common_words"]))


@cache
def _everyday() -> frozenset[str]:
    return frozenset([*table("places")["everyday_words"], *table("local_names")["common"]])


def _has_cue(text: str, span: Span) -> bool:
    before, after = text[max(0, span.start - _CUE_REACH) : span.start], text[span.end : span.end + _CUE_REACH]
    return phrases("places", "here").occur(before) or any(
        phrases("places", key).occur(after) for key in ("door_after", "cue_after")
    )


def _weight(text: str, mention: _Mention) -> int:
    """How much the words around say that help is needed there; below 0 where they say it isn't."""
    before = text[max(0, mention.span.start - _CUE_REACH) : mention.span.start]
    after = text[mention.span.end : mention.span.end + _CUE_REACH]
    if phrases("places", "not_here").occur(before) or phrases("places", "not_here_after").occur(after):
        return _NEVER
    if phrases("places", "only_alone").occur(before) or phrases("places", "only_alone_after").occur(after):
        return _ONLY_ALONE
    return 2 * phrases("places", "here").occur(before) + phrases("places", "here_after").occur(after)


def _corrected(text: str, mentions: list[_Mention]) -> list[_Mention]:
    """Of 京海 不对 是犀牛角 only what follows the correction; of 京海 不是犀牛角 only what is ahead of it."""
    kept: list[_Mention] = []
    end = 0
    for mention in mentions:
        between = text[end : mention.span.start] if kept else ""
        end = mention.span.end
        if kept and len(between) <= _CORRECTION_REACH:
            if phrases("places", "denied").occur(between):
                continue
            if phrases("places", "correction").occur(between):
                kept.pop()
        kept.append(mention)
    return kept


def _rows(path: str | PathLike[str]) -> Iterator[dict[str, str]]:
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            yield {name: (value or "").strip() for name, value in row.items() if name}
