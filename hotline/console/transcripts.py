"""A transcript as a page shows it: written as people write, cut into pieces to jump to, to doubt and to mark."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from hotline.models import Transcript
from hotline.rules.facts import FactName
from hotline.services.facts import FactVersions
from hotline.services.hiding import HIDDEN
from speech.transcript import Segment, Word, join_words
from speech.transcript import Transcript as Heard
from speech.writing import Piece as Written

# Below this the recogniser was guessing more than hearing.
UNSURE = 0.6
_DIGIT = re.compile("[0-9零〇一幺二两三四五六七八九十]")


@dataclass(frozen=True)
class Piece:
    """Some characters of the page; times in seconds where they are known.

    `heard` is what the recogniser wrote where a local name stands now.
    """

    text: str
    start_s: float | None
    end_s: float | None
    confidence: float | None
    facts: tuple[FactName, ...]
    heard: str | None = None

    @property
    def is_unsure(self) -> bool:
        """Whether a person should listen here."""
        return self.confidence is not None and self.confidence < UNSURE


@dataclass(frozen=True)
class Turn:
    """What one party said between two pauses; no party where the recording has but one."""

    speaker: str | None
    pieces: tuple[Piece, ...]

    @property
    def start_s(self) -> float | None:
        """When it began, if that is known."""
        return self.pieces[0].start_s if self.pieces else None


def turns_of(transcript: Transcript, facts: Mapping[FactName, FactVersions], shown: str | None = None) -> list[Turn]:
    """The whole transcript.

    `shown` is its text with what is hidden from the reader, as long as the text; what is hidden there is hidden in
    every number of the page that was said with it.
    """
    text = transcript.text if shown is None else shown
    evidence = list(_evidence(transcript, facts))
    if not text:
        return []
    if _follows_words(transcript):
        return list(_Page(transcript, text, evidence).turns())
    return [Turn(None, tuple(_by_evidence(text, evidence)))]


_Evidence = tuple[int, int, FactName]


def _evidence(transcript: Transcript, facts: Mapping[FactName, FactVersions]) -> Iterator[_Evidence]:
    for name, versions in facts.items():
        if versions.now is not None and versions.now.transcript_id == transcript.id:
            for piece in versions.now.evidence:
                yield piece["start"], piece["end"], name


def _follows_words(transcript: Transcript) -> bool:
    heard = [word["word"] for word in transcript.words]
    return bool(heard) and join_words(heard, transcript.language) == transcript.text


class _Page:
    """One machine's version on its way to a page."""

    def __init__(self, transcript: Transcript, shown: str, evidence: list[_Evidence]) -> None:
        words = tuple(Word(**word) for word in transcript.words)
        self._heard = Heard(0.0, words, transcript.model or "", transcript.language)
        self._shown = shown
        self._evidence = evidence
        self._starts = list(_starts(words, transcript.language))
        self._has_parties = len({word.channel for word in words}) > 1

    def turns(self) -> Iterator[Turn]:
        for segment in self._heard.segments:
            pieces = (self._piece(written, segment) for written in segment.pieces)
            yield Turn(segment.channel if self._has_parties else None, tuple(pieces))

    def _piece(self, written: Written, segment: Segment) -> Piece:
        # Of two parties who spoke at once, the other's words may stand between.
        every = range(written.first, written.last + 1)
        numbers = [number for number in every if self._heard.words[number].channel == segment.channel]
        words = [self._heard.words[number] for number in numbers]
        spans = [
            (self._starts[number], self._starts[number] + len(word.word))
            for number, word in zip(numbers, words, strict=True)
        ]
        said = "".join(word.word for word in words)
        shown = "".join(self._shown[start:end] for start, end in spans)
        return Piece(
            _hidden_as(written.text, said, shown),
            words[0].start,
            words[-1].end,
            min(word.conf for word in words),
            _resting_on(self._evidence, spans),
            "".join(word.heard or word.word for word in words) if any(word.heard for word in words) else None,
        )


def _starts(words: Iterable[Word], language: str) -> Iterator[int]:
    gap = len(join_words(["a", "a"], language)) - 2
    at = 0
    for word in words:
        yield at
        at += len(word.word) + gap


def _hidden_as(written: str, said: str, shown: str) -> str:
    """The written piece with as much of it hidden as of the words that it was said with: all but the last digits."""
    if said == shown:
        return written
    if said in written:
        return written.replace(said, shown, 1)
    kept = len(_DIGIT.findall(shown[shown.rindex(HIDDEN) :]))
    digits = list(_DIGIT.finditer(written))
    characters = list(written)
    for digit in digits[: max(len(digits) - kept, 0)]:
        characters[digit.start()] = HIDDEN
    return "".join(characters)


def _by_evidence(text: str, evidence: list[_Evidence]) -> Iterator[Piece]:
    """Cut where the words of a fact begin or end; nothing is known of times."""
    edges = {edge for start, end, _name in evidence for edge in (start, end) if 0 < edge < len(text)}
    for start, end in pairwise(sorted({0, len(text), *edges})):
        yield Piece(text[start:end], None, None, None, _resting_on(evidence, [(start, end)]))


def _resting_on(evidence: Iterable[_Evidence], spans: Iterable[tuple[int, int]]) -> tuple[FactName, ...]:
    touched = (name for start, end in spans for begin, stop, name in evidence if begin < end and start < stop)
    return tuple(dict.fromkeys(touched))
