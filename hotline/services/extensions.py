"""More time for a result: asked for before the limit, with a reason, and decided by a supervisor with a word."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from hotline.models import Action, Extension, Order
from hotline.rules.order_states import Remark
from hotline.rules.roles import Role
from hotline.rules.supervision import WORKED_ON, ExtensionState, Obstacle
from hotline.services import audit, clocks, orders
from hotline.services.access import Actor, NotAllowedError, answers_for_order, reaches, supervises
from hotline.services.orders import ReasonMissingError


class CannotExtendError(ValueError):
    """The order gets no more time, or not so; `why` and the message say why."""

    def __init__(self, why: Obstacle, message: str) -> None:
        super().__init__(message)
        self.why = why


class NotAskedError(ValueError):
    """The request was decided or withdrawn before."""


def ask(session: Session, order: Order, until: datetime, reason: str, actor: Actor, now: datetime) -> Extension:
    """Ask that the result be due at `until`. The order is locked (`orders.lock`).

    What was asked before and is not decided yet is withdrawn.

    Raises:
        NotAllowedError, ReasonMissingError, CannotExtendError
    """
    if not may_ask(session, order, actor):
        raise NotAllowedError("a handler of the unit that holds the order asks for more time")
    if not reason.strip():
        raise ReasonMissingError("extension")
    resolve_by = _check_possible(order, now)
    if until <= resolve_by:
        raise CannotExtendError(Obstacle.GAINS_NOTHING, "the new limit must be later than the present one")
    clocks.withdraw_extension(order)
    session.flush()
    extension = Extension(
        run=clocks.run_of(order),
        state=ExtensionState.ASKED,
        reason=reason.strip(),
        user_id=actor.user_id,
        asked_at=now,
        resolve_by=resolve_by,
        until=until,
    )
    order.extensions.append(extension)
    _write(session, order, Remark.EXTENSION_ASKED, Action.EXTENSION_ASKED, extension.reason, actor, now)
    return extension


def decide(session: Session, extension: Extension, word: str, actor: Actor, now: datetime, *, granted: bool) -> None:
    """Grant or refuse, with a word. The order is locked (`orders.lock`).

    Past the limit nothing is granted any more: a breach is not undone afterwards.

    Raises:
        NotAllowedError, NotAskedError, ReasonMissingError, CannotExtendError
    """
    order = extension.order
    if not supervises(session, actor, order):
        raise NotAllowedError("a supervisor of the unit or above decides")
    session.refresh(extension, ["state"])
    if extension.state != ExtensionState.ASKED:
        raise NotAskedError("this request was decided or withdrawn before")
    if not word.strip():
        raise ReasonMissingError("decision")
    if granted and extension.until <= _check_possible(order, now):
        raise CannotExtendError(Obstacle.GAINS_NOTHING, "the limit lies later than what was asked for by now")
    extension.state = ExtensionState.GRANTED if granted else ExtensionState.REFUSED
    extension.decided_by_id, extension.decided_at, extension.word = actor.user_id, now, word.strip()
    if granted:
        order.resolve_by, order.look_at = extension.until, now
    remark = Remark.EXTENDED if granted else Remark.EXTENSION_REFUSED
    _write(session, order, remark, Action.EXTENSION_DECIDED, extension.word, actor, now)


def to_decide(session: Session, actor: Actor) -> Sequence[Extension]:
    """The requests that wait for the word of a supervisor such as the actor, the most pressing first."""
    found = _to_decide(select(Extension), actor).order_by(Order.resolve_by, Extension.id)
    holder = joinedload(Extension.order).options(joinedload(Order.unit), joinedload(Order.handler))
    return session.scalars(found.options(holder, joinedload(Extension.user))).all()


def count_to_decide(session: Session, actor: Actor) -> int:
    """How many `to_decide` gives."""
    return session.scalar(_to_decide(select(func.count(Extension.id)), actor)) or 0


def _to_decide(found: Select[Any], actor: Actor) -> Select[Any]:
    return found.join(Extension.order).where(Extension.state == ExtensionState.ASKED, answers_for_order(actor))


def may_ask(session: Session, order: Order, actor: Actor) -> bool:
    """Whether the actor may ask for more time for this order."""
    return actor.is_system or (Role.HANDLER in actor.roles and reaches(session, actor, order.unit_id))


def is_possible(order: Order, now: datetime) -> bool:
    """Whether the order could be given more time now."""
    try:
        _check_possible(order, now)
    except CannotExtendError:
        return False
    return True


def _check_possible(order: Order, now: datetime) -> datetime:
    """The limit that there is now."""
    if order.state not in WORKED_ON:
        raise CannotExtendError(
            Obstacle.NOT_WORKED_ON, "more time is asked for by whoever signed for the order and works on it"
        )
    if order.paused_at is not None:
        raise CannotExtendError(Obstacle.STANDS_STILL, "the order stands still: nothing runs out meanwhile")
    if order.resolve_by is None:
        raise CannotExtendError(Obstacle.NO_LIMIT, "there is no limit for a result")
    if order.resolve_by <= now:
        raise CannotExtendError(Obstacle.LIMIT_PASSED, "the limit has passed: more time is asked for before it")
    return order.resolve_by


def _write(
    session: Session, order: Order, kind: Remark, action: Action, reason: str | None, actor: Actor, now: datetime
) -> None:
    orders.remark(session, order, kind, actor, now, reason=reason)
    audit.note(session, actor, action, now, subject="orders", subject_id=order.id, detail=kind.value)
