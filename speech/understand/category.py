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
_OTHER_CONFIDENCE = 0.3


@dataclass(frozen=True)
class Category:
    """The category, the words for it, and how clearly it leads."""

    name: str
    spans: tuple[Span, ...]
    confidence: float


@dataclass(frozen=True)
class Signs:
    """What else was found in the text."""

    needs: tuple[Span, ...] = ()
    groups: tuple[Span, ...] = ()
    emergencies: tuple[Span, ...] = ()


@dataclass(frozen=True)
class _Sign:
    """Words for a category, and their weight."""

    category: str
    span: Span
    weight: int


def find_category(text: str, signs: Signs) -> Category | None:
    """None where there are no words; `other`, and hardly sure, where no words point anywhere."""
    if not any(character.isalnum() for character in text):
        return None
    if decided := _stated(text) or _question(text, signs):
        return decided
    found = [*_by_phrase(text), *_by_signs(signs)]
    weights = sorted(((_weight(name, found), name) for name in _categories()), key=lambda each: -each[0])
    (best, name), (second, _) = weights[:2]
    if best < _MIN_WEIGHT:
        return Category(_OTHER, (), _OTHER_CONFIDENCE)
    telling = max(sign.weight for sign in found if sign.category == name) > 1
    spans = [sign.span for sign in found if sign.category == name and (sign.weight > 1 or not telling)]
    return Category(name, tuple(spans), round(0.5 + 0.45 * (best - second) / best, 3))


def rules_for(text: str, signs: Signs, decided: Category | None) -> Iterator[tuple[str, float, Span]]:
    """What the rules hold for and against each category: a name, how strong it is, and the words."""
    if decided:
        yield f"category={decided.name}", 1.0, _around(decided.spans)
    if stated := _stated(text):
        yield f"stated={stated.name}", 1.0, _around(stated.spans)
    if question := _question(text, Signs()):
        yield "question", 1.0, _around(question.spans)
    for kind in ("ask", "question", "about", "trouble"):
        for span in phrases("category", "question", kind).find(text):
            yield f"question:{kind}", 1.0, span
    found = [*_by_phrase(text), *_by_signs(signs)]
    for name in _categories():
        if weight := _weight(name, found):
            spans = [sign.span for sign in found if sign.category == name]
            yield f"weight={name}", min(weight, _MOST_WEIGHT) / _TYPICAL_WEIGHT, _around(spans)


def _around(spans: Iterable[Span]) -> Span:
    """The most telling of them, taken to be the longest; empty where there are none."""
    return max(spans, key=len, default=Span(0, 0))


@cache
def _categories() -> tuple[str, ...]:
    return tuple(name for name in table("category") if name not in _RULES)


def _weight(name: str, found: list[_Sign]) -> int:
    return sum(sign.weight for sign in found if sign.category == name)


def _stated(text: str) -> Category | None:
    """What the caller says outright: I want to complain."""
    for name in table("category")["first"]:
        spans = tuple(phrases("category", "first", name).find(text))
        if spans:
            return Category(name, spans, 0.85)
    return None


def _question(text: str, signs: Signs) -> Category | None:
    """A question how a benefit works, from someone who doesn't ask for it now."""
    if signs.emergencies or phrases("category", "question", "trouble").occur(text):
        return None
    asked = list(phrases("category", "question", "ask").find(text))
    about = list(phrases("category", "question", "about").find(text))
    question = list(phrases("category", "question", "question").find(text))
    if asked:
        return Category("policy", tuple(asked + about), 0.9 if about else 0.75)
    return Category("policy", tuple(question + about), 0.75) if about and question else None


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


def _by_signs(signs: Signs) -> Iterator[_Sign]:
    yield from _listed("by_need", signs.needs)
    yield from _listed("by_group", signs.groups)
    yield from _listed("by_emergency", signs.emergencies)
    care = next((span for span in signs.needs if span.says == _CARE), None)
    if care:
        yield _Sign(_whose_care(signs.groups), care, _CARE_WEIGHT)


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
