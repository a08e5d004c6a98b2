"""Supervision as people see it (督办): what a person must look at or decide, and the lists of the days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from hotline.models import Extension, NoticeReader, Order, Pause, UnclearedList, UnclearedOrder, Unit
from hotline.rules.order_states import OrderState
from hotline.rules.roles import Role
from hotline.services import extensions, pauses, results, supervision, uncleared
from hotline.services.access import Actor, answers_for_order
from hotline.services.desk import units
from hotline.services.desk.orders import UnitChoice
from hotline.services.organisation import policies_for

# Of so many days lists can be chosen, and are written into one file.
DAYS = 7


@dataclass(frozen=True)
class SupervisionDesk:
    """What waits for a person; of many notices the most pressing."""

    notices: Sequence[NoticeReader]
    notice_count: int
    pauses: Sequence[Pause]
    extensions: Sequence[Extension]
    results: Sequence[Order]
    to_appoint: Sequence[Order]

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return not (self.notices or self.pauses or self.extensions or self.results or self.to_appoint)


@dataclass(frozen=True)
class UnclearedDesk:
    """The list of one day for a unit and all below it; the days of which there are lists, newest first."""

    unit: Unit
    units: Sequence[UnitChoice]
    day: date | None
    days: Sequence[date]
    rows: Sequence[UnclearedOrder]


def overview(session: Session, actor: Actor) -> SupervisionDesk:
    """What the actor must look at or decide."""
    decides = Role.SUPERVISOR in actor.roles
    return SupervisionDesk(
        supervision.waiting(session, actor),
        supervision.count_waiting(session, actor),
        pauses.to_decide(session, actor) if decides else (),
        extensions.to_decide(session, actor) if decides else (),
        [approval.order for approval in results.to_decide(session, actor)] if decides else (),
        to_appoint(session, actor),
    )


def to_appoint(session: Session, actor: Actor) -> list[Order]:
    """The orders that came back so often that a supervisor such as the actor appoints who gets them, oldest first."""
    if Role.SUPERVISOR not in actor.roles:
        return []
    returned = select(Order).where(Order.state == OrderState.TRIAGED, Order.returns > 0, answers_for_order(actor))
    holder = (joinedload(Order.unit), joinedload(Order.intake_unit), joinedload(Order.handler), joinedload(Order.place))
    found = session.scalars(returned.order_by(Order.received_at, Order.id).options(*holder)).all()
    policies = policies_for(session, {order.intake_unit for order in found})
    return [order for order in found if order.returns >= policies[order.intake_unit_id].appoint_after_returns]


def to_decide(session: Session, actor: Actor) -> int:
    """How many pauses and requests for more time wait for the actor's word."""
    return pauses.count_to_decide(session, actor) + extensions.count_to_decide(session, actor)


def list_of(session: Session, actor: Actor, unit: Unit, day: date | None) -> UnclearedDesk:
    """The list of `day`, or the newest one."""
    days = days_with_lists(session, unit)
    chosen = day or (days[0] if days else None)
    rows = uncleared.listed(session, actor, unit, chosen) if chosen else ()
    return UnclearedDesk(unit, units.choices(session, actor), chosen, days, rows)


def last_lists(session: Session, actor: Actor, unit: Unit) -> list[UnclearedOrder]:
    """The lists of the last days, newest first."""
    return [row for day in days_with_lists(session, unit) for row in uncleared.listed(session, actor, unit, day)]


def days_with_lists(session: Session, unit: Unit) -> Sequence[date]:
    """The days of the last week of which the unit, or one below it, has a list, newest first."""
    newest = uncleared.last_day(session, unit)
    if newest is None:
        return ()
    below = Unit.path.startswith(unit.path, autoescape=True)
    found = (
        select(UnclearedList.day).join(UnclearedList.unit).where(below, UnclearedList.day > newest - timedelta(DAYS))
    )
    return session.scalars(found.distinct().order_by(UnclearedList.day.desc())).all()
