"""One telephone call: who, when, how far, and a log of everything said, pressed and asked on it."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from threading import Condition
from typing import Any

from sandbox.clock import CallClock

API_VERSION = "2010-04-01"
FINAL = ("completed", "busy", "failed", "no-answer", "canceled")
_PLACE = ("City", "State", "Zip")
_COUNTRIES = {"+86": "CN", "+852": "HK", "+853": "MO", "+1": "US"}


def new_sid(prefix: str) -> str:
    """A Twilio identifier: two letters and 32 hexadecimal digits."""
    return prefix + secrets.token_hex(16)


def rfc2822(moment: datetime | None) -> str | None:
    """A date as Twilio's REST writes it."""
    return format_datetime(moment.astimezone(UTC)) if moment else None


def place_params(side: str, number: str) -> dict[str, str]:
    """What Twilio knows of where a number is at home; what it does not know is an empty string."""
    country = next((code for prefix, code in _COUNTRIES.items() if number.startswith(prefix)), "")
    return {**{side + part: "" for part in _PLACE}, side + "Country": country}


@dataclass(frozen=True)
class CallbackOrder:
    """Where and about which events a call's progress is told."""

    url: str = ""
    method: str = "POST"
    events: tuple[str, ...] = ("completed",)


@dataclass
class Call:
    """A call in whatever state; everything that happens to it goes through `note` or `advance`."""

    account_sid: str
    direction: str
    caller: str
    called: str
    clock: CallClock
    callback: CallbackOrder = CallbackOrder()
    parent_sid: str | None = None
    sid: str = field(default_factory=lambda: new_sid("CA"))
    status: str = "queued"
    answered_by: str | None = None
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    updated_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    started_at: datetime | None = None
    ended_at: datetime | None = None
    answered_s: float | None = None
    duration_s: int | None = None
    recordings: list[str] = field(default_factory=list)
    log: list[dict[str, Any]] = field(default_factory=list)
    is_settled: bool = False
    sequence: int = 0
    changed: Condition = field(default_factory=Condition)
    watchers: list[Callable[[Mapping[str, Any]], None]] = field(default_factory=list)

    def note(self, event: str, **facts: object) -> None:
        """Write a line of the log, and show it to whoever watches the call."""
        line = {"at_s": round(self.clock.now_s, 2), "event": event, **facts}
        with self.changed:
            self.log.append(line)
            self.changed.notify_all()
        for watch in list(self.watchers):
            watch(line)

    def advance(self, status: str) -> None:
        """Go on to another status, keeping the times that depend on it."""
        now = datetime.now(UTC)
        self.status, self.updated_at = status, now
        if status == "in-progress":
            self.started_at, self.answered_s = now, self.clock.now_s
        if status in FINAL:
            self.ended_at = now
            self.started_at = self.started_at or now
            self.duration_s = round(self.clock.now_s - self.answered_s) if self.answered_s is not None else 0
        self.note("status", status=status)

    def next_sequence(self) -> int:
        """The number of the next progress event, from 0."""
        number, self.sequence = self.sequence, self.sequence + 1
        return number

    def settle(self) -> None:
        """The call is over, and everything that follows from it was sent."""
        with self.changed:
            self.is_settled = True
            self.changed.notify_all()

    @property
    def is_over(self) -> bool:
        """Nobody is on the line any more."""
        return self.status in FINAL

    @property
    def was_answered(self) -> bool:
        """Somebody picked up."""
        return self.answered_s is not None

    def params(self) -> dict[str, str]:
        """What every voice webhook of this call carries."""
        params = {
            "AccountSid": self.account_sid,
            "ApiVersion": API_VERSION,
            "CallSid": self.sid,
            "CallStatus": self.status,
            "Direction": self.direction,
        }
        for sides, number in ((("From", "Caller"), self.caller), (("To", "Called"), self.called)):
            for side in sides:
                # who hides their number is not named at all
                params |= {side: number, **place_params(side, number)} if number else {}
        if self.parent_sid:
            params["ParentCallSid"] = self.parent_sid
        if self.answered_by:
            params["AnsweredBy"] = self.answered_by
        return params

    def resource(self) -> dict[str, Any]:
        """The call as Twilio's REST shows it."""
        uri = f"/{API_VERSION}/Accounts/{self.account_sid}/Calls/{self.sid}"
        return {
            "sid": self.sid,
            "account_sid": self.account_sid,
            "parent_call_sid": self.parent_sid,
            "api_version": API_VERSION,
            "from": self.caller,
            "from_formatted": self.caller,
            "to": self.called,
            "to_formatted": self.called,
            "phone_number_sid": None,
            "status": self.status,
            "direction": self.direction,
            "date_created": rfc2822(self.created_at),
            "date_updated": rfc2822(self.updated_at),
            "start_time": rfc2822(self.started_at),
            "end_time": rfc2822(self.ended_at),
            "duration": None if self.duration_s is None else str(self.duration_s),
            "price": None,
            "price_unit": "USD",
            "answered_by": self.answered_by,
            "forwarded_from": None,
            "group_sid": None,
            "caller_name": None,
            "queue_time": "0",
            "trunk_sid": None,
            "uri": f"{uri}.json",
            "subresource_uris": {"recordings": f"{uri}/Recordings.json"},
        }

    def record(self) -> Mapping[str, Any]:
        """The call as the control interface shows it, log and all."""
        with self.changed:
            return {
                "call_sid": self.sid,
                "parent_call_sid": self.parent_sid,
                "direction": self.direction,
                "from": self.caller,
                "to": self.called,
                "status": self.status,
                "duration_s": self.duration_s,
                "answered_by": self.answered_by,
                "recordings": list(self.recordings),
                "settled": self.is_settled,
                "log": list(self.log),
            }
