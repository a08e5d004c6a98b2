"""The callback survey: a round for each resolution, rung until answered, and its verdict carried into the order."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from hotline.models import (
    AnswerKind,
    Call,
    Direction,
    Line,
    OptOut,
    Order,
    Question,
    Recording,
    SurveyAnswer,
    SurveyAttempt,
    SurveyRound,
    Unit,
    Work,
)
from hotline.rules import survey_states
from hotline.rules.call_flow import CallState
from hotline.rules.clocks import next_calling_time
from hotline.rules.machine import ImpossibleMoveError
from hotline.rules.order_states import OrderState
from hotline.rules.policy import Policy
from hotline.rules.roles import DESK
from hotline.rules.survey_states import (
    AttemptEvent,
    AttemptState,
    Reason,
    Resolved,
    RoundEvent,
    RoundState,
    Said,
    Satisfied,
    Step,
    Verdict,
)
from hotline.services import orders, outbox, receipts
from hotline.services.access import SYSTEM, Actor, require_role
from hotline.services.organisation import policy_for
from hotline.services.receipts import Told
from speech.understand.facts import SurveyAnswers


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


@dataclass(frozen=True)
class Asked:
    """What the person who was rung hears now; no step: the line is hung up without a word.

    `is_over`: the attempt has ended, so no answer would count any more, and no question is asked.
    """

    token: str
    step: Step | None
    is_over: bool
    language: str
    line_name: str


def open_round(session: Session, order: Order, now: datetime, zone: ZoneInfo) -> SurveyRound:
    """Ask the caller about the order's latest resolution; where no machine may ring, a person tries."""
    survey = SurveyRound(
        order=order, resolution=order.resolutions, state=RoundState.WAITING, opened_at=now, attempts=[]
    )
    session.add(survey)
    session.flush()
    policy = _policy(session, order)
    if order.number_to_ring is None or _opted_out(session, order.number_to_ring) or _line(session, order) is None:
        survey.state = survey_states.round_after(survey.state, RoundEvent.HAND_OVER)
    else:
        _plan(session, survey, now + policy.survey_delay, policy, now, zone)
    return survey


def attempt_by_token(session: Session, token: str) -> SurveyAttempt | None:
    """The attempt that a webhook's address names, locked until the transaction ends."""
    if not token.isalnum():
        return None  # the database cannot even be asked about some characters
    attempt_id = session.scalar(select(SurveyAttempt.id).where(SurveyAttempt.token == token))
    return _locked(session, attempt_id) if attempt_id is not None else None


def attempt_of_call(session: Session, call_id: int) -> SurveyAttempt | None:
    """The attempt whose call it is, locked until the transaction ends."""
    attempt_id = session.scalar(select(SurveyAttempt.id).where(SurveyAttempt.call_id == call_id))
    return _locked(session, attempt_id) if attempt_id is not None else None


def begin(session: Session, attempt_id: int, carrier: str, now: datetime, zone: ZoneInfo) -> Dial | Postponed | None:
    """Decide whether the attempt's call may leave now; None when there is nothing to ring about any more."""
    attempt = _locked(session, attempt_id)
    survey, order = attempt.round, attempt.round.order
    if attempt.state not in {AttemptState.PLANNED, AttemptState.DIALLING}:
        return None
    number, line = order.number_to_ring, _line(session, order)
    if order.state != OrderState.RESOLVED or survey.state not in {RoundState.WAITING, RoundState.CALLING}:
        _happen(attempt, AttemptEvent.CANCEL, now)
        return None
    if number is None or line is None or _opted_out(session, number):
        _happen(attempt, AttemptEvent.CANCEL, now)
        _round(survey, RoundEvent.HAND_OVER, now)
        return None
    policy = _policy(session, order)
    allowed_at = next_calling_time(policy, now, zone)
    if attempt.call is None:
        allowed_at = max(allowed_at, _free_at(session, line, policy.calls_per_minute, now))
    if allowed_at > now:
        return Postponed(allowed_at)
    return _dial(session, attempt, line, number, carrier, now)


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
    _happen(attempt, AttemptEvent.DIAL, now)
    _round(attempt.round, RoundEvent.DIAL, now)
    session.flush()
    named = select(Call.carrier_call_id).where(Call.number == number, Call.carrier_call_id.is_not(None))
    known = frozenset(name for name in session.scalars(named) if name) if maybe_dialled else frozenset()
    return Dial(attempt.id, attempt.token, line.number, number, maybe_dialled, attempt.dialled_at or now, known)


def dialled(session: Session, attempt_id: int, carrier_call_id: str) -> None:
    """The carrier took the call and named it."""
    attempt = _locked(session, attempt_id)
    _name_call(attempt, carrier_call_id)


