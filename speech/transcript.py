"""A transcript: the words heard in a recording, when, how surely, and on which channel."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import TypedDict, cast


class WordJson(TypedDict):
    """A word as `flask transcribe` prints it."""

    word: str
    start: float
    end: float
    conf: float
    channel: str


class TranscriptJson(TypedDict):
    """A transcript as `flask transcribe` prints it, but for the name of the file."""

    duration_s: float
    text: str
    words: list[WordJson]
    confidence: float | None
    model: str
    language: str


@dataclass(frozen=True)
class Word:
    """One word; `start` and `end` in seconds from the beginning of the recording, `conf` in 0..1."""

    word: str
    start: float
    end: float
    conf: float
    channel: str = "caller"


@dataclass(frozen=True)
class Transcript:
    """What one model heard in one recording, its channels merged in time order."""

    duration_s: float
    words: tuple[Word, ...]
    model: str
    language: str

    @property
    def text(self) -> str:
        """The words in a row; written without spaces where the language is."""
        return join_words([word.word for word in self.words], self.language)

    @property
    def confidence(self) -> float | None:
        """The mean over the words, None when nothing was heard."""
        return round(fmean(word.conf for word in self.words), 4) if self.words else None

    def channel(self, name: str) -> Transcript:
        """The same transcript with the words of one party alone."""
        words = tuple(word for word in self.words if word.channel == name)
        return Transcript(self.duration_s, words, self.model, self.language)

    def as_dict(self) -> TranscriptJson:
        return {
            "duration_s": self.duration_s,
            "text": self.text,
            "words": [cast(WordJson, asdict(word)) for word in self.words],
            "confidence": self.confidence,
            "model": self.model,
            "language": self.language,
        }

    @classmethod
    def from_dict(cls, data: TranscriptJson) -> Transcript:
        words = tuple(Word(**word) for word in data["words"])
        return cls(data["duration_s"], words, data["model"], data["language"])

    def to_json(self) -> str:
        return json.dumps(self.as_dict(), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Transcript:
        return cls.from_dict(cast(TranscriptJson, json.loads(text)))


def join_words(words: list[str], language: str) -> str:
    """The words as one text: Chinese (zh, cmn, yue) without spaces, other languages with them."""
    is_spaceless = language.lower().split("-")[0] in {"zh", "cmn", "yue"}
    return ("" if is_spaceless else " ").join(words)


def in_time_order(words: list[Word]) -> tuple[Word, ...]:
    """Words of all channels in the order in which they began."""
    return tuple(sorted(words, key=lambda word: (word.start, word.end)))
