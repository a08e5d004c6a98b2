"""What is measured of hearing; each measurement is a module of this folder with a `measure`."""

from collections.abc import Callable, Iterable, Mapping

from benchmarks.figures import Figure
from benchmarks.speech import cer

MEASUREMENTS: Mapping[str, Callable[[], Iterable[Figure]]] = {
    "cer": cer.figures,
}
