"""What a unit may set for itself and the units below it; every figure of the field that is not a law of nature."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import time, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any, Self

from hotline.rules.calendar import ALL_TIME, MONDAY_TO_FRIDAY, Counting, Hours
from hotline.rules.closing import BY_CATEGORY, OF_CATEGORY, Element
from hotline.rules.facts import Category, Urgency


@dataclass(frozen=True)
class Limits:
    """How long each step may take, counted from the moment the order was received; None is no limit.

    `same_day` ends the time for `resolved` at midnight, local time, instead of after a span. `in_working_time` says
    that only working time counts; `counting` is then the unit's calendar, as `services.clocks.limits_for` fills it in.
    """

    accept: timedelta | None
    contact: timedelta | None
    resolve: timedelta | None
    same_day: bool = False
    in_working_time: bool = False
    counting: Counting = ALL_TIME


_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)

# The table "Clocks" of the field's own rules (docs/domain.md).
LIMITS: dict[Urgency, Limits] = {
    Urgency.EMERGENCY: Limits(accept=5 * _MINUTE, contact=15 * _MINUTE, resolve=2 * _HOUR),
    Urgency.URGENT: Limits(accept=15 * _MINUTE, contact=30 * _MINUTE, resolve=24 * _HOUR),
    Urgency.NORMAL: Limits(accept=30 * _MINUTE, contact=2 * _HOUR, resolve=24 * _HOUR),
    # "At once" is meant for a person on the line; a recorded question is rung back as fast as an urgent matter.
    Urgency.CONSULTATION: Limits(accept=None, contact=30 * _MINUTE, resolve=None, same_day=True),
}

# Where an emergency is declared: everybody is answered as fast as an urgent matter is on other days.
EMERGENCY_LIMITS: dict[Urgency, Limits] = {
    Urgency.EMERGENCY: LIMITS[Urgency.EMERGENCY],
    Urgency.URGENT: Limits(accept=10 * _MINUTE, contact=20 * _MINUTE, resolve=12 * _HOUR),
    Urgency.NORMAL: LIMITS[Urgency.URGENT],
    Urgency.CONSULTATION: LIMITS[Urgency.CONSULTATION],
}

# A person in danger waits no shorter because it is Sunday.
NEVER_RESTS = frozenset({Urgency.EMERGENCY, Urgency.URGENT})


@dataclass(frozen=True)
class Portion:
    """A share of the span that a clock was given, but no more than `most`."""

    share: float
    most: timedelta

    def of(self, span: timedelta) -> timedelta:
        """So much of `span`."""
        return min(span * self.share, self.most)


class Flaw(StrEnum):
    """What is wrong with a value."""

    UNREADABLE = "unreadable"  # nothing of the kind that is wanted
    OUT_OF_BOUNDS = "out_of_bounds"
    NO_LIMIT = "no_limit"  # a limit is more than nothing, and not for ever
    NO_STRETCHES = "no_stretches"  # working hours
    NEVER_RESTS = "never_rests"  # an urgency that knows no working time
    TWO_ENDS = "two_ends"  # the same day, and a span


class UnfitError(ValueError):
    """A value that cannot be; `bounds` are the least and the most where it is out of them."""

    def __init__(self, flaw: Flaw, words: str, bounds: tuple[int, int] = (0, 0)) -> None:
        super().__init__(words)
        self.flaw, self.bounds = flaw, bounds


class PolicyError(UnfitError):
    """A policy, stored or to be stored, names a key that does not exist or holds a value that cannot be."""

    def __init__(self, key: str, why: Exception) -> None:
        flaw, bounds = (why.flaw, why.bounds) if isinstance(why, UnfitError) else (Flaw.UNREADABLE, (0, 0))
        super().__init__(flaw, f"{key}: {why}", bounds)
        self.key = key


@dataclass(frozen=True)
class Policy:
    """One unit's figures; what it does not set is its parent's, at the top these defaults."""

    survey_delay: timedelta = timedelta(minutes=30)
    survey_attempts: int = 3
    survey_spacing: timedelta = timedelta(hours=2)
    # Who is asked in writing has so long to answer.
    survey_patience: timedelta = timedelta(hours=24)
    # Who tells the same matter again within so long is taken for repeating it.
    repeated_within: timedelta = timedelta(days=7)
    # Of each line; the carrier's own pace for an account is 60.
    calls_per_minute: int = 30
    # Calls leave between these local times only; equal times mean all day.
    calls_from: time = time(9, 0)
    calls_until: time = time(21, 0)
    # An order that came back so often is given to whom a supervisor names.
    appoint_after_returns: int = 3
    # Reviewed orders go by the dispatch catalogue without anybody's doing, if their category and place were confirmed
    # by a person or are at least this sure (0 to 1).
    auto_dispatch: bool = False
    auto_confidence: float = 0.9
    # How far ahead gaps in the roster are told, and the daily local hours in which somebody must be on duty; equal
    # times mean all day.
    roster_look_ahead: timedelta = timedelta(days=7)
    roster_from: time = time(0, 0)
    roster_until: time = time(0, 0)
    # An emergency goes to the next on the roster after so long, and everybody is told so many times.
    alarm_spacing: timedelta = timedelta(minutes=3)
    alarm_rounds: int = 3
    limits: dict[Urgency, Limits] = field(default_factory=lambda: dict(LIMITS))
    # Instead of `limits` as long as a unit is in emergency mode.
    emergency_mode: dict[Urgency, Limits] = field(default_factory=lambda: dict(EMERGENCY_LIMITS))
    working_hours: tuple[Hours, ...] = (Hours(time(9), time(12)), Hours(time(14), time(18)))
    # 1 is Monday.
    working_weekdays: frozenset[int] = MONDAY_TO_FRIDAY
    # A handler's pause waits for a supervisor's word; all pauses of one run of work together are no longer than this.
    pause_needs_approval: bool = True
    longest_pause: timedelta = timedelta(days=7)
    # Blue: so long before a limit. Red: so long after it, while yellow comes with the limit itself.
    reminder: Portion = Portion(0.2, 4 * _HOUR)
    red_after: Portion = Portion(0.5, 2 * _HOUR)
    # Up to how many supervising units above the one addressed get a copy.
    copies_up: int = 1
    # No reminder between these local times but for an emergency; equal times mean never quiet.
    quiet_from: time = time(22, 0)
    quiet_until: time = time(7, 0)
    # Whether notices also go as text messages to those who must look and have a telephone, and between which local
    # times; equal times mean all day, and an emergency is told at any hour.
    notice_texts: bool = False
    texts_from: time = time(9, 0)
    texts_until: time = time(21, 0)
    # When the day's list of what is not cleared is made.
    uncleared_at: time = time(20, 0)
    # What a result must hold in each category beside what it must hold always.
    closing: Mapping[Category, frozenset[Element]] = field(default_factory=lambda: dict(BY_CATEGORY))
    # Whose results wait for a supervisor's word before the caller is asked.
    results_need_approval: frozenset[Category | Urgency] = frozenset()
    # How much working time a supervisor has for that word.
    decide_within: timedelta = 4 * _HOUR

    def with_overrides(self, stored: dict[str, Any]) -> Self:
        """This policy with what a unit stored as JSON: spans in seconds, times as HH:MM.

        Of limits and portions a unit may store a part; the rest of them stays.

        Raises:
            PolicyError: on a key or value that makes no sense.
        """
        return replace(self, **{key: self._read(key, value) for key, value in stored.items()})

    def _read(self, key: str, value: Any) -> Any:
        if key not in _READERS and key not in _CHANGES:
            raise PolicyError(key, ValueError("no such setting"))
        try:
            return _CHANGES[key](getattr(self, key), value) if key in _CHANGES else _READERS[key](value)
        except (TypeError, ValueError, OverflowError) as error:
            raise PolicyError(key, error) from error


def _span(value: Any) -> timedelta:
    span = timedelta(seconds=float(value))
    if span < timedelta(0):
        raise ValueError("must not be negative")
    return span


def _look_ahead(value: Any) -> timedelta:
    span = _span(value)
    if not timedelta(days=1) <= span <= timedelta(days=60):
        raise ValueError("must be between a day and 60 days")
    return span


def _alarm_spacing(value: Any) -> timedelta:
    span = _span(value)
    if not timedelta(seconds=30) <= span <= timedelta(hours=1):
        raise ValueError("must be between 30 seconds and an hour: a telephone rings that long, and a life is at risk")
    return span


def _whole(least: int, most: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if not least <= int(value) <= most:
            raise UnfitError(Flaw.OUT_OF_BOUNDS, f"must be between {least} and {most}", (least, most))
        return int(value)

    return read


def _time_of_day(value: Any) -> time:
    at = time.fromisoformat(value)
    if at.tzinfo is not None:
        raise ValueError("is local time, and names no zone")
    return at


def _yes_or_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("must be true or false")
    return value


def _share(value: Any) -> float:
    if isinstance(value, bool) or not 0 <= float(value) <= 1:
        raise ValueError("must be between 0 and 1")
    return float(value)


def _weekdays(value: Any) -> frozenset[int]:
    days = frozenset(int(day) for day in value)
    if not days or not days <= frozenset(range(1, 8)):
        raise ValueError("must be days from 1, Monday, to 7, Sunday, and at least one of them")
    return days


def _working_hours(value: Any) -> tuple[Hours, ...]:
    stretches = tuple(Hours(_time_of_day(start), _time_of_day(end)) for start, end in value)
    in_order = all(one.end != time(0) and one.end <= other.start for one, other in pairwise(stretches))
    if not stretches or not in_order or not all(stretch.is_possible for stretch in stretches):
        raise ValueError('must be stretches of a day, one after the other, as in [["09:00", "12:00"]]')
    return stretches


def _hours(value: Any) -> tuple[Hours, ...]:
    try:
        return _working_hours(value)
    except (TypeError, ValueError) as error:
        raise UnfitError(Flaw.NO_STRETCHES, str(error)) from error


_LONGEST_LIMIT = timedelta(days=366)
_STEPS = ("accept", "contact", "resolve")
_FLAGS = ("same_day", "in_working_time")


def _change_limits(before: dict[Urgency, Limits], value: Any) -> dict[Urgency, Limits]:
    if not isinstance(value, dict) or not value:
        raise TypeError("must name limits by urgency")
    return {**before, **{Urgency(name): _limits(Urgency(name), before, told) for name, told in value.items()}}


def _limits(urgency: Urgency, before: dict[Urgency, Limits], told: Any) -> Limits:
    unknown = set(told) - {*_STEPS, *_FLAGS}
    if unknown:
        raise ValueError(f"{urgency} has no {min(unknown)}")
    changes: dict[str, Any] = {step: _limit_if_any(told[step]) for step in _STEPS if step in told}
    changes |= {flag: _yes_or_no(told[flag]) for flag in _FLAGS if flag in told}
    limits = replace(before[urgency], **changes)
    if limits.in_working_time and urgency in NEVER_RESTS:
        raise UnfitError(Flaw.NEVER_RESTS, f"{urgency} runs day and night")
    if limits.same_day and limits.resolve is not None:
        raise UnfitError(Flaw.TWO_ENDS, f"{urgency} ends either with the day or after a span")
    return limits


def _limit_if_any(value: Any) -> timedelta | None:
    return None if value is None else _limit(value)


def _limit(value: Any) -> timedelta:
    limit = _span(value)
    if not timedelta(0) < limit <= _LONGEST_LIMIT:
        raise UnfitError(Flaw.NO_LIMIT, "a limit must be more than nothing and at most a year")
    return limit


def _change_portion(before: Portion, value: Any) -> Portion:
    if not isinstance(value, dict) or not value or set(value) - {"share", "most"}:
        raise ValueError('must be like {"share": 0.2, "most": 14400}')
    return Portion(_share(value.get("share", before.share)), _span(value["most"]) if "most" in value else before.most)


def _change_closing(before: Mapping[Category, frozenset[Element]], value: Any) -> dict[Category, frozenset[Element]]:
    if not isinstance(value, dict) or not value:
        raise TypeError('must name elements by category, as in {"elderly": ["visit_record", "photo"]}')
    return {**before, **{Category(name): _elements(told) for name, told in value.items()}}


def _elements(told: Any) -> frozenset[Element]:
    if isinstance(told, str):
        raise TypeError("must be a list of elements")
    elements = frozenset(Element(name) for name in told)
    if not elements <= OF_CATEGORY:
        raise ValueError(f"{min(elements - OF_CATEGORY)} is needed in every category")
    return elements


def _approved(value: Any) -> frozenset[Category | Urgency]:
    if isinstance(value, bool):
        return frozenset(Urgency) if value else frozenset()
    if isinstance(value, str):
        raise TypeError("must be true, false, or a list of categories and urgencies")
    return frozenset(Category(name) if name in set(Category) else Urgency(name) for name in value)


# More than ten calls about one order is harassment.
_count = _whole(1, 10)

_READERS: dict[str, Callable[[Any], Any]] = {
    "survey_delay": _span,
    "survey_attempts": _count,
    "survey_spacing": _span,
    "survey_patience": _span,
    "repeated_within": _span,
    # Ten a second is more than any carrier takes.
    "calls_per_minute": _whole(1, 600),
    "calls_from": _time_of_day,
    "calls_until": _time_of_day,
    "roster_look_ahead": _look_ahead,
    "roster_from": _time_of_day,
    "roster_until": _time_of_day,
    "alarm_spacing": _alarm_spacing,
    "alarm_rounds": _count,
    # Whoever wants none of it names what is never reached.
    "appoint_after_returns": _whole(1, 100),
    "auto_dispatch": _yes_or_no,
    "auto_confidence": _share,
    "working_hours": _hours,
    "working_weekdays": _weekdays,
    "pause_needs_approval": _yes_or_no,
    "longest_pause": _span,
    # No organisation is deeper.
    "copies_up": _whole(0, 10),
    "quiet_from": _time_of_day,
    "quiet_until": _time_of_day,
    "notice_texts": _yes_or_no,
    "texts_from": _time_of_day,
    "texts_until": _time_of_day,
    "uncleared_at": _time_of_day,
    "results_need_approval": _approved,
    "decide_within": _limit,
}

# What may be changed in part is told what it was.
_CHANGES: dict[str, Callable[[Any, Any], Any]] = {
    "limits": _change_limits,
    "emergency_mode": _change_limits,
    "reminder": _change_portion,
    "red_after": _change_portion,
    "closing": _change_closing,
}