def not_dialled(session: Session, attempt_id: int, trouble: str, now: datetime, zone: ZoneInfo) -> None:
    """The carrier could not be asked, or nothing came of it: the next attempt has its own time."""
    attempt = _locked(session, attempt_id)
    attempt.trouble = trouble
    _settle(session, attempt, AttemptEvent.FAIL, now, zone)


def refused_by_carrier(session: Session, attempt_id: int, trouble: str, now: datetime) -> None:
    """The carrier will not place this call, however often it is asked: a person tries."""
    attempt = _locked(session, attempt_id)
    attempt.trouble = trouble
    if attempt.state not in survey_states.SETTLED:
        _happen(attempt, AttemptEvent.FAIL, now)
        _round(attempt.round, RoundEvent.HAND_OVER, now)


def picked_up(
    session: Session, attempt: SurveyAttempt, carrier_call_id: str, *, is_machine: bool, now: datetime, zone: ZoneInfo
) -> Asked:
    """Somebody, or something, answered."""
    _name_call(attempt, carrier_call_id)
    if is_machine:
        _settle(session, attempt, AttemptEvent.MACHINE, now, zone)
        return _asked(attempt, silent=True)
    _happen(attempt, AttemptEvent.PICK_UP, now)
    return _asked(attempt)


def keyed(session: Session, attempt: SurveyAttempt, told: Told, key: str, now: datetime, zone: ZoneInfo) -> Asked:
    """A key was pressed, or none (`""`), at the question that the attempt stands at."""
    step = attempt.step
    question = _QUESTION.get(step)
    is_new = receipts.first_time(session, "voice", told.call_id, told.event, told, now) is not None
    if question is None or attempt.state != AttemptState.TALKING or not is_new:
        return _asked(attempt)
    _keep_answer(session, attempt, step, question, key, now)
    said = _meaning(attempt, step, key)
    attempt.step = survey_states.step_after(step, said)
    event = _ending(attempt.step, said)
    if event is not None:
        _settle(session, attempt, event, now, zone)
    return _asked(attempt)


def spoke(
    session: Session, attempt: SurveyAttempt, told: Told, recording: Recording | None, now: datetime, zone: ZoneInfo
) -> Asked:
    """Something was said after the tone, or nothing (None)."""
    step = attempt.step
    is_new = receipts.first_time(session, "voice", told.call_id, told.event, told, now) is not None
    if step not in {Step.SPEAK_FREELY, Step.ASK_REASON} or not is_new:
        return _asked(attempt)
    said = Said.SPOKE if recording else Said.NOTHING
    question = Question.FREE if step == Step.SPEAK_FREELY else Question.REASON
    kind = AnswerKind.VOICE if recording else AnswerKind.NOTHING
    attempt.answers.append(SurveyAnswer(step=step, question=question, kind=kind, recording=recording, at=now))
    attempt.step = survey_states.step_after(step, said)
    if step == Step.SPEAK_FREELY:
        _settle(session, attempt, AttemptEvent.SPEAK if recording else AttemptEvent.NO_KEY, now, zone)
    return _asked(attempt)


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
        _happen(attempt, event, now)
        return
    if attempt.call is not None and attempt.call.ended_at is None:
        attempt.call.ended_at, attempt.call.duration_s = now, duration_s
    _settle(session, attempt, event, now, zone)


def heard(session: Session, recording: Recording, understood: SurveyAnswers, now: datetime, zone: ZoneInfo) -> None:
    """What was said after the tone, understood: the answers themselves, or the reason behind them."""
    attempt = _attempt_of(session, recording)
    survey = attempt.round
    survey.wants_person = survey.wants_person or bool(understood.wants_human.value)
    reason = Reason(understood.reason.value) if understood.reason.value else None
    if understood.opt_out.value:
        _opt_out(session, attempt, now)
    if survey.ended_at is not None:
        survey.reason = survey.reason or reason
        return
    survey.resolved = Resolved(understood.resolved.value) if understood.resolved.value else None
    survey.satisfied = Satisfied(understood.satisfied.value) if understood.satisfied.value else None
    survey.reason = reason
    otherwise = RoundEvent.REFUSE if understood.opt_out.value else RoundEvent.HAND_OVER
    _conclude(session, survey, otherwise, SYSTEM, now, zone)


