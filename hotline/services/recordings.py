"""Recordings on their way from the carrier to a transcript, and what a person is told when one does not arrive."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from hotline.models import (
    Action,
    Attention,
    Call,
    Direction,
    Origin,
    Recording,
    RecordingKind,
    RecordingState,
    Transcript,
    Work,
)
from hotline.rules.order_states import OPEN
from hotline.rules.roles import REVIEWERS
from hotline.rules.wording import DEFAULT
from hotline.services import audit, intake, local_words, outbox, surveys
from hotline.services.access import Actor, require_role
from speech.peaks import Peaks
from speech.transcript import Doubt
from speech.transcript import Transcript as Heard


@dataclass(frozen=True)
class Stored:
    """A recording that is safe in our own store."""

    key: str
    size_bytes: int
    sha256: str


def lock(session: Session, recording_id: int) -> Recording:
    """The recording, after its call: whoever changes both takes them in this order, so that nobody waits in a ring."""
    session.scalar(
        select(Call.id)
        .join(Recording, Recording.call_id == Call.id)
        .where(Recording.id == recording_id)
        .with_for_update(of=Call, key_share=True)
    )
    return session.get_one(Recording, recording_id, with_for_update={"key_share": True}, populate_existing=True)


def announce(
    session: Session,
    call: Call,
    carrier_recording_id: str,
    kind: RecordingKind,
    recorded_at: datetime,
    now: datetime,
    *,
    channels: int = 1,
    duration_s: int | None = None,
    fetch_at: datetime | None = None,
) -> Recording:
    """The carrier has a recording: fetch it, now or by `fetch_at`. Told twice, it is still one recording."""
    row = insert(Recording).values(
        call_id=call.id,
        carrier=call.carrier,
        carrier_recording_id=carrier_recording_id,
        kind=kind,
        state=RecordingState.EXPECTED,
        channels=channels,
        duration_s=duration_s,
        recorded_at=recorded_at,
    )
    session.execute(row.on_conflict_do_nothing(index_elements=[Recording.carrier, Recording.carrier_recording_id]))
    recording = session.scalars(
        select(Recording).where(
            Recording.carrier == call.carrier, Recording.carrier_recording_id == carrier_recording_id
        )
    ).one()
    if duration_s is not None and recording.state == RecordingState.EXPECTED:
        recording.duration_s, recording.channels = duration_s, channels
    outbox.ask(session, Work.FETCH_RECORDING, recording.id, now, due_at=fetch_at)
    return recording


def stored(session: Session, recording: Recording, there: Stored, now: datetime) -> None:
    """The recording is in our store: have it transcribed."""
    if recording.state != RecordingState.EXPECTED:
        return
    recording.state = RecordingState.STORED
    recording.store_key, recording.size_bytes, recording.sha256 = there.key, there.size_bytes, there.sha256
    recording.stored_at = now
    outbox.ask(session, Work.TRANSCRIBE_RECORDING, recording.id, now)


def heard_so_far(session: Session, recording_id: int, until_s: float, text: str) -> None:
    """How far a long recording has come, for those who wait for it."""
    session.execute(
        update(Recording)
        .where(Recording.id == recording_id, Recording.state == RecordingState.STORED)
        .values(heard_until_s=until_s, heard_text=text)
    )


def transcribed(
    session: Session,
    recording: Recording,
    heard: Heard,
    now: datetime,
    *,
    delete_at_carrier: bool,
    peaks: Peaks | None = None,
) -> None:
    """The machine's first version; a second run of the same work adds nothing.

    Only now is the carrier's copy done with: what cannot be read stays there too.
    """
    if recording.state != RecordingState.STORED:
        return
    transcript = _add_version(session, recording, heard, now)
    recording.state = _state_after(heard.text)
    recording.heard_until_s = recording.heard_text = None
    _keep_peaks(recording, peaks)
    asked = _LISTEN.get(heard.doubt) if heard.words or heard.doubt else Attention.NOTHING_HEARD
    recording.call.attention = recording.call.attention or asked
    outbox.ask(session, Work.UNDERSTAND_TRANSCRIPT, transcript.id, now)
    # On a number that is none of ours, it is not ours to delete either.
    if delete_at_carrier and recording.call.line_id is not None:
        outbox.ask(session, Work.DELETE_AT_CARRIER, recording.id, now)


def transcribed_anew(
    session: Session, recording: Recording, heard: Heard, now: datetime, *, peaks: Peaks | None = None
) -> None:
    """Another version by the machine, unless it says what its last one says.

    What a person wrote goes on counting, and so does a version that was judged and is without doubt, above one with. A
    matter that is over stays as it was understood then, and so does a callback: only the words are new.
    """
    if recording.state not in _HEARD:
        return
    session.expire(recording, ["transcripts"])
    _keep_peaks(recording, peaks)
    if _says_the_same(_last_by_machine(recording), heard):
        return
    made = _add_version(session, recording, heard, now)
    counting = recording.versions[-1]
    recording.state = _state_after(counting.text)
    order = recording.call.order
    if counting is made and recording.kind != RecordingKind.SURVEY and order is not None and order.state in OPEN:
        outbox.ask(session, Work.UNDERSTAND_TRANSCRIPT, made.id, now)


def peaks_of(recording: Recording) -> Peaks | None:
    """The outline, None where it was never measured."""
    if recording.peaks is None or recording.peaks_channels is None or recording.peaks_per_second is None:
        return None
    length = len(recording.peaks) // max(recording.peaks_channels, 1)
    parts = (recording.peaks[at * length : (at + 1) * length] for at in range(recording.peaks_channels))
    return Peaks(recording.peaks_per_second, tuple(parts))


# Where nothing sounds there is nothing to listen to; all else a person can make out, or a better machine.
_LISTEN: Mapping[Doubt | None, Attention] = {
    Doubt.SILENCE: Attention.NOTHING_HEARD,
    Doubt.NO_SPEECH: Attention.NOT_UNDERSTOOD,
    Doubt.UNKNOWN_SPEECH: Attention.NOT_UNDERSTOOD,
    Doubt.UNSURE: Attention.NOT_UNDERSTOOD,
}


def _add_version(session: Session, recording: Recording, heard: Heard, now: datetime) -> Transcript:
    transcript = Transcript(
        version=_last_version(recording) + 1,
        origin=Origin.MACHINE,
        text=heard.text,
        words=list(heard.as_dict()["words"]),
        confidence=heard.confidence,
        doubt=heard.doubt,
        model=heard.model,
        language=heard.language,
        made_at=now,
    )
    recording.transcripts.append(transcript)
    session.flush()
    return transcript


def _last_version(recording: Recording) -> int:
    return max((transcript.version for transcript in recording.transcripts), default=0)


def _last_by_machine(recording: Recording) -> Transcript | None:
    by_machine = [transcript for transcript in recording.transcripts if transcript.origin == Origin.MACHINE]
    return by_machine[-1] if by_machine else None


def _says_the_same(last: Transcript | None, heard: Heard) -> bool:
    if last is None or not last.is_judged:
        return False
    said = (last.model, last.doubt, last.words)
    return said == (heard.model, heard.doubt, list(heard.as_dict()["words"]))


def _state_after(text: str) -> RecordingState:
    return RecordingState.TRANSCRIBED if text else RecordingState.NO_SPEECH


def _keep_peaks(recording: Recording, peaks: Peaks | None) -> None:
    if peaks is not None:
        recording.peaks, recording.peaks_channels = b"".join(peaks.channels), len(peaks.channels)
        recording.peaks_per_second = peaks.per_second


_HEARD = frozenset({RecordingState.TRANSCRIBED, RecordingState.NO_SPEECH})
_TROUBLE = {
    RecordingState.LOST: Attention.RECORDING_LOST,
    RecordingState.UNREADABLE: Attention.RECORDING_UNREADABLE,
    RecordingState.FAILED: Attention.TRANSCRIPTION_FAILED,
}


def spoiled(
    session: Session, recording: Recording, state: RecordingState, trouble: str, now: datetime, zone: ZoneInfo
) -> None:
    """No transcript will come of it: a person sees why, and the caller's order exists all the same.

    A transcript that is there outlives a late word of failure.
    """
    if recording.state in _HEARD:
        return
    recording.state = state
    recording.trouble = trouble
    recording.heard_until_s = recording.heard_text = None
    recording.call.attention = _TROUBLE[state]
    if recording.kind == RecordingKind.SURVEY:
        surveys.not_heard(session, recording, now, zone)
    elif recording.call.direction == Direction.INBOUND and recording.call.order_number:
        intake.receive_call(session, recording.call, now, zone)


def wait_again(session: Session, recording_id: int, spoiled: RecordingState, waiting: RecordingState) -> bool:
    """Take back that it came to nothing, together with the attention that was asked for; False when it did not."""
    recording = lock(session, recording_id)
    if recording.state != spoiled:
        return False
    recording.state, recording.trouble = waiting, None
    if recording.call.attention == _TROUBLE[spoiled]:
        recording.call.attention = None
    return True


def find_lost(session: Session, carrier: str, carrier_recording_id: str) -> int | None:
    """The recording of the carrier's name, when it was given up as lost."""
    known = Recording.carrier == carrier, Recording.carrier_recording_id == carrier_recording_id
    return session.scalar(select(Recording.id).where(*known, Recording.state == RecordingState.LOST))


