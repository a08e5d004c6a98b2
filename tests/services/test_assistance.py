"""Units beside the holder: those that assist it, the body it is referred to, and whom a supervisor appoints."""

import threading

import factories
import pytest
from factories import LATER, NOW
from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline.db import Sessions
from hotline.models import Action, AuditEntry, Level, Order, Unit
from hotline.rules.machine import ImpossibleMoveError
from hotline.rules.order_states import OPEN, Move, OrderState, Remark
from hotline.rules.roles import Role
from hotline.services import assistance, orders, results
from hotline.services.access import SYSTEM, Actor, NotAllowedError, sees_order
from hotline.services.assistance import AssistsAlreadyError, NotAssistingError, NothingSaidError
from hotline.services.orders import NotABodyError, ReasonMissingError, SupervisorAppointsError

PATIENCE_S = 10


class Town:
    """A city with two streets, a department and a charity; an order is held by the first street."""

    def __init__(self, session: Session, state: OrderState = OrderState.ACCEPTED) -> None:
        self.session = session
        self.city = factories.unit(session, level=Level.CITY)
        self.here = factories.unit(session, parent=self.city)
        self.there = factories.unit(session, parent=self.city)
        self.grid = factories.unit(session, parent=self.there, level=Level.GRID)
        self.department = factories.unit(session, parent=self.city, level=Level.DEPARTMENT)
        self.line = factories.line(session, self.here)
        self.order = factories.order(session, self.line, state)
        self.supervisor = factories.actor(session, self.here, Role.SUPERVISOR)

    def of(self, unit: Unit, *roles: Role) -> Actor:
        return factories.actor(self.session, unit, *roles)

    def is_seen_from(self, unit: Unit) -> bool:
        actor = self.of(unit, Role.HANDLER)
        return self.session.scalar(select(Order.id).where(Order.id == self.order.id, sees_order(actor))) is not None


@pytest.fixture
def town(session: Session) -> Town:
    return Town(session)


# Assisting units


def test_who_assists_sees_the_order_until_it_is_released(session: Session, town: Town) -> None:
    assert not town.is_seen_from(town.there)

    assistance.add(session, town.order, town.there, town.supervisor, LATER, "一起上门")
    assert town.is_seen_from(town.there)
    assert not town.is_seen_from(town.grid)

    assistance.remove(session, town.order, town.there, town.supervisor, LATER)
    assert not town.is_seen_from(town.there)
    added, removed = town.order.history[-2:]
    assert (added.remark, added.other_unit, added.reason, added.move) == (
        Remark.ASSISTANT_ADDED,
        town.there,
        "一起上门",
        None,
    )
    assert (removed.remark, removed.other_unit) == (Remark.ASSISTANT_REMOVED, town.there)
    assert (added.from_state, added.to_state) == (OrderState.ACCEPTED, OrderState.ACCEPTED)


def test_who_assists_does_not_move_the_order(session: Session, town: Town) -> None:
    assistance.add(session, town.order, town.there, SYSTEM, NOW)

    assert orders.allowed(session, town.order, town.of(town.there, *Role)) == []


@pytest.mark.parametrize("role", sorted(Role))
def test_who_assists_is_said_by_a_dispatcher_or_supervisor_of_the_holder(
    session: Session, town: Town, role: Role
) -> None:
    may = role in {Role.DISPATCHER, Role.SUPERVISOR}

    assert assistance.may_choose(session, town.order, town.of(town.here, role)) == may
    assert assistance.may_choose(session, town.order, town.of(town.city, role)) == may
    stranger = town.of(town.there, role)
    with pytest.raises(NotAllowedError):
        assistance.add(session, town.order, town.there, stranger, NOW)
    assert town.order.assistants == []


def test_the_holder_now_decides_not_the_one_before(session: Session) -> None:
    town = Town(session, OrderState.TRIAGED)
    orders.dispatch(session, town.order, town.there, SYSTEM, NOW)

    with pytest.raises(NotAllowedError):
        assistance.add(session, town.order, town.department, town.supervisor, NOW)
    assistance.add(session, town.order, town.department, town.of(town.there, Role.SUPERVISOR), NOW)