def not_heard(session: Session, recording: Recording, now: datetime, zone: ZoneInfo) -> None:
    """The spoken answer was lost: a person asks."""
    survey = _attempt_of(session, recording).round
    if survey.state == RoundState.LISTENING:
        _conclude(session, survey, RoundEvent.HAND_OVER, SYSTEM, now, zone)


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
        NotAllowedError
    """
    require_role(actor, *DESK)
    _require_open(survey, RoundEvent.ANSWER)
    survey.resolved, survey.satisfied, survey.reason, survey.note = resolved, satisfied, reason, note
    survey.user_id = actor.user_id
    _conclude(session, survey, RoundEvent.HAND_OVER, actor, now, zone)


def give_up_by_person(session: Session, survey: SurveyRound, note: str, actor: Actor, now: datetime) -> None:
    """A person tried and did not reach the caller: closed as that, never counted as satisfied.

    Raises:
        hotline.rules.machine.ImpossibleMoveError: the round is over, or not with a person yet.
        NotAllowedError
    """
    require_role(actor, *DESK)
    _require_open(survey, RoundEvent.GIVE_UP)
    survey.note, survey.user_id = note, actor.user_id
    _round(survey, RoundEvent.GIVE_UP, now)
    orders.close(session, survey.order, actor, now, "callback:not_reached")


_QUESTION = {
    Step.ASK_RESOLVED: Question.RESOLVED,
    Step.ASK_RESOLVED_AGAIN: Question.RESOLVED,
    Step.ASK_SATISFIED: Question.SATISFIED,
    Step.ASK_SATISFIED_AGAIN: Question.SATISFIED,
}


def _plan(
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
        answers=[],
    )
    session.add(attempt)
    session.flush()
    outbox.ask(session, Work.DIAL_ATTEMPT, attempt.id, now, due_at=due_at)


def _keep_answer(
    session: Session, attempt: SurveyAttempt, step: Step, question: Question, key: str, now: datetime
) -> None:
    known = survey_states.RESOLVED_KEYS if question == Question.RESOLVED else survey_states.SATISFIED_KEYS
    special = {survey_states.PERSON_KEY, survey_states.REFUSE_KEY}
    kind = AnswerKind.NOTHING if not key else AnswerKind.KEY if key in {*known, *special} else AnswerKind.WRONG_KEY
    attempt.answers.append(SurveyAnswer(step=step, question=question, kind=kind, key=key or None, at=now))
    session.flush()


def _meaning(attempt: SurveyAttempt, step: Step, key: str) -> Said:
    if not key:
        return Said.NOTHING
    if key == survey_states.PERSON_KEY:
        return Said.PERSON_KEY
    if key == survey_states.REFUSE_KEY:
        return Said.REFUSE_KEY
    known = survey_states.RESOLVED_KEYS if _QUESTION[step] == Question.RESOLVED else survey_states.SATISFIED_KEYS
    if key not in known:
        return Said.WRONG_KEY
    return Said.UNHAPPY_KEY if survey_states.verdict(*_by_key(attempt)) == Verdict.REOPEN else Said.GOOD_KEY


def _by_key(attempt: SurveyAttempt) -> tuple[Resolved | None, Satisfied | None]:
    resolved, satisfied = None, None
    for answer in attempt.answers:
        if answer.kind == AnswerKind.KEY and answer.question == Question.RESOLVED:
            resolved = survey_states.RESOLVED_KEYS.get(answer.key or "", resolved)
        if answer.kind == AnswerKind.KEY and answer.question == Question.SATISFIED:
            satisfied = survey_states.SATISFIED_KEYS.get(answer.key or "", satisfied)
    return resolved, satisfied


def _ending(step: Step, said: Said) -> AttemptEvent | None:
    """What the talk came to; the reason is asked when both answers are in, so nothing is lost by hanging up then."""
    if step in {Step.THANK, Step.ASK_REASON}:
        return AttemptEvent.ANSWER
    if step == Step.NEVER_AGAIN:
        return AttemptEvent.REFUSE
    if step == Step.PERSON_WILL_RING:
        return AttemptEvent.WANT_PERSON if said == Said.PERSON_KEY else AttemptEvent.NO_KEY
    return None


def _settle(session: Session, attempt: SurveyAttempt, event: AttemptEvent, now: datetime, zone: ZoneInfo) -> None:
    """The attempt's first ending decides how its round goes on; later ones change nothing."""
    if attempt.state in survey_states.SETTLED:
        return
    _happen(attempt, event, now)
    survey = attempt.round
    if survey.state not in {RoundState.WAITING, RoundState.CALLING}:
        return
    if attempt.state in survey_states.UNREACHED:
        _missed(session, survey, now, zone)
    elif attempt.state == AttemptState.SPOKEN:
        _round(survey, RoundEvent.SPEAK, now)
    else:
        survey.resolved, survey.satisfied = _by_key(attempt)
        survey.wants_person = attempt.state == AttemptState.PERSON_WANTED
        if attempt.state == AttemptState.REFUSED:
            _opt_out(session, attempt, now)
        otherwise = RoundEvent.REFUSE if attempt.state == AttemptState.REFUSED else RoundEvent.HAND_OVER
        _conclude(session, survey, otherwise, SYSTEM, now, zone)


