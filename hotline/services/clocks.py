"""The stored clocks of an order: how long each step may take, and what pauses and moves make of the deadlines."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hotline.models import Approval, EmergencyMode, Extension, Order, Pause, Unit
from hotline.rules import clocks
from hotline.rules.calendar import Counting
from hotline.rules.clocks import Deadlines, Left, Step
from hotline.rules.facts import Urgency
from hotline.rules.order_states import Move, OrderState
from hotline.rules.policy import Limits
from hotline.rules.supervision import TIMED, WORKED_ON, ApprovalState, ExtensionState, PauseState
from hotline.services.access import Actor
from hotline.services.calendar import working_time
from hotline.services.organisation import policy_for


def limits_for(session: Session, unit: Unit, urgency: Urgency, at: datetime, zone: ZoneInfo) -> Limits:
    """How long each step may take for clocks of the unit that start at `at`, in emergency mode or out of it."""
    policy = policy_for(session, unit)
    limits = (policy.emergency_mode if mode_at(session, unit, at) else policy.limits)[urgency]
    if not limits.in_working_time:
        return limits
    return replace(limits, counting=working_time(session, unit, policy, at, zone))


def mode_at(session: Session, unit: Unit, at: datetime) -> EmergencyMode | None:
    """The emergency mode of the unit, or of one above it, that was on at `at`; the one that began last."""
    chain = [int(part) for part in unit.path.strip("/").split("/")]
    return session.scalars(
        select(EmergencyMode)
        .where(
            EmergencyMode.unit_id.in_(chain),
            EmergencyMode.started_at <= at,
            func.coalesce(EmergencyMode.ended_at, EmergencyMode.ends_at) > at,
        )
        .order_by(EmergencyMode.started_at.desc(), EmergencyMode.id.desc())
        .limit(1)
    ).one_or_none()


def until(order: Order) -> Deadlines:
    """The deadlines of the present run."""
    return Deadlines(order.accept_by, order.contact_by, order.resolve_by)


def done(order: Order) -> dict[Step, datetime | None]:
    """When each step of the present run was done; a result that waits for a supervisor's word is one that is done."""
    resolved_at = order.resolved_at or order.reported_at
    return {Step.ACCEPT: order.accepted_at, Step.CONTACT: order.contacted_at, Step.RESOLVE: resolved_at}


def wakes(order: Order) -> bool:
    """Whether people are told of its limits at any hour: an emergency, as long as not only a word about it is due."""
    return order.urgency == Urgency.EMERGENCY and order.reported_at is None


def set_until(order: Order, deadlines: Deadlines) -> None:
    """Give the order these deadlines; supervision looks at it anew, as long as anybody has to act on it."""
    order.accept_by, order.contact_by, order.resolve_by = (
        deadlines.accept_by,
        deadlines.contact_by,
        deadlines.resolve_by,
    )
    order.look_at = order.clocks_started_at if order.state in TIMED else None


def run_of(order: Order) -> int:
    """Which run of work is the present one: 0 until the first reopening."""
    return len(order.past_clocks)


def running_pause(order: Order) -> Pause | None:
    """The pause that stops the clocks now."""
    return _pending(order, PauseState.RUNNING) if order.paused_at else None


def asked_pause(order: Order) -> Pause | None:
    """The pause that waits for a supervisor's word."""
    return _pending(order, PauseState.ASKED)


def asked_extension(order: Order) -> Extension | None:
    """The request for more time that waits for a supervisor's word."""
    return next((each for each in order.extensions if each.state == ExtensionState.ASKED), None)


def asked_approval(order: Order) -> Approval | None:
    """The result that waits for a supervisor's word."""
    return next((each for each in order.approvals if each.state == ApprovalState.ASKED), None)


def _pending(order: Order, state: PauseState) -> Pause | None:
    return next((each for each in order.pauses if each.state == state), None)


