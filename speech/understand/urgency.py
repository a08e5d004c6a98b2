"""How fast help is needed; words of danger are looked for first and always."""

from __future__ import annotations

from dataclasses import dataclass

from speech.understand.lexicon import Span, phrases, table


@dataclass(frozen=True)
class Urgency:
    """The urgency, the words for it, and how clear they are."""

    name: str
    spans: tuple[Span, ...]
    confidence: float


def find_emergencies(text: str) -> list[Span]:
    """All words of danger, each with the rule that fired."""
    found = [
        span for rule in table("urgency")["emergency"] for span in phrases("urgency", "emergency", rule).find(text)
    ]
    return sorted(found, key=lambda span: (span.start, span.end))


def find_urgency(text: str, emergencies: list[Span], category: str | None) -> Urgency | None:
    """None where no help is asked for. Life first; then what can't wait till tomorrow; a question last."""
    if emergencies:
        return Urgency("emergency", tuple(emergencies), 0.9)
    if category is None:
        return None
    urgent = [span for rule in table("urgency")["urgent"] for span in phrases("urgency", "urgent", rule).find(text)]
    calm = list(phrases("urgency", "calm").find(text))
    if category == "policy":
        return Urgency("consultation", (), 0.85)
    if urgent and not calm:
        return Urgency("urgent", tuple(sorted(urgent, key=lambda span: span.start)), 0.85)
    if urgent:
        return _weighed_against(calm, urgent)
    return Urgency("normal", tuple(calm), 0.75 if calm else 0.65)


def _weighed_against(calm: list[Span], urgent: list[Span]) -> Urgency:
    """Both were said: what was said last is what is meant, but not surely."""
    if max(span.end for span in calm) > max(span.end for span in urgent):
        return Urgency("normal", tuple(calm), 0.6)
    return Urgency("urgent", tuple(urgent), 0.6)
