"""The gazetteer: names of places and the units that serve them, and which one a text speaks of."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike
from pathlib import Path

from speech.numbers import DIGITS, LONGEST, value_of
from speech.pronunciation import folded
from speech.understand.lexicon import Span, phrases, table

LEVELS = ("city", "district", "street", "community", "grid")
_CUE_REACH = 6
_CORRECTION_REACH = 14
_MIN_SOUND_LENGTH = 3
_NUMERALS = frozenset(DIGITS) | set("十百千")

Key = tuple[str, ...]


@dataclass(frozen=True)
class UnitRow:
    """A unit of the organisation, as a row of units.csv."""

    code: str
    parent: str
    level: str
    name: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class PlaceRow:
    """A street, estate or other place, and the unit that serves it, as a row of places.csv."""

    unit: str
    name: str


@dataclass(frozen=True)
class Place:
    """A unit that was named, where, and how surely."""

    unit: str
    span: Span
    confidence: float
    is_bare: bool = False


@dataclass(frozen=True)
class Gazetteer:
    """All names that are places here, by their characters and by their sound."""

    units: Mapping[str, UnitRow] = field(default_factory=dict)
    exact: Mapping[Key, str] = field(default_factory=dict)
    sound: Mapping[Key, str] = field(default_factory=dict)
    bare: frozenset[Key] = frozenset()
    places: tuple[str, ...] = ()

    @classmethod
    def from_rows(cls, units: Iterable[UnitRow], places: Iterable[PlaceRow] = ()) -> Gazetteer:
        """Of two units with one name neither is meant, unless one lies in the other: then the higher."""
        rows = {row.code: row for row in units}
        places = list(places)
        named = list(_names(rows.values(), places, rows))
        exact = _unambiguous(((_key(name), unit) for name, unit, _ in named), rows)
        long_names = ((name, unit) for name, unit, is_bare in named if not is_bare)
        sound = _unambiguous(
            ((_sound(_key(name)), unit) for name, unit in long_names if len(name) >= _MIN_SOUND_LENGTH), rows
        )
        full = {_key(name) for name, _, is_bare in named if not is_bare}
        bare = frozenset(_key(name) for name, _, is_bare in named if is_bare) - full
        return cls(rows, exact, sound, bare, tuple(place.name for place in places))

    @classmethod
    def from_csv(cls, units: str | PathLike[str], places: str | PathLike[str] | None = None) -> Gazetteer:
        """From files with the columns code,parent,level,name,aliases and unit,name; aliases parted by |."""
        unit_rows = [
            UnitRow(
                row["code"], row["parent"], row["level"], row["name"], tuple(filter(None, row["aliases"].split("|")))
            )
            for row in _rows(units)
        ]
        place_rows = [PlaceRow(row["unit"], row["name"]) for row in _rows(places)] if places else []
        return cls.from_rows(unit_rows, place_rows)

    @property
    def names(self) -> list[str]:
        """Every name as it is written, of units of all kinds and of places."""
        return [name for row in self.units.values() for name in (row.name, *row.aliases)] + list(self.places)

    @cached_property
    def longest(self) -> int:
        return max(map(len, self.exact), default=0)

    def find(self, text: str) -> Place | None:
        """The place where help is needed, as deep as the words allow; None when none of ours is named."""
        named = _corrected(text, self._named(text))
        scored = [(_weight(text, place), place) for place in named]
        likely = [(weight, place) for weight, place in scored if weight >= 0]
        if not likely:
            return None
        best = max(weight for weight, _ in likely)
        candidates = [place for weight, place in likely if weight == best]
        everywhere = [place for _, place in likely]
        return self._deepest(candidates[0], everywhere)

    def _deepest(self, place: Place, others: list[Place]) -> Place:
        """京溪街 beside 京溪大街 means the latter, because it lies in the former."""
        for other in others:
            if other.unit != place.unit and place.unit in _above(self.units, other.unit):
                place = other
        return place

    def _named(self, text: str) -> list[Place]:
        """Every name in the text, the longest at each spot, those spelled rightly before those that sound so."""
        tokens = tuple(_tokens(text))
        keys = tuple(token.key for token in tokens)
        sounds = _sound(keys)
        found: list[Place] = []
        start = 0
        while start < len(tokens):
            place, used = self._at(text, tokens, keys, sounds, start)
            if place and place.unit:
                found.append(place)
            start += used
        return found

    def _at(
        self, text: str, tokens: tuple[_Token, ...], keys: Key, sounds: Key, start: int
    ) -> tuple[Place | None, int]:
        """The place named from this token on, and how many tokens its name has."""
        for length in range(min(self.longest, len(tokens) - start), 1, -1):
            part = slice(start, start + length)
            span = Span(tokens[start].start, tokens[start + length - 1].end)
            place = self._exactly(text, keys[part], span) or self._by_sound(text, sounds[part], span)
            if place:
                return place, length
        return None, 1

    def _exactly(self, text: str, key: Key, span: Span) -> Place | None:
        unit = self.exact.get(key)
        if unit is None:
            return None
        is_bare = key in self.bare
        if is_bare and _is_another_name(text, span):
            return None
        return Place(unit, span, 0.9 if is_bare else 0.95, is_bare)

    def _by_sound(self, text: str, sounds: Key, span: Span) -> Place | None:
        unit = self.sound.get(sounds)
        if not unit or (_is_common(text, span) and not _has_cue(text, span)):
            return None
        return Place(unit, span, 0.7)


@dataclass(frozen=True)
class _Token:
    """A character, or a whole number: 零二, 02 and 二 are one."""

    key: str
    start: int
    end: int


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    while position < len(text):
        end = position
        while end < min(len(text), position + LONGEST) and text[end] in _NUMERALS:
            end += 1
        value = value_of(text[position:end]) if end > position else None
        if value is None:
            end = position + 1
        yield _Token(text[position] if value is None else f"#{value}", position, end)
        position = end


def _key(name: str) -> Key:
    return tuple(token.key for token in _tokens(name))


def _sound(key: Key) -> Key:
    return tuple(folded(part) if len(part) == 1 else part for part in key)


def _names(
    units: Iterable[UnitRow], places: Iterable[PlaceRow], known: Mapping[str, UnitRow]
) -> Iterator[tuple[str, str, bool]]:
    """Names, their unit, and whether a name is bare: without the word that tells what it names."""
    for row in units:
        if row.level not in LEVELS:
            continue
        for name in (row.name, *row.aliases, *_variants(row)):
            yield name, row.code, not _has_ending(name)
    for place in places:
        if place.unit in known and known[place.unit].level in LEVELS:
            yield place.name, place.unit, False


def _variants(row: UnitRow) -> Iterator[str]:
    """京溪街道 is called 京溪 as well; 京海02网格 also 京海二号网格 and 京海第二网格."""
    if row.level == "street":
        yield re.sub("(街道|镇|乡)$", "", row.name)
    if row.level == "grid" and (number := re.search(r"\d+(?=网格$)", row.name)):
        before = row.name[: number.start()]
        yield f"{before}{number[0]}号网格"
        yield f"{before}第{number[0]}网格"
        yield f"{before}社区{number[0]}网格"
        yield f"{before}社区{number[0]}号网格"
        yield f"{before}社区第{number[0]}网格"


def _has_ending(name: str) -> bool:
    return name.endswith(tuple(table("places")["endings"]))


def _unambiguous(named: Iterable[tuple[Key, str]], rows: Mapping[str, UnitRow]) -> dict[Key, str]:
    owners: dict[Key, set[str]] = {}
    for key, unit in named:
        if len(key) > 1:
            owners.setdefault(key, set()).add(unit)
    return {key: _highest(units, rows) for key, units in owners.items()}


def _highest(units: set[str], rows: Mapping[str, UnitRow]) -> str:
    """The one that all others lie in, or none: then the name is known, but says nothing."""
    for unit in units:
        if all(unit == other or unit in _above(rows, other) for other in units):
            return unit
    return ""


def _above(rows: Mapping[str, UnitRow], unit: str) -> Iterator[str]:
    row = rows.get(unit)
    # At most as many steps as there are levels: rows that name each other as parents must not turn for ever.
    for _ in LEVELS:
        if row is None:
            return
        yield row.parent
        row = rows.get(row.parent)


def _is_another_name(text: str, span: Span) -> bool:
    """京溪 within 京溪南路 or 北京 as the capital isn't the place that is ours."""
    return (
        phrases("places", "longer_name").occur(text[span.end : span.end + 4])
        or text[span.start : span.end] in table("places")["elsewhere"]
    )


