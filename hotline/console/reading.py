"""What callers said, as a page shows it: telephone numbers hidden until somebody who may dial asked for them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from hotline.console.transcripts import Turn, turns_of
from hotline.models import Fact, Statement, Transcript
from hotline.rules.facts import FactName
from hotline.services.facts import FactVersions
from hotline.services.hiding import without_numbers
from speech.understand.lexicon import Span


@dataclass(frozen=True)
class Marked:
    """Some characters of what was written, and the facts that rest on them."""

    text: str
    facts: tuple[FactName, ...]


@dataclass(frozen=True)
class Reading:
    """How one person reads what was said about one matter."""

    facts: Mapping[FactName, FactVersions]
    shows_numbers: bool
    # Of the order it is about, if there is one; letters name it, and it is no telephone number.
    order_number: str

    def said(self, text: str | None) -> str:
        """Some words of a caller, or about one."""
        return (text or "") if self.shows_numbers else without_numbers(text or "", ours=self.order_number)

    def text_of(self, transcript: Transcript) -> str:
        """A transcript; what the telephone number was understood from is hidden however short it is."""
        if self.shows_numbers:
            return transcript.text
        return without_numbers(transcript.text, list(self._heard_as_number(transcript)), self.order_number)

    def turns_of(self, transcript: Transcript) -> list[Turn]:
        """The same, as people write it, cut into pieces to mark."""
        return turns_of(transcript, self.facts, self.text_of(transcript))

    def statement(self, statement: Statement) -> list[Marked]:
        """What was written, cut into pieces by the facts that rest on them."""
        spans = [
            (piece["start"], piece["end"], name)
            for name, versions in self.facts.items()
            if versions.now is not None and versions.now.statement_id == statement.id
            for piece in versions.now.evidence
        ]
        text = self.said(statement.text)
        cuts = sorted({0, len(text), *(cut for start, end, _name in spans for cut in (start, end))})
        return [
            Marked(text[start:end], tuple(name for begin, stop, name in spans if begin <= start and end <= stop))
            for start, end in pairwise(cuts)
        ]

    def hides(self, transcript: Transcript) -> bool:
        """Whether it holds a number that is not shown."""
        return self.text_of(transcript) != transcript.text

    def words_for(self, fact: Fact, piece: Mapping[str, Any]) -> str:
        """The words that a fact rests on."""
        if fact.transcript is None:
            return self.said(piece["text"])
        return self.text_of(fact.transcript)[piece["start"] : piece["end"]]

    def _heard_as_number(self, transcript: Transcript) -> Iterator[Span]:
        versions = self.facts[FactName.PHONE].versions if FactName.PHONE in self.facts else ()
        for fact in versions:
            if fact.transcript_id == transcript.id:
                yield from (Span(piece["start"], piece["end"]) for piece in fact.evidence)
