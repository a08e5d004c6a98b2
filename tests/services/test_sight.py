"""What people see: the orders and calls of their own unit and of those below, wherever these are now."""

import factories
import pytest
from factories import NOW
from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline.models import Call, Order, OrderAssistant, Unit
from hotline.rules.order_states import OrderState
from hotline.rules.roles import Role
from hotline.services import orders
from hotline.services.access import SYSTEM, sees_call, sees_order


class Tree:
    """A city with two streets, one of them with a grid; an order came in at each."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.city = factories.unit(session)
        self.street = factories.unit(session, parent=self.city)
        self.other = factories.unit(session, parent=self.city)
        self.grid = factories.unit(session, parent=self.street)
        self.orders = {
            unit.id: factories.order(session, factories.line(session, unit, f"+8620{unit.id:08d}"), OrderState.TRIAGED)
            for unit in (self.city, self.street, self.other, self.grid)
        }

    def seen_by(self, unit: Unit) -> set[int]:
        """The units whose orders somebody of `unit` sees."""
        actor = factories.actor(self.session, unit, Role.SUPERVISOR)
        found = self.session.scalars(select(Order).where(sees_order(actor)))
        calls = set(self.session.scalars(select(Call.order_id).where(sees_call(actor), Call.order_id.is_not(None))))
        seen = {order.id for order in found}
        assert calls == seen
        return {unit_id for unit_id, order in self.orders.items() if order.id in seen}


@pytest.fixture
def tree(session: Session) -> Tree:
    return Tree(session)


def test_everybody_sees_the_own_unit_and_all_below(tree: Tree) -> None:
    assert tree.seen_by(tree.city) == set(tree.orders)
    assert tree.seen_by(tree.street) == {tree.street.id, tree.grid.id}
    assert tree.seen_by(tree.other) == {tree.other.id}
    assert tree.seen_by(tree.grid) == {tree.grid.id}


def test_an_order_handed_over_is_seen_where_it_came_in_and_where_it_is(tree: Tree) -> None:
    orders.dispatch(tree.session, tree.orders[tree.street.id], tree.other, SYSTEM, NOW)

    assert tree.street.id in tree.seen_by(tree.street)
    assert tree.street.id in tree.seen_by(tree.other)
    assert tree.street.id not in tree.seen_by(tree.grid)


def test_a_unit_whose_number_begins_alike_is_not_below(session: Session) -> None:
    one, alike = factories.unit(session), factories.unit(session)
    order = factories.order(session, factories.line(session, alike))
    one.path, alike.path = "/9871/", "/98711/"
    session.flush()
    assert session.scalar(select(Order.seen_by).where(Order.id == order.id)) == [98711]

    seen = session.scalars(select(Order).where(sees_order(factories.actor(session, one, Role.SUPERVISOR)))).all()

    assert order not in seen


def test_an_order_is_seen_by_whom_its_units_come_to_lie_below(tree: Tree) -> None:
    tree.grid.parent, tree.grid.path = tree.other, f"{tree.other.path}{tree.grid.id}/"
    tree.session.flush()

    assert tree.seen_by(tree.other) == {tree.other.id, tree.grid.id}
    assert tree.seen_by(tree.street) == {tree.street.id}
    assert tree.seen_by(tree.grid) == {tree.grid.id}


def test_who_assists_sees_the_order_as_long_as_it_does(tree: Tree) -> None:
    order = tree.orders[tree.street.id]
    help_of_the_grid = OrderAssistant(unit_id=tree.other.id, since=NOW)
    order.assistants.append(help_of_the_grid)
    tree.session.flush()
    assert tree.street.id in tree.seen_by(tree.other)

    order.assistants.remove(help_of_the_grid)
    tree.session.flush()

    assert tree.seen_by(tree.other) == {tree.other.id}


def test_the_system_sees_every_order(tree: Tree) -> None:
    assert set(tree.session.scalars(select(Order.id).where(sees_order(SYSTEM)))) >= {
        order.id for order in tree.orders.values()
    }


def test_a_call_on_a_number_of_nobody_is_for_whoever_stands_at_the_top(tree: Tree) -> None:
    stray = factories.call(tree.session, None)

    def sees(unit: Unit) -> bool:
        actor = factories.actor(tree.session, unit, Role.CALL_TAKER)
        return stray in tree.session.scalars(select(Call).where(sees_call(actor))).all()

    assert sees(tree.city)
    assert not sees(tree.street)
    assert not sees(tree.other)


def test_a_call_without_an_order_is_seen_where_its_line_is(tree: Tree) -> None:
    line = factories.line(tree.session, tree.street, "+862099998888")
    call = factories.call(tree.session, line, order_number=None)

    def sees(unit: Unit) -> bool:
        actor = factories.actor(tree.session, unit, Role.CALL_TAKER)
        return call in tree.session.scalars(select(Call).where(sees_call(actor))).all()

    assert sees(tree.city)
    assert sees(tree.street)
    assert not sees(tree.grid)
