"""How well a name fits what was heard: its syllables laid over those of a transcript's words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf

from speech.pronunciation import Reading, apart, folds, likeliest, readings
from speech.transcript import Word
from speech.understand.lexicon import phrases

# A syllable too many or too few, and how long a name must be to be known all the same.
_GAP = 0.8
GAP_FROM = 4
SHIFTS = (-1, 0, 1)
# A difference counts so much, and more where the word was surely heard.
_AT_LEAST = 0.9
_BY_CONFIDENCE = 0.4
_ALIKE = 0.7
_CUE_REACH = 8


@dataclass(frozen=True)
class Name:
    """A name, how its characters sound, and how much may speak against it."""

    text: str
    sounds: tuple[Reading, ...]
    folds: tuple[frozenset[str], ...]
    allowed: float

    @classmethod
    def of(cls, text: str, allowed: float) -> Name:
        sounds = readings(text)
        return cls(text, sounds, tuple(map(folds, sounds)), allowed)


@dataclass(frozen=True)
class Heard:
    """A character of a stretch, and where it stands: in which word, and at which place in it.

    `weight` is how much a difference in sound counts here.
    """

    character: str
    sound: Reading
    folds: frozenset[str]
    word: Word
    number: int
    place: int
    weight: float

    @property
    def start(self) -> float:
        return self._at(self.place)

    @property
    def end(self) -> float:
        return self._at(self.place + 1)

    def _at(self, place: int) -> float:
        whole = len(self.word.word)
        if place in (0, whole):
            return self.word.end if place else self.word.start
        return round(self.word.start + (self.word.end - self.word.start) * place / whole, 3)


@dataclass(frozen=True)
class Fit:
    """A name laid over the characters from `start` to `end`; `places` tells which of them each of its own meets.

    `differ` is how far they are apart, `left` what might yet have spoken against it.
    """

    name: Name
    start: int
    end: int
    places: tuple[int | None, ...]
    differ: float
    left: float = 0.0

    def overlaps(self, other: Fit) -> bool:
        return self.start < other.end and other.start < self.end

    def rivals(self, other: Fit) -> bool:
        """Both can't be true: 京海 beside 京海社区 can."""
        return self.overlaps(other) and self.name.text not in other.name.text and other.name.text not in self.name.text


@dataclass(frozen=True)
class Stretch:
    """Words of one channel without a pause, character by character."""

    heard: tuple[Heard, ...]
    text: str

    @classmethod
    def of(cls, words: Sequence[Word]) -> Stretch:
        heard = tuple(
            Heard(character, sound, folds(sound), word, number, place, _AT_LEAST + _BY_CONFIDENCE * word.conf)
            for number, word in enumerate(words)
            for place, (character, sound) in enumerate(zip(word.word, likeliest(word.word), strict=True))
        )
        return cls(heard, "".join(one.character for one in heard))

    def holding(self, texts: frozenset[str], lengths: Iterable[int]) -> frozenset[int]:
        """Places that hold one of these texts, of one of these lengths."""
        return frozenset(
            place
            for length in lengths
            for start in range(len(self.text) - length + 1)
            if self.text[start : start + length] in texts
            for place in range(start, start + length)
        )

    def expects_name(self, start: int, end: int) -> bool:
        """我住在…, …三栋, 吃完了… and the like: a name is likely here."""
        before, after = self.text[max(0, start - _CUE_REACH) : start], self.text[end : end + _CUE_REACH]
        return (
            phrases("places", "here").occur(before)
            or phrases("places", "here_after").occur(after)
            or phrases("local_names", "before").occur(before)
            or phrases("local_names", "after").occur(after)
        )


def laid(name: Name, heard: Sequence[Heard], start: int, limit: float) -> Fit | None:
    """The name from this place on, syllable by syllable; None where it is far off."""
    size = len(name.sounds)
    if not 0 <= start <= len(heard) - size:
        return None
    differ = 0.0
    for sound, one in zip(name.sounds, heard[start : start + size], strict=True):
        differ += _differ(sound, one)
        if differ > limit:
            return None
    return Fit(name, start, start + size, tuple(range(start, start + size)), differ)


def _differ(sound: Reading, one: Heard) -> float:
    far = apart(sound, one.sound)
    weighed = far * one.weight
    # However unsure the word: a syllable that sounds otherwise was not heard.
    return weighed if far <= _ALIKE else max(weighed, _GAP)


def resembles(sound: Reading, one: Heard) -> bool:
    """Whether this may be the syllable, said or heard carelessly."""
    return apart(sound, one.sound) <= _ALIKE


def laid_with_gaps(name: Name, heard: Sequence[Heard], start: int, limit: float) -> Fit | None:
    """The best way to lay a name with syllables too many or too few, never more than a place off."""
    paths: dict[int, _Path] = dict.fromkeys(SHIFTS, (0.0, ()))
    for number, sound in enumerate(name.sounds, start):
        met = {shift: _meet(paths[shift], sound, heard, number + shift) for shift in SHIFTS}
        for shift in (-1, 0):
            met[shift] = min(met[shift], _swallow(paths[shift + 1]), key=_length)
        for shift in (0, 1):
            met[shift] = min(met[shift], _pass_over(met[shift - 1]), key=_length)
        paths = met
    differ, places = min(paths.values(), key=_length)
    held = [place for place in places if place is not None]
    return Fit(name, held[0], held[-1] + 1, places, differ) if differ <= limit else None


# How far a name is from what was heard up to one of its syllables, and which character each of them met.
_Path = tuple[float, tuple[int | None, ...]]


def _length(path: _Path) -> float:
    return path[0]


def _meet(path: _Path, sound: Reading, heard: Sequence[Heard], place: int) -> _Path:
    if not 0 <= place < len(heard):
        return inf, path[1]
    return path[0] + _differ(sound, heard[place]), (*path[1], place)


def _swallow(path: _Path) -> _Path:
    return path[0] + _GAP, (*path[1], None)


def _pass_over(path: _Path) -> _Path:
    return path[0] + _GAP, path[1]
