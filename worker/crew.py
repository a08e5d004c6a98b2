"""The processes at work on one queue: forked from a parent that holds what they share, and replaced when need be."""

import ctypes
import faulthandler
import gc
import mmap
import os
import resource
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Protocol

from redis.exceptions import RedisError
from rq import Queue, SimpleWorker
from rq.job import Job

from hotline.logs import get_log
from worker import perform
from worker.context import Context
from worker.queue import SERIALIZER, OutboxJob, connect
from worker.queue import queue as queue_of

log = get_log(__name__)

END = frozenset({signal.SIGTERM, signal.SIGINT})
_AWAITED = {*END, signal.SIGCHLD}
_PR_SET_PDEATHSIG = 1
_LOOK_EVERY_S = 3.0
# A child that dies at once, again and again, is not forked faster than this.
_FORK_EVERY_S = 1.0
# What a child puts together for one job serves the next. It also takes memory that is its own: it ends after so many
# jobs, or once it has grown by so much.
JOBS_EACH = 12
_GROWTH_KIB = 64 * 1024
# RQ ends a job that takes too long, but not where Python is kept waiting by a library. So much later that ends, too.
_GRACE_S = 60


class Renewal(Protocol):
    """How a parent that holds something takes up what has changed in it."""

    def check(self) -> int | None:
        """The process that tries what has changed, when something has since the last look."""

    def is_ready(self, status: int) -> bool:
        """That process ended so: whether a new parent can be made."""

    def renew(self, children: Iterable[int], told: Iterable[int]) -> None:
        """It can be used: become a new parent of the same children, some told to end. Does not come back."""


def block_signals() -> None:
    """Signals are waited for: none arrives between two steps, so that no child is forked and then forgotten."""
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    signal.pthread_sigmask(signal.SIG_BLOCK, _AWAITED)


@dataclass(frozen=True)
class Inherited:
    """The children of an earlier program in this process, and those of them that it has told to end."""

    children: frozenset[int] = frozenset()
    told: frozenset[int] = frozenset()


NOBODY = Inherited()


def run(queue: str, context: Context, count: int, renewal: Renewal | None = None, old: Inherited = NOBODY) -> None:
    """Keep `count` children at work until told to end; each does a number of jobs and is replaced.

    `old` children end after their present job, each, and are replaced then.
    """
    block_signals()
    gc.collect()
    gc.freeze()  # a collection in a child would write to every page that it shares with the others
    presence = Presence()
    crew = _Crew(lambda: _fork(queue, context, presence), old)
    crew.tell(crew.children)
    crew.fork(max(count - len(crew.children), 0))
    while crew.children:
        number = _awaited(None if crew.is_ending else _LOOK_EVERY_S)
        if number in END:
            crew.end()
        elif number is None and renewal is not None:
            crew.trial = crew.trial or renewal.check()
        status = crew.reap()
        if renewal is not None and status is not None and not crew.is_ending and renewal.is_ready(status):
            presence.end()
            renewal.renew(crew.children, crew.told)


class Presence:
    """Whether the parent that forked is there to fork again: not while it becomes a new program, which takes long."""

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, 1)

    def end(self) -> None:
        self._shared[0] = 1

    @property
    def is_there(self) -> bool:
        return self._shared[0] == 0


