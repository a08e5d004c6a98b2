"""Units that assist the one that holds an order (协办): they see it, and say in its history what they did."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from hotline.models import Action, Order, OrderAssistant, Unit
from hotline.rules.machine import ImpossibleMoveError
from hotline.rules.order_states import OPEN, OrderState, Remark
from hotline.rules.roles import Role
from hotline.services import audit, orders
from hotline.services.access import Actor, NotAllowedError, sees_contents


class AssistsAlreadyError(ValueError):
    """The unit holds the order or assists already."""


class NotAssistingError(ValueError):
    """The unit does not assist, or not any more."""


class NothingSaidError(ValueError):
    """A report without a word of what was done."""


# Somebody works on it, or is about to.
_WORKED_ON = OPEN - {OrderState.RECEIVED, OrderState.RESOLVED, OrderState.ANSWERED}
_WHO_CHOOSES = frozenset({Role.DISPATCHER, Role.SUPERVISOR})
_WHO_REPORTS = frozenset({Role.HANDLER, Role.DISPATCHER, Role.SUPERVISOR})


def may_choose(session: Session, order: Order, actor: Actor) -> bool:
    """Whether the actor says who assists: a dispatcher or supervisor of the holder, or of a unit above it.

    Nobody decides about what a secret order keeps from them.
    """
    if actor.is_system:
        return True
    if not sees_contents(actor, order):
        return False
    return bool(actor.roles & _WHO_CHOOSES) and _holder(session, order).path.startswith(actor.unit_path)


def is_possible(order: Order) -> bool:
    """Whether somebody works on the order, or is about to, so that others can assist."""
    return order.state in _WORKED_ON


def add(session: Session, order: Order, unit: Unit, actor: Actor, now: datetime, note: str | None = None) -> None:
    """Have `unit` assist; the caller has locked the order.

    Raises:
        AssistsAlreadyError, NotAllowedError
        hotline.rules.machine.ImpossibleMoveError: nobody works on the order.
    """
    _check(session, order, actor)
    _add(session, order, unit, actor, now, note)


def remove(session: Session, order: Order, unit: Unit, actor: Actor, now: datetime, note: str | None = None) -> None:
    """Release `unit`, which sees the order no longer; what it reported stays. The caller has locked the order.

    Raises:
        NotAssistingError, NotAllowedError
    """
    _check(session, order, actor)
    _remove(session, order, unit, actor, now, note)


def set_to(session: Session, order: Order, units: Iterable[Unit], actor: Actor, now: datetime) -> None:
    """Have exactly `units` assist, but for the holder itself; whoever dispatched the order says so with it."""
    wanted = {unit.id: unit for unit in units if unit.id != order.unit_id}
    for gone in [each.unit for each in order.assistants if each.unit_id not in wanted]:
        _remove(session, order, gone, actor, now)
    there = {each.unit_id for each in order.assistants}
    for unit in (unit for unit_id, unit in wanted.items() if unit_id not in there):
        _add(session, order, unit, actor, now)


def speaks_for(order: Order, actor: Actor) -> list[Unit]:
    """The assisting units for which the actor can report: the own one, and those below it."""
    if not actor.roles & _WHO_REPORTS:
        return []
    return [each.unit for each in order.assistants if each.unit.path.startswith(actor.unit_path)]


def report(session: Session, order: Order, unit: Unit, actor: Actor, now: datetime, done: str) -> None:
    """Say what the assisting `unit` did. The caller has locked the order.

    Raises:
        NothingSaidError, NotAssistingError
        NotAllowedError: the actor does not speak for the unit.
        hotline.rules.machine.ImpossibleMoveError: the order is over.
    """
    _present(order, unit)
    if unit not in speaks_for(order, actor):
        raise NotAllowedError(f"the person does not speak for {unit.name}")
    if order.state not in OPEN:
        raise ImpossibleMoveError(order.state, Remark.ASSISTED)
    if not done.strip():
        raise NothingSaidError("please say what was done")
    orders.remark(session, order, Remark.ASSISTED, actor, now, other=unit, reason=done.strip())
    audit.note(session, actor, Action.ASSISTANCE_NOTED, now, subject="orders", subject_id=order.id, detail=unit.code)


def _check(session: Session, order: Order, actor: Actor) -> None:
    if not may_choose(session, order, actor):
        raise NotAllowedError("who assists is said by a dispatcher or supervisor of the holder who reads the order")


def _add(session: Session, order: Order, unit: Unit, actor: Actor, now: datetime, note: str | None = None) -> None:
    if not is_possible(order):
        raise ImpossibleMoveError(order.state, Remark.ASSISTANT_ADDED)
    if unit.id == order.unit_id or _assistant(order, unit) is not None:
        raise AssistsAlreadyError(f"{unit.name} holds the order or assists already")
    order.assistants.append(OrderAssistant(unit=unit, since=now))
    _write_down(session, order, Remark.ASSISTANT_ADDED, unit, actor, now, note)


def _remove(session: Session, order: Order, unit: Unit, actor: Actor, now: datetime, note: str | None = None) -> None:
    order.assistants.remove(_present(order, unit))
    _write_down(session, order, Remark.ASSISTANT_REMOVED, unit, actor, now, note)


def _holder(session: Session, order: Order) -> Unit:
    return session.get_one(Unit, order.unit_id)


def _assistant(order: Order, unit: Unit) -> OrderAssistant | None:
    return next((each for each in order.assistants if each.unit_id == unit.id), None)


def _present(order: Order, unit: Unit) -> OrderAssistant:
    found = _assistant(order, unit)
    if found is None:
        raise NotAssistingError(f"{unit.name} does not assist with this order")
    return found


def _write_down(
    session: Session, order: Order, kind: Remark, unit: Unit, actor: Actor, now: datetime, note: str | None
) -> None:
    orders.remark(session, order, kind, actor, now, other=unit, reason=(note or "").strip() or None)
    audit.note(session, actor, Action.ASSISTANTS_CHANGED, now, subject="orders", subject_id=order.id, detail=unit.code)
