"""A carrier that is away, and work that kills whoever does it: neither loses anything, and neither goes on for ever."""

from datetime import timedelta

import factories
import pytest
from factories import NOW
from redis import Redis
from sqlalchemy.orm import Session
from workshop import Workshop

from hotline.models import Attention, Call, Order, OutboxEntry, OutboxState, Recording, RecordingState, Work
from hotline.services import outbox
from hotline.telephony.carrier import CarrierUnavailableError, NotThereError
from worker.perform import perform_with
from worker.sweep import reconcile_recordings, send_due, send_lost_again

AWAY = CarrierUnavailableError("HTTP 401, code 20003")


def expected(session: Session) -> Recording:
    call = factories.call(session, factories.line(session))
    return factories.recording(session, call, state=RecordingState.EXPECTED, store_key=None)


@pytest.fixture
def recording_id(workshop: Workshop) -> int:
    return workshop.make(expected)


def try_on(workshop: Workshop, entry: OutboxEntry, until: timedelta) -> OutboxEntry:
    """Try whenever it is due."""
    while entry.state == OutboxState.WAITING and entry.due_at < NOW + until:
        perform_with(workshop.context, workshop.take(entry.work, entry.subject_id))
        entry = workshop.get(OutboxEntry, entry.id)
    return entry


def test_a_carrier_away_for_most_of_a_day_loses_nothing(workshop: Workshop, recording_id: int) -> None:
    workshop.carrier.trouble = AWAY
    entry = workshop.do(Work.FETCH_RECORDING, recording_id)

    entry = try_on(workshop, entry, timedelta(hours=23))

    assert entry.tries == 0
    assert entry.trouble == "CarrierUnavailableError: HTTP 401, code 20003"
    assert len(workshop.carrier.asked) < 110
    workshop.carrier.trouble = None
    assert try_on(workshop, entry, timedelta(hours=24)).state == OutboxState.DONE
    assert workshop.get(Recording, recording_id).state == RecordingState.STORED


def test_a_carrier_away_for_more_than_a_day_is_given_up(workshop: Workshop, recording_id: int) -> None:
    workshop.carrier.trouble = AWAY
    entry = workshop.do(Work.FETCH_RECORDING, recording_id)

    entry = try_on(workshop, entry, timedelta(hours=26))

    assert entry.state == OutboxState.DEAD
    assert timedelta(hours=24) < workshop.clock.now() - NOW < timedelta(hours=25)
    assert workshop.get(Recording, recording_id).state == RecordingState.LOST
    assert workshop.one(Call).attention == Attention.RECORDING_LOST


def test_a_recording_that_was_given_up_is_fetched_when_the_carrier_lists_it(
    workshop: Workshop, recording_id: int
) -> None:
    workshop.carrier.trouble = NotThereError("media")
    workshop.do_until_dead(Work.FETCH_RECORDING, recording_id)
    recording, call = workshop.get(Recording, recording_id), workshop.one(Call)
    workshop.carrier.trouble = None
    workshop.carrier.recordings = [factories.recording_told(call.carrier_call_id or "", recording.carrier_recording_id)]

    reconcile_recordings(workshop.context)

    assert workshop.get(Recording, recording_id).state == RecordingState.EXPECTED
    assert workshop.one(Call).attention is None
    perform_with(workshop.context, workshop.take(Work.FETCH_RECORDING, recording_id))
    assert workshop.get(Recording, recording_id).state == RecordingState.STORED


def test_a_recording_that_is_listed_and_never_to_be_had_is_asked_for_once_an_hour(
    workshop: Workshop, recording_id: int
) -> None:
    recording, call = workshop.get(Recording, recording_id), workshop.one(Call)
    workshop.carrier.recordings = [factories.recording_told(call.carrier_call_id or "", recording.carrier_recording_id)]

    def given_up_and_listed() -> RecordingState:
        workshop.carrier.trouble = NotThereError("media")
        workshop.do_until_dead(Work.FETCH_RECORDING, recording_id)
        workshop.carrier.trouble = None
        reconcile_recordings(workshop.context)
        return workshop.get(Recording, recording_id).state

    assert given_up_and_listed() == RecordingState.EXPECTED
    assert given_up_and_listed() == RecordingState.LOST
    workshop.clock.at = NOW + timedelta(hours=1)
    reconcile_recordings(workshop.context)
    assert workshop.get(Recording, recording_id).state == RecordingState.EXPECTED


def test_work_that_kills_its_process_each_time_is_given_up(workshop: Workshop, redis: Redis, recording_id: int) -> None:
    with workshop.context.sessions.begin() as session:
        outbox.ask(session, Work.FETCH_RECORDING, recording_id, NOW)

    for _ in range(outbox.TRIES + 1):
        send_due(workshop.context, redis)
        redis.flushall()
        workshop.clock.at += timedelta(seconds=10)
        send_lost_again(workshop.context, redis)

    entry = workshop.one(OutboxEntry, OutboxEntry.work == Work.FETCH_RECORDING)
    assert (entry.state, entry.tries, entry.trouble) == (OutboxState.DEAD, outbox.TRIES, "WorkLostError")
    assert workshop.get(Recording, recording_id).state == RecordingState.LOST
    assert workshop.one(Order).number == workshop.one(Call).order_number
