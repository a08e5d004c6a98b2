"""The crew of a parent: what its children are told, whatever comes."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from rq.worker import WorkerStatus
from workshop import Workshop

from hotline.models import Work
from stack.redis import Redis as RedisServer
from worker import perform
from worker.crew import END, JOBS_EACH, Inherited, OneProcessWorker, Presence, _Crew, watched
from worker.queue import SERIALIZER, OutboxJob, Parcel, connect, queue, send, waiting

# Ends when its input does, and tells how often it was told to end.
_CHILD = """
import signal, sys
told = []
def note(number, frame):
    told.append(number)
    print("told", flush=True)
signal.signal(signal.SIGTERM, note)
print("ready", flush=True)
sys.stdin.read()
sys.exit(len(told))
"""


@pytest.fixture(autouse=True)
def signals_as_before() -> Iterator[None]:
    """A worker that works in this process would leave its handlers to all tests, and to what they start."""
    before = {number: signal.getsignal(number) for number in END}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def child() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", _CHILD]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as started:
        assert line_of(started) == "ready"
        yield started


def line_of(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


def nobody() -> int:
    raise AssertionError("nobody is to be replaced")


def test_a_child_is_told_to_end_once_by_all_the_programs_that_inherit_it(child: subprocess.Popen[str]) -> None:
    first = _Crew(nobody, Inherited(frozenset({child.pid})))
    first.tell(first.children)
    assert line_of(child) == "told"

    second = _Crew(nobody, Inherited(frozenset(first.children), frozenset(first.told)))
    second.tell(second.children)
    second.end()
    child.communicate()

    assert child.returncode == 1


def test_a_child_that_was_not_told_before_is_told_when_all_end(child: subprocess.Popen[str]) -> None:
    crew = _Crew(nobody, Inherited(frozenset({child.pid})))

    crew.end()
    assert line_of(child) == "told"
    child.communicate()

    assert child.returncode == 1


def forked(hang: bool) -> int:
    """How a process ended that was watched, and stood still inside a library or did not."""
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        with watched(0.2):
            if hang:
                # It keeps the interpreter locked, as a library may that loops for ever.
                ctypes.PyDLL(None).pause()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_who_stands_still_inside_a_library_is_ended() -> None:
    assert forked(hang=True) == 1
    assert forked(hang=False) == 0


@pytest.fixture
def worker(workshop: Workshop, redis: Redis) -> OneProcessWorker:
    """In this process, with jobs about entries that are not there."""
    perform.install(workshop.context)
    send(redis, [Parcel(number, 1, Work.FETCH_RECORDING, 60) for number in range(JOBS_EACH + 3)])
    made = OneProcessWorker([queue(redis, "io")], connection=redis, serializer=SERIALIZER, job_class=OutboxJob)
    made.presence = Presence()
    return made


def test_a_worker_ends_after_its_share(worker: OneProcessWorker, redis: Redis) -> None:
    worker.work(burst=True, logging_level="WARNING")

    assert len(waiting(redis)) == 3


def test_a_worker_that_nobody_could_replace_goes_on(worker: OneProcessWorker, redis: Redis) -> None:
    worker.presence.end()

    worker.work(burst=True, logging_level="WARNING")

    assert waiting(redis) == frozenset()


def test_being_told_to_end_while_redis_is_away_does_not_disturb_the_job(tmp_path: Path) -> None:
    with RedisServer(tmp_path / "redis") as server:
        connection = connect(server.url)
        worker = OneProcessWorker([queue(connection, "io")], connection=connection, serializer=SERIALIZER)
    worker.set_state(WorkerStatus.BUSY, pipeline=connection.pipeline())

    worker.request_stop(signal.SIGTERM, None)

    assert worker._stop_requested
