"""A transcript cut into pieces that a page can mark: words heard badly, words to jump to, words a fact rests on."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from hotline.models import Transcript
from hotline.rules.facts import FactName
from hotline.services.facts import FactVersions
from speech.transcript import join_words

# Below this the recogniser was guessing more than hearing.
UNSURE = 0.6


@dataclass(frozen=True)
class Piece:
    """Some characters of the text; times in seconds where they are known."""

    text: str
    start_s: float | None
    end_s: float | None
    confidence: float | None
    facts: tuple[FactName, ...]

    @property
    def is_unsure(self) -> bool:
        """Whether a person should listen here."""
        return self.confidence is not None and self.confidence < UNSURE


@dataclass(frozen=True)
class Turn:
    """What one party said in a row; no party where the recording has but one."""

    speaker: str | None
    pieces: tuple[Piece, ...]


def turns_of(transcript: Transcript, facts: Mapping[FactName, FactVersions], shown: str | None = None) -> list[Turn]:
    """The whole transcript; the pieces of all turns in a row are its text, or what is `shown` for it, as long as it."""
    text = transcript.text if shown is None else shown
    evidence = list(_evidence(transcript, facts))
    if not text:
        return []
    if _follows_words(transcript):
        return _by_speaker(transcript, text, evidence)
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


def _by_speaker(transcript: Transcript, text: str, evidence: list[_Evidence]) -> list[Turn]:
    gap = len(join_words(["a", "a"], transcript.language)) - 2
    channels = {word["channel"] for word in transcript.words}
    turns: list[tuple[str, list[Piece]]] = []
    at = 0
    for word in transcript.words:
        end = at + len(word["word"])
        piece = Piece(text[at : end + gap], word["start"], word["end"], word["conf"], _resting_on(evidence, at, end))
        at = end + gap
        if not turns or turns[-1][0] != word["channel"]:
            turns.append((word["channel"], []))
        turns[-1][1].append(piece)
    return [Turn(channel if len(channels) > 1 else None, tuple(pieces)) for channel, pieces in turns]


def _by_evidence(text: str, evidence: list[_Evidence]) -> Iterator[Piece]:
    """Cut where the words of a fact begin or end; nothing is known of times."""
    edges = {edge for start, end, _name in evidence for edge in (start, end) if 0 < edge < len(text)}
    for start, end in pairwise(sorted({0, len(text), *edges})):
        yield Piece(text[start:end], None, None, None, _resting_on(evidence, start, end))


def _resting_on(evidence: Iterable[_Evidence], start: int, end: int) -> tuple[FactName, ...]:
    return tuple(dict.fromkeys(name for begin, stop, name in evidence if begin < end and start < stop))