def _missed(session: Session, survey: SurveyRound, now: datetime, zone: ZoneInfo) -> None:
    policy = _policy(session, survey.order)
    if len(survey.attempts) >= policy.survey_attempts:
        _round(survey, RoundEvent.HAND_OVER, now)
        return
    _round(survey, RoundEvent.MISS, now)
    _plan(session, survey, now + policy.survey_spacing, policy, now, zone)


def _conclude(
    session: Session, survey: SurveyRound, otherwise: RoundEvent, actor: Actor, now: datetime, zone: ZoneInfo
) -> None:
    """Carry the verdict into the order; where the answers are incomplete, do what `otherwise` says."""
    order = survey.order
    verdict = survey_states.verdict(survey.resolved, survey.satisfied)
    said = f"{survey.resolved or '-'}/{survey.satisfied or '-'}"
    if verdict == Verdict.INCOMPLETE:
        _round(survey, otherwise, now)
        if otherwise == RoundEvent.REFUSE:
            orders.close(session, order, SYSTEM, now, "callback:refused")
        return
    _round(survey, RoundEvent.ANSWER, now)
    if verdict == Verdict.CLOSE:
        orders.close(session, order, actor, now, f"callback:{said}")
    else:
        limits = _policy(session, order).limits[order.urgency]
        # Whoever asked, it is the caller's answer that opens the order again.
        orders.reopen(session, order, SYSTEM, now, f"callback:{said}", limits, zone)


def _happen(attempt: SurveyAttempt, event: AttemptEvent, now: datetime) -> None:
    attempt.state = survey_states.attempt_after(attempt.state, event)
    if attempt.state in survey_states.SETTLED and attempt.ended_at is None:
        attempt.ended_at = now


_MINUTE = timedelta(minutes=1)
# Without keys: a foreign key's check must not wait for it.
_LOCK = {"key_share": True}
_OPEN_ROUND = frozenset({RoundState.WAITING, RoundState.CALLING, RoundState.LISTENING, RoundState.PERSON})


def _round(survey: SurveyRound, event: RoundEvent, now: datetime) -> None:
    survey.state = survey_states.round_after(survey.state, event)
    if survey.state not in _OPEN_ROUND and survey.ended_at is None:
        survey.ended_at = now


def _require_open(survey: SurveyRound, event: RoundEvent) -> None:
    """A callback may come late and change nothing; a person is told that there is nothing left to answer."""
    if survey.ended_at is not None:
        raise ImpossibleMoveError(survey.state, event)


def _asked(attempt: SurveyAttempt, *, silent: bool = False) -> Asked:
    line = attempt.call.line if attempt.call else None
    return Asked(
        token=attempt.token,
        step=None if silent else attempt.step,
        is_over=attempt.state in survey_states.SETTLED and attempt.step in {*_QUESTION, Step.SPEAK_FREELY},
        language=line.language if line else "zh-CN",
        line_name=line.name if line else "",
    )


def _name_call(attempt: SurveyAttempt, carrier_call_id: str) -> None:
    if attempt.call is not None and attempt.call.carrier_call_id is None:
        attempt.call.carrier_call_id = carrier_call_id


def _attempt_of(session: Session, recording: Recording) -> SurveyAttempt:
    attempt = attempt_of_call(session, recording.call_id)
    if attempt is None:
        raise LookupError("a survey's recording belongs to no attempt")
    return attempt


def _locked(session: Session, attempt_id: int) -> SurveyAttempt:
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


def _policy(session: Session, order: Order) -> Policy:
    return policy_for(session, session.get_one(Unit, order.intake_unit_id))


def _line(session: Session, order: Order) -> Line | None:
    """The number that the caller knows us by: the one that was dialled, else one of the unit's."""
    for call in order.calls:
        if call.line is not None:
            return call.line
    return session.scalars(
        select(Line).where(Line.unit_id == order.intake_unit_id, Line.is_active).order_by(Line.id).limit(1)
    ).one_or_none()


def _opted_out(session: Session, number: str) -> bool:
    return session.get(OptOut, number) is not None


def _opt_out(session: Session, attempt: SurveyAttempt, now: datetime) -> None:
    number = attempt.call.number if attempt.call else None
    if number is not None:
        session.execute(insert(OptOut).values(number=number, at=now, attempt_id=attempt.id).on_conflict_do_nothing())
