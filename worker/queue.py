"""The way between outbox and workers: Redis queues that may lose everything, since the outbox sends it again."""

from collections.abc import Iterable
from dataclasses import dataclass

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.exceptions import NoSuchJobError
from rq.job import Job as QueuedJob
from rq.job import JobStatus

from hotline.logs import get_log
from hotline.models import Work
from worker.jobs import JOBS

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
            Queue(job.queue, connection=redis, serializer=SERIALIZER).enqueue_call(
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


def is_queued(redis: Redis, parcel: Parcel) -> bool:
    """True while a queue holds the job and no worker has taken it."""
    try:
        job = QueuedJob.fetch(parcel.job_id, connection=redis, serializer=SERIALIZER)
    except NoSuchJobError:
        return False
    return bool(job.get_status(refresh=False) == JobStatus.QUEUED)
