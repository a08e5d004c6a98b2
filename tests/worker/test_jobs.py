"""Each kind of work on a real database: what it leaves, that twice is once, and what it means when it is given up."""

import hashlib
from datetime import UTC, datetime, timedelta

import factories
import pytest
from factories import NOW
from sqlalchemy.orm import Session
from workshop import Workshop

from hotline.models import (
    Attention,
    Call,
    Direction,
    Fact,
    MessageState,
    OptOut,
    Order,
    OrderEvent,
    Origin,
    OutboxEntry,
    OutboxState,
    Receipt,
    ReceiptOutcome,
    Recording,
    RecordingKind,
    RecordingState,
    SurveyAttempt,
    SurveyRound,
    TextMessage,
    Transcript,
    Work,
)
from hotline.rules.survey_states import AttemptState, RoundState
from hotline.services import learning, receipts, surveys, text_messages
from hotline.services.access import SYSTEM
from hotline.telephony.carrier import CarrierRefusedError, CarrierUnavailableError, NotThereError
from worker.jobs import JOBS
from worker.perform import perform_with

TEXT = "家里没有米了"


def a_call(session: Session, **more: object) -> Call:
    return factories.call(session, factories.line(session), **more)


def an_expected_recording(session: Session) -> Recording:
    return factories.recording(
        session, a_call(session), state=RecordingState.EXPECTED, store_key=None, size_bytes=None, sha256=None
    )


def a_stored_recording(workshop: Workshop) -> int:
    recording_id = workshop.make(an_expected_recording)
    workshop.do(Work.FETCH_RECORDING, recording_id)
    return recording_id


def a_heard_recording(workshop: Workshop) -> int:
    recording_id = a_stored_recording(workshop)
    workshop.do(Work.TRANSCRIBE_RECORDING, recording_id)
    return recording_id


def a_transcript(session: Session, text: str = TEXT, call: Call | None = None, **more: object) -> Transcript:
    recording = factories.recording(session, call or a_call(session), state=RecordingState.TRANSCRIBED, **more)
    made = Transcript(
        recording=recording,
        version=1,
        origin=Origin.MACHINE,
        text=text,
        words=[],
        language="zh-CN",
        made_at=NOW,
    )
    session.add(made)
    session.flush()
    return made


# Fetching


def test_a_recording_is_stored_and_its_transcription_asked_for(workshop: Workshop) -> None:
    recording_id = workshop.make(an_expected_recording)

    entry = workshop.do(Work.FETCH_RECORDING, recording_id)

    recording = workshop.get(Recording, recording_id)
    assert entry.state == OutboxState.DONE
    assert recording.state == RecordingState.STORED
    assert recording.sha256 == hashlib.sha256(workshop.carrier.media).hexdigest()
    assert recording.size_bytes == len(workshop.carrier.media)
    with workshop.context.store.open(recording.store_key or "") as kept:
        assert kept.read() == workshop.carrier.media
    assert workshop.one(OutboxEntry, OutboxEntry.work == Work.TRANSCRIBE_RECORDING).subject_id == recording_id


def test_a_recording_larger_than_allowed_is_unreadable_and_its_order_exists(workshop: Workshop) -> None:
    workshop.carrier.media = bytes(1_000_001)
    recording_id = workshop.make(an_expected_recording)

    entry = workshop.do(Work.FETCH_RECORDING, recording_id)

    assert entry.state == OutboxState.DONE
    assert workshop.get(Recording, recording_id).state == RecordingState.UNREADABLE
    assert workshop.one(Call).attention == Attention.RECORDING_UNREADABLE
    assert workshop.one(Order).number == workshop.one(Call).order_number


def test_a_recording_that_never_comes_is_lost_and_its_order_exists(workshop: Workshop) -> None:
    workshop.carrier.trouble = NotThereError("media")
    recording_id = workshop.make(an_expected_recording)

    entry = workshop.do_until_dead(Work.FETCH_RECORDING, recording_id)

    assert entry.state == OutboxState.DEAD
    assert entry.trouble == "NotThereError"
    assert workshop.get(Recording, recording_id).state == RecordingState.LOST
    assert workshop.one(Call).attention == Attention.RECORDING_LOST
    assert workshop.one(Order).number == workshop.one(Call).order_number


# Transcribing


