"""Pauses: an order stands still for a while, with a reason and, as the unit has it, a supervisor's word."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from hotline.models import Action, Order, Pause, Unit
from hotline.rules import clocks as reckoning
from hotline.rules.order_states import Remark
from hotline.rules.policy import Policy
from hotline.rules.roles import Role
from hotline.rules.supervision import WORKED_ON, Obstacle, PauseState
from hotline.services import audit, clocks, orders
from hotline.services.access import SYSTEM, Actor, NotAllowedError, answers_for_order, reaches, supervises
from hotline.services.orders import ReasonMissingError
from hotline.services.organisation import policy_for


class CannotPauseError(ValueError):
    """The order cannot stand still, now or for so long; `why` and the message say why."""

    def __init__(self, why: Obstacle, message: str) -> None:
        super().__init__(message)
        self.why = why


class NotAskedError(ValueError):
    """The pause was decided or withdrawn before."""


class NotPausedError(ValueError):
    """The order does not stand still."""


def ask(
    session: Session, order: Order, until: datetime, reason: str, actor: Actor, now: datetime, zone: ZoneInfo
) -> Pause:
    """Ask that the order stand still until `until`; it does at once where nobody need approve.

    The order is locked (`orders.lock`). What was asked before and is not decided yet is withdrawn.

    Raises:
        NotAllowedError, ReasonMissingError, CannotPauseError
    """
    if not may_ask(session, order, actor):
        raise NotAllowedError("a handler of the unit that holds the order, or a supervisor, pauses it")
    if not reason.strip():
        raise ReasonMissingError("pause")
    _check_possible(session, order, until, now)
    clocks.withdraw_pause(order)
    session.flush()
    pause = Pause(
        run=clocks.run_of(order),
        state=PauseState.ASKED,
        reason=reason.strip(),
        user_id=actor.user_id,
        asked_at=now,
        until=until,
        zone=zone.key,
    )
    order.pauses.append(pause)
    if begins_at_once(session, order, actor):
        _begin(session, order, pause, actor, now)
    else:
        _write(session, order, Remark.PAUSE_ASKED, Action.PAUSE_ASKED, pause.reason, actor, now)
    return pause


def decide(session: Session, pause: Pause, actor: Actor, now: datetime, *, granted: bool, word: str = "") -> None:
    """Let the pause begin now, or refuse it, which needs a word. The order is locked (`orders.lock`).

    Raises:
        NotAllowedError, NotAskedError, ReasonMissingError
        CannotPauseError: granted, but it is not possible any more.
    """
    order = pause.order
    if not supervises(session, actor, order):
        raise NotAllowedError("a supervisor of the unit or above decides")
    session.refresh(pause, ["state"])
    if pause.state != PauseState.ASKED:
        raise NotAskedError("this pause was decided or withdrawn before")
    if not granted and not word.strip():
        raise ReasonMissingError("refusal")
    if granted:
        _check_possible(session, order, pause.until, now)
    pause.decided_by_id, pause.decided_at, pause.word = actor.user_id, now, word.strip() or None
    if granted:
        _begin(session, order, pause, actor, now)
    else:
        pause.state = PauseState.REFUSED
        _write(session, order, Remark.PAUSE_REFUSED, Action.PAUSE_DECIDED, pause.word, actor, now)


def resume(session: Session, order: Order, actor: Actor, now: datetime) -> None:
    """Let the clocks run on before the pause's own end. The order is locked (`orders.lock`).

    Raises:
        NotAllowedError, NotPausedError
    """
    if not may_ask(session, order, actor):
        raise NotAllowedError("a handler of the unit that holds the order, or a supervisor, resumes it")
    if order.paused_at is None:
        raise NotPausedError("the order does not stand still")
    _end(session, order, PauseState.RESUMED, actor, now)


def end_if_over(session: Session, order: Order, now: datetime) -> bool:
    """Let the clocks of a locked order run on from the pause's own end, once that has come; whether it had."""
    pause = clocks.running_pause(order)
    if pause is None or pause.until > now:
        return False
    _end(session, order, PauseState.EXPIRED, SYSTEM, now)
    return True


