"""Text messages to callers and our own people: written once for each occasion, sent, followed to delivery.

Who wrote by a message channel is answered there; who has no telephone that shows texts reads the page of the order.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

import phonenumbers
from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from hotline.models import Call, Channel, Direction, Line, MessageState, Order, TextMessage, Unit, Work
from hotline.rules.wording import DEFAULT, text_for
from hotline.services import outbox

ORDER_NUMBER = "order_number"
EMERGENCY_ALARM = "emergency_alarm"
# As long as the column of those who opted out.
LONGEST_NAME = 64
WRITTEN = "written"  # by whoever has a matter
RECEIPT = "receipt"  # at once, for what was written
SURVEY = "survey"
LETTER = "letter"  # by one of ours to a caller

# The telephone's own messages; every other name is that of a message channel.
TELEPHONE = "twilio"
# What nobody carries: it stands on the order's own page.
ON_PAGE = "page"
_BEGUN_BY_MESSAGE = frozenset({Channel.TEXT, Channel.SOCIAL})


@dataclass(frozen=True)
class Road:
    """How somebody is reached in writing: by which carrier, under which number or name, from which line of ours."""

    carrier: str
    number: str
    line: Line | None = None


def tell_order_number(session: Session, call: Call, now: datetime) -> None:
    """Write the caller the number of the order, when the phone can show it; once for each call."""
    line = call.line
    if line is None or call.number is None or call.order_number is None or not takes_texts(call.number):
        return
    body = text_for(line.language, "sms_order_number", line=line.name, number=call.order_number)
    _write(session, call, line, ORDER_NUMBER, call.number, body, now)


def alarm(session: Session, call: Call, order_number: str, now: datetime) -> int | None:
    """Tell whom `call` rings that an order is an emergency; the number alone, since a text is read by anybody.

    It is tried whatever kind of number that is: a refusal is seen among the troubles.
    """
    if call.line is None or call.number is None:
        return None
    body = text_for(call.line.language, "sms_emergency", line=call.line.name, number=order_number)
    return _write(session, call, call.line, EMERGENCY_ALARM, call.number, body, now)


def _write(session: Session, call: Call, line: Line, purpose: str, number: str, body: str, now: datetime) -> int | None:
    """The id of the new message; None when this call has one for the purpose already."""
    row = insert(TextMessage).values(
        direction=Direction.OUTBOUND,
        purpose=purpose,
        carrier=call.carrier,
        line_id=line.id,
        call_id=call.id,
        number=number,
        body=body,
        state=MessageState.WAITING,
        made_at=now,
    )
    new_id = session.scalar(
        row.on_conflict_do_nothing(index_elements=[TextMessage.call_id, TextMessage.purpose]).returning(TextMessage.id)
    )
    if new_id is not None:
        outbox.ask(session, Work.SEND_MESSAGE, new_id, now)
    return new_id


def road_to(session: Session, order: Order) -> Road | None:
    """How the order's caller is reached in writing: as they wrote last, else by telephone, else on the order's page."""
    wrote = session.scalars(_carried_to_us(order).order_by(TextMessage.id.desc()).limit(1)).one_or_none()
    if wrote is not None:
        return Road(wrote.carrier, wrote.number, wrote.line)
    line = line_for(session, order)
    if order.number_to_ring and line and takes_texts(order.number_to_ring):
        return Road(TELEPHONE, order.number_to_ring, line)
    return Road(ON_PAGE, "") if order.status_token else None


def is_of_caller(session: Session, order: Order, carrier: str, number: str) -> bool:
    """Whether who has this number, or this name at a channel, is the order's caller: rung there, or began it there.

    Others may write about it too, once an order of theirs was merged into it.
    """
    if carrier == TELEPHONE and number == order.number_to_ring:
        return True
    if order.channel not in _BEGUN_BY_MESSAGE:
        return False
    first = session.scalars(_carried_to_us(order).order_by(TextMessage.id).limit(1)).one_or_none()
    return first is not None and (first.carrier, first.number) == (carrier, number)


def _carried_to_us(order: Order) -> Select[TextMessage]:
    return select(TextMessage).where(
        TextMessage.order_id == order.id,
        TextMessage.direction == Direction.INBOUND,
        TextMessage.carrier != ON_PAGE,
    )


def name_of(carrier: str, number: str) -> str:
    """Under which somebody is known who wants no messages: a name at a channel is no telephone number."""
    if carrier == TELEPHONE:
        return number
    name = f"{carrier}:{number}"
    return name if len(name) <= LONGEST_NAME else hashlib.sha256(name.encode()).hexdigest()


def write_to(session: Session, order: Order, purpose: str, body: str, now: datetime, road: Road) -> TextMessage:
    """Write to the order's caller; what stands on the order's page has arrived."""
    message = TextMessage(
        direction=Direction.OUTBOUND,
        purpose=purpose,
        carrier=road.carrier,
        line=road.line,
        order_id=order.id,
        number=road.number,
        body=body,
        state=MessageState.DELIVERED if road.carrier == ON_PAGE else MessageState.WAITING,
        made_at=now,
    )
    session.add(message)
    session.flush()
    if road.carrier != ON_PAGE:
        outbox.ask(session, Work.SEND_MESSAGE, message.id, now)
    return message


def answer(session: Session, message: TextMessage, body: str, now: datetime) -> None:
    """Write back to whoever wrote what is about no order."""
    reply = TextMessage(
        direction=Direction.OUTBOUND,
        purpose=RECEIPT,
        carrier=message.carrier,
        line_id=message.line_id,
        number=message.number,
        body=body,
        state=MessageState.WAITING,
        made_at=now,
    )
    session.add(reply)
    session.flush()
    outbox.ask(session, Work.SEND_MESSAGE, reply.id, now)


def tell_one_of_ours(session: Session, line: Line, purpose: str, number: str, body: str, now: datetime) -> None:
    """Write to the telephone of a person of ours, for an occasion that `purpose` names."""
    message = TextMessage(
        direction=Direction.OUTBOUND,
        purpose=purpose,
        carrier=TELEPHONE,
        line=line,
        number=number,
        body=body,
        state=MessageState.WAITING,
        made_at=now,
    )
    session.add(message)
    session.flush()
    outbox.ask(session, Work.SEND_MESSAGE, message.id, now)


def words(session: Session, order: Order, road: Road, key: str, **fields: str) -> str:
    """The text of `key` as the order's caller knows us: in the language and under the name of the line or channel."""
    line = road.line or line_for(session, order)
    name = line.name if line else session.get_one(Unit, order.intake_unit_id).name
    return text_for(line.language if line else DEFAULT, key, line=name, number=order.number, **fields)


