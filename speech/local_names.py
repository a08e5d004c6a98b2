"""Local names put right: where a transcript's words sound like a name that is known here, the name is written."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from itertools import groupby, product
from math import inf, log10
from statistics import fmean
from typing import Final

from speech.likeness import GAP_FROM, SHIFTS, Fit, Heard, Name, Stretch, laid, laid_with_gaps, resembles
from speech.numbers import DIGITS
from speech.pronunciation import apart, readings
from speech.transcript import Transcript, Word, in_time_order
from speech.understand.lexicon import table

LANGUAGES: Final = ("zh", "cmn")
_SHORTEST = 2
# Nobody stops as long as this inside a name.
_PAUSE_S = 0.6
# A pair of sounds that more names share than this doesn't tell which of them was said.
_TOO_COMMON = 150
# How much may speak against a name for each of its syllables, and how much more where a name is expected.
_ALLOWED = 0.25
_ALLOWED_BY_CUE = 0.35
# Among many names one sounds like anything by chance: so much less for ten times as many.
_CROWD = 0.2
_FEW = 300
# Of two names that are nearer to each other than this neither is written.
_TIE = 0.1
# What it takes to disbelieve a word that was surely heard, by the kind of word that it is.
_COMMON_WORD = 1.0
_OTHER_SOUND = 0.5
_SAME_SOUND = 0.25
_SHORT_WORD = 0.1
_CUT_WORD = 0.15
# Syllables that differ in their tone at most sound the same.
_SAME = 0.1
_NUMERALS = frozenset(DIGITS) | set("十百千万")
_SPOKEN = str.maketrans(
    {digit: "零一二三四五六七八九"[int(value)] for digit, value in DIGITS.items() if digit.isdecimal()}
)

Pair = tuple[str, str]


def drug_names() -> list[str]:
    """Generic names of the medicines that callers commonly take."""
    return [name for names in table("drugs").values() for name in names]


@dataclass(frozen=True)
class LocalNames:
    """Names that callers may say, found by how they sound."""

    names: tuple[Name, ...] = ()
    index: Mapping[Pair, Sequence[tuple[int, int]]] = field(default_factory=dict)

    @classmethod
    def from_names(cls, names: Iterable[str]) -> LocalNames:
        """Names as they are written; their digits are said one by one, and what isn't Chinese can't be known."""
        spoken = dict.fromkeys(name.strip().translate(_SPOKEN) for name in names)
        known = [name for name in spoken if len(name) >= _SHORTEST and all(readings(name))]
        crowd = _CROWD * log10(max(1, len(known) / _FEW))
        usable = tuple(Name.of(name, _ALLOWED * _telling(name) - crowd) for name in known)
        return cls(usable, _index(usable))

    def correct(self, transcript: Transcript) -> Transcript:
        """The transcript with names where words sound like them; such a word keeps what was `heard`."""
        if transcript.language.lower().split("-")[0] not in LANGUAGES:
            return transcript
        words = [word for stretch in _stretches(transcript.words) for word in self._corrected(stretch)]
        return replace(transcript, words=in_time_order(words))

    def _corrected(self, words: Sequence[Word]) -> Iterator[Word]:
        stretch = Stretch.of(words)
        passed = 0
        for fit in _best(self._fits(stretch)):
            yield from _rest(stretch.heard[passed : fit.start])
            yield _named(fit, stretch.heard[fit.start : fit.end])
            passed = fit.end
        yield from _rest(stretch.heard[passed:])

    def _fits(self, stretch: Stretch) -> Iterator[Fit]:
        """The names that this may have been, each with what is left of what may speak against it."""
        kept = stretch.holding(self._kept, self._lengths)
        for fit in self._near(stretch.heard):
            left = fit.name.allowed - _against(fit, stretch, kept)
            if left >= -_ALLOWED_BY_CUE and stretch.expects_name(fit.start, fit.end):
                left += _ALLOWED_BY_CUE
            if left >= 0:
                yield replace(fit, left=left)

    def _near(self, heard: Sequence[Heard]) -> Iterator[Fit]:
        """Names of which at least two syllables sound the same here, laid over what was heard."""
        hits = self._hits(heard)
        for number, start in hits:
            name = self.names[number]
            limit = name.allowed + _ALLOWED_BY_CUE
            fit = laid(name, heard, start, limit)
            size = len(name.sounds)
            if fit is None and size >= GAP_FROM:
                around = sum(hits.get((number, start + shift), 0) for shift in SHIFTS)
                fit = laid_with_gaps(name, heard, start, limit) if around >= min(3, size - 2) else None
            if fit is not None:
                yield fit

    def _hits(self, heard: Sequence[Heard]) -> Counter[tuple[int, int]]:
        """Names, the places where they would begin, and how many pairs of their sounds are there."""
        return Counter(
            (number, first - place)
            for first in range(len(heard))
            for second in (first + 1, first + 2)
            if second < len(heard)
            for pair in product(heard[first].folds, heard[second].folds)
            for number, place in self.index.get(pair, ())
        )

    @cached_property
    def _kept(self) -> frozenset[str]:
        """What no name may replace: other names, and the words that orders and alarms hang on."""
        return frozenset([*(name.text for name in self.names), *table("hearing")["words"]])

    @cached_property
    def _lengths(self) -> frozenset[int]:
        return frozenset(map(len, self._kept))


def _telling(name: str) -> float:
    """How many of its syllables tell it from others: of 京海社区 the first two, and that there is an ending.

    What has but two is soon heard somewhere.
    """
    ending = max((len(ending) for ending in table("places")["endings"] if name.endswith(ending)), default=0)
    return len(name) - max(0, ending - 1) - (0.5 if len(name) == _SHORTEST else 0)


def _index(names: Sequence[Name]) -> Mapping[Pair, Sequence[tuple[int, int]]]:
    """Where names have a pair of sounds, neighbours or with one between."""
    found: dict[Pair, list[tuple[int, int]]] = defaultdict(list)
    for number, name in enumerate(names):
        for first in range(len(name.folds)):
            for second in (first + 1, first + 2):
                if second < len(name.folds):
                    for pair in product(name.folds[first], name.folds[second]):
                        found[pair].append((number, first))
    return {pair: places for pair, places in found.items() if len(places) <= _TOO_COMMON}


def _stretches(words: Iterable[Word]) -> Iterator[list[Word]]:
    """The words of each channel, parted at pauses."""
    channels: dict[str, list[Word]] = defaultdict(list)
    for word in words:
        stretch = channels[word.channel]
        if stretch and word.start - stretch[-1].end >= _PAUSE_S:
            yield stretch
            channels[word.channel] = stretch = []
        stretch.append(word)
    yield from channels.values()


def _against(fit: Fit, stretch: Stretch, kept: frozenset[int]) -> float:
    """What speaks against a name: how it differs, and how surely the words were heard that it would replace."""
    characters = dict(zip(fit.places, zip(fit.name.text, fit.name.sounds, strict=True), strict=True))
    part = range(fit.start, fit.end)
    changed = {place for place in part if characters.get(place, " ")[0] != stretch.text[place]}
    # A known name with a syllable more, which nobody heard, is another one: 鹤洞路 is not 白鹤洞路.
    is_heard = any(place in characters and resembles(characters[place][1], stretch.heard[place]) for place in changed)
    was_corrected = any(stretch.heard[place].word.heard is not None for place in part)
    if not is_heard or was_corrected or not kept.isdisjoint(changed) or _touches_number(fit, stretch, changed):
        return inf
    first, last = stretch.heard[fit.start], stretch.heard[fit.end - 1]
    cuts = (first.place > 0) + (last.place < len(last.word.word) - 1)
    return fit.differ + _belief(fit, stretch, changed) + _CUT_WORD * cuts


def _touches_number(fit: Fit, stretch: Stretch, changed: set[int]) -> bool:
    """A number is never made another one, and no digit is taken out of a row of them."""
    for character, place in zip(fit.name.text, fit.places, strict=True):
        if character in _NUMERALS and (place is None or (place in changed and stretch.text[place] in _NUMERALS)):
            return True
    edges = ((fit.start, fit.start - 1), (fit.end - 1, fit.end))
    return any(
        inner in changed and 0 <= outer < len(stretch.text) and {stretch.text[inner], stretch.text[outer]} <= _NUMERALS
        for inner, outer in edges
    )


def _belief(fit: Fit, stretch: Stretch, changed: set[int]) -> float:
    """What it takes to disbelieve the words of which characters change, each once."""
    met = dict(zip(fit.places, fit.name.sounds, strict=True))
    belief: dict[int, float] = {}
    for place in sorted(changed):
        one = stretch.heard[place]
        sounds_same = place in met and apart(met[place], one.sound) <= _SAME
        belief[one.number] = max(belief.get(one.number, 0.0), _weight(one.word, sounds_same))
    return sum(belief.values())


def _weight(word: Word, sounds_same: bool) -> float:
    """Words that were heard badly weigh little; common ones still something, for they are often said badly."""
    is_common, is_long = word.word in _common_words(), len(word.word) > 1
    if is_common:
        kind = _COMMON_WORD if is_long else _SAME_SOUND if sounds_same else _OTHER_SOUND
        return kind * word.conf
    kind = _SHORT_WORD if not is_long else _SAME_SOUND if sounds_same else _OTHER_SOUND
    return kind * word.conf**2


@cache
def _common_words() -> frozenset[str]:
    return frozenset(table("local_names")["common"])


def _best(fits: Iterable[Fit]) -> list[Fit]:
    """Of names that overlap the one that fits best, or none where two fit about as well."""
    ordered = sorted(fits, key=lambda fit: (-fit.left, fit.start, fit.name.text))
    settled: list[Fit] = []
    chosen: list[Fit] = []
    for fit in ordered:
        if any(fit.overlaps(other) for other in settled):
            continue
        settled.append(fit)
        if not any(fit.rivals(other) and fit.left - other.left < _TIE for other in ordered):
            chosen.append(fit)
    return sorted(chosen, key=lambda fit: fit.start)


def _named(fit: Fit, part: Sequence[Heard]) -> Word:
    """The name as a word; as surely heard as what it replaces, less what differs."""
    conf = fmean(one.word.conf for one in part) * max(0.0, 1 - fit.differ / len(fit.name.text))
    heard = "".join(one.character for one in part)
    return Word(fit.name.text, part[0].start, part[-1].end, round(conf, 4), part[0].word.channel, heard)


def _rest(part: Sequence[Heard]) -> Iterator[Word]:
    """Words that stay; of a word that a name cuts into, what lies outside, with its share of the time."""
    for _, characters in groupby(part, key=lambda one: one.number):
        own = list(characters)
        word = own[0].word
        if len(own) < len(word.word):
            word = replace(word, word="".join(one.character for one in own), start=own[0].start, end=own[-1].end)
        yield word
