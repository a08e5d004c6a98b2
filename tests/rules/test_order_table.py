"""The life of an order: exactly the moves of docs/domain.md, what each state leads to, and who may do what."""

import pytest
from tables import plain, written

from hotline.rules import order_states
from hotline.rules.machine import ImpossibleMoveError
from hotline.rules.order_states import OPEN, ORDER, WHO, Move, OrderState
from hotline.rules.roles import Role

LIFE = written("""
    received     triage>triaged invalidate>invalid merge>merged
    triaged      dispatch>dispatched answer>answered invalidate>invalid merge>merged
    dispatched   accept>accepted return>triaged merge>merged
    accepted     contact>in_progress return>triaged take_back>triaged merge>merged
    in_progress  contact>in_progress resolve>resolved refer>referred take_back>triaged merge>merged
    referred     contact>referred report_back>resolved take_back>triaged merge>merged
    resolved     close>closed reopen>reopened merge>merged
    reopened     rework>in_progress dispatch>dispatched merge>merged
    answered     close>closed merge>merged
    closed       reopen>reopened
    merged       unmerge>merged
    invalid      restore>triaged
""")


def test_the_table_has_every_move_of_the_field_and_no_other() -> None:
    assert plain(ORDER) == LIFE


@pytest.mark.parametrize("state", sorted(OrderState))
@pytest.mark.parametrize("move", sorted(Move))
def test_every_pair_is_answered(state: OrderState, move: Move) -> None:
    if move.value in LIFE[state.value]:
        assert order_states.after(state, move).value == LIFE[state.value][move.value]
        return
    with pytest.raises(ImpossibleMoveError) as refused:
        order_states.after(state, move)
    assert (refused.value.state, refused.value.event) == (state, move)


def test_every_state_can_be_reached_and_left() -> None:
    reached = {OrderState.RECEIVED}
    while more := {to for state in reached for to in ORDER[state].values()} - reached:
        reached |= more

    assert reached == set(OrderState)
    assert all(ORDER[state] for state in OrderState)


def test_from_every_open_state_an_order_can_be_closed() -> None:
    closing = {OrderState.CLOSED}
    while more := {state for state in OPEN - closing if set(ORDER[state].values()) & closing}:
        closing |= more

    assert closing >= OPEN


def test_whatever_is_open_can_be_merged_and_nothing_else() -> None:
    assert {state for state in OrderState if Move.MERGE in ORDER[state]} == OPEN


WHO_MAY = written("""
    call_taker     triage>y invalidate>y restore>y answer>y close>y merge>y unmerge>y
    dispatcher     dispatch>y refer>y report_back>y take_back>y merge>y unmerge>y
    handler        accept>y return>y contact>y resolve>y refer>y report_back>y
    supervisor     triage>y invalidate>y restore>y dispatch>y take_back>y close>y reopen>y rework>y merge>y unmerge>y
    administrator
""")


@pytest.mark.parametrize("role", sorted(Role))
def test_a_role_may_what_is_its_work(role: Role) -> None:
    assert {move.value for move, roles in WHO.items() if role in roles} == set(WHO_MAY[role.value])


def test_every_move_is_somebodys() -> None:
    assert set(WHO) == set(Move)
    assert all(WHO.values())


@pytest.mark.parametrize("state", sorted(OrderState))
def test_moves_are_those_of_the_state_and_of_any_role_held(state: OrderState) -> None:
    assert order_states.moves(state, frozenset()) == []
    assert order_states.moves(state, frozenset(Role)) == list(ORDER[state])
    assert order_states.moves(state, frozenset({Role.HANDLER})) == [
        move for move in ORDER[state] if Role.HANDLER in WHO[move]
    ]
