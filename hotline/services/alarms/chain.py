"""Who is told of an emergency, one after the other, until somebody has it; and what happens when nobody does."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, joinedload

from hotline.models import (
    Alarm,
    AlarmAttempt,
    Call,
    Direction,
    Line,
    Order,
    Unit,
    User,
    UserRole,
    Work,
)
from hotline.rules import alarms
from hotline.rules.alarms import LIVE, SETTLED, AlarmEvent, AlarmState, RingEvent, RingState, Say, Way
from hotline.rules.call_flow import CallState
from hotline.rules.facts import Urgency
from hotline.rules.order_states import OPEN, OrderState
from hotline.rules.policy import Policy
from hotline.rules.roles import Role
from hotline.rules.roster import FOR_ALARMS
from hotline.services import alarm_state, orders, outbox, roster, text_messages
from hotline.services.access import SYSTEM, Actor, actor_for, reaches, sees_contents, sees_order
from hotline.services.clocks import limits_for
from hotline.services.organisation import policy_for
from hotline.services.surveys import Dial

# An emergency that nobody began an alarm for is found again for so long; older ones are no news.
_LOOK_BACK = timedelta(days=1)
_UNSIGNED = (OrderState.RECEIVED, OrderState.TRIAGED, OrderState.DISPATCHED)
# Whoever opens an order as one of these can do something about it; an administrator keeps the system running.
CAN_ACT = frozenset({Role.CALL_TAKER, Role.DISPATCHER, Role.HANDLER, Role.SUPERVISOR})


@dataclass(frozen=True)
class Target:
    """Somebody to tell: a person on the roster of `unit`, or whoever is at the line's duty number."""

    number: str
    user: User | None
    unit: Unit | None


@dataclass(frozen=True)
class Unanswered:
    """Everybody was told as often as it makes sense, and nobody took it on."""


def begin(session: Session, order: Order, now: datetime, *, is_new: bool) -> None:
    """Begin the alarm of an open emergency, which the caller has locked; begun already, nothing happens.

    `is_new`: the order became one just now. Otherwise only an order that never had an alarm gets one, so that a matter
    that is done again because its caller was unhappy does not get everybody out of bed.
    """
    alarm = alarm_state.of(session, order)
    if alarm is not None:
        if alarm.state == AlarmState.OVER and is_new:
            _resume(session, alarm, now)
            _plan(session, alarm, now, now)
        return
    if not is_new and session.scalar(select(exists().where(Alarm.order_id == order.id))):
        return
    row = insert(Alarm).values(
        order_id=order.id,
        run=len(order.past_clocks),
        state=AlarmState.RINGING,
        begun_at=now,
        last_round=_policy(session, order).alarm_rounds,
    )
    new_id = session.scalar(row.on_conflict_do_nothing().returning(Alarm.id))
    if new_id is not None:
        _plan(session, session.get_one(Alarm, new_id), now, now)


def begin_for_answer(session: Session, order_id: int, now: datetime, zone: ZoneInfo) -> None:
    """Words of danger in an answer to our callback make its order an emergency, again where it was closed."""
    order = orders.lock(session, order_id)
    limits = limits_for(session, session.get_one(Unit, order.intake_unit_id), Urgency.EMERGENCY, now, zone)
    if order.state == OrderState.CLOSED:
        orders.reopen(session, order, SYSTEM, now, "callback:danger", limits, zone)
    orders.set_urgency(order, Urgency.EMERGENCY, limits, zone)
    session.flush()
    begin(session, order, now, is_new=True)


def begin_missing(session: Session, now: datetime) -> int:
    """Begin the alarms of emergencies that nobody has signed for and that have none, whatever made them so."""
    unsigned = (
        select(Order.id)
        .where(
            Order.urgency == Urgency.EMERGENCY,
            Order.accepted_at.is_(None),
            Order.clocks_started_at > now - _LOOK_BACK,
            Order.state.in_(_UNSIGNED),
            ~exists().where(Alarm.order_id == Order.id),
        )
        .order_by(Order.id)
    )
    found = session.scalars(unsigned).all()
    for order_id in found:
        order = orders.lock(session, order_id)
        if order.urgency == Urgency.EMERGENCY and order.state in _UNSIGNED:
            begin(session, order, now, is_new=False)
    return len(found)


def end(session: Session, order: Order, now: datetime) -> None:
    """The order, which the caller has locked, is no emergency after all."""
    alarm = alarm_state.of(session, order)
    if alarm is not None:
        alarm_state.end(session, alarm, now)


