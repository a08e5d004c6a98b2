"""How a call becomes an order: once, under the number that was told, timed from when the caller hung up."""

from datetime import timedelta

import factories
import pytest
from factories import LATER, NOW, ZONE
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hotline.models import Channel, Order, OrderEvent
from hotline.rules.order_states import OrderState
from hotline.services import intake


def test_a_call_is_one_order_however_often_it_is_received(session: Session) -> None:
    call = factories.call(session, factories.line(session))

    first = intake.receive_call(session, call, NOW, ZONE)
    second = intake.receive_call(session, call, LATER, ZONE)

    assert first is second
    assert call.order_id == first.id
    assert session.scalar(select(func.count()).select_from(Order)) == 1
    assert session.scalar(select(func.count()).select_from(OrderEvent)) == 1


def test_the_order_takes_over_what_the_call_knows(session: Session) -> None:
    line = factories.line(session)
    call = factories.call(session, line)

    order = intake.receive_call(session, call, NOW, ZONE)

    assert (order.number, order.state, order.channel) == (call.order_number, OrderState.RECEIVED, Channel.PHONE)
    assert (order.number_to_ring, order.unit_id, order.intake_unit_id) == (call.number, line.unit_id, line.unit_id)
    assert order.history[0].move is None
    assert order.history[0].to_state == OrderState.RECEIVED


def test_its_clocks_start_when_the_caller_hung_up(session: Session) -> None:
    call = factories.call(session, factories.line(session), ended_at=NOW - timedelta(minutes=10))

    order = intake.receive_call(session, call, NOW, ZONE)

    assert order.received_at == call.ended_at
    assert order.accept_by == call.ended_at + timedelta(minutes=30)
    assert order.contact_by == call.ended_at + timedelta(hours=2)
    assert order.resolve_by == call.ended_at + timedelta(hours=24)


def test_a_call_whose_end_is_not_known_yet_counts_from_now(session: Session) -> None:
    call = factories.call(session, factories.line(session), ended_at=None)

    assert intake.receive_call(session, call, NOW, ZONE).received_at == NOW


def test_a_withheld_number_is_an_order_without_one(session: Session) -> None:
    call = factories.call(session, factories.line(session), number=None)

    assert intake.receive_call(session, call, NOW, ZONE).number_to_ring is None


def test_two_calls_are_two_orders(session: Session) -> None:
    line = factories.line(session)
    orders = [intake.receive_call(session, factories.call(session, line), NOW, ZONE) for _ in range(2)]

    assert len({order.number for order in orders}) == 2


def test_a_call_on_no_line_is_no_order(session: Session) -> None:
    with pytest.raises(ValueError, match="has no order"):
        intake.receive_call(session, factories.call(session, None), NOW, ZONE)
