"""Outreach events as a page lists them, with what was taken in at each."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from hotline.models import Order, OutreachEvent, Unit
from hotline.services.access import Actor
from hotline.services.desk.paging import Page, page_of


@dataclass(frozen=True)
class EventsDesk:
    """Some events, the latest first, and how many orders came of each."""

    page: Page[OutreachEvent]
    orders: Mapping[int, int]


def listed(session: Session, actor: Actor, number: int) -> EventsDesk:
    """The events of the actor's unit and of those below it."""
    found = select(OutreachEvent).join(OutreachEvent.unit).where(Unit.path.startswith(actor.unit_path, autoescape=True))
    latest_first = found.order_by(OutreachEvent.held_on.desc(), OutreachEvent.id.desc())
    page = page_of(session, latest_first.options(joinedload(OutreachEvent.unit)), number)
    ids = [event.id for event in page.rows]
    counted = (
        select(Order.outreach_event_id, func.count())
        .where(Order.outreach_event_id.in_(ids))
        .group_by(Order.outreach_event_id)
    )
    return EventsDesk(page, {event_id: count for event_id, count in session.execute(counted) if event_id})
