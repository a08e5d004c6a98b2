"""What one pass over a recording gives before anybody judges it: raw words, and the evidence around them."""

from __future__ import annotations

from dataclasses import dataclass

from speech.transcript import Transcript, Word


@dataclass(frozen=True)
class Evidence:
    """What sounded in a recording, whether words came of it or not; seconds are summed over the channels.

    `sounding_s` is everything above the noise of the line, and noise that is loud; `tone_s` and `possible_speech_s` are
    parts of it. `unknown` are the places where the model heard somebody or something, but no word that it knows; they
    are never among the words.
    """

    sounding_s: float
    tone_s: float
    possible_speech_s: float
    unknown: tuple[Word, ...]

    @property
    def unknown_s(self) -> float:
        """Seconds in which the model heard its unknown word."""
        return sum(word.end - word.start for word in self.unknown)


@dataclass(frozen=True)
class Hearing:
    """A transcript with the model's own confidences, and the evidence by which to judge it."""

    transcript: Transcript
    evidence: Evidence
