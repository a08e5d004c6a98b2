"""The talk of an alarm's call: what is heard, the one key that counts, and what the carrier reports of the line."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from hotline.models import AlarmAttempt
from hotline.rules import alarms
from hotline.rules.alarms import CONFIRM_KEY, LIVE, Did, RingEvent, RingState, Say, Way
from hotline.rules.survey_states import AttemptEvent
from hotline.rules.wording import DEFAULT
from hotline.services import alarm_state, receipts
from hotline.services.access import SYSTEM, actor_for
from hotline.services.alarms.chain import happen, hurry, name_call, sees
from hotline.services.receipts import Told

# What is noted of a key that ends no alarm.
UNSEEN = "pressed 1 without seeing the order"


class WrongNumberError(Exception):
    """The webhook tells of another telephone than the one that was rung."""


@dataclass(frozen=True)
class Heard:
    """What the person who was rung hears now, and all that the words need."""

    token: str
    say: Say
    language: str
    line_name: str
    order_number: str


def picked_up(session: Session, attempt: AlarmAttempt, told: Told, now: datetime) -> Heard:  # noqa: ARG001 - as its neighbours
    """Somebody answered.

    Raises:
        WrongNumberError
    """
    _check(attempt, told)
    name_call(attempt, told.call_id)
    happen(attempt, RingEvent.PICK_UP, now)
    _say_if_over(attempt)
    return _heard(attempt)


def keyed(session: Session, attempt: AlarmAttempt, told: Told, key: str, now: datetime) -> Heard:
    """A key was pressed, or none (`""`). However late, the right one counts as long as nobody else has the emergency.

    Of a guest on the roster, who could not even open the order, it is noted only, and the next one is told.

    Raises:
        WrongNumberError
    """
    _check(attempt, told)
    if receipts.first_time(session, "voice", told.call_id, told.event, told, now) is None:
        return _heard(attempt)
    name_call(attempt, told.call_id)
    _say_if_over(attempt)
    if attempt.alarm.state in LIVE:
        _answer(session, attempt, key, now)
    return _heard(attempt)


def progressed(
    session: Session, attempt: AlarmAttempt, event: RingEvent, now: datetime, *, duration_s: int | None = None
) -> None:
    """What the carrier reports of the call's course; after an ending, nothing changes any more."""
    before = attempt.state
    happen(attempt, event, now)
    if event in {RingEvent.RING, RingEvent.PICK_UP}:
        return
    if attempt.call is not None and attempt.call.ended_at is None:
        attempt.call.ended_at, attempt.call.duration_s = now, duration_s
    if before != attempt.state == RingState.FAILED:
        hurry(session, attempt, now)


_EVENTS: Mapping[AttemptEvent, RingEvent] = {
    AttemptEvent.RING: RingEvent.RING,
    AttemptEvent.PICK_UP: RingEvent.PICK_UP,
    AttemptEvent.HANG_UP: RingEvent.HANG_UP,
    AttemptEvent.MACHINE: RingEvent.HANG_UP,
    AttemptEvent.NO_ANSWER: RingEvent.NO_ANSWER,
    AttemptEvent.BUSY: RingEvent.BUSY,
}


def event_of(told: AttemptEvent) -> RingEvent:
    """What the carrier's word on a call that we placed means for one of these."""
    return _EVENTS.get(told, RingEvent.FAIL)


def _answer(session: Session, attempt: AlarmAttempt, key: str, now: datetime) -> None:
    if key != CONFIRM_KEY:
        attempt.says = alarms.say_after(attempt.says, Did.NOTHING)
        return
    if not sees(session, attempt):
        attempt.says = alarms.say_after(attempt.says, Did.CONFIRMED_IN_VAIN)
        attempt.trouble = UNSEEN
        hurry(session, attempt, now)
        return
    attempt.says = alarms.say_after(attempt.says, Did.CONFIRMED)
    happen(attempt, RingEvent.CONFIRM, now)
    actor = actor_for(attempt.user) if attempt.user is not None else SYSTEM
    alarm_state.acknowledge(session, attempt.alarm, Way.KEY, attempt.user_id, actor, now)


def _say_if_over(attempt: AlarmAttempt) -> None:
    if attempt.alarm.state not in LIVE and attempt.says != Say.THANKS:
        attempt.says = Say.OVER


def _check(attempt: AlarmAttempt, told: Told) -> None:
    """Only the telephone that was rung answers for the person; the call's name proves nothing, it may be rung twice."""
    if attempt.number is None or told.dialled != attempt.number:
        raise WrongNumberError


def _heard(attempt: AlarmAttempt) -> Heard:
    line = attempt.call.line if attempt.call else None
    return Heard(
        token=attempt.token,
        say=attempt.says,
        language=line.language if line else DEFAULT,
        line_name=line.name if line else "",
        order_number=attempt.alarm.order.number,
    )
