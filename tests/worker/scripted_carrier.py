"""A carrier that does what the test says, and remembers what it was asked."""
# ruff: noqa: ARG002 - the signatures are the protocol's

import wave
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from typing import Any, BinaryIO

import factories

from hotline.services.receipts import RecordingTold
from hotline.telephony.carrier import CallAtCarrier, NotThereError, RecordingTooLargeError


def silence(seconds: float = 1.0) -> bytes:
    """A recording in which nobody speaks."""
    file = BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(2 * round(8000 * seconds)))
    return file.getvalue()


@dataclass
class ScriptedCarrier:
    """Implements `hotline.telephony.carrier.Carrier`; `trouble` is raised instead of any answer."""

    name: str = "twilio"
    trouble: Exception | None = None
    media: bytes = field(default_factory=silence)
    calls: dict[str, CallAtCarrier] = field(default_factory=dict)
    recordings: list[RecordingTold] = field(default_factory=list)
    placed: list[tuple[str, str, str]] = field(default_factory=list)
    found: str | None = None
    deleted: list[str] = field(default_factory=list)
    texts: list[tuple[str, str, str]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def place_survey_call(self, token: str, from_number: str, to_number: str) -> str:
        self._asked("place")
        self.placed.append((token, from_number, to_number))
        return factories.call_sid()

    def place_alarm_call(self, token: str, from_number: str, to_number: str) -> str:
        self._asked("place")
        self.placed.append((token, from_number, to_number))
        return factories.call_sid()

    def find_call(self, from_number: str, to_number: str, since: datetime, known: Collection[str]) -> str | None:
        self._asked("find")
        return None if self.found in known else self.found

    def fetch_call(self, call_id: str) -> CallAtCarrier:
        self._asked("call")
        if call_id not in self.calls:
            raise NotThereError("20404")
        return self.calls[call_id]

    def calls_since(self, number: str, since: datetime) -> Iterator[CallAtCarrier]:
        self._asked("calls")
        yield from (call for call in self.calls.values() if call.dialled == number and call.is_inbound)

    def recordings_since(self, since: datetime) -> Iterator[RecordingTold]:
        self._asked("recordings")
        yield from self.recordings

    def fetch_recording(self, recording_id: str, channels: int, into: BinaryIO, limit_bytes: int) -> None:
        self._asked("media")
        if len(self.media) > limit_bytes:
            raise RecordingTooLargeError(f"more than {limit_bytes} bytes")
        into.write(self.media)

    def delete_recording(self, recording_id: str) -> None:
        self._asked("delete")
        self.deleted.append(recording_id)

    def send_text(self, message_id: int, from_number: str, to_number: str, body: str) -> str:
        self._asked("text")
        self.texts.append((from_number, to_number, body))
        return f"SM{message_id:032x}"

    def know(self, call_id: str, **more: Any) -> None:
        """A call that is over."""
        known = {
            "number": factories.CALLER,
            "dialled": factories.LINE,
            "is_inbound": True,
            "ending": None,
            "ended_at": factories.LATER,
            "duration_s": 60,
        }
        self.calls[call_id] = CallAtCarrier(call_id, **{**known, **more})

    def _asked(self, what: str) -> None:
        self.asked.append(what)
        if self.trouble is not None:
            raise self.trouble
