"""How much faster two speech processes are than one, on the worker's real path."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.figures import Figure, at_least
from benchmarks.speech import calls
from benchmarks.speech.workplace import workplace

CALLS, ROUNDS, SECONDS = 20, 5, 20


def figures() -> Iterator[Figure]:
    taken: dict[int, list[float]] = {1: [], 2: []}
    with tempfile.TemporaryDirectory() as folder, workplace() as place:
        call = Path(folder) / "call.wav"
        call.write_bytes(calls.file_of(calls.speech(SECONDS)).getvalue())
        for _ in range(ROUNDS):
            for count, times in taken.items():
                with place.processes(count):
                    place.transcribe(call, count)
                    times.append(place.transcribe(call, CALLS))
    one, two = median(taken[1]), median(taken[2])
    beside = {"one process, s": one, "two processes, s": two}
    yield Figure(
        f"{CALLS} calls of {SECONDS} s with two speech processes instead of one", one / two, "x", at_least(1.8), beside
    )
