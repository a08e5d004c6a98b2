"""The worker processes: `python -m worker.main io|speech|clock`."""

import argparse
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import psycopg
from redis import Redis
from rq import Worker

from hotline.logs import configure_logs, get_log
from hotline.settings import Settings
from speech.recognizer import Recognizer
from worker import perform
from worker.context import Context, make_context
from worker.queue import SERIALIZER, OutboxJob, connect
from worker.queue import queue as queue_of
from worker.schedule import SCHEDULE, Periodic, Timetable

log = get_log(__name__)

_PR_SET_PDEATHSIG = 1
# A child that dies at once, again and again, is not forked faster than this.
_FORK_EVERY_S = 1.0
_END = frozenset({signal.SIGTERM, signal.SIGINT})


def main(arguments: list[str] | None = None) -> int:
    """Run one kind of process until it is told to end."""
    parser = argparse.ArgumentParser(prog="python -m worker.main", description=__doc__)
    parser.add_argument("kind", choices=["io", "speech", "clock"])
    kind = parser.parse_args(arguments).kind
    settings = Settings.from_env()
    configure_logs(settings.log_level)
    if kind == "clock":
        run_clock(make_context(settings))
    elif kind == "io":
        run_workers("io", make_context(settings), settings.io_processes)
    else:
        # Loaded before the fork: every child shares the model's memory with this process.
        recognizer = Recognizer.load(settings.speech_model_path)
        run_workers("speech", make_context(settings, recognizer), settings.speech_processes or os.cpu_count() or 1)
    return 0


def run_workers(queue: str, context: Context, count: int) -> None:
    """Keep `count` children at work on one queue until told to end; each forks again for every job.

    Signals are blocked and waited for: none arrives between two steps, so that no child is forked and then forgotten,
    and none is signalled that is gone. A child that ended keeps its number until it is reaped here.
    """
    perform.install(context)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    signal.pthread_sigmask(signal.SIG_BLOCK, {*_END, signal.SIGCHLD})
    children = {_fork(queue, context) for _ in range(count)}
    is_ending = False
    while children:
        if signal.sigwait({*_END, signal.SIGCHLD}) in _END:
            is_ending = True
            _tell_to_end(children)
        ended = _reaped()
        children -= ended
        if ended and not is_ending:
            log.warning("a worker ended and is started again", queue=queue, count=len(ended))
            is_ending = signal.sigtimedwait(_END, _FORK_EVERY_S) is not None
            if is_ending:
                _tell_to_end(children)
            else:
                children |= {_fork(queue, context) for _ in ended}


def _tell_to_end(children: Iterable[int]) -> None:
    for child in children:
        os.kill(child, signal.SIGTERM)


def _reaped() -> set[int]:
    """The children that ended since the last time."""
    ended: set[int] = set()
    with suppress(ChildProcessError):  # there is none left
        while (pid := os.waitpid(-1, os.WNOHANG)[0]) != 0:
            ended.add(pid)
    return ended


def _fork(queue: str, context: Context) -> int:
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    _end_with(parent)
    for number in (*_END, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {*_END, signal.SIGCHLD})
    _work(queue, context)
    os._exit(0)


def _end_with(parent: int) -> None:
    """Ask the kernel for SIGTERM when the parent dies, even if it is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os._exit(0)


def _work(queue: str, context: Context) -> None:
    redis = connect(context.settings.redis_url.get_secret_value())
    worker = Worker(
        [queue_of(redis, queue)],
        connection=redis,
        serializer=SERIALIZER,
        job_class=OutboxJob,
        worker_ttl=30,
        job_monitoring_interval=5,
        maintenance_interval=20,
        log_job_description=False,
    )
    worker.work(logging_level="WARNING")


def run_clock(context: Context) -> None:
    """Send work the moment it is asked for, and do what is due, until told to end."""
    ending: list[int] = []
    _on_end(ending.append)
    redis = connect(context.settings.redis_url.get_secret_value())
    timetable = Timetable(SCHEDULE)
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="slow") as pool:
        slow = _Beside(pool)
        while not ending:
            try:
                _listen(context, redis, timetable, slow, ending)
            except psycopg.OperationalError as error:
                log.warning("the database is away", error=type(error).__name__)
                signal.sigtimedwait([], _FORK_EVERY_S)


def _listen(context: Context, redis: Redis, timetable: Timetable, slow: "_Beside", ending: list[int]) -> None:
    """Go through the timetable; a new outbox row wakes it before time."""
    with psycopg.connect(_libpq(context), autocommit=True) as connection:
        connection.execute("listen outbox")
        while not ending:
            for task in timetable.due():
                if task.is_slow:
                    slow.do(task, context, redis)
                else:
                    _do(task, context, redis)
            if any(True for _ in connection.notifies(timeout=timetable.wait_s(), stop_after=1)):
                _do(SCHEDULE[0], context, redis)


class _Beside:
    """Slow work, one task after the other; a task that is waiting or running is not asked for a second time."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool
        self._asked: dict[Periodic, Future[None]] = {}

    def do(self, task: Periodic, context: Context, redis: Redis) -> None:
        """Do it when its turn comes, unless its last time is not over."""
        last = self._asked.get(task)
        if last is None or last.done():
            self._asked[task] = self._pool.submit(_do, task, context, redis)


def _do(task: Periodic, context: Context, redis: Redis) -> None:
    """One task's failure is told, and ends neither the others nor the process."""
    try:
        task.run(context, redis)
    except Exception:
        log.exception("periodic work failed", task=task.name)


def _on_end(tell: Callable[[int], Any]) -> None:
    for number in _END:
        signal.signal(number, lambda got, _frame: tell(got))


def _libpq(context: Context) -> str:
    return context.settings.sqlalchemy_url.replace("postgresql+psycopg://", "postgresql://", 1)


if __name__ == "__main__":
    sys.exit(main())
