"""Whether a recording of three hours costs per second what one of a minute costs, and no more memory."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.figures import Figure, at_most
from benchmarks.speech import apart, calls
from speech.recognizer import Recognizer

# How long a recording is, by name, and how often it is heard: the longest one once.
MINUTES = {"1 min": (1, 15), "10 min": (10, 3), "1 h": (60, 1), "3 h": (180, 1)}
_LIMIT_S = 3600
_MB_IN_MIB = 1.048576


def figures() -> Iterator[Figure]:
    recognizer = Recognizer.load(calls.MODEL)
    minute = calls.speech(60)
    costs: dict[str, float] = {}
    peaks: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, (minutes, times) in MINUTES.items():
            path = calls.write(Path(folder) / "call.wav", minute, minutes)
            heard = [_heard(recognizer, path) for _ in range(times)]
            costs[name] = median(cost for cost, _ in heard)
            peaks[name] = max(peak for _, peak in heard)
    yield Figure(
        "time for a second of sound, the most of 10 min, 1 h, 3 h over 1 min",
        max(costs[name] for name in MINUTES if name != "1 min") / costs["1 min"],
        "x",
        at_most(1.1),
        {f"{name}, ms": 1000 * cost for name, cost in costs.items()},
        "A long recording costs less per second: Vosk remembers what it has put together of its graph.",
    )
    more = peaks["3 h"] - peaks["1 min"]
    yield Figure(
        "memory of 3 h above that of 1 min",
        more,
        "MB",
        at_most(60),
        {f"{name}, MB": peak for name, peak in peaks.items()},
        "The words themselves, and what Vosk puts together of its graph: more of it the more is said, up to a limit.",
    )


def _heard(recognizer: Recognizer, path: Path) -> tuple[float, float]:
    """Seconds of the processor for a second of sound, and the most memory of the process that heard it."""

    def hear() -> float:
        start = time.process_time()
        transcript = recognizer.transcribe(path)
        return (time.process_time() - start) / transcript.duration_s

    outcome = apart.run(hear, _LIMIT_S)
    if outcome.answer is None:
        raise RuntimeError(f"Hearing {path} ended with signal {outcome.signal}.")
    return float(outcome.answer), outcome.peak_mib * _MB_IN_MIB
