"""Orders that a person of ours types in: told at a desk, by another telephone or message, or at an outreach event."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hotline.models import Action, Channel, Order, OutreachEvent, Statement, Unit
from hotline.rules.facts import FactName
from hotline.rules.roles import REVIEWERS
from hotline.services import audit, facts, intake, outreach, web_forms
from hotline.services.access import Actor, require_role
from hotline.services.correspondence import PageOf
from hotline.services.intake import Matter

# Everything else comes in by itself.
CHANNELS = (Channel.DESK, Channel.EVENT, Channel.PHONE, Channel.TEXT)
OLDEST = timedelta(days=7)
# The same of the same person within so long, to the last field, is a second click.
_ONE_CLICK = timedelta(minutes=1)
# The clocks of browsers and of the service are never quite the same.
_AHEAD = timedelta(minutes=1)


class ReceivedAtError(ValueError):
    """In the future, or too long ago to be typed in now."""


class EventMissingError(ValueError):
    """What was told at an event names one, which the actor sees."""


@dataclass(frozen=True)
class Entry:
    """What was told, and what is known already; `phone` as it was typed, `stated` are facts by name."""

    channel: Channel
    text: str
    received_at: datetime
    phone: str = ""
    is_by_text: bool = False
    event_id: int | None = None
    stated: Mapping[FactName, Any] = field(default_factory=dict)


def enter(session: Session, entry: Entry, actor: Actor, page_of: PageOf, now: datetime, zone: ZoneInfo) -> Order:
    """The order of what was typed in; its clocks run from when it was told.

    Raises:
        NotAllowedError: neither call taker nor dispatcher nor supervisor.
        ReceivedAtError, EventMissingError
        hotline.services.web_forms.UnusableNumberError: no telephone has this number.
        hotline.services.facts.WrongFactError
    """
    require_role(actor, *REVIEWERS)
    number = web_forms.check_number(entry.phone)
    if not now - OLDEST <= entry.received_at <= now + _AHEAD:
        raise ReceivedAtError
    known = {name: value for name, value in {**entry.stated, FactName.PHONE: number}.items() if value}
    before = _entered_just_now(session, entry, known, actor, now)
    if before is not None:
        return before
    event = _event(session, entry, actor)
    matter = Matter(
        channel=entry.channel,
        unit=event.unit if event else _own_unit(session, actor),
        received_at=min(entry.received_at, now),
        number_to_ring=number,
        is_by_text=entry.is_by_text,
        outreach_event_id=event.id if event else None,
    )
    order = intake.receive(session, matter, now, zone)
    intake.state(session, order, entry.channel, entry.text, now, user_id=actor.user_id)
    audit.note(session, actor, Action.ORDER_ENTERED, now, subject="orders", subject_id=order.id)
    for name in FactName:
        if name in known:
            facts.confirm(session, order, name, known[name], actor, now, zone)
    if entry.is_by_text:
        web_forms.send_link(session, order, page_of, now)
    return order


def _entered_just_now(
    session: Session, entry: Entry, known: Mapping[FactName, Any], actor: Actor, now: datetime
) -> Order | None:
    """The order of the first of two clicks, for which the second one waits."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"entry {actor.user_id}"))))
    found = select(Statement).where(
        Statement.user_id == actor.user_id,
        Statement.made_at > now - _ONE_CLICK,
        Statement.channel == entry.channel,
        Statement.text == entry.text.strip(),
    )
    same = (each.order for each in session.scalars(found) if _tells(each, entry, known))
    return next(same, None)


def _tells(statement: Statement, entry: Entry, known: Mapping[FactName, Any]) -> bool:
    """Whether the statement was typed in with just what the entry holds: two people may ask for the same."""
    order = statement.order
    typed_in = {
        fact.name: fact.value
        for fact in order.facts
        if fact.user_id == statement.user_id and fact.made_at == statement.made_at
    }
    event_id = entry.event_id if entry.channel == Channel.EVENT else None
    return (
        typed_in == known
        and (order.outreach_event_id, order.is_by_text) == (event_id, entry.is_by_text)
        and order.received_at == min(entry.received_at, statement.made_at)
    )


def _event(session: Session, entry: Entry, actor: Actor) -> OutreachEvent | None:
    if entry.channel != Channel.EVENT:
        return None
    event = outreach.event_by_id(session, actor, entry.event_id) if entry.event_id else None
    if event is None:
        raise EventMissingError
    return event


def _own_unit(session: Session, actor: Actor) -> Unit:
    return session.scalars(select(Unit).where(Unit.path == actor.unit_path)).one()
