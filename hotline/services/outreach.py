"""Outreach events (宣传活动): the days on which people are listened to on a market square or in a community."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, joinedload

from hotline.models import Action, OutreachEvent, Unit
from hotline.rules.roles import REVIEWERS
from hotline.services import audit
from hotline.services.access import Actor, NotAllowedError, reaches, require_role

LONGEST_NAME = 120
# What was told at an event may be typed in for so long after it; one that is to come is chosen on its eve.
_BACK = timedelta(days=7)
_AHEAD = timedelta(days=1)


class EventExistsError(ValueError):
    """The unit has an event of that name on that day."""


def add(session: Session, name: str, held_on: date, unit: Unit, actor: Actor, now: datetime) -> OutreachEvent:
    """A new event of the unit.

    Raises:
        EventExistsError
        NotAllowedError: also where the unit is not the actor's own or below it.
    """
    require_role(actor, *REVIEWERS)
    if not reaches(session, actor, unit.id):
        raise NotAllowedError("the unit is none of the person's")
    row = insert(OutreachEvent).values(unit_id=unit.id, name=name.strip(), held_on=held_on, made_at=now)
    new_id = session.scalar(row.on_conflict_do_nothing().returning(OutreachEvent.id))
    if new_id is None:
        raise EventExistsError(name)
    audit.note(session, actor, Action.EVENT_ADDED, now, subject="outreach_events", subject_id=new_id)
    return session.get_one(OutreachEvent, new_id)


def of_late(session: Session, actor: Actor, now: datetime, zone: ZoneInfo) -> Sequence[OutreachEvent]:
    """The events of the actor's unit and those below it at which an order may have been taken, the latest first."""
    today = now.astimezone(zone).date()
    found = select(OutreachEvent).join(OutreachEvent.unit).options(joinedload(OutreachEvent.unit))
    near = OutreachEvent.held_on.between(today - _BACK, today + _AHEAD)
    return session.scalars(
        found.where(Unit.path.startswith(actor.unit_path, autoescape=True), near).order_by(*_LATEST_FIRST)
    ).all()


def event_by_id(session: Session, actor: Actor, event_id: int) -> OutreachEvent | None:
    """The event, if the actor sees its unit."""
    found = (
        select(OutreachEvent)
        .join(OutreachEvent.unit)
        .where(OutreachEvent.id == event_id, Unit.path.startswith(actor.unit_path, autoescape=True))
    )
    return session.scalars(found).one_or_none()


_LATEST_FIRST = (OutreachEvent.held_on.desc(), OutreachEvent.id.desc())
