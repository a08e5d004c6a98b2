"""Hours to come in which nobody is on duty: found anew each time, and told to the unit's supervisor once a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, joinedload

from hotline.models import RosterWarning, Shift, Unit, User
from hotline.rules import roster
from hotline.rules.roles import Role
from hotline.rules.roster import Span
from hotline.services.access import Actor, require_role
from hotline.services.organisation import policy_for

# Who let the roster run out has a gap; who gave it up a month ago has none.
_STILL_KEPT = timedelta(days=31)


@dataclass(frozen=True)
class Gap:
    """A time in which nobody is on duty for the unit itself; a unit above it is asked then."""

    unit: Unit
    span: Span


def gaps_of(session: Session, unit: Unit, now: datetime, zone: ZoneInfo) -> list[Gap]:
    """The gaps from now on, as far ahead as the unit's policy says, within the hours that it promises."""
    policy = policy_for(session, unit)
    within = Span(now, now + policy.roster_look_ahead)
    wanted = roster.staffed(within, policy.roster_from, policy.roster_until, zone)
    return [Gap(unit, span) for span in roster.gaps(wanted, _covered(session, unit, within))]


def rostered_units(session: Session, now: datetime) -> Sequence[Unit]:
    """The units that keep a roster: those with a shift to come, or one that ended within the last month."""
    kept = select(Shift.unit_id).where(Shift.ends_at > now - _STILL_KEPT, Shift.cancelled_at.is_(None))
    return session.scalars(select(Unit).where(Unit.id.in_(kept)).order_by(Unit.path)).all()


def tell_gaps(session: Session, now: datetime, zone: ZoneInfo) -> int:
    """Write today's warning of each unit that has gaps, once for a local day; how many are new."""
    day = now.astimezone(zone).date()
    told = set(session.scalars(select(RosterWarning.unit_id).where(RosterWarning.day == day)))
    new = 0
    for unit in rostered_units(session, now):
        found = gaps_of(session, unit, now, zone) if unit.id not in told else []
        if found:
            row = insert(RosterWarning).values(unit_id=unit.id, day=day, gaps=_plain(found), told_at=now)
            once = row.on_conflict_do_nothing(index_elements=[RosterWarning.unit_id, RosterWarning.day])
            new += session.scalar(once.returning(RosterWarning.id)) is not None
    return new


def warnings(session: Session, actor: Actor, since: datetime) -> Sequence[RosterWarning]:
    """What was told since then about the units that the actor supervises and nobody has seen yet, oldest first.

    Raises:
        NotAllowedError
    """
    require_role(actor, Role.SUPERVISOR, Role.ADMINISTRATOR)
    return session.scalars(
        select(RosterWarning)
        .join(RosterWarning.unit)
        .where(
            RosterWarning.told_at >= since,
            RosterWarning.seen_at.is_(None),
            Unit.path.startswith(actor.unit_path, autoescape=True),
        )
        .order_by(RosterWarning.day, Unit.path)
        .options(joinedload(RosterWarning.unit))
    ).all()


def see_warning(session: Session, warning: RosterWarning, actor: Actor, now: datetime) -> None:
    """A supervisor has read it; the first one counts.

    Raises:
        NotAllowedError
    """
    require_role(actor, Role.SUPERVISOR, Role.ADMINISTRATOR)
    session.flush()  # a refresh forgets what was not written
    session.refresh(warning, with_for_update=True)
    if warning.seen_at is None and actor.user_id is not None:
        warning.seen_at, warning.seen_by_id = now, actor.user_id


def _covered(session: Session, unit: Unit, within: Span) -> list[Span]:
    rows = session.execute(
        select(Shift.begins_at, Shift.ends_at)
        .join(User, User.id == Shift.user_id)
        .where(
            Shift.unit_id == unit.id,
            Shift.begins_at < within.ends_at,
            Shift.ends_at > within.begins_at,
            Shift.cancelled_at.is_(None),
            User.is_active,
        )
    )
    return [Span(begins, ends) for begins, ends in rows]


def _plain(found: list[Gap]) -> list[dict[str, str]]:
    return [{"begins_at": gap.span.begins_at.isoformat(), "ends_at": gap.span.ends_at.isoformat()} for gap in found]