def line_for(session: Session, order: Order) -> Line | None:
    """The number that the caller knows us by: the one that was dialled, else that of the nearest unit that has one."""
    for call in order.calls:
        if call.line is not None:
            return call.line
    return line_of(session, session.get_one(Unit, order.intake_unit_id))


def line_of(session: Session, unit: Unit) -> Line | None:
    """The number of the unit, or of the nearest one above it that has one."""
    above = [int(part) for part in unit.path.strip("/").split("/")]
    lines = session.scalars(select(Line).where(Line.unit_id.in_(above), Line.is_active).order_by(Line.id)).all()
    return max(lines, key=lambda line: (above.index(line.unit_id), -line.id), default=None)


def sent(message: TextMessage, carrier_message_id: str, now: datetime) -> None:
    """The carrier took it."""
    message.carrier_message_id = carrier_message_id
    message.sent_at = now
    if message.state == MessageState.WAITING:
        message.state = MessageState.SENT


_ENDED = frozenset({MessageState.DELIVERED, MessageState.FAILED})


def reported(session: Session, message_id: int, state: MessageState, trouble: str | None) -> TextMessage | None:
    """What the carrier says of a message; an ending is final, and what is none of ours is passed over.

    The message, if it has failed with this.
    """
    message = session.get(TextMessage, message_id, with_for_update=True)
    if message is None or message.state in _ENDED:
        return None
    message.state = state
    message.trouble = trouble
    return message if state == MessageState.FAILED else None


def takes_texts(number: str) -> bool:
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return False
    kinds = {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE}
    return phonenumbers.number_type(parsed) in kinds
