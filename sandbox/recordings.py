"""Recordings: their facts in memory, their sound on disk as 8 kHz WAV."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import soundfile

from sandbox.call import API_VERSION, new_sid, rfc2822
from sandbox.voice import SAMPLE_RATE_HZ


@dataclass(frozen=True)
class Recording:
    """What is known of one recording. `channels` counts what was recorded, `source` says on whose order."""

    account_sid: str
    call_sid: str
    source: str
    channels: int = 1
    duration_s: int = 0
    status: str = "in-progress"
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    sid: str = field(default_factory=lambda: new_sid("RE"))

    def url(self, base_url: str) -> str:
        """Where its sound lies, without the ending that chooses a format."""
        return f"{base_url}/{API_VERSION}/Accounts/{self.account_sid}/Recordings/{self.sid}"

    def absent(self) -> "Recording":
        """The same when nothing was there to be kept."""
        return replace(self, status="absent")

    def params(self, base_url: str) -> dict[str, str]:
        """What a recording status callback carries; it names no telephone number."""
        return {
            "AccountSid": self.account_sid,
            "CallSid": self.call_sid,
            "RecordingSid": self.sid,
            "RecordingUrl": self.url(base_url),
            "RecordingStatus": self.status,
            "RecordingDuration": str(self.duration_s),
            "RecordingChannels": str(self.channels),
            "RecordingStartTime": rfc2822(self.started_at) or "",
            "RecordingSource": self.source,
            "ErrorCode": "0",
        }

    def resource(self, base_url: str) -> dict[str, Any]:
        """The recording as Twilio's REST shows it."""
        path = f"/{API_VERSION}/Accounts/{self.account_sid}/Recordings/{self.sid}"
        return {
            "sid": self.sid,
            "account_sid": self.account_sid,
            "api_version": API_VERSION,
            "call_sid": self.call_sid,
            "conference_sid": None,
            "date_created": rfc2822(self.created_at),
            "date_updated": rfc2822(self.created_at),
            "start_time": rfc2822(self.started_at),
            "duration": str(self.duration_s),
            "channels": self.channels,
            "source": self.source,
            "status": self.status,
            "error_code": None,
            "price": None,
            "price_unit": "USD",
            "uri": f"{path}.json",
            "media_url": base_url + path,
            "encryption_details": None,
            "subresource_uris": {},
        }


class RecordingStore:
    """Keeps what was recorded until the service deletes it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._directory.mkdir(parents=True, exist_ok=True)
        self._lock = Lock()
        self._recordings: dict[str, Recording] = {}

    def keep(self, recording: Recording, sound: np.ndarray[Any, np.dtype[np.int16]]) -> Recording:
        """Store the sound (one column a channel) and complete the facts."""
        soundfile.write(self._path(recording.sid), sound, SAMPLE_RATE_HZ, subtype="PCM_16", format="WAV")
        duration_s = max(1, round(len(sound) / SAMPLE_RATE_HZ))
        whole = replace(
            recording,
            duration_s=duration_s,
            channels=1 if sound.ndim == 1 else sound.shape[1],
            status="completed",
            created_at=datetime.now(UTC),
        )
        with self._lock:
            self._recordings[whole.sid] = whole
        return whole

    def all(self) -> list[Recording]:
        """Every recording, newest first."""
        with self._lock:
            return sorted(self._recordings.values(), key=lambda one: one.created_at, reverse=True)

    def find(self, sid: str) -> Recording | None:
        """A recording that was not deleted."""
        with self._lock:
            return self._recordings.get(sid)

    def media(self, recording: Recording, channels: int) -> bytes:
        """The WAV file; the channels of a dual recording are mixed unless two are asked for."""
        path = self._path(recording.sid)
        if recording.channels == channels:
            return path.read_bytes()
        sound, rate_hz = soundfile.read(path, dtype="int16", always_2d=True)
        mixed = np.clip(sound.astype(np.int32).sum(axis=1), -32768, 32767).astype(np.int16)
        shown = mixed if channels == 1 else np.column_stack([mixed, mixed])
        requested = path.with_suffix(f".{channels}.wav")
        soundfile.write(requested, shown, rate_hz, subtype="PCM_16", format="WAV")
        return requested.read_bytes()

    def delete(self, sid: str) -> bool:
        """Forget a recording and its sound; False when there was none."""
        with self._lock:
            known = self._recordings.pop(sid, None)
        if known is None:
            return False
        for path in self._directory.glob(f"{sid}*.wav"):
            path.unlink(missing_ok=True)
        return True

    def _path(self, sid: str) -> Path:
        return self._directory / f"{sid}.wav"
