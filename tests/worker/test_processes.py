"""Worker processes as they are started in earnest: killed while at work, woken by a commit, ended in peace."""

import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import factories
import psutil
import pytest
from processes import kill_all, process, until
from redis import Redis
from sqlalchemy import text
from sqlalchemy.orm import Session
from workshop import Workshop

from hotline.models import OutboxEntry, OutboxState, Recording, RecordingState, Work
from hotline.services import outbox
from worker.crew import JOBS_EACH
from worker.perform import alone, perform_with
from worker.queue import Parcel, send, waiting
from worker.sweep import send_due, send_lost_again


@pytest.fixture
def silent_carrier() -> Iterator[socket.socket]:
    """A carrier that takes every connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)
        yield server


def ask_to_fetch(workshop: Workshop) -> int:
    def expected(session: Session) -> Recording:
        call = factories.call(session, factories.line(session))
        return factories.recording(session, call, state=RecordingState.EXPECTED, store_key=None)

    recording_id = workshop.make(expected)
    with workshop.context.sessions.begin() as session:
        outbox.ask(session, Work.FETCH_RECORDING, recording_id, workshop.clock.now())
    return recording_id


def entry(workshop: Workshop) -> OutboxEntry:
    return workshop.one(OutboxEntry, OutboxEntry.work == Work.FETCH_RECORDING)


def test_a_worker_killed_at_work_lets_go_and_another_does_it(
    workshop: Workshop, redis: Redis, redis_url: str, silent_carrier: socket.socket, tmp_path: Path
) -> None:
    recording_id = ask_to_fetch(workshop)
    send_due(workshop.context, redis)
    address = f"http://127.0.0.1:{silent_carrier.getsockname()[1]}"

    with process(workshop, "io", redis_url, address, tmp_path) as worker:
        question, _ = silent_carrier.accept()
        with question:  # the job is in the middle of it
            with alone(workshop.context.engine, entry(workshop).id) as is_alone:
                assert not is_alone
            kill_all(worker)

    workshop.clock.at += timedelta(seconds=10)
    until(lambda: lost_work_is_sent_again(workshop, redis), "the entry to be let go and sent again")
    perform_with(workshop.context, entry(workshop).id)

    assert workshop.get(Recording, recording_id).state == RecordingState.STORED
    assert (entry(workshop).state, entry(workshop).tries) == (OutboxState.DONE, 2)


def lost_work_is_sent_again(workshop: Workshop, redis: Redis) -> bool:
    send_lost_again(workshop.context, redis)
    return entry(workshop).tries == 2


def test_a_commit_wakes_the_clock_process(
    workshop: Workshop, redis: Redis, redis_url: str, silent_carrier: socket.socket, tmp_path: Path
) -> None:
    address = f"http://127.0.0.1:{silent_carrier.getsockname()[1]}"

    with process(workshop, "clock", redis_url, address, tmp_path):
        question, _ = silent_carrier.accept()
        with question:  # what the carrier is asked about all calls waits for an answer, and nothing waits for that
            ask_to_fetch(workshop)

            until(lambda: waiting(redis), "the work to be queued")
            assert entry(workshop).state == OutboxState.SENT


@pytest.mark.parametrize("kind", ["io", "clock"])
def test_a_process_that_is_told_to_end_ends(
    workshop: Workshop, redis: Redis, redis_url: str, tmp_path: Path, kind: str
) -> None:
    with process(workshop, kind, redis_url, "http://127.0.0.1:1", tmp_path) as worker:
        if kind == "io":
            until(lambda: redis.smembers("rq:workers"), "the worker to be at work")
        else:
            until(lambda: is_listened_to(workshop), "the clock to listen")
        worker.terminate()

        assert worker.wait(15) == 0


def test_told_to_end_while_a_dead_worker_is_about_to_be_replaced_it_ends_and_leaves_nobody(
    workshop: Workshop, redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    with process(workshop, "io", redis_url, "http://127.0.0.1:1", tmp_path) as worker:
        until(lambda: redis.smembers("rq:workers"), "the worker to be at work")
        parent = psutil.Process(worker.pid)
        (child,) = parent.children()
        child.kill()
        worker.terminate()

        assert worker.wait(15) == 0
        assert [each for each in psutil.process_iter() if each.ppid() == worker.pid] == []


def test_a_dead_worker_is_replaced(workshop: Workshop, redis: Redis, redis_url: str, tmp_path: Path) -> None:
    with process(workshop, "io", redis_url, "http://127.0.0.1:1", tmp_path) as worker:
        until(lambda: redis.smembers("rq:workers"), "the worker to be at work")
        parent = psutil.Process(worker.pid)
        (child,) = parent.children()
        child.kill()

        until(lambda: [new for new in parent.children() if new.pid != child.pid], "another worker")


def test_a_worker_that_has_done_its_share_is_replaced_in_passing(
    workshop: Workshop, redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    with process(workshop, "io", redis_url, "http://127.0.0.1:1", tmp_path) as worker:
        until(lambda: redis.smembers("rq:workers"), "the worker to be at work")
        (first,) = psutil.Process(worker.pid).children()

        send(redis, [Parcel(number, 1, Work.FETCH_RECORDING, 60) for number in range(JOBS_EACH + 1)])

        until(lambda: not waiting(redis), "all of it to be taken")
        until(lambda: not first.is_running(), "the first to be gone")
        until(lambda: psutil.Process(worker.pid).children(), "another")
        assert "started again" not in (tmp_path / "io.log").read_text()


def is_listened_to(workshop: Workshop) -> bool:
    listening = text("select count(*) from pg_stat_activity where query = 'listen outbox'")
    with workshop.context.engine.connect() as connection:
        return connection.execute(listening).scalar_one() > 0
