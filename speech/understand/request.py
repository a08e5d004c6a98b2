"""A request for help, understood: every fact of it with its words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean

from speech.numbers import DIGITS
from speech.transcript import Word
from speech.understand.category import Category, find_category
from speech.understand.evidence import Witness
from speech.understand.facts import NONE_SAID, NOT_SAID, Fact, Facts
from speech.understand.groups import of_somebody
from speech.understand.learned import (
    EMERGENCY,
    MORE_LIKELY_THAN_NOT,
    Learned,
    Verdict,
    Weighing,
    base,
)
from speech.understand.lexicon import Span, phrases, table
from speech.understand.names import find_address, find_name
from speech.understand.people import find_people
from speech.understand.phone import Phone, find_phone
from speech.understand.places import Gazetteer, Place
from speech.understand.signs import find_by_rules, signs
from speech.understand.sound import correct
from speech.understand.urgency import find_urgent

_QUESTION = "policy"
_NOTHING_ELSE = "other"
_ASKS_FOR_NOTHING = {_QUESTION, _NOTHING_ELSE}
# What a rule says of which the model knows nothing.
_UNWEIGHED = 0.6
_SUMMARY_LENGTH = 80
_CONTACT_REACH = 14
# A word that denies, and up to three characters between it and what is denied: 没有自杀, 他没有想自杀.
_DENIAL_BEFORE = re.compile(r"(?:没有人?|没人?|不用|不要|不|别|无)[^，。,.！？!? ]{0,3}$")
_DENIAL_REACH, _MOST_DENIALS = 6, 2


def understand(text: str, gazetteer: Gazetteer, *, words: Sequence[Word] = (), model: Learned | None = None) -> Facts:
    """The facts of a request; `words` give them times and make what was heard badly less sure.

    `model` weighs what kind of matter it is and how urgent; without one it is that which comes with the service.
    Never raises, whatever the text; a fact that isn't in the words stays None or empty.
    """
    meant = correct(text)
    witness = Witness(text, words)
    if not any(character.isalnum() for character in text):
        return Facts()
    found = find_by_rules(meant)
    by_rules = find_category(meant, found)
    weighing = (model or base()).weigh(signs(meant, found, by_rules))
    needs, groups = _listed(weighing, "needs", found.needs), _listed(weighing, "groups", found.groups)
    category = _agreed(weighing.verdict("category"), by_rules)
    asks_for_nothing = category.value in _ASKS_FOR_NOTHING and category.confidence >= MORE_LIKELY_THAN_NOT
    if asks_for_nothing and not found.emergencies:
        # A pure question, thanks or an offer needs nothing; people count only where they are somebody's.
        needs, groups = _Listed(), replace(groups, spans=of_somebody(meant, groups.spans))
    urgency = _urgency(weighing.verdict("urgency"), meant, found.emergencies, category)
    phone, place, name = find_phone(text), gazetteer.find(text), find_name(text)
    address = find_address(text, place.span if place else None)
    return Facts(
        category=_weighed(witness, category),
        urgency=_weighed(witness, urgency),
        needs=_several(witness, needs),
        groups=_several(witness, groups),
        phone=witness.fact(phone.number, [phone.span], phone.confidence) if phone else NOT_SAID,
        place=witness.fact(place.unit, [place.span], place.confidence) if place else NOT_SAID,
        people=_people(witness, meant),
        caller_name=_quoted(witness, name, 0.75),
        address=_quoted(witness, address, 0.75),
        contact=_contact(witness, phone),
        summary=_summary(witness, _told(category, urgency, needs.spans, groups.spans, place, address)),
        emergencies=tuple(witness.evidence(span, says=True) for span in found.emergencies),
    )


def _agreed(verdict: Verdict, by_rules: Category) -> Verdict:
    """Where the rules say the same, with their words: whole phrases read better than what weighs most.

    That a matter is none of the others is said by no words; so a later recording with such takes nothing away.
    """
    if verdict.value == _NOTHING_ELSE:
        return replace(verdict, spans=())
    is_said = by_rules.name == verdict.value and by_rules.spans
    return replace(verdict, spans=by_rules.spans) if is_said else verdict


def _urgency(verdict: Verdict, text: str, emergencies: tuple[Span, ...], category: Verdict) -> Verdict:
    """Life first: a word of danger decides alone, and what is like an emergency is one until somebody has looked."""
    if emergencies:
        return _as(verdict, EMERGENCY, emergencies, at_least=0.9)
    if verdict.is_like_an_emergency and (category.value != _QUESTION or verdict.value == EMERGENCY):
        return _as(verdict, EMERGENCY, verdict.spans)
    value = max((likely, name) for name, likely in verdict.likely.items() if name != EMERGENCY)[1]
    if value == "urgent":
        return _as(verdict, value, tuple(find_urgent(text)) or verdict.spans)
    # That a matter is an everyday one is said by nothing but the matter itself.
    return _as(verdict, value, tuple(phrases("urgency", "calm").find(text)) or category.spans)


def _as(verdict: Verdict, value: str, spans: tuple[Span, ...], at_least: float = 0.0) -> Verdict:
    return Verdict(value, {**verdict.likely, value: max(verdict.likely.get(value, 0.0), at_least)}, spans)


def _weighed(witness: Witness, verdict: Verdict) -> Fact[str | None]:
    return witness.fact(verdict.value, verdict.spans, verdict.confidence)


@dataclass(frozen=True)
class _Listed:
    """The words for several values, and how likely these are together."""

    spans: list[Span] = field(default_factory=list)
    confidence: float = 0.0


def _listed(weighing: Weighing, fact: str, by_rules: Sequence[Span]) -> _Listed:
    """What rules and model agree on; what either says alone only where it is clear enough."""
    ruled = {span.says for span in by_rules}
    verdicts = [verdict for verdict in weighing.several(fact, ruled) if verdict.value in ruled or verdict.spans]
    known = {verdict.value for verdict in verdicts}
    unweighed = ruled - set(weighing.model.columns[fact].values)
    spans = [span for span in by_rules if span.says in known | unweighed]
    for verdict in verdicts:
        if verdict.value not in ruled:
            spans += [Span(span.start, span.end, verdict.value) for span in verdict.spans]
    likely = [verdict.confidence for verdict in verdicts] + [_UNWEIGHED] * len(unweighed)
    return _Listed(sorted(spans, key=lambda span: (span.start, -span.end)), fmean(likely) if likely else 0.0)


def _several(witness: Witness, listed: _Listed) -> Fact[tuple[str, ...]]:
    if not listed.spans:
        return NONE_SAID
    values = tuple(dict.fromkeys(span.says for span in listed.spans))
    return witness.fact(values, listed.spans, listed.confidence, says=True)


def _people(witness: Witness, text: str) -> Fact[int | None]:
    found = find_people(text)
    return witness.fact(found[0], [found[1]], 0.8) if found else NOT_SAID


def _quoted(witness: Witness, span: Span | None, confidence: float) -> Fact[str | None]:
    if span is None or not len(span):
        return NOT_SAID
    return witness.fact(witness.text[span.start : span.end], [span], confidence)


def _contact(witness: Witness, phone: Phone | None) -> Fact[str | None]:
    """Whose number it is, told by the words shortly before it."""
    if phone is None:
        return NOT_SAID
    start = max(0, phone.span.start - _CONTACT_REACH)
    before = witness.text[start : phone.span.start]
    said = [span for who in table("contact") for span in phrases("contact", who).find(before)]
    if not said:
        return NOT_SAID
    last = max(said, key=lambda span: span.end)
    return witness.fact(last.says, [Span(start + last.start, start + last.end)], 0.7)


def _told(
    category: Verdict,
    urgency: Verdict,
    needs: list[Span],
    groups: list[Span],
    place: Place | None,
    address: Span | None,
) -> list[Span]:
    """What a dispatcher has to read: where, who, what, how urgent."""
    return [
        *urgency.spans,
        *needs,
        *groups,
        *category.spans,
        *([place.span] if place else []),
        *([address] if address else []),
    ]


def _summary(witness: Witness, told: Iterable[Span]) -> Fact[str | None]:
    """The caller's own words for it, in their order; nothing is added but the marks between them."""
    spans: list[Span] = []
    length = 0
    for span in _telling(witness.text, _joined(_with_denial(witness.text, span) for span in told)):
        # With the mark before it.
        needed = len(span) + (1 if spans else 0)
        if length + needed <= _SUMMARY_LENGTH:
            spans.append(span)
            length += needed
    if not spans:
        return NOT_SAID
    said = "，".join(witness.text[span.start : span.end] for span in spans)
    return witness.fact(said, spans, 0.8)


def _with_denial(text: str, span: Span) -> Span:
    """没有发烧 for 发烧: what was denied must not be read as if it were so."""
    start = span.start
    for _ in range(_MOST_DENIALS):
        denial = _DENIAL_BEFORE.search(text, max(0, start - _DENIAL_REACH), start)
        if denial is None:
            break
        start = denial.start()
    return Span(start, span.end, span.says)


def _telling(text: str, spans: list[Span]) -> list[Span]:
    """Without single characters and mere digits, unless there is nothing else."""
    telling = [
        span for span in spans if len(span) > 1 and not all(sign in DIGITS for sign in text[span.start : span.end])
    ]
    return telling or spans


def _joined(spans: Iterable[Span]) -> list[Span]:
    """Stretches that touch or overlap as one."""
    joined: list[Span] = []
    for span in sorted(spans, key=lambda each: (each.start, each.end)):
        if joined and span.start <= joined[-1].end + 1:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(Span(span.start, span.end))
    return joined
