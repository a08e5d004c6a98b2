"""How much faster two cores are than one, with all that works on them: processes, database, queue."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

from benchmarks.figures import Figure, at_least
from benchmarks.speech import calls
from benchmarks.speech.workplace import Workplace, workplace

CALLS, ROUNDS, SECONDS = 60, 5, 20


def figures() -> Iterator[Figure]:
    if len(os.sched_getaffinity(0)) < 2:  # noqa: PLR2004 - two cores
        yield Figure("two cores instead of one", 0, "", None, {}, "This machine has one core.")
        return
    with tempfile.TemporaryDirectory() as folder, ExitStack() as places:
        call = Path(folder) / "call.wav"
        call.write_bytes(calls.file_of(calls.speech(SECONDS)).getvalue())
        work = {"one core": (1, 1), "two cores": (2, 2), "two cores, one speech process": (2, 1)}
        place_on = {cores: _place(places, cores) for cores in (1, 2)}
        taken: dict[str, list[float]] = {name: [] for name in work}
        for _ in range(ROUNDS):
            for name, (cores, processes) in work.items():
                taken[name].append(_taken_s(place_on[cores], cores, processes, call))
    medians = {name: median(times) for name, times in taken.items()}
    yield Figure(
        f"{CALLS} calls of {SECONDS} s on two cores instead of one, a speech process for each",
        medians["one core"] / medians["two cores"],
        "x",
        at_least(1.8),
        {f"{name}, s": value for name, value in medians.items()},
        "The database and the queue work on the same cores. One speech process leaves them the second.",
    )


def _place(places: ExitStack, cores: int) -> Workplace:
    """A workplace whose database and queue keep to so many cores."""
    with _only(cores):
        return places.enter_context(workplace())


def _taken_s(place: Workplace, cores: int, processes: int, call: Path) -> float:
    with _only(cores), place.processes(processes):
        place.transcribe(call, processes)
        return place.transcribe(call, CALLS)


@contextmanager
def _only(cores: int) -> Iterator[None]:
    """Whatever is started inside keeps to the first so many cores."""
    every = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(every)[:cores])
    try:
        yield
    finally:
        os.sched_setaffinity(0, every)
