"""How fast help is needed; words of danger are looked for first and always."""

from __future__ import annotations

from speech.understand.danger import dangers
from speech.understand.lexicon import Span, phrases, table
from speech.understand.needs import find_gone, find_needs

_DAILY_NEEDS = {"food", "medicine"}
_WARMTH = {"quilt", "clothing"}


def find_emergencies(text: str) -> list[Span]:
    """All words of danger, each with the rule that fired."""
    found = [span for spans in dangers(text).values() for span in spans]
    return sorted(found, key=lambda span: (span.start, span.end))


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
    if is_cold:
        found += [span for span in find_needs(text) if span.says in _WARMTH]
    return sorted(found, key=lambda span: (span.start, span.end))
