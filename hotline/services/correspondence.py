"""What people write to us, message by message: an answer to the callback, more about an open order, or a new matter."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import false, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from hotline.models import Action, Channel, Direction, Line, MessageState, Order, TextMessage, Unit
from hotline.rules import correspondence
from hotline.rules.order_states import OPEN, OrderState, Remark
from hotline.rules.roles import DESK
from hotline.rules.survey_states import Step
from hotline.rules.wording import text_for
from hotline.services import audit, intake, orders, surveys, text_messages
from hotline.services.access import SYSTEM, Actor, require_contents, require_role
from hotline.services.intake import Matter
from hotline.services.organisation import policy_for
from hotline.services.text_messages import Road

LONGEST_LETTER = 500

# The address of the page on which whoever wrote sees how the matter stands, by its token.
PageOf = Callable[[str], str]


class NoRoadError(ValueError):
    """The order's caller can be reached by no message."""


class EmptyLetterError(ValueError):
    """A letter without words."""


@dataclass(frozen=True)
class Written:
    """A message to us: `message_id` and `number` are the carrier's names for it and for whoever wrote.

    `unit_id` is whose line or channel it came to.
    """

    carrier: str
    message_id: str
    number: str
    unit_id: int
    line_id: int | None
    channel: Channel
    text: str
    written_at: datetime


def take(session: Session, came: Written, page_of: PageOf, now: datetime, zone: ZoneInfo) -> Order | None:
    """Do what the message is for, once however often it is told; the order that it is about, if it is about one."""
    _one_after_the_other(session, came)
    message = _keep(session, came, now)
    if message is None:
        return None
    road = Road(came.carrier, came.number, session.get(Line, came.line_id) if came.line_id else None)
    if correspondence.asks_to_stop(came.text):
        surveys.never_again(session, came.number, now)
        _answer(session, came, message, "written_stopped", road, now)
        return None
    order = open_order_of(session, came, now)
    if order is not None:
        return _about(session, order, came, message, page_of, now, zone)
    if not correspondence.says_something(came.text):
        _answer(session, came, message, "written_empty", road, now)
        return None
    return _begin(session, came, message, page_of, now, zone)


def add(session: Session, order: Order, channel: Channel, text: str, message: TextMessage, now: datetime) -> bool:
    """More about an open order from its caller; whether it was a reminder (催办)."""
    is_reminder = correspondence.chases(text)
    intake.state(session, order, channel, text, now, message=message)
    orders.remark(session, order, Remark.CHASED if is_reminder else Remark.SUPPLEMENTED, SYSTEM, now)
    if order.state == OrderState.RESOLVED:
        # Whoever writes again before being asked has something to say about the result.
        surveys.ask_by_person(order, now)
    return is_reminder


def answer_on_page(
    session: Session, order: Order, text: str, message_id: str, asked: Step | None, now: datetime, zone: ZoneInfo
) -> bool:
    """Whoever has the order's page wrote there: an answer to the question `asked` on it, or more about the matter.

    It counts once for each `message_id`. False when nothing was done, since meanwhile another question is asked there,
    or the matter is over: whoever clicks twice has not answered the second question too.
    """
    attempt = surveys.attempt_in_writing(session, order)
    order = orders.lock(session, order.id)
    waits_at = attempt.step if attempt else None
    if _was_here(session, message_id):
        return True
    if waits_at != asked or (attempt is None and order.state not in OPEN):
        return False
    message = _on_page(session, order, text, message_id, now)
    if attempt is not None:
        surveys.written(session, attempt, message, now, zone)
    else:
        add(session, order, Channel.WEB, text, message, now)
    return True


def write(session: Session, order: Order, text: str, actor: Actor, now: datetime) -> TextMessage:
    """A letter of one of ours to the order's caller.

    Raises:
        NotAllowedError: neither at the desk nor the one who handles the order, or it is secret to the actor.
        NoRoadError, EmptyLetterError
    """
    if order.handler_id is None or order.handler_id != actor.user_id:
        require_role(actor, *DESK)
    require_contents(actor, order)
    body = text.strip()[:LONGEST_LETTER]
    if not correspondence.says_something(body):
        raise EmptyLetterError
    road = text_messages.road_to(session, order)
    if road is None:
        raise NoRoadError
    line = road.line or text_messages.line_for(session, order)
    signed = f"【{line.name}】{body}" if line and road.carrier == text_messages.TELEPHONE else body
    message = text_messages.write_to(session, order, text_messages.LETTER, signed, now, road)
    orders.remark(session, order, Remark.WROTE, actor, now)
    audit.note(session, actor, Action.LETTER_WRITTEN, now, subject="orders", subject_id=order.id)
    return message


