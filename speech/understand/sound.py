"""Homophones of the words that matter are put right, character for character."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from speech.pronunciation import syllable
from speech.understand.lexicon import Phrases, table


def correct(text: str) -> str:
    """The text with misheard words of hearing.toml written rightly; every character keeps its place."""
    hearing = _hearing()
    sounds = tuple(map(syllable, text))
    kept = {position for span in hearing.never.find(text) for position in range(span.start, span.end)}
    characters = list(text)
    start = 0
    while start < len(text):
        word = hearing.word_at(sounds, start)
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

    def word_at(self, sounds: tuple[str, ...], start: int) -> str:
        for length in self.lengths:
            word = self.by_sound.get(sounds[start : start + length])
            if word:
                return word
        return ""


@cache
def _hearing() -> _Hearing:
    lists = table("hearing")
    by_sound = {tuple(map(syllable, word)): word for word in lists["words"]}
    lengths = tuple(sorted({len(word) for word in lists["words"]}, reverse=True))
    return _Hearing(by_sound, lengths, Phrases(lists["never"]))
