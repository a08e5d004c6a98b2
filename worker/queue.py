"""The way between outbox and workers: Redis queues that may lose everything, since the outbox sends it again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.exceptions import NoSuchJobError
from rq.job import Job

from hotline.logs import get_log
from hotline.models import Work
from worker.jobs import JOBS, QUEUES

log = get_log(__name__)

# Pickle, RQ's default, would run the code of whoever can write to Redis. So would JSON, if any name were called.
SERIALIZER = "json"
_PERFORM = "worker.perform.perform"
_KEEP_FAILED_S = 3600


class OutboxJob(Job):
    """A job that calls `worker.perform.perform` with the id of an outbox entry; for a worker there are no others.

    RQ would call any name that it reads, as the work, as a callback or by way of a retry.
    """

    def restore(self, raw_data: Mapping[bytes, bytes]) -> None:
        """Read what Redis holds.

        Raises:
            NoSuchJobError: it is no job of ours; RQ passes over it.
        """
        try:
            super().restore({key: value for key, value in raw_data.items() if key in _READ})
            call = (self.func_name, self.instance, self.kwargs, [type(argument) for argument in self.args])
            is_limited = self.timeout is not None and self.timeout > 0
        except Exception as error:
            raise NoSuchJobError("unreadable") from error
        if call != (_PERFORM, None, {}, [int]) or not is_limited:
            log.warning("a job that is none of ours was passed over")
            raise NoSuchJobError("none of ours")


# What of a job is read: nothing that names something to call.
_READ = frozenset(
    {
        b"data",
        b"status",
        b"origin",
        b"description",
        b"timeout",
        b"result_ttl",
        b"failure_ttl",
        b"created_at",
        b"enqueued_at",
        b"started_at",
        b"ended_at",
        b"last_heartbeat",
        b"worker_name",
        b"exc_info",
    }
)


@dataclass(frozen=True)
class Parcel:
    """An outbox entry as a queue carries it; each try is a job of its own name."""

    entry_id: int
    tries: int
    work: Work
    limit_s: int

    @property
    def job_id(self) -> str:
        """The name of the try: sent twice, it is one job."""
        return f"outbox-{self.entry_id}-{self.tries}"


def connect(url: str) -> Redis:
    """A connection to Redis; it is made when first used."""
    return Redis.from_url(url, socket_connect_timeout=3)


def send(redis: Redis, parcels: Iterable[Parcel]) -> None:
    """Put work into its queues. What cannot be sent is found missing by the sweep and sent again."""
    for parcel in parcels:
        job = JOBS[parcel.work]
        try:
            queue(redis, job.queue).enqueue_call(
                _PERFORM,
                args=(parcel.entry_id,),
                job_id=parcel.job_id,
                timeout=parcel.limit_s,
                result_ttl=0,
                failure_ttl=_KEEP_FAILED_S,
                description=parcel.work.value,
            )
        except RedisError as error:
            log.warning("work could not be queued", entry_id=parcel.entry_id, error=type(error).__name__)
            return


def waiting(redis: Redis) -> frozenset[str]:
    """The names of the jobs that no worker has taken yet, of all queues.

    The queues themselves are looked at, not the state that a job says it has: a worker that dies between taking a
    job and saying so leaves one behind that calls itself queued for ever.
    """
    _clear_what_is_none(redis)
    return frozenset(job_id for name in QUEUES for job_id in queue(redis, name).job_ids)


def queue(redis: Redis, name: str) -> Queue:
    """The queue of that name, for those who fill it and those who empty it."""
    return Queue(name, connection=redis, serializer=SERIALIZER, job_class=OutboxJob)


def _clear_what_is_none(redis: Redis) -> None:
    """A value of another kind under a queue's name would end every worker that asks for it, again and again."""
    for key, kind in _kinds().items():
        if redis.type(key) not in {kind, _NOTHING}:
            redis.delete(key)
            log.error("Redis held something else in place of a queue: removed", key=key)


_NOTHING = b"none"


def _kinds() -> dict[str, bytes]:
    everywhere = {"rq:queues": b"set", "rq:workers": b"set"}
    for name in QUEUES:
        everywhere |= {f"rq:queue:{name}": b"list", f"rq:queue:{name}:intermediate": b"list"}
        everywhere |= {f"rq:workers:{name}": b"set"}
        everywhere |= {f"rq:{registry}:{name}": b"zset" for registry in ("wip", "finished", "failed")}
    return everywhere
