"""Whatever is lost is found again: by the queues that lack it, by the carrier's own lists, by the journal."""

from datetime import timedelta
from io import BytesIO

import factories
import pytest
from factories import NOW
from redis import Redis
from rq import Queue, SimpleWorker
from sqlalchemy.orm import Session
from workshop import Workshop

from hotline.models import (
    Attention,
    Call,
    Direction,
    EmergencyMode,
    Notice,
    Order,
    OutboxEntry,
    OutboxState,
    Receipt,
    ReceiptOutcome,
    Recording,
    RecordingState,
    SurveyAttempt,
    SurveyRound,
    UnclearedOrder,
    Work,
)
from hotline.rules.attachments import AttachmentKind, Most
from hotline.rules.call_flow import CallState
from hotline.rules.order_states import OrderState
from hotline.rules.supervision import Colour
from hotline.rules.survey_states import AttemptEvent, AttemptState, RoundState
from hotline.services import attachments, emergency_mode, outbox, surveys, unnamed_files
from hotline.services.access import SYSTEM
from hotline.telephony.carrier import CarrierUnavailableError
from hotline.telephony.journal import EndedCall, Journal, MissedCall
from worker import perform
from worker.perform import alone
from worker.queue import SERIALIZER, connect, waiting
from worker.sweep import (
    ask_about_calls,
    list_uncleared,
    reconcile_recordings,
    remove_unnamed_files,
    replay_journal,
    send_due,
    send_lost_again,
    supervise,
)


def expected(session: Session) -> Recording:
    call = factories.call(session, factories.line(session))
    return factories.recording(session, call, state=RecordingState.EXPECTED, store_key=None)


@pytest.fixture
def recording_id(workshop: Workshop) -> int:
    """A recording that waits to be fetched."""
    made = workshop.make(expected)
    with workshop.context.sessions.begin() as session:
        outbox.ask(session, Work.FETCH_RECORDING, made, NOW)
    return made


def entry(workshop: Workshop) -> OutboxEntry:
    return workshop.one(OutboxEntry, OutboxEntry.work == Work.FETCH_RECORDING)


def work_off(workshop: Workshop, redis: Redis, queue: str = "io") -> None:
    """A real worker takes what is queued, and ends when nothing is."""
    perform.install(workshop.context)
    worker = SimpleWorker(
        [Queue(queue, connection=redis, serializer=SERIALIZER)], connection=redis, serializer=SERIALIZER
    )
    worker.work(burst=True, logging_level="WARNING")


def test_what_is_due_is_queued_and_done(workshop: Workshop, redis: Redis, recording_id: int) -> None:
    send_due(workshop.context, redis)
    assert waiting(redis) == {f"outbox-{entry(workshop).id}-1"}

    work_off(workshop, redis)

    assert workshop.get(Recording, recording_id).state == RecordingState.STORED
    assert waiting(redis) == frozenset()


def test_each_work_lies_in_the_queue_of_its_kind(workshop: Workshop, redis: Redis, recording_id: int) -> None:
    send_due(workshop.context, redis)
    work_off(workshop, redis)
    send_due(workshop.context, redis)

    assert Queue("speech", connection=redis, serializer=SERIALIZER).job_ids == [
        f"outbox-{workshop.one(OutboxEntry, OutboxEntry.work == Work.TRANSCRIBE_RECORDING).id}-1"
    ]


def test_what_lies_in_redis_is_json_and_an_id(workshop: Workshop, redis: Redis, recording_id: int) -> None:
    send_due(workshop.context, redis)

    (job,) = Queue("io", connection=redis, serializer=SERIALIZER).jobs

    assert job.args == [entry(workshop).id]
    assert factories.CALLER.encode() not in b"".join(redis.hgetall(job.key).values())


def test_what_is_not_due_waits(workshop: Workshop, redis: Redis, recording_id: int) -> None:
    workshop.clock.at = NOW - timedelta(seconds=1)

    send_due(workshop.context, redis)

    assert waiting(redis) == frozenset()
    assert entry(workshop).state == OutboxState.WAITING


