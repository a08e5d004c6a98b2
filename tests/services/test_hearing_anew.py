"""A recording heard anew: a version beside what was there, and what people said goes on counting."""

from dataclasses import replace
from datetime import timedelta

import factories
import pytest
from factories import LATER, NOW, ZONE
from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline.models import (
    Attention,
    Call,
    Order,
    Origin,
    OutboxEntry,
    OutboxState,
    Recording,
    RecordingKind,
    RecordingState,
    Transcript,
    Work,
)
from hotline.rules.facts import FactName
from hotline.rules.order_states import OrderState
from hotline.rules.roles import Role
from hotline.services import facts, hearing_anew, outbox, recordings
from hotline.services.hearing_anew import Wanted
from speech.peaks import Peaks
from speech.transcript import Doubt, Word
from speech.transcript import Transcript as Heard
from speech.understand import Gazetteer, understand

OLD, NEW = "old-model", "new-model"
PEAKS = Peaks(50.0, (b"\x01\x02\x03", b"\x04\x05\x06"))


def heard(*words: str, model: str = NEW, doubt: Doubt | None = None) -> Heard:
    said = tuple(Word(word, at, at + 0.5, 0.9) for at, word in enumerate(words))
    return Heard(duration_s=10.0, words=said, model=model, language="zh-CN", doubt=doubt)


@pytest.fixture
def order(session: Session) -> Order:
    return factories.order(session)


@pytest.fixture
def recording(session: Session, order: Order) -> Recording:
    """Heard once, by the old model."""
    made = factories.recording(session, order.calls[0])
    recordings.transcribed(session, made, heard("没有", "煤", model=OLD), NOW, delete_at_carrier=False)
    return made


def understanding_asked_for(session: Session) -> list[int]:
    entries = select(OutboxEntry.subject_id).where(OutboxEntry.work == Work.UNDERSTAND_TRANSCRIPT)
    return list(session.scalars(entries.order_by(OutboxEntry.id)))


def understood(session: Session, order: Order, transcript: Transcript) -> None:
    facts.propose(session, order, transcript, understand(transcript.text, Gazetteer()), NOW, ZONE)


def correct(session: Session, recording: Recording, text: str) -> Transcript:
    reviewer = factories.actor(session, recording.call.order.unit, Role.CALL_TAKER)  # type: ignore[union-attr]
    return recordings.correct(session, recording, text, reviewer, NOW)


# What a new version changes


def test_heard_anew_it_has_another_version_that_counts_and_is_understood(
    session: Session, recording: Recording
) -> None:
    recordings.transcribed_anew(session, recording, heard("没有", "米"), LATER)

    old, new = recording.transcripts
    assert (new.version, new.origin, new.model, new.text, new.made_at) == (2, Origin.MACHINE, NEW, "没有米", LATER)
    assert recording.versions == [old, new]
    assert understanding_asked_for(session) == [old.id, new.id]


def test_what_says_the_same_is_not_kept_twice(session: Session, recording: Recording) -> None:
    for _ in range(2):
        recordings.transcribed_anew(session, recording, heard("没有", "米"), LATER)

    assert [made.model for made in recording.transcripts] == [OLD, NEW]


def test_the_same_words_by_another_model_are_a_version_of_their_own(session: Session, recording: Recording) -> None:
    recordings.transcribed_anew(session, recording, heard("没有", "煤"), LATER)

    assert [made.model for made in recording.transcripts] == [OLD, NEW]


def test_what_a_person_wrote_goes_on_counting(session: Session, order: Order, recording: Recording) -> None:
    written = correct(session, recording, "家里没有米了")
    understood(session, order, written)

    recordings.transcribed_anew(session, recording, heard("没有", "没"), LATER)

    assert [made.version for made in recording.transcripts] == [1, 2, 3]
    assert recording.versions[-1] is written
    assert recording.transcripts[-1].id not in understanding_asked_for(session)
    assert facts.present(order)[FactName.NEEDS].now.transcript is written  # type: ignore[union-attr]


