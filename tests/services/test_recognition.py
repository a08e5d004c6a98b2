"""A caller with earlier orders is known: what the new one is to them, and what a person says of it."""

from datetime import timedelta

import factories
import pytest
from factories import CALLER, NOW, ZONE
from sqlalchemy.orm import Session

from hotline.models import Line, Order, Unit
from hotline.rules.facts import FactName
from hotline.rules.machine import ImpossibleMoveError
from hotline.rules.order_states import Move, OrderState, Remark
from hotline.rules.roles import Role
from hotline.services import facts, intake, orders, recognition
from hotline.services.access import Actor, NotAllowedError
from hotline.services.recognition import Meaning, NotTheSameCallerError


@pytest.fixture
def line(session: Session) -> Line:
    return factories.line(session)


@pytest.fixture
def taker(session: Session, line: Line) -> Actor:
    return factories.actor(session, line.unit, Role.CALL_TAKER)


def later(session: Session, line: Line, days: float = 1, number: str | None = CALLER) -> Order:
    """An order of a call some days after `NOW`."""
    at = NOW + timedelta(days=days)
    return intake.receive_call(session, factories.call(session, line, number=number, ended_at=at), at, ZONE)


def numbers(session: Session, actor: Actor, order: Order) -> list[str]:
    return [each.order.number for each in recognition.known(session, actor, order)]


def tell(session: Session, order: Order, place: Unit, category: str, by: Actor) -> None:
    for name, value in ((FactName.PLACE, place.code), (FactName.CATEGORY, category)):
        facts.confirm(session, order, name, value, by, NOW, ZONE)


def test_the_earlier_orders_of_the_number_are_known(session: Session, line: Line, taker: Actor) -> None:
    first = factories.order(session, line)
    factories.order(session, line, number=factories.LANDLINE)
    new = later(session, line)

    assert numbers(session, taker, new) == [first.number]
    assert numbers(session, taker, first) == []


def test_a_withheld_number_is_nobodys(session: Session, line: Line, taker: Actor) -> None:
    factories.order(session, line, number=None)

    assert numbers(session, taker, later(session, line, number=None)) == []


@pytest.mark.parametrize(("state", "days", "is_known"), [
    (OrderState.CLOSED, 6, True), (OrderState.CLOSED, 8, False), (OrderState.IN_PROGRESS, 30, True),
    (OrderState.INVALID, 1, False), (OrderState.MERGED, 1, False),
])  # fmt: skip
def test_what_is_over_is_known_for_some_days_and_what_is_open_always(
    session: Session, line: Line, taker: Actor, state: OrderState, days: int, is_known: bool
) -> None:
    earlier = factories.order(session, line, state)

    assert (earlier.number in numbers(session, taker, later(session, line, days))) == is_known


def test_orders_outside_ones_part_are_not_shown(session: Session, line: Line, taker: Actor) -> None:
    elsewhere = factories.line(session, number="+862022223333")
    factories.order(session, elsewhere)

    assert numbers(session, taker, later(session, line)) == []


def test_the_same_category_at_the_same_place_is_a_repeated_request_and_comes_first(
    session: Session, line: Line, taker: Actor
) -> None:
    grid = factories.unit(session, parent=line.unit)
    elsewhere = factories.unit(session, parent=line.unit)
    same, other = factories.order(session, line), factories.order(session, line)
    new = later(session, line)
    tell(session, same, line.unit, "supplies", taker)
    tell(session, other, elsewhere, "supplies", taker)
    tell(session, new, grid, "supplies", taker)

    told = recognition.known(session, taker, new)

    assert [(each.order.number, each.is_repeated) for each in told] == [(same.number, True), (other.number, False)]


def test_whoever_wrote_under_a_name_is_known_by_it(session: Session, line: Line, taker: Actor) -> None:
    first = factories.wrote(session, line, carrier="wechat", number="o6_bmjrP", channel="social")
    second = factories.wrote(
        session, line, carrier="wechat", number="o6_bmjrP", channel="social", at=NOW + timedelta(days=10)
    )
    assert first is not None
    assert second is not None
    factories.wrote(session, line, carrier="weibo", number="o6_bmjrP", channel="social", at=NOW + timedelta(days=10))

    assert numbers(session, taker, second) == [first.number]


