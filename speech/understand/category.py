"""What kind of matter it is: the category whose words weigh most."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from speech.understand.lexicon import Phrases, Span, phrases, table

_WEIGHTS = {"strong": 3, "plain": 2, "weak": 1}
_TABLES_OF_RULES = {"by_need", "first", "asking", "against"}
_COUNTED = 2
_ASKING_REACH = 10
_MIN_WEIGHT = 2
_AGAINST = 4


@dataclass(frozen=True)
class Category:
    """The category, the words for it, and how clearly it leads."""

    name: str
    spans: tuple[Span, ...]
    confidence: float


@dataclass(frozen=True)
class _Weighed:
    name: str
    weight: int
    spans: tuple[Span, ...]


def find_category(text: str, needs: Iterable[Span]) -> Category | None:
    """None where nothing in the text points anywhere."""
    if stated := _stated(text):
        return stated
    needs = list(needs)
    weighed = sorted((_weigh(name, text, needs) for name in _categories()), key=lambda each: -each.weight)
    best, second = weighed[0], weighed[1]
    if best.weight < _MIN_WEIGHT:
        return None
    lead = (best.weight - second.weight) / best.weight
    return Category(best.name, best.spans, round(0.5 + 0.45 * lead, 3))


def _stated(text: str) -> Category | None:
    for name in table("category")["first"]:
        spans = tuple(phrases("category", "first", name).find(text))
        if spans:
            return Category(name, spans, 0.85)
    return None


@cache
def _categories() -> tuple[str, ...]:
    return tuple(name for name in table("category") if name not in _TABLES_OF_RULES)


def _weigh(name: str, text: str, needs: list[Span]) -> _Weighed:
    found = [(span, weight) for kind, weight in _WEIGHTS.items() for span in _different(name, kind, text)]
    weight = sum(each + _is_asked_for(text, span) for span, each in found)
    by_need = [span for span in needs if table("category")["by_need"].get(span.says, [""])[0] == name]
    for need in {span.says for span in by_need}:
        weight += table("category")["by_need"][need][1]
    if _against(name).occur(text):
        weight -= _AGAINST
    spans = sorted([span for span, each in found if each > 1] + by_need, key=lambda span: span.start)
    return _Weighed(name, weight, tuple(spans or [span for span, _ in found]))


def _different(name: str, kind: str, text: str) -> list[Span]:
    """Each wording once, and few of them: saying a thing ten times doesn't make it truer."""
    wordings: dict[str, Span] = {}
    for span in phrases("category", name, kind).find(text):
        wordings.setdefault(text[span.start : span.end], Span(span.start, span.end, name))
    return list(wordings.values())[:_COUNTED]


def _is_asked_for(text: str, span: Span) -> bool:
    return phrases("category", "asking", "words").occur(text[max(0, span.start - _ASKING_REACH) : span.start])


@cache
def _against(name: str) -> Phrases:
    return Phrases(table("category")["against"].get(name, []))
