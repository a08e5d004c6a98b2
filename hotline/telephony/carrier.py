"""What a carrier does for us, whoever it is; Twilio's words stop at its implementation."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol

from hotline.rules.survey_states import AttemptEvent
from hotline.services.receipts import RecordingTold


class CarrierRefusedError(Exception):
    """The carrier will never do this, however often it is asked; `code` is its own word for why."""

    def __init__(self, code: str) -> None:
        super().__init__(f"the carrier refused with code {code}")
        self.code = code


class CarrierUnavailableError(Exception):
    """No usable answer just now: asked again later, it may work."""


class NotThereError(Exception):
    """The carrier has no such thing, or not yet."""


class RecordingTooLargeError(Exception):
    """The media is larger than the limit that was given."""


@dataclass(frozen=True)
class CallAtCarrier:
    """A call as the carrier knows it; `ending` and `ended_at` are None while it lasts."""

    call_id: str
    number: str | None
    dialled: str
    is_inbound: bool
    ending: AttemptEvent | None
    ended_at: datetime | None
    duration_s: int | None


class Carrier(Protocol):
    """Every method may raise `CarrierUnavailableError`."""

    name: str

    def place_survey_call(self, token: str, from_number: str, to_number: str) -> str:
        """Ring somebody about the attempt that `token` names; the carrier's id of the call.

        Raises:
            CarrierRefusedError
        """

    def place_alarm_call(self, token: str, from_number: str, to_number: str) -> str:
        """Ring somebody of our own about the alarm's attempt that `token` names; the carrier's id of the call.

        Raises:
            CarrierRefusedError
        """

    def find_call(self, from_number: str, to_number: str, since: datetime, known: Collection[str]) -> str | None:
        """The latest call that we placed between the two numbers since then, but for those that are `known`."""

    def fetch_call(self, call_id: str) -> CallAtCarrier:
        """What the carrier knows of a call.

        Raises:
            NotThereError
        """

    def calls_since(self, number: str, since: datetime) -> Iterator[CallAtCarrier]:
        """Every inbound call to one of our numbers that began since then and is over."""

    def recordings_since(self, since: datetime) -> Iterator[RecordingTold]:
        """Every finished recording made since then."""

    def fetch_recording(self, recording_id: str, channels: int, into: BinaryIO, limit_bytes: int) -> None:
        """Write the recording's sound (WAV) into a file.

        Raises:
            NotThereError, RecordingTooLargeError
        """

    def delete_recording(self, recording_id: str) -> None:
        """Delete it there; what is not there is deleted."""

    def send_text(self, message_id: int, from_number: str, to_number: str, body: str) -> str:
        """Send a text message, which is ours under `message_id`; the carrier's id of it.

        Raises:
            CarrierRefusedError
        """
