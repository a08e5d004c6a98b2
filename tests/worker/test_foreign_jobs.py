"""Whoever writes to Redis gets nothing run but our own work, and stops no worker."""

from pathlib import Path

import factories
import pytest
from factories import NOW
from redis import Redis
from rq import Queue, SimpleWorker
from sqlalchemy.orm import Session
from workshop import Workshop

from hotline.models import Recording, RecordingState, Work
from hotline.services import outbox
from worker import perform
from worker.queue import SERIALIZER, OutboxJob, queue, waiting
from worker.sweep import send_due, send_lost_again


@pytest.fixture
def recording_id(workshop: Workshop) -> int:
    """A recording that waits to be fetched, and is due."""

    def expected(session: Session) -> Recording:
        call = factories.call(session, factories.line(session))
        return factories.recording(session, call, state=RecordingState.EXPECTED, store_key=None)

    made = workshop.make(expected)
    with workshop.context.sessions.begin() as session:
        outbox.ask(session, Work.FETCH_RECORDING, made, NOW)
    return made


def work_off(workshop: Workshop, redis: Redis) -> None:
    """A real worker as ours are, in this process, until its queue is empty."""
    perform.install(workshop.context)
    ours = {"connection": redis, "serializer": SERIALIZER, "job_class": OutboxJob}
    SimpleWorker([queue(redis, "io")], **ours).work(burst=True, logging_level="WARNING")


def foreign(redis: Redis) -> Queue:
    """The same queue in the hands of somebody else."""
    return Queue("io", connection=redis, serializer=SERIALIZER)


def test_only_our_own_work_is_called(workshop: Workshop, redis: Redis, recording_id: int, tmp_path: Path) -> None:
    trace = tmp_path / "run"
    foreign(redis).enqueue("os.system", f"touch {trace}")
    foreign(redis).enqueue("os.mkdir", str(trace))
    send_due(workshop.context, redis)

    work_off(workshop, redis)

    assert not trace.exists()
    assert workshop.get(Recording, recording_id).state == RecordingState.STORED
    assert waiting(redis) == frozenset()


@pytest.mark.parametrize("arguments", [(), ("1",), (1, 2), (True,), (None,)])
def test_our_own_work_takes_one_id(workshop: Workshop, redis: Redis, arguments: tuple[object, ...]) -> None:
    job = foreign(redis).enqueue("worker.perform.perform", args=arguments)

    work_off(workshop, redis)

    assert job.get_status(refresh=True) == "queued"


@pytest.mark.parametrize("moment", ["success", "failure", "stopped"])
def test_a_callback_in_the_dress_of_our_work_is_not_read(redis: Redis, moment: str) -> None:
    job = foreign(redis).enqueue("worker.perform.perform", 4711)
    redis.hset(job.key, f"{moment}_callback_name", "os.system")

    read = OutboxJob.fetch(job.id, connection=redis, serializer=SERIALIZER)

    assert read.args == [4711]
    assert getattr(read, f"{moment}_callback") is None


@pytest.mark.parametrize(
    "content", [{"data": b"\x00"}, {"data": b"[]"}, {"data": b"{}", "created_at": b"x"}, {"x": "y"}]
)
def test_what_is_no_job_is_passed_over(
    workshop: Workshop, redis: Redis, recording_id: int, content: dict[str, bytes]
) -> None:
    redis.hset("rq:job:odd", mapping=content)
    redis.rpush("rq:queue:io", "odd")
    send_due(workshop.context, redis)

    work_off(workshop, redis)

    assert workshop.get(Recording, recording_id).state == RecordingState.STORED


@pytest.mark.parametrize("key", ["rq:queue:io", "rq:queue:io:intermediate", "rq:workers", "rq:wip:io", "rq:queues"])
def test_a_value_in_a_queues_place_is_cleared_away(
    workshop: Workshop, redis: Redis, recording_id: int, key: str
) -> None:
    redis.set(key, "none of yours")
    send_due(workshop.context, redis)
    workshop.clock.at += factories.LATER - NOW

    send_lost_again(workshop.context, redis)
    work_off(workshop, redis)

    assert workshop.get(Recording, recording_id).state == RecordingState.STORED
