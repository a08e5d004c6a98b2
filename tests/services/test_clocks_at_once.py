"""Two at once on the clocks of one order, in real transactions: who comes second waits and meets it as it is then."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import factories
import pytest
from factories import NOW, ZONE
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hotline.db import Sessions
from hotline.models import EmergencyMode, Notice, NoticeReader, Order, OrderEvent, Pause, UnclearedList, Unit
from hotline.rules.facts import Urgency
from hotline.rules.machine import ImpossibleMoveError
from hotline.rules.order_states import Move, OrderState, Remark
from hotline.rules.policy import LIMITS
from hotline.rules.supervision import PauseState
from hotline.services import clocks, emergency_mode, extensions, orders, pauses, supervision, uncleared
from hotline.services.access import SYSTEM

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Action = Callable[[Session, Order], object]


@pytest.fixture
def order_id(own_sessions: Sessions) -> int:
    with own_sessions.begin() as session:
        return factories.order(session, state=OrderState.IN_PROGRESS).id


def at_once(sessions: Sessions, order_id: int, *actions: Action) -> list[BaseException | None]:
    """Each action in a transaction of its own on the locked order, all begun at one moment; what each raised."""
    start = Barrier(len(actions))

    def begin(action: Action) -> BaseException | None:
        start.wait(10)
        try:
            with sessions.begin() as session:
                action(session, orders.lock(session, order_id))
        except (ValueError, ImpossibleMoveError) as error:
            return error
        return None

    with ThreadPoolExecutor(len(actions)) as pool:
        return [done.result(30) for done in [pool.submit(begin, action) for action in actions]]


def look(session: Session) -> None:
    while supervision.look(session, NOW + 30 * HOUR, ZONE):
        pass


def test_two_pauses_at_once_are_one(own_sessions: Sessions, order_id: int) -> None:
    def pause(session: Session, order: Order) -> None:
        pauses.ask(session, order, NOW + DAY, "等", SYSTEM, NOW, ZONE)

    raised = at_once(own_sessions, order_id, pause, pause, pause)

    assert sorted(error is None for error in raised) == [False, False, True]
    with own_sessions() as session:
        assert session.scalars(select(Pause.state)).all() == [PauseState.RUNNING]


def test_a_pause_and_a_move_at_once_leave_no_clock_standing(own_sessions: Sessions, order_id: int) -> None:
    at_once(
        own_sessions,
        order_id,
        lambda session, order: pauses.ask(session, order, NOW + DAY, "等", SYSTEM, NOW, ZONE),
        lambda session, order: factories.step(session, order, Move.RESOLVE, at=NOW + HOUR),
    )

    with own_sessions() as session:
        order = session.get_one(Order, order_id)
        assert (order.state, order.paused_at, order.look_at) == (OrderState.RESOLVED, None, None)
        assert clocks.running_pause(order) is None


def test_a_pause_and_a_change_of_priority_at_once_come_to_the_same(own_sessions: Sessions, order_id: int) -> None:
    at_once(
        own_sessions,
        order_id,
        lambda session, order: pauses.ask(session, order, NOW + DAY, "等", SYSTEM, NOW, ZONE),
        lambda _session, order: orders.set_urgency(order, Urgency.EMERGENCY, LIMITS[Urgency.EMERGENCY], ZONE),
    )

    with own_sessions.begin() as session:
        order = orders.lock(session, order_id)
        pauses.resume(session, order, SYSTEM, NOW + 5 * HOUR)
        assert order.resolve_by == NOW + 7 * HOUR


def test_granted_and_refused_at_once_is_one_of_both(own_sessions: Sessions, order_id: int) -> None:
    with own_sessions.begin() as session:
        extensions.ask(session, orders.lock(session, order_id), NOW + 3 * DAY, "等", SYSTEM, NOW)

    def decide(granted: bool) -> Action:
        def action(session: Session, order: Order) -> None:
            extensions.decide(session, order.extensions[0], "决定", SYSTEM, NOW, granted=granted)

        return action

    raised = at_once(own_sessions, order_id, decide(True), decide(False))

    assert sorted(error is None for error in raised) == [False, True]
    with own_sessions() as session:
        remarks = set(session.scalars(select(OrderEvent.remark).where(OrderEvent.remark.is_not(None))))
        assert len(remarks & {Remark.EXTENDED, Remark.EXTENSION_REFUSED}) == 1


def test_two_clock_processes_tell_of_a_limit_once(own_sessions: Sessions, order_id: int) -> None:
    with own_sessions.begin() as session:
        for _ in range(5):
            factories.order(session, factories.line(session, number=f"+86201{_:07d}"), OrderState.IN_PROGRESS)
    start = Barrier(3)

    def run() -> None:
        start.wait(10)
        with own_sessions.begin() as session:
            look(session)

    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(run) for _ in range(3)]:
            done.result(30)

    with own_sessions.begin() as session:
        look(session)
        assert (
            session.scalar(select(func.count(Notice.id))) == session.scalar(select(func.count(NoticeReader.id))) == 12
        )


def test_supervision_passes_over_an_order_that_a_person_is_moving(own_sessions: Sessions, order_id: int) -> None:
    with own_sessions.begin() as person:
        order = orders.lock(person, order_id)
        with own_sessions.begin() as clock:
            assert supervision.look(clock, NOW + 30 * HOUR, ZONE) == 0
        factories.step(person, order, Move.RESOLVE, at=NOW + HOUR)

    with own_sessions.begin() as session:
        look(session)
        assert session.scalar(select(func.count(Notice.id))) == 0


def test_a_person_who_looked_before_supervision_did_moves_the_order_all_the_same(
    own_sessions: Sessions, order_id: int
) -> None:
    with own_sessions.begin() as person:
        order = person.get_one(Order, order_id)
        with own_sessions.begin() as clock:
            look(clock)

        factories.step(person, order, Move.RESOLVE, at=NOW + 31 * HOUR)

    with own_sessions() as session:
        assert session.get_one(Order, order_id).look_at is None


def test_the_list_of_the_day_is_made_once_by_two_at_once(own_sessions: Sessions, order_id: int) -> None:
    start = Barrier(2)

    def run() -> None:
        start.wait(10)
        with own_sessions.begin() as session:
            uncleared.make_due(session, NOW + 10 * HOUR, ZONE)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(run) for _ in range(2)]:
            done.result(30)

    with own_sessions() as session:
        (made,) = session.scalars(select(UnclearedList))
        assert [each.order_id for each in made.orders] == [order_id]


def test_emergency_mode_switched_on_twice_at_once_is_on_once(own_sessions: Sessions, order_id: int) -> None:
    start = Barrier(2)

    def run() -> BaseException | None:
        start.wait(10)
        try:
            with own_sessions.begin() as session:
                unit = session.scalars(select(Unit)).one()
                emergency_mode.switch_on(session, unit, "寒潮", NOW + DAY, SYSTEM, NOW, ZONE)
        except emergency_mode.AlreadyOnError as error:
            return error
        return None

    with ThreadPoolExecutor(2) as pool:
        raised = [done.result(30) for done in [pool.submit(run) for _ in range(2)]]

    assert sorted(error is None for error in raised) == [False, True]
    with own_sessions() as session:
        assert session.scalar(select(func.count(EmergencyMode.id))) == 1
