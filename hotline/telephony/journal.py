"""What a webhook told while nothing could be stored: a file for each, on the local disk, replayed later."""

import json
import os
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from hotline.logs import get_log
from hotline.services import calls
from hotline.services.receipts import RecordingTold, Told

log = get_log(__name__)


@dataclass(frozen=True)
class MissedCall:
    """A caller who heard our apology."""

    told: Told
    at: datetime


@dataclass(frozen=True)
class EndedCall:
    """A line that went dead."""

    told: Told
    at: datetime
    duration_s: int | None


Entry = MissedCall | EndedCall | RecordingTold


class Journal:
    """One directory; a file is complete or not there, and goes when its entry is stored."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def write(self, entry: Entry) -> None:
        """Keep an entry; on return it is on the disk."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = self._directory / f".{uuid.uuid4().hex}"
        with open(unfinished, "x", opener=_private) as file:
            json.dump({"kind": type(entry).__name__, **asdict(entry)}, file, default=datetime.isoformat)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self._directory / f"{uuid.uuid4().hex}.json")

    def replay(self, apply: Callable[[Entry], None]) -> int:
        """Hand every entry to `apply`, oldest first, and forget those that it took; how many these were.

        An entry that cannot be read or stored stays, and holds up no other.

        Raises:
            sqlalchemy.exc.OperationalError, sqlalchemy.exc.InterfaceError: the database is still away.
        """
        files = sorted(self._directory.glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
        return sum(_take(path, apply) for path in files)


def _take(path: Path, apply: Callable[[Entry], None]) -> bool:
    try:
        apply(_entry(json.loads(path.read_text())))
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("a journal entry cannot be stored", file=path.name)
        return False
    path.unlink()
    return True


def store(session: Session, entry: Entry, now: datetime, zone: ZoneInfo) -> None:
    """Do what the entry's webhook would have done."""
    match entry:
        case MissedCall():
            calls.missed(session, entry.told, entry.at, now, zone)
        case EndedCall():
            calls.ended(session, entry.told, entry.at, entry.duration_s, now, zone)
        case RecordingTold():
            calls.recording_told(session, entry, now, zone)


def recording_told_from(stored: Mapping[str, Any]) -> RecordingTold:
    """What was told of a recording, from the JSON that a journal or a receipt keeps."""
    at = stored.get("recorded_at")
    nothing_said = {"duration_s": None}
    return RecordingTold(**{**nothing_said, **stored, "recorded_at": datetime.fromisoformat(at) if at else None})


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _entry(content: Mapping[str, Any]) -> Entry:
    fields = {key: value for key, value in content.items() if key != "kind"}
    match content["kind"]:
        case "MissedCall":
            return MissedCall(Told(**fields["told"]), datetime.fromisoformat(fields["at"]))
        case "EndedCall":
            return EndedCall(Told(**fields["told"]), datetime.fromisoformat(fields["at"]), fields["duration_s"])
        case _:
            return recording_told_from(fields)
