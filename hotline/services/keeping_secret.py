"""Orders that became one by merging are secret together: each shows what stands in the others."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, select, update
from sqlalchemy.orm import Session

from hotline.models import Action, Order, UnclearedOrder
from hotline.rules.order_states import Remark
from hotline.services import audit, history
from hotline.services.access import Actor


def family(session: Session, order: Order) -> Sequence[Order]:
    """The order, which the caller has locked, then the one that it went into at last and all that went into that."""
    session.flush()
    found = select(Order).where(Order.id.in_(members(Order.id == order.id)), Order.id != order.id).order_by(Order.id)
    locked = found.with_for_update(of=Order, key_share=True)
    return [order, *session.scalars(locked, execution_options={"populate_existing": True})]


def members(chosen: ColumnElement[bool]) -> Select[int]:
    """The ids of the orders that `chosen` holds of, and of all that became one with each."""
    root = select(Order.id, Order.merged_into_id).where(chosen).cte("upwards", recursive=True)
    root = root.union(select(Order.id, Order.merged_into_id).join(root, Order.id == root.c.merged_into_id))
    below = select(root.c.id).where(root.c.merged_into_id.is_(None)).cte("family", recursive=True)
    below = below.union(select(Order.id).join(below, Order.merged_into_id == below.c.id))
    return select(below.c.id)


def keep_secret(session: Session, order: Order, actor: Actor, now: datetime, reason: str) -> None:
    """Keep the order secret, which the caller has locked, and all that became one with it, whatever each was before.

    `reason` stands in the order's own history; the others name the order. The lists of the day forget the words that
    they copied.
    """
    for each in family(session, order):
        if each.is_secret:
            continue
        each.is_secret = True
        said = reason if each is order else order.number
        history.remark(session, each, Remark.MADE_SECRET, actor, now, reason=said)
        session.execute(update(UnclearedOrder).where(UnclearedOrder.order_id == each.id).values(words=None))
        note(session, each, Remark.MADE_SECRET, actor, now)


def note(session: Session, order: Order, kind: Remark, actor: Actor, now: datetime) -> None:
    """Write down for the audit that secrecy was set or lifted."""
    audit.note(session, actor, Action.SECRECY_SET, now, subject="orders", subject_id=order.id, detail=kind.value)
