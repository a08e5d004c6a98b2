"""Where in a text, and when in its recording, something was said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import TypeVar

from speech.transcript import Word
from speech.understand.facts import Evidence, Fact
from speech.understand.lexicon import Span

Value = TypeVar("Value")


class Witness:
    """A text and the words it was heard in; turns spans into evidence.

    A text that a person corrected no longer follows the words; then no times are claimed.
    """

    def __init__(self, text: str, words: Sequence[Word] = ()) -> None:
        self.text = text
        self._heard = _by_character(text, words)

    def fact(self, value: Value, spans: Iterable[Span], confidence: float, *, says: bool = False) -> Fact[Value]:
        """The fact with its evidence; words that were heard badly make it less sure."""
        spans = _merged(spans if says else (Span(span.start, span.end) for span in spans))
        evidence = tuple(self.evidence(span, says=says) for span in spans)
        return Fact(value, evidence, round(confidence * self._clarity(spans), 4))

    def evidence(self, span: Span, *, says: bool = False) -> Evidence:
        heard = self._heard[span.start : span.end] if self._heard else []
        return Evidence(
            text=self.text[span.start : span.end],
            start=span.start,
            end=span.end,
            start_s=heard[0].start if heard else None,
            end_s=heard[-1].end if heard else None,
            says=span.says if says and span.says else None,
        )

    def _clarity(self, spans: Sequence[Span]) -> float:
        heard = [word.conf for span in spans for word in self._heard[span.start : span.end]] if self._heard else []
        return fmean(heard) if heard else 1.0


def _by_character(text: str, words: Sequence[Word]) -> list[Word]:
    """For each character the word that it was heard in; empty when text and words differ."""
    if "".join(word.word for word in words) != text:
        return []
    return [word for word in words for _ in word.word]


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Each stretch once for what it says: a phrase within another of the same meaning adds nothing."""
    kept: list[Span] = []
    reached: dict[str, int] = {}
    for span in sorted(set(spans), key=lambda each: (each.start, -each.end, each.says)):
        if span.end > reached.get(span.says, 0):
            kept.append(span)
            reached[span.says] = span.end
    return kept
