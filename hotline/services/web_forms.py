"""The form with which anybody asks for help on the web: one order for each, however often it is sent."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from hotline.models import Channel, Direction, MessageState, Order, TextMessage, Unit
from hotline.services import intake, organisation, text_messages
from hotline.services.correspondence import PageOf
from hotline.services.facts import dialled_from_anywhere
from hotline.services.intake import Matter
from hotline.services.orders import BODIES

# Anybody can name anybody's number, who then hears from us no more often than this in a day.
_MOST_RECEIPTS = 3
_A_DAY = timedelta(days=1)


class UnusableNumberError(ValueError):
    """No telephone has this number."""


@dataclass(frozen=True)
class Place:
    """Whose form it is; `hotline` is the number to ring instead, if there is one."""

    unit_id: int
    name: str
    hotline: str | None


@dataclass(frozen=True)
class WebForm:
    """What was filled in. `key` is of this one form, and nobody else's: its sender cannot choose it."""

    key: str
    unit_id: int
    text: str
    address: str = ""
    caller_name: str = ""
    phone: str = ""
    wants_text: bool = False


def place_of(session: Session, code: str | None) -> Place | None:
    """The unit of that code, the topmost without one; None where nobody takes requests."""
    wanted = code or organisation.topmost(session)
    unit = organisation.unit_by_code(session, wanted) if wanted and wanted.isprintable() else None
    if unit is None or unit.level in BODIES:
        return None
    line = text_messages.line_of(session, unit)
    return Place(unit.id, unit.name, line.number if line else None)


def check_number(phone: str) -> str | None:
    """The number as carriers take it; None when none was given.

    Raises:
        UnusableNumberError
    """
    if not phone.strip():
        return None
    number = dialled_from_anywhere(phone)
    if number is None:
        raise UnusableNumberError
    return number


def take(session: Session, form: WebForm, page_of: PageOf, now: datetime, zone: ZoneInfo) -> Order:
    """The order of the form: a new one, or that which the same form made before.

    Who leaves no telephone, or asks for it, is served in writing to the end.

    Raises:
        UnusableNumberError
    """
    number = check_number(form.phone)
    message = _keep(session, form, now)
    if message.order_id is not None:
        return session.get_one(Order, message.order_id)
    unit = session.get_one(Unit, form.unit_id)
    matter = Matter(Channel.WEB, unit, now, number, is_by_text=form.wants_text or number is None)
    order = intake.receive(session, matter, now, zone)
    message.order_id = order.id
    intake.state(session, order, Channel.WEB, _as_statement(form), now, message=message)
    send_link(session, order, page_of, now)
    return order


def order_of(session: Session, token: str) -> Order:
    """The order under the token that its form got."""
    return session.scalars(select(Order).where(Order.status_token == token)).one()


def send_link(session: Session, order: Order, page_of: PageOf, now: datetime) -> None:
    """Write the order's number and page to whoever can be written to otherwise than on that page."""
    road = text_messages.road_to(session, order)
    if road is None or road.carrier == text_messages.ON_PAGE or _is_told_often(session, road.number, now):
        return
    body = text_messages.words(session, order, road, "written_received", page=page_of(order.status_token or ""))
    text_messages.write_to(session, order, text_messages.RECEIPT, body, now, road)


def _keep(session: Session, form: WebForm, now: datetime) -> TextMessage:
    """The form as it came; the one that was kept before when this is the same again."""
    name = _name_of(form)
    row = insert(TextMessage).values(
        direction=Direction.INBOUND,
        purpose=text_messages.WRITTEN,
        carrier=text_messages.ON_PAGE,
        carrier_message_id=name,
        number="",
        body=form.text.strip()[: intake.LONGEST_REQUEST],
        state=MessageState.DELIVERED,
        made_at=now,
    )
    session.execute(row.on_conflict_do_nothing(index_elements=[TextMessage.carrier, TextMessage.carrier_message_id]))
    found = select(TextMessage).where(
        TextMessage.carrier == text_messages.ON_PAGE, TextMessage.carrier_message_id == name
    )
    return session.scalars(found).one()


def _name_of(form: WebForm) -> str:
    """What was changed before it was sent again is another request."""
    said = [form.key, form.unit_id, form.text, form.address, form.caller_name, form.phone, form.wants_text]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _as_statement(form: WebForm) -> str:
    """The request, then what the other fields tell, as reviewers and the machine read it."""
    told = (("地址", form.address), ("姓名", form.caller_name), ("电话", form.phone))
    lines: Sequence[str] = [f"{name}：{value.strip()}" for name, value in told if value.strip()]
    return "\n".join([form.text.strip(), *lines])


def _is_told_often(session: Session, number: str, now: datetime) -> bool:
    lately = select(func.count()).where(
        TextMessage.number == number,
        TextMessage.purpose == text_messages.RECEIPT,
        TextMessage.made_at > now - _A_DAY,
    )
    return (session.scalar(lately) or 0) >= _MOST_RECEIPTS
