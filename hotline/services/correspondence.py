"""What people write to us, message by message: an answer to the callback, more about an open order, or a new matter."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, false, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from hotline.models import (
    Action,
    Channel,
    Direction,
    Line,
    MessageState,
    Order,
    Statement,
    SurveyAttempt,
    TextMessage,
    Unit,
)
from hotline.rules import correspondence
from hotline.rules.order_states import OPEN, OrderState, Remark
from hotline.rules.roles import DESK
from hotline.rules.survey_states import Step
from hotline.rules.wording import DEFAULT, text_for
from hotline.services import audit, intake, orders, surveys, text_messages
from hotline.services.access import SYSTEM, Actor, require_contents, require_role
from hotline.services.intake import Matter
from hotline.services.organisation import policy_for

LONGEST_LETTER = 500
_AN_HOUR, _A_DAY = timedelta(hours=1), timedelta(days=1)
# In an hour to one number.
_MOST_RECEIPTS = 6
_MOST_LOOKED_AT = 5

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
    order, attempt = _open_order(session, came, now)
    if correspondence.asks_to_stop(came.text):
        return _stop(session, came, message, order, attempt, now, zone)
    if order is not None:
        return _about(session, order, attempt, came, message, page_of, now, zone)
    ended = _just_ended(session, came, now) if correspondence.needs_no_answer(came.text) else None
    if ended is not None:
        message.order_id = ended.id
        return ended
    if not correspondence.says_something(came.text):
        _answer(session, came, message, "written_empty", now)
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


def told_in(statement: Statement) -> str:
    """What facts are taken from: of words that add to a matter, not those that only ask how it stands."""
    order = statement.order
    has_begun_it = not order.calls and statement.id == min(each.id for each in order.statements)
    return statement.text if has_begun_it else correspondence.beyond_chasing(statement.text)


def answer_on_page(
    session: Session, order: Order, text: str, message_id: str, asked: Step | None, now: datetime, zone: ZoneInfo
) -> bool:
    """Whoever has the order's page wrote there: an answer to the question `asked` on it, or more about the matter.

    It counts once for each `message_id`. False when nothing was done, since meanwhile another question is asked there,
    or the matter is over: whoever clicks twice has not answered the second question too.
    """
    attempt = surveys.attempt_in_writing(session, order, now)
    order = orders.lock(session, order.id)
    waits_at = attempt.step if attempt else None
    if _was_here(session, message_id):
        return True
    if waits_at != asked or (attempt is None and order.state not in OPEN):
        return False
    message = _on_page(session, order, text, message_id, now)
    if attempt is not None:
        _answered(session, order, attempt, Channel.WEB, message, now, zone)
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


def _open_order(session: Session, came: Written, now: datetime) -> tuple[Order | None, SurveyAttempt | None]:
    """The open order of whoever wrote, locked, and the attempt whose question waits there; the attempt first."""
    latest = session.execute(_latest_orders(session, came, now))
    found = next((into for order, into in latest if _takes(session, order, into, came, now)), None)
    if found is None:
        return None, None
    attempt = surveys.attempt_in_writing(session, found, now)
    order = orders.lock(session, found.id)
    return (order, attempt) if order.state in OPEN else (None, None)


def _takes(session: Session, order: Order, into: Order, came: Written, now: datetime) -> bool:
    """Whether a message of the sender may join theirs, or what it went into: a number in a form may be anybody's.

    But whoever is asked about such an order under that number may answer.
    """
    if order.channel != Channel.WEB or order.id in set(session.scalars(_written_about(came))):
        return True
    return surveys.question_in_writing(session, into, now) is not None


def _latest_orders(session: Session, came: Written, now: datetime) -> Select[Order, Order]:
    """The sender's orders that are open, newest first, each with the one that it went into at last, mostly itself.

    Those of late and of the same part of the organisation; while one waits for its callback, it is of late.
    """
    unit = session.get_one(Unit, came.unit_id)
    above = [int(part) for part in unit.path.strip("/").split("/")]
    near = select(Unit.id).where(or_(Unit.id.in_(above), Unit.path.startswith(unit.path)))
    lately = Order.received_at > now - policy_for(session, unit).repeated_within
    theirs = select(Order.id.label("own_id"), Order.id, Order.merged_into_id)
    way = theirs.where(_theirs(came), Order.intake_unit_id.in_(near)).cte("way", recursive=True)
    onward, into = aliased(Order), aliased(Order)
    further = select(way.c.own_id, onward.id, onward.merged_into_id).join(onward, onward.id == way.c.merged_into_id)
    way = way.union_all(further)
    return (
        select(Order, into)
        .join(way, way.c.own_id == Order.id)
        .join(into, into.id == way.c.id)
        .where(into.state.in_(OPEN), or_(lately, into.state == OrderState.RESOLVED))
        .order_by(Order.id.desc())
        .limit(_MOST_LOOKED_AT)
    )


def _theirs(came: Written) -> ColumnElement[bool]:
    """A condition on `Order`: the sender wrote about it, or it has the sender's telephone number."""
    # What a message channel calls people is no telephone number, however much it looks like one.
    rang = Order.number_to_ring == came.number if came.channel == Channel.TEXT else false()
    return or_(Order.id.in_(_written_about(came)), rang)