def fetch_again(session: Session, recording_id: int, now: datetime) -> None:
    """The carrier has it after all."""
    if wait_again(session, recording_id, RecordingState.LOST, RecordingState.EXPECTED):
        outbox.revive(session, Work.FETCH_RECORDING, recording_id, now)


def correct(session: Session, recording: Recording, text: str, actor: Actor, now: datetime) -> Transcript:
    """A reviewer's version of what was said; it is understood again."""
    require_role(actor, *REVIEWERS)
    lock(session, recording.id)
    session.expire(recording, ["transcripts"])
    transcript = Transcript(
        version=_last_version(recording) + 1,
        origin=Origin.PERSON,
        text=text.strip(),
        words=[],
        language=recording.transcripts[-1].language if recording.transcripts else DEFAULT,
        user_id=actor.user_id,
        made_at=now,
    )
    recording.transcripts.append(transcript)
    session.flush()
    outbox.ask(session, Work.UNDERSTAND_TRANSCRIPT, transcript.id, now)
    by_machine = _last_by_machine(recording)
    local_words.propose(session, by_machine.text if by_machine else "", transcript, recording.call.order, now)
    audit.note(session, actor, Action.TRANSCRIPT_CORRECTED, now, subject="recordings", subject_id=recording.id)
    return transcript
