"""The carrier's webhook forms as records: Twilio's names on one side, ours on the other."""

import hashlib
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from hotline.models import MessageState
from hotline.rules.survey_states import AttemptEvent
from hotline.services.receipts import RecordingTold, Told
from hotline.telephony.twilio_carrier import CALL_ID, RECORDING_ID, TwilioCarrier

Form = Mapping[str, str]

# A withheld number arrives as this one, or not at all.
_ANONYMOUS = frozenset({"", "+266696687", "anonymous", "restricted", "unavailable", "unknown"})
_MACHINES = frozenset({"machine_start", "machine_end_beep", "machine_end_silence", "machine_end_other", "fax"})

_PROGRESS: Mapping[str, AttemptEvent] = {
    "ringing": AttemptEvent.RING,
    "completed": AttemptEvent.HANG_UP,
    "busy": AttemptEvent.BUSY,
    "failed": AttemptEvent.FAIL,
    "no-answer": AttemptEvent.NO_ANSWER,
    "canceled": AttemptEvent.FAIL,
}

_MESSAGE: Mapping[str, MessageState] = {
    "sent": MessageState.SENT,
    "delivered": MessageState.DELIVERED,
    "undelivered": MessageState.FAILED,
    "failed": MessageState.FAILED,
}


class UnusableFormError(ValueError):
    """A signed webhook without what it must have; `field` names it."""

    def __init__(self, field: str) -> None:
        super().__init__(f"{field} is missing or no such thing")
        self.field = field


def told(form: Form, path: str, token: str | None) -> Told:
    """What every voice webhook tells. `token` is the carrier's own idempotency token, if it sent one."""
    number = form.get("From", "")
    return Told(
        carrier=TwilioCarrier.name,
        call_id=_checked(form, "CallSid", CALL_ID.match(form.get("CallSid", ""))),
        number=None if number.lower() in _ANONYMOUS else number,
        dialled=form.get("To", ""),
        # Without the carrier's token two requests cannot be told from one that was repeated.
        event=f"{path.rpartition('/')[2]}:{_short(token or uuid.uuid4().hex)}",
    )


def recording_told(form: Form) -> RecordingTold:
    """What the recording status callback tells."""
    status = form.get("RecordingStatus", "")
    return RecordingTold(
        carrier=TwilioCarrier.name,
        call_id=_checked(form, "CallSid", CALL_ID.match(form.get("CallSid", ""))),
        recording_id=_checked(form, "RecordingSid", RECORDING_ID.match(form.get("RecordingSid", ""))),
        has_sound=status == "completed",
        has_failed=status == "failed",
        duration_s=_number(form.get("RecordingDuration")),
        channels=2 if form.get("RecordingChannels") == "2" else 1,
        recorded_at=_time(form.get("RecordingStartTime")),
        is_conversation=form.get("RecordingSource") == "DialVerb",
    )


def recording_id(form: Form) -> str:
    """The recording that a Record verb's action names."""
    return _checked(form, "RecordingSid", RECORDING_ID.match(form.get("RecordingSid", "")))


def has_ended(form: Form) -> bool:
    """True when the callback tells that the line is dead."""
    return form.get("CallStatus") in {"completed", "busy", "failed", "no-answer", "canceled"}


def ended_at(form: Form) -> datetime | None:
    """When the carrier says that it happened."""
    return _time(form.get("Timestamp"))


def duration_s(form: Form) -> int | None:
    """How long the call lasted."""
    return _number(form.get("CallDuration"))


def is_machine(form: Form) -> bool:
    """True when a machine picked up; `unknown` is taken as a person."""
    return form.get("AnsweredBy") in _MACHINES


def progress(form: Form) -> AttemptEvent | None:
    """What the status callback of a call that we placed means for its attempt."""
    if is_machine(form):
        return AttemptEvent.MACHINE
    return _PROGRESS.get(form.get("CallStatus", ""))


def attempt_event(status: str) -> AttemptEvent | None:
    """The same for a status that was asked for."""
    return _PROGRESS.get(status)


def message_state(form: Form) -> MessageState | None:
    """How far a text message has come; None for stages that change nothing."""
    return _MESSAGE.get(form.get("MessageStatus", ""))


def _checked(form: Form, field: str, match: object) -> str:
    if not match:
        raise UnusableFormError(field)
    return form[field]


def _short(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()[:32]


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() else None


def _time(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
