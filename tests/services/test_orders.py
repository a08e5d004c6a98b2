"""Moves of an order on a real database: who may make them, what they leave in the history, and how they are undone."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import factories
import pytest
from factories import LATER, NOW, ZONE
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from hotline.db import Sessions
from hotline.models import Action, AuditEntry, Order, OrderEvent, Unit, User, UserRole
from hotline.rules.machine import ImpossibleMoveError
from hotline.rules.order_states import ORDER, WHO, Move, OrderState
from hotline.rules.policy import LIMITS
from hotline.rules.roles import Role
from hotline.services import orders
from hotline.services.access import SYSTEM, Actor, NotAllowedError, actor_for
from hotline.services.orders import (
    ChangedMeanwhileError,
    HandlerHasItError,
    NobodyHadItError,
    NotAHandlerError,
    ReasonMissingError,
)

PAIRS = [(state, move) for state, moves in ORDER.items() for move in moves]
NEEDS_REASON = {Move.RETURN, Move.INVALIDATE, Move.REOPEN, Move.TAKE_BACK, Move.REFER, Move.MERGE}


@pytest.fixture
def street(session: Session) -> Unit:
    return factories.unit(session, parent=factories.unit(session))


def in_state(session: Session, unit: Unit, state: OrderState) -> Order:
    return factories.order(session, factories.line(session, unit), state)


@pytest.mark.parametrize(("state", "move"), PAIRS)
def test_each_move_of_the_table_is_made_and_written_down(
    session: Session, street: Unit, state: OrderState, move: Move
) -> None:
    order = in_state(session, street, state)
    before = order.version

    factories.step(session, order, move, at=LATER)

    row = session.scalars(select(OrderEvent).where(OrderEvent.order_id == order.id)).all()[-1]
    assert (row.move, row.from_state, row.to_state, row.at) == (move, state, order.state, LATER)
    assert order.version > before
    if move != Move.UNMERGE:
        assert order.state == ORDER[state][move]
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert (entry.action, entry.subject_id, entry.detail) == (Action.ORDER_MOVED, order.id, move)


@pytest.mark.parametrize("state", sorted(OrderState))
def test_no_other_move_is_made(session: Session, street: Unit, state: OrderState) -> None:
    order = in_state(session, street, state)
    rows = len(order.history)

    for move in sorted(set(Move) - set(ORDER[state])):
        with pytest.raises(ImpossibleMoveError):
            orders.move(session, order, move, SYSTEM, NOW, "理由")

    assert order.state == state
    assert len(order.history) == rows


@pytest.mark.parametrize(("state", "move"), PAIRS)
@pytest.mark.parametrize("role", sorted(Role))
def test_a_role_makes_the_moves_that_are_its_own(
    session: Session, street: Unit, state: OrderState, move: Move, role: Role
) -> None:
    order = in_state(session, street, state)
    actor = factories.actor(session, street, role)
    if move == Move.TAKE_BACK:
        factories.handler_leaves(session, order)

    assert (move in orders.allowed(session, order, actor)) == (role in WHO[move])
    if role in WHO[move]:
        if move in {Move.MERGE, Move.UNMERGE}:
            order.merged_into_id = factories.another(session, order).id if move == Move.MERGE else None
        orders.move(session, order, move, actor, NOW, "理由")
        assert order.history[-1].user_id == actor.user_id
    else:
        with pytest.raises(NotAllowedError):
            orders.move(session, order, move, actor, NOW, "理由")


@pytest.mark.parametrize("role", sorted(Role))
def test_nobody_moves_what_is_outside_the_own_part_of_the_organisation(session: Session, role: Role) -> None:
    city = factories.unit(session)
    here, there = (factories.unit(session, parent=city) for _ in range(2))
    stranger = factories.actor(session, there, role)
    order = in_state(session, here, OrderState.TRIAGED)

    assert orders.allowed(session, order, stranger) == []
    with pytest.raises(NotAllowedError):
        orders.move(session, order, Move.DISPATCH, stranger, NOW)


def test_who_stands_above_moves_what_is_below(session: Session, street: Unit) -> None:
    above = factories.actor(session, street.parent, Role.SUPERVISOR)

    assert Move.DISPATCH in orders.allowed(session, in_state(session, street, OrderState.TRIAGED), above)


def test_who_stands_below_does_not_move_what_is_above(session: Session, street: Unit) -> None:
    below = factories.actor(session, factories.unit(session, parent=street), Role.SUPERVISOR, Role.HANDLER)

    assert orders.allowed(session, in_state(session, street, OrderState.DISPATCHED), below) == []


def test_an_order_that_was_handed_elsewhere_is_still_seen_to_where_it_came_in(session: Session) -> None:
    city = factories.unit(session)
    here, there = (factories.unit(session, parent=city) for _ in range(2))
    order = in_state(session, here, OrderState.TRIAGED)
    orders.dispatch(session, order, there, SYSTEM, NOW)

    assert Move.MERGE in orders.allowed(session, order, factories.actor(session, here, Role.DISPATCHER))
    assert orders.allowed(session, order, factories.actor(session, here, Role.HANDLER)) == []
    assert Move.ACCEPT in orders.allowed(session, order, factories.actor(session, there, Role.HANDLER))


def test_a_dispatcher_where_it_came_in_may_report_for_the_body_it_was_referred_to(session: Session) -> None:
    city = factories.unit(session)
    here, there = (factories.unit(session, parent=city) for _ in range(2))
    order = in_state(session, here, OrderState.TRIAGED)
    orders.dispatch(session, order, there, SYSTEM, NOW)
    for move in (Move.ACCEPT, Move.CONTACT, Move.REFER):
        factories.step(session, order, move)

    dispatcher = factories.actor(session, here, Role.DISPATCHER)
    assert {Move.REPORT_BACK, Move.TAKE_BACK} <= set(orders.allowed(session, order, dispatcher))


@pytest.mark.parametrize(
    "move", sorted({move for _, move in PAIRS if move in NEEDS_REASON}), ids=lambda move: move.value
)
@pytest.mark.parametrize("reason", [None, "", "  \n"])
def test_some_moves_need_a_reason(session: Session, street: Unit, move: Move, reason: str | None) -> None:
    state = next(state for state, found in PAIRS if found == move)
    order = in_state(session, street, state)
    if move == Move.TAKE_BACK:
        factories.handler_leaves(session, order)

    with pytest.raises(ReasonMissingError):
        orders.move(session, order, move, SYSTEM, NOW, reason)
    assert order.state == state


@pytest.mark.parametrize("change", [update(OrderEvent).values(reason="改过"), delete(OrderEvent)])
def test_history_cannot_be_changed_or_removed(session: Session, street: Unit, change) -> None:
    in_state(session, street, OrderState.TRIAGED)

    with pytest.raises(DBAPIError, match="only ever added"):
        session.execute(change)


def test_an_order_with_history_cannot_be_removed(session: Session, street: Unit) -> None:
    order = in_state(session, street, OrderState.RECEIVED)

    with pytest.raises(DBAPIError):
        session.execute(text("delete from orders where id = :id"), {"id": order.id})


def test_the_history_names_who_held_the_order(session: Session) -> None:
    city = factories.unit(session)
    here, there = (factories.unit(session, parent=city) for _ in range(2))
    order = in_state(session, here, OrderState.TRIAGED)

    orders.dispatch(session, order, there, SYSTEM, NOW)
    factories.step(session, order, Move.RETURN)

    assert [(row.move, row.unit_id) for row in order.history[-2:]] == [
        (Move.DISPATCH, there.id),
        (Move.RETURN, there.id),
    ]
    assert order.unit_id == here.id


# Dispatch and return


def test_dispatching_hands_over_and_frees_the_handler(session: Session, street: Unit) -> None:
    grid = factories.unit(session, parent=street)
    order = in_state(session, street, OrderState.ACCEPTED)
    factories.step(session, order, Move.RETURN)

    orders.dispatch(session, order, grid, factories.actor(session, street, Role.DISPATCHER), LATER, "请尽快")

    assert (order.unit_id, order.handler_id, order.returns) == (grid.id, None, 1)
    assert order.history[-1].reason == "请尽快"


def test_what_one_does_not_hold_cannot_be_dispatched_to_oneself(session: Session) -> None:
    city = factories.unit(session)
    here, there = (factories.unit(session, parent=city) for _ in range(2))
    order = in_state(session, here, OrderState.TRIAGED)

    with pytest.raises(NotAllowedError):
        orders.dispatch(session, order, there, factories.actor(session, there, Role.DISPATCHER), NOW)
    assert order.unit_id == here.id


def test_who_holds_an_order_may_dispatch_it_to_a_unit_outside(session: Session) -> None:
    city = factories.unit(session)
    here, there, elsewhere = (factories.unit(session, parent=city) for _ in range(3))
    order = in_state(session, here, OrderState.TRIAGED)
    orders.dispatch(session, order, there, SYSTEM, NOW)
    for move in (Move.ACCEPT, Move.CONTACT, Move.RESOLVE, Move.REOPEN):
        factories.step(session, order, move)

    orders.dispatch(session, order, elsewhere, factories.actor(session, there, Role.SUPERVISOR), LATER)

    assert order.unit_id == elsewhere.id


def test_a_refused_move_leaves_the_order_as_it_was(session: Session, street: Unit) -> None:
    order = in_state(session, street, OrderState.DISPATCHED)
    stranger = factories.user(session, factories.unit(session), Role.HANDLER)

    for refused in (
        lambda: orders.accept(session, order, stranger, actor_for(stranger), NOW),
        lambda: orders.give_back(session, order, actor_for(stranger), NOW, "不归我管"),
        lambda: orders.close(session, order, SYSTEM, NOW),
        lambda: orders.contact(session, order, SYSTEM, NOW, "打过电话"),
    ):
        with pytest.raises((NotAllowedError, ImpossibleMoveError)):
            refused()

    assert not session.is_modified(order)
    assert (order.handler_id, order.returns, order.closed_at, order.contacted_at) == (None, 0, None, None)


# Who handles it


def goes_out_of_service(handler: User, _elsewhere: Unit) -> None:
    handler.is_active = False


def becomes_a_call_taker(handler: User, _elsewhere: Unit) -> None:
    handler.role_rows = [UserRole(role=Role.CALL_TAKER)]


def moves_away(handler: User, elsewhere: Unit) -> None:
    handler.unit = elsewhere


LEAVING = [goes_out_of_service, becomes_a_call_taker, moves_away]


@pytest.mark.parametrize("leaves", LEAVING)
def test_only_a_handler_of_the_holder_or_above_is_signed_for(
    session: Session, street: Unit, leaves: Callable[[User, Unit], None]
) -> None:
    order = in_state(session, street, OrderState.DISPATCHED)
    handler = factories.user(session, street, Role.HANDLER)
    leaves(handler, factories.unit(session, parent=street.parent))
    session.flush()

    with pytest.raises(NotAHandlerError, match="no handler of the unit"):
        orders.accept(session, order, handler, SYSTEM, NOW)

    assert (order.state, order.handler_id) == (OrderState.DISPATCHED, None)


@pytest.mark.parametrize("level", ["own", "above"])
def test_a_handler_of_the_holder_or_above_is_signed_for(session: Session, street: Unit, level: str) -> None:
    order = in_state(session, street, OrderState.DISPATCHED)
    handler = factories.user(session, street if level == "own" else street.parent, Role.HANDLER)

    orders.accept(session, order, handler, SYSTEM, NOW)

    assert order.handler_id == handler.id


def test_an_order_that_is_done_again_goes_back_to_whoever_had_it(session: Session, street: Unit) -> None:
    order = in_state(session, street, OrderState.REOPENED)
    handler_id, supervisor = order.handler_id, factories.actor(session, street, Role.SUPERVISOR)

    orders.move(session, order, Move.REWORK, supervisor, LATER)

    assert handler_id is not None
    assert (order.state, order.handler_id) == (OrderState.IN_PROGRESS, handler_id)


@pytest.mark.parametrize("leaves", LEAVING)
def test_where_whoever_had_it_is_gone_it_is_dispatched_and_accepted(
    session: Session, street: Unit, leaves: Callable[[User, Unit], None]
) -> None:
    order = in_state(session, street, OrderState.REOPENED)
    leaves(session.get_one(User, order.handler_id), factories.unit(session, parent=street.parent))
    session.flush()

    is_dispatched_instead(session, order, factories.actor(session, street, Role.SUPERVISOR))


def test_what_was_answered_and_is_opened_again_has_nobody_to_go_back_to(session: Session, street: Unit) -> None:
    order = in_state(session, street, OrderState.ANSWERED)
    for move in (Move.CLOSE, Move.REOPEN):
        factories.step(session, order, move)

    is_dispatched_instead(session, order, factories.actor(session, street, Role.SUPERVISOR))


def is_dispatched_instead(session: Session, order: Order, supervisor: Actor) -> None:
    """The reopened order cannot be reworked, by nobody; dispatched it gets a handler as any other does."""
    assert orders.allowed(session, order, supervisor) == [Move.DISPATCH, Move.MERGE]
    for actor in (supervisor, SYSTEM):
        with pytest.raises(NobodyHadItError):
            orders.move(session, order, Move.REWORK, actor, LATER)
    assert order.state == OrderState.REOPENED
    for move in (Move.DISPATCH, Move.ACCEPT, Move.CONTACT):
        factories.step(session, order, move, at=LATER)
    assert order.state == OrderState.IN_PROGRESS
    assert order.handler_id is not None


def test_signing_and_contact_are_timed_once(session: Session, street: Unit) -> None:
    order = in_state(session, street, OrderState.DISPATCHED)
    factories.step(session, order, Move.ACCEPT, at=NOW)
    factories.step(session, order, Move.RETURN, at=NOW)
    factories.step(session, order, Move.DISPATCH, at=NOW)
    factories.step(session, order, Move.ACCEPT, at=LATER)

    assert order.accepted_at == NOW


# Reopening


def test_a_reopened_order_gets_new_clocks(session: Session, street: Unit) -> None:
    order = in_state(session, street, OrderState.CLOSED)
    supervisor = factories.actor(session, street, Role.SUPERVISOR)

    orders.reopen(session, order, supervisor, LATER, "来电人又打来", LIMITS[order.urgency], ZONE)

    assert order.state == OrderState.REOPENED
    assert (order.closed_at, order.resolved_at) == (None, None)
    assert order.resolve_by == LATER + timedelta(hours=24)
    assert order.received_at == NOW


# Merging


@pytest.mark.parametrize("state", sorted(state for state, move in PAIRS if move == Move.MERGE))
def test_what_was_merged_goes_back_where_it_was(session: Session, street: Unit, state: OrderState) -> None:
    order = in_state(session, street, state)

    factories.step(session, order, Move.MERGE)
    assert (order.state, order.merged_into_id is None) == (OrderState.MERGED, False)

    factories.step(session, order, Move.UNMERGE)
    assert (order.state, order.merged_into_id) == (state, None)


def test_merged_a_second_time_it_goes_back_to_where_it_was_then(session: Session, street: Unit) -> None:
    order = in_state(session, street, OrderState.RECEIVED)
    for move in (Move.MERGE, Move.UNMERGE, Move.TRIAGE, Move.MERGE, Move.UNMERGE):
        factories.step(session, order, move)

    assert order.state == OrderState.TRIAGED


def test_an_order_is_not_merged_into_itself_nor_into_one_that_is_over(session: Session, street: Unit) -> None:
    order = in_state(session, street, OrderState.TRIAGED)
    over = factories.another(session, order)
    factories.step(session, over, Move.INVALIDATE)

    for into in (order, over):
        with pytest.raises(ImpossibleMoveError):
            orders.merge(session, order, into, SYSTEM, NOW, "同一件事")
    assert order.merged_into_id is None


def test_the_database_too_holds_merged_orders_to_their_target(session: Session, street: Unit) -> None:
    order = in_state(session, street, OrderState.RECEIVED)

    with pytest.raises(IntegrityError, match="merged_names_its_target"), session.begin_nested():
        session.execute(update(Order).where(Order.id == order.id).values(state=OrderState.MERGED))
    with pytest.raises(IntegrityError, match="not_merged_into_itself"), session.begin_nested():
        session.execute(
            update(Order).where(Order.id == order.id).values(state=OrderState.MERGED, merged_into_id=order.id)
        )


# Two at once


def test_of_two_people_who_move_at_once_one_is_told(own_sessions: Sessions) -> None:
    with own_sessions.begin() as session:
        order_id = factories.order(session).id
    with own_sessions() as first, own_sessions() as second:
        mine, theirs = first.get_one(Order, order_id), second.get_one(Order, order_id)
        orders.triage(first, mine, SYSTEM, NOW)
        first.commit()

        with pytest.raises(StaleDataError):
            orders.triage(second, theirs, SYSTEM, NOW)


def test_who_looked_before_somebody_else_moved_is_told_what_happened(session: Session, street: Unit) -> None:
    order = in_state(session, street, OrderState.RECEIVED)
    seen = order.version
    orders.check_unchanged(order, seen)

    orders.triage(session, order, SYSTEM, NOW)

    with pytest.raises(ChangedMeanwhileError) as told:
        orders.check_unchanged(order, seen)
    assert told.value.since[-1].move == Move.TRIAGE


# Numbers


def test_numbers_count_up_within_the_local_day(session: Session) -> None:
    last_minute = datetime(2026, 3, 2, 15, 59, tzinfo=UTC)  # one minute to midnight there
    numbers = [orders.reserve_number(session, last_minute, ZONE) for _ in range(3)]

    assert numbers == ["2603020001", "2603020002", "2603020003"]
    assert orders.reserve_number(session, last_minute + timedelta(minutes=1), ZONE) == "2603030001"
    assert orders.reserve_number(session, last_minute, ZONE) == "2603020004"


def test_the_number_after_the_four_digit_ones_has_five(session: Session) -> None:
    session.execute(text("insert into order_number_days (day, last) values ('2026-03-02', 9999)"))

    assert orders.reserve_number(session, NOW, ZONE) == "26030210000"


def test_a_number_is_never_given_out_twice(session: Session, street: Unit) -> None:
    first = in_state(session, street, OrderState.RECEIVED)
    second = factories.another(session, first)

    assert first.number != second.number
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(update(Order).where(Order.id == second.id).values(number=first.number))


def test_what_is_taken_back_is_held_by_nobody_where_it_came_in(session: Session) -> None:
    city = factories.unit(session)
    here, there = (factories.unit(session, parent=city) for _ in range(2))
    order = in_state(session, here, OrderState.TRIAGED)
    orders.dispatch(session, order, there, SYSTEM, NOW)
    for move in (Move.ACCEPT, Move.CONTACT, Move.REFER):
        factories.step(session, order, move)

    orders.take_back(session, order, SYSTEM, LATER, "对方不受理")

    assert (order.state, order.handler_id, order.unit_id) == (OrderState.TRIAGED, None, here.id)
    assert order.history[-1].unit_id == there.id


WORKED_ON = [OrderState.ACCEPTED, OrderState.IN_PROGRESS]


@pytest.mark.parametrize("state", WORKED_ON)
def test_nobody_takes_an_order_from_a_handler_who_goes_on_with_it(
    session: Session, street: Unit, state: OrderState
) -> None:
    order = in_state(session, street, state)
    supervisor = factories.actor(session, street, Role.SUPERVISOR)

    assert Move.TAKE_BACK not in orders.allowed(session, order, supervisor)
    for actor in (supervisor, SYSTEM):
        with pytest.raises(HandlerHasItError):
            orders.take_back(session, order, actor, LATER, "换人办理")
    assert (order.state, order.handler_id is None) == (state, False)


@pytest.mark.parametrize("state", WORKED_ON)
@pytest.mark.parametrize("role", [Role.DISPATCHER, Role.SUPERVISOR])
@pytest.mark.parametrize("leaves", LEAVING)
def test_a_secret_order_whose_handler_is_gone_is_taken_back_and_gets_another(
    session: Session, street: Unit, state: OrderState, role: Role, leaves: Callable[[User, Unit], None]
) -> None:
    order = in_state(session, street, state)
    order.is_secret = True
    leaves(session.get_one(User, order.handler_id), factories.unit(session, parent=street.parent))
    session.flush()
    colleague, dispatcher = (factories.user(session, street, each) for each in (Role.HANDLER, role))
    assert orders.allowed(session, order, actor_for(colleague)) == []

    assert Move.TAKE_BACK in orders.allowed(session, order, actor_for(dispatcher))
    orders.take_back(session, order, actor_for(dispatcher), LATER, "承办人已调离")
    orders.dispatch(session, order, street, actor_for(dispatcher), LATER)
    orders.accept(session, order, colleague, actor_for(colleague), LATER)

    assert (order.handler, order.returns) == (colleague, 0)
    assert Move.CONTACT in orders.allowed(session, order, actor_for(colleague))
