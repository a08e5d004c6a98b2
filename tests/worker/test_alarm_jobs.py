"""Emergency calls by workers: killed in between, with the carrier away, refused, and in vain."""

from datetime import timedelta

import factories
import pytest
from factories import DUTY, LINE, NOW
from sqlalchemy import select
from workshop import Workshop

from hotline.models import Alarm, AlarmAttempt, Call, Direction, OutboxEntry, OutboxState, TextMessage, Work
from hotline.rules.alarms import AlarmState, RingState
from hotline.rules.facts import Urgency
from hotline.rules.survey_states import AttemptEvent
from hotline.services import alarms
from hotline.telephony.carrier import CarrierRefusedError, CarrierUnavailableError
from worker.perform import perform_with
from worker.sweep import ask_about_calls, look_after_emergencies


@pytest.fixture
def attempt_id(workshop: Workshop) -> int:
    return workshop.make(lambda session: factories.alarm(session).attempts[0])


def take(workshop: Workshop, attempt_id: int) -> OutboxEntry:
    entry_id = workshop.take(Work.RING_ALARM, attempt_id)
    perform_with(workshop.context, entry_id)
    return workshop.get(OutboxEntry, entry_id)


def planned(workshop: Workshop) -> int:
    return workshop.one(AlarmAttempt, AlarmAttempt.state == RingState.PLANNED).id


def test_whoever_is_on_duty_is_rung_and_the_text_waits_to_be_sent(workshop: Workshop, attempt_id: int) -> None:
    entry = take(workshop, attempt_id)

    attempt = workshop.get(AlarmAttempt, attempt_id)
    assert entry.state == OutboxState.DONE
    assert workshop.carrier.placed == [(attempt.token, LINE, DUTY)]
    assert workshop.one(Call, Call.direction == Direction.OUTBOUND).carrier_call_id is not None
    text = workshop.one(TextMessage, TextMessage.purpose == "emergency_alarm")
    perform_with(workshop.context, workshop.take(Work.SEND_MESSAGE, text.id))
    assert workshop.carrier.texts == [(LINE, DUTY, text.body)]


def test_a_worker_that_died_after_it_asked_rings_nobody_twice(workshop: Workshop, attempt_id: int) -> None:
    with workshop.context.sessions.begin() as session:
        alarms.ring(session, attempt_id, "twilio", workshop.clock.now())
    workshop.carrier.found = factories.call_sid()

    take(workshop, attempt_id)

    assert workshop.carrier.placed == []
    assert workshop.one(Call, Call.direction == Direction.OUTBOUND).carrier_call_id == workshop.carrier.found
    assert len(workshop.all(AlarmAttempt)) == 2


def test_a_worker_that_died_before_it_asked_rings_after_all(workshop: Workshop, attempt_id: int) -> None:
    with workshop.context.sessions.begin() as session:
        alarms.ring(session, attempt_id, "twilio", workshop.clock.now())

    take(workshop, attempt_id)

    assert workshop.carrier.asked == ["find", "place"]


def test_while_the_carrier_is_away_it_is_asked_until_the_next_ones_time(workshop: Workshop, attempt_id: int) -> None:
    workshop.carrier.trouble = CarrierUnavailableError("HTTP 503")
    entry = take(workshop, attempt_id)
    while entry.state == OutboxState.WAITING and entry.due_at < NOW + timedelta(minutes=3):
        entry = take(workshop, attempt_id)
    workshop.carrier.trouble = None

    take(workshop, planned(workshop))
    entry = take(workshop, attempt_id)

    assert entry.state == OutboxState.DONE
    assert len(workshop.carrier.placed) == 1
    assert workshop.get(AlarmAttempt, attempt_id).state == RingState.CANCELLED


def test_a_number_that_the_carrier_refuses_is_kept_with_its_reason(workshop: Workshop, attempt_id: int) -> None:
    workshop.carrier.trouble = CarrierRefusedError("21211")

    take(workshop, attempt_id)

    attempt = workshop.get(AlarmAttempt, attempt_id)
    assert (attempt.state, attempt.trouble) == (RingState.FAILED, "the carrier refused with code 21211")


def test_an_emergency_that_nobody_took_on_is_a_dead_entry_at_once(workshop: Workshop, attempt_id: int) -> None:
    for _ in range(3):
        take(workshop, planned(workshop))

    entry = take(workshop, planned(workshop))

    assert (entry.state, entry.trouble) == (OutboxState.DEAD, "nobody acknowledged the alarm")
    assert workshop.one(Alarm).state == AlarmState.UNANSWERED
    assert workshop.clock.now() == NOW + timedelta(minutes=9)


def test_a_call_of_whose_end_nobody_told_is_asked_about(workshop: Workshop, attempt_id: int) -> None:
    take(workshop, attempt_id)
    call = workshop.one(Call, Call.direction == Direction.OUTBOUND)
    assert call.carrier_call_id is not None
    workshop.carrier.know(call.carrier_call_id, is_inbound=False, ending=AttemptEvent.BUSY)
    workshop.clock.at += timedelta(minutes=11)

    ask_about_calls(workshop.context)

    assert workshop.get(AlarmAttempt, attempt_id).state == RingState.BUSY
    assert workshop.get(Call, call.id).ended_at is not None


def test_the_clock_finds_an_emergency_without_an_alarm(workshop: Workshop) -> None:
    order_id = workshop.make(factories.order)
    with workshop.context.sessions.begin() as session:
        session.get_one(factories.Order, order_id).urgency = Urgency.EMERGENCY

    look_after_emergencies(workshop.context)
    look_after_emergencies(workshop.context)

    assert workshop.one(Alarm).order_id == order_id
    with workshop.context.sessions() as session:
        assert len(session.scalars(select(OutboxEntry).where(OutboxEntry.work == Work.RING_ALARM)).all()) == 1
