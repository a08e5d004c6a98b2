"""One ring of a round: when its call may leave, what the carrier says of it, and how its first ending counts."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline.models import (
    AnswerKind,
    Call,
    Direction,
    Line,
    Question,
    SurveyAttempt,
    SurveyRound,
    Work,
)
from hotline.rules import survey_states
from hotline.rules.call_flow import CallState
from hotline.rules.clocks import next_calling_time
from hotline.rules.order_states import OrderState
from hotline.rules.policy import Policy
from hotline.rules.survey_states import (
    AttemptEvent,
    AttemptState,
    Resolved,
    RoundEvent,
    RoundState,
    Satisfied,
)
from hotline.services import outbox, text_messages
from hotline.services.access import SYSTEM
from hotline.services.surveys.rounds import (
    conclude,
    lock_attempt,
    may_ask,
    move_round,
    opt_out,
    plan,
    policy_of,
)


@dataclass(frozen=True)
class Dial:
    """A call to place. `maybe_dialled`: an earlier try died on the way, so the carrier may know of it already.

    `known_calls` are the carrier's names of other calls to that number: none of them is the one that was lost.
    """

    attempt_id: int
    token: str
    from_number: str
    to_number: str
    maybe_dialled: bool
    since: datetime
    known_calls: frozenset[str]


@dataclass(frozen=True)
class Postponed:
    """No call may leave before `until`."""

    until: datetime


def begin(session: Session, attempt_id: int, carrier: str, now: datetime, zone: ZoneInfo) -> Dial | Postponed | None:
    """Decide whether the attempt's call may leave now; None when there is nothing to ring about any more."""
    attempt = lock_attempt(session, attempt_id)
    survey, order = attempt.round, attempt.round.order
    if attempt.state not in {AttemptState.PLANNED, AttemptState.DIALLING}:
        return None
    if order.state != OrderState.RESOLVED or survey.state not in {RoundState.WAITING, RoundState.CALLING}:
        happen(attempt, AttemptEvent.CANCEL, now)
        return None
    if not may_ask(session, order):
        happen(attempt, AttemptEvent.CANCEL, now)
        move_round(survey, RoundEvent.HAND_OVER, now)
        return None
    policy = policy_of(session, order)
    allowed_at = next_calling_time(policy, now, zone)
    if attempt.state == AttemptState.PLANNED:
        # Whoever turned out to be served by text, or by voice after all, since this was planned is asked so.
        attempt.is_by_text = order.is_by_text
    if attempt.is_by_text:
        return _write(session, attempt, allowed_at, now)
    return _ring(session, attempt, carrier, policy, allowed_at, now)


def _ring(
    session: Session, attempt: SurveyAttempt, carrier: str, policy: Policy, allowed_at: datetime, now: datetime
) -> Dial | Postponed:
    order = attempt.round.order
    number, line = order.number_to_ring, text_messages.line_for(session, order)
    if number is None or line is None:
        raise LookupError("an order that may be asked about by telephone has a number and a line")
    if attempt.call is None:
        allowed_at = max(allowed_at, _free_at(session, line, policy.calls_per_minute, now))
    if allowed_at > now:
        return Postponed(allowed_at)
    return _dial(session, attempt, line, number, carrier, now)


def _write(session: Session, attempt: SurveyAttempt, allowed_at: datetime, now: datetime) -> Postponed | None:
    """Ask in writing, once: sending the message is work of its own."""
    if attempt.state != AttemptState.PLANNED:
        return None
    if allowed_at > now:
        return Postponed(allowed_at)
    begin_in_writing(session, attempt, now)
    write_step(session, attempt, now)
    return None


def begin_in_writing(session: Session, attempt: SurveyAttempt, now: datetime) -> None:
    """From now on a written answer is waited for; without one in time the attempt ends as unanswered."""
    attempt.dialled_at = now
    happen(attempt, AttemptEvent.DIAL, now)
    move_round(attempt.round, RoundEvent.DIAL, now)
    wait_for_writing(session, attempt, now)


def wait_for_writing(session: Session, attempt: SurveyAttempt, now: datetime) -> None:
    """Look after the patience for a written answer whether one came."""
    patience = policy_of(session, attempt.round.order).survey_patience
    outbox.ask_anew(session, Work.END_TEXT_ATTEMPT, attempt.id, now, due_at=now + patience)


def _free_at(session: Session, line: Line, calls_per_minute: int, now: datetime) -> datetime:
    """When the line's pace lets its next call leave; whoever else would dial on it waits until this is decided."""
    session.scalar(select(Line.id).where(Line.id == line.id).with_for_update(key_share=True))
    latest = session.scalars(
        select(Call.started_at)
        .where(Call.line_id == line.id, Call.direction == Direction.OUTBOUND, Call.started_at > now - _MINUTE)
        .order_by(Call.started_at.desc())
        .limit(calls_per_minute)
    ).all()
    return latest[-1] + _MINUTE if len(latest) == calls_per_minute else now


