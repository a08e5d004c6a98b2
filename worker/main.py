"""The worker processes: `python -m worker.main io|speech|clock`."""

import argparse
import signal
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import psycopg
from redis import Redis

from hotline.logs import configure_logs, get_log
from hotline.settings import Settings
from worker import crew, speech
from worker.context import Context, make_context
from worker.queue import connect
from worker.schedule import SCHEDULE, Periodic, Timetable

log = get_log(__name__)

_AGAIN_S = 1.0


def main(arguments: list[str] | None = None) -> int:
    """Run one kind of process until it is told to end."""
    asked = _parser().parse_args(arguments)
    settings = Settings.from_env()
    configure_logs(settings.log_level)
    context = make_context(settings)
    if asked.kind == "clock":
        run_clock(context)
    elif asked.kind == "io":
        crew.run("io", context, settings.io_processes)
    elif asked.is_trial:
        return speech.try_out(context)
    else:
        speech.run(context, crew.Inherited(asked.old, asked.told))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m worker.main", description=__doc__)
    parser.add_argument("kind", choices=["io", "speech", "clock"])
    # What the parent of the speech processes asks of itself.
    parser.add_argument("--try", dest="is_trial", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--old", type=_numbers, default=frozenset(), help=argparse.SUPPRESS)
    parser.add_argument("--told", type=_numbers, default=frozenset(), help=argparse.SUPPRESS)
    return parser


def _numbers(said: str) -> frozenset[int]:
    return frozenset(int(number) for number in said.split(",") if number)


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
                signal.sigtimedwait([], _AGAIN_S)


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
    for number in crew.END:
        signal.signal(number, lambda got, _frame: tell(got))


def _libpq(context: Context) -> str:
    return context.settings.sqlalchemy_url.replace("postgresql+psycopg://", "postgresql://", 1)


if __name__ == "__main__":
    sys.exit(main())