@pytest.mark.parametrize(("meaning", "remark"), [
    (Meaning.SUPPLEMENT, Remark.SUPPLEMENTED), (Meaning.CHASE, Remark.CHASED), (Meaning.REPEAT, Remark.TOOK_IN),
])  # fmt: skip
def test_what_is_no_matter_of_its_own_goes_into_the_earlier_order(
    session: Session, line: Line, taker: Actor, meaning: Meaning, remark: Remark
) -> None:
    earlier = factories.order(session, line, OrderState.IN_PROGRESS)
    new = later(session, line)

    recognition.take_as(session, new, earlier, meaning, taker, NOW, ZONE)

    assert (new.state, new.merged_into_id) == (OrderState.MERGED, earlier.id)
    assert (earlier.state, earlier.history[-1].remark, earlier.history[-1].reason) == (
        OrderState.IN_PROGRESS, remark, new.number,
    )  # fmt: skip
    assert list(recognition.merged_into(session, earlier)) == [new]


@pytest.mark.parametrize("state", [OrderState.RESOLVED, OrderState.CLOSED])
def test_a_caller_who_comes_again_opens_the_order_again(
    session: Session, line: Line, taker: Actor, state: OrderState
) -> None:
    earlier = factories.order(session, line, state)
    new = later(session, line)

    recognition.take_as(session, new, earlier, Meaning.AGAIN, taker, NOW + timedelta(days=1), ZONE)

    assert (earlier.state, new.state) == (OrderState.REOPENED, OrderState.MERGED)
    assert earlier.clocks_started_at == NOW + timedelta(days=1)
    assert len(earlier.past_clocks) == 1


def test_an_order_that_is_closed_takes_in_nothing_but_what_opens_it(session: Session, line: Line, taker: Actor) -> None:
    earlier = factories.order(session, line, OrderState.CLOSED)
    new = later(session, line)

    assert recognition.known(session, taker, new)[0].means == (Meaning.AGAIN,)
    with pytest.raises(ImpossibleMoveError):
        recognition.take_as(session, new, earlier, Meaning.CHASE, taker, NOW, ZONE)


def test_nothing_of_the_earlier_order_changes_when_the_new_one_cannot_go(
    session: Session, line: Line, taker: Actor
) -> None:
    earlier = factories.order(session, line, OrderState.CLOSED)
    new = later(session, line)
    factories.step(session, new, Move.INVALIDATE)

    with pytest.raises(ImpossibleMoveError):
        recognition.take_as(session, new, earlier, Meaning.AGAIN, taker, NOW, ZONE)
    assert earlier.state == OrderState.CLOSED


def test_strangers_orders_are_never_taken_together(session: Session, line: Line, taker: Actor) -> None:
    strange = factories.order(session, line, number=factories.LANDLINE)

    with pytest.raises(NotTheSameCallerError):
        recognition.take_as(session, later(session, line), strange, Meaning.CHASE, taker, NOW, ZONE)


def test_a_handler_does_not_decide_what_an_order_is(session: Session, line: Line) -> None:
    handler = factories.actor(session, line.unit, Role.HANDLER)
    earlier = factories.order(session, line)

    with pytest.raises(NotAllowedError):
        recognition.take_as(session, later(session, line), earlier, Meaning.CHASE, handler, NOW, ZONE)


def test_whoever_only_assists_with_the_earlier_order_neither_opens_it_nor_adds_to_it(
    session: Session, line: Line
) -> None:
    beside = factories.line(session, number="+862022223333")
    earlier = factories.order(session, line, OrderState.IN_PROGRESS)
    factories.assist(session, earlier, beside.unit)
    new = later(session, beside)
    taker = factories.actor(session, beside.unit, Role.CALL_TAKER)

    assert [(each.order, each.means) for each in recognition.known(session, taker, new)] == [(earlier, ())]
    with pytest.raises(NotAllowedError):
        recognition.take_as(session, new, earlier, Meaning.REPEAT, taker, NOW, ZONE)
    assert (new.state, earlier.state) == (OrderState.RECEIVED, OrderState.IN_PROGRESS)


def test_taken_back_it_stands_where_it_was(session: Session, line: Line, taker: Actor) -> None:
    earlier, new = factories.order(session, line), later(session, line)
    recognition.take_as(session, new, earlier, Meaning.REPEAT, taker, NOW, ZONE)

    orders.unmerge(session, new, taker, NOW)

    assert new.state == OrderState.RECEIVED
    assert numbers(session, taker, new) == [earlier.number]
