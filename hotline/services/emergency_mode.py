"""Emergency mode: a unit and all below it answer by sharper limits for a time, with a reason and an end."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from hotline.models import Action, EmergencyMode, Order, Unit
from hotline.rules.clocks import Deadlines, Step, deadlines, earlier
from hotline.rules.order_states import Remark
from hotline.rules.roles import Role
from hotline.rules.supervision import TIMED
from hotline.services import audit, clocks, orders
from hotline.services.access import SYSTEM, Actor, NotAllowedError, reaches, require_role
from hotline.services.orders import ReasonMissingError

LONGEST = timedelta(days=31)


class UnusableEndError(ValueError):
    """An emergency mode ends later than now, and within a month: longer, it is no emergency but the rule."""


class AlreadyOnError(ValueError):
    """The unit is in emergency mode."""


class NotOnError(ValueError):
    """The unit is not in emergency mode of its own."""


def switch_on(
    session: Session,
    unit: Unit,
    reason: str,
    ends_at: datetime,
    actor: Actor,
    now: datetime,
    zone: ZoneInfo,
    *,
    includes_open: bool = False,
) -> EmergencyMode:
    """From now until `ends_at` the emergency limits count for whatever comes in.

    With `includes_open`, what is open already gets them too, counted from now and never later than they were.

    Raises:
        NotAllowedError, ReasonMissingError, UnusableEndError, AlreadyOnError
    """
    _check_allowed(session, unit, actor)
    if not reason.strip():
        raise ReasonMissingError("emergency mode")
    if not now < ends_at <= now + LONGEST:
        raise UnusableEndError(f"must end later than now, and within {LONGEST.days} days")
    if _current(session, unit, now) is not None:
        raise AlreadyOnError(f"{unit.name} is in emergency mode already")
    mode = EmergencyMode(
        unit=unit,
        reason=reason.strip(),
        includes_open=includes_open,
        started_at=now,
        ends_at=ends_at,
        user_id=actor.user_id,
    )
    session.add(mode)
    session.flush()
    _note(session, mode, "on", actor, now)
    if includes_open:
        for order in _open_below(session, unit):
            tighten(session, order, now, zone)
    return mode


def switch_off(session: Session, unit: Unit, actor: Actor, now: datetime) -> EmergencyMode:
    """End it before its time. What came in meanwhile keeps the deadlines that it was given.

    Raises:
        NotAllowedError, NotOnError
    """
    _check_allowed(session, unit, actor)
    mode = _current(session, unit, now)
    if mode is None:
        raise NotOnError(f"{unit.name} is not in emergency mode of its own")
    mode.ended_at, mode.ended_by_id = now, actor.user_id
    _note(session, mode, "off", actor, now)
    return mode


def tighten(session: Session, order: Order, now: datetime, zone: ZoneInfo) -> None:
    """Give an order from before an emergency mode that takes in what is open the mode's limits.

    What is done keeps what it was measured by; what stands still with a reason goes on doing so.
    """
    unit = session.get_one(Unit, order.intake_unit_id)
    mode = clocks.mode_at(session, unit, now)
    if mode is None or not mode.includes_open or order.clocks_started_at >= mode.started_at:
        return
    if order.state not in TIMED or order.paused_at is not None:
        return
    before, done = clocks.until(order), clocks.done(order)
    limits = clocks.limits_for(session, unit, order.urgency, mode.started_at, zone)
    sharper = deadlines(limits, mode.started_at, zone)
    open_only = Deadlines(
        sharper.accept_by if done[Step.ACCEPT] is None else None,
        sharper.contact_by if done[Step.CONTACT] is None else None,
        sharper.resolve_by,
    )
    after = earlier(before, open_only)
    if after != before:
        clocks.set_until(order, after)
        orders.remark(session, order, Remark.TIGHTENED, SYSTEM, now, reason=mode.reason)


def modes(session: Session, actor: Actor, now: datetime) -> Sequence[EmergencyMode]:
    """The modes that are on now in units that the actor reaches, newest first."""
    return session.scalars(
        select(EmergencyMode)
        .join(EmergencyMode.unit)
        .where(
            Unit.path.startswith(actor.unit_path, autoescape=True),
            EmergencyMode.ended_at.is_(None),
            EmergencyMode.ends_at > now,
        )
        .order_by(EmergencyMode.started_at.desc(), EmergencyMode.id.desc())
    ).all()


def touching(session: Session, actor: Actor, now: datetime) -> Sequence[EmergencyMode]:
    """The modes that are on now for the actor's unit, or for one below it; those from above first."""
    chain = [int(part) for part in actor.unit_path.strip("/").split("/") if part]
    below = Unit.path.startswith(actor.unit_path, autoescape=True)
    found = select(EmergencyMode).join(EmergencyMode.unit).options(contains_eager(EmergencyMode.unit))
    on = found.where(_is_on(now), or_(Unit.id.in_(chain), below))
    return session.scalars(on.order_by(func.length(Unit.path), EmergencyMode.id)).all()


def history(session: Session, unit: Unit, limit: int = 50) -> Sequence[EmergencyMode]:
    """The modes that were or are on for the unit, set by itself or above it, newest first."""
    chain = [int(part) for part in unit.path.strip("/").split("/")]
    who = (joinedload(EmergencyMode.unit), joinedload(EmergencyMode.user), joinedload(EmergencyMode.ended_by))
    found = select(EmergencyMode).where(EmergencyMode.unit_id.in_(chain)).options(*who)
    return session.scalars(found.order_by(EmergencyMode.started_at.desc(), EmergencyMode.id.desc()).limit(limit)).all()


def _is_on(now: datetime) -> ColumnElement[bool]:
    return func.coalesce(EmergencyMode.ended_at, EmergencyMode.ends_at) > now


def end_what_is_over(session: Session, now: datetime) -> None:
    """Write down the end of what ended by itself."""
    over = select(EmergencyMode).where(EmergencyMode.ended_at.is_(None), EmergencyMode.ends_at <= now)
    for mode in session.scalars(over.with_for_update(skip_locked=True)):
        mode.ended_at = mode.ends_at
        _note(session, mode, "over", SYSTEM, now)
    session.flush()


def _current(session: Session, unit: Unit, now: datetime) -> EmergencyMode | None:
    # Whoever switches it at the same moment waits for the unit's row.
    session.execute(select(Unit.id).where(Unit.id == unit.id).with_for_update(key_share=True))
    end_what_is_over(session, now)
    return session.scalars(
        select(EmergencyMode).where(
            EmergencyMode.unit_id == unit.id, or_(EmergencyMode.ended_at.is_(None), EmergencyMode.ended_at > now)
        )
    ).one_or_none()


def _open_below(session: Session, unit: Unit) -> Sequence[Order]:
    below = select(Unit.id).where(Unit.path.startswith(unit.path, autoescape=True))
    found = select(Order).where(Order.intake_unit_id.in_(below), Order.state.in_(TIMED)).order_by(Order.id)
    return session.scalars(found.with_for_update(key_share=True), execution_options={"populate_existing": True}).all()


def _check_allowed(session: Session, unit: Unit, actor: Actor) -> None:
    require_role(actor, Role.SUPERVISOR, Role.ADMINISTRATOR)
    if not reaches(session, actor, unit.id):
        raise NotAllowedError("the unit is none of the person's")


def _note(session: Session, mode: EmergencyMode, detail: str, actor: Actor, now: datetime) -> None:
    audit.note(
        session, actor, Action.EMERGENCY_MODE_SET, now, subject="emergency_modes", subject_id=mode.id, detail=detail
    )
