"""How a matter becomes a work order, whichever way it reached us: told to a line, written, typed in, passed on."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from hotline.models import Call, Channel, Line, Order, Statement, TextMessage, Unit, Work
from hotline.rules.clocks import deadlines
from hotline.rules.facts import Urgency
from hotline.rules.order_states import OrderState
from hotline.services import orders, outbox
from hotline.services.clocks import limits_for

# What somebody writes in one go, and a statement with all that a form asked beside it.
LONGEST_REQUEST = 5000
LONGEST_STATEMENT = 6000


@dataclass(frozen=True)
class Matter:
    """A matter as it came in.

    `unit` is whose line, page, desk or event it came in on; its clocks start at `received_at`. `number_to_ring` is a
    telephone number as carriers take it, if one is known. Who `is_by_text` is answered and asked in writing.
    """

    channel: Channel
    unit: Unit
    received_at: datetime
    number_to_ring: str | None = None
    is_by_text: bool = False
    outreach_event_id: int | None = None


def receive_call(session: Session, call: Call, now: datetime, zone: ZoneInfo) -> Order:
    """The order under the number that the caller was told; made when it isn't there yet.

    Its clocks start when the caller hung up, not when a machine was done with the recording.
    """
    if call.order_number is None or call.line_id is None:
        raise ValueError("a call without a line and a number has no order")
    unit = session.get_one(Unit, session.get_one(Line, call.line_id).unit_id)
    matter = Matter(Channel.PHONE, unit, call.ended_at or now, call.number)
    order = _open(session, matter, call.order_number, now, zone)
    call.order_id = order.id
    session.flush()
    return order


def receive(session: Session, matter: Matter, now: datetime, zone: ZoneInfo) -> Order:
    """A new order for what came otherwise than by a call; whoever wrote can follow it under its `status_token`."""
    number = orders.reserve_number(session, now, zone)
    order = _open(session, matter, number, now, zone)
    make_followable(order)
    session.flush()
    return order


def make_followable(order: Order) -> None:
    """Give the order a page of its own for its caller, if it has none."""
    order.status_token = order.status_token or secrets.token_urlsafe(32)


def state(
    session: Session,
    order: Order,
    channel: Channel,
    text: str,
    now: datetime,
    *,
    message: TextMessage | None = None,
    user_id: int | None = None,
) -> Statement:
    """Add what was written to the order, and have facts taken from it; `user_id` wrote it down for the caller."""
    statement = Statement(
        channel=channel,
        text=text.strip()[:LONGEST_STATEMENT],
        message=message,
        user_id=user_id,
        made_at=now,
    )
    order.statements.append(statement)
    session.flush()
    outbox.ask(session, Work.UNDERSTAND_STATEMENT, statement.id, now)
    return statement


def _open(session: Session, matter: Matter, number: str, now: datetime, zone: ZoneInfo) -> Order:
    received_at = matter.received_at
    limits = limits_for(session, matter.unit, Urgency.NORMAL, received_at, zone)
    until = deadlines(limits, received_at, zone)
    row = insert(Order).values(
        number=number,
        version=1,
        channel=matter.channel,
        state=OrderState.RECEIVED,
        urgency=Urgency.NORMAL,
        intake_unit_id=matter.unit.id,
        unit_id=matter.unit.id,
        number_to_ring=matter.number_to_ring,
        is_by_text=matter.is_by_text,
        outreach_event_id=matter.outreach_event_id,
        received_at=received_at,
        clocks_started_at=received_at,
        accept_by=until.accept_by,
        contact_by=until.contact_by,
        resolve_by=until.resolve_by,
        look_at=received_at,
    )
    new_id = session.scalar(row.on_conflict_do_nothing(index_elements=[Order.number]).returning(Order.id))
    order = orders.lock(session, session.scalars(select(Order.id).where(Order.number == number)).one())
    if new_id is not None:
        orders.note_received(session, order, now)
    return order
