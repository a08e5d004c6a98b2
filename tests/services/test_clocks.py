"""Clocks of orders that are done again: each run of work has its own, and what it missed stays on record."""

from datetime import timedelta

import factories
import pytest
from factories import NOW, ZONE
from sqlalchemy.orm import Session

from hotline.models import Order
from hotline.rules.clocks import Step
from hotline.rules.facts import Urgency
from hotline.rules.order_states import Move, OrderState
from hotline.rules.policy import LIMITS
from hotline.services import orders, pauses, results
from hotline.services.access import SYSTEM
from hotline.services.desk.orders import clock_of
from hotline.services.results import ClosingElementsMissingError

NEXT_DAY = NOW + timedelta(days=1)


@pytest.fixture
def reopened(session: Session) -> Order:
    """An order that was resolved late, and is done again from the next day on."""
    order = factories.order(session, state=OrderState.IN_PROGRESS)
    factories.step(session, order, Move.RESOLVE, at=NOW + timedelta(hours=25))
    orders.reopen(session, order, SYSTEM, NEXT_DAY, "没有办好", LIMITS[Urgency.NORMAL], ZONE)
    session.refresh(order)
    return order


def test_a_missed_deadline_stays_on_record_when_the_order_is_opened_again(reopened: Order) -> None:
    (past,) = reopened.past_clocks

    assert (past.run, past.started_at, past.accepted_at, past.contacted_at) == (0, NOW, NOW, NOW)
    assert past.resolve_by == NOW + timedelta(hours=24)
    assert past.resolved_at == NOW + timedelta(hours=25)


def test_a_reopened_order_has_new_clocks_with_nothing_done(reopened: Order) -> None:
    assert (reopened.accepted_at, reopened.contacted_at, reopened.resolved_at) == (None, None, None)
    assert clock_of(reopened) == (Step.ACCEPT, NEXT_DAY + timedelta(minutes=30))


def test_whoever_has_to_do_it_again_contacts_the_caller_again(session: Session, reopened: Order) -> None:
    factories.step(session, reopened, Move.REWORK, at=NEXT_DAY)
    assert clock_of(reopened) == (Step.CONTACT, NEXT_DAY + timedelta(hours=2))

    with pytest.raises(ClosingElementsMissingError) as refused:
        results.report(session, reopened, factories.REPORT, SYSTEM, NEXT_DAY, ZONE)
    assert refused.value.missing == ["contact"]

    factories.step(session, reopened, Move.CONTACT, at=NEXT_DAY)
    factories.step(session, reopened, Move.RESOLVE, at=NEXT_DAY)
    assert reopened.state == OrderState.RESOLVED


def test_each_reopening_ends_a_run(session: Session, reopened: Order) -> None:
    for move in (Move.REWORK, Move.CONTACT, Move.RESOLVE, Move.REOPEN):
        factories.step(session, reopened, move, at=NEXT_DAY)

    assert [clocks.run for clocks in reopened.past_clocks] == [0, 1]
    assert reopened.past_clocks[1].started_at == NEXT_DAY


def test_urgency_counts_from_the_reopening(reopened: Order) -> None:
    orders.set_urgency(reopened, Urgency.EMERGENCY, LIMITS[Urgency.EMERGENCY], ZONE)

    assert reopened.accept_by == NEXT_DAY + timedelta(minutes=5)
    assert reopened.past_clocks[0].accept_by == NOW + timedelta(minutes=30)


def test_what_is_done_keeps_the_deadlines_that_it_was_measured_by(session: Session) -> None:
    order = factories.order(session, state=OrderState.RESOLVED)
    before = order.resolve_by

    orders.set_urgency(order, Urgency.EMERGENCY, LIMITS[Urgency.EMERGENCY], ZONE)

    assert (order.urgency, order.resolve_by) == (Urgency.EMERGENCY, before)


@pytest.mark.parametrize(
    "state", [OrderState.MERGED, OrderState.INVALID, OrderState.ANSWERED, OrderState.RESOLVED, OrderState.CLOSED]
)
def test_a_priority_changed_where_nobody_has_to_act_wakes_no_supervision(session: Session, state: OrderState) -> None:
    order = factories.order(session, state=state)

    orders.set_urgency(order, Urgency.URGENT, LIMITS[Urgency.URGENT], ZONE)

    assert (order.urgency, order.look_at) == (Urgency.URGENT, None)


def test_a_priority_changed_while_paused_leaves_the_contact_made_in_that_pause_in_time(session: Session) -> None:
    order = factories.order(session, state=OrderState.IN_PROGRESS)
    order.contacted_at = None
    minute = timedelta(minutes=1)
    pauses.ask(session, order, NEXT_DAY, "等人回家", SYSTEM, NOW + 10 * minute, ZONE)
    factories.step(session, order, Move.CONTACT, at=NOW + 130 * minute)

    orders.set_urgency(order, Urgency.URGENT, LIMITS[Urgency.URGENT], ZONE)
    assert order.contact_by == NOW + 150 * minute

    pauses.resume(session, order, SYSTEM, NOW + 140 * minute)
    assert order.contact_by == NOW + 150 * minute
    assert order.resolve_by == NEXT_DAY + 130 * minute
