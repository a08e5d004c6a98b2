"""Deadlines of an order, what a pause makes of them, and the hours in which people may be rung."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from hotline.rules.calendar import Counting
from hotline.rules.policy import Limits, Policy


@dataclass(frozen=True)
class Deadlines:
    """Stored with the order when it is received; None is no limit."""

    accept_by: datetime | None
    contact_by: datetime | None
    resolve_by: datetime | None


def deadlines(limits: Limits, received_at: datetime, zone: ZoneInfo) -> Deadlines:
    """All three start when the order was received, so that no unit gains time by not signing."""
    due = [
        limits.counting.add(received_at, span) if span is not None else None
        for span in (limits.accept, limits.contact, limits.resolve)
    ]
    return Deadlines(due[0], due[1], _end_of_day(limits.counting, received_at, zone) if limits.same_day else due[2])


class Step(StrEnum):
    """What a clock runs for."""

    ACCEPT = "accept"
    CONTACT = "contact"
    RESOLVE = "resolve"
    DECIDE = "decide"  # a supervisor's word about a result that waits for one


# What the limits of an urgency are for.
LIMITED = (Step.ACCEPT, Step.CONTACT, Step.RESOLVE)


class Standing(StrEnum):
    """How a step stands against its limit."""

    RUNNING = "running"
    STOPPED = "stopped"  # a pause stops its clock
    OVERDUE = "overdue"  # not done, and the limit has passed
    IN_TIME = "in_time"
    LATE = "late"  # done, after the limit
    MISSED = "missed"  # the limit had passed before the work ended without it
    NOT_NEEDED = "not_needed"  # the work ended without it, before the limit
    UNLIMITED = "unlimited"


# A promise was not kept, and nothing makes that undone.
BROKEN = frozenset({Standing.OVERDUE, Standing.LATE, Standing.MISSED})


def standing(
    due: datetime | None, done: datetime | None, now: datetime, *, ended_at: datetime | None, is_stopped: bool
) -> tuple[Standing, timedelta]:
    """How a step stands at `now`, and how much time is left, or it is late by; nothing where neither makes sense.

    `ended_at` is when the work ended, if it did.
    """
    if due is None:
        return (Standing.IN_TIME if done else Standing.UNLIMITED), timedelta()
    if done is not None:
        return (Standing.IN_TIME, timedelta()) if done <= due else (Standing.LATE, done - due)
    if ended_at is not None:
        return (Standing.NOT_NEEDED, timedelta()) if ended_at <= due else (Standing.MISSED, ended_at - due)
    if is_stopped:
        return Standing.STOPPED, timedelta()
    return (Standing.RUNNING, due - now) if now <= due else (Standing.OVERDUE, now - due)


Done = Mapping[Step, datetime | None]
# Nobody may take longer to sign because of a pause: it begins after that.
PAUSABLE = frozenset({Step.CONTACT, Step.RESOLVE})


def all_running(
    until: Deadlines, done: Done, paused_at: datetime | None = None, decide_by: datetime | None = None
) -> list[tuple[Step, datetime]]:
    """The clocks whose step is not done, and when they end; of one paused at `paused_at` those that had run out.

    A result that waits for a supervisor's word until `decide_by` waits in a pause too.
    """
    limits = {Step.ACCEPT: until.accept_by, Step.CONTACT: until.contact_by, Step.RESOLVE: until.resolve_by}
    limits |= {Step.DECIDE: decide_by}
    return [
        (step, due)
        for step, due in limits.items()
        if due is not None and done.get(step) is None and not (paused_at and step in PAUSABLE and due > paused_at)
    ]


def running(
    until: Deadlines, done: Done, paused_at: datetime | None = None, decide_by: datetime | None = None
) -> tuple[Step, datetime] | None:
    """The clock of `all_running` that ends next; None when none runs."""
    return min(all_running(until, done, paused_at, decide_by), key=lambda each: each[1], default=None)


@dataclass(frozen=True)
class Left:
    """How much counted time a pause found on the clocks that it stopped; None where it stopped none."""

    contact: timedelta | None
    resolve: timedelta | None


def left_at(until: Deadlines, done: Done, at: datetime, counting: Counting) -> Left:
    """What is on the clocks that a pause stops at `at`: those not done and not run out."""
    stopped = {step: due for step, due in all_running(until, done) if due > at}
    contact, resolve = stopped.get(Step.CONTACT), stopped.get(Step.RESOLVE)
    return Left(
        contact=counting.between(at, contact) if contact else None,
        resolve=counting.between(at, resolve) if resolve else None,
    )


def resumed(until: Deadlines, left: Left, at: datetime, counting: Counting) -> Deadlines:
    """The deadlines once a pause ends at `at`: what was left begins to run then; what it did not stop stays."""

    def later(due: datetime | None, span: timedelta | None) -> datetime | None:
        return due if due is None or span is None else max(due, counting.add(at, span))

    return Deadlines(until.accept_by, later(until.contact_by, left.contact), later(until.resolve_by, left.resolve))


def after_pauses(
    until: Deadlines, done: Done, pauses: Iterable[tuple[datetime, datetime]], counting: Counting
) -> Deadlines:
    """Deadlines reckoned anew, moved by the pauses that there were, oldest first, each from when to when."""
    for start, end in pauses:
        then = {step: at if at is not None and at <= start else None for step, at in done.items()}
        until = resumed(until, left_at(until, then, start, counting), end, counting)
    return until


def earlier(one: Deadlines, other: Deadlines) -> Deadlines:
    """Of each two limits the one that comes first; where there is one, that."""

    def first(*due: datetime | None) -> datetime | None:
        return min((each for each in due if each is not None), default=None)

    return Deadlines(
        first(one.accept_by, other.accept_by),
        first(one.contact_by, other.contact_by),
        first(one.resolve_by, other.resolve_by),
    )


def next_calling_time(policy: Policy, wanted_at: datetime, zone: ZoneInfo) -> datetime:
    """The first moment, from `wanted_at` on, at which the policy lets a call leave."""
    return _next_between(policy.calls_from, policy.calls_until, wanted_at, zone)


def next_texting_time(policy: Policy, wanted_at: datetime, zone: ZoneInfo) -> datetime:
    """The first moment, from `wanted_at` on, at which the policy lets notices leave as text messages."""
    return _next_between(policy.texts_from, policy.texts_until, wanted_at, zone)


def _next_between(start: time, end: time, wanted_at: datetime, zone: ZoneInfo) -> datetime:
    local = wanted_at.astimezone(zone)
    if _is_between(start, end, local.time()):
        return wanted_at
    day = local.date()
    if local.time() >= start:
        day += timedelta(days=1)
    return datetime.combine(day, start, zone).astimezone(wanted_at.tzinfo)


def _is_between(start: time, end: time, at: time) -> bool:
    if start == end:
        return True
    return start <= at < end if start < end else at >= start or at < end


def _end_of_day(counting: Counting, start: datetime, zone: ZoneInfo) -> datetime:
    tomorrow = counting.first_day(start.astimezone(zone).date()) + timedelta(days=1)
    return datetime.combine(tomorrow, time(0), zone).astimezone(start.tzinfo)
