"""The carrier's webhook forms as records: Twilio's names on one side, ours on the other."""

import hashlib
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from hotline.models import MessageState
from hotline.rules.survey_states import AttemptEvent
from hotline.services.receipts import RecordingTold, TextTold, Told
from hotline.telephony.twilio_words import (
    CALL_ID,
    CODE,
    DURATION,
    ENDED,
    KEYS,
    MACHINES,
    MESSAGE_ID,
    MESSAGES,
    NAME,
    PROGRESS,
    RECORDING_ID,
    telephone,
)

Form = Mapping[str, str]

_A_DAY_S = 86_400
# Ten times what a carrier puts together from several short messages.
_LONGEST_TEXT = 16_000


class UnusableFormError(ValueError):
    """A signed webhook without what it must have; `field` names it."""

    def __init__(self, field: str) -> None:
        super().__init__(f"{field} is missing or no such thing")
        self.field = field


def told(form: Form, path: str, token: str | None) -> Told:
    """What every voice webhook tells. `token` is the carrier's own idempotency token, if it sent one."""
    return Told(
        carrier=NAME,
        call_id=_checked(form, "CallSid", CALL_ID.fullmatch(form.get("CallSid", ""))),
        number=telephone(form.get("From")),
        dialled=telephone(form.get("To")) or "",
        # Without the carrier's token two requests cannot be told from one that was repeated.
        event=f"{path.rpartition('/')[2]}:{_short(token or uuid.uuid4().hex)}",
    )


def recording_told(form: Form) -> RecordingTold:
    """What the recording status callback tells."""
    status = form.get("RecordingStatus", "")
    return RecordingTold(
        carrier=NAME,
        call_id=_checked(form, "CallSid", CALL_ID.fullmatch(form.get("CallSid", ""))),
        recording_id=_checked(form, "RecordingSid", RECORDING_ID.fullmatch(form.get("RecordingSid", ""))),
        has_sound=status == "completed",
        has_failed=status == "failed",
        duration_s=_number(form.get("RecordingDuration")),
        channels=2 if form.get("RecordingChannels") == "2" else 1,
        recorded_at=_time(form.get("RecordingStartTime")),
        is_conversation=form.get("RecordingSource") == "DialVerb",
    )


def recording_id(form: Form) -> str:
    """The recording that a Record verb's action names."""
    return _checked(form, "RecordingSid", RECORDING_ID.fullmatch(form.get("RecordingSid", "")))


def has_ended(form: Form) -> bool:
    """True when the callback tells that the line is dead."""
    return form.get("CallStatus") in ENDED


def ended_at(form: Form) -> datetime | None:
    """When the carrier says that it happened."""
    return _time(form.get("Timestamp"))


def duration_s(form: Form) -> int | None:
    """How long the call lasted."""
    return _number(form.get("CallDuration"))


def pressed(form: Form) -> str:
    """The key that was pressed; `""` for none, and for what no telephone has."""
    key = form.get("Digits", "")
    return key if KEYS.fullmatch(key) else ""


def error_code(form: Form) -> str | None:
    """The carrier's own number for what went wrong."""
    code = form.get("ErrorCode", "")
    return code if CODE.fullmatch(code) else None


def is_machine(form: Form) -> bool:
    """True when a machine picked up; `unknown` is taken as a person."""
    return form.get("AnsweredBy") in MACHINES


def progress(form: Form) -> AttemptEvent | None:
    """What the status callback of a call that we placed means for its attempt."""
    if is_machine(form):
        return AttemptEvent.MACHINE
    return PROGRESS.get(form.get("CallStatus", ""))


def text_told(form: Form, now: datetime) -> TextTold:
    """What an inbound text message tells.

    Raises:
        UnusableFormError
    """
    return TextTold(
        carrier=NAME,
        message_id=_checked(form, "MessageSid", MESSAGE_ID.fullmatch(form.get("MessageSid", ""))),
        number=_checked(form, "From", telephone(form.get("From"))),
        written_to=_checked(form, "To", telephone(form.get("To"))),
        text=form.get("Body", "")[:_LONGEST_TEXT].replace("\0", ""),
        at=now,
    )


def message_state(form: Form) -> MessageState | None:
    """How far a text message has come; None for stages that change nothing."""
    return MESSAGES.get(form.get("MessageStatus", ""))


def _checked(form: Form, field: str, match: object) -> str:
    if not match:
        raise UnusableFormError(field)
    return form[field]


def _short(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()[:32]


def _number(text: str | None) -> int | None:
    """Whole seconds of at most a day: no call is longer, whatever a form says."""
    if not text or not DURATION.fullmatch(text):
        return None
    seconds = int(text)
    return seconds if seconds <= _A_DAY_S else None


def _time(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        moment = parsedate_to_datetime(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
