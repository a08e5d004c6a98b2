"""Orders under random moves: the history always replays to the state, and nothing is lost on the way."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from datetime import timedelta

import factories
import pytest
from factories import NOW
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy.orm import Session

from hotline.db import Sessions
from hotline.models import Order
from hotline.rules.machine import ImpossibleMoveError
from hotline.rules.order_states import ORDER, Move, OrderState
from hotline.services.results import ClosingElementsMissingError

# A result is reported by whichever of the two the order's state has.
_SAME = {Move.RESOLVE: Move.REPORT_BACK, Move.REPORT_BACK: Move.RESOLVE}


class OrderLife(RuleBasedStateMachine):
    """One order, moved by anybody in any order."""

    session: Session
    order: Order

    def __init__(self, undone: Callable[[], AbstractContextManager[Sessions]]) -> None:
        super().__init__()
        self._end = ExitStack()
        sessions = self._end.enter_context(undone())
        self.session = self._end.enter_context(sessions())
        self.now = NOW
        self.refused = 0

    @initialize()
    def received(self) -> None:
        self.order = factories.order(self.session)
        self.noise = factories.another(self.session, self.order)

    @rule(move=st.sampled_from(sorted(Move)), minutes=st.integers(min_value=0, max_value=600))
    def try_to_move(self, move: Move, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        before, rows = self.order.state, len(self.order.history)
        try:
            factories.step(self.session, self.order, move, at=self.now)
        except (ImpossibleMoveError, ClosingElementsMissingError):
            assert self.order.state == before
            assert len(self.order.history) == rows
        else:
            assert ORDER[before].keys() & {move, _SAME.get(move, move)}
            assert len(self.order.history) == rows + 1

    @rule(data=st.data())
    def move_on(self, data: st.DataObject) -> None:
        """A move that the table has, so that runs get far."""
        move = data.draw(st.sampled_from(sorted(ORDER[self.order.state])))
        self.try_to_move(move, 1)

    @invariant()
    def history_replays_to_the_state(self) -> None:
        state, merged_from = OrderState.RECEIVED, OrderState.RECEIVED
        for row in self.order.history:
            if row.move is None:
                continue
            assert row.from_state == state
            if row.move == Move.MERGE:
                merged_from = state
            state = merged_from if row.move == Move.UNMERGE else ORDER[state][row.move]
            assert row.to_state == state
        assert self.order.state == state

    @invariant()
    def history_runs_forward(self) -> None:
        times = [row.at for row in self.order.history]
        assert times == sorted(times)

    @invariant()
    def every_resolution_has_its_result_and_its_round(self) -> None:
        numbers = list(range(1, self.order.resolutions + 1))
        assert [result.resolution for result in self.order.results] == numbers
        assert [survey.resolution for survey in self.order.survey_rounds] == numbers

    @invariant()
    def a_round_is_open_only_while_the_order_waits_for_it(self) -> None:
        open_rounds = [survey for survey in self.order.survey_rounds if survey.ended_at is None]
        if self.order.state == OrderState.RESOLVED:
            assert [survey.resolution for survey in open_rounds] == [self.order.resolutions]
        else:
            assert open_rounds == []

    @invariant()
    def what_is_closed_was_closed_at_some_time(self) -> None:
        assert (self.order.state == OrderState.CLOSED) == (self.order.closed_at is not None)
        assert (self.order.state == OrderState.MERGED) == (self.order.merged_into_id is not None)

    @invariant()
    def nothing_else_moved(self) -> None:
        assert self.noise.state == OrderState.RECEIVED
        assert len(self.noise.history) == 1

    def teardown(self) -> None:
        self._end.close()


@pytest.mark.timeout(900)  # to find the shortest run that fails takes long
def test_history_replays_to_the_state_whatever_is_tried(
    undone: Callable[[], AbstractContextManager[Sessions]],
) -> None:
    run_state_machine_as_test(
        lambda: OrderLife(undone), settings=settings(max_examples=25, stateful_step_count=25, deadline=None)
    )
