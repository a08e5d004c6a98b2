"""How fast help is needed; words of danger are looked for first and always."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from speech.understand.danger import dangers
from speech.understand.lexicon import Span, phrases, table
from speech.understand.needs import find_gone, find_needs

_DAILY_NEEDS = {"food", "medicine"}
_WARMTH = {"quilt", "clothing"}


@dataclass(frozen=True)
class Urgency:
    """The urgency, the words for it, and how clear they are."""

    name: str
    spans: tuple[Span, ...]
    confidence: float


def find_emergencies(text: str) -> list[Span]:
    """All words of danger, each with the rule that fired."""
    found = [span for rule in table("urgency")["emergency"] for span in dangers(rule).find(text)]
    return sorted(found, key=lambda span: (span.start, span.end))


def find_urgency(
    text: str, category: str | None, emergencies: Iterable[Span], groups: Iterable[Span] = ()
) -> Urgency | None:
    """None where no help is asked for. Life first; then what can't wait till tomorrow; a question last."""
    emergencies = tuple(emergencies)
    if emergencies:
        return Urgency("emergency", emergencies, 0.9)
    if category is None:
        return None
    if category == "policy":
        return Urgency("consultation", (), 0.85)
    urgent = find_urgent(text) + [span for span in groups if span.says == "homeless"]
    return _weighed(urgent, list(phrases("urgency", "calm").find(text)))


def find_urgent(text: str) -> list[Span]:
    """What can't wait till tomorrow: nothing to eat, no medicine, no roof, no warmth, a helpless person alone."""
    rules = table("urgency")["urgent"]
    found = [span for rule in rules for span in phrases("urgency", "urgent", rule).find(text)]
    soon = list(phrases("urgency", "soon").find(text))
    is_cold = phrases("urgency", "cold").occur(text)
    found += [
        span
        for span in find_gone(text)
        if span.says in _DAILY_NEEDS and not any(span.overlaps(other) for other in soon)
    ]
    found += [span for span in find_needs(text) if is_cold and span.says in _WARMTH]
    return sorted(found, key=lambda span: (span.start, span.end))


def _weighed(urgent: list[Span], calm: list[Span]) -> Urgency:
    """Where both were said, what was said last is meant, but not surely."""
    if not urgent:
        return Urgency("normal", tuple(calm), 0.75 if calm else 0.65)
    if not calm:
        return Urgency("urgent", tuple(urgent), 0.85)
    if max(span.end for span in calm) > max(span.end for span in urgent):
        return Urgency("normal", tuple(calm), 0.6)
    return Urgency("urgent", tuple(urgent), 0.6)