def test_after_redis_lost_everything_the_work_is_sent_again(
    workshop: Workshop, redis: Redis, recording_id: int
) -> None:
    send_due(workshop.context, redis)
    redis.flushall()
    workshop.clock.at += timedelta(seconds=10)

    send_lost_again(workshop.context, redis)
    assert waiting(redis) == {f"outbox-{entry(workshop).id}-2"}
    work_off(workshop, redis)

    assert workshop.get(Recording, recording_id).state == RecordingState.STORED
    assert workshop.carrier.asked == ["media"]


def test_what_still_lies_in_its_queue_is_not_sent_twice(workshop: Workshop, redis: Redis, recording_id: int) -> None:
    send_due(workshop.context, redis)
    workshop.clock.at += timedelta(hours=1)

    send_lost_again(workshop.context, redis)

    assert waiting(redis) == {f"outbox-{entry(workshop).id}-1"}
    assert entry(workshop).tries == 1


def test_what_somebody_works_on_is_not_sent_again(workshop: Workshop, redis: Redis, recording_id: int) -> None:
    send_due(workshop.context, redis)
    redis.flushall()
    workshop.clock.at += timedelta(hours=1)

    with alone(workshop.context.engine, entry(workshop).id):
        send_lost_again(workshop.context, redis)

    assert entry(workshop).tries == 1
    assert waiting(redis) == frozenset()


def test_a_worker_has_a_moment_to_begin(workshop: Workshop, redis: Redis, recording_id: int) -> None:
    send_due(workshop.context, redis)
    redis.flushall()
    workshop.clock.at += timedelta(seconds=1)

    send_lost_again(workshop.context, redis)

    assert entry(workshop).tries == 1


def test_without_redis_nothing_is_lost(workshop: Workshop, redis: Redis, recording_id: int) -> None:
    nowhere = connect("redis://127.0.0.1:1/0")
    send_due(workshop.context, nowhere)
    assert entry(workshop).state == OutboxState.SENT
    workshop.clock.at += timedelta(minutes=1)
    send_lost_again(workshop.context, nowhere)

    send_lost_again(workshop.context, redis)
    work_off(workshop, redis)

    assert workshop.get(Recording, recording_id).state == RecordingState.STORED


# The journal


def test_the_journal_is_stored_and_gone(workshop: Workshop) -> None:
    workshop.make(factories.line)
    journal = Journal(workshop.context.settings.journal_dir)
    journal.write(MissedCall(factories.told(factories.call_sid(1)), NOW))
    journal.write(EndedCall(factories.told(factories.call_sid(1)), NOW, 9))
    journal.write(factories.recording_told(factories.call_sid(1), factories.recording_sid(1)))

    replay_journal(workshop.context)
    replay_journal(workshop.context)

    call = workshop.one(Call)
    assert (call.state, call.duration_s, call.attention) == (CallState.THANKED, 9, None)
    assert workshop.one(Recording).call_id == call.id
    assert list(workshop.context.settings.journal_dir.iterdir()) == []


def test_without_a_journal_there_is_nothing_to_replay(workshop: Workshop) -> None:
    replay_journal(workshop.context)

    assert workshop.all(Call) == []


# The carrier's own lists


def test_a_recording_that_nobody_told_of_is_found_once(workshop: Workshop) -> None:
    workshop.make(
        lambda session: factories.call(session, factories.line(session), carrier_call_id=factories.call_sid(1))
    )
    workshop.carrier.recordings = [factories.recording_told(factories.call_sid(1), factories.recording_sid(1))]

    reconcile_recordings(workshop.context)
    reconcile_recordings(workshop.context)

    assert workshop.one(Recording).carrier_recording_id == factories.recording_sid(1)
    assert len(workshop.all(OutboxEntry, OutboxEntry.work == Work.FETCH_RECORDING)) == 1


