"""Facts as a statistical model weighs them: the model is data that anybody can read, its use a sum of weights."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speech.understand.lexicon import Span
from speech.understand.signs import Signs

BASE = Path(__file__).parent / "base_model"
CASES = BASE / "cases"
# The value of a fact that has none.
NOTHING = "-"
EMERGENCY = "emergency"
# So much like an emergency that somebody must look at once, though it is likelier something else: 97 in 100 of the
# labelled emergencies lie above or are named by a rule, by models that were not made from them; 6 in 100 others do.
_LIKE_AN_EMERGENCY = -0.3
MORE_LIKELY_THAN_NOT = 0.5
_FORMAT = 2
_MOST_STRETCHES = 3
_LONGEST_STRETCH = 14
# What a weight must be to be told from nothing.
_LEAST = 0.015
# What adds less than this share of what the most telling character adds is no evidence.
_TELLING = 0.4

Weights = NDArray[np.float32]


class NotAModelError(ValueError):
    """What should be a model of understanding cannot be read as one; names the line."""


@dataclass(frozen=True)
class Verdict:
    """The value of a fact, how likely each value is (0..1), and the words that spoke most for it.

    `is_like_an_emergency` says of the urgency that life may be at risk, whatever is likeliest.
    """

    value: str
    likely: Mapping[str, float]
    spans: tuple[Span, ...]
    is_like_an_emergency: bool = False

    @property
    def confidence(self) -> float:
        return self.likely[self.value]


@dataclass(frozen=True)
class Column:
    """One fact: its values, the weight that each has without any sign, and how steeply weights become likelihoods.

    What the rules found has `ruled` more weight. Of a fact with `several` values each is likely or not by itself.
    """

    values: tuple[str, ...]
    intercepts: tuple[float, ...]
    steepness: float
    several: bool = False
    ruled: float = 0.0


@dataclass(frozen=True)
class Learned:
    """For each sign the weights that it gives the values of the facts, side by side in the order of `columns`."""

    columns: Mapping[str, Column]
    rows: Mapping[str, int]
    weights: Weights

    def weigh(self, signs: Signs) -> Weighing:
        """A text's signs, ready to be asked about each fact."""
        known = [(at, self.rows[name]) for at, name in enumerate(signs.names) if name in self.rows]
        places = [at for at, _ in known]
        given = self.weights[[row for _, row in known]] * np.array(signs.weights, np.float32)[places].reshape(-1, 1)
        return Weighing(self, given, np.array(signs.spans, np.int64).reshape(-1, 2)[places])

    @cached_property
    def firsts(self) -> Mapping[str, int]:
        """Where the columns of each fact begin."""
        widths = [len(column.values) for column in self.columns.values()]
        return dict(zip(self.columns, np.cumsum([0, *widths]).tolist(), strict=False))


@dataclass(frozen=True)
class Weighing:
    """What each known sign of a text gives each value, and where in the text it stands (begin, end)."""

    model: Learned
    given: Weights
    places: NDArray[np.int64]

    def verdict(self, fact: str, ruled: str | None = None) -> Verdict:
        """The likeliest value of a fact that has one; `ruled` is that of the rules."""
        column, given = self._of(fact)
        by_rule = np.array([column.ruled * (value == ruled) for value in column.values])
        sums = dict(zip(column.values, (given.sum(axis=0) + column.intercepts + by_rule).tolist(), strict=True))
        likely = _shares(np.array(list(sums.values())) * column.steepness)
        best = int(likely.argmax())
        others = (given.sum(axis=1) - given[:, best]) / (len(column.values) - 1)
        spans = self._telling(given[:, best] - others)
        told = dict(zip(column.values, likely.tolist(), strict=True))
        return Verdict(column.values[best], told, spans, sums.get(EMERGENCY, -1.0) > _LIKE_AN_EMERGENCY)

    def several(self, fact: str, ruled: Collection[str]) -> list[Verdict]:
        """Each value of a fact that is likelier than not; `ruled` are those for which there is a rule's word."""
        column, given = self._of(fact)
        by_rule = np.array([column.ruled * (value in ruled) for value in column.values])
        likely = _likely((given.sum(axis=0) + column.intercepts + by_rule) * column.steepness)
        return [
            Verdict(column.values[at], {column.values[at]: float(likely[at])}, self._telling(given[:, at]))
            for at in np.flatnonzero(likely >= MORE_LIKELY_THAN_NOT).tolist()
        ]

    def _of(self, fact: str) -> tuple[Column, Weights]:
        column, first = self.model.columns[fact], self.model.firsts[fact]
        return column, self.given[:, first : first + len(column.values)]

    def _telling(self, given: Weights) -> tuple[Span, ...]:
        """The stretches of text whose signs speak most for a value: what each gives is shared by its characters."""
        lengths = self.places[:, 1] - self.places[:, 0]
        end = int(self.places[:, 1].max(initial=0))
        each = given / np.maximum(lengths, 1)
        # What begins and what ends at each character, summed up from left to right.
        steps = np.bincount(self.places[:, 0], each, end + 1) - np.bincount(self.places[:, 1], each, end + 1)
        by_character = np.cumsum(steps)[:end]
        if not end or by_character.max() <= 0:
            return ()
        stretches = [part for begin, stop in _runs(by_character) for part in _cut(begin, stop)]
        ranked = sorted(stretches, key=lambda span: -float(by_character[span.start : span.end].sum()))
        return tuple(sorted(ranked[:_MOST_STRETCHES], key=lambda span: span.start))


