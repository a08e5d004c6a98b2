"""Text messages to callers and our own people: written once for each occasion, sent, followed to delivery."""

from datetime import datetime

import phonenumbers
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from hotline.models import Call, Direction, Line, MessageState, TextMessage, Work
from hotline.rules.wording import text_for
from hotline.services import outbox

ORDER_NUMBER = "order_number"
EMERGENCY_ALARM = "emergency_alarm"


def tell_order_number(session: Session, call: Call, now: datetime) -> None:
    """Write the caller the number of the order, when the phone can show it; once for each call."""
    line = call.line
    if line is None or call.number is None or call.order_number is None or not _takes_texts(call.number):
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


def sent(message: TextMessage, carrier_message_id: str, now: datetime) -> None:
    """The carrier took it."""
    message.carrier_message_id = carrier_message_id
    message.sent_at = now
    if message.state == MessageState.WAITING:
        message.state = MessageState.SENT


_ENDED = frozenset({MessageState.DELIVERED, MessageState.FAILED})


def reported(session: Session, message_id: int, state: MessageState, trouble: str | None) -> None:
    """What the carrier says of a message; an ending is final, and what is none of ours is passed over."""
    message = session.get(TextMessage, message_id, with_for_update=True)
    if message is not None and message.state not in _ENDED:
        message.state = state
        message.trouble = trouble


def _takes_texts(number: str) -> bool:
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return False
    kinds = {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE}
    return phonenumbers.number_type(parsed) in kinds
