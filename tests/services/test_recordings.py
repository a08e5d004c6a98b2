"""A recording on its way: announced once, transcribed once, and an order even when nothing can be heard."""

from dataclasses import replace

import factories
import pytest
from factories import LATER, NOW, ZONE
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hotline.models import (
    Action,
    Attention,
    AuditEntry,
    Call,
    Order,
    Origin,
    OutboxEntry,
    Recording,
    RecordingKind,
    RecordingState,
    Transcript,
    Work,
)
from hotline.rules.roles import Role
from hotline.services import recordings
from hotline.services.access import NotAllowedError
from hotline.services.recordings import Stored
from speech.transcript import Transcript as Heard
from speech.transcript import Word

HEARD = Heard(
    words=(Word("没有", 0.0, 0.4, 0.9), Word("米", 0.4, 0.6, 0.8), Word("了", 0.6, 0.8, 0.9)),
    duration_s=1.0,
    model="demo",
    language="zh",
)
KEPT = Stored("2026/03/02/1.wav", 16044, "0" * 64)
SID = factories.recording_sid(1)


@pytest.fixture
def call(session: Session) -> Call:
    return factories.call(session, factories.line(session))


def announce(session: Session, call: Call, **more: object) -> Recording:
    return recordings.announce(session, call, SID, RecordingKind.MESSAGE, NOW, NOW, **more)  # type: ignore[arg-type]


def asked_for(session: Session) -> list[tuple[Work, int]]:
    found = session.scalars(select(OutboxEntry).order_by(OutboxEntry.id))
    return [(entry.work, entry.subject_id) for entry in found]


def test_announced_twice_it_is_one_recording_to_fetch(session: Session, call: Call) -> None:
    first = announce(session, call, fetch_at=LATER)
    second = announce(session, call, duration_s=12, channels=2)

    assert first is second
    assert (first.state, first.duration_s, first.channels) == (RecordingState.EXPECTED, 12, 2)
    assert asked_for(session) == [(Work.FETCH_RECORDING, first.id)]
    assert session.scalars(select(OutboxEntry)).one().due_at == NOW


def test_what_is_told_after_it_was_stored_changes_nothing(session: Session, call: Call) -> None:
    recording = announce(session, call, duration_s=12)
    recordings.stored(session, recording, KEPT, NOW)

    announce(session, call, duration_s=99)

    assert (recording.duration_s, recording.state) == (12, RecordingState.STORED)


def test_stored_twice_it_is_transcribed_once(session: Session, call: Call) -> None:
    recording = announce(session, call)

    recordings.stored(session, recording, KEPT, NOW)
    recordings.stored(session, recording, replace(KEPT, key="elsewhere"), LATER)

    assert (recording.store_key, recording.stored_at) == (KEPT.key, NOW)
    assert asked_for(session).count((Work.TRANSCRIBE_RECORDING, recording.id)) == 1


def test_transcribed_twice_it_has_one_transcript(session: Session, call: Call) -> None:
    recording = announce(session, call)
    recordings.stored(session, recording, KEPT, NOW)

    for _ in range(2):
        recordings.transcribed(session, recording, HEARD, NOW, delete_at_carrier=True)

    transcript = session.scalars(select(Transcript)).one()
    assert (transcript.version, transcript.origin, transcript.text) == (1, Origin.MACHINE, "没有米了")
    assert [word["word"] for word in transcript.words] == ["没有", "米", "了"]
    assert recording.state == RecordingState.TRANSCRIBED
    assert asked_for(session)[2:] == [
        (Work.UNDERSTAND_TRANSCRIPT, transcript.id),
        (Work.DELETE_AT_CARRIER, recording.id),
    ]


def test_the_carriers_copy_stays_when_it_is_wanted_there(session: Session, call: Call) -> None:
    recording = announce(session, call)
    recordings.stored(session, recording, KEPT, NOW)

    recordings.transcribed(session, recording, HEARD, NOW, delete_at_carrier=False)

    assert Work.DELETE_AT_CARRIER not in {work for work, _ in asked_for(session)}