def _shares(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    raised = np.exp(scores - scores.max())
    return np.asarray(raised / raised.sum(), np.float64)


def _likely(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-np.clip(scores, -50, 50))), np.float64)


def _runs(by_character: NDArray[np.float64]) -> list[tuple[int, int]]:
    kept = by_character >= _TELLING * by_character.max()
    edges = np.flatnonzero(np.diff(np.concatenate(([0], kept.astype(np.int8), [0]))))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _cut(start: int, stop: int) -> Iterable[Span]:
    return (Span(at, min(at + _LONGEST_STRETCH, stop)) for at in range(start, stop, _LONGEST_STRETCH))


@cache
def base(kind: str = "requests") -> Learned:
    """The model that comes with the service, for requests, or answers to a `survey` or an `outreach` call."""
    return read((BASE / f"{kind}.tsv").read_text(encoding="utf-8"))


def write(model: Learned) -> str:
    """The model as text: a line of JSON about its columns, then a line for each sign with its weights, parted by tabs.

    A weight is written as the number of its column and what it weighs, `3:-.12`. What hardly weighs anything is left
    out: of many such nothing but noise comes.
    """
    lines: list[str] = []
    for name, row in sorted(model.rows.items()):
        weights = model.weights[row]
        told = [f"{at}:{_written(weights[at])}" for at in np.flatnonzero(np.abs(weights) >= _LEAST).tolist()]
        if told:
            lines.append("\t".join([json.dumps(name, ensure_ascii=False)[1:-1], *told]))
    facts = {name: _head(column) for name, column in model.columns.items()}
    head = {"format": _FORMAT, "signs": len(lines), "facts": facts}
    return "\n".join([json.dumps(head, ensure_ascii=False), *lines]) + "\n"


def _head(column: Column) -> dict[str, Any]:
    return {
        "values": column.values,
        "intercepts": [round(each, 4) for each in column.intercepts],
        "steepness": round(column.steepness, 4),
        "several": column.several,
        "ruled": round(column.ruled, 4),
    }


def _written(weight: float) -> str:
    return f"{weight:.2f}".rstrip("0").replace("0.", ".", 1)


def read(text: str) -> Learned:
    """What `write` wrote.

    Raises:
        NotAModelError: naming the line.
    """
    # Not splitlines: a sign may hold one of the rarer characters at which that parts lines.
    first, *lines = text.removesuffix("\n").split("\n")
    columns = _columns(first, len(lines))
    width = sum(len(column.values) for column in columns.values())
    places = {str(at): at for at in range(width)}
    rows: dict[str, int] = {}
    weights = np.zeros((len(lines), width), np.float32)
    for row, line in enumerate(lines):
        try:
            name, *told = line.split("\t")
            rows[_name(name)] = row
            for each in told:
                at, weight = each.split(":")
                weights[row, places[at]] = float(weight)
        except (ValueError, KeyError) as error:
            raise NotAModelError(f"line {row + 2}: {error}") from error
    if len(rows) != len(lines) or not np.isfinite(weights).all():
        raise NotAModelError("a sign stands twice, or a weight is no number")
    return Learned(columns, rows, weights)


def _name(written: str) -> str:
    return str(json.loads(f'"{written}"')) if "\\" in written else written


def _columns(line: str, signs: int) -> dict[str, Column]:
    try:
        head: dict[str, Any] = json.loads(line)
        written, told = head["format"], head.get("signs")
        columns = {name: _column(**entry) for name, entry in head["facts"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotAModelError(f"line 1: {error!r}") from error
    if written != _FORMAT:
        raise NotAModelError(f"line 1: format {written} is unknown")
    if told != signs:
        raise NotAModelError(f"line 1: {told} signs are announced, there are {signs}")
    return columns


def _column(
    *, values: list[str], intercepts: list[float], steepness: float, several: bool = False, ruled: float = 0.0
) -> Column:
    column = Column(tuple(values), tuple(map(float, intercepts)), float(steepness), bool(several), float(ruled))
    numbers = (*column.intercepts, column.steepness, column.ruled)
    are_named = all(isinstance(value, str) for value in values) and len(set(values)) == len(values)
    if not are_named or len(values) != len(intercepts) or not np.isfinite(numbers).all():
        raise ValueError("values and intercepts do not fit")
    if not several and len(values) < 2:  # noqa: PLR2004 - a choice
        raise ValueError("there is nothing to choose from")
    return column
