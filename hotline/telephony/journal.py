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
from sqlalchemy.exc import TimeoutError as NoConnectionFreeError
from sqlalchemy.orm import Session

from hotline.logs import get_log
from hotline.models import Channel, MessageState
from hotline.rules.survey_states import AttemptEvent
from hotline.services import alarms, calls, correspondence, organisation, surveys
from hotline.services.correspondence import Written
from hotline.services.receipts import RecordingTold, TextTold, Told
from hotline.telephony.addresses import Addresses

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


@dataclass(frozen=True)
class SurveyProgress:
    """How a call that we placed was getting on."""

    token: str
    event: AttemptEvent
    duration_s: int | None = None


@dataclass(frozen=True)
class AlarmProgress:
    """How a call to one of our own people about an emergency was getting on."""

    token: str
    event: AttemptEvent
    duration_s: int | None = None


@dataclass(frozen=True)
class MessageFate:
    """How far a text message of ours had come."""

    message_id: int
    state: MessageState
    trouble: str | None


Entry = MissedCall | EndedCall | RecordingTold | TextTold | SurveyProgress | AlarmProgress | MessageFate

# The database is away, or has no time: what is told now can be stored later.
AWAY = (OperationalError, InterfaceError, NoConnectionFreeError)


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

        An entry that cannot be read or stored is put aside into `unusable/`, told once, and holds up no other.

        Raises:
            One of `AWAY`: the database is still away.
        """
        files = sorted(self._directory.glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
        return sum(self._take(path, apply) for path in files)

    def _take(self, path: Path, apply: Callable[[Entry], None]) -> bool:
        try:
            apply(_entry(json.loads(path.read_text())))
        except AWAY:
            raise
        except Exception:
            log.exception("a journal entry cannot be stored and is put aside", file=path.name)
            self._put_aside(path)
            return False
        path.unlink()
        return True

    def _put_aside(self, path: Path) -> None:
        unusable = self._directory / "unusable"
        unusable.mkdir(mode=0o700, exist_ok=True)
        path.replace(unusable / path.name)


def store(session: Session, entry: Entry, addresses: Addresses, now: datetime, zone: ZoneInfo) -> None:
    """Do what the entry's webhook would have done."""
    match entry:
        case MissedCall():
            calls.missed(session, entry.told, entry.at, now, zone)
        case EndedCall():
            calls.ended(session, entry.told, entry.at, entry.duration_s, now, zone)
        case RecordingTold():
            calls.recording_told(session, entry, now, zone)
        case TextTold():
            _text(session, entry, addresses, now, zone)
        case SurveyProgress():
            _progress(session, entry, now, zone)
        case AlarmProgress():
            _alarm_progress(session, entry, now)
        case MessageFate():
            surveys.message_reported(session, entry.message_id, entry.state, entry.trouble, now, zone)


def _text(session: Session, told: TextTold, addresses: Addresses, now: datetime, zone: ZoneInfo) -> None:
    line = organisation.line_written_to(session, told.written_to)
    if line is None:
        log.error("a text message came, and there is no line to answer from")
        return
    came = Written(
        told.carrier, told.message_id, told.number, line.unit_id, line.id, Channel.TEXT, told.text, written_at=told.at
    )
    correspondence.take(session, came, addresses.status_page, now, zone)


def _progress(session: Session, entry: SurveyProgress, now: datetime, zone: ZoneInfo) -> None:
    attempt = surveys.attempt_by_token(session, entry.token)
    if attempt is None:
        log.warning("a call was told of that is none of our surveys")
        return
    surveys.progressed(session, attempt, entry.event, now, zone, duration_s=entry.duration_s)


def _alarm_progress(session: Session, entry: AlarmProgress, now: datetime) -> None:
    attempt = alarms.attempt_by_token(session, entry.token)
    if attempt is None:
        log.warning("a call was told of that is none of our alarms")
        return
    alarms.progressed(session, attempt, alarms.event_of(entry.event), now, duration_s=entry.duration_s)


def recording_told_from(stored: Mapping[str, Any]) -> RecordingTold:
    """What was told of a recording, from the JSON that a journal or a receipt keeps."""
    at = stored.get("recorded_at")
    nothing_said = {"duration_s": None}
    return RecordingTold(**{**nothing_said, **stored, "recorded_at": datetime.fromisoformat(at) if at else None})


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _entry(content: Mapping[str, Any]) -> Entry:
    fields = {key: value for key, value in content.items() if key != "kind"}
    return _READ.get(content["kind"], recording_told_from)(fields)


_READ: Mapping[str, Callable[[Mapping[str, Any]], Entry]] = {
    "MissedCall": lambda told: MissedCall(Told(**told["told"]), datetime.fromisoformat(told["at"])),
    "EndedCall": lambda told: EndedCall(Told(**told["told"]), datetime.fromisoformat(told["at"]), told["duration_s"]),
    "TextTold": lambda told: TextTold(**{**told, "at": datetime.fromisoformat(told["at"])}),
    "SurveyProgress": lambda told: SurveyProgress(told["token"], AttemptEvent(told["event"]), told.get("duration_s")),
    "AlarmProgress": lambda told: AlarmProgress(told["token"], AttemptEvent(told["event"]), told.get("duration_s")),
    "MessageFate": lambda told: MessageFate(told["message_id"], MessageState(told["state"]), told["trouble"]),
}