def to_decide(session: Session, actor: Actor) -> Sequence[Pause]:
    """The pauses that wait for the word of a supervisor such as the actor, oldest first."""
    found = _to_decide(select(Pause), actor).order_by(Pause.asked_at, Pause.id)
    holder = joinedload(Pause.order).options(joinedload(Order.unit), joinedload(Order.handler))
    return session.scalars(found.options(holder, joinedload(Pause.user))).all()


def count_to_decide(session: Session, actor: Actor) -> int:
    """How many `to_decide` gives."""
    return session.scalar(_to_decide(select(func.count(Pause.id)), actor)) or 0


def _to_decide(found: Select[Any], actor: Actor) -> Select[Any]:
    return found.join(Pause.order).where(Pause.state == PauseState.ASKED, answers_for_order(actor))


def may_ask(session: Session, order: Order, actor: Actor) -> bool:
    """Whether the actor may ask for a pause of this order, and end one."""
    is_handler = Role.HANDLER in actor.roles and reaches(session, actor, order.unit_id)
    return is_handler or supervises(session, actor, order)


def is_possible(session: Session, order: Order, now: datetime) -> bool:
    """Whether the order could stand still now, be it for a moment."""
    try:
        _check_possible(session, order, now + datetime.resolution, now)
    except CannotPauseError:
        return False
    return True


def begins_at_once(session: Session, order: Order, actor: Actor) -> bool:
    """Whether a pause that the actor asks for waits for nobody's word."""
    return supervises(session, actor, order) or not _policy(session, order).pause_needs_approval


def left_to_pause(session: Session, order: Order, now: datetime) -> timedelta:
    """How long the present run of work may still stand still."""
    return max(_policy(session, order).longest_pause - stood_still(order, now), timedelta())


def stood_still(order: Order, now: datetime) -> timedelta:
    """How long the present run of work was paused so far."""
    of_run = [each for each in order.pauses if each.run == clocks.run_of(order) and each.started_at]
    return sum(((each.ended_at or now) - each.started_at for each in of_run if each.started_at), timedelta())


def _check_possible(session: Session, order: Order, until: datetime, now: datetime) -> None:
    if order.state not in WORKED_ON:
        raise CannotPauseError(
            Obstacle.NOT_WORKED_ON, "only an order that somebody signed for and works on can stand still"
        )
    if order.paused_at is not None:
        raise CannotPauseError(Obstacle.STANDS_STILL, "the order stands still already")
    if until <= now:
        raise CannotPauseError(Obstacle.ENDS_TOO_EARLY, "a pause ends later than now")
    longest = _policy(session, order).longest_pause
    if stood_still(order, now) + (until - now) > longest:
        days = longest / timedelta(days=1)
        raise CannotPauseError(Obstacle.TOO_LONG, f"all pauses together may last {days:g} days at most")
    running = reckoning.all_running(clocks.until(order), clocks.done(order))
    if not any(step in reckoning.PAUSABLE and due > now for step, due in running):
        raise CannotPauseError(Obstacle.NOTHING_TO_STOP, "no limit is left that a pause could stop")


def _policy(session: Session, order: Order) -> Policy:
    return policy_for(session, session.get_one(Unit, order.intake_unit_id))


def _begin(session: Session, order: Order, pause: Pause, actor: Actor, now: datetime) -> None:
    clocks.stop(order, pause, clocks.counting_for(session, order, ZoneInfo(pause.zone)), now)
    _write(session, order, Remark.PAUSED, Action.PAUSE_DECIDED, pause.word or pause.reason, actor, now)


def _end(session: Session, order: Order, ending: PauseState, actor: Actor, now: datetime) -> None:
    clocks.let_go(session, order, ending, actor, now)
    _write(session, order, Remark.RESUMED, Action.PAUSE_ENDED, None, actor, now)


def _write(
    session: Session, order: Order, kind: Remark, action: Action, reason: str | None, actor: Actor, now: datetime
) -> None:
    orders.remark(session, order, kind, actor, now, reason=reason)
    audit.note(session, actor, action, now, subject="orders", subject_id=order.id, detail=kind.value)
