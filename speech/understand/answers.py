"""Spoken answers to our own calls: to the callback after an order, and to a check call."""

from __future__ import annotations

from functools import cache

from speech.understand.evidence import Witness
from speech.understand.facts import NONE_SAID, NOT_SAID, CheckCallAnswers, Fact, SurveyAnswers
from speech.understand.lexicon import Phrases, Span, phrases, table
from speech.understand.needs import find_needs
from speech.understand.sound import correct
from speech.understand.urgency import find_emergencies, find_urgent

_SURE = 0.85
# In this order: a reason that is named outright comes before one that may be only part of the story.
_REASONS = ("attitude", "only_partly", "not_contacted", "too_slow", "other")


def understand_survey(text: str) -> SurveyAnswers:
    """What a caller answers when asked whether it was solved and whether they are satisfied."""
    meant = correct(text)
    witness = Witness(text)
    resolved = _resolved(meant)
    satisfied = _satisfied(meant) or _grievance(meant, resolved)
    return SurveyAnswers(
        resolved=_fact(witness, resolved),
        satisfied=_fact(witness, satisfied),
        reason=_fact(witness, _reason(meant, resolved, satisfied)),
        wants_human=_said(witness, meant, "wants_human"),
        opt_out=_said(witness, meant, "opt_out"),
    )


def _resolved(text: str) -> Span | None:
    """Partly before yes and no, since it is told by both."""
    if _answers("no_answer").occur(text):
        return None
    partly = phrases("survey", "resolved", "partly").first(text)
    done = _but("resolved", "yes", "unless_yes").first(text)
    failed = _but("resolved", "no", "unless_no").first(text)
    return partly or (done if done and not failed else failed)


def _satisfied(text: str) -> Span | None:
    """A complaint outweighs praise, a verdict in the middle counts only where there is neither."""
    for verdict, unless in (("dissatisfied", "not_dissatisfied"), ("satisfied", "not_satisfied"), ("neutral", None)):
        found = _but("satisfied", verdict, unless).first(text)
        if found:
            return found
    denied = Phrases(table("survey")["satisfied"]["not_dissatisfied"], says="satisfied")
    return denied.first(text)


def _grievance(text: str, resolved: Span | None) -> Span | None:
    """Solved, but how it went is complained of: a verdict without the word for it."""
    if resolved is None or resolved.says != "yes":
        return None
    found = (phrases("survey", "reason", reason).first(text) for reason in ("attitude", "too_slow", "other"))
    named = next((span for span in found if span), None)
    return Span(named.start, named.end, "dissatisfied") if named else None


def _reason(text: str, resolved: Span | None, satisfied: Span | None) -> Span | None:
    """Always with no and partly; otherwise only where a reason is named for being dissatisfied."""
    failed = resolved is not None and resolved.says in ("no", "partly")
    if not failed and (satisfied is None or satisfied.says != "dissatisfied"):
        return None
    named = [span for reason in _REASONS if (span := phrases("survey", "reason", reason).first(text))]
    if named:
        return named[0]
    if resolved is None or not failed:
        return None
    return Span(resolved.start, resolved.end, "only_partly" if resolved.says == "partly" else "not_resolved")


@cache
def _but(group: str, key: str, unless: str | None) -> Phrases:
    lists = table("survey")[group]
    return Phrases(lists[key], lists[unless] if unless else (), key)


def _answers(key: str) -> Phrases:
    return phrases("survey", key)


def _said(witness: Witness, text: str, key: str) -> Fact[bool]:
    span = _answers(key).first(text)
    return witness.fact(True, [span], _SURE) if span else Fact(False)


def _fact(witness: Witness, span: Span | None) -> Fact[str | None]:
    return witness.fact(span.says, [span], _SURE) if span else NOT_SAID


def understand_outreach(text: str) -> CheckCallAnswers:
    """What a household answers when asked whether it is missing anything; any problem named counts."""
    meant = correct(text)
    witness = Witness(text)
    emergencies = find_emergencies(meant)
    needs = [] if phrases("outreach", "over").occur(meant) else find_needs(meant)
    trouble = _trouble(meant, needs, emergencies)
    wants_human = _said(witness, meant, "wants_human")
    if trouble is None:
        fine = phrases("outreach", "fine").first(meant) if not wants_human.value else None
        is_answer = fine is not None and not phrases("outreach", "no_answer").occur(meant)
        problem: Fact[bool | None] = witness.fact(False, [fine], _SURE) if fine and is_answer else NOT_SAID
        return CheckCallAnswers(problem=problem, wants_human=wants_human)
    return CheckCallAnswers(
        problem=witness.fact(True, trouble, _SURE),
        needs=_needs(witness, needs),
        urgency=_urgency(witness, meant, emergencies, trouble),
        wants_human=wants_human,
        emergencies=tuple(witness.evidence(span, says=True) for span in emergencies),
    )


def _trouble(text: str, needs: list[Span], emergencies: list[Span]) -> list[Span] | None:
    if needs or emergencies:
        return [*emergencies, *needs]
    if phrases("outreach", "over").occur(text):
        return None
    named = Phrases(table("outreach")["problem"]).first(text)
    is_fine = phrases("outreach", "fine").occur(text) and not phrases("outreach", "not_fine").occur(text)
    return [named] if named and not is_fine else None


def _needs(witness: Witness, needs: list[Span]) -> Fact[tuple[str, ...]]:
    if not needs:
        return NONE_SAID
    return witness.fact(tuple(dict.fromkeys(span.says for span in needs)), needs, _SURE, says=True)


def _urgency(witness: Witness, text: str, emergencies: list[Span], trouble: list[Span]) -> Fact[str | None]:
    if emergencies:
        return witness.fact("emergency", emergencies, 0.9)
    urgent = [*find_urgent(text), *phrases("outreach", "urgent").find(text)]
    if urgent and not phrases("urgency", "calm").occur(text):
        return witness.fact("urgent", urgent, _SURE)
    return witness.fact("normal", trouble, 0.7)