def test_a_unit_assists_once_and_not_itself(session: Session, town: Town) -> None:
    assistance.add(session, town.order, town.there, town.supervisor, NOW)

    for unit in (town.there, town.here):
        with pytest.raises(AssistsAlreadyError):
            assistance.add(session, town.order, unit, town.supervisor, NOW)
    with pytest.raises(NotAssistingError):
        assistance.remove(session, town.order, town.department, town.supervisor, NOW)


def test_who_gets_the_order_assists_no_longer(session: Session) -> None:
    town = Town(session, OrderState.TRIAGED)
    assistance.add(session, town.order, town.there, town.supervisor, NOW)

    orders.dispatch(session, town.order, town.there, town.supervisor, NOW)

    assert town.order.assistants == []


@pytest.mark.parametrize("state", sorted(OrderState))
def test_units_assist_where_somebody_works(session: Session, state: OrderState) -> None:
    town = Town(session, state)
    nobody_works = {
        OrderState.RECEIVED,
        OrderState.RESOLVED,
        OrderState.ANSWERED,
        OrderState.CLOSED,
        OrderState.MERGED,
        OrderState.INVALID,
    }

    if state in nobody_works:
        with pytest.raises(ImpossibleMoveError):
            assistance.add(session, town.order, town.there, SYSTEM, NOW)
    else:
        assistance.add(session, town.order, town.there, SYSTEM, NOW)
        assert town.order.state == state


def test_an_assisting_unit_says_what_it_did(session: Session, town: Town) -> None:
    assistance.add(session, town.order, town.there, town.supervisor, NOW)
    handler = town.of(town.there, Role.HANDLER)
    seen = town.order.version
    assert assistance.speaks_for(town.order, handler) == [town.there]

    assistance.report(session, town.order, town.there, handler, LATER, " 送去两袋米 ")

    said = town.order.history[-1]
    assert (said.remark, said.other_unit, said.unit, said.reason, said.user_id, said.at) == (
        Remark.ASSISTED,
        town.there,
        town.here,
        "送去两袋米",
        handler.user_id,
        LATER,
    )
    with pytest.raises(orders.ChangedMeanwhileError):
        orders.check_unchanged(town.order, seen)
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert (entry.action, entry.subject_id, entry.detail) == (
        Action.ASSISTANCE_NOTED,
        town.order.id,
        town.there.code,
    )


def test_who_does_not_speak_for_the_unit_reports_nothing(session: Session, town: Town) -> None:
    assistance.add(session, town.order, town.there, town.supervisor, NOW)

    for actor in (town.of(town.there, Role.CALL_TAKER), town.of(town.grid, Role.HANDLER), town.supervisor):
        with pytest.raises(NotAllowedError):
            assistance.report(session, town.order, town.there, actor, NOW, "送去两袋米")
    with pytest.raises(NotAssistingError):
        assistance.report(session, town.order, town.department, town.supervisor, NOW, "送去两袋米")
    with pytest.raises(NothingSaidError):
        assistance.report(session, town.order, town.there, town.of(town.there, Role.HANDLER), NOW, "  ")


def test_nothing_is_reported_about_an_order_that_is_over(session: Session, town: Town) -> None:
    assistance.add(session, town.order, town.there, town.supervisor, NOW)
    for move in (Move.CONTACT, Move.RESOLVE, Move.CLOSE):
        factories.step(session, town.order, move)
    assert town.order.state not in OPEN

    with pytest.raises(ImpossibleMoveError):
        assistance.report(session, town.order, town.there, town.of(town.there, Role.HANDLER), NOW, "送去两袋米")
    assistance.remove(session, town.order, town.there, town.supervisor, NOW)


def test_of_two_who_add_the_same_unit_at_once_one_is_told(own_sessions: Sessions) -> None:
    with own_sessions.begin() as session:
        town = Town(session)
        order_id, unit_id = town.order.id, town.there.id
    told: list[BaseException] = []

    def add() -> None:
        try:
            with own_sessions.begin() as session:
                order = orders.lock(session, order_id)
                assistance.add(session, order, session.get_one(Unit, unit_id), SYSTEM, NOW)
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is looked at below
            told.append(error)

    threads = [threading.Thread(target=add) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)

    assert [type(error) for error in told] == [AssistsAlreadyError] * 2
    with own_sessions() as session:
        order = session.get_one(Order, order_id)
        assert [each.unit_id for each in order.assistants] == [unit_id]
        assert [event.remark for event in order.history].count(Remark.ASSISTANT_ADDED) == 1


