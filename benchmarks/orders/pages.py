"""The pages that are asked for, by somebody of each level: addresses that stand for a working day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline.models import Level, Order, User
from hotline.services.access import actor_for, sees_order

# How far into a list, and how many orders' pages.
_DEEP = 5_000
_ORDERS = 25


@dataclass(frozen=True)
class Pages:
    """Whose pages, and by a name for each kind the addresses that are asked for in turn."""

    viewer: Level
    login: str
    addresses: Mapping[str, Sequence[str]]


def pages_of(session: Session, viewer: Level) -> Pages:
    """The pages of somebody of that level."""
    user = session.scalars(select(User).where(User.login == viewer.value)).one()
    seen = select(Order).where(sees_order(actor_for(user)))
    latest = session.scalars(seen.order_by(Order.pressing.desc(), Order.id.desc()).limit(_ORDERS)).all()
    oldest = session.scalars(seen.order_by(Order.pressing, Order.id).limit(_ORDERS)).all()
    numbers = [order.number for order in (*latest, *oldest)]
    addresses = {
        "first page": ["/"],
        "orders": ["/orders"],
        "orders, ended too": ["/orders?ended=1"],
        "orders, a later page": [_later(session, user)],
        "orders, a state": [f"/orders?state={state}" for state in ("received", "in_progress", "closed", "invalid")],
        "orders, an urgency": [
            f"/orders?urgency={each}{ended}" for each in ("emergency", "urgent") for ended in _ENDED
        ],
        "orders, a category": [
            f"/orders?category={each}{ended}" for each in ("supplies", "homeless") for ended in _ENDED
        ],
        "orders, all of these": [
            "/orders?state=closed&urgency=emergency&category=homeless",
            "/orders?state=merged&urgency=consultation&category=children",
        ],
        "orders, mine": ["/orders?mine=1", "/orders?mine=1&ended=1"],
        "orders, overdue": ["/orders?overdue=1"],
        "orders, a number": [f"/orders?number={number}" for number in numbers],
        "orders, the beginning of a number": [
            f"/orders?number={number[:length]}" for number in numbers for length in (6, 8)
        ],
        "an order": [f"/orders/{number}" for number in numbers],
    }
    beside = {
        "supervision": ["/supervision"],
        "list of the day": ["/supervision/uncleared"],
        "surveys": ["/surveys"],
        "calls": ["/calls", "/calls?attention=1", "/calls?with_order=1"],
    }
    return Pages(viewer, user.login, addresses | (beside if viewer != Level.GRID else {}))


_ENDED = ("", "&ended=1")


def _later(session: Session, user: User) -> str:
    """A page far behind, as somebody would come to it who turns page after page."""
    ordered = select(Order).where(sees_order(actor_for(user))).order_by(Order.pressing.desc(), Order.id.desc())
    deep = session.scalars(ordered.offset(_DEEP).limit(1)).one_or_none()
    last = deep or session.scalars(ordered.order_by(None).order_by(Order.pressing, Order.id).limit(1)).one()
    return f"/orders?ended=1&after={last.pressing}.{last.id}"