def _written_about(came: Written) -> Select[int | None]:
    return select(TextMessage.order_id).where(
        TextMessage.carrier == came.carrier,
        TextMessage.number == came.number,
        TextMessage.direction == Direction.INBOUND,
        TextMessage.order_id.is_not(None),
    )


def _just_ended(session: Session, came: Written, now: datetime) -> Order | None:
    """The sender's order that was closed within a day: whoever says thanks has nothing new."""
    found = select(Order).where(_theirs(came), Order.closed_at > now - _A_DAY, Order.state == OrderState.CLOSED)
    return session.scalars(found.order_by(Order.id.desc()).limit(1)).one_or_none()


def _stop(
    session: Session,
    came: Written,
    message: TextMessage,
    order: Order | None,
    attempt: SurveyAttempt | None,
    now: datetime,
    zone: ZoneInfo,
) -> Order | None:
    surveys.never_again(session, text_messages.name_of(came.carrier, came.number), now)
    if order is not None and surveys.asks_another(session, order, message):
        # On the order it would be its last message, and the next question would go to who wants none.
        attempt = order = None
    message.order_id = order.id if order else None
    if attempt is not None:
        surveys.refused_in_writing(session, attempt, now, zone)
    _answer(session, came, message, "written_stopped", now)
    return order


def _about(
    session: Session,
    order: Order,
    attempt: SurveyAttempt | None,
    came: Written,
    message: TextMessage,
    page_of: PageOf,
    now: datetime,
    zone: ZoneInfo,
) -> Order:
    message.order_id = order.id
    if attempt is not None:
        _answered(session, order, attempt, came.channel, message, now, zone)
        return order
    is_reminder = add(session, order, came.channel, came.text, message, now)
    key = "written_chased" if is_reminder else "written_added"
    _acknowledge(session, order, key, page_of, now)
    return order


def _answered(
    session: Session,
    order: Order,
    attempt: SurveyAttempt,
    channel: Channel,
    message: TextMessage,
    now: datetime,
    zone: ZoneInfo,
) -> None:
    if attempt.step == Step.ASK_REASON:
        # The reason why it is done again is what the handler must know, and may name a need of its own.
        intake.state(session, order, channel, message.body, now, message=message)
    surveys.written(session, attempt, message, now, zone)


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
    if _is_told_often(session, road.number, now):
        return
    state = text_messages.words(session, order, road, f"state_{order.state}")
    body = text_messages.words(session, order, road, key, page=page_of(order.status_token or ""), state=state)
    text_messages.write_to(session, order, text_messages.RECEIPT, body, now, road)


def _answer(session: Session, came: Written, message: TextMessage, key: str, now: datetime) -> None:
    """Answer what begins no order."""
    if _is_told_often(session, came.number, now):
        return
    line = session.get(Line, came.line_id) if came.line_id else None
    name = line.name if line else session.get_one(Unit, came.unit_id).name
    text_messages.answer(session, message, text_for(line.language if line else DEFAULT, key, line=name), now)


def _is_told_often(session: Session, number: str, now: datetime) -> bool:
    """Whether a machine may be at the other end, which answers each of our answers."""
    lately = select(func.count(TextMessage.id)).where(
        TextMessage.number == number, TextMessage.purpose == text_messages.RECEIPT, TextMessage.made_at > now - _AN_HOUR
    )
    return (session.scalar(lately) or 0) >= _MOST_RECEIPTS


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
