"""A transcript: the words heard in a recording, when, how surely, on which channel, and how people would write them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from statistics import fmean
from typing import NotRequired, TypedDict, cast

from speech.writing import Piece, Said, goes_on, is_spaceless, written

# Between words of one thought there is hardly any pause; between sentences there is one that everybody hears.
_COMMA_S = 0.12
_FULL_STOP_S = 0.3
_LONG_PAUSE_S = 0.6
# Whoever falters after a word or two hasn't ended a sentence.
_SHORT_SENTENCE = 4
# Nobody waits longer between two digits of one number.
_WITHIN_NUMBER_S = 2.5


class WordJson(TypedDict):
    """A word as `flask transcribe` prints it."""

    word: str
    start: float
    end: float
    conf: float
    channel: str
    heard: NotRequired[str]


class SegmentJson(TypedDict):
    """A segment as `flask transcribe` prints it; `first` and `last` count words from 0."""

    start: float
    end: float
    channel: str
    text: str
    confidence: float
    first: int
    last: int


class TranscriptJson(TypedDict):
    """A transcript as `flask transcribe` prints it, but for the name of the file."""

    duration_s: float
    text: str
    words: list[WordJson]
    confidence: float | None
    model: str
    language: str
    display: NotRequired[str]
    segments: NotRequired[list[SegmentJson]]
    doubt: NotRequired[str | None]


class Doubt(StrEnum):
    """Why a person has to listen before anything is made of a transcript."""

    SILENCE = "silence"  # nothing sounds
    NO_SPEECH = "no_speech"  # it sounds, but nobody speaks: tones, music, noise
    UNKNOWN_SPEECH = "unknown_speech"  # somebody speaks, but not as the model knows it
    UNSURE = "unsure"  # words, but too many of them are likely wrong


FIRST_CHANNEL = "caller"


@dataclass(frozen=True, slots=True)
class Word:
    """One word; `start` and `end` in seconds from the beginning of the recording, `conf` in 0..1.

    `heard` is what the model wrote, where a name that is known was put in its place.
    """

    word: str
    start: float
    end: float
    conf: float
    channel: str = FIRST_CHANNEL
    heard: str | None = None

    def as_dict(self) -> WordJson:
        return cast(WordJson, {name: value for name, value in asdict(self).items() if value is not None})


@dataclass(frozen=True)
class Segment:
    """What one party said between two pauses.

    Its words are those of its channel among the transcript's words from number `first` to `last`; the pieces are the
    written text, each with the numbers of the words that it was said with.
    """

    words: tuple[Word, ...]
    first: int
    last: int
    pieces: tuple[Piece, ...]

    @property
    def start(self) -> float:
        return self.words[0].start

    @property
    def end(self) -> float:
        return self.words[-1].end

    @property
    def channel(self) -> str:
        return self.words[0].channel

    @property
    def text(self) -> str:
        """As people would write it."""
        return "".join(piece.text for piece in self.pieces)

    @property
    def confidence(self) -> float:
        return round(fmean(word.conf for word in self.words), 4)

    def as_dict(self) -> SegmentJson:
        return {
            "start": self.start,
            "end": self.end,
            "channel": self.channel,
            "text": self.text,
            "confidence": self.confidence,
            "first": self.first,
            "last": self.last,
        }


@dataclass(frozen=True)
class Transcript:
    """What one model heard in one recording, its channels merged in time order.

    With a `doubt` it may not be what was said, and a person has to listen.
    """

    duration_s: float
    words: tuple[Word, ...]
    model: str
    language: str
    doubt: Doubt | None = None

    @property
    def text(self) -> str:
        """The words in a row; written without spaces where the language is. Evidence counts its characters."""
        return join_words([word.word for word in self.words], self.language)

    @property
    def confidence(self) -> float | None:
        """The mean over the words, None when nothing was heard."""
        return round(fmean(word.conf for word in self.words), 4) if self.words else None

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """The words cut at pauses, each party's apart, in the order in which they began."""
        channels = dict.fromkeys(word.channel for word in self.words)
        found = [
            _segment(self.words, turn, self.language) for channel in channels for turn in _turns(self.words, channel)
        ]
        return tuple(sorted(found, key=lambda segment: (segment.start, segment.first)))

    @property
    def display(self) -> str:
        """All of it as people would write it; a new line where the other party speaks."""
        between = "" if is_spaceless(self.language) else " "
        parts: list[str] = []
        for place, segment in enumerate(self.segments):
            is_same = place and segment.channel == self.segments[place - 1].channel
            parts += [(between if is_same else "\n") if place else "", segment.text]
        return "".join(parts)

    def channel(self, name: str) -> Transcript:
        """The same transcript with the words of one party alone."""
        words = tuple(word for word in self.words if word.channel == name)
        return Transcript(self.duration_s, words, self.model, self.language, self.doubt)

    def as_dict(self) -> TranscriptJson:
        return {
            "duration_s": self.duration_s,
            "text": self.text,
            "display": self.display,
            "words": [word.as_dict() for word in self.words],
            "segments": [segment.as_dict() for segment in self.segments],
            "confidence": self.confidence,
            "doubt": self.doubt and self.doubt.value,
            "model": self.model,
            "language": self.language,
        }

    @classmethod
    def from_dict(cls, data: TranscriptJson) -> Transcript:
        """The transcript of such a dict; what is derived from the words is not read."""
        words = tuple(Word(**word) for word in data["words"])
        doubt = data.get("doubt")
        return cls(data["duration_s"], words, data["model"], data["language"], Doubt(doubt) if doubt else None)

    def to_json(self) -> str:
        return json.dumps(self.as_dict(), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Transcript:
        return cls.from_dict(cast(TranscriptJson, json.loads(text)))


def join_words(words: Sequence[str], language: str) -> str:
    """The words as one text, with spaces between them or without, as the language is written."""
    return ("" if is_spaceless(language) else " ").join(words)


def in_time_order(words: list[Word]) -> tuple[Word, ...]:
    """Words of all channels in the order in which they began."""
    return tuple(sorted(words, key=lambda word: (word.start, word.end)))


def _turns(words: Sequence[Word], channel: str) -> Iterator[list[int]]:
    """The numbers of a party's words, cut where it paused, or paused a little and the other spoke."""
    turn: list[int] = []
    for number in (number for number, word in enumerate(words) if word.channel == channel):
        if turn and _is_new_turn(words, turn, number):
            yield turn
            turn = []
        turn.append(number)
    yield turn


def _is_new_turn(words: Sequence[Word], turn: Sequence[int], number: int) -> bool:
    before, word = words[turn[-1]], words[number]
    pause_s = word.start - before.end
    if goes_on(before.word, word.word):
        return pause_s >= _WITHIN_NUMBER_S
    if pause_s >= _LONG_PAUSE_S or (number > turn[-1] + 1 and pause_s >= _COMMA_S):
        return True
    return pause_s >= _FULL_STOP_S and sum(len(words[each].word) for each in turn) >= _SHORT_SENTENCE


def _segment(words: Sequence[Word], turn: Sequence[int], language: str) -> Segment:
    own = tuple(words[number] for number in turn)
    pauses = [after.start - before.end >= _COMMA_S for before, after in pairwise(own)]
    said = [Said(word.word, number, pause) for word, number, pause in zip(own, turn, [*pauses, False], strict=True)]
    return Segment(own, turn[0], turn[-1], written(said, language))
