"""What runs when, whatever happens: one table, counted in seconds of the machine's own time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import monotonic

from redis import Redis

from worker.context import Context
from worker.sweep import (
    ask_about_calls,
    ask_to_learn,
    list_uncleared,
    look_after_emergencies,
    look_after_rosters,
    reconcile_calls,
    reconcile_recordings,
    remove_unnamed_files,
    replay_journal,
    send_due,
    send_lost_again,
    supervise,
)


@dataclass(frozen=True)
class Periodic:
    """`is_slow` is work that asks the carrier or the store: it runs beside the rest, so that nothing waits for it."""

    name: str
    every_s: float
    run: Callable[[Context, Redis], None]
    is_slow: bool = False


SCHEDULE = (
    Periodic("send due work", 1, send_due),
    Periodic("send lost work again", 5, send_lost_again),
    Periodic("replay the journal", 10, lambda context, _redis: replay_journal(context)),
    Periodic("ask about calls", 60, lambda context, _redis: ask_about_calls(context), is_slow=True),
    Periodic("supervise", 15, lambda context, _redis: supervise(context)),
    Periodic("list what is not cleared", 60, lambda context, _redis: list_uncleared(context)),
    Periodic("ask to learn", 600, lambda context, _redis: ask_to_learn(context)),
    Periodic("look after emergencies", 15, lambda context, _redis: look_after_emergencies(context)),
    Periodic("look after rosters", 300, lambda context, _redis: look_after_rosters(context)),
    Periodic("reconcile calls", 600, lambda context, _redis: reconcile_calls(context), is_slow=True),
    Periodic("reconcile recordings", 600, lambda context, _redis: reconcile_recordings(context), is_slow=True),
    Periodic("remove unnamed files", 3600, lambda context, _redis: remove_unnamed_files(context), is_slow=True),
)


class Timetable:
    """Which tasks are due; at the start all of them."""

    def __init__(self, schedule: tuple[Periodic, ...], time: Callable[[], float] = monotonic) -> None:
        self._time = time
        self._due = dict.fromkeys(schedule, time())

    def due(self) -> Iterator[Periodic]:
        """Each task whose time has come; its next time counts from now, so nothing piles up."""
        for task, at in list(self._due.items()):
            if at <= self._time():
                self._due[task] = self._time() + task.every_s
                yield task

    def wait_s(self) -> float:
        """Seconds until the next task."""
        return max(min(self._due.values()) - self._time(), 0)