def acknowledge(session: Session, order: Order, actor: Actor, now: datetime) -> bool:
    """A person who can act on the order has it open; True when that person is the one who took the emergency on.

    False when there is no alarm, somebody was quicker, or the person only looks on.
    """
    if not can_act(session, order, actor):
        return False
    alarm = alarm_state.of(session, order)
    return alarm is not None and alarm_state.acknowledge(session, alarm, Way.CONSOLE, actor.user_id, actor, now)


def can_act(session: Session, order: Order, actor: Actor) -> bool:
    """Whether the person could take an emergency on: reads it, and works where it is held or came in, or above."""
    return not actor.is_system and _works_there(session, order, actor) and sees_contents(actor, order)


def sees(session: Session, attempt: AlarmAttempt) -> bool:
    """Whether whoever is rung could open the order; who is at the line's duty number is not known, and is trusted."""
    if attempt.user is None:
        return True
    seen = select(Order.id).where(Order.id == attempt.alarm.order_id, sees_order(actor_for(attempt.user)))
    return session.scalar(seen) is not None


def _works_there(session: Session, order: Order, actor: Actor) -> bool:
    units = (order.unit_id, order.intake_unit_id)
    return bool(actor.roles & CAN_ACT) and any(reaches(session, actor, unit_id) for unit_id in units)


def ring(session: Session, attempt_id: int, carrier: str, now: datetime) -> Dial | Unanswered | None:
    """Decide who is told now, if anybody; the one after that is planned in the same transaction.

    None when somebody has the emergency, there is none any more, or the next one's time has come already.
    """
    attempt = lock_attempt(session, attempt_id)
    alarm, order = attempt.alarm, attempt.alarm.order
    if attempt.state not in {RingState.PLANNED, RingState.DIALLING}:
        return None
    if order.state not in OPEN or order.urgency != Urgency.EMERGENCY:
        alarm_state.end(session, alarm, now)
    if alarm.state == AlarmState.UNANSWERED and _waits_in_vain(attempt):
        return Unanswered()
    if alarm.state not in LIVE or _is_overtaken(attempt):
        happen(attempt, RingEvent.CANCEL, now)
        return None
    line = _line(session, order)
    is_new = attempt.state == RingState.PLANNED
    if line is None or (is_new and not _choose(session, attempt, line, now)):
        return _give_up(session, alarm, now)
    if is_new:
        _tell(session, attempt, line, carrier, now)
    return _dial(session, attempt, line, now, maybe_dialled=not is_new)


def dialled(session: Session, attempt_id: int, carrier_call_id: str) -> None:
    """The carrier took the call and named it."""
    name_call(lock_attempt(session, attempt_id), carrier_call_id)


def refused_by_carrier(session: Session, attempt_id: int, trouble: str, now: datetime) -> None:
    """The carrier will not ring this number, however often it is asked: nobody waits for it."""
    attempt = lock_attempt(session, attempt_id)
    attempt.trouble = trouble
    happen(attempt, RingEvent.FAIL, now)
    hurry(session, attempt, now)


def not_rung(session: Session, attempt_id: int, trouble: str, now: datetime) -> None:
    """The call could not be placed at all. Whoever comes next does, even if the planning itself had failed."""
    attempt = lock_attempt(session, attempt_id)
    attempt.trouble = trouble
    happen(attempt, RingEvent.FAIL, now)
    is_last = attempt.attempt_number == max(each.attempt_number for each in attempt.alarm.attempts)
    if is_last and attempt.alarm.state == AlarmState.RINGING:
        spacing = _policy(session, attempt.alarm.order).alarm_spacing
        _plan(session, attempt.alarm, now + spacing, now)


def tell_again(session: Session, attempt_id: int, now: datetime) -> None:
    """A person has everybody told again of an emergency that nobody took on."""
    attempt = lock_attempt(session, attempt_id)
    if attempt.alarm.state == AlarmState.UNANSWERED:
        _resume(session, attempt.alarm, now)


def of_order(session: Session, order: Order) -> Alarm | None:
    """The order's latest alarm with all its attempts, to be shown."""
    told = joinedload(Alarm.attempts)
    return (
        session.scalars(
            select(Alarm)
            .where(Alarm.order_id == order.id)
            .order_by(Alarm.run.desc())
            .options(
                joinedload(Alarm.acknowledged_by),
                told.joinedload(AlarmAttempt.user),
                told.joinedload(AlarmAttempt.unit),
                told.joinedload(AlarmAttempt.message),
            )
        )
        .unique()
        .first()
    )


