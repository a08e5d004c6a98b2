"""Who rang or wrote before: the other orders of an order's caller, and what this one may be to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from hotline.models import Direction, Order, TextMessage, Unit
from hotline.rules.order_states import OPEN, ORDER, Move, OrderState, Remark
from hotline.rules.roles import REVIEWERS
from hotline.services import orders
from hotline.services.access import (
    SYSTEM,
    Actor,
    NotAllowedError,
    answers_for_order,
    contents_seen,
    require_role,
    sees_order,
)
from hotline.services.clocks import limits_for
from hotline.services.organisation import policy_for

_MOST = 10
# Nobody tells the same matter again by an order that is nothing, or that went into another already.
_GONE = (OrderState.INVALID, OrderState.MERGED)
_DONE = frozenset({OrderState.RESOLVED, OrderState.CLOSED})


class Meaning(StrEnum):
    """What a new order of a known caller is to an earlier one; a matter of its own needs no word."""

    SUPPLEMENT = "supplement"  # the caller adds something
    CHASE = "chase"  # the caller asks how it stands (催办)
    REPEAT = "repeat"  # the same request once more
    AGAIN = "again"  # it was not settled after all: do it again


@dataclass(frozen=True)
class Known:
    """An earlier order of the same caller. `is_repeated`: of the same category, at the same place.

    `means`: what the actor may say that the new one is to it; nothing where the actor only assists.
    """

    order: Order
    is_repeated: bool
    means: tuple[Meaning, ...]


class NotTheSameCallerError(ValueError):
    """The two orders are not known to be of one caller."""


def known(session: Session, actor: Actor, order: Order) -> Sequence[Known]:
    """The earlier orders of the order's caller that the actor sees, what is repeated first, then the latest.

    They came in within the days that the unit set (`repeated_within`); an open one is known however old it is.
    """
    if not _may_go(order):
        return ()
    since = order.received_at - policy_for(session, order.intake_unit).repeated_within
    found = session.scalars(
        select(Order)
        .where(
            _of_the_same_caller(order),
            Order.id != order.id,
            Order.received_at <= order.received_at,
            or_(Order.received_at > since, Order.state.in_(OPEN)),
            Order.state.not_in(_GONE),
            sees_order(actor),
            contents_seen(actor),
        )
        .order_by(Order.received_at.desc(), Order.id.desc())
        .limit(_MOST)
        .options(joinedload(Order.unit), joinedload(Order.place))
    ).all()
    if not found:
        return ()
    ids = [each.id for each in found]
    ours = set(session.scalars(select(Order.id).where(Order.id.in_(ids), answers_for_order(actor))))
    told = [Known(each, _is_repeated(order, each), _means(each) if each.id in ours else ()) for each in found]
    return sorted(told, key=lambda each: not each.is_repeated)


def merged_into(session: Session, order: Order) -> Sequence[Order]:
    """The orders that went into this one: their calls and words are its own too."""
    found = select(Order).where(Order.merged_into_id == order.id).order_by(Order.received_at, Order.id)
    return session.scalars(found).all()


def take_as(
    session: Session, order: Order, into: Order, meaning: Meaning, actor: Actor, now: datetime, zone: ZoneInfo
) -> None:
    """The order is no matter of its own: it goes into the earlier one, whose history says what the caller wanted.

    One that was resolved or closed and is to be done again is opened by its caller's word, as by an unhappy callback.

    Raises:
        NotTheSameCallerError
        hotline.rules.machine.ImpossibleMoveError: either order is in no state for it.
        NotAllowedError
    """
    require_role(actor, *REVIEWERS)
    same = select(Order.id).where(_of_the_same_caller(order), Order.id == into.id, sees_order(actor))
    if session.scalar(same.where(contents_seen(actor))) is None:
        raise NotTheSameCallerError
    if session.scalar(same.where(answers_for_order(actor))) is None:
        raise NotAllowedError("whoever only assists with the earlier order does not say what goes into it")
    # Whether it may go at all is asked before the earlier one is touched.
    orders.check(session, order, Move.MERGE, actor, meaning)
    if meaning == Meaning.AGAIN:
        unit = session.get_one(Unit, into.intake_unit_id)
        limits = limits_for(session, unit, into.urgency, now, zone)
        orders.reopen(session, into, SYSTEM, now, f"caller:{order.number}", limits, zone)
    orders.merge(session, order, into, actor, now, f"{meaning}:{into.number}")
    orders.remark(session, into, _REMARK[meaning], actor, now, reason=order.number)


_REMARK = {
    Meaning.SUPPLEMENT: Remark.SUPPLEMENTED,
    Meaning.CHASE: Remark.CHASED,
    Meaning.REPEAT: Remark.TOOK_IN,
    Meaning.AGAIN: Remark.TOOK_IN,
}


def _may_go(order: Order) -> bool:
    return Move.MERGE in ORDER[order.state]


def _means(earlier: Order) -> tuple[Meaning, ...]:
    if earlier.state not in OPEN:
        return (Meaning.AGAIN,)
    open_ones = (Meaning.SUPPLEMENT, Meaning.CHASE, Meaning.REPEAT)
    return (Meaning.AGAIN, *open_ones) if earlier.state in _DONE else open_ones


def _is_repeated(order: Order, earlier: Order) -> bool:
    if order.category is None or order.category != earlier.category or not (order.place and earlier.place):
        return False
    one, other = order.place.path, earlier.place.path
    return one.startswith(other) or other.startswith(one)


def _of_the_same_caller(order: Order) -> ColumnElement[bool]:
    """Under the same telephone number, or the same name at the same message channel."""
    wrote, theirs = aliased(TextMessage), aliased(TextMessage)
    by_name = (
        select(theirs.order_id)
        .join(wrote, (wrote.carrier == theirs.carrier) & (wrote.number == theirs.number))
        .where(
            wrote.order_id == order.id,
            wrote.direction == Direction.INBOUND,
            wrote.number != "",
            theirs.order_id.is_not(None),
        )
    )
    if not order.number_to_ring:
        # Two withheld numbers are not one number.
        return Order.id.in_(by_name)
    # Both looked up by themselves: either-or would go through the orders one by one.
    theirs_too = aliased(Order)
    by_number = select(theirs_too.id).where(theirs_too.number_to_ring == order.number_to_ring)
    return Order.id.in_(by_name.union(by_number))