def test_a_recording_of_a_call_that_nobody_told_of_is_found_too(workshop: Workshop, redis: Redis) -> None:
    workshop.make(factories.line)
    workshop.carrier.recordings = [factories.recording_told(factories.call_sid(1), factories.recording_sid(1))]
    workshop.carrier.know(factories.call_sid(1))

    reconcile_recordings(workshop.context)
    send_due(workshop.context, redis)
    work_off(workshop, redis)

    assert workshop.one(Call).number == factories.CALLER
    assert {receipt.outcome for receipt in workshop.all(Receipt)} == {ReceiptOutcome.APPLIED}
    assert workshop.one(Recording).state in {RecordingState.EXPECTED, RecordingState.STORED}


def an_unfinished_call(session: Session) -> Call:
    return factories.call(
        session, factories.line(session), state=CallState.GREETED, ended_at=None, carrier_call_id=factories.call_sid(1)
    )


def test_a_call_whose_end_nobody_told_is_asked_about(workshop: Workshop) -> None:
    call_id = workshop.make(an_unfinished_call)
    workshop.carrier.know(factories.call_sid(1))
    workshop.clock.at += timedelta(minutes=9)

    ask_about_calls(workshop.context)

    call = workshop.get(Call, call_id)
    assert (call.ended_at, call.duration_s) == (factories.LATER, 60)
    assert call.attention == Attention.RING_BACK


def test_a_call_that_has_only_begun_is_left_in_peace(workshop: Workshop) -> None:
    workshop.make(an_unfinished_call)

    ask_about_calls(workshop.context)

    assert workshop.carrier.asked == []


def test_a_call_that_goes_on_is_asked_about_again_later(workshop: Workshop) -> None:
    call_id = workshop.make(an_unfinished_call)
    workshop.carrier.know(factories.call_sid(1), ended_at=None)
    workshop.clock.at += timedelta(minutes=10)

    ask_about_calls(workshop.context)
    ask_about_calls(workshop.context)

    assert workshop.get(Call, call_id).ended_at is None
    assert workshop.carrier.asked == ["call", "call"]


def test_a_call_that_the_carrier_does_not_know_is_over(workshop: Workshop) -> None:
    call_id = workshop.make(an_unfinished_call)
    workshop.clock.at += timedelta(minutes=10)

    ask_about_calls(workshop.context)
    ask_about_calls(workshop.context)

    assert workshop.get(Call, call_id).attention == Attention.RING_BACK
    assert workshop.carrier.asked == ["call"]


def test_a_carrier_that_is_away_ends_no_call(workshop: Workshop) -> None:
    call_id = workshop.make(an_unfinished_call)
    workshop.carrier.trouble = CarrierUnavailableError("HTTP 503")
    workshop.clock.at += timedelta(minutes=10)

    ask_about_calls(workshop.context)

    assert workshop.get(Call, call_id).ended_at is None


@pytest.mark.parametrize(
    ("ending", "attempt_state", "round_state"),
    [
        (AttemptEvent.NO_ANSWER, AttemptState.NO_ANSWER, RoundState.WAITING),
        (AttemptEvent.HANG_UP, AttemptState.HUNG_UP, RoundState.PERSON),
    ],
)
def test_a_callback_whose_end_nobody_told_goes_on(
    workshop: Workshop, ending: AttemptEvent, attempt_state: AttemptState, round_state: RoundState
) -> None:
    def dialled(session: Session) -> SurveyAttempt:
        attempt = factories.attempt(session)
        surveys.begin(session, attempt.id, "twilio", NOW, factories.ZONE)
        surveys.dialled(session, attempt.id, factories.call_sid(1))
        return attempt

    attempt_id = workshop.make(dialled)
    workshop.carrier.know(factories.call_sid(1), is_inbound=False, ending=ending)
    workshop.clock.at += timedelta(minutes=10)

    ask_about_calls(workshop.context)
    ask_about_calls(workshop.context)

    assert workshop.get(SurveyAttempt, attempt_id).state == attempt_state
    assert workshop.one(SurveyRound).state == round_state
    assert workshop.one(Call, Call.direction == Direction.OUTBOUND).ended_at is not None
    assert workshop.carrier.asked == ["call"]


# Supervision


