"""Names of places by the million in little memory: how each sounds, whose it is, and what lies in what.

All of it lies in a few large buffers, which forked processes share: no object for each name.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from itertools import islice, product

import numpy as np

from speech.numbers import DIGITS, LONGEST, value_of
from speech.pronunciation import apart, folded, readings
from speech.understand.lexicon import table

LEVELS = ("city", "district", "street", "community", "grid")
_NO_LEVEL = len(LEVELS)
_NOBODY = 0xFFFFFFFF
_NUMERALS = frozenset(DIGITS) | set("十百千")
_SHORTEST = 2
# A name is looked for only where another begins with as many sounds that are known to begin one.
_OPENING = 3
# As many bits as this tell which openings there are: few enough to share, many enough to be mostly 0.
_OPENING_BITS = 1 << 25
_MOST_WAYS_TO_READ = 4
# h and f, which southern speakers don't tell apart; what is read f is read hu.
_H_FOR_F = {
    "fa": "hua",
    "fan": "huan",
    "fei": "hui",
    "fen": "hun",
    "fo": "huo",
    "fou": "hou",
    "fu": "hu",
    "hong": "hun",
}

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
class Token:
    """A character, or a whole number: 零二, 02 and 二 are one."""

    key: str
    start: int
    end: int


@dataclass(frozen=True)
class Named:
    """A unit by one of its names, and how far that is from what was said, in sound; 0 where it is the very name.

    A name is bare without the word that tells what it names: 京海 for 京海社区.
    """

    unit: int
    differ: float
    is_bare: bool


@dataclass(frozen=True)
class _Texts:
    """Many texts one after the other."""

    data: bytearray = field(default_factory=bytearray)
    ends: array[int] = field(default_factory=lambda: array("Q"))

    def add(self, text: str) -> int:
        # What is no character at all may come from a file or a person; it does no harm.
        self.data.extend(text.encode(errors="surrogatepass"))
        self.ends.append(len(self.data))
        return len(self.ends) - 1

    def __len__(self) -> int:
        return len(self.ends)

    def __getitem__(self, number: int) -> str:
        start = self.ends[number - 1] if number else 0
        return self.data[start : self.ends[number]].decode(errors="surrogatepass")


class PlaceNames:
    """The names, found by sound. Units are numbered; `code` gives what a unit is called in units.csv.

    What is looked up are Python's own hashes, which hold in this process and its forks alone; every name that is found
    is compared before it is believed.
    """

    def __init__(self, units: Iterable[UnitRow] = (), places: Iterable[PlaceRow] = ()) -> None:
        self._names, self._codes = _Texts(), _Texts()
        self._levels = bytearray()
        owners, sounds, said = array("I"), array("q"), array("I")
        self._openings = bytearray(_OPENING_BITS // 8)
        self._longest = 0
        code_hashes, parents = array("q"), array("q")
        for row in units:
            unit = self._codes.add(row.code)
            self._levels.append(LEVELS.index(row.level) if row.level in LEVELS else _NO_LEVEL)
            code_hashes.append(hash(row.code))
            parents.append(hash(row.parent))
            for name in (row.name, *row.aliases):
                self._add(name, unit, sounds, said, is_place=False)
                owners.append(unit)
        self._first_place = len(self._names)
        known = _Numbers(code_hashes)
        for place in places:
            unit = known.of(hash(place.unit))
            self._add(place.name, unit, sounds, said, is_place=True)
            owners.append(unit)
        self._parents = known.all_of(parents).data
        # Of two rows with one code the first is meant, whichever of them a name came with.
        same = known.all_of(code_hashes)
        self._owners = np.append(same, np.uint32(_NOBODY))[np.minimum(_numpy(owners), len(same))].data
        order = np.argsort(_numpy(sounds), kind="stable")
        self._sounds = _numpy(sounds)[order].data
        self._said = _numpy(said)[order].data

    def __len__(self) -> int:
        return len(self._names)

    def __iter__(self) -> Iterator[str]:
        """Every name as it is written, of units of all kinds and of places."""
        return map(self._names.__getitem__, range(len(self)))

    def code(self, unit: int) -> str:
        return self._codes[unit]

    def above(self, unit: int) -> list[int]:
        """The units that it lies in, nearest first."""
        found: list[int] = []
        # At most as many steps as there are levels: rows that name each other as parents must not turn for ever.
        while len(found) < len(LEVELS) and (unit := self._parents[unit]) != _NOBODY:
            found.append(unit)
        return found

    def highest(self, units: Collection[int]) -> int | None:
        """The one that all the others lie in."""
        highest = min(units, key=lambda unit: len(self.above(unit)), default=None)
        is_above = highest is not None and all(unit == highest or highest in self.above(unit) for unit in units)
        return highest if is_above else None

    def lowest(self, units: Collection[int]) -> int | None:
        """The one that lies in all the others."""
        lowest = max(units, key=lambda unit: len(self.above(unit)), default=None)
        return lowest if lowest is not None and {lowest, *self.above(lowest)}.issuperset(units) else None

    def from_here(self, keys: Key, sounds: Key, start: int) -> Iterator[tuple[int, list[Named]]]:
        """How long a name from this token on may be, longest first, and all that it names."""
        most = min(self._longest, len(keys) - start)
        if not self._may_open(sounds[start : start + _OPENING]):
            most = min(most, _OPENING - 1)
        for length in range(most, _SHORTEST - 1, -1):
            end = start + length
            found = self._named(keys[start:end], sounds[start:end])
            if found:
                yield length, found

    def _add(self, name: str, unit: int, sounds: array[int], said: array[int], *, is_place: bool) -> None:
        number = self._names.add(name)
        if unit == _NOBODY or self._levels[unit] == _NO_LEVEL:
            return
        for spelling in _spellings(name, self._levels[unit], is_place=is_place):
            key = key_of(spelling)
            if len(key) >= _SHORTEST:
                self._longest = max(self._longest, len(key))
                for way in _ways_to_read(key):
                    sounds.append(hash(way))
                    said.append(number)
                    self._note_opening(way[:_OPENING])

    def _note_opening(self, opening: Key) -> None:
        bit = hash(opening) % _OPENING_BITS
        self._openings[bit >> 3] |= 1 << (bit & 7)

    def _may_open(self, opening: Key) -> bool:
        bit = hash(opening) % _OPENING_BITS
        return self._openings[bit >> 3] & (1 << (bit & 7)) != 0

    def _named(self, key: Key, sound: Key) -> list[Named]:
        """Those whose name sounds so; only those of the very name where there are any."""
        found: dict[tuple[str, int, bool], Named | None] = {}
        named: list[Named] = []
        for number in self._numbers(hash(sound)):
            unit, is_place = self._owners[number], number >= self._first_place
            same = (self._names[number], self._levels[unit], is_place)
            if same not in found:
                found[same] = _compared(same, key, sound)
            likeness = found[same]
            if likeness:
                named.append(Named(unit, likeness.differ, likeness.is_bare))
        exact = [each for each in named if each.differ == 0]
        return exact or named

    def _numbers(self, sound: int) -> Iterator[int]:
        at = bisect_left(self._sounds, sound)
        while at < len(self._sounds) and self._sounds[at] == sound:
            yield self._said[at]
            at += 1


class _Numbers:
    """Which number has which code, by the code's hash."""

    def __init__(self, hashes: array[int]) -> None:
        given = _numpy(hashes)
        self._order = np.argsort(given, kind="stable").astype(np.uint32)
        self._sorted = given[self._order]
        self._view = self._sorted.data

    def of(self, code: int) -> int:
        at = bisect_left(self._view, code)
        return int(self._order[at]) if at < len(self._view) and self._view[at] == code else _NOBODY

    def all_of(self, codes: array[int]) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
        wanted = _numpy(codes)
        if not len(self._sorted):
            return np.full(len(wanted), _NOBODY, np.uint32)
        at = np.minimum(np.searchsorted(self._sorted, wanted), len(self._sorted) - 1)
        return np.where(self._sorted[at] == wanted, self._order[at], np.uint32(_NOBODY))


