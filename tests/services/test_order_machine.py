"""Ten thousand moves by random people at random times: orders are always as the field's own rules want them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import order_machine
import order_model as model
import pytest
from factories import NOW, ZONE
from order_model import Row

from hotline.db import Sessions
from hotline.rules.calendar import Hours, WorkingTime

# The same run every time, so that what the proof of `tests/guards.py` says of it holds for this one.
EXAMPLES, TURNS, FIRST = 105, 100, 1
LEAST_MOVES, LEAST_OF_EACH = 10_000, 20


def test_some_hundred_random_moves_break_nothing(own_sessions: Sessions) -> None:
    world = order_machine.build(own_sessions)

    tally = order_machine.run(own_sessions, world, examples=6, turns=TURNS, first=FIRST)

    assert tally.moves >= 300


@pytest.mark.long
@pytest.mark.timeout(1800)  # to find the shortest run that fails takes long
def test_ten_thousand_random_moves_break_nothing(own_sessions: Sessions, capsys: pytest.CaptureFixture[str]) -> None:
    world = order_machine.build(own_sessions)

    tally = order_machine.run(own_sessions, world, examples=EXAMPLES, turns=TURNS, first=FIRST)

    with capsys.disabled():
        order_machine.show(tally)
    assert tally.moves >= LEAST_MOVES
    assert {move: tally.taken[move] for move in model.ALL_MOVES if tally.taken[move] < LEAST_OF_EACH} == {}


# The model itself: what is wrong in it would hide what is wrong in the code.


def test_the_models_working_time_is_what_the_calendar_says() -> None:
    special = dict.fromkeys(model.HOLIDAYS, "holiday") | dict.fromkeys(model.WORKED_TO_MAKE_UP, "workday")
    told = WorkingTime(ZONE, [Hours(begin, end) for begin, end in model.WORKED_HOURS], special=special)  # type: ignore[arg-type]  # words of the enum

    for hours in range(0, 24 * 60, 5):
        start = NOW + timedelta(hours=hours)
        for span in (timedelta(minutes=30), timedelta(hours=7), timedelta(hours=24)):
            assert model.WORKED.after(start, span) == told.add(start, span)


def test_a_standstill_over_a_weekend_moves_a_limit_in_working_time_by_what_was_worked() -> None:
    friday, monday = datetime(2026, 3, 6, 9, 0, tzinfo=UTC), datetime(2026, 3, 11, 2, 0, tzinfo=UTC)

    # Friday 17:00 to Wednesday 10:00, with Monday and Tuesday off: two hours of work.
    assert model.WORKED.moved(friday + timedelta(minutes=30), friday, monday) == monday + timedelta(minutes=30)


HISTORY = [
    Row("received", None, "received", None, "pine", None, None, NOW),
    Row("triage", "received", "triaged", 1, "pine", None, None, NOW),
    Row("merge", "triaged", "merged", 1, "pine", None, "同一件事", NOW),
    Row("unmerge", "merged", "triaged", 1, "pine", None, None, NOW),
]


def test_a_history_leads_where_its_last_row_says() -> None:
    assert model.replayed(HISTORY) == "triaged"


@pytest.mark.parametrize(
    "wrong",
    [
        HISTORY[:1] + HISTORY[2:],
        [*HISTORY[:3], replace(HISTORY[3], after="received")],
        [*HISTORY, replace(HISTORY[3], kind="supervised", before="received", after="received")],
    ],
)
def test_a_history_with_a_gap_is_noticed(wrong: list[Row]) -> None:
    with pytest.raises(AssertionError):
        model.replayed(wrong)