def unacknowledged(session: Session, actor: Actor) -> Sequence[Alarm]:
    """The alarms that the actor sees and nobody has taken on, oldest first."""
    return (
        session.scalars(
            select(Alarm)
            .join(Alarm.order)
            .where(Alarm.state.in_(LIVE), sees_order(actor))
            .order_by(Alarm.begun_at)
            .options(joinedload(Alarm.order), joinedload(Alarm.attempts))
        )
        .unique()
        .all()
    )


def duty_number(session: Session, order: Order) -> str | None:
    """The number that is rung last about an emergency: the duty number of the line."""
    line = _line(session, order)
    return line.duty_number if line else None


def attempt_by_token(session: Session, token: str) -> AlarmAttempt | None:
    """The attempt that a webhook's address names, locked until the transaction ends."""
    if not token.isalnum():
        return None
    attempt_id = session.scalar(select(AlarmAttempt.id).where(AlarmAttempt.token == token))
    return lock_attempt(session, attempt_id) if attempt_id is not None else None


def attempt_of_call(session: Session, call_id: int) -> AlarmAttempt | None:
    """The attempt whose call it is, locked until the transaction ends."""
    attempt_id = session.scalar(select(AlarmAttempt.id).where(AlarmAttempt.call_id == call_id))
    return lock_attempt(session, attempt_id) if attempt_id is not None else None


_LOCK = {"key_share": True}


def lock_attempt(session: Session, attempt_id: int) -> AlarmAttempt:
    """The attempt as it stands with its order and alarm: call, attempt, order, alarm, outbox entry, as everywhere."""
    session.flush()
    session.scalar(
        select(Call.id)
        .join(AlarmAttempt, AlarmAttempt.call_id == Call.id)
        .where(AlarmAttempt.id == attempt_id)
        .with_for_update(of=Call, key_share=True)
    )
    attempt = session.get_one(AlarmAttempt, attempt_id, with_for_update=_LOCK, populate_existing=True)
    orders.lock(session, session.scalars(select(Alarm.order_id).where(Alarm.id == attempt.alarm_id)).one())
    session.get_one(Alarm, attempt.alarm_id, with_for_update=_LOCK, populate_existing=True)
    session.expire(attempt.alarm, ["attempts"])
    return attempt


def happen(attempt: AlarmAttempt, event: RingEvent, now: datetime) -> None:
    """Move the attempt on, and keep when it ended first."""
    attempt.state = alarms.ring_after(attempt.state, event)
    if attempt.state in SETTLED and attempt.ended_at is None:
        attempt.ended_at = now


def name_call(attempt: AlarmAttempt, carrier_call_id: str) -> None:
    """Keep the carrier's name of the call; the first one counts."""
    if attempt.call is not None and attempt.call.carrier_call_id is None:
        attempt.call.carrier_call_id = carrier_call_id


def hurry(session: Session, attempt: AlarmAttempt, now: datetime) -> None:
    """This one cannot be rung, or cannot act: the next is told at once.

    Only in the first round; later ones would only run out sooner.
    """
    later = [each for each in attempt.alarm.attempts if each.attempt_number > attempt.attempt_number]
    following = [each for each in later if each.state == RingState.PLANNED]
    if attempt.round == 1 and following and attempt.alarm.state == AlarmState.RINGING:
        outbox.ask(session, Work.RING_ALARM, following[0].id, now)


def _plan(session: Session, alarm: Alarm, due_at: datetime, now: datetime, supervisor: Target | None = None) -> None:
    last = select(func.max(AlarmAttempt.attempt_number)).where(AlarmAttempt.alarm_id == alarm.id)
    attempt = AlarmAttempt(
        alarm=alarm,
        attempt_number=(session.scalar(last) or 0) + 1,
        token=secrets.token_hex(16),
        state=RingState.PLANNED,
        says=Say.ASK,
        due_at=due_at,
    )
    if supervisor is not None:
        attempt.is_last_resort = True
        attempt.number, attempt.user, attempt.unit = supervisor.number, supervisor.user, supervisor.unit
    session.add(attempt)
    session.flush()
    outbox.ask(session, Work.RING_ALARM, attempt.id, now, due_at=due_at)


def _choose(session: Session, attempt: AlarmAttempt, line: Line, now: datetime) -> bool:
    if attempt.is_last_resort:
        return True  # whom was known when it was planned
    alarm = attempt.alarm
    chosen = alarms.next_of(_targets(session, alarm.order, line, now), _told(alarm), alarm.last_round)
    if chosen is None:
        return False
    attempt.round, target = chosen
    attempt.number, attempt.user, attempt.unit = target.number, target.user, target.unit
    return True


