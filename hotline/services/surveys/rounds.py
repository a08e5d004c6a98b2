"""A round of the callback: opened with a resolution, ended by its verdict, which is carried into the order."""

import secrets
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from hotline.models import (
    Call,
    OptOut,
    Order,
    Recording,
    SurveyAttempt,
    SurveyRound,
    Unit,
    Work,
)
from hotline.rules import survey_states
from hotline.rules.clocks import next_calling_time
from hotline.rules.machine import ImpossibleMoveError
from hotline.rules.order_states import Move
from hotline.rules.policy import Policy
from hotline.rules.survey_states import (
    AttemptState,
    Reason,
    Resolved,
    RoundEvent,
    RoundState,
    Satisfied,
    Step,
    Verdict,
)
from hotline.services import orders, outbox, text_messages
from hotline.services.access import SYSTEM, Actor
from hotline.services.clocks import limits_for
from hotline.services.organisation import policy_for
from speech.understand.facts import SurveyAnswers


def open_round(session: Session, order: Order, now: datetime, zone: ZoneInfo) -> SurveyRound:
    """Ask the caller about the order's latest resolution; where no machine may ring, a person tries."""
    survey = SurveyRound(
        order=order, resolution=order.resolutions, state=RoundState.WAITING, opened_at=now, attempts=[]
    )
    session.add(survey)
    session.flush()
    policy = policy_of(session, order)
    if not may_ask(session, order):
        survey.state = survey_states.round_after(survey.state, RoundEvent.HAND_OVER)
    else:
        plan(session, survey, now + policy.survey_delay, policy, now, zone)
    return survey


def heard(session: Session, recording: Recording, understood: SurveyAnswers, now: datetime, zone: ZoneInfo) -> None:
    """What was said after the tone, understood: the answers themselves, or the reason behind them."""
    attempt = _attempt_of(session, recording)
    survey = attempt.round
    survey.wants_person = survey.wants_person or bool(understood.wants_human.value)
    reason = Reason(understood.reason.value) if understood.reason.value else None
    if understood.opt_out.value:
        opt_out(session, attempt, now)
    if survey.ended_at is not None:
        survey.reason = survey.reason or reason
        return
    if understood.emergencies:
        # Somebody in danger is no verdict on an order: a person speaks with them first.
        survey.wants_person = True
        move_round(survey, RoundEvent.HAND_OVER, now)
        return
    survey.resolved = Resolved(understood.resolved.value) if understood.resolved.value else None
    survey.satisfied = Satisfied(understood.satisfied.value) if understood.satisfied.value else None
    survey.reason = reason
    otherwise = RoundEvent.REFUSE if understood.opt_out.value else RoundEvent.HAND_OVER
    conclude(session, survey, otherwise, SYSTEM, now, zone)


def not_heard(session: Session, recording: Recording, now: datetime, zone: ZoneInfo) -> None:
    """The spoken answer was lost: a person asks."""
    survey = _attempt_of(session, recording).round
    if survey.state == RoundState.LISTENING:
        conclude(session, survey, RoundEvent.HAND_OVER, SYSTEM, now, zone)


def answer_by_person(
    session: Session,
    survey: SurveyRound,
    resolved: Resolved,
    satisfied: Satisfied,
    reason: Reason | None,
    note: str | None,
    actor: Actor,
    now: datetime,
    zone: ZoneInfo,
) -> None:
    """A person reached the caller and asked.

    Raises:
        hotline.rules.machine.ImpossibleMoveError: the round is over.
        NotAllowedError: the person may not close the order, whatever the answers are.
    """
    _require_open(survey, RoundEvent.ANSWER)
    orders.check(session, survey.order, Move.CLOSE, actor)
    survey.resolved, survey.satisfied, survey.reason, survey.note = resolved, satisfied, reason, note
    survey.user_id = actor.user_id
    conclude(session, survey, RoundEvent.HAND_OVER, actor, now, zone)


def give_up_by_person(session: Session, survey: SurveyRound, note: str, actor: Actor, now: datetime) -> None:
    """A person tried and did not reach the caller: closed as that, never counted as satisfied.

    Raises:
        hotline.rules.machine.ImpossibleMoveError: the round is over, or not with a person yet.
        NotAllowedError: the person may not close the order.
    """
    _require_open(survey, RoundEvent.GIVE_UP)
    orders.check(session, survey.order, Move.CLOSE, actor)
    survey.note, survey.user_id = note, actor.user_id
    move_round(survey, RoundEvent.GIVE_UP, now)
    orders.close(session, survey.order, actor, now, "callback:not_reached")


def ask_by_person(order: Order, now: datetime) -> None:
    """The caller had something to say before they were asked: a person speaks with them instead of a machine."""
    for survey in order.survey_rounds:
        if survey.resolution == order.resolutions and survey.state == RoundState.WAITING:
            survey.wants_person = True
            move_round(survey, RoundEvent.HAND_OVER, now)


def plan(
    session: Session, survey: SurveyRound, wanted_at: datetime, policy: Policy, now: datetime, zone: ZoneInfo
) -> None:
    due_at = next_calling_time(policy, wanted_at, zone)
    attempt = SurveyAttempt(
        round=survey,
        attempt_number=len(survey.attempts) + 1,
        token=secrets.token_hex(16),
        state=AttemptState.PLANNED,
        step=Step.ASK_RESOLVED,
        due_at=due_at,
        is_by_text=survey.order.is_by_text,
        answers=[],
    )
    session.add(attempt)
    session.flush()
    outbox.ask(session, Work.DIAL_ATTEMPT, attempt.id, now, due_at=due_at)


