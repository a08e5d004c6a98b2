"""Limits, hours and portions as a unit sets them; and what pauses make of deadlines."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.rules.calendar import ALL_TIME, Counting, Hours, WorkingTime
from hotline.rules.clocks import Deadlines, Left, Step, after_pauses, earlier, left_at, resumed, running
from hotline.rules.facts import Urgency
from hotline.rules.policy import LIMITS, Policy, PolicyError, Portion

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
NOTHING = dict.fromkeys(Step)
SIGNED = {**NOTHING, Step.ACCEPT: NOON}


def test_of_limits_a_unit_may_set_a_part() -> None:
    above = Policy().with_overrides({"limits": {"normal": {"contact": 1800}}})
    below = above.with_overrides({"limits": {"normal": {"in_working_time": True}, "urgent": {"accept": None}}})

    assert below.limits[Urgency.NORMAL].contact == 30 * MINUTE
    assert below.limits[Urgency.NORMAL].resolve == LIMITS[Urgency.NORMAL].resolve
    assert below.limits[Urgency.NORMAL].in_working_time
    assert below.limits[Urgency.URGENT].accept is None
    assert below.limits[Urgency.EMERGENCY] == LIMITS[Urgency.EMERGENCY]
    assert Policy().limits == LIMITS


def test_emergency_mode_has_limits_of_its_own_which_are_never_longer() -> None:
    policy = Policy().with_overrides({"emergency_mode": {"normal": {"resolve": 7200}}})

    assert policy.emergency_mode[Urgency.NORMAL].resolve == 2 * HOUR
    assert policy.limits == LIMITS
    for urgency, limits in Policy().emergency_mode.items():
        for step in ("accept", "contact", "resolve"):
            usual = getattr(LIMITS[urgency], step)
            assert usual is None or getattr(limits, step) <= usual


def test_hours_portions_and_flags_are_read() -> None:
    policy = Policy().with_overrides(
        {
            "working_hours": [["08:30", "12:00"], ["14:30", "00:00"]],
            "working_weekdays": [1, 2, 3, 4, 5, 6],
            "pause_needs_approval": False,
            "longest_pause": 86400,
            "reminder": {"share": 0.5},
            "red_after": {"most": 60},
            "copies_up": 0,
            "quiet_from": "23:00",
            "uncleared_at": "17:30",
        }
    )

    assert policy.working_hours == (Hours(time(8, 30), time(12)), Hours(time(14, 30), time(0)))
    assert policy.working_weekdays == frozenset(range(1, 7))
    assert (policy.pause_needs_approval, policy.longest_pause) == (False, DAY)
    assert policy.reminder == Portion(0.5, 4 * HOUR)
    assert policy.red_after.of(DAY) == MINUTE
    assert (policy.copies_up, policy.quiet_from, policy.uncleared_at) == (0, time(23), time(17, 30))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("limits", {}),
        ("limits", {"soon": {"accept": 1}}),
        ("limits", {"normal": {"accepted": 1}}),
        ("limits", {"normal": {"accept": 0}}),
        ("limits", {"normal": {"accept": -1}}),
        ("limits", {"normal": {"accept": 1e12}}),
        ("limits", {"normal": 5}),
        ("limits", {"normal": {"same_day": True}}),
        ("limits", {"normal": {"in_working_time": 1}}),
        ("limits", {"urgent": {"in_working_time": True}}),
        ("emergency_mode", {"emergency": {"in_working_time": True}}),
        ("working_hours", []),
        ("working_hours", [["12:00", "09:00"]]),
        ("working_hours", [["09:00", "09:00"]]),
        ("working_hours", [["09:00", "12:00"], ["11:00", "18:00"]]),
        ("working_hours", [["09:00", "00:00"], ["11:00", "18:00"]]),
        ("working_hours", [["09:00"]]),
        ("working_weekdays", []),
        ("working_weekdays", [0]),
        ("working_weekdays", [8]),
        ("pause_needs_approval", "no"),
        ("longest_pause", -1),
        ("reminder", {}),
        ("reminder", 0.2),
        ("reminder", {"share": 1.1}),
        ("reminder", {"share": "nan"}),
        ("red_after", {"least": 1}),
        ("copies_up", 11),
        ("quiet_from", "late"),
    ],
)
def test_what_makes_no_sense_is_named(key: str, value: Any) -> None:
    with pytest.raises(PolicyError, match=f"^{key}: "):
        Policy().with_overrides({key: value})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["normal", "accept", "09:00", "share"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["normal", "urgent", "accept", "same_day", "share", "most"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)
KEYS = ["limits", "emergency_mode", "working_hours", "working_weekdays", "reminder", "red_after", "copies_up"]


@given(key=st.sampled_from(KEYS), value=JSON)
def test_whatever_is_stored_is_a_policy_or_a_named_error(key: str, value: Any) -> None:
    try:
        policy = Policy().with_overrides({key: value})
    except PolicyError:
        return
    assert set(policy.limits) == set(policy.emergency_mode) == set(Urgency)
    assert policy.working_weekdays
    assert policy.working_hours
    assert policy.reminder.of(DAY) >= timedelta()


# Pauses

UNTIL = Deadlines(NOON + 30 * MINUTE, NOON + 2 * HOUR, NOON + DAY)


def test_what_was_left_runs_on_after_a_pause() -> None:
    left = left_at(UNTIL, SIGNED, NOON + HOUR, ALL_TIME)
    assert left == Left(contact=HOUR, resolve=23 * HOUR)

    until = resumed(UNTIL, left, NOON + 3 * DAY, ALL_TIME)

    assert until == Deadlines(UNTIL.accept_by, NOON + 3 * DAY + HOUR, NOON + 3 * DAY + 23 * HOUR)


def test_a_pause_revives_no_deadline_that_had_passed() -> None:
    left = left_at(UNTIL, SIGNED, NOON + 3 * HOUR, ALL_TIME)

    assert left.contact is None
    assert resumed(UNTIL, left, NOON + DAY, ALL_TIME).contact_by == UNTIL.contact_by


def test_a_pause_moves_no_deadline_of_what_is_done() -> None:
    left = left_at(UNTIL, {**SIGNED, Step.CONTACT: NOON + HOUR}, NOON + HOUR, ALL_TIME)

    assert left.contact is None


def test_while_paused_only_what_had_run_out_before_still_runs() -> None:
    assert running(UNTIL, SIGNED, NOON + HOUR) is None
    assert running(UNTIL, SIGNED, NOON + 3 * HOUR) == (Step.CONTACT, UNTIL.contact_by)
    assert running(UNTIL, NOTHING, NOON + 3 * HOUR) == (Step.ACCEPT, UNTIL.accept_by)


def test_working_time_that_was_left_is_worked_off_after_the_pause() -> None:
    calendar = WorkingTime(ZoneInfo("Asia/Shanghai"), Policy().working_hours)
    monday_nine = datetime(2026, 3, 2, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
    until = Deadlines(None, calendar.add(monday_nine, 4 * HOUR), calendar.add(monday_nine, 14 * HOUR))

    left = left_at(until, NOTHING, monday_nine + 2 * HOUR, calendar)
    after = resumed(until, left, monday_nine + 5 * DAY, calendar)  # a Saturday

    assert left == Left(contact=2 * HOUR, resolve=12 * HOUR)
    assert after.contact_by == monday_nine + 7 * DAY + 2 * HOUR


def test_of_two_limits_the_earlier_counts() -> None:
    other = Deadlines(None, NOON + HOUR, NOON + 2 * DAY)

    assert earlier(UNTIL, other) == Deadlines(UNTIL.accept_by, NOON + HOUR, NOON + DAY)


SPANS = st.timedeltas(timedelta(), 3 * DAY)
COUNTINGS: st.SearchStrategy[Counting] = st.sampled_from(
    [ALL_TIME, WorkingTime(ZoneInfo("Asia/Shanghai"), Policy().working_hours)]
)
OPTIONAL = st.none() | SPANS


@given(
    contact=OPTIONAL, resolve=OPTIONAL, done=OPTIONAL, gaps=st.lists(st.tuples(SPANS, SPANS), max_size=4),
    counting=COUNTINGS,
)  # fmt: skip
def test_a_pause_never_shortens_a_deadline_nor_revives_a_passed_one(
    contact: timedelta | None,
    resolve: timedelta | None,
    done: timedelta | None,
    gaps: list[tuple[timedelta, timedelta]],
    counting: Counting,
) -> None:
    until = Deadlines(
        NOON + 30 * MINUTE,
        counting.add(NOON, contact) if contact is not None else None,
        counting.add(NOON, resolve) if resolve is not None else None,
    )
    made = {**SIGNED, Step.CONTACT: NOON + done if done is not None else None}
    at = NOON
    for before, span in gaps:
        pause = (at + before, at + before + span)
        after = after_pauses(until, made, [pause], counting)
        assert after.accept_by == until.accept_by
        for old, new in ((until.contact_by, after.contact_by), (until.resolve_by, after.resolve_by)):
            assert (old is None) == (new is None)
            if old is not None and new is not None:
                assert new >= old
                assert old > pause[0] or new == old
        until, at = after, pause[1]