def _targets(session: Session, order: Order, line: Line, now: datetime) -> list[Target]:
    """Whoever is on duty and can be rung: of the order's unit, then up the tree; last the line's number.

    Who is on a roster without being able to act on its orders, a guest or an administrator, is rung after who is.
    What is secret holds nobody back: whoever is told may read it.
    """
    everybody = roster.everybody_on(session, order.unit, now, FOR_ALARMS)
    on_duty = sorted(everybody, key=lambda on: not _works_there(session, order, actor_for(on.user)))
    people = [Target(on.user.phone, on.user, on.unit) for on in on_duty if on.user.phone is not None]
    if line.duty_number is not None:
        people.append(Target(line.duty_number, None, None))
    return list({target.number: target for target in reversed(people)}.values())[::-1]


def _told(alarm: Alarm) -> list[set[str]]:
    """The numbers that each round has told, from the first on."""
    told = [
        (each.round, each.number)
        for each in alarm.attempts
        if each.round is not None and each.number is not None and not each.is_last_resort
    ]
    rounds = max((round_ for round_, _number in told), default=0)
    return [{number for round_, number in told if round_ == wanted} for wanted in range(1, rounds + 1)]


def _tell(session: Session, attempt: AlarmAttempt, line: Line, carrier: str, now: datetime) -> None:
    alarm = attempt.alarm
    # It is about the order, but none of the order's own calls: these are the caller's.
    attempt.call = Call(
        direction=Direction.OUTBOUND,
        carrier=carrier,
        line=line,
        number=attempt.number,
        state=CallState.OUTBOUND,
        started_at=now,
    )
    attempt.rung_at = now
    happen(attempt, RingEvent.DIAL, now)
    session.flush()
    attempt.message_id = text_messages.alarm(session, attempt.call, alarm.order.number, now)
    if not attempt.is_last_resort:
        _plan(session, alarm, now + _policy(session, alarm.order).alarm_spacing, now)


def _dial(session: Session, attempt: AlarmAttempt, line: Line, now: datetime, *, maybe_dialled: bool) -> Dial:
    number = attempt.number or ""
    named = select(Call.carrier_call_id).where(Call.number == number, Call.carrier_call_id.is_not(None))
    known = frozenset(name for name in session.scalars(named) if name) if maybe_dialled else frozenset()
    session.flush()
    return Dial(attempt.id, attempt.token, line.number, number, maybe_dialled, attempt.rung_at or now, known)


def _give_up(session: Session, alarm: Alarm, now: datetime) -> Unanswered:
    """Nobody is left to tell: the supervisors at the top are, and a person finds it among the troubles."""
    if alarm.state == AlarmState.RINGING:
        alarm_state.happen(alarm, AlarmEvent.GIVE_UP, now)
        for supervisor in _supervisors_at_the_top(session, alarm.order):
            _plan(session, alarm, now, now, supervisor)
    return Unanswered()


def _supervisors_at_the_top(session: Session, order: Order) -> list[Target]:
    top = session.get_one(Unit, int(order.unit.path.strip("/").split("/")[0]))
    people = session.scalars(
        select(User)
        .join(UserRole, (UserRole.user_id == User.id) & (UserRole.role == Role.SUPERVISOR))
        .where(User.unit_id == top.id, User.is_active, User.phone.is_not(None))
        .order_by(User.id)
    )
    return [Target(user.phone, user, top) for user in people if user.phone is not None]


def _waits_in_vain(attempt: AlarmAttempt) -> bool:
    return attempt.state == RingState.PLANNED and not attempt.is_last_resort


def _is_overtaken(attempt: AlarmAttempt) -> bool:
    """While the carrier was away the next one's time came: that one is told, and not both at one moment."""
    return not attempt.is_last_resort and any(
        each.attempt_number > attempt.attempt_number and each.rung_at is not None and not each.is_last_resort
        for each in attempt.alarm.attempts
    )


def _resume(session: Session, alarm: Alarm, now: datetime) -> None:
    alarm_state.happen(alarm, AlarmEvent.RESUME, now)
    alarm.last_round = len(_told(alarm)) + _policy(session, alarm.order).alarm_rounds


def _line(session: Session, order: Order) -> Line | None:
    """The number that we ring from: the one that the caller knows, else any, since somebody must be told."""
    line = text_messages.line_for(session, order)
    if line is not None:
        return line
    return session.scalars(select(Line).where(Line.is_active).order_by(Line.id).limit(1)).one_or_none()


def _policy(session: Session, order: Order) -> Policy:
    return policy_for(session, order.unit)