def test_a_person_who_corrects_what_was_heard_anew_has_the_last_word(session: Session, recording: Recording) -> None:
    recordings.transcribed_anew(session, recording, heard("没有", "没"), LATER)

    written = correct(session, recording, "没有米")

    assert written.version == 3
    assert recording.versions[-1] is written


def test_confirmed_facts_are_untouched(session: Session, order: Order, recording: Recording) -> None:
    reviewer = factories.actor(session, order.unit, Role.CALL_TAKER)
    understood(session, order, recording.versions[-1])
    facts.confirm(session, order, FactName.NEEDS, ["gas"], reviewer, NOW, ZONE)

    recordings.transcribed_anew(session, recording, heard("家里", "没有", "米", "了"), LATER)
    understood(session, order, recording.versions[-1])

    needs = facts.present(order)[FactName.NEEDS]
    assert (needs.now.value, needs.now.origin) == (["gas"], Origin.PERSON)  # type: ignore[union-attr]
    assert ["food"] in [version.value for version in needs.versions]


def test_a_version_without_doubt_counts_above_a_newer_one_with(session: Session, recording: Recording) -> None:
    recordings.transcribed_anew(session, recording, heard("没有", doubt=Doubt.UNSURE), LATER)

    old, new = recording.transcripts
    assert recording.versions[-1] is old
    assert new.doubt == Doubt.UNSURE
    assert understanding_asked_for(session) == [old.id]


def test_a_version_in_doubt_counts_above_one_that_nobody_judged(session: Session, recording: Recording) -> None:
    recording.transcripts[0].is_judged = False

    recordings.transcribed_anew(session, recording, heard("没有", doubt=Doubt.UNKNOWN_SPEECH), LATER)

    assert recording.versions[-1].doubt == Doubt.UNKNOWN_SPEECH


def test_what_nobody_judged_is_judged_although_it_says_the_same(session: Session, recording: Recording) -> None:
    recording.transcripts[0].is_judged = False

    for _ in range(2):
        recordings.transcribed_anew(session, recording, heard("没有", "煤", model=OLD), LATER)

    assert [made.is_judged for made in recording.versions] == [False, True]


def test_where_nothing_was_heard_something_may_be_heard_later(session: Session, order: Order) -> None:
    recording = factories.recording(session, order.calls[0])
    silent = heard(model=OLD, doubt=Doubt.UNKNOWN_SPEECH)
    recordings.transcribed(session, recording, silent, NOW, delete_at_carrier=False)
    assert recording.state == RecordingState.NO_SPEECH

    recordings.transcribed_anew(session, recording, heard("没有", "米"), LATER)

    assert recording.state == RecordingState.TRANSCRIBED


@pytest.mark.parametrize("state", [OrderState.CLOSED, OrderState.INVALID, OrderState.MERGED])
def test_a_matter_that_is_over_stays_as_it_was_understood(session: Session, state: OrderState) -> None:
    recording = factories.recording(session, factories.order(session, state=state).calls[0])
    recordings.transcribed(session, recording, heard("没有", "煤", model=OLD), NOW, delete_at_carrier=False)

    recordings.transcribed_anew(session, recording, heard("没有", "米"), LATER)

    assert understanding_asked_for(session) == [recording.transcripts[0].id]


def test_an_answer_to_a_callback_is_not_understood_anew(session: Session, order: Order) -> None:
    recording = factories.recording(session, order.calls[0], kind=RecordingKind.SURVEY)
    recordings.transcribed(session, recording, heard("办", "好", "了", model=OLD), NOW, delete_at_carrier=False)

    recordings.transcribed_anew(session, recording, heard("没", "办", "好"), LATER)

    assert understanding_asked_for(session) == [recording.transcripts[0].id]


@pytest.mark.parametrize("state", [RecordingState.STORED, RecordingState.FAILED, RecordingState.UNREADABLE])
def test_what_was_never_heard_is_not_heard_anew(session: Session, order: Order, state: RecordingState) -> None:
    recording = factories.recording(session, order.calls[0], state=state)

    recordings.transcribed_anew(session, recording, heard("没有", "米"), LATER)

    assert recording.transcripts == []


# What hearing leaves beside the words


