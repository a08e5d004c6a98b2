"""What is said to the model while it learns, by whom and how: words at random, so that no text is favoured."""

import csv
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.random import Generator
from pypinyin import lazy_pinyin

from speech.demo_model.training import voices
from speech.demo_model.training.dictionary import Dictionary
from speech.demo_model.training.espeak import Manner

_TEXT = Path(__file__).parent / "text"
_NUMERALS = "零一二三四五六七八九十百千万两幺点"
_COMMON_WORDS = 30000
# Chinese characters are read by espeak-ng in these languages too.
_OTHER_CHINESE = ("yue", "hak")
_KINDS = ("mandarin", "other language", "backwards", "music")
_SHARES = (0.84, 0.11, 0.02, 0.03)
_SHARE_OF_RANDOM_VOICES = 0.6
_SHARE_OF_PLAIN_VOICE = 0.08
# So many numerals are said twice in a row, as telephone numbers have them.
_TWICE = 0.3


@dataclass(frozen=True)
class Utterance:
    """One thing to say. `kind` tells what it is; only mandarin is to be understood."""

    kind: str
    text: str
    manner: Manner
    seed: tuple[int, int]


class Author:
    """Makes up what is said."""

    def __init__(self, dictionary: Dictionary, seed: int, *, is_odd: bool = False) -> None:
        self._seed = seed
        self._twice = _TWICE if is_odd else 0.0
        self._chance = np.random.default_rng(seed)
        self._words = dictionary.words[:_COMMON_WORDS]
        weights = np.array([dictionary.frequency_of[word] for word in self._words], float) ** 0.35
        self._weights = weights / weights.sum()
        self._by_syllable = _by_syllable(dictionary.characters)
        with (_TEXT / "other_languages.tsv").open(encoding="utf-8") as lines:
            self._foreign = [tuple(line) for line in csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)]

    def utterances(self, count: int) -> list[Utterance]:
        return [self._utterance(number) for number in range(count)]

    def mandarin(self) -> str:
        """Common words, or all syllables alike, or numerals."""
        sources: tuple[tuple[float, Callable[[], str]], ...] = (
            (0.62, self._some_words),
            (0.25, self._some_syllables),
            (0.13, self._some_numerals),
        )
        number = self._chance.choice(len(sources), p=[share for share, _ in sources])
        return sources[number][1]()

    def _utterance(self, number: int) -> Utterance:
        kind = _KINDS[self._chance.choice(len(_KINDS), p=_SHARES)]
        language, text = self._foreign_text() if kind == "other language" else ("cmn", self.mandarin())
        manner = Manner(
            language=language,
            variant=self._variant(),
            rate=round(min(max(self._chance.normal(175, 28), 110), 270)),
            pitch=int(self._chance.integers(15, 90)),
            pitch_range=int(self._chance.integers(30, 80)),
        )
        return Utterance(kind, text, manner, (self._seed, number))

    def _foreign_text(self) -> tuple[str, str]:
        if self._chance.random() < 0.4:
            return _OTHER_CHINESE[self._chance.integers(len(_OTHER_CHINESE))], self.mandarin()
        language, text = self._foreign[self._chance.integers(len(self._foreign))]
        return language, text

    def _variant(self) -> str:
        draw = self._chance.random()
        if draw < _SHARE_OF_PLAIN_VOICE:
            return ""
        names = voices.random_names() if draw < _SHARE_OF_RANDOM_VOICES + _SHARE_OF_PLAIN_VOICE else voices.SHIPPED
        return names[self._chance.integers(len(names))]

    def _some_words(self) -> str:
        chosen = self._chance.choice(len(self._words), self._chance.integers(2, 10), p=self._weights)
        return "".join(self._words[number] + self._pause(0.12) for number in chosen)

    def _some_syllables(self) -> str:
        chosen = self._chance.choice(len(self._by_syllable), self._chance.integers(4, 14))
        return "".join(_one_of(self._by_syllable[number], self._chance) + self._pause(0.08) for number in chosen)

    def _some_numerals(self) -> str:
        chosen = self._chance.choice(list(_NUMERALS), self._chance.integers(3, 12))
        if self._twice:
            chosen = np.repeat(chosen, 1 + (self._chance.random(len(chosen)) < self._twice))
        return "".join(numeral + self._pause(0.06) for numeral in chosen)

    def _pause(self, share: float) -> str:
        return "，" if self._chance.random() < share else ""


def _by_syllable(characters: list[str]) -> list[list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for character in characters:
        found[lazy_pinyin(character)[0]].append(character)
    return [found[syllable] for syllable in sorted(found)]


def _one_of(choices: list[str], chance: Generator) -> str:
    return choices[chance.integers(len(choices))]
