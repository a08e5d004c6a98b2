"""The hours of shifts on any day of any zone, and what of a time is covered: no more and no less than shifts say."""

import itertools
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from factories import NOW, ZONE
from hypothesis import given
from hypothesis import strategies as st

from hotline.rules import roster
from hotline.rules.machine import ImpossibleMoveError
from hotline.rules.roster import (
    FOR_ALARMS,
    FOR_CALLERS,
    POST_WORDS,
    SWAP,
    NoSuchHoursError,
    Post,
    Span,
    SwapEvent,
    SwapState,
    gaps,
    hours,
    joined,
    staffed,
)

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)


@st.composite
def spans(draw: st.DrawFn) -> Span:
    begins = draw(st.integers(0, 200))
    return Span(NOW + begins * HOUR, NOW + (begins + draw(st.integers(1, 40))) * HOUR)


INSTANTS = st.integers(-300, 600).map(lambda half_hours: NOW + half_hours * timedelta(minutes=30))


# What is covered


@given(st.lists(spans(), max_size=8), st.lists(spans(), max_size=3), INSTANTS)
def test_an_instant_is_a_gap_exactly_when_it_is_wanted_and_no_shift_holds_it(
    shifts: list[Span], wanted: list[Span], at: datetime
) -> None:
    is_gap = any(gap.holds(at) for gap in gaps(wanted, shifts))

    assert is_gap == (any(span.holds(at) for span in wanted) and not any(shift.holds(at) for shift in shifts))


@given(st.lists(spans(), max_size=8), spans())
def test_gaps_and_what_is_covered_part_the_time_between_them(shifts: list[Span], wanted: Span) -> None:
    open_hours = gaps([wanted], shifts)
    covered = gaps([wanted], open_hours)

    assert joined([*open_hours, *covered]) == [wanted]
    assert not any(gap.overlaps(there) for gap in open_hours for there in covered)
    assert sum((span.ends_at - span.begins_at for span in [*open_hours, *covered]), timedelta()) == (
        wanted.ends_at - wanted.begins_at
    )


@given(st.lists(spans(), max_size=8), INSTANTS)
def test_joined_spans_hold_the_same_instants_and_never_touch(each: list[Span], at: datetime) -> None:
    together = joined(each)

    assert any(span.holds(at) for span in together) == any(span.holds(at) for span in each)
    assert all(before.ends_at < after.begins_at for before, after in itertools.pairwise(together))


def test_a_span_without_length_is_none() -> None:
    with pytest.raises(ValueError, match="ends after it begins"):
        Span(NOW, NOW)


# Hours on the wall


@pytest.mark.parametrize(
    ("begins", "ends", "length_h"),
    [(time(8), time(20), 12), (time(20), time(8), 12), (time(0), time(0), 24), (time(23, 30), time(0), 0.5)],
)
def test_a_shift_goes_over_midnight_when_its_end_is_not_later(begins: time, ends: time, length_h: float) -> None:
    span = hours(date(2026, 3, 2), begins, ends, ZONE)

    assert span.begins_at.astimezone(ZONE).time() == begins
    assert span.ends_at - span.begins_at == timedelta(hours=length_h)


@pytest.mark.parametrize(
    ("day", "length_h"), [(date(2026, 3, 28), 11), (date(2026, 10, 24), 13), (date(2026, 6, 1), 12)]
)
def test_a_night_in_which_the_clocks_are_put_on_or_back_is_as_long_as_it_is(day: date, length_h: int) -> None:
    span = hours(day, time(20), time(8), BERLIN)

    assert span.ends_at - span.begins_at == timedelta(hours=length_h)


def test_hours_that_spring_leaves_out_are_no_shift() -> None:
    with pytest.raises(NoSuchHoursError, match="put forward"):
        hours(date(2026, 3, 29), time(2, 30), time(3, 10), BERLIN)


@given(
    st.dates(date(2020, 1, 1), date(2035, 12, 31)),
    st.lists(st.times().map(lambda at: at.replace(second=0, microsecond=0)), min_size=2, max_size=5, unique=True),
    st.sampled_from([ZONE, BERLIN, ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe")]),
)
def test_shifts_that_follow_each_other_on_paper_leave_no_gap_and_no_overlap(
    day: date, changes: list[time], zone: ZoneInfo
) -> None:
    """Around the clock, each until the next one's beginning; hours that do not exist are nobody's."""
    times = sorted(changes)
    plan = []
    for begins, ends in zip(times, [*times[1:], times[0]], strict=True):
        try:
            plan.append(hours(day, begins, ends, zone))
        except NoSuchHoursError:
            continue

    for before, after in itertools.pairwise(plan):
        assert before.ends_at >= after.begins_at
    assert len(joined(plan)) == 1
    assert timedelta(hours=22) <= plan[-1].ends_at - plan[0].begins_at <= timedelta(hours=26)


# Promised hours


def test_a_unit_that_promises_nights_has_its_gaps_in_them_alone() -> None:
    within = Span(NOW, NOW + timedelta(days=2))  # from ten in the morning

    promised = staffed(within, time(18), time(8), ZONE)

    local = [(span.begins_at.astimezone(ZONE), span.ends_at.astimezone(ZONE)) for span in promised]
    assert [(begins.hour, ends.hour) for begins, ends in local] == [(18, 8), (18, 8)]
    assert gaps(promised, [Span(NOW, NOW + timedelta(hours=10))])[0].begins_at == NOW + timedelta(hours=10)


def test_equal_hours_mean_all_day() -> None:
    within = Span(NOW, NOW + timedelta(days=2))

    assert staffed(within, time(7), time(7), ZONE) == [within]


@given(st.times(), st.times(), spans(), INSTANTS)
def test_promised_hours_lie_inside_what_is_asked_for(begins: time, ends: time, within: Span, at: datetime) -> None:
    promised = staffed(within, begins, ends, ZONE)

    assert all(within.begins_at <= span.begins_at and span.ends_at <= within.ends_at for span in promised)
    if begins != ends:
        clock = at.astimezone(ZONE).time()
        inside = begins <= clock < ends if begins < ends else clock >= begins or clock < ends
        assert any(span.holds(at) for span in promised) == (inside and within.holds(at))


# Posts and swaps


def test_every_post_has_a_word_and_everybody_on_duty_is_alarmed() -> None:
    assert set(POST_WORDS.values()) == set(Post)
    assert set(FOR_ALARMS) == set(Post)
    assert set(FOR_CALLERS) < set(Post)


@pytest.mark.parametrize("event", sorted(SwapEvent))
def test_a_swap_is_decided_once(event: SwapEvent) -> None:
    decided = roster.swap_after(SwapState.ASKED, event)

    assert decided != SwapState.ASKED
    for again in SwapEvent:
        with pytest.raises(ImpossibleMoveError):
            roster.swap_after(decided, again)


def test_a_swap_can_end_in_every_way() -> None:
    assert set(SWAP[SwapState.ASKED].values()) == set(SwapState) - {SwapState.ASKED}


def test_the_instant_is_told_in_utc() -> None:
    assert hours(date(2026, 3, 2), time(8), time(20), ZONE).begins_at == datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