def test_limits_that_passed_are_told_once_and_what_is_over_is_ended(workshop: Workshop) -> None:
    order_id = workshop.make(lambda session: factories.order(session, state=OrderState.IN_PROGRESS))
    with workshop.context.sessions.begin() as session:
        unit = session.get_one(Order, order_id).unit
        emergency_mode.switch_on(session, unit, "寒潮", NOW + timedelta(hours=1), SYSTEM, NOW, factories.ZONE)
    workshop.clock.at = NOW + timedelta(hours=25)

    supervise(workshop.context)
    supervise(workshop.context)

    assert [notice.colour for notice in workshop.all(Notice)] == [Colour.YELLOW]
    assert workshop.one(EmergencyMode).ended_at == NOW + timedelta(hours=1)


def test_many_orders_are_looked_at_in_one_go_and_never_without_end(workshop: Workshop) -> None:
    with workshop.context.sessions.begin() as session:
        line = factories.line(session)
        for _ in range(101):
            factories.order(session, line)
    workshop.clock.at = NOW + timedelta(minutes=31)

    supervise(workshop.context)

    assert len(workshop.all(Notice, Notice.colour == Colour.YELLOW)) == 101


def test_the_lists_of_the_day_are_made_in_the_evening(workshop: Workshop) -> None:
    order_id = workshop.make(lambda session: factories.order(session, state=OrderState.IN_PROGRESS))
    workshop.clock.at = NOW + timedelta(hours=10)

    list_uncleared(workshop.context)
    list_uncleared(workshop.context)

    assert workshop.one(UnclearedOrder).order_id == order_id


# Files


ATTACHED = ("attachments/2026/03/02/attached.jpg", "attachments/2026/03/02/attached.small.jpg")
LEFT = ("attachments/2026/03/02/left.jpg", "attachments/2026/03/02/left.pdf.part")
RECORDED = "2026/03/02/1-0123456789ab.wav"


def attach(session: Session) -> Order:
    order = factories.order(session)
    photo = attachments.Examined(AttachmentKind.PHOTO, "image/jpeg", ".jpg", "照片.jpg", "0" * 64, b"x", b"x")
    attachments.keep(session, order, attachments.Put(photo, *ATTACHED), Most(10, 10), SYSTEM, NOW)
    return order


@pytest.mark.parametrize(
    ("later", "removed"),
    [
        (timedelta(days=1), set()),
        (timedelta(days=2), set(LEFT)),
        (timedelta(days=31), set(LEFT)),
    ],
)
def test_files_that_no_order_names_are_removed_once_they_are_a_day_old(
    workshop: Workshop, later: timedelta, removed: set[str]
) -> None:
    stored = {*ATTACHED, *LEFT, RECORDED}
    for key in stored:
        workshop.context.store.put(key, BytesIO(b"x"))
    workshop.make(attach)
    workshop.clock.at = NOW + later

    remove_unnamed_files(workshop.context)

    assert set(workshop.context.store.keys("")) - {unnamed_files.OWNER_KEY} == stored - removed


@pytest.mark.parametrize("owner", [b"7000000000000000000/5", None])
def test_no_file_is_removed_from_a_store_of_another_database(workshop: Workshop, owner: bytes | None) -> None:
    stored = {*ATTACHED, *LEFT}
    for key in stored:
        workshop.context.store.put(key, BytesIO(b"x"))
    if owner:
        workshop.make(attach)
        workshop.context.store.put(unnamed_files.OWNER_KEY, BytesIO(owner))
    workshop.clock.at = NOW + timedelta(days=2)

    remove_unnamed_files(workshop.context)

    assert set(workshop.context.store.keys("")) - {unnamed_files.OWNER_KEY} == stored


def test_a_store_whose_files_it_names_is_the_databases_own_from_then_on(workshop: Workshop) -> None:
    workshop.make(attach)
    workshop.clock.at = NOW + timedelta(days=2)
    for left in ((), LEFT):
        for key in (*ATTACHED, *left):
            workshop.context.store.put(key, BytesIO(b"x"))

        remove_unnamed_files(workshop.context)

        assert set(workshop.context.store.keys("")) == {*ATTACHED, unnamed_files.OWNER_KEY}