def test_silence_is_a_transcript_without_words_that_a_person_looks_at(workshop: Workshop) -> None:
    recording_id = a_stored_recording(workshop)

    workshop.do(Work.TRANSCRIBE_RECORDING, recording_id)

    assert workshop.get(Recording, recording_id).state == RecordingState.NO_SPEECH
    assert workshop.one(Transcript).text == ""
    assert workshop.one(Call).attention == Attention.NOTHING_HEARD
    assert {entry.work for entry in workshop.all(OutboxEntry, OutboxEntry.state == OutboxState.WAITING)} == {
        Work.UNDERSTAND_TRANSCRIPT,
        Work.DELETE_AT_CARRIER,
    }


def test_what_is_no_sound_is_unreadable_and_stays_at_the_carrier(workshop: Workshop) -> None:
    workshop.carrier.media = b"RIFF is how it starts, and that is all"
    recording_id = a_stored_recording(workshop)

    entry = workshop.do(Work.TRANSCRIBE_RECORDING, recording_id)

    assert entry.state == OutboxState.DONE
    assert workshop.get(Recording, recording_id).state == RecordingState.UNREADABLE
    assert workshop.one(Call).attention == Attention.RECORDING_UNREADABLE
    assert workshop.all(OutboxEntry, OutboxEntry.work == Work.DELETE_AT_CARRIER) == []
    assert workshop.one(Order)


def test_a_recording_that_went_from_the_store_fails_and_an_order_exists(workshop: Workshop) -> None:
    recording_id = a_stored_recording(workshop)
    workshop.context.store.delete(workshop.get(Recording, recording_id).store_key or "")

    entry = workshop.do_until_dead(Work.TRANSCRIBE_RECORDING, recording_id)

    assert entry.trouble == "FileNotFoundError"
    assert workshop.get(Recording, recording_id).state == RecordingState.FAILED
    assert workshop.one(Call).attention == Attention.TRANSCRIPTION_FAILED
    assert workshop.one(Order)


# Understanding


def test_a_transcript_becomes_an_order_with_facts(workshop: Workshop) -> None:
    transcript_id = workshop.make(a_transcript)

    workshop.do(Work.UNDERSTAND_TRANSCRIPT, transcript_id)

    order = workshop.one(Order)
    assert order.category == "supplies"
    assert order.received_at == NOW
    assert {fact.origin for fact in workshop.all(Fact)} == {Origin.MACHINE}


def test_nothing_said_is_an_order_all_the_same(workshop: Workshop) -> None:
    transcript_id = workshop.make(lambda session: a_transcript(session, text=""))

    workshop.do(Work.UNDERSTAND_TRANSCRIPT, transcript_id)

    assert workshop.one(Order).category is None
    assert workshop.all(Fact) == []


def test_in_a_conversation_the_callers_words_alone_are_taken(workshop: Workshop) -> None:
    words = [
        {"word": word, "start": at, "end": at + 0.3, "conf": 1.0, "channel": channel}
        for at, (word, channel) in enumerate(
            [
                ("您家", "agent"),
                ("没有药", "agent"),
                ("吗", "agent"),
                ("没有", "caller"),
                ("米", "caller"),
                ("了", "caller"),
            ]
        )
    ]

    def conversation(session: Session) -> Transcript:
        made = a_transcript(session, text="您家没有药吗没有米了", kind=RecordingKind.CONVERSATION, channels=2)
        made.words = words
        return made

    workshop.do(Work.UNDERSTAND_TRANSCRIPT, workshop.make(conversation))

    needs = workshop.one(Fact, Fact.name == "needs")
    assert needs.value == ["food"]
    (evidence,) = needs.evidence
    assert "您家没有药吗没有米了"[evidence["start"] : evidence["end"]] == evidence["text"]


def test_what_was_said_on_a_number_of_no_unit_is_left_to_a_person(workshop: Workshop) -> None:
    def nowhere(session: Session) -> Transcript:
        return a_transcript(session, call=factories.call(session, None, state="refused"))

    entry = workshop.do(Work.UNDERSTAND_TRANSCRIPT, workshop.make(nowhere))

    assert entry.state == OutboxState.DONE
    assert workshop.all(Order) == []
    assert workshop.one(Call).attention == Attention.RING_BACK


# Deleting


def test_the_carriers_copy_goes_when_ours_is_whole(workshop: Workshop) -> None:
    recording_id = a_stored_recording(workshop)

    workshop.do(Work.DELETE_AT_CARRIER, recording_id)

    recording = workshop.get(Recording, recording_id)
    assert workshop.carrier.deleted == [recording.carrier_recording_id]
    assert recording.carrier_deleted_at == workshop.clock.now()


