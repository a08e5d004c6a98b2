"""When whom is told of a limit: each colour once, in order, not in quiet hours, and never before its time."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.rules.clocks import Step
from hotline.rules.order_states import OrderState
from hotline.rules.policy import Policy, Portion
from hotline.rules.roles import Role
from hotline.rules.supervision import TIMED, WHO_ACTS, WORKED_ON, Colour, RunningClock, plan, quiet_until

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
TEN_HOURS = RunningClock(Step.RESOLVE, NOON, NOON + 10 * HOUR)


def colours(clock: RunningClock, at: datetime, policy: Policy | None = None) -> list[Colour]:
    return [colour for _clock, colour in plan([clock], set(), policy or Policy(), at, None).notices]


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (8 * HOUR - MINUTE, []),
        (8 * HOUR, [Colour.BLUE]),
        (10 * HOUR, [Colour.BLUE]),  # at the very moment of the limit it has not passed
        (10 * HOUR + timedelta.resolution, [Colour.YELLOW]),
        (12 * HOUR, [Colour.YELLOW]),
        (12 * HOUR + timedelta.resolution, [Colour.YELLOW, Colour.RED]),
    ],
)
def test_each_colour_has_its_time(after: timedelta, told: list[Colour]) -> None:
    assert colours(TEN_HOURS, NOON + after) == told


def test_portions_are_the_units_own() -> None:
    policy = Policy(reminder=Portion(0.5, 8 * HOUR), red_after=Portion(0, HOUR))

    assert colours(TEN_HOURS, NOON + 5 * HOUR, policy) == [Colour.BLUE]
    assert colours(TEN_HOURS, NOON + 11 * HOUR, policy) == [Colour.YELLOW, Colour.RED]
    assert colours(TEN_HOURS, NOON + 10 * HOUR, Policy(reminder=Portion(0, HOUR))) == []


def there(hour: int, minute: int = 0, day: int = 2) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("now", "end"),
    [
        (there(21, 59), None),
        (there(22), there(7, day=3)),
        (there(0), there(7)),
        (there(6, 59), there(7)),
        (there(7), None),
    ],
)
def test_quiet_hours_end_in_the_morning(now: datetime, end: datetime | None) -> None:
    assert quiet_until(Policy(), now.astimezone(UTC), SHANGHAI) == end


def test_equal_times_are_never_quiet_and_a_quiet_noon_ends_the_same_day() -> None:
    never = Policy(quiet_from=time(0), quiet_until=time(0))
    noon = Policy(quiet_from=time(12), quiet_until=time(14))

    assert quiet_until(never, there(3), SHANGHAI) is None
    assert quiet_until(noon, there(12, 30), SHANGHAI) == there(14)


def test_a_reminder_in_quiet_hours_waits_for_their_end_and_supervision_does_not() -> None:
    quiet = NOON + 9 * HOUR
    coming = plan([TEN_HOURS], set(), Policy(), NOON + 8 * HOUR, quiet)
    assert (coming.notices, coming.look_at) == ([], quiet)

    late = plan([TEN_HOURS], set(), Policy(), NOON + 11 * HOUR, NOON + 15 * HOUR)
    assert [colour for _clock, colour in late.notices] == [Colour.YELLOW]


def test_everything_that_somebody_works_on_is_timed_and_has_somebody_who_acts() -> None:
    assert WORKED_ON < TIMED == set(WHO_ACTS)
    assert not TIMED & {OrderState.RESOLVED, OrderState.ANSWERED, OrderState.MERGED, OrderState.CLOSED}
    assert WHO_ACTS[OrderState.TRIAGED] == Role.DISPATCHER


SPANS = st.timedeltas(timedelta(), timedelta(days=3))
PORTIONS = st.builds(Portion, st.floats(0, 1), SPANS)


@given(
    spans=st.dictionaries(st.sampled_from(Step), SPANS, min_size=1),
    looks=st.lists(SPANS, min_size=1, max_size=30),
    reminder=PORTIONS,
    red_after=PORTIONS,
    zone=st.sampled_from([SHANGHAI, ZoneInfo("America/New_York")]),
)
def test_notices_come_in_order_and_once_however_often_anybody_looks(
    spans: dict[Step, timedelta], looks: list[timedelta], reminder: Portion, red_after: Portion, zone: ZoneInfo
) -> None:
    policy = Policy(reminder=reminder, red_after=red_after)
    clocks = [RunningClock(step, NOON, NOON + span) for step, span in spans.items()]
    told: list[tuple[Step, Colour, datetime]] = []
    for after in sorted(looks):
        now = NOON + after
        coming = plan(clocks, told, policy, now, quiet_until(policy, now, zone))
        assert coming.look_at is None or coming.look_at > now
        for clock, colour in coming.notices:
            assert (colour == Colour.BLUE) == (now <= clock.due_at)
            told.append((clock.step, colour, clock.due_at))

    assert len(told) == len(set(told))
    for step in spans:
        order = [colour for told_step, colour, _due in told if told_step == step]
        assert order == sorted(order, key=list(Colour).index)
        assert Colour.RED not in order or Colour.YELLOW in order


@given(span=SPANS, reminder=PORTIONS, red_after=PORTIONS)
def test_who_looks_when_told_to_misses_nothing(span: timedelta, reminder: Portion, red_after: Portion) -> None:
    policy = Policy(reminder=reminder, red_after=red_after)
    clock, told, at = RunningClock(Step.CONTACT, NOON, NOON + span), set(), NOON
    for _ in range(5):
        coming = plan([clock], told, policy, at, None)
        told |= {(clock.step, colour, clock.due_at) for _clock, colour in coming.notices}
        if coming.look_at is None:
            break
        at = coming.look_at

    assert {Colour.YELLOW, Colour.RED} <= {colour for _step, colour, _due in told}
    assert (Colour.BLUE in {colour for _step, colour, _due in told}) == bool(reminder.of(span))
