"""One piece of work: by one process at a time, tried again after a growing wait, and dead in sight of a person."""

from datetime import timedelta

import factories
import pytest
from factories import NOW
from sqlalchemy.orm import Session
from workshop import Workshop

from hotline.models import Attention, Call, Order, OutboxEntry, OutboxState, Recording, RecordingState, Transcript, Work
from hotline.services import outbox, replay
from hotline.services.access import SYSTEM
from hotline.telephony.carrier import NotThereError
from worker.perform import alone, perform_with


def expected(session: Session) -> Recording:
    call = factories.call(session, factories.line(session))
    return factories.recording(session, call, state=RecordingState.EXPECTED, store_key=None)


def test_while_one_works_on_an_entry_nobody_else_does(workshop: Workshop) -> None:
    entry_id = workshop.ask(Work.FETCH_RECORDING, workshop.make(expected))

    with alone(workshop.context.engine, entry_id) as is_alone:
        assert is_alone
        perform_with(workshop.context, entry_id)
        with alone(workshop.context.engine, entry_id) as is_alone_too:
            assert not is_alone_too

    assert workshop.carrier.asked == []
    perform_with(workshop.context, entry_id)
    assert workshop.carrier.asked == ["media"]


def test_other_entries_are_worked_on_meanwhile(workshop: Workshop) -> None:
    with alone(workshop.context.engine, 1) as first, alone(workshop.context.engine, 2) as second:
        assert first
        assert second


def test_an_error_inside_lets_go_of_the_entry(workshop: Workshop) -> None:
    with pytest.raises(RuntimeError), alone(workshop.context.engine, 1):
        raise RuntimeError

    with alone(workshop.context.engine, 1) as is_alone:
        assert is_alone


@pytest.mark.parametrize("state", [OutboxState.WAITING, OutboxState.DONE, OutboxState.DEAD])
def test_only_what_was_sent_is_done(workshop: Workshop, state: OutboxState) -> None:
    entry_id = workshop.ask(Work.FETCH_RECORDING, workshop.make(expected))
    with workshop.context.sessions.begin() as session:
        session.get_one(OutboxEntry, entry_id).state = state

    perform_with(workshop.context, entry_id)

    assert workshop.carrier.asked == []
    assert workshop.get(OutboxEntry, entry_id).state == state


def test_an_entry_that_is_gone_is_no_work(workshop: Workshop) -> None:
    perform_with(workshop.context, 4711)

    assert workshop.carrier.asked == []


def test_failing_work_waits_longer_each_time_and_then_is_dead(workshop: Workshop) -> None:
    workshop.carrier.trouble = NotThereError("media")
    subject_id = workshop.make(expected)
    entry_id = workshop.ask(Work.FETCH_RECORDING, subject_id)
    waits = []
    while True:
        perform_with(workshop.context, entry_id)
        entry = workshop.get(OutboxEntry, entry_id)
        if entry.state == OutboxState.DEAD:
            break
        waits.append((entry.due_at - workshop.clock.now()).total_seconds())
        workshop.take(Work.FETCH_RECORDING, subject_id)

    assert waits == [5, 10, 20, 40, 80, 160, 320]
    assert entry.tries == outbox.TRIES
    assert len(workshop.carrier.asked) == outbox.TRIES


def test_no_wait_is_longer_than_a_quarter_of_an_hour(workshop: Workshop) -> None:
    entry = OutboxEntry(work=Work.FETCH_RECORDING, subject_id=1, state=OutboxState.SENT, tries=outbox.TRIES - 1)
    longest = NOW

    for tries in range(1, outbox.TRIES):
        entry.tries = tries
        outbox.fail(entry, "Trouble", NOW)
        longest = max(longest, entry.due_at)

    assert longest - NOW <= timedelta(minutes=15)


def test_what_went_wrong_is_named_without_what_was_said(workshop: Workshop) -> None:
    workshop.carrier.trouble = RuntimeError("a library that repeats +8613800138000")

    entry = workshop.do(Work.FETCH_RECORDING, workshop.make(expected))

    assert entry.trouble == "RuntimeError"


def test_work_whose_giving_up_fails_is_dead_all_the_same(workshop: Workshop) -> None:
    entry = workshop.do_until_dead(Work.FETCH_RECORDING, 4711)  # there is no such recording

    assert entry.state == OutboxState.DEAD


def test_a_failure_while_storing_stores_nothing(workshop: Workshop) -> None:
    def twice(session: Session) -> Transcript:
        recording = factories.recording(session, factories.call(session, factories.line(session)))
        made = Transcript(
            recording=recording, version=1, origin="machine", text="没有米了", words=[], language="zh-CN", made_at=NOW
        )
        # The unit of the line points at a policy that cannot be read: the order cannot be timed.
        recording.call.line.unit.policy = {"survey_delay": "soon"}
        session.add(made)
        session.flush()
        return made

    entry = workshop.do(Work.UNDERSTAND_TRANSCRIPT, workshop.make(twice))

    assert (entry.state, entry.trouble) == (OutboxState.WAITING, "PolicyError")
    assert workshop.all(Order) == []


def test_a_replayed_entry_begins_anew(workshop: Workshop) -> None:
    workshop.carrier.trouble = NotThereError("media")
    recording_id = workshop.make(expected)
    dead = workshop.do_until_dead(Work.FETCH_RECORDING, recording_id)
    assert workshop.one(Call).attention == Attention.RECORDING_LOST

    workshop.carrier.trouble = None
    with workshop.context.sessions.begin() as session:
        replay.replay(session, session.get_one(OutboxEntry, dead.id), SYSTEM, workshop.clock.now())
    perform_with(workshop.context, workshop.take(Work.FETCH_RECORDING, recording_id))

    assert workshop.get(Recording, recording_id).state == RecordingState.STORED
    assert workshop.one(Call).attention is None
    assert workshop.get(OutboxEntry, dead.id).tries == 1
