"""Secrecy of an order on request (GB/T 33358): who wants it, and why, and that its contents are for few from then on.

Who these are says `access.sees_contents`.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from hotline.models import Order
from hotline.rules.order_states import Remark
from hotline.rules.roles import Role
from hotline.services import history
from hotline.services.access import Actor, NotAllowedError, reaches, require_contents
from hotline.services.keeping_secret import keep_secret, note
from hotline.services.orders import ReasonMissingError


class AlreadySoError(ValueError):
    """The order is as secret, or as open, as it was to become."""


def set_secret(session: Session, order: Order, reason: str, actor: Actor, now: datetime, *, is_secret: bool) -> None:
    """Keep the order secret, or lift that, with a reason. The order is locked (`orders.lock`).

    What was shown before cannot be taken back. Secrecy takes in what the order went into and what went into it; it is
    lifted of this one alone.

    Raises:
        NotAllowedError, ReasonMissingError, AlreadySoError
    """
    if not may_set(session, order, actor):
        raise NotAllowedError("a call taker or supervisor of the order's units says that it is secret")
    require_contents(actor, order)
    if not reason.strip():
        raise ReasonMissingError("secrecy")
    if order.is_secret == is_secret:
        raise AlreadySoError("the order is so already")
    if is_secret:
        keep_secret(session, order, actor, now, reason.strip())
        return
    order.is_secret = False
    history.remark(session, order, Remark.SECRECY_LIFTED, actor, now, reason=reason.strip())
    note(session, order, Remark.SECRECY_LIFTED, actor, now)


def may_set(session: Session, order: Order, actor: Actor) -> bool:
    """Whether the actor says so: a call taker or supervisor of the holder, of where the order came in, or above."""
    if actor.is_system:
        return True
    speaks = bool(actor.roles & {Role.CALL_TAKER, Role.SUPERVISOR})
    return speaks and any(reaches(session, actor, unit_id) for unit_id in (order.unit_id, order.intake_unit_id))