def conclude(
    session: Session, survey: SurveyRound, otherwise: RoundEvent, actor: Actor, now: datetime, zone: ZoneInfo
) -> None:
    """Carry the verdict into the order; where the answers are incomplete, do what `otherwise` says."""
    order = survey.order
    verdict = survey_states.verdict(survey.resolved, survey.satisfied)
    said = f"{survey.resolved or '-'}/{survey.satisfied or '-'}"
    if verdict == Verdict.INCOMPLETE:
        move_round(survey, otherwise, now)
        if otherwise == RoundEvent.REFUSE:
            orders.close(session, order, SYSTEM, now, "callback:refused")
        return
    move_round(survey, RoundEvent.ANSWER, now)
    if verdict == Verdict.CLOSE:
        orders.close(session, order, actor, now, f"callback:{said}")
    else:
        unit = session.get_one(Unit, order.intake_unit_id)
        limits = limits_for(session, unit, order.urgency, now, zone)
        # Whoever asked, it is the caller's answer that opens the order again.
        orders.reopen(session, order, SYSTEM, now, f"callback:{said}", limits, zone)


_OPEN_ROUND = frozenset({RoundState.WAITING, RoundState.CALLING, RoundState.LISTENING, RoundState.PERSON})


def move_round(survey: SurveyRound, event: RoundEvent, now: datetime) -> None:
    survey.state = survey_states.round_after(survey.state, event)
    if survey.state not in _OPEN_ROUND and survey.ended_at is None:
        survey.ended_at = now


def _require_open(survey: SurveyRound, event: RoundEvent) -> None:
    """A callback may come late and change nothing; a person is told that there is nothing left to answer."""
    if survey.ended_at is not None:
        raise ImpossibleMoveError(survey.state, event)


def policy_of(session: Session, order: Order) -> Policy:
    return policy_for(session, session.get_one(Unit, order.intake_unit_id))


def may_ask(session: Session, order: Order) -> bool:
    """Whether the caller can be asked without a person: by telephone or, who is served by text, in writing."""
    if order.is_by_text:
        road = text_messages.road_to(session, order)
        return road is not None and not has_opted_out(session, text_messages.name_of(road.carrier, road.number))
    number = order.number_to_ring
    return number is not None and not has_opted_out(session, number) and bool(text_messages.line_for(session, order))


def has_opted_out(session: Session, number: str) -> bool:
    return session.get(OptOut, number) is not None


def opt_out(session: Session, attempt: SurveyAttempt, now: datetime) -> None:
    number = attempt.call.number if attempt.call else None
    if attempt.is_by_text:
        road = text_messages.road_to(session, attempt.round.order)
        number = text_messages.name_of(road.carrier, road.number) if road else None
    if number:
        never_again(session, number, now, attempt)


def never_again(session: Session, number: str, now: datetime, attempt: SurveyAttempt | None = None) -> None:
    """No machine asks whoever has this number, or this name at a channel, about anything again."""
    row = insert(OptOut).values(number=number, at=now, attempt_id=attempt.id if attempt else None)
    session.execute(row.on_conflict_do_nothing())


def attempt_by_token(session: Session, token: str) -> SurveyAttempt | None:
    """The attempt that a webhook's address names, locked until the transaction ends."""
    if not token.isalnum():
        return None  # the database cannot even be asked about some characters
    attempt_id = session.scalar(select(SurveyAttempt.id).where(SurveyAttempt.token == token))
    return lock_attempt(session, attempt_id) if attempt_id is not None else None


def attempt_of_call(session: Session, call_id: int) -> SurveyAttempt | None:
    """The attempt whose call it is, locked until the transaction ends."""
    attempt_id = session.scalar(select(SurveyAttempt.id).where(SurveyAttempt.call_id == call_id))
    return lock_attempt(session, attempt_id) if attempt_id is not None else None


def _attempt_of(session: Session, recording: Recording) -> SurveyAttempt:
    attempt = attempt_of_call(session, recording.call_id)
    if attempt is None:
        raise LookupError("a survey's recording belongs to no attempt")
    return attempt


# Without keys: a foreign key's check must not wait for it.
_LOCK = {"key_share": True}


def lock_attempt(session: Session, attempt_id: int) -> SurveyAttempt:
    """The attempt as it stands, with its order and round, which all wait for whoever else changes them.

    Locks are taken in one order everywhere: call, attempt or recording, order, round, outbox entry.
    """
    session.flush()
    session.scalar(
        select(Call.id)
        .join(SurveyAttempt, SurveyAttempt.call_id == Call.id)
        .where(SurveyAttempt.id == attempt_id)
        .with_for_update(of=Call, key_share=True)
    )
    attempt = session.get_one(SurveyAttempt, attempt_id, with_for_update=_LOCK, populate_existing=True)
    round_id = attempt.round_id
    orders.lock(session, session.scalars(select(SurveyRound.order_id).where(SurveyRound.id == round_id)).one())
    session.get_one(SurveyRound, round_id, with_for_update=_LOCK, populate_existing=True)
    return attempt
