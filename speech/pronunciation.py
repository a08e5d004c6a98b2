"""How Chinese characters sound, and how far apart two of them are to the ear."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

from pypinyin import Style, pinyin
from pypinyin.contrib.tone_convert import to_finals, to_initials, to_normal
from pypinyin.pinyin_dict import pinyin_dict

# What speakers of southern Mandarin and recognisers don't tell apart, folded into one.
_FOLDED_INITIALS = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"))
_FOLDED_FINALS = (("ing", "in"), ("eng", "en"), ("ang", "an"))
# Initials that are easily taken for each other: with or without breath, made at one place, swapped in some dialects.
_NEAR_INITIALS = frozenset(
    frozenset(pair.split("/"))
    for pair in [
        "b/p",
        "d/t",
        "g/k",
        "j/q",
        "z/c",
        "zh/ch",
        "z/ch",
        "c/zh",
        "h/f",
        "h/k",
        "h/g",
        "l/r",
        "n/r",
        "m/n",
        "x/q",
        "x/s",
        "x/sh",
        "s/c",
        "sh/ch",
        "s/ch",
        "sh/c",
        "j/z",
        "j/zh",
        "q/c",
        "q/ch",
    ]
)
# The parts of a final: glide, vowel, ending. What is written i after z, zh and their like is a vowel of its own, y.
_FINALS = {
    final: tuple(part.strip("-") for part in parts.split())
    for final, parts in {
        **{vowel: f"- {vowel} -" for vowel in ("a", "o", "e", "ê", "i", "y", "u", "ü")},
        "ai": "- a i",
        "ei": "- e i",
        "ao": "- a u",
        "ou": "- o u",
        "er": "- e r",
        "an": "- a n",
        "en": "- e n",
        "in": "- i n",
        "ün": "- ü n",
        "ang": "- a ng",
        "eng": "- e ng",
        "ing": "- i ng",
        "ong": "- o ng",
        "ia": "i a -",
        "ie": "i e -",
        "iao": "i a u",
        "iou": "i o u",
        "ian": "i a n",
        "iang": "i a ng",
        "iong": "i o ng",
        "ua": "u a -",
        "uo": "u o -",
        "uai": "u a i",
        "uei": "u e i",
        "uan": "u a n",
        "uen": "u e n",
        "uang": "u a ng",
        "ueng": "u e ng",
        "üe": "ü e -",
        "üan": "ü a n",
        "": "- - -",
    }.items()
}
_BEFORE_Y = ("zh", "ch", "sh", "r", "z", "c", "s")

# What each difference counts; a syllable can't be farther from another than the whole of it.
_OTHER_TONE = 0.1
_OTHER_FOLDED = 0.15
_OTHER_NEAR = 0.35
_NO_INITIAL = 0.45
_OTHER_INITIAL = 0.6
_OTHER_GLIDE = 0.2
_OTHER_VOWEL = 0.3
_OTHER_ENDING = 0.3
_OTHER_NASAL = 0.1
FARTHEST: Final = 1.0


@dataclass(frozen=True)
class Syllable:
    """A syllable as it is said; the tone is 1 to 5."""

    initial: str
    final: str
    tone: int


Reading = frozenset[Syllable]


@lru_cache(maxsize=1 << 16)
def readings(word: str) -> tuple[Reading, ...]:
    """For each character all the ways in which it may be read in this word; none for what isn't Chinese."""
    return _read(word, every=True)


@lru_cache(maxsize=1 << 16)
def likeliest(word: str) -> tuple[Reading, ...]:
    """The same with the commonest way alone: that by which a model knows its words, where 儿 is never ren."""
    return _read(word, every=False)


def _read(word: str, *, every: bool) -> tuple[Reading, ...]:
    # `list` makes an item of each character that isn't Chinese; the stub doesn't know that it may.
    ways = pinyin(word, Style.TONE3, errors=list, heteronym=every, neutral_tone_with_five=True)  # type: ignore[arg-type]
    return tuple(
        frozenset(map(_syllable, each)) if ord(character) in pinyin_dict else frozenset()
        for character, each in zip(word, ways, strict=True)
    )


@lru_cache(maxsize=1 << 16)
def apart(one: Reading, other: Reading) -> float:
    """How differently two characters sound, from 0 to FARTHEST; of several readings the nearest count."""
    return min((_apart(first, second) for first in one for second in other), default=FARTHEST)


@cache
def folds(reading: Reading) -> frozenset[str]:
    """The syllables without tones and with easily confused sounds made equal."""
    return frozenset(_folded(one.initial) + _folded(one.final) for one in reading)


@cache
def syllable(character: str) -> str:
    """The commonest reading without its tone; the character itself where it has none."""
    return to_normal(pinyin_dict.get(ord(character), "").split(",")[0]) or character


@cache
def folded(character: str) -> str:
    """The commonest reading with easily confused sounds made equal: 京 and 今, 梅 and 每, 牛 and 流."""
    return _folded(syllable(character))


@cache
def _folded(sound: str) -> str:
    for initial, equal in _FOLDED_INITIALS:
        if sound.startswith(initial):
            sound = equal + sound[len(initial) :]
            break
    for final, equal in _FOLDED_FINALS:
        if sound.endswith(final):
            return sound[: -len(final)] + equal
    return sound


@cache
def _syllable(reading: str) -> Syllable:
    initial, final = to_initials(reading), to_finals(reading, v_to_u=True)
    return Syllable(initial, "y" if final == "i" and initial in _BEFORE_Y else final, int(reading[-1]))


def _apart(one: Syllable, other: Syllable) -> float:
    tones = _OTHER_TONE if one.tone != other.tone else 0.0
    return min(FARTHEST, _initials_apart(one.initial, other.initial) + _finals_apart(one.final, other.final) + tones)


@cache
def _initials_apart(one: str, other: str) -> float:
    if one == other:
        return 0.0
    if _folded(one) == _folded(other):
        return _OTHER_FOLDED
    if not one or not other:
        return _NO_INITIAL
    return _OTHER_NEAR if frozenset((one, other)) in _NEAR_INITIALS else _OTHER_INITIAL


@cache
def _finals_apart(one: str, other: str) -> float:
    (glide, vowel, ending), (other_glide, other_vowel, other_ending) = _FINALS[one], _FINALS[other]
    is_nasal = {ending, other_ending} == {"n", "ng"}
    return (
        (glide != other_glide) * _OTHER_GLIDE
        + (vowel != other_vowel) * _OTHER_VOWEL
        + (ending != other_ending) * (_OTHER_NASAL if is_nasal else _OTHER_ENDING)
    )