@pytest.mark.parametrize("kept", [None, b"half of"])
def test_the_carriers_copy_stays_while_ours_is_not_whole(workshop: Workshop, kept: bytes | None) -> None:
    recording_id = a_stored_recording(workshop)
    key = workshop.get(Recording, recording_id).store_key or ""
    workshop.context.store.delete(key)
    if kept is not None:
        half = workshop.context.settings.recordings_url.removeprefix("file://")
        with open(f"{half}/{key}", "wb") as file:  # noqa: PTH123 - the store's own path
            file.write(kept)

    entry = workshop.do(Work.DELETE_AT_CARRIER, recording_id)

    assert entry.state == OutboxState.WAITING
    assert entry.trouble == "FileNotFoundError"
    assert workshop.carrier.deleted == []


# Text messages


def a_message(session: Session) -> TextMessage:
    call = a_call(session)
    text_messages.tell_order_number(session, call, NOW)
    return session.query(TextMessage).one()


def test_a_text_message_is_sent_from_the_line(workshop: Workshop) -> None:
    message_id = workshop.make(a_message)

    workshop.do(Work.SEND_MESSAGE, message_id)

    message = workshop.get(TextMessage, message_id)
    assert message.state == MessageState.SENT
    assert workshop.carrier.texts == [(factories.LINE, factories.CALLER, message.body)]
    assert message.carrier_message_id == f"SM{message_id:032x}"


def test_a_delivery_told_before_the_sending_was_stored_stays(workshop: Workshop) -> None:
    message_id = workshop.make(a_message)
    store = JOBS[Work.SEND_MESSAGE].run(workshop.context, message_id)
    with workshop.context.sessions.begin() as session:
        text_messages.reported(session, message_id, MessageState.DELIVERED, None)

    with workshop.context.sessions.begin() as session:
        store(session, NOW)

    assert workshop.get(TextMessage, message_id).state == MessageState.DELIVERED


def test_a_text_message_that_the_carrier_refuses_says_why(workshop: Workshop) -> None:
    workshop.carrier.trouble = CarrierRefusedError("21211")
    message_id = workshop.make(a_message)

    entry = workshop.do(Work.SEND_MESSAGE, message_id)

    message = workshop.get(TextMessage, message_id)
    assert entry.state == OutboxState.DONE
    assert (message.state, message.trouble) == (MessageState.FAILED, "the carrier refused with code 21211")


def test_a_text_message_that_cannot_be_sent_is_given_up_at_last(workshop: Workshop) -> None:
    workshop.carrier.trouble = RuntimeError("a fault of our own")
    message_id = workshop.make(a_message)

    workshop.do_until_dead(Work.SEND_MESSAGE, message_id)

    assert workshop.get(TextMessage, message_id).state == MessageState.FAILED


def test_a_question_of_a_callback_that_the_carrier_refuses_is_asked_by_a_person(workshop: Workshop) -> None:
    workshop.carrier.trouble = CarrierRefusedError("21211")
    workshop.make(factories.asked_in_writing)

    workshop.do(Work.SEND_MESSAGE, workshop.one(TextMessage, TextMessage.purpose == text_messages.SURVEY).id)

    assert workshop.one(SurveyRound).state == RoundState.PERSON


def test_the_wait_for_a_written_answer_goes_on_after_a_later_question(workshop: Workshop) -> None:
    attempt_id = workshop.make(factories.asked_in_writing)
    with workshop.context.sessions.begin() as session:
        question = session.query(TextMessage).filter_by(purpose=text_messages.SURVEY).one()
        text_messages.sent(question, "SM1", NOW + timedelta(hours=5))
    workshop.clock.at = NOW + timedelta(hours=24)

    entry = workshop.do(Work.END_TEXT_ATTEMPT, attempt_id)

    assert (entry.state, entry.due_at) == (OutboxState.WAITING, NOW + timedelta(hours=29))
    assert workshop.get(SurveyAttempt, attempt_id).state == AttemptState.DIALLING


# Ringing


def test_a_callback_is_dialled(workshop: Workshop) -> None:
    attempt_id = workshop.make(factories.attempt)

    perform_with(workshop.context, workshop.take(Work.DIAL_ATTEMPT, attempt_id))

    attempt = workshop.get(SurveyAttempt, attempt_id)
    assert attempt.state == AttemptState.DIALLING
    assert workshop.carrier.placed == [(attempt.token, factories.LINE, factories.CALLER)]
    assert workshop.one(Call, Call.direction == Direction.OUTBOUND).carrier_call_id is not None


