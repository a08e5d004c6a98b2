"""Where an order's alarm stands, and what a move of the order means for it."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline.models import Action, Alarm, AlarmAttempt, Order, Work
from hotline.rules import alarms
from hotline.rules.alarms import LIVE, AlarmEvent, AlarmState, Way
from hotline.rules.order_states import OPEN, Move
from hotline.services import audit, outbox
from hotline.services.access import Actor

# Whoever does this deals with the order, even where a program does it in somebody's name.
_DEALT_WITH = frozenset({Move.ACCEPT, Move.CONTACT})


def of(session: Session, order: Order) -> Alarm | None:
    """The alarm of the order's present run of work, locked; it is locked after the order, as a round is."""
    found = select(Alarm).where(Alarm.order_id == order.id, Alarm.run == len(order.past_clocks))
    locked = found.with_for_update(key_share=True)
    return session.scalars(locked, execution_options={"populate_existing": True}).one_or_none()


def happen(alarm: Alarm, event: AlarmEvent, now: datetime) -> None:
    """Move the alarm on, and keep when it ended."""
    alarm.state = alarms.alarm_after(alarm.state, event)
    has_ended = alarm.state in {AlarmState.ACKNOWLEDGED, AlarmState.OVER}
    alarm.ended_at = (alarm.ended_at or now) if has_ended else None


def acknowledge(session: Session, alarm: Alarm, way: Way, user_id: int | None, actor: Actor, now: datetime) -> bool:
    """Somebody has taken the emergency on; False when somebody was quicker, or there is none any more."""
    if alarm.state not in LIVE:
        return False
    alarm.way, alarm.acknowledged_by_id = way, user_id
    happen(alarm, AlarmEvent.ACKNOWLEDGE, now)
    order_id, detail = alarm.order_id, way.value
    audit.note(session, actor, Action.ALARM_ACKNOWLEDGED, now, subject="orders", subject_id=order_id, detail=detail)
    _settle_troubles(session, alarm, now)
    return True


def end(session: Session, alarm: Alarm, now: datetime) -> None:
    """There is no emergency any more."""
    if alarm.state in LIVE:
        happen(alarm, AlarmEvent.END, now)
        _settle_troubles(session, alarm, now)


def follow(session: Session, order: Order, chosen: Move, actor: Actor, now: datetime) -> None:
    """The order was moved: who moved it has seen it, and what is not open any more alarms nobody."""
    alarm = of(session, order)
    if alarm is None or alarm.state not in LIVE:
        return
    if order.state not in OPEN:
        end(session, alarm, now)
    elif not actor.is_system or chosen in _DEALT_WITH:
        user_id = order.handler_id if actor.is_system else actor.user_id
        acknowledge(session, alarm, Way.MOVE, user_id, actor, now)


def _settle_troubles(session: Session, alarm: Alarm, now: datetime) -> None:
    """What nobody had answered is no trouble any more. Its attempts are left alone: they are locked before an order."""
    session.flush()
    attempts = select(AlarmAttempt.id).where(AlarmAttempt.alarm_id == alarm.id)
    outbox.lay_to_rest(session, Work.RING_ALARM, attempts, now)
