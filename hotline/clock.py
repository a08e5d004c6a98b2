"""The one clock of all processes: the machine's time, or a time set from outside through a small file."""

import json
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

log = logging.getLogger(__name__)

# Far enough from both ends of the calendar that every deadline can be reckoned; others are slips of the hand.
YEARS = range(2000, 2200)


class Clock(Protocol):
    """What gives the time; services are handed its answer, never the clock."""

    def now(self) -> datetime:
        """The present, aware, in UTC."""


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """The present, aware, in UTC."""
        return datetime.now(UTC)


class UnusableTimeError(ValueError):
    """A time, or a move of it, that no clock of ours can show."""


@dataclass(frozen=True)
class _Setting:
    """What the file says: moved by so much, or standing still."""

    offset: timedelta = timedelta()
    frozen_at: datetime | None = None


class FileClock:
    """The machine's time moved by what a file says, or standing still at it; every process reads the same file.

    The file holds `{"offset_s": 3600}` or `{"frozen_at": "2026-01-02T03:04:05+00:00"}`; no file means no change.
    It is written by replacing it (`move_clock`), so a reader never meets half of one. A file that says anything else
    changes nothing: the clock goes on as it was last set, and the log says so once.
    """

    def __init__(self, path: Path, machine_now: Callable[[], datetime] | None = None) -> None:
        self._path = path
        self._machine_now = machine_now or SystemClock().now
        self._seen: tuple[int, int] | None = None
        self._setting = _Setting()

    def now(self) -> datetime:
        """The present as the file sets it, aware, in UTC."""
        self._refresh()
        return self._setting.frozen_at or self._machine_now() + self._setting.offset

    @property
    def is_frozen(self) -> bool:
        """True when the clock stands still."""
        self._refresh()
        return self._setting.frozen_at is not None

    def _refresh(self) -> None:
        try:
            stat = self._path.stat()
            if (stat.st_mtime_ns, stat.st_ino) == self._seen:
                return
            self._seen = (stat.st_mtime_ns, stat.st_ino)
            self._setting = _read(self._path.read_bytes(), self._machine_now())
        except FileNotFoundError:
            self._seen, self._setting = None, _Setting()
        except (OSError, UnusableTimeError):
            log.exception("the clock file is unusable: the time goes on as it was last set")


def clock_for(path: Path | None) -> Clock:
    """The clock that the setting CLOCK_FILE asks for."""
    return FileClock(path) if path else SystemClock()


def move_clock(path: Path, by_s: float) -> None:
    """Move the clock of every process that reads `path`; a clock standing still goes on standing at the new time.

    Raises:
        UnusableTimeError
    """
    clock = FileClock(path)
    now = clock.now()
    try:
        moved = _checked(now + timedelta(seconds=by_s))
    except (ValueError, OverflowError) as error:
        raise UnusableTimeError(f"the clock cannot be moved by {by_s} seconds") from error
    offset = moved - SystemClock().now()
    _write(path, {"frozen_at": moved.isoformat()} if clock.is_frozen else {"offset_s": offset.total_seconds()})


def freeze_clock(path: Path, at: datetime) -> None:
    """Let the clock stand still at `at`, which must be aware.

    Raises:
        UnusableTimeError
    """
    _write(path, {"frozen_at": _checked(at).isoformat()})


def _read(content: bytes, machine_now: datetime) -> _Setting:
    try:
        said = json.loads(content)
        if "frozen_at" in said:
            return _Setting(frozen_at=_checked(datetime.fromisoformat(said["frozen_at"])))
        offset = timedelta(seconds=said.get("offset_s", 0))
        _checked(machine_now + offset)
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        raise UnusableTimeError("the clock file holds no time") from error
    return _Setting(offset=offset)


def _checked(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise UnusableTimeError("the time needs its zone, as in 2026-01-02T08:00:00+08:00")
    if moment.year not in YEARS:
        raise UnusableTimeError(f"the year must be one from {YEARS.start} to {YEARS.stop - 1}")
    return moment.astimezone(UTC)


def _write(path: Path, said: dict[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{os.getpid()}.new")
    fresh.write_text(json.dumps(said))
    fresh.replace(path)
