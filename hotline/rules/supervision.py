"""Who is told of a limit that comes near or has passed, and when: blue, yellow, red, each once for each deadline."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from hotline.rules.clocks import Step
from hotline.rules.order_states import OPEN, OrderState
from hotline.rules.policy import Policy
from hotline.rules.roles import Role


class Colour(StrEnum):
    """How urgently somebody has to look."""

    BLUE = "blue"  # the limit comes near: whoever has to act
    YELLOW = "yellow"  # it has passed: the street's supervisors
    RED = "red"  # it has passed for long: the district's


class PauseState(StrEnum):
    """What became of a pause."""

    ASKED = "asked"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"  # asked for anew, or the order moved on before anybody decided
    RUNNING = "running"
    RESUMED = "resumed"
    EXPIRED = "expired"  # its end came
    MOVED_ON = "moved_on"  # the order did


class ExtensionState(StrEnum):
    """What became of a request for more time."""

    ASKED = "asked"
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"  # asked for anew, or the order moved on before anybody decided


class ApprovalState(StrEnum):
    """What became of a result that waits for a supervisor's word."""

    ASKED = "asked"
    APPROVED = "approved"
    SENT_BACK = "sent_back"
    WITHDRAWN = "withdrawn"  # reported anew, or the order moved on before anybody decided


class Obstacle(StrEnum):
    """Why an order cannot stand still, or gets no more time."""

    NOT_WORKED_ON = "not_worked_on"  # nobody signed for it, or nobody works on it any more
    STANDS_STILL = "stands_still"
    ENDS_TOO_EARLY = "ends_too_early"  # a pause ends later than now
    TOO_LONG = "too_long"  # all pauses of a run together
    NOTHING_TO_STOP = "nothing_to_stop"
    NO_LIMIT = "no_limit"
    LIMIT_PASSED = "limit_passed"
    GAINS_NOTHING = "gains_nothing"  # the limit asked for is no later than the present one


class Why(StrEnum):
    """Where the words come from that say why an order is not cleared."""

    PAUSED = "paused"
    PAUSE_ASKED = "pause_asked"
    EXTENSION_ASKED = "extension_asked"
    EXTENDED = "extended"
    LAST_WORD = "last_word"  # the last reason in the history
    NOTHING_SAID = "nothing_said"
    APPROVAL_ASKED = "approval_asked"


# Somebody of ours has to act; a resolved or answered order waits for its caller.
TIMED = OPEN - {OrderState.RESOLVED, OrderState.ANSWERED}
# Somebody has signed and works on it: it may stand still with a reason, and more time may be asked for.
WORKED_ON = frozenset({OrderState.ACCEPTED, OrderState.IN_PROGRESS, OrderState.REFERRED})

WHO_ACTS: Mapping[OrderState, Role] = {
    OrderState.RECEIVED: Role.CALL_TAKER,
    OrderState.TRIAGED: Role.DISPATCHER,
    OrderState.DISPATCHED: Role.HANDLER,
    OrderState.ACCEPTED: Role.HANDLER,
    OrderState.IN_PROGRESS: Role.HANDLER,
    OrderState.REFERRED: Role.HANDLER,
    OrderState.REOPENED: Role.SUPERVISOR,
}


@dataclass(frozen=True)
class RunningClock:
    """A clock whose step is not done."""

    step: Step
    started_at: datetime
    due_at: datetime


Told = Collection[tuple[Step, Colour, datetime]]


@dataclass(frozen=True)
class Plan:
    """What is to be told now, yellow before red, and when to look again; None when nothing is left to tell."""

    notices: Sequence[tuple[RunningClock, Colour]]
    look_at: datetime | None


def plan(
    clocks: Sequence[RunningClock], told: Told, policy: Policy, now: datetime, quiet_until: datetime | None
) -> Plan:
    """What `told`, a set of step, colour and deadline, lacks by now.

    A reminder that falls into quiet hours is told at `quiet_until`, their end, if the limit has not passed by then.
    """
    notices: list[tuple[RunningClock, Colour]] = []
    later: list[datetime] = []
    for clock in clocks:
        for colour, at in _moments(clock, policy):
            if (clock.step, colour, clock.due_at) in told or (colour == Colour.BLUE and now > clock.due_at):
                continue
            due = max(at, quiet_until) if colour == Colour.BLUE and quiet_until else at
            if due > now:
                later.append(due)
            else:
                notices.append((clock, colour))
    return Plan(notices, min(later, default=None))


def _moments(clock: RunningClock, policy: Policy) -> list[tuple[Colour, datetime]]:
    span = max(clock.due_at - clock.started_at, timedelta())
    reminder, more = policy.reminder.of(span), policy.red_after.of(span)
    # What is done at the very moment of its limit is in time.
    past = clock.due_at + datetime.resolution
    blue = [(Colour.BLUE, clock.due_at - reminder)] if reminder else []
    return [*blue, (Colour.YELLOW, past), (Colour.RED, past + more)]


def quiet_until(policy: Policy, now: datetime, zone: ZoneInfo) -> datetime | None:
    """When the quiet hours end in which `now` lies; None outside them."""
    start, end, local = policy.quiet_from, policy.quiet_until, now.astimezone(zone)
    at = local.time()
    is_quiet = start <= at < end if start <= end else at >= start or at < end
    if not is_quiet:
        return None
    day = local.date() + timedelta(days=1 if at >= end else 0)
    until = datetime.combine(day, end, zone).astimezone(now.tzinfo)
    # An hour that comes twice may have its end behind it already.
    return until if until > now else None