@pytest.mark.parametrize(
    ("doubt", "attention"),
    [
        (Doubt.SILENCE, Attention.NOTHING_HEARD),
        (Doubt.NO_SPEECH, Attention.NOT_UNDERSTOOD),
        (Doubt.UNKNOWN_SPEECH, Attention.NOT_UNDERSTOOD),
        (Doubt.UNSURE, Attention.NOT_UNDERSTOOD),
        (None, None),
    ],
)
def test_doubt_asks_for_a_person(
    session: Session, order: Order, doubt: Doubt | None, attention: Attention | None
) -> None:
    recording = factories.recording(session, order.calls[0])

    recordings.transcribed(session, recording, heard("没有", doubt=doubt), NOW, delete_at_carrier=False)

    assert recording.call.attention == attention
    assert recording.versions[-1].doubt == doubt


def test_no_doubt_takes_back_what_a_person_was_asked_for_before(session: Session, order: Order) -> None:
    order.calls[0].attention = Attention.RECORDING_LOST
    recording = factories.recording(session, order.calls[0])

    recordings.transcribed(session, recording, heard(doubt=Doubt.UNSURE), NOW, delete_at_carrier=False)

    assert recording.call.attention == Attention.RECORDING_LOST


def test_peaks_are_kept_and_read_again(session: Session, order: Order) -> None:
    recording = factories.recording(session, order.calls[0])

    recordings.transcribed(session, recording, heard("没有"), NOW, delete_at_carrier=False, peaks=PEAKS)
    session.flush()
    session.expire(recording)

    assert recordings.peaks_of(recording) == PEAKS


def test_peaks_of_what_was_heard_before_there_were_any_are_measured_anew(
    session: Session, recording: Recording
) -> None:
    assert recordings.peaks_of(recording) is None

    recordings.transcribed_anew(session, recording, heard("没有", "煤", model=OLD), LATER, peaks=PEAKS)

    assert recordings.peaks_of(recording) == PEAKS
    assert len(recording.transcripts) == 1


def test_what_was_heard_so_far_is_there_until_the_whole_is(session: Session, order: Order) -> None:
    recording = factories.recording(session, order.calls[0])

    recordings.heard_so_far(session, recording.id, 60.0, "没有")
    session.refresh(recording)
    assert (recording.heard_until_s, recording.heard_text) == (60.0, "没有")

    recordings.transcribed(session, recording, heard("没有", "米"), NOW, delete_at_carrier=False)
    recordings.heard_so_far(session, recording.id, 90.0, "没有米")
    session.flush()
    session.refresh(recording)
    assert (recording.heard_until_s, recording.heard_text) == (None, None)


# Which are heard anew


def found(session: Session, wanted: Wanted, in_use: str = NEW) -> list[int]:
    return list(hearing_anew.found(session, wanted, lambda _line_id: in_use))


def test_without_a_model_it_is_what_another_than_the_present_one_heard(session: Session, recording: Recording) -> None:
    assert found(session, Wanted()) == [recording.id]
    assert found(session, Wanted(), in_use=OLD) == []


def test_the_last_machine_counts_and_not_what_a_person_wrote(session: Session, recording: Recording) -> None:
    correct(session, recording, "没有米")
    assert found(session, Wanted(model=OLD)) == [recording.id]

    recordings.transcribed_anew(session, recording, heard("没有", "米"), LATER)
    assert found(session, Wanted(model=OLD)) == []
    assert found(session, Wanted(model=NEW)) == [recording.id]


def test_a_recording_that_is_named_is_heard_anew_whatever_heard_it(session: Session, recording: Recording) -> None:
    beside = factories.recording(session, recording.call)
    recordings.transcribed(session, beside, heard("有", model=OLD), NOW, delete_at_carrier=False)

    assert found(session, Wanted(recording_id=recording.id), in_use=OLD) == [recording.id]