def test_a_callback_that_may_have_been_dialled_is_looked_for_first(workshop: Workshop) -> None:
    attempt_id = workshop.make(factories.attempt)
    entry_id = workshop.take(Work.DIAL_ATTEMPT, attempt_id)
    with workshop.context.sessions.begin() as session:  # a worker that died after it asked the carrier
        surveys.begin(session, attempt_id, "twilio", workshop.clock.now(), factories.ZONE)
    workshop.carrier.found = factories.call_sid()

    perform_with(workshop.context, entry_id)

    assert workshop.carrier.placed == []
    assert workshop.one(Call, Call.direction == Direction.OUTBOUND).carrier_call_id == workshop.carrier.found


def test_a_callback_that_never_left_is_dialled_after_all(workshop: Workshop) -> None:
    attempt_id = workshop.make(factories.attempt)
    entry_id = workshop.take(Work.DIAL_ATTEMPT, attempt_id)
    with workshop.context.sessions.begin() as session:
        surveys.begin(session, attempt_id, "twilio", workshop.clock.now(), factories.ZONE)

    perform_with(workshop.context, entry_id)

    assert workshop.carrier.asked == ["find", "place"]


def test_a_callback_waits_for_the_hours_and_that_is_no_try(workshop: Workshop) -> None:
    def with_hours(session: Session) -> SurveyAttempt:
        unit = factories.unit(session, policy={"calls_from": "09:00", "calls_until": "21:00"})
        return factories.attempt(session, factories.line(session, unit))

    attempt_id = workshop.make(with_hours)
    workshop.clock.at = datetime(2026, 3, 2, 13, 30, tzinfo=UTC)  # half past nine in the evening there
    entry_id = workshop.take(Work.DIAL_ATTEMPT, attempt_id)

    perform_with(workshop.context, entry_id)

    entry = workshop.get(OutboxEntry, entry_id)
    assert (entry.state, entry.tries) == (OutboxState.WAITING, 0)
    assert entry.due_at == datetime(2026, 3, 3, 1, 0, tzinfo=UTC)
    assert workshop.carrier.asked == []


def test_nobody_is_rung_who_opted_out(workshop: Workshop) -> None:
    attempt_id = workshop.make(factories.attempt)
    with workshop.context.sessions.begin() as session:
        session.add(OptOut(number=factories.CALLER, at=NOW))

    perform_with(workshop.context, workshop.take(Work.DIAL_ATTEMPT, attempt_id))

    assert workshop.carrier.asked == []
    assert workshop.one(SurveyRound).state == RoundState.PERSON


def test_what_the_carrier_will_not_dial_goes_to_a_person(workshop: Workshop) -> None:
    workshop.carrier.trouble = CarrierRefusedError("13224")
    attempt_id = workshop.make(factories.attempt)

    perform_with(workshop.context, workshop.take(Work.DIAL_ATTEMPT, attempt_id))

    assert workshop.get(SurveyAttempt, attempt_id).trouble == "the carrier refused with code 13224"
    assert workshop.one(SurveyRound).state == RoundState.PERSON


def test_a_carrier_away_for_long_costs_one_attempt(workshop: Workshop) -> None:
    workshop.carrier.trouble = CarrierUnavailableError("HTTP 503")
    attempt_id = workshop.make(factories.attempt)
    entry_id = workshop.take(Work.DIAL_ATTEMPT, attempt_id)
    perform_with(workshop.context, entry_id)
    while workshop.get(OutboxEntry, entry_id).state == OutboxState.WAITING:
        perform_with(workshop.context, workshop.take(Work.DIAL_ATTEMPT, attempt_id))

    assert workshop.get(SurveyAttempt, attempt_id).state == AttemptState.FAILED
    assert [attempt.state for attempt in workshop.all(SurveyAttempt)] == [AttemptState.FAILED, AttemptState.PLANNED]


# Adopting


def a_stray_receipt(session: Session) -> Receipt:
    told = factories.recording_told(factories.call_sid(7), factories.recording_sid(7))
    receipt_id = receipts.first_time(
        session, "recording", told.recording_id, "complete", told, NOW, ReceiptOutcome.UNMATCHED
    )
    return session.get_one(Receipt, receipt_id)


def test_a_stray_recording_finds_its_call(workshop: Workshop) -> None:
    workshop.make(factories.line)
    receipt_id = workshop.make(a_stray_receipt)
    workshop.carrier.know(factories.call_sid(7))

    workshop.do(Work.ADOPT_RECORDING, receipt_id)

    assert workshop.get(Receipt, receipt_id).outcome == ReceiptOutcome.APPLIED
    assert workshop.one(Call).carrier_call_id == factories.call_sid(7)
    assert workshop.one(Recording).duration_s == 12


