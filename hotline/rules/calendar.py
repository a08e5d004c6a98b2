"""How time counts against a limit: all of it, or only the working hours of working days."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from itertools import count
from typing import Protocol

_DAY = timedelta(days=1)


class DayKind(StrEnum):
    """What is special about a day."""

    HOLIDAY = "holiday"
    WORKDAY = "workday"  # a day off that is worked to make up for a holiday (调休)


class Counting(Protocol):
    """Which time counts."""

    def add(self, start: datetime, span: timedelta) -> datetime:
        """The moment at which `span` of counted time has gone by since `start`."""

    def between(self, start: datetime, end: datetime) -> timedelta:
        """How much counted time lies between the two; none when `end` is not later."""

    def first_day(self, day: date) -> date:
        """`day`, or the first one after it on which time counts at all."""


@dataclass(frozen=True)
class AllTime:
    """Every minute counts, day and night."""

    def add(self, start: datetime, span: timedelta) -> datetime:
        """`span` later."""
        return start + span

    def between(self, start: datetime, end: datetime) -> timedelta:
        """The whole time between the two."""
        return max(end - start, timedelta())

    def first_day(self, day: date) -> date:
        """Every day is one."""
        return day


ALL_TIME = AllTime()


@dataclass(frozen=True)
class Hours:
    """A stretch of a working day; midnight as its end is the end of the day."""

    start: time
    end: time

    @property
    def is_possible(self) -> bool:
        """Whether it ends later than it starts."""
        return self.end == time(0) or self.start < self.end


MONDAY_TO_FRIDAY = frozenset(range(1, 6))


@dataclass(frozen=True)
class WorkingTime:
    """Working hours on working days: the usual weekdays (1 is Monday), but for the days that are special.

    Hours are those of the wall clock in `zone`; what an hour skipped or repeated by summer time makes of them counts as
    it really goes by.
    """

    zone: tzinfo
    hours: Sequence[Hours]
    weekdays: frozenset[int] = MONDAY_TO_FRIDAY
    special: Mapping[date, DayKind] = field(default_factory=dict)

    def is_working_day(self, day: date) -> bool:
        """Whether anybody works on that day."""
        kind = self.special.get(day)
        return kind == DayKind.WORKDAY if kind else day.isoweekday() in self.weekdays

    def first_day(self, day: date) -> date:
        """`day`, or the first working day after it."""
        return next(day + _DAY * later for later in count() if self.is_working_day(day + _DAY * later))

    def add(self, start: datetime, span: timedelta) -> datetime:
        """The moment at which `span` of working time has gone by since `start`.

        What ends with the working day ends in the evening, not when the next one begins.
        """
        if not span:
            return start
        left = span
        for begin, end in self._stretches(start):
            if left <= end - begin:
                return (begin + left).astimezone(start.tzinfo)
            left -= end - begin
        raise AssertionError("the stretches never end")

    def between(self, start: datetime, end: datetime) -> timedelta:
        """The working time between the two."""
        gone = timedelta()
        for begin, until in self._stretches(start):
            if begin >= end:
                break
            gone += min(until, end) - begin
        return gone

    def _stretches(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """What is worked from `start` on, in UTC: never empty, never overlapping."""
        reached = start.astimezone(UTC)
        day = start.astimezone(self.zone).date()
        while True:
            for hours in self.hours if self.is_working_day(day) else ():
                begin = max(self._moment(day, hours.start), reached)
                end = self._moment(day + _DAY if hours.end == time(0) else day, hours.end)
                if begin < end:
                    yield begin, end
                    reached = end
            day += _DAY

    def _moment(self, day: date, at: time) -> datetime:
        return datetime.combine(day, at, self.zone).astimezone(UTC)
