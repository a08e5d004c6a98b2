"""Deadlines of an order and the hours in which people may be rung."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from hotline.rules.policy import Limits, Policy


@dataclass(frozen=True)
class Deadlines:
    """Stored with the order when it is received; None is no limit."""

    accept_by: datetime | None
    contact_by: datetime | None
    resolve_by: datetime | None


def deadlines(limits: Limits, received_at: datetime, zone: ZoneInfo) -> Deadlines:
    """All three start when the order was received, so that no unit gains time by not signing."""
    resolve_by = _midnight_after(received_at, zone) if limits.same_day else _plus(received_at, limits.resolve)
    return Deadlines(
        accept_by=_plus(received_at, limits.accept),
        contact_by=_plus(received_at, limits.contact),
        resolve_by=resolve_by,
    )


class Step(StrEnum):
    """What a clock runs for."""

    ACCEPT = "accept"
    CONTACT = "contact"
    RESOLVE = "resolve"


def running(until: Deadlines, done: Mapping[Step, datetime | None]) -> tuple[Step, datetime] | None:
    """The clock that ends next among those whose step is not done; None when none runs."""
    limits = {Step.ACCEPT: until.accept_by, Step.CONTACT: until.contact_by, Step.RESOLVE: until.resolve_by}
    left = [(step, due) for step, due in limits.items() if due is not None and done[step] is None]
    return min(left, key=lambda each: each[1], default=None)


def next_calling_time(policy: Policy, wanted_at: datetime, zone: ZoneInfo) -> datetime:
    """The first moment, from `wanted_at` on, at which the policy lets a call leave."""
    local = wanted_at.astimezone(zone)
    if _may_call(policy, local.time()):
        return wanted_at
    day = local.date()
    if local.time() >= policy.calls_from:
        day += timedelta(days=1)
    return datetime.combine(day, policy.calls_from, zone).astimezone(wanted_at.tzinfo)


def _may_call(policy: Policy, at: time) -> bool:
    start, end = policy.calls_from, policy.calls_until
    if start == end:
        return True
    return start <= at < end if start < end else at >= start or at < end


def _plus(start: datetime, span: timedelta | None) -> datetime | None:
    return start + span if span is not None else None


def _midnight_after(start: datetime, zone: ZoneInfo) -> datetime:
    tomorrow = start.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(0), zone).astimezone(start.tzinfo)