def tokens(text: str) -> Iterator[Token]:
    position = 0
    while position < len(text):
        end = position
        while end < min(len(text), position + LONGEST) and text[end] in _NUMERALS:
            end += 1
        value = value_of(text[position:end]) if end > position else None
        if value is None:
            end = position + 1
        yield Token(text[position] if value is None else f"#{value}", position, end)
        position = end


def key_of(name: str) -> Key:
    return tuple(name) if _NUMERALS.isdisjoint(name) else tuple(token.key for token in tokens(name))


def sound_of(key: Key) -> Key:
    """How it sounds to a southern ear: tones, n and l, z and zh, h and f, in and ing are one."""
    return tuple(map(_sound, key))


@cache
def _sound(part: str) -> str:
    if len(part) > 1:
        return part
    sound = folded(part)
    return _H_FOR_F.get(sound, sound)


def _ways_to_read(key: Key) -> list[Key]:
    """The common way first; then those with a character that is read otherwise in names, as 涌 is."""
    others = table("places")["sounds_too"]
    sounds = sound_of(key)
    if others.keys().isdisjoint(key):
        return [sounds]
    ways = product(
        *([sound, _sound(others[part])] if part in others else [sound] for part, sound in zip(key, sounds, strict=True))
    )
    return list(islice(ways, _MOST_WAYS_TO_READ))


def _compared(same: tuple[str, int, bool], key: Key, sound: Key) -> Named | None:
    """The nearest spelling of a name of a unit of this level; what merely shares a hash is none."""
    name, level, is_place = same
    fits = [
        Named(_NOBODY, 0.0 if other == key else _apart(key, other), not is_place and not has_ending(spelling))
        for spelling in _spellings(name, level, is_place=is_place)
        if sound in _ways_to_read(other := key_of(spelling))
    ]
    return min(fits, key=lambda named: (named.differ, named.is_bare), default=None)


def _apart(key: Key, other: Key) -> float:
    """More than 0, for the characters are others."""
    return 0.01 + sum(_parts_apart(*parts) for parts in zip(key, other, strict=True))


@lru_cache(maxsize=1 << 16)
def _parts_apart(part: str, other: str) -> float:
    if part == other or len(part) > 1 or len(other) > 1:
        return 0.0
    return apart(readings(part)[0], readings(other)[0])


def _spellings(name: str, level: int, *, is_place: bool) -> Iterator[str]:
    """京溪街道 is called 京溪 as well; 京海02网格 also 京海二号网格 and 京海第二网格."""
    yield name
    if is_place:
        return
    if LEVELS[level] == "street":
        short = re.sub("(街道|镇|乡)$", "", name)
        if short != name:
            yield short
    if LEVELS[level] == "grid" and (number := re.search(r"\d+(?=网格$)", name)):
        before = name[: number.start()]
        yield f"{before}{number[0]}号网格"
        yield f"{before}第{number[0]}网格"
        yield f"{before}社区{number[0]}网格"
        yield f"{before}社区{number[0]}号网格"
        yield f"{before}社区第{number[0]}网格"


def has_ending(name: str) -> bool:
    return name.endswith(_endings())


@cache
def _endings() -> tuple[str, ...]:
    return tuple(table("places")["endings"])


def _numpy(numbers: array[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.frombuffer(numbers, numbers.typecode) if numbers else np.empty(0, numbers.typecode)
