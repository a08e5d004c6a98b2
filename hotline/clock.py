"""The one clock of all processes: the machine's time, or a time set from outside through a small file."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """What gives the time; services are handed its answer, never the clock."""

    def now(self) -> datetime:
        """The present, aware, in UTC."""


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """The present, aware, in UTC."""
        return datetime.now(UTC)


class FileClock:
    """The machine's time moved by what a file says, or standing still at it; every process reads the same file.

    The file holds `{"offset_s": 3600}` or `{"frozen_at": "2026-01-02T03:04:05+00:00"}`; no file means no change.
    It is written by replacing it (`move_clock`), so a reader never meets half of one.
    """

    def __init__(self, path: Path, machine_now: Callable[[], datetime] | None = None) -> None:
        self._path = path
        self._machine_now = machine_now or SystemClock().now
        self._seen: tuple[int, int] | None = None
        self._offset = timedelta()
        self._frozen_at: datetime | None = None

    def now(self) -> datetime:
        """The present as the file sets it, aware, in UTC."""
        self._refresh()
        return self._frozen_at or self._machine_now() + self._offset

    def _refresh(self) -> None:
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            self._seen, self._offset, self._frozen_at = None, timedelta(), None
            return
        if (stat.st_mtime_ns, stat.st_ino) == self._seen:
            return
        said = json.loads(self._path.read_text())
        frozen = said.get("frozen_at")
        self._offset = timedelta(seconds=said.get("offset_s", 0))
        self._frozen_at = datetime.fromisoformat(frozen).astimezone(UTC) if frozen else None
        self._seen = (stat.st_mtime_ns, stat.st_ino)


def clock_for(path: Path | None) -> Clock:
    """The clock that the setting CLOCK_FILE asks for."""
    return FileClock(path) if path else SystemClock()


def move_clock(path: Path, by: timedelta) -> None:
    """Move the clock of every process that reads `path`; a clock standing still goes on standing at the new time."""
    clock = FileClock(path)
    now = clock.now()
    frozen = path.exists() and "frozen_at" in json.loads(path.read_text())
    offset = now - SystemClock().now() + by
    _write(path, {"frozen_at": (now + by).isoformat()} if frozen else {"offset_s": offset.total_seconds()})


def freeze_clock(path: Path, at: datetime) -> None:
    """Let the clock stand still at `at`, which must be aware."""
    _write(path, {"frozen_at": at.astimezone(UTC).isoformat()})


def _write(path: Path, said: dict[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{os.getpid()}.new")
    fresh.write_text(json.dumps(said))
    fresh.replace(path)
