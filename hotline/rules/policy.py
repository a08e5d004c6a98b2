"""What a unit may set for itself and the units below it; every figure of the field that is not a law of nature."""

from dataclasses import dataclass, field, replace
from datetime import time, timedelta
from typing import Any, Self

from hotline.rules.facts import Urgency


@dataclass(frozen=True)
class Limits:
    """How long each step may take, counted from the moment the order was received; None is no limit.

    `same_day` ends the time for `resolved` at midnight, local time, instead of after a span.
    """

    accept: timedelta | None
    contact: timedelta | None
    resolve: timedelta | None
    same_day: bool = False


_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)

# The table "Clocks" of the field's own rules (docs/domain.md).
LIMITS: dict[Urgency, Limits] = {
    Urgency.EMERGENCY: Limits(accept=5 * _MINUTE, contact=15 * _MINUTE, resolve=2 * _HOUR),
    Urgency.URGENT: Limits(accept=15 * _MINUTE, contact=30 * _MINUTE, resolve=24 * _HOUR),
    Urgency.NORMAL: Limits(accept=30 * _MINUTE, contact=2 * _HOUR, resolve=24 * _HOUR),
    # "At once" is meant for a person on the line; a recorded question is rung back as fast as an urgent matter.
    Urgency.CONSULTATION: Limits(accept=None, contact=30 * _MINUTE, resolve=None, same_day=True),
}


class PolicyError(ValueError):
    """A stored policy names a key that does not exist or holds a value of the wrong kind."""


@dataclass(frozen=True)
class Policy:
    """One unit's figures; what it does not set is its parent's, at the top these defaults."""

    survey_delay: timedelta = timedelta(minutes=30)
    survey_attempts: int = 3
    survey_spacing: timedelta = timedelta(hours=2)
    # Of each line; the carrier's own pace for an account is 60.
    calls_per_minute: int = 30
    # Calls leave between these local times only; equal times mean all day.
    calls_from: time = time(9, 0)
    calls_until: time = time(21, 0)
    limits: dict[Urgency, Limits] = field(default_factory=lambda: dict(LIMITS))

    def with_overrides(self, stored: dict[str, Any]) -> Self:
        """This policy with what a unit stored as JSON: spans in seconds, times as HH:MM.

        Raises:
            PolicyError: on a key or value that makes no sense.
        """
        return replace(self, **{key: _read(key, value) for key, value in stored.items()})


def _read(key: str, value: Any) -> Any:
    try:
        return _READERS[key](value)
    except KeyError:
        raise PolicyError(f"{key}: no such setting") from None
    except (TypeError, ValueError, OverflowError) as error:
        raise PolicyError(f"{key}: {error}") from error


def _span(value: Any) -> timedelta:
    span = timedelta(seconds=float(value))
    if span < timedelta(0):
        raise ValueError("must not be negative")
    return span


def _count(value: Any) -> int:
    if not 1 <= int(value) <= 10:  # noqa: PLR2004 - more than ten calls about one order is harassment
        raise ValueError("must be between 1 and 10")
    return int(value)


def _time_of_day(value: Any) -> time:
    at = time.fromisoformat(value)
    if at.tzinfo is not None:
        raise ValueError("is local time, and names no zone")
    return at


def _pace(value: Any) -> int:
    if not 1 <= int(value) <= 600:  # noqa: PLR2004 - ten a second is more than any carrier takes
        raise ValueError("must be between 1 and 600")
    return int(value)


_READERS = {
    "survey_delay": _span,
    "survey_attempts": _count,
    "survey_spacing": _span,
    "calls_per_minute": _pace,
    "calls_from": _time_of_day,
    "calls_until": _time_of_day,
}
