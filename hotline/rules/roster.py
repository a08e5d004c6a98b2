"""Who is on duty when: posts, the hours of a shift, what of a time is covered, and the life of an asked-for swap."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from hotline.rules import machine


class Post(StrEnum):
    """What somebody is on duty for, first on call first."""

    DUTY = "duty"
    BACKUP = "backup"
    CALL_TAKER = "call_taker"
    HANDLER = "handler"
    LEADER = "leader"


# As people write them into a plan.
POST_WORDS = {
    "值班": Post.DUTY,
    "备班": Post.BACKUP,
    "话务": Post.CALL_TAKER,
    "承办": Post.HANDLER,
    "带班": Post.LEADER,
}
# Whom a caller is put through to who asks for a person, and who is alarmed, in this order.
FOR_CALLERS = (Post.CALL_TAKER, Post.DUTY, Post.BACKUP)
FOR_ALARMS = (Post.DUTY, Post.BACKUP, Post.HANDLER, Post.CALL_TAKER, Post.LEADER)


class NoSuchHoursError(ValueError):
    """On that day the clocks jump over these hours."""


@dataclass(frozen=True, order=True)
class Span:
    """From an instant until just before another; never empty."""

    begins_at: datetime
    ends_at: datetime

    def __post_init__(self) -> None:
        if self.begins_at >= self.ends_at:
            raise ValueError("a span ends after it begins")

    def overlaps(self, other: "Span") -> bool:
        """Whether some instant lies in both."""
        return self.begins_at < other.ends_at and other.begins_at < self.ends_at

    def holds(self, at: datetime) -> bool:
        """Whether the instant lies in it."""
        return self.begins_at <= at < self.ends_at


def hours(day: date, begins: time, ends: time, zone: ZoneInfo) -> Span:
    """What a plan calls `begins` to `ends` of a local day: over midnight if the end is not later, a day if it is equal.

    A wall-clock time is one instant wherever it is written, so shifts that meet on paper meet on the clock: of an hour
    that comes twice in autumn the first, and of one that spring leaves out the one that would have been.

    Raises:
        NoSuchHoursError: nothing is left of them on that day.
    """
    until = day if ends > begins else day + timedelta(days=1)
    begins_at, ends_at = _instant(day, begins, zone), _instant(until, ends, zone)
    if begins_at >= ends_at:
        raise NoSuchHoursError(f"{begins:%H:%M} to {ends:%H:%M} do not exist on {day}: the clocks are put forward")
    return Span(begins_at, ends_at)


def _instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, zone).astimezone(ZoneInfo("UTC"))


def joined(spans: Iterable[Span]) -> list[Span]:
    """The same instants in as few spans as possible, in order."""
    found: list[Span] = []
    for span in sorted(spans):
        if found and span.begins_at <= found[-1].ends_at:
            found[-1] = Span(found[-1].begins_at, max(found[-1].ends_at, span.ends_at))
        else:
            found.append(span)
    return found


def gaps(wanted: Iterable[Span], covered: Iterable[Span]) -> list[Span]:
    """What of the wanted time no covered span holds, in order."""
    there = joined(covered)
    return [gap for span in joined(wanted) for gap in _outside(span, there)]


def _outside(span: Span, covered: Sequence[Span]) -> list[Span]:
    left, at = [], span.begins_at
    for there in covered:
        if not there.overlaps(span):
            continue
        if there.begins_at > at:
            left.append(Span(at, there.begins_at))
        at = max(at, there.ends_at)
    if at < span.ends_at:
        left.append(Span(at, span.ends_at))
    return left


def staffed(within: Span, begins: time, ends: time, zone: ZoneInfo) -> list[Span]:
    """The daily hours of which a unit promises that somebody is there, inside `within`; equal times mean all day."""
    if begins == ends:
        return [within]
    day = within.begins_at.astimezone(zone).date() - timedelta(days=1)
    last = within.ends_at.astimezone(zone).date()
    found = []
    while day <= last:
        try:
            promised = hours(day, begins, ends, zone)
        except NoSuchHoursError:
            promised = None
        if promised and promised.overlaps(within):
            begun, ended = max(promised.begins_at, within.begins_at), min(promised.ends_at, within.ends_at)
            found.append(Span(begun, ended))
        day += timedelta(days=1)
    return found


class SwapState(StrEnum):
    """A swap: somebody else shall take the shift."""

    ASKED = "asked"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class SwapEvent(StrEnum):
    """What becomes of it."""

    ACCEPT = "accept"
    DECLINE = "decline"
    WITHDRAW = "withdraw"
    LAPSE = "lapse"  # the shift has begun, was cancelled, or is somebody else's by now


_S, _E = SwapState, SwapEvent

SWAP: dict[SwapState, dict[SwapEvent, SwapState]] = {
    _S.ASKED: {
        _E.ACCEPT: _S.ACCEPTED,
        _E.DECLINE: _S.DECLINED,
        _E.WITHDRAW: _S.WITHDRAWN,
        _E.LAPSE: _S.LAPSED,
    },
    _S.ACCEPTED: {},
    _S.DECLINED: {},
    _S.WITHDRAWN: {},
    _S.LAPSED: {},
}


def swap_after(state: SwapState, event: SwapEvent) -> SwapState:
    """The swap's state after `event`.

    Raises:
        hotline.rules.machine.ImpossibleMoveError: it is decided already.
    """
    return machine.advance(SWAP, state, event)
