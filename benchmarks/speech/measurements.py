"""Everything that is measured of hearing, by name; each measurement is a module of this folder with `figures`."""

from collections.abc import Callable, Iterable, Mapping

from benchmarks.figures import Figure
from benchmarks.speech import (
    cer,
    confidence,
    cores,
    fuzz,
    growth,
    memory,
    names,
    not_mandarin,
    speed,
    throughput,
)

MEASUREMENTS: Mapping[str, Callable[[], Iterable[Figure]]] = {
    "cer": cer.figures,
    "confidence": confidence.figures,
    "not_mandarin": not_mandarin.figures,
    "names": names.figures,
    "speed": speed.figures,
    "throughput": throughput.figures,
    "cores": cores.figures,
    "memory": memory.figures,
    "growth": growth.figures,
    "fuzz": fuzz.figures,
}
