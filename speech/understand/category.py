"""What kind of matter it is by the rules: the category whose words weigh most. A model weighs this with the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from speech.understand.lexicon import Span, phrases, table

_WEIGHTS = {"strong": 3, "plain": 2, "weak": 1}
_RULES = {"first", "asking", "by_need", "by_group", "by_emergency", "question"}
_COUNTED = 2
_ASKING_REACH = 10
_MIN_WEIGHT = 2
_MOST_WEIGHT, _TYPICAL_WEIGHT = 9, 6
_CARE = "care"
_CARE_WEIGHT = 2
_CARED_FOR = {
    "elderly": "elderly",
    "elderly_alone": "elderly",
    "disabled": "disability",
    "hearing_impaired": "disability",
    "visually_impaired": "disability",
    "child": "children",
    "infant": "children",
    "left_behind_child": "children",
    "orphan": "children",
}
_OTHER = "other"


@dataclass(frozen=True)
class Category:
    """The category, and the words for it."""

    name: str
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True)
class Found:
    """What other rules have found in the text."""

    needs: tuple[Span, ...] = ()
    groups: tuple[Span, ...] = ()
    emergencies: tuple[Span, ...] = ()


@dataclass(frozen=True)
class _Sign:
    """Words for a category, and their weight."""

    category: str
    span: Span
    weight: int


def find_category(text: str, found: Found) -> Category:
    """`other`, and no words for it, where no words point anywhere."""
    if decided := _stated(text) or _question(text, found):
        return decided
    signs = [*_by_phrase(text), *_by_findings(found)]
    name = max(_categories(), key=lambda each: _weight(each, signs))
    if _weight(name, signs) < _MIN_WEIGHT:
        return Category(_OTHER)
    own = [sign for sign in signs if sign.category == name]
    telling = max(sign.weight for sign in own) > 1
    return Category(name, tuple(sign.span for sign in own if sign.weight > 1 or not telling))


def rules_for(text: str, found: Found, decided: Category) -> Iterator[tuple[str, float, Span]]:
    """What the rules hold for and against each category: a name, how strong it is, and the words."""
    yield f"category={decided.name}", 1.0, _around(decided.spans)
    if stated := _stated(text):
        yield f"stated={stated.name}", 1.0, _around(stated.spans)
    if question := _question(text, Found()):
        yield "question", 1.0, _around(question.spans)
    for kind in ("ask", "question", "about", "trouble"):
        for span in phrases("category", "question", kind).find(text):
            yield f"question:{kind}", 1.0, span
    signs = [*_by_phrase(text), *_by_findings(found)]
    for name in _categories():
        if weight := _weight(name, signs):
            spans = [sign.span for sign in signs if sign.category == name]
            yield f"weight={name}", min(weight, _MOST_WEIGHT) / _TYPICAL_WEIGHT, _around(spans)


def _around(spans: Iterable[Span]) -> Span:
    """The most telling of them, taken to be the longest; empty where there are none."""
    return max(spans, key=len, default=Span(0, 0))


@cache
def _categories() -> tuple[str, ...]:
    return tuple(name for name in table("category") if name not in _RULES)


def _weight(name: str, signs: list[_Sign]) -> int:
    return sum(sign.weight for sign in signs if sign.category == name)


def _stated(text: str) -> Category | None:
    """What the caller says outright: I want to complain."""
    for name in table("category")["first"]:
        spans = tuple(phrases("category", "first", name).find(text))
        if spans:
            return Category(name, spans)
    return None


def _question(text: str, found: Found) -> Category | None:
    """A question how a benefit works, from someone who doesn't ask for it now."""
    if found.emergencies or phrases("category", "question", "trouble").occur(text):
        return None
    asked = list(phrases("category", "question", "ask").find(text))
    about = list(phrases("category", "question", "about").find(text))
    question = list(phrases("category", "question", "question").find(text))
    if asked:
        return Category("policy", tuple(asked + about))
    return Category("policy", tuple(question + about)) if about and question else None


@lru_cache(maxsize=1)
def _by_phrase(text: str) -> tuple[_Sign, ...]:
    """Kept, since the category and what speaks for each both ask for it."""
    return tuple(
        _Sign(name, span, weight + _is_asked_for(text, span))
        for name in _categories()
        for kind, weight in _WEIGHTS.items()
        for span in _wordings(name, kind, text)
    )


def _wordings(name: str, kind: str, text: str) -> list[Span]:
    """Each wording once, and few of them: saying a thing ten times doesn't make it truer."""
    wordings: dict[str, Span] = {}
    for span in phrases("category", name, kind).find(text):
        wordings.setdefault(text[span.start : span.end], Span(span.start, span.end, name))
    return list(wordings.values())[:_COUNTED]


def _is_asked_for(text: str, span: Span) -> bool:
    return phrases("category", "asking", "words").occur(text[max(0, span.start - _ASKING_REACH) : span.start])


def _by_findings(found: Found) -> Iterator[_Sign]:
    yield from _listed("by_need", found.needs)
    yield from _listed("by_group", found.groups)
    yield from _listed("by_emergency", found.emergencies)
    care = next((span for span in found.needs if span.says == _CARE), None)
    if care:
        yield _Sign(_whose_care(found.groups), care, _CARE_WEIGHT)


def _listed(rule: str, spans: Iterable[Span]) -> Iterator[_Sign]:
    weights = table("category")[rule]
    for meaning, span in {span.says: span for span in spans}.items():
        if meaning in weights:
            name, weight = weights[meaning]
            yield _Sign(name, span, weight)


def _whose_care(groups: Iterable[Span]) -> str:
    """Care belongs to those who are cared for; to the old where nothing else is said."""
    named = {_CARED_FOR[span.says] for span in groups if span.says in _CARED_FOR}
    return next((name for name in ("elderly", "disability", "children") if name in named), "elderly")
