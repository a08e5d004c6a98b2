"""The page of one order for whoever wrote: how the matter stands, what was written, and a word more.

Whoever has the address sees it, so it tells no more than its reader wrote or was written: no names of ours, no reasons,
no telephone number, and no door.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline.models import Channel, Direction, Order, OrderEvent, TextMessage
from hotline.rules.facts import FactName
from hotline.rules.order_states import OPEN, Move, OrderState
from hotline.rules.survey_states import Step
from hotline.services import correspondence, surveys, text_messages
from hotline.services.hiding import HIDDEN, without_numbers

# For so long after its end an order's page tells more than its state.
TOLD_FOR = timedelta(days=30)

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
# What happens among ourselves is no step of the matter; steps are told of no merge but one that was undone.
_WITHIN = frozenset({Move.RETURN, Move.TAKE_BACK, Move.REWORK, Move.MERGE, Move.UNMERGE})
_SHOWN = frozenset({text_messages.WRITTEN, text_messages.LETTER, text_messages.SURVEY})
_HIDDEN_WORDS = HIDDEN * 3


@dataclass(frozen=True)
class Passed:
    """A step that the matter has taken; no move: it was received."""

    move: Move | None
    at: datetime


@dataclass(frozen=True)
class Said:
    """What was written, by us or to us."""

    text: str
    at: datetime
    is_ours: bool


@dataclass(frozen=True)
class StatusPage:
    """All that the page tells; of what ended long ago, and of what is dealt with elsewhere, only where it stands.

    `question` waits for an answer, which may be given on the page; `goes_on_as` is the number of the order into which
    this one was merged, whose state is told then.
    """

    token: str
    number: str
    state: OrderState
    received_at: datetime
    unit_name: str
    hotline: str | None
    goes_on_as: str | None
    is_old: bool
    steps: Sequence[Passed]
    said: Sequence[Said]
    question: Step | None
    takes_more: bool


def page(session: Session, token: str, now: datetime) -> StatusPage | None:
    """The page under that token; None when there is none."""
    order = _order_of(session, token)
    if order is None:
        return None
    present = _present(session, order)
    ended_at = _ended_at(order)
    is_old = ended_at is not None and now - ended_at > TOLD_FOR
    tells_all = present is order and not is_old
    question = surveys.question_in_writing(session, order, now) if tells_all else None
    line = text_messages.line_for(session, order)
    return StatusPage(
        token=token,
        number=order.number,
        state=present.state,
        received_at=order.received_at,
        unit_name=line.name if line else order.intake_unit.name,
        hotline=line.number if line else None,
        goes_on_as=present.number if present is not order else None,
        is_old=is_old,
        steps=_steps(order.history) if tells_all else (),
        said=_said(order) if tells_all else (),
        question=question,
        takes_more=tells_all and (order.state in OPEN or question is not None),
    )


def write(
    session: Session, token: str, text: str, key: str, asked: Step | None, now: datetime, zone: ZoneInfo
) -> bool | None:
    """What was written on the page that showed the question `asked`, sent with the form named `key`.

    False when the page has gone on meanwhile, so that its reader looks at it again; None when there is no such page.
    """
    order = _order_of(session, token)
    if order is None:
        return None
    name = hashlib.sha256(f"{token} {key} {asked} {text}".encode()).hexdigest()
    return correspondence.answer_on_page(session, order, text, name, asked, now, zone)


def _order_of(session: Session, token: str) -> Order | None:
    if not _TOKEN.fullmatch(token):
        return None
    return session.scalars(select(Order).where(Order.status_token == token)).one_or_none()


def _ended_at(order: Order) -> datetime | None:
    if order.state == OrderState.INVALID:
        return max(event.at for event in order.history if event.move is not None)
    return order.closed_at


def _present(session: Session, order: Order) -> Order:
    """The order under which the matter is dealt with: itself, or the last of those into which it was merged."""
    while order.merged_into_id is not None:
        order = session.get_one(Order, order.merged_into_id)
    return order


def _steps(history: Iterable[OrderEvent]) -> list[Passed]:
    """The moves that tell something to whoever waits; the first contact of each run of work, not every talk."""
    steps: list[Passed] = []
    has_contact = False
    for event in history:
        if event.remark is not None or event.move in _WITHIN or (event.move == Move.CONTACT and has_contact):
            continue
        has_contact = event.move != Move.REOPEN and (has_contact or event.move == Move.CONTACT)
        steps.append(Passed(event.move, event.at))
    return steps


def _said(order: Order) -> list[Said]:
    hidden = _private_words(order)
    return [
        Said(_without(_shown(message), hidden), message.made_at, message.direction == Direction.OUTBOUND)
        for message in order.messages
        if message.purpose in _SHOWN and _is_for_the_page(order, message)
    ]


def _is_for_the_page(order: Order, message: TextMessage) -> bool:
    """Anybody can write anybody's number into a form: its page shows what was written there, not by that telephone."""
    is_inbound = message.direction == Direction.INBOUND
    return not is_inbound or order.channel != Channel.WEB or message.carrier == text_messages.ON_PAGE


def _shown(message: TextMessage) -> str:
    # A letter may name a number of ours to ring.
    return message.body if message.direction == Direction.OUTBOUND else without_numbers(message.body)


def _private_words(order: Order) -> list[str]:
    """How the door and the telephone were written, longest first."""
    words = {order.number_to_ring or "", (order.number_to_ring or "").removeprefix("+86")}
    for fact in order.facts:
        if fact.name in {FactName.ADDRESS, FactName.PHONE}:
            words |= {str(fact.value or ""), *(str(piece["text"]) for piece in fact.evidence)}
    return sorted(filter(None, words), key=len, reverse=True)


def _without(text: str, hidden: Sequence[str]) -> str:
    for words in hidden:
        text = text.replace(words, _HIDDEN_WORDS)
    return text
