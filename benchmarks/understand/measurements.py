"""Everything that is measured of understanding, by name; each measurement is a module of this folder with `figures`."""

from collections.abc import Callable, Iterable, Mapping

from benchmarks.figures import Figure
from benchmarks.understand import accuracy, gazetteer

MEASUREMENTS: Mapping[str, Callable[[], Iterable[Figure]]] = {
    "accuracy": accuracy.figures,
    "spoken": accuracy.figures_spoken,
    "gazetteer": gazetteer.figures,
}
