"""Working time at its edges: evenings, weekends, holidays and what makes up for them, years, summer time."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.rules.calendar import ALL_TIME, DayKind, Hours, WorkingTime
from hotline.rules.clocks import deadlines
from hotline.rules.policy import Limits, Policy

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
USUAL = Policy().working_hours

# The new year's holidays of 2026 as they were announced: three days off, and the Sunday after them worked.
SPECIAL = {
    date(2026, 1, 1): DayKind.HOLIDAY,
    date(2026, 1, 2): DayKind.HOLIDAY,
    date(2026, 1, 4): DayKind.WORKDAY,
}
CALENDAR = WorkingTime(SHANGHAI, USUAL, special=SPECIAL)


def there(month: int, day: int, hour: int, minute: int = 0, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("start", "span", "end"),
    [
        (there(3, 2, 10), HOUR, there(3, 2, 11)),
        (there(3, 2, 11, 30), HOUR, there(3, 2, 14, 30)),  # over noon
        (there(3, 2, 17), HOUR, there(3, 2, 18)),  # to the very end of the day, and no further
        (there(3, 2, 17), HOUR + MINUTE, there(3, 3, 9, 1)),
        (there(3, 2, 18), HOUR, there(3, 3, 10)),
        (there(3, 2, 23, 59), MINUTE, there(3, 3, 9, 1)),
        (there(3, 2, 3), 7 * HOUR, there(3, 2, 18)),
        (there(3, 6, 17, 30), HOUR, there(3, 9, 9, 30)),  # over a weekend
        (there(3, 7, 12), HOUR, there(3, 9, 10)),
        (there(12, 31, 17, 30, 2025), HOUR, there(1, 4, 9, 30)),  # over the year's end, on to the worked Sunday
        (there(1, 2, 10), 7 * HOUR, there(1, 4, 18)),
        (there(1, 3, 10), 7 * HOUR + MINUTE, there(1, 5, 9, 1)),
        (there(3, 2, 3), timedelta(), there(3, 2, 3)),
    ],
)
def test_working_time_goes_by_only_while_people_work(start: datetime, span: timedelta, end: datetime) -> None:
    assert CALENDAR.add(start.astimezone(UTC), span) == end
    assert CALENDAR.between(start, end) == span


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 1, 1), False),
        (date(2026, 1, 3), False),
        (date(2026, 1, 4), True),
        (date(2026, 1, 5), True),
        (date(2026, 3, 7), False),
    ],
)
def test_special_days_stand_above_weekdays(day: date, works: bool) -> None:
    assert CALENDAR.is_working_day(day) == works


def test_a_day_worked_to_midnight_ends_with_the_day() -> None:
    late = WorkingTime(SHANGHAI, (Hours(time(20), time(0)),))

    assert late.add(there(3, 2, 21), 3 * HOUR) == there(3, 3, 0)
    assert late.add(there(3, 2, 21), 4 * HOUR) == there(3, 3, 21)


@pytest.mark.parametrize(
    ("start", "span", "end"),
    [
        # 02:00 to 03:00 does not exist on 8 March 2026, and 01:00 to 02:00 comes twice on 1 November.
        (datetime(2026, 3, 8, 0, 0, tzinfo=NEW_YORK), 2 * HOUR, datetime(2026, 3, 8, 3, 0, tzinfo=NEW_YORK)),
        (datetime(2026, 11, 1, 0, 0, tzinfo=NEW_YORK), 3 * HOUR, datetime(2026, 11, 1, 2, 0, tzinfo=NEW_YORK)),
    ],
)
def test_an_hour_that_summer_time_skips_or_repeats_counts_as_it_goes_by(
    start: datetime, span: timedelta, end: datetime
) -> None:
    always = WorkingTime(NEW_YORK, (Hours(time(0), time(0)),), frozenset(range(1, 8)))

    assert always.add(start, span).astimezone(UTC) == end.astimezone(UTC)
    assert always.between(start.astimezone(UTC), end.astimezone(UTC)) == span


def test_the_same_day_of_a_holiday_is_the_next_working_day() -> None:
    limits = Limits(None, HOUR, None, same_day=True, in_working_time=True, counting=CALENDAR)

    until = deadlines(limits, there(1, 1, 12), SHANGHAI)

    assert (until.contact_by, until.resolve_by) == (there(1, 4, 10), there(1, 5, 0))


def test_without_a_calendar_every_minute_counts() -> None:
    start = there(3, 7, 23)

    assert ALL_TIME.add(start, 24 * HOUR) == there(3, 8, 23)
    assert ALL_TIME.between(start, start - HOUR) == timedelta()


MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
SPANS = st.timedeltas(timedelta(), timedelta(hours=80))
TIMES = st.times().map(lambda at: at.replace(second=0, microsecond=0))


@st.composite
def calendars(draw: st.DrawFn) -> WorkingTime:
    cuts = sorted(draw(st.sets(TIMES, min_size=2, max_size=6)))
    hours = tuple(Hours(start, end) for start, end in zip(cuts[::2], cuts[1::2], strict=False))
    days = st.dates(date(2024, 1, 1), date(2028, 1, 1))
    return WorkingTime(
        draw(st.sampled_from([SHANGHAI, NEW_YORK, ZoneInfo("UTC"), ZoneInfo("Asia/Kathmandu")])),
        hours,
        draw(st.frozensets(st.integers(1, 7), min_size=1)),
        draw(st.dictionaries(days, st.sampled_from(DayKind), max_size=20)),
    )


SHORT = st.timedeltas(timedelta(), timedelta(hours=1))


@given(calendar=calendars(), start=MOMENTS, span=SHORT)
def test_time_added_is_the_time_then_measured(calendar: WorkingTime, start: datetime, span: timedelta) -> None:
    end = calendar.add(start, span)

    assert end - start >= span
    assert calendar.between(start, end) == span


@given(start=MOMENTS, first=SPANS, second=SPANS)
def test_time_added_in_two_parts_is_the_time_added_at_once(
    start: datetime, first: timedelta, second: timedelta
) -> None:
    assert CALENDAR.add(CALENDAR.add(start, first), second) == CALENDAR.add(start, first + second)