# Referral


@pytest.fixture
def referred(session: Session) -> Town:
    town = Town(session, OrderState.IN_PROGRESS)
    orders.refer(session, town.order, town.department, SYSTEM, NOW, "属医保业务")
    return town


def test_the_body_is_kept_on_the_order_and_sees_it(referred: Town) -> None:
    assert referred.order.referred_to_id == referred.department.id
    assert referred.order.history[-1].other_unit_id == referred.department.id
    assert referred.is_seen_from(referred.department)
    assert not referred.is_seen_from(referred.there)


def test_the_body_reports_its_own_result_and_nothing_else(session: Session, referred: Town) -> None:
    handler = referred.of(referred.department, *Role)
    assert set(orders.allowed(session, referred.order, handler)) == {Move.CONTACT, Move.REPORT_BACK}

    results.report(session, referred.order, factories.REPORT, handler, LATER, factories.ZONE)

    assert referred.order.state == OrderState.RESOLVED
    assert referred.order.results[-1].user_id == handler.user_id
    assert referred.order.history[-1].other_unit_id == referred.department.id
    assert orders.allowed(session, referred.order, handler) == []


def test_what_was_taken_back_is_the_bodys_no_longer(session: Session, referred: Town) -> None:
    orders.take_back(session, referred.order, SYSTEM, LATER, "对方不受理")

    assert referred.order.referred_to_id is None
    assert referred.order.history[-1].other_unit_id == referred.department.id
    assert not referred.is_seen_from(referred.department)


@pytest.mark.parametrize("move", [Move.REWORK, Move.DISPATCH])
def test_what_is_done_again_by_us_is_the_bodys_no_longer(session: Session, referred: Town, move: Move) -> None:
    for each in (Move.REPORT_BACK, Move.REOPEN, move):
        factories.step(session, referred.order, each)

    assert referred.order.referred_to_id is None


@pytest.mark.parametrize("level", sorted(set(Level) - orders.BODIES))
def test_nothing_is_referred_to_a_place(session: Session, level: Level) -> None:
    town = Town(session, OrderState.IN_PROGRESS)

    with pytest.raises(NotABodyError):
        orders.refer(session, town.order, factories.unit(session, level=level), SYSTEM, NOW, "理由")
    with pytest.raises(ReasonMissingError):
        orders.refer(session, town.order, town.department, SYSTEM, NOW, " ")
    assert (town.order.state, town.order.referred_to_id) == (OrderState.IN_PROGRESS, None)


# The third return


def returned(session: Session, town: Town, times: int) -> Order:
    order = factories.order(session, town.line, OrderState.TRIAGED)
    for _ in range(times):
        factories.step(session, order, Move.DISPATCH)
        factories.step(session, order, Move.RETURN)
    return order


@pytest.mark.parametrize(("times", "waits"), [(0, False), (2, False), (3, True), (4, True)])
def test_after_the_third_return_a_supervisor_appoints(session: Session, town: Town, times: int, waits: bool) -> None:
    order = returned(session, town, times)
    dispatcher = town.of(town.here, Role.DISPATCHER)

    assert orders.needs_appointment(session, order) == waits
    assert (Move.DISPATCH in orders.allowed(session, order, dispatcher)) != waits
    assert Move.DISPATCH in orders.allowed(session, order, town.supervisor)
    if waits:
        with pytest.raises(SupervisorAppointsError, match=f"returned {times} times"):
            orders.dispatch(session, order, town.there, dispatcher, NOW)
        assert order.unit_id == town.here.id
        orders.dispatch(session, order, town.there, town.supervisor, NOW, "指定承办")
    else:
        orders.dispatch(session, order, town.there, dispatcher, NOW)
    assert order.unit_id == town.there.id


def test_how_many_returns_is_the_units_to_say(session: Session, town: Town) -> None:
    order = returned(session, town, 1)
    town.here.policy = {**town.here.policy, "appoint_after_returns": 1}
    session.flush()

    assert orders.needs_appointment(session, order)