def test_without_words_a_person_listens(session: Session, call: Call) -> None:
    recording = announce(session, call)
    recordings.stored(session, recording, KEPT, NOW)

    recordings.transcribed(session, recording, replace(HEARD, words=()), NOW, delete_at_carrier=False)

    assert recording.state == RecordingState.NO_SPEECH
    assert call.attention == Attention.NOTHING_HEARD
    assert Work.UNDERSTAND_TRANSCRIPT in {work for work, _ in asked_for(session)}


@pytest.mark.parametrize(
    ("state", "attention"),
    [
        (RecordingState.LOST, Attention.RECORDING_LOST),
        (RecordingState.UNREADABLE, Attention.RECORDING_UNREADABLE),
    ],
)
def test_when_nothing_comes_of_it_the_order_exists_and_a_person_sees_why(
    session: Session, call: Call, state: RecordingState, attention: Attention
) -> None:
    recording = announce(session, call)

    recordings.spoiled(session, recording, state, "the carrier lost it", NOW, ZONE)

    order = session.scalars(select(Order)).one()
    assert (recording.state, recording.trouble) == (state, "the carrier lost it")
    assert call.attention == attention
    assert order.number == call.order_number


def test_an_outbound_call_or_one_on_no_line_makes_no_order(session: Session) -> None:
    nowhere = factories.call(session, None)

    recordings.spoiled(session, announce(session, nowhere), RecordingState.LOST, "gone", NOW, ZONE)

    assert session.scalars(select(Order)).all() == []
    assert nowhere.attention == Attention.RECORDING_LOST


def test_a_transcript_that_exists_outlives_a_late_word_of_failure(session: Session, call: Call) -> None:
    recording = announce(session, call)
    recordings.stored(session, recording, KEPT, NOW)
    recordings.transcribed(session, recording, HEARD, NOW, delete_at_carrier=False)

    recordings.spoiled(session, recording, RecordingState.LOST, "the carrier could not record", LATER, ZONE)

    assert recording.state == RecordingState.TRANSCRIBED
    assert recording.trouble is None
    assert call.attention is None


@pytest.mark.parametrize("role", [Role.CALL_TAKER, Role.DISPATCHER, Role.SUPERVISOR])
def test_a_reviewer_adds_a_version_that_is_understood_again(session: Session, call: Call, role: Role) -> None:
    recording = announce(session, call)
    recordings.stored(session, recording, KEPT, NOW)
    recordings.transcribed(session, recording, HEARD, NOW, delete_at_carrier=False)
    reviewer = factories.actor(session, call.line.unit, role)

    made = recordings.correct(session, recording, " 没有米，也没有油了 ", reviewer, LATER)

    assert [(version.version, version.origin) for version in recording.transcripts] == [
        (1, Origin.MACHINE),
        (2, Origin.PERSON),
    ]
    assert (made.text, made.user_id, made.words) == ("没有米，也没有油了", reviewer.user_id, [])
    assert asked_for(session)[-1] == (Work.UNDERSTAND_TRANSCRIPT, made.id)
    assert session.scalars(select(AuditEntry.action)).all() == [Action.TRANSCRIPT_CORRECTED]


def test_what_no_machine_heard_a_person_writes_down(session: Session, call: Call) -> None:
    recording = announce(session, call)
    recordings.spoiled(session, recording, RecordingState.LOST, "gone", NOW, ZONE)

    made = recordings.correct(
        session, recording, "来电人说没有米了", factories.actor(session, call.line.unit, Role.CALL_TAKER), LATER
    )

    assert (made.version, made.language) == (1, "zh-CN")


@pytest.mark.parametrize("role", [Role.HANDLER, Role.ADMINISTRATOR])
def test_nobody_else_writes_what_was_said(session: Session, call: Call, role: Role) -> None:
    recording = announce(session, call)

    with pytest.raises(NotAllowedError):
        recordings.correct(session, recording, "别的", factories.actor(session, call.line.unit, role), LATER)
    assert recording.transcripts == []


def test_the_database_refuses_a_stored_recording_without_its_place(session: Session, call: Call) -> None:
    recording = announce(session, call)
    recording.state = RecordingState.STORED

    with pytest.raises(IntegrityError, match="stored_has_key"), session.begin_nested():
        session.flush()