def counting_for(session: Session, order: Order, zone: ZoneInfo) -> Counting:
    """How time counts for the order's present clocks."""
    unit = session.get_one(Unit, order.intake_unit_id)
    return limits_for(session, unit, order.urgency, order.clocks_started_at, zone).counting


def stop(order: Order, pause: Pause, counting: Counting, now: datetime) -> None:
    """Let the pause begin: what is left is kept, and the deadlines stand until it ends."""
    pause.state, pause.started_at, order.paused_at = PauseState.RUNNING, now, now
    _keep_left(order, pause, counting)
    order.look_at = now


def let_go(session: Session, order: Order, ending: PauseState, actor: Actor, now: datetime) -> None:
    """End the pause that runs, if one does: what was left begins to run now, or did when the pause's own end came."""
    pause = running_pause(order)
    if pause is None:
        return
    at = min(now, pause.until)
    set_until(order, _moved_by(session, order, pause, at))
    pause.state, pause.ended_at, pause.ended_by_id = ending, at, actor.user_id
    order.paused_at = None


def _moved_by(session: Session, order: Order, pause: Pause, now: datetime) -> Deadlines:
    counting = counting_for(session, order, ZoneInfo(pause.zone))
    return clocks.resumed(until(order), Left(pause.contact_left, pause.resolve_left), now, counting)


def _keep_left(order: Order, pause: Pause, counting: Counting) -> None:
    assert pause.started_at is not None  # noqa: S101 - only what runs keeps anything
    left = clocks.left_at(until(order), done(order), pause.started_at, counting)
    pause.contact_left, pause.resolve_left = left.contact, left.resolve


def reckon_anew(order: Order, fresh: Deadlines, counting: Counting) -> None:
    """Give the order other deadlines that were reckoned from the start, moved by the pauses of the present run.

    What had run out when a pause began stays run out. Who spoke with the caller in a pause that still runs did so in
    the time that was left.
    """
    of_run = [pause for pause in order.pauses if pause.run == run_of(order)]
    over = [(each.started_at, each.ended_at) for each in of_run if each.started_at and each.ended_at]
    set_until(order, clocks.after_pauses(fresh, done(order), over, counting))
    pause = running_pause(order)
    if pause is None or pause.started_at is None:
        return
    if order.contacted_at is not None:
        so_far = [(pause.started_at, min(order.contacted_at, pause.until))]
        order.contact_by = clocks.after_pauses(until(order), done(order), so_far, counting).contact_by
    _keep_left(order, pause, counting)


def follow(session: Session, order: Order, before: OrderState, chosen: Move, actor: Actor, now: datetime) -> None:
    """What a move, made but for its time, means for pauses and requests; called before the time is noted.

    A pause ends with any move out of the state in which it began. Who speaks with the caller in the middle of a pause
    has done so in the time that was left.
    """
    order.look_at = now if order.state in TIMED else None
    pause = running_pause(order)
    if order.state != before:
        withdraw_pause(order)
        withdraw_approval(order)
        if order.state not in WORKED_ON:
            withdraw_extension(order)
        let_go(session, order, PauseState.MOVED_ON, actor, now)
        order.look_at = now if order.state in TIMED else None
    elif pause is not None and chosen == Move.CONTACT and pause.contact_left is not None:
        order.contact_by = _moved_by(session, order, pause, min(now, pause.until)).contact_by
        pause.contact_left = None


def withdraw_pause(order: Order) -> None:
    """Nobody need decide about a pause any more."""
    pause = asked_pause(order)
    if pause is not None:
        pause.state = PauseState.WITHDRAWN


def withdraw_extension(order: Order) -> None:
    """Nobody need decide about more time any more."""
    extension = asked_extension(order)
    if extension is not None:
        extension.state = ExtensionState.WITHDRAWN


def withdraw_approval(order: Order) -> None:
    """Nobody need decide about a result any more; it is as if it had not been reported."""
    approval = asked_approval(order)
    if approval is not None:
        approval.state = ApprovalState.WITHDRAWN
    order.reported_at = order.decide_by = None