def test_a_stray_recording_that_the_carrier_does_not_know_stays_visible(workshop: Workshop) -> None:
    receipt_id = workshop.make(a_stray_receipt)

    workshop.do(Work.ADOPT_RECORDING, receipt_id)

    assert workshop.get(Receipt, receipt_id).outcome == ReceiptOutcome.UNKNOWN_TO_CARRIER
    assert workshop.all(Call) == []


# Twice is once


def counts(workshop: Workshop) -> dict[str, int]:
    kinds = (Call, Recording, Transcript, Order, OrderEvent, Fact, OutboxEntry, TextMessage, SurveyAttempt)
    return {kind.__name__: len(workshop.all(kind)) for kind in kinds}


@pytest.mark.parametrize("work", sorted(Work))
def test_a_job_whose_worker_died_before_it_was_done_is_run_again_and_counts_once(
    workshop: Workshop, work: Work
) -> None:
    workshop.carrier.know(factories.call_sid(7))
    subjects = {
        Work.FETCH_RECORDING: lambda: workshop.make(an_expected_recording),
        Work.TRANSCRIBE_RECORDING: lambda: a_stored_recording(workshop),
        Work.RETRANSCRIBE_RECORDING: lambda: a_heard_recording(workshop),
        Work.UNDERSTAND_TRANSCRIPT: lambda: workshop.make(a_transcript),
        Work.DELETE_AT_CARRIER: lambda: a_stored_recording(workshop),
        Work.SEND_MESSAGE: lambda: workshop.make(a_message),
        Work.DIAL_ATTEMPT: lambda: workshop.make(factories.attempt),
        Work.ADOPT_RECORDING: lambda: workshop.make(a_stray_receipt),
        Work.RING_ALARM: lambda: workshop.make(lambda session: factories.alarm(session).attempts[0]),
        Work.LEARN: lambda: workshop.make(lambda session: learning.ask(session, SYSTEM, NOW)),
        Work.UNDERSTAND_STATEMENT: lambda: workshop.make(factories.statement),
        Work.UNDERSTAND_ANSWER: lambda: workshop.make(factories.written_answer),
        Work.END_TEXT_ATTEMPT: lambda: workshop.make(factories.asked_in_writing),
    }
    subject_id = subjects[work]()
    if work == Work.ADOPT_RECORDING:
        workshop.make(factories.line)
    workshop.clock.at += timedelta(days=1)

    def run_and_store() -> dict[str, int]:
        store = JOBS[work].run(workshop.context, subject_id)
        with workshop.context.sessions.begin() as session:
            store(session, workshop.clock.now())
        return counts(workshop)

    JOBS[work].run(workshop.context, subject_id)  # died with everything done but nothing stored
    workshop.carrier.found = factories.call_sid() if work in {Work.DIAL_ATTEMPT, Work.RING_ALARM} else None
    once = run_and_store()

    assert run_and_store() == once


def test_two_runs_of_one_entry_do_it_once(workshop: Workshop) -> None:
    recording_id = workshop.make(an_expected_recording)
    entry_id = workshop.ask(Work.FETCH_RECORDING, recording_id)

    perform_with(workshop.context, entry_id)
    perform_with(workshop.context, entry_id)

    assert workshop.carrier.asked == ["media"]


def test_a_recording_of_a_call_that_another_service_placed_is_not_ours(workshop: Workshop) -> None:
    receipt_id = workshop.make(a_stray_receipt)
    call_id = workshop.get(Receipt, receipt_id).content["call_id"]
    workshop.carrier.know(call_id, is_inbound=False)
    workshop.make(factories.line)

    workshop.do(Work.ADOPT_RECORDING, receipt_id)

    assert workshop.get(Receipt, receipt_id).outcome == "not_ours"
    assert workshop.all(Call) == []


def test_a_call_of_an_earlier_attempt_is_not_taken_for_the_one_that_was_lost(workshop: Workshop) -> None:
    attempt_id = workshop.make(factories.attempt)
    entry_id = workshop.take(Work.DIAL_ATTEMPT, attempt_id)
    workshop.carrier.trouble = CarrierUnavailableError("ReadTimeout")
    perform_with(workshop.context, entry_id)
    workshop.carrier.trouble = None
    workshop.carrier.found = workshop.one(Call, Call.direction == "inbound").carrier_call_id

    perform_with(workshop.context, workshop.take(Work.DIAL_ATTEMPT, attempt_id))

    assert len(workshop.carrier.placed) == 1
