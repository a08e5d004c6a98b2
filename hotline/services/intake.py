"""How a matter becomes a work order: once for each number told to a caller, whatever the recording turned out to be."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from hotline.models import Call, Channel, Line, Order, Unit
from hotline.rules.clocks import deadlines
from hotline.rules.facts import Urgency
from hotline.rules.order_states import OrderState
from hotline.services import orders
from hotline.services.clocks import limits_for


def receive_call(session: Session, call: Call, now: datetime, zone: ZoneInfo) -> Order:
    """The order under the number that the caller was told; made when it isn't there yet.

    Its clocks start when the caller hung up, not when a machine was done with the recording.
    """
    if call.order_number is None or call.line_id is None:
        raise ValueError("a call without a line and a number has no order")
    line = session.get_one(Line, call.line_id)
    unit = session.get_one(Unit, line.unit_id)
    received_at = call.ended_at or now
    until = deadlines(limits_for(session, unit, Urgency.NORMAL, received_at, zone), received_at, zone)
    row = insert(Order).values(
        number=call.order_number,
        version=1,
        channel=Channel.PHONE,
        state=OrderState.RECEIVED,
        urgency=Urgency.NORMAL,
        intake_unit_id=unit.id,
        unit_id=unit.id,
        number_to_ring=call.number,
        received_at=received_at,
        clocks_started_at=received_at,
        accept_by=until.accept_by,
        contact_by=until.contact_by,
        resolve_by=until.resolve_by,
        look_at=received_at,
    )
    new_id = session.scalar(row.on_conflict_do_nothing(index_elements=[Order.number]).returning(Order.id))
    order = orders.lock(session, session.scalars(select(Order.id).where(Order.number == call.order_number)).one())
    if new_id is not None:
        orders.note_received(session, order, now)
    call.order_id = order.id
    session.flush()
    return order
