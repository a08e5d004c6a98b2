"""Homophones of the words that matter are put right, character for character."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from speech.pronunciation import folded, syllable
from speech.understand.lexicon import Phrases, table

# A word this long is known even where n and l, z and zh, in and ing are not told apart: 胰岛树, 退骚药.
_LONG = 3


def correct(text: str, lexicon: str = "hearing") -> str:
    """The text with misheard words of hearing.toml written rightly; every character keeps its place.

    Another `lexicon` of the same make holds words that are likely in one kind of talk only.
    """
    hearing = _hearing(lexicon)
    sounds, alike = tuple(map(syllable, text)), tuple(map(folded, text))
    kept = {position for span in hearing.never.find(text) for position in range(span.start, span.end)}
    characters = list(text)
    start = 0
    while start < len(text):
        word = hearing.word_at(sounds, alike, start)
        span = range(start, start + len(word))
        if not word or not kept.isdisjoint(span):
            start += 1
            continue
        characters[start : span.stop] = word
        start = span.stop
    return "".join(characters)


@dataclass(frozen=True)
class _Hearing:
    by_sound: Mapping[tuple[str, ...], str]
    lengths: tuple[int, ...]
    never: Phrases

    def word_at(self, sounds: tuple[str, ...], alike: tuple[str, ...], start: int) -> str:
        for length in self.lengths:
            heard = alike if length >= _LONG else sounds
            word = self.by_sound.get(heard[start : start + length])
            if word:
                return word
        return ""


@cache
def _hearing(lexicon: str) -> _Hearing:
    lists = table(lexicon)
    by_sound = {tuple(map(folded if len(word) >= _LONG else syllable, word)): word for word in lists["words"]}
    lengths = tuple(sorted({len(word) for word in lists["words"]}, reverse=True))
    return _Hearing(by_sound, lengths, Phrases(lists["never"]))