def _is_common(text: str, span: Span) -> bool:
    return text[span.start : span.end].startswith(tuple(table("places")["common_words"]))


def _has_cue(text: str, span: Span) -> bool:
    return phrases("places", "here").occur(text[max(0, span.start - _CUE_REACH) : span.start])


def _weight(text: str, place: Place) -> int:
    """How much the words around say that help is needed there; below 0 where they say it isn't."""
    before = text[max(0, place.span.start - _CUE_REACH) : place.span.start]
    after = text[place.span.end : place.span.end + _CUE_REACH]
    if phrases("places", "not_here").occur(before) or phrases("places", "not_here_after").occur(after):
        return -1
    return 2 * phrases("places", "here").occur(before) + phrases("places", "here_after").occur(after)


def _corrected(text: str, named: list[Place]) -> list[Place]:
    """Of 京海 不对 是犀牛角 only what follows the correction."""
    kept: list[Place] = []
    for place in named:
        if kept and _is_correction(text[kept[-1].span.end : place.span.start]):
            kept.pop()
        kept.append(place)
    return kept


def _is_correction(between: str) -> bool:
    return len(between) <= _CORRECTION_REACH and phrases("places", "correction").occur(between)


def _rows(path: str | PathLike[str]) -> Iterator[dict[str, str]]:
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            yield {name: (value or "").strip() for name, value in row.items() if name}
