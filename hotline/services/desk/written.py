"""What was written about an order, both ways and in its order: statements, letters, questions and answers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from hotline.models import Action, Direction, MessageState, Order, Statement
from hotline.rules.roles import DESK
from hotline.services import audit
from hotline.services.access import Actor


@dataclass(frozen=True)
class Written:
    """One piece of writing: a statement, or a message with its purpose and, of ours, how far it came."""

    at: datetime
    text: str
    is_ours: bool
    statement: Statement | None = None
    purpose: str = ""
    state: MessageState | None = None
    trouble: str | None = None


def of_order(order: Order) -> Sequence[Written]:
    """All that was written, the first on top; a message that is a statement stands there once."""
    return sorted([*_statements(order), *_messages(order)], key=lambda each: each.at)


def may_write(order: Order, actor: Actor) -> bool:
    """Whether the actor may write to the order's caller."""
    return bool(actor.roles & DESK) or (order.handler_id is not None and order.handler_id == actor.user_id)


def note_statements_seen(session: Session, actor: Actor, order: Order, now: datetime) -> None:
    """Write down that the actor reads what the caller wrote, or had written down."""
    seen = [each.id for each in order.statements]
    audit.note_looks(session, actor, Action.TRANSCRIPT_SEEN, now, subject="statements", subject_ids=seen)


def _statements(order: Order) -> Iterator[Written]:
    for each in order.statements:
        yield Written(each.made_at, each.text, is_ours=False, statement=each)


def _messages(order: Order) -> Iterator[Written]:
    stated = {each.message_id for each in order.statements}
    for each in order.messages:
        if each.id in stated:
            continue
        is_ours = each.direction == Direction.OUTBOUND
        state = each.state if is_ours else None
        yield Written(each.made_at, each.body, is_ours, purpose=each.purpose, state=state, trouble=each.trouble)
