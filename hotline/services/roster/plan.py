"""Shifts as they are planned: nobody is on duty twice at once, and whoever planned them is on record."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from hotline.models import Action, Shift, Unit, User
from hotline.rules.roles import Role
from hotline.rules.roster import Post, Span
from hotline.services import audit
from hotline.services.access import Actor, NotAllowedError

PLANNERS = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})


class OverlapError(ValueError):
    """The person is on duty at that time already."""

    def __init__(self, shift: Shift) -> None:
        super().__init__(f"{shift.user.login} is on duty for {shift.unit.code} at that time already")
        self.shift = shift
        # As they are now: the shift itself is forgotten with the transaction.
        self.name, self.unit, self.span = shift.user.name, shift.unit.name, shift.span


class PastShiftError(ValueError):
    """The shift is over: what was, stays on record."""


def plan(session: Session, unit: Unit, user: User, post: Post, span: Span, actor: Actor, now: datetime) -> Shift:
    """Put a person on duty.

    Raises:
        OverlapError, PastShiftError, NotAllowedError
    """
    check_planner(unit, actor)
    lock_people(session, [user.id])
    if span.ends_at <= now:
        raise PastShiftError("the shift would be over already")
    clash = clash_of(session, user.id, span)
    if clash is not None:
        raise OverlapError(clash)
    shift = make(session, unit, user, post, span, actor, now)
    session.flush()
    audit.note(session, actor, Action.SHIFT_PLANNED, now, subject="shifts", subject_id=shift.id, detail=user.login)
    return shift


def cancel(session: Session, shift: Shift, actor: Actor, now: datetime) -> None:
    """Nobody is on duty in this shift; cancelled twice, nothing more happens.

    Raises:
        PastShiftError, NotAllowedError
    """
    check_planner(shift.unit, actor)
    if shift.ends_at <= now:
        raise PastShiftError("the shift is over")
    if shift.cancelled_at is None:
        shift.cancelled_at = now
        detail = shift.user.login
        audit.note(session, actor, Action.SHIFT_CANCELLED, now, subject="shifts", subject_id=shift.id, detail=detail)


def shifts(session: Session, unit: Unit, within: Span) -> Sequence[Shift]:
    """The unit's shifts that touch the time, in order of their beginning."""
    return session.scalars(
        select(Shift)
        .where(
            Shift.unit_id == unit.id,
            Shift.begins_at < within.ends_at,
            Shift.ends_at > within.begins_at,
            Shift.cancelled_at.is_(None),
        )
        .order_by(Shift.begins_at, Shift.id)
        .options(joinedload(Shift.user))
    ).all()


def shift_to_change(session: Session, actor: Actor, shift_id: int) -> Shift | None:
    """The actor's own shift, or one of a unit that the actor sees, locked until the transaction ends."""
    shift = session.scalars(
        select(Shift).where(Shift.id == shift_id).with_for_update(), execution_options={"populate_existing": True}
    ).one_or_none()
    if shift is None or not (shift.user_id == actor.user_id or shift.unit.path.startswith(actor.unit_path)):
        return None
    return shift


def make(session: Session, unit: Unit, user: User, post: Post, span: Span, actor: Actor, now: datetime) -> Shift:
    """The row alone; whoever calls has the people locked and has looked for clashes."""
    shift = Shift(
        unit=unit,
        user=user,
        planned_user=user,
        post=post,
        begins_at=span.begins_at,
        ends_at=span.ends_at,
        made_at=now,
        made_by_id=actor.user_id,
    )
    session.add(shift)
    return shift


def may_plan(unit: Unit, actor: Actor) -> bool:
    """Whether the actor plans the unit's shifts: a supervisor or administrator of it or of one above it."""
    return actor.is_system or (bool(actor.roles & PLANNERS) and unit.path.startswith(actor.unit_path))


def check_planner(unit: Unit, actor: Actor) -> None:
    """Pass whoever may plan for the unit.

    Raises:
        NotAllowedError: otherwise.
    """
    if not may_plan(unit, actor):
        raise NotAllowedError("shifts are planned by a supervisor or administrator of the unit or of one above it")


def lock_people(session: Session, user_ids: Iterable[int]) -> None:
    """Whoever else plans for one of them waits until the transaction ends; everybody takes them in one order."""
    session.flush()
    wanted = sorted(set(user_ids))
    session.execute(select(User.id).where(User.id.in_(wanted)).order_by(User.id).with_for_update(key_share=True))


def clash_of(session: Session, user_id: int, span: Span, *, but: frozenset[int] = frozenset()) -> Shift | None:
    """A shift of the person that overlaps the time, other than `but`."""
    return session.scalars(
        select(Shift)
        .where(
            Shift.user_id == user_id,
            Shift.begins_at < span.ends_at,
            Shift.ends_at > span.begins_at,
            Shift.cancelled_at.is_(None),
            Shift.id.not_in(but),
        )
        .order_by(Shift.begins_at)
        .limit(1)
    ).one_or_none()
