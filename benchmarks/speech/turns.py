"""Compares times: each way is tried in turn, again and again, and the medians are compared.

It is the processor's time of this process that counts. For work in one thread that is how long it takes, and others who
are at work on the machine disturb it less.
"""

import time
from collections.abc import Callable, Mapping
from statistics import median


def medians_s(ways: Mapping[str, Callable[[], object]], rounds: int = 7) -> dict[str, float]:
    """The median of the processor's seconds that each way takes; the first round only warms up."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds + 1):
        for name, way in ways.items():
            start = time.process_time()
            way()
            if turn:
                taken[name].append(time.process_time() - start)
    return {name: median(times) for name, times in taken.items()}