class _Crew:
    """The children, and what becomes of those that ended. A child keeps its number until it is reaped here."""

    def __init__(self, fork: Callable[[], int], old: Inherited) -> None:
        self.children = set(old.children)
        self.told = set(old.told)
        self.is_ending = False
        self.trial: int | None = None
        self._fork = fork
        self._leaving = set(old.children)

    def fork(self, count: int) -> None:
        self.children |= {self._fork() for _ in range(count)}

    def tell(self, children: Iterable[int]) -> None:
        """Let them end after their present job. Each is told once: told twice, RQ kills the job."""
        for child in set(children) - self.told:
            os.kill(child, signal.SIGTERM)
            self.told.add(child)

    def end(self) -> None:
        self.is_ending = True
        self.tell(self.children)
        if self.trial is not None:
            os.kill(self.trial, signal.SIGKILL)

    def reap(self) -> int | None:
        """Replace those that ended; how a trial ended, where one did."""
        ended = _reaped()
        gone = {child: ended[child] for child in self.children & ended.keys()}
        self.children -= gone.keys()
        self.told -= gone.keys()
        if not self.is_ending:
            self._replace(gone)
        if self.trial is None or self.trial not in ended:
            return None
        status = ended[self.trial]
        self.trial = None
        return status

    def _replace(self, gone: Mapping[int, int]) -> None:
        unexpected = {child for child, status in gone.items() if status != 0} - self._leaving
        self.fork(len(gone) - len(unexpected))
        self._leaving -= gone.keys()
        if unexpected:
            log.warning("a worker ended and is started again", count=len(unexpected))
            if signal.sigtimedwait(END, _FORK_EVERY_S) is None:
                self.fork(len(unexpected))
            else:
                self.end()


def _awaited(for_s: float | None) -> int | None:
    """The signal that came; None when none did in that time."""
    if for_s is None:
        return signal.sigwait(_AWAITED)
    found = signal.sigtimedwait(_AWAITED, for_s)
    return found.si_signo if found else None


def _reaped() -> dict[int, int]:
    """The children that ended since the last time, and how."""
    ended: dict[int, int] = {}
    with suppress(ChildProcessError):  # there is none left
        while (found := os.waitpid(-1, os.WNOHANG))[0] != 0:
            ended[found[0]] = os.waitstatus_to_exitcode(found[1])
    return ended


def _fork(queue: str, context: Context, presence: Presence) -> int:
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    _end_with(parent)
    for number in _AWAITED:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _AWAITED)
    try:
        has_worked = _work(queue, context, presence)
    except BaseException:
        # As when Redis goes away under a job. Nothing here may climb into what the parent was doing.
        log.exception("a worker ended in disorder")
        os._exit(1)
    os._exit(0 if has_worked else 1)


def _end_with(parent: int) -> None:
    """Ask the kernel for SIGTERM when the parent dies, even if it is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os._exit(0)


def _work(queue: str, context: Context, presence: Presence) -> bool:
    """Do a child's share of jobs; False when it ended before the first."""
    perform.install(context.for_one_process())
    redis = connect(context.settings.redis_url.get_secret_value())
    worker = OneProcessWorker(
        [queue_of(redis, queue)],
        connection=redis,
        serializer=SERIALIZER,
        job_class=OutboxJob,
        worker_ttl=30,
        maintenance_interval=20,
        log_job_description=False,
    )
    worker.presence = presence
    return worker.work(logging_level="WARNING")


class OneProcessWorker(SimpleWorker):
    """Does its jobs in this process, none for ever, and ends after its share, where somebody can replace it."""

    presence: Presence

    def execute_job(self, job: Job, queue: Queue) -> None:
        """As RQ does it, under watch."""
        with watched((job.timeout or 0) + _GRACE_S):
            super().execute_job(job, queue)
        self._done += 1
        if self.presence.is_there and (self._done >= JOBS_EACH or _most_memory_kib() - self._at_first > _GROWTH_KIB):
            self._stop_requested = True

    def set_shutdown_requested_date(self) -> None:
        """Note it in Redis, if that is there: this runs in the middle of a job, which knows nothing of Redis."""
        with suppress(RedisError):
            super().set_shutdown_requested_date()  # type: ignore[no-untyped-call]  # RQ gives it no types

    def teardown(self) -> None:
        """Sign off; who is told to end meanwhile does nothing else."""
        for number in END:
            signal.signal(number, signal.SIG_IGN)
        super().teardown()  # type: ignore[no-untyped-call]  # RQ gives it no types

    def bootstrap(self, *arguments: Any, **named: Any) -> None:
        super().bootstrap(*arguments, **named)
        self._done, self._at_first = 0, _most_memory_kib()


def _most_memory_kib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@contextmanager
def watched(limit_s: float) -> Iterator[None]:
    """End this process, telling where it was, if it is still inside then: also where no signal is handled."""
    faulthandler.dump_traceback_later(limit_s, exit=True)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
