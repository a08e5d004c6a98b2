"""The way between outbox and workers: Redis queues that may lose everything, since the outbox sends it again."""

from collections.abc import Iterable
from dataclasses import dataclass

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue

from hotline.logs import get_log
from hotline.models import Work
from worker.jobs import JOBS, QUEUES

log = get_log(__name__)

SERIALIZER = "json"  # pickle, RQ's default, would run the code of whoever can write to Redis
_KEEP_FAILED_S = 3600


@dataclass(frozen=True)
class Parcel:
    """An outbox entry as a queue carries it; each try is a job of its own name."""

    entry_id: int
    tries: int
    work: Work

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
            _queue(redis, job.queue).enqueue_call(
                "worker.perform.perform",
                args=(parcel.entry_id,),
                job_id=parcel.job_id,
                timeout=job.limit_s,
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
    return frozenset(job_id for name in QUEUES for job_id in _queue(redis, name).job_ids)


def _queue(redis: Redis, name: str) -> Queue:
    return Queue(name, connection=redis, serializer=SERIALIZER)