def _dial(session: Session, attempt: SurveyAttempt, line: Line, number: str, carrier: str, now: datetime) -> Dial:
    maybe_dialled = attempt.state == AttemptState.DIALLING
    if attempt.call is None:
        attempt.call = Call(
            direction=Direction.OUTBOUND,
            carrier=carrier,
            line_id=line.id,
            number=number,
            state=CallState.OUTBOUND,
            order_id=attempt.round.order_id,
            started_at=now,
        )
        attempt.dialled_at = now
    happen(attempt, AttemptEvent.DIAL, now)
    move_round(attempt.round, RoundEvent.DIAL, now)
    session.flush()
    named = select(Call.carrier_call_id).where(Call.number == number, Call.carrier_call_id.is_not(None))
    known = frozenset(name for name in session.scalars(named) if name) if maybe_dialled else frozenset()
    return Dial(attempt.id, attempt.token, line.number, number, maybe_dialled, attempt.dialled_at or now, known)


def dialled(session: Session, attempt_id: int, carrier_call_id: str) -> None:
    """The carrier took the call and named it."""
    attempt = lock_attempt(session, attempt_id)
    name_call(attempt, carrier_call_id)


def not_dialled(session: Session, attempt_id: int, trouble: str, now: datetime, zone: ZoneInfo) -> None:
    """The carrier could not be asked, or nothing came of it: the next attempt has its own time."""
    attempt = lock_attempt(session, attempt_id)
    attempt.trouble = trouble
    settle(session, attempt, AttemptEvent.FAIL, now, zone)


def refused_by_carrier(session: Session, attempt_id: int, trouble: str, now: datetime) -> None:
    """The carrier will not place this call, however often it is asked: a person tries."""
    attempt = lock_attempt(session, attempt_id)
    attempt.trouble = trouble
    if attempt.state not in survey_states.SETTLED:
        happen(attempt, AttemptEvent.FAIL, now)
        move_round(attempt.round, RoundEvent.HAND_OVER, now)


def progressed(
    session: Session,
    attempt: SurveyAttempt,
    event: AttemptEvent,
    now: datetime,
    zone: ZoneInfo,
    *,
    duration_s: int | None = None,
) -> None:
    """What the carrier reports of the call's course; after an ending, nothing changes any more."""
    if event in {AttemptEvent.RING, AttemptEvent.PICK_UP}:
        happen(attempt, event, now)
        return
    if attempt.call is not None and attempt.call.ended_at is None:
        attempt.call.ended_at, attempt.call.duration_s = now, duration_s
    settle(session, attempt, event, now, zone)


def settle(session: Session, attempt: SurveyAttempt, event: AttemptEvent, now: datetime, zone: ZoneInfo) -> None:
    """The attempt's first ending decides how its round goes on; later ones change nothing."""
    if attempt.state in survey_states.SETTLED:
        return
    happen(attempt, event, now)
    survey = attempt.round
    if survey.state not in {RoundState.WAITING, RoundState.CALLING}:
        return
    if attempt.state in survey_states.UNREACHED:
        _missed(session, survey, now, zone)
    elif attempt.state == AttemptState.SPOKEN:
        move_round(survey, RoundEvent.SPEAK, now)
    else:
        survey.resolved, survey.satisfied = answers_by_key(attempt)
        survey.wants_person = attempt.state == AttemptState.PERSON_WANTED
        if attempt.state == AttemptState.REFUSED:
            opt_out(session, attempt, now)
        otherwise = RoundEvent.REFUSE if attempt.state == AttemptState.REFUSED else RoundEvent.HAND_OVER
        conclude(session, survey, otherwise, SYSTEM, now, zone)


def _missed(session: Session, survey: SurveyRound, now: datetime, zone: ZoneInfo) -> None:
    policy = policy_of(session, survey.order)
    if len(survey.attempts) >= policy.survey_attempts:
        move_round(survey, RoundEvent.HAND_OVER, now)
        return
    move_round(survey, RoundEvent.MISS, now)
    plan(session, survey, now + policy.survey_spacing, policy, now, zone)


def happen(attempt: SurveyAttempt, event: AttemptEvent, now: datetime) -> None:
    attempt.state = survey_states.attempt_after(attempt.state, event)
    if attempt.state in survey_states.SETTLED and attempt.ended_at is None:
        attempt.ended_at = now


def name_call(attempt: SurveyAttempt, carrier_call_id: str) -> None:
    if attempt.call is not None and attempt.call.carrier_call_id is None:
        attempt.call.carrier_call_id = carrier_call_id


_WITH_KEY = frozenset({AnswerKind.KEY, AnswerKind.TEXT})


def answers_by_key(attempt: SurveyAttempt) -> tuple[Resolved | None, Satisfied | None]:
    """What was pressed; of what was written in words, the key that means the same."""
    resolved, satisfied = None, None
    for answer in attempt.answers:
        if answer.kind in _WITH_KEY and answer.question == Question.RESOLVED:
            resolved = survey_states.RESOLVED_KEYS.get(answer.key or "", resolved)
        if answer.kind in _WITH_KEY and answer.question == Question.SATISFIED:
            satisfied = survey_states.SATISFIED_KEYS.get(answer.key or "", satisfied)
    return resolved, satisfied


def write_step(session: Session, attempt: SurveyAttempt, now: datetime) -> None:
    """Write what is said at the step that the attempt stands at."""
    order = attempt.round.order
    road = text_messages.road_to(session, order)
    if road is not None:
        body = text_messages.words(session, order, road, f"written_{attempt.step}")
        text_messages.write_to(session, order, text_messages.SURVEY, body, now, road)


_MINUTE = timedelta(minutes=1)
