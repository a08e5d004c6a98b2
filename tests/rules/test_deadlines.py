"""Deadlines, and the hours in which people may be rung."""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.rules.clocks import Deadlines, Step, deadlines, next_calling_time, running
from hotline.rules.facts import Urgency
from hotline.rules.policy import LIMITS, Limits, Policy

SHANGHAI = ZoneInfo("Asia/Shanghai")
ZONES = [SHANGHAI, ZoneInfo("UTC"), ZoneInfo("America/New_York"), ZoneInfo("Asia/Kathmandu")]
NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)  # in Shanghai
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.mark.parametrize(
    ("urgency", "accept", "contact", "resolve"),
    [
        (Urgency.EMERGENCY, 5 * MINUTE, 15 * MINUTE, 2 * HOUR),
        (Urgency.URGENT, 15 * MINUTE, 30 * MINUTE, 24 * HOUR),
        (Urgency.NORMAL, 30 * MINUTE, 2 * HOUR, 24 * HOUR),
    ],
)
def test_every_clock_starts_when_the_order_was_received(
    urgency: Urgency, accept: timedelta, contact: timedelta, resolve: timedelta
) -> None:
    assert deadlines(LIMITS[urgency], NOON, SHANGHAI) == Deadlines(NOON + accept, NOON + contact, NOON + resolve)


def test_a_question_is_answered_the_same_day() -> None:
    until = deadlines(LIMITS[Urgency.CONSULTATION], NOON, SHANGHAI)

    assert until.accept_by is None
    assert until.contact_by == NOON + 30 * MINUTE
    assert until.resolve_by == datetime(2026, 3, 2, 16, 0, tzinfo=UTC)  # midnight there


@pytest.mark.parametrize(
    ("received_at", "midnight"),
    [
        (datetime(2026, 3, 2, 15, 59, 59, tzinfo=UTC), datetime(2026, 3, 2, 16, 0, tzinfo=UTC)),
        (datetime(2026, 3, 2, 16, 0, tzinfo=UTC), datetime(2026, 3, 3, 16, 0, tzinfo=UTC)),
        (datetime(2026, 12, 31, 4, 0, tzinfo=UTC), datetime(2026, 12, 31, 16, 0, tzinfo=UTC)),
    ],
)
def test_the_day_ends_at_local_midnight(received_at: datetime, midnight: datetime) -> None:
    assert deadlines(LIMITS[Urgency.CONSULTATION], received_at, SHANGHAI).resolve_by == midnight


def test_what_has_no_limit_has_no_deadline() -> None:
    assert deadlines(Limits(None, None, None), NOON, SHANGHAI) == Deadlines(None, None, None)


def test_there_are_limits_for_every_urgency() -> None:
    assert set(LIMITS) == set(Urgency)


def test_the_more_urgent_the_shorter() -> None:
    spans = [LIMITS[urgency] for urgency in (Urgency.EMERGENCY, Urgency.URGENT, Urgency.NORMAL)]

    for shorter, longer in pairwise(spans):
        assert shorter.accept < longer.accept
        assert shorter.contact < longer.contact
        assert shorter.resolve <= longer.resolve


# Which clock runs

UNTIL = Deadlines(NOON + 5 * MINUTE, NOON + 15 * MINUTE, NOON + 2 * HOUR)
NOTHING = dict.fromkeys(Step)


def test_the_clock_that_ends_next_is_shown() -> None:
    assert running(UNTIL, NOTHING) == (Step.ACCEPT, UNTIL.accept_by)
    assert running(UNTIL, {**NOTHING, Step.ACCEPT: NOON}) == (Step.CONTACT, UNTIL.contact_by)
    assert running(UNTIL, {**NOTHING, Step.ACCEPT: NOON, Step.CONTACT: NOON}) == (Step.RESOLVE, UNTIL.resolve_by)
    assert running(UNTIL, dict.fromkeys(Step, NOON)) is None
    assert running(Deadlines(None, None, None), NOTHING) is None


# Calling hours

BY_DAY = Policy(calls_from=time(9), calls_until=time(21))
BY_NIGHT = Policy(calls_from=time(22), calls_until=time(6))
ALWAYS = Policy(calls_from=time(0), calls_until=time(0))


def there(hour: int, minute: int = 0, day: int = 2) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("policy", "wanted_at", "leaves_at"),
    [
        (BY_DAY, there(9), there(9)),
        (BY_DAY, there(20, 59), there(20, 59)),
        (BY_DAY, there(21), there(9, day=3)),
        (BY_DAY, there(23, 30), there(9, day=3)),
        (BY_DAY, there(0), there(9)),
        (BY_DAY, there(8, 59), there(9)),
        (BY_NIGHT, there(23), there(23)),
        (BY_NIGHT, there(5, 59), there(5, 59)),
        (BY_NIGHT, there(6), there(22)),
        (BY_NIGHT, there(12), there(22)),
        (ALWAYS, there(3), there(3)),
        (Policy(calls_from=time(9), calls_until=time(9)), there(3), there(3)),
    ],
)
def test_a_call_leaves_at_the_first_moment_allowed(policy: Policy, wanted_at: datetime, leaves_at: datetime) -> None:
    assert next_calling_time(policy, wanted_at.astimezone(UTC), SHANGHAI) == leaves_at


TIMES = st.times().map(lambda at: at.replace(second=0, microsecond=0))
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds


@given(start=TIMES, end=TIMES, wanted_at=MOMENTS, zone=st.sampled_from(ZONES))
def test_no_call_leaves_too_early_or_outside_the_hours(
    start: time, end: time, wanted_at: datetime, zone: ZoneInfo
) -> None:
    policy = Policy(calls_from=start, calls_until=end)

    leaves_at = next_calling_time(policy, wanted_at, zone)

    assert wanted_at <= leaves_at <= wanted_at + timedelta(days=1, hours=1)
    # Asked again at that moment, it may leave: a call is never put off for ever.
    assert next_calling_time(policy, leaves_at, zone) == leaves_at
