"""The history of an order: a row for each move, and for each remark that moves nothing."""

from datetime import datetime

from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from hotline.models import Order, OrderEvent, Unit
from hotline.rules.order_states import Remark
from hotline.services.access import Actor


def remark(
    session: Session,
    order: Order,
    kind: Remark,
    actor: Actor,
    now: datetime,
    *,
    other: Unit | None = None,
    reason: str | None = None,
) -> None:
    """Write down what does not move the order; who looked at it before is told all the same."""
    flag_modified(order, "state")
    about = OrderEvent(remark=kind, from_state=order.state, user_id=actor.user_id, reason=reason, at=now)
    about.other_unit_id = other.id if other else None
    write(session, order, about)


def write(session: Session, order: Order, event: OrderEvent) -> None:
    """The next row: it says where the order stands now, and who holds it."""
    event.to_state, event.unit_id = order.state, order.unit_id
    order.history.append(event)
    session.flush()