def serve_by_text(session: Session, order: Order, actor: Actor, now: datetime, *, is_by_text: bool) -> None:
    """Whether the caller is asked and told in writing, who cannot speak or hear.

    Raises:
        NotAllowedError
    """
    require_role(actor, *DESK)
    require_contents(actor, order)
    if order.is_by_text != is_by_text:
        order.is_by_text = is_by_text
        orders.remark(session, order, Remark.BY_TEXT if is_by_text else Remark.BY_VOICE, actor, now)


def open_order_of(session: Session, came: Written, now: datetime) -> Order | None:
    """The latest open order of whoever wrote, if it came in lately; locked."""
    unit = session.get_one(Unit, came.unit_id)
    wrote = select(TextMessage.order_id).where(
        TextMessage.carrier == came.carrier, TextMessage.number == came.number, TextMessage.order_id.is_not(None)
    )
    # What a message channel calls people is no telephone number, however much it looks like one.
    rang = Order.number_to_ring == came.number if came.channel == Channel.TEXT else false()
    theirs = or_(Order.id.in_(wrote), rang)
    lately = Order.received_at > now - policy_for(session, unit).repeated_within
    found = session.scalar(
        select(Order.id)
        .where(theirs, or_(lately, Order.state == OrderState.RESOLVED), Order.state.in_(OPEN))
        .order_by(Order.id.desc())
        .limit(1)
    )
    return orders.lock(session, found) if found is not None else None


def _about(
    session: Session,
    order: Order,
    came: Written,
    message: TextMessage,
    page_of: PageOf,
    now: datetime,
    zone: ZoneInfo,
) -> Order:
    message.order_id = order.id
    attempt = surveys.attempt_in_writing(session, order)
    if attempt is not None:
        surveys.written(session, attempt, message, now, zone)
        return order
    is_reminder = add(session, order, came.channel, came.text, message, now)
    key = "written_chased" if is_reminder else "written_added"
    _acknowledge(session, order, key, page_of, now)
    return order


def _begin(
    session: Session, came: Written, message: TextMessage, page_of: PageOf, now: datetime, zone: ZoneInfo
) -> Order:
    unit = session.get_one(Unit, came.unit_id)
    number = came.number if came.channel == Channel.TEXT else None
    matter = Matter(came.channel, unit, min(came.written_at, now), number, is_by_text=True)
    order = intake.receive(session, matter, now, zone)
    message.order_id = order.id
    intake.state(session, order, came.channel, came.text, now, message=message)
    _acknowledge(session, order, "written_received", page_of, now)
    return order


def _acknowledge(session: Session, order: Order, key: str, page_of: PageOf, now: datetime) -> None:
    session.flush()
    road = text_messages.road_to(session, order)
    if road is None:
        raise NoRoadError
    intake.make_followable(order)
    state = text_messages.words(session, order, road, f"state_{order.state}")
    body = text_messages.words(session, order, road, key, page=page_of(order.status_token or ""), state=state)
    text_messages.write_to(session, order, text_messages.RECEIPT, body, now, road)


def _answer(session: Session, came: Written, message: TextMessage, key: str, road: Road, now: datetime) -> None:
    """Answer what begins no order."""
    name = road.line.name if road.line else session.get_one(Unit, came.unit_id).name
    body = text_for(road.line.language if road.line else "", key, line=name)
    text_messages.answer(session, message, body, now)


def _one_after_the_other(session: Session, came: Written) -> None:
    """Two messages of one writer at the same moment are one matter, so the second waits for what the first begins."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"{came.carrier} {came.number}"))))


def _keep(session: Session, came: Written, now: datetime) -> TextMessage | None:
    """The message as it came; None when it was here before."""
    row = insert(TextMessage).values(
        direction=Direction.INBOUND,
        purpose=text_messages.WRITTEN,
        carrier=came.carrier,
        carrier_message_id=came.message_id,
        line_id=came.line_id,
        number=came.number,
        body=came.text,
        state=MessageState.DELIVERED,
        made_at=now,
    )
    once = row.on_conflict_do_nothing(index_elements=[TextMessage.carrier, TextMessage.carrier_message_id])
    new_id = session.scalar(once.returning(TextMessage.id))
    return session.get_one(TextMessage, new_id) if new_id is not None else None


def _was_here(session: Session, message_id: str) -> bool:
    found = select(TextMessage.id).where(
        TextMessage.carrier == text_messages.ON_PAGE, TextMessage.carrier_message_id == message_id
    )
    return session.scalar(found) is not None


def _on_page(session: Session, order: Order, text: str, message_id: str, now: datetime) -> TextMessage:
    message = TextMessage(
        direction=Direction.INBOUND,
        purpose=text_messages.WRITTEN,
        carrier=text_messages.ON_PAGE,
        carrier_message_id=message_id,
        order_id=order.id,
        number="",
        body=text.strip()[: intake.LONGEST_REQUEST],
        state=MessageState.DELIVERED,
        made_at=now,
    )
    session.add(message)
    session.flush()
    return message
