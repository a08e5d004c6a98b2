"""How characters sound: homophones of the words that matter are put right, character for character."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from unicodedata import normalize

from pypinyin.pinyin_dict import pinyin_dict

from speech.understand.lexicon import Phrases, table

_TONE_MARKS = {ord("\u0304"), ord("\u0301"), ord("\u030c"), ord("\u0300")}
# What speakers of southern Mandarin and recognisers don't tell apart, folded into one.
_FOLDED_INITIALS = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"))
_FOLDED_FINALS = (("ing", "in"), ("eng", "en"), ("ang", "an"))


@cache
def syllable(character: str) -> str:
    """The commonest reading without its tone; the character itself where it has none."""
    readings = pinyin_dict.get(ord(character), "")
    first = readings.split(",")[0]
    bare = "".join(sign for sign in normalize("NFD", first) if ord(sign) not in _TONE_MARKS)
    return normalize("NFC", bare) or character


@cache
def folded(character: str) -> str:
    """The reading with easily confused sounds made equal: 京 and 今, 梅 and 每, 牛 and 流."""
    reading = syllable(character)
    for initial, equal in _FOLDED_INITIALS:
        if reading.startswith(initial):
            reading = equal + reading[len(initial) :]
            break
    for final, equal in _FOLDED_FINALS:
        if reading.endswith(final):
            return reading[: -len(final)] + equal
    return reading


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
