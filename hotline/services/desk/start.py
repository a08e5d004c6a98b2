"""What waits for a person, by role: the counts with which a working day begins."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from hotline.models import Alarm, Call, HandoverNote, Order, RosterWarning
from hotline.rules.order_states import OPEN, OrderState
from hotline.rules.roles import Role
from hotline.rules.supervision import Colour
from hotline.services import alarms
from hotline.services import supervision as notices
from hotline.services.access import Actor, sees_call, sees_order, units_below
from hotline.services.alarms import CAN_ACT
from hotline.services.desk import roster, supervision, surveys, troubles
from hotline.services.desk.orders import is_overdue, most_pressing
from hotline.services.results import waits_for


class Waiting(StrEnum):
    """A kind of thing that waits."""

    TO_REVIEW = "to_review"
    CALLS = "calls"
    SURVEYS = "surveys"
    ANSWERED = "answered"
    TO_DISPATCH = "to_dispatch"
    TO_ACCEPT = "to_accept"
    TO_CONTACT = "to_contact"
    TO_RESOLVE = "to_resolve"
    REFERRED = "referred"
    REOPENED = "reopened"
    TO_APPROVE = "to_approve"
    OVERDUE = "overdue"
    RED = "red"
    NOTICES = "notices"
    TO_DECIDE = "to_decide"
    TO_APPOINT = "to_appoint"
    TROUBLES = "troubles"


_W, _R = Waiting, Role

FOR: Mapping[Waiting, frozenset[Role]] = {
    _W.TO_REVIEW: frozenset({_R.CALL_TAKER, _R.SUPERVISOR}),
    _W.CALLS: frozenset({_R.CALL_TAKER, _R.SUPERVISOR}),
    _W.SURVEYS: frozenset({_R.CALL_TAKER, _R.SUPERVISOR}),
    _W.ANSWERED: frozenset({_R.CALL_TAKER}),
    _W.TO_DISPATCH: frozenset({_R.DISPATCHER, _R.SUPERVISOR}),
    _W.TO_ACCEPT: frozenset({_R.HANDLER}),
    _W.TO_CONTACT: frozenset({_R.HANDLER}),
    _W.TO_RESOLVE: frozenset({_R.HANDLER}),
    _W.REFERRED: frozenset({_R.DISPATCHER}),
    _W.REOPENED: frozenset({_R.SUPERVISOR, _R.DISPATCHER}),
    _W.TO_APPROVE: frozenset({_R.SUPERVISOR}),
    _W.OVERDUE: frozenset({_R.SUPERVISOR, _R.DISPATCHER, _R.HANDLER}),
    _W.RED: frozenset({_R.SUPERVISOR}),
    _W.NOTICES: frozenset({_R.CALL_TAKER, _R.DISPATCHER, _R.HANDLER, _R.SUPERVISOR}),
    _W.TO_DECIDE: frozenset({_R.SUPERVISOR}),
    _W.TO_APPOINT: frozenset({_R.SUPERVISOR}),
    _W.TROUBLES: frozenset({_R.SUPERVISOR, _R.ADMINISTRATOR}),
}


@dataclass(frozen=True)
class StartDesk:
    """What waits for a person: how many of each kind, the orders to begin with, and what must not be overlooked.

    `alarms` are emergencies that nobody has taken on, `notes` what the shift before left, `warnings` tell of hours in
    which nobody is on duty.
    """

    counts: Mapping[Waiting, int]
    orders: Sequence[Order]
    alarms: Sequence[Alarm]
    notes: Sequence[HandoverNote]
    warnings: Sequence[RosterWarning]


def overview(session: Session, actor: Actor, now: datetime) -> StartDesk:
    """What the first page shows."""
    return StartDesk(
        waiting(session, actor, now),
        _next(session, actor),
        alarms.unacknowledged(session, actor) if actor.roles & CAN_ACT else (),
        roster.notes_for(session, actor, now),
        roster.warnings_for(session, actor, now),
    )


def waiting(session: Session, actor: Actor, now: datetime) -> dict[Waiting, int]:
    """How many of each kind wait for someone with the actor's roles."""
    kinds = [kind for kind, roles in FOR.items() if roles & actor.roles]
    orders = _orders(session, actor, [kind for kind in kinds if kind in _ORDERS], now)
    return {kind: orders[kind] if kind in orders else _OTHERS[kind](session, actor) for kind in kinds}


_FIRST = 8

_STATES: Mapping[Waiting, OrderState] = {
    _W.TO_REVIEW: OrderState.RECEIVED,
    _W.ANSWERED: OrderState.ANSWERED,
    _W.TO_DISPATCH: OrderState.TRIAGED,
    _W.TO_ACCEPT: OrderState.DISPATCHED,
    _W.TO_CONTACT: OrderState.ACCEPTED,
    _W.TO_RESOLVE: OrderState.IN_PROGRESS,
    _W.REFERRED: OrderState.REFERRED,
    _W.REOPENED: OrderState.REOPENED,
}


def _next(session: Session, actor: Actor) -> Sequence[Order]:
    """The most pressing orders on which someone with the actor's roles can act."""
    states = {state for kind, state in _STATES.items() if FOR[kind] & actor.roles}
    found = select(Order).where(sees_order(actor), Order.state.in_(states))
    return most_pressing(session, found, _FIRST)


# What a handler of the unit, or of one below it, acts upon; who sees an order otherwise does not.
_HELD = frozenset({_W.TO_ACCEPT, _W.TO_CONTACT, _W.TO_RESOLVE})
_ORDERS = frozenset(_STATES) | {_W.TO_APPROVE, _W.OVERDUE}


def _orders(session: Session, actor: Actor, kinds: Sequence[Waiting], now: datetime) -> dict[Waiting, int]:
    """How many orders of each kind: in one pass over those that are open."""
    counts = [func.count().filter(_condition(kind, actor, now)) for kind in kinds]
    found = select(*counts).select_from(Order).where(sees_order(actor), Order.state.in_(OPEN))
    return dict(zip(kinds, session.execute(found).one(), strict=True)) if kinds else {}


def _condition(kind: Waiting, actor: Actor, now: datetime) -> ColumnElement[bool]:
    if kind == Waiting.OVERDUE:
        return is_overdue(now)
    if kind == Waiting.TO_APPROVE:
        return waits_for(actor)
    is_in_state = Order.state == _STATES[kind]
    return and_(is_in_state, Order.unit_id.in_(units_below(actor))) if kind in _HELD else is_in_state


def _calls(session: Session, actor: Actor) -> int:
    return session.scalar(select(func.count(Call.id)).where(sees_call(actor), Call.attention.is_not(None))) or 0


def _red(session: Session, actor: Actor) -> int:
    return notices.count_waiting(session, actor, Colour.RED)


def _to_appoint(session: Session, actor: Actor) -> int:
    return len(supervision.to_appoint(session, actor))


_OTHERS: Mapping[Waiting, Callable[[Session, Actor], int]] = {
    _W.CALLS: _calls,
    _W.SURVEYS: surveys.count_for_person,
    _W.RED: _red,
    _W.NOTICES: notices.count_waiting,
    _W.TO_DECIDE: supervision.to_decide,
    _W.TO_APPOINT: _to_appoint,
    _W.TROUBLES: troubles.count,
}
