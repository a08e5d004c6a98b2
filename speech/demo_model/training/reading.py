"""What espeak-ng's phonemes mean: from its letters to our sounds, for words and for recorded sentences."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pypinyin import Style, lazy_pinyin

from speech.demo_model.training.espeak import Espeak, Speech
from speech.demo_model.training.phones import SILENCE, split_syllable

_TONE_OF = {"55": 1, "35": 2, "214": 3, "51": 4, "11": 5}
_WITH_TONE = re.compile(r"(?P<vowel>.*?)(?P<tone>55|35|214|51|11)$")
_WORD_END = "_|"
_PAUSES = ("_:", "_")
_FOREIGN_START, _FOREIGN_END = "(en)", "(cmn)"
_SILENT_MARKS = (_WORD_END, _FOREIGN_START, _FOREIGN_END)
_HAN = re.compile(r"[一-鿿]")
# Alone and before others these change their tone with what follows, over the borders of words too.
_CHANGING_TONES = {"一": (1, 2, 4), "不": (4, 2)}


@dataclass(frozen=True)
class Sound:
    """One of our sounds, from this sample on to where the next begins."""

    name: str
    start: int


@dataclass(frozen=True)
class _Syllable:
    phonemes: tuple[str, ...]
    tone: int


class Reader:
    """Knows every syllable that espeak-ng says, because it was asked to spell so many characters."""

    def __init__(self, espeak: Espeak, characters: Iterable[str]) -> None:
        self._espeak = espeak
        self._syllable_of = self._learn(characters)

    def pronunciations(self, word: str) -> list[list[str]]:
        """The ways in which a word may be said: as espeak-ng says it, and as the dictionary has it."""
        found = [spoken for spoken in (self._spoken(word), *_by_dictionary(word)) if spoken]
        return [spoken for number, spoken in enumerate(found) if spoken not in found[:number]]

    def read(self, words: Sequence[str]) -> list[list[str]]:
        """The sounds of each word when all are said in one go; nothing where espeak-ng says something else."""
        text = "".join(words)
        syllables = self._syllables(text) or []
        if len(syllables) != len(text):
            return []
        rest = iter(syllables)
        parts = [[next(rest) for _ in word] for word in words]
        return [[sound for syllable in part for sound in self._sounds(syllable) if sound] for part in parts]

    def align(self, text: str, speech: Speech) -> list[Sound] | None:
        """Our sounds in the speech; None if it holds anything that isn't Mandarin as we know it."""
        syllables = self._syllables(text)
        if syllables is None:
            return None
        sounds = [Sound(SILENCE, 0)]
        waiting = iter([(place, name, part) for part in syllables for place, name in enumerate(part.phonemes)])
        for phoneme in speech.phonemes:
            if phoneme.name in _PAUSES:
                sounds.append(Sound(SILENCE, phoneme.start))
            elif phoneme.name not in _SILENT_MARKS:
                place, name, syllable = next(waiting, (0, "", None))
                if syllable is None or _unstressed(phoneme.name) != name:
                    return None
                initial, final = self._sounds(syllable)
                if place == 0:
                    sounds.append(Sound(initial or final, phoneme.start))
                elif place == 1 and initial:
                    sounds.append(Sound(final, phoneme.start))
        return None if next(waiting, None) else sounds

    def _spoken(self, word: str) -> list[str]:
        syllables = self._syllables(word) or []
        return [sound for syllable in syllables for sound in self._sounds(syllable) if sound]

    def _sounds(self, syllable: _Syllable) -> tuple[str, str]:
        initial, final = self._syllable_of[syllable.phonemes]
        return initial, f"{final}{syllable.tone}"

    def _syllables(self, text: str) -> list[_Syllable] | None:
        characters = _HAN.findall(text)
        spelt = self._cut_up(text, "".join(characters))
        return spelt if spelt and all(part.phonemes in self._syllable_of for part in spelt) else None

    def _cut_up(self, text: str, characters: str) -> list[_Syllable]:
        tokens = [token for token in self._espeak.spell(text) if token != _WORD_END]
        return _cut(tokens, lazy_pinyin(characters, Style.TONE3, neutral_tone_with_five=True))

    def _learn(self, characters: Iterable[str]) -> dict[tuple[str, ...], tuple[str, str]]:
        heard: dict[tuple[str, ...], Counter[tuple[str, str]]] = defaultdict(Counter)
        for character in sorted(set(characters)):
            split = split_syllable(lazy_pinyin(character, v_to_u=False)[0])
            spelt = self._cut_up(character, character)
            if split and len(spelt) == 1:
                heard[spelt[0].phonemes][split] += 1
        return {phonemes: counts.most_common(1)[0][0] for phonemes, counts in heard.items()}


def _cut(tokens: Sequence[str], readings: Sequence[str]) -> list[_Syllable]:
    """Cut a spelling into syllables, one for each of the dictionary's readings; empty where that can't be.

    espeak-ng reads a few syllables as English (xiong as "k sh ong one"). Each is one syllable too, with the tone
    of the dictionary: that is how its callers say it.
    """
    syllables: list[_Syllable] = []
    rest = list(tokens)
    for reading in readings:
        size = _length(rest, reading)
        syllables.append(_syllable(rest[:size], reading))
        rest = rest[size:]
    return [] if rest or not all(syllable.phonemes for syllable in syllables) else syllables


def _length(tokens: Sequence[str], reading: str) -> int:
    if _FOREIGN_END in tokens and tokens[0] == _FOREIGN_START:
        return tokens.index(_FOREIGN_END) + 1
    vowel = next((number for number, token in enumerate(tokens) if _WITH_TONE.match(token)), len(tokens))
    after = tokens[vowel + 1 : vowel + 2]
    # An n after the vowel may also open the next syllable; the dictionary tells.
    closes = after == ["N"] or (after == ["n"] and reading.rstrip("12345").endswith("n"))
    return vowel + 1 + closes


def _syllable(tokens: Sequence[str], reading: str) -> _Syllable:
    names = [_unstressed(token) for token in tokens if token not in (_FOREIGN_START, _FOREIGN_END)]
    toned = [found for name in names if (found := _WITH_TONE.match(name))]
    tone = _TONE_OF[toned[0]["tone"]] if toned else int(reading[-1])
    vowels = {found[0]: found["vowel"] for found in toned}
    return _Syllable(tuple(vowels.get(name, name) for name in names), tone)


def _by_dictionary(word: str) -> list[list[str]]:
    readings = [
        [_with_tone(syllable)] if character not in _CHANGING_TONES else _changing(syllable, character)
        for character, syllable in zip(word, lazy_pinyin(word, Style.TONE3, neutral_tone_with_five=True), strict=False)
    ]
    if len(word) == 1 and readings and readings[0]:
        return [reading for reading in readings[0] if reading]
    parts = [options[0] for options in readings if options and options[0]]
    return [[sound for part in parts for sound in part]] if len(parts) == len(word) else []


def _changing(syllable: str, character: str) -> list[list[str]]:
    return [_with_tone(f"{syllable.rstrip('12345')}{tone}") for tone in _CHANGING_TONES[character]]


def _with_tone(syllable: str) -> list[str]:
    split = split_syllable(syllable[:-1].replace("ü", "v"))
    if not split:
        return []
    initial, final = split
    return [sound for sound in (initial, f"{final}{syllable[-1]}") if sound]


def _unstressed(phoneme: str) -> str:
    return phoneme.lstrip("',")