def test_lines_and_times_narrow_it_down(session: Session, recording: Recording) -> None:
    other = factories.call(session, factories.line(session, number="+862087650000"))
    later = factories.recording(session, other, recorded_at=NOW + timedelta(days=1))
    recordings.transcribed(session, later, heard("有", model=OLD), NOW, delete_at_carrier=False)

    assert found(session, Wanted()) == [recording.id, later.id]
    assert found(session, Wanted(line_number=factories.LINE)) == [recording.id]
    assert found(session, Wanted(since=LATER)) == [later.id]
    assert found(session, Wanted(until=LATER)) == [recording.id]
    assert found(session, Wanted(since=NOW, until=NOW)) == []


def test_each_line_is_measured_by_its_own_model(session: Session, recording: Recording) -> None:
    other = factories.call(session, factories.line(session, number="+862087650000"))
    beside = factories.recording(session, other)
    recordings.transcribed(session, beside, heard("有", model=NEW), NOW, delete_at_carrier=False)
    in_use = {recording.call.line_id: OLD, other.line_id: OLD}

    assert hearing_anew.found(session, Wanted(), lambda line_id: in_use[line_id]) == [beside.id]


# Asked for once, and not before whoever rings now


def anew(session: Session) -> list[OutboxEntry]:
    return list(session.scalars(select(OutboxEntry).where(OutboxEntry.work == Work.RETRANSCRIBE_RECORDING)))


def test_asked_for_twice_it_is_once(session: Session, recording: Recording) -> None:
    assert hearing_anew.ask(session, [recording.id], NOW) == 1
    assert hearing_anew.ask(session, [recording.id], LATER) == 0

    (entry,) = anew(session)
    assert entry.due_at == NOW


@pytest.mark.parametrize("ended", [OutboxState.DONE, OutboxState.DEAD])
def test_when_it_was_done_before_it_can_be_asked_for_again(
    session: Session, recording: Recording, ended: OutboxState
) -> None:
    hearing_anew.ask(session, [recording.id], NOW)
    (entry,) = anew(session)
    entry.state, entry.tries, entry.trouble, entry.done_at = ended, outbox.TRIES, "FileNotFoundError", NOW
    session.flush()

    assert hearing_anew.ask(session, [recording.id], LATER) == 1

    session.refresh(entry)
    assert (entry.state, entry.tries, entry.trouble, entry.due_at) == (OutboxState.WAITING, 0, None, LATER)
    assert (entry.done_at, entry.made_at) == (None, LATER)


def test_a_thousand_old_recordings_leave_room_for_who_rings_now(session: Session) -> None:
    hearing_anew.ask(session, range(1, 1001), NOW)
    outbox.ask(session, Work.TRANSCRIBE_RECORDING, 5000, LATER)
    session.flush()

    taken = outbox.take_due(session, LATER)
    assert [entry.work for entry in taken] == [Work.TRANSCRIBE_RECORDING]
    assert outbox.take_due(session, LATER) == []

    outbox.finish(taken[0], LATER)
    (old,) = outbox.take_due(session, LATER)
    assert old.work == Work.RETRANSCRIBE_RECORDING
    assert outbox.take_due(session, LATER) == []


def test_a_recording_that_waits_for_its_next_try_holds_up_nothing(session: Session) -> None:
    hearing_anew.ask(session, [1], NOW)
    outbox.ask(session, Work.TRANSCRIBE_RECORDING, 5000, NOW, due_at=LATER)

    assert [entry.work for entry in outbox.take_due(session, NOW)] == [Work.RETRANSCRIBE_RECORDING]


def test_in_the_end_all_of_them_are_taken(session: Session) -> None:
    hearing_anew.ask(session, range(1, 51), NOW)
    done: list[int] = []

    while taken := outbox.take_due(session, NOW):
        for entry in taken:
            outbox.finish(entry, NOW)
            done.append(entry.subject_id)
        session.flush()

    assert sorted(done) == list(range(1, 51))


def test_one_that_says_less_than_the_last_is_a_version_too(session: Session, recording: Recording) -> None:
    call: Call = recording.call
    recordings.transcribed_anew(session, recording, replace(heard("没有", "米"), words=()), LATER)

    assert len(recording.transcripts) == 2
    assert recording.state == RecordingState.NO_SPEECH
    assert call.attention is None
