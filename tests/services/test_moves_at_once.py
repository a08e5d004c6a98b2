"""Two people on one order at once, for every pair of moves: one is first, the other is told, nothing is overwritten."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import combinations_with_replacement, count
from threading import Barrier

import factories
import pytest
from factories import LATER, NOW, ZONE
from sqlalchemy.orm import Session

from hotline.db import Sessions
from hotline.models import Order, OrderEvent
from hotline.rules.facts import FactName
from hotline.rules.order_states import ORDER, Move, OrderState, Remark
from hotline.rules.roles import Role
from hotline.services import assistance, extensions, facts, orders, pauses, supervision
from hotline.services.access import SYSTEM
from hotline.services.orders import ChangedMeanwhileError

Deed = Callable[[Session, Order], object]
_lines = count(1)


def both(sessions: Sessions, order_id: int, *deeds: Deed) -> list[Move | Remark | None]:
    """Each deed in a transaction of its own by somebody who looked at the order before either; what each was told.

    None: nothing, for it was first.
    """
    with sessions() as session:
        seen = session.get_one(Order, order_id).version
    start = Barrier(len(deeds))

    def begin(deed: Deed) -> Move | Remark | None:
        start.wait(10)
        with sessions.begin() as session:
            order = orders.lock(session, order_id)
            try:
                orders.check_unchanged(order, seen)
            except ChangedMeanwhileError as error:
                return error.since[-1].move or error.since[-1].remark
            deed(session, order)
            return None

    with ThreadPoolExecutor(len(deeds)) as pool:
        return [done.result(30) for done in [pool.submit(begin, deed) for deed in deeds]]


def made(sessions: Sessions, state: OrderState) -> tuple[int, int]:
    """An order in `state`: its id, and how long its history is."""
    with sessions.begin() as session:
        order = factories.order(session, factories.line(session, number=f"+8620{next(_lines):08d}"), state)
        return order.id, len(order.history)


def written_since(sessions: Sessions, order_id: int, rows: int) -> list[OrderEvent]:
    with sessions() as session:
        return session.get_one(Order, order_id).history[rows:]


def moved(move: Move) -> Deed:
    return lambda session, order: factories.step(session, order, move, at=LATER)


@pytest.mark.parametrize("state", sorted(OrderState))
def test_of_two_moves_at_once_one_is_made_and_the_other_told_of_it(own_sessions: Sessions, state: OrderState) -> None:
    for pair in combinations_with_replacement(sorted(ORDER[state]), 2):
        order_id, rows = made(own_sessions, state)

        told = both(own_sessions, order_id, *map(moved, pair))

        (row,) = written_since(own_sessions, order_id, rows)
        first = told.index(None)
        assert (row.move, told[1 - first]) == (pair[first], pair[first])
        with own_sessions() as session:
            assert session.get_one(Order, order_id).state == row.to_state


def category(session: Session, order: Order) -> None:
    reviewer = factories.actor(session, order.intake_unit, Role.CALL_TAKER)
    facts.confirm(session, order, FactName.CATEGORY, "supplies", reviewer, LATER, ZONE)


# What people do with an order that somebody works on, besides moving it; with what stands in its history then.
BESIDE: dict[str, tuple[Deed, Remark | Move | None]] = {
    "resolve": (moved(Move.RESOLVE), Move.RESOLVE),
    "pause": (
        lambda session, order: pauses.ask(session, order, LATER + timedelta(days=1), "等证明", SYSTEM, LATER, ZONE),
        Remark.PAUSED,
    ),
    "extend": (
        lambda session, order: extensions.ask(session, order, NOW + timedelta(days=3), "等证明", SYSTEM, LATER),
        Remark.EXTENSION_ASKED,
    ),
    "assist": (
        lambda session, order: assistance.add(session, order, factories.unit(session), SYSTEM, LATER),
        Remark.ASSISTANT_ADDED,
    ),
    "supervise": (
        lambda session, order: supervision.note(session, order, "请今天办结", SYSTEM, LATER),
        Remark.SUPERVISED,
    ),
    "state a fact": (category, None),
}


@pytest.mark.parametrize("pair", list(combinations_with_replacement(BESIDE, 2)), ids="+".join)
def test_of_two_deeds_at_once_one_is_done_and_the_other_told_of_it(
    own_sessions: Sessions, pair: tuple[str, str]
) -> None:
    order_id, rows = made(own_sessions, OrderState.IN_PROGRESS)

    told = both(own_sessions, order_id, *(BESIDE[name][0] for name in pair))

    written = [row.move or row.remark for row in written_since(own_sessions, order_id, rows)]
    assert len(written) <= 1
    # A fact leaves no row of the history, and whoever comes second is told of it by its own list.
    done, other = (pair if told[0] is None else pair[::-1]), next((each for each in told if each), None)
    left = BESIDE[done[0]][1]
    assert written == ([left] if left else [])
    assert told.count(None) == 1
    assert left is None or other == left
