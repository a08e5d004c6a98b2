"""Facts as a statistical model weighs them: the model is data that anybody can read, its use a sum of weights."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speech.understand.lexicon import Span
from speech.understand.signs import Sign

BASE = Path(__file__).parent / "base_model" / "weights.tsv"
EMERGENCY = "emergency"
# So likely an emergency that somebody must look at once, though it is likelier something else.
LIKE_AN_EMERGENCY = 0.15
_FORMAT = 1
_MOST_STRETCHES = 3
_LONGEST_STRETCH = 14
# What adds less than this share of what the most telling character adds is no evidence.
_TELLING = 0.4

Weights = NDArray[np.float32]


class NotAModelError(ValueError):
    """What should be a model of understanding cannot be read as one; names the line."""


@dataclass(frozen=True)
class Verdict:
    """The value of a fact, how likely each value is (0..1), and the words that spoke most for it."""

    value: str
    likely: Mapping[str, float]
    spans: tuple[Span, ...]

    @property
    def confidence(self) -> float:
        return self.likely[self.value]


@dataclass(frozen=True)
class Column:
    """One fact: its values, the weight that each has without any sign, and how steeply weights become likelihoods."""

    values: tuple[str, ...]
    intercepts: tuple[float, ...]
    steepness: float


@dataclass(frozen=True)
class Learned:
    """For each sign the weights that it gives the values of the facts, side by side in the order of `columns`."""

    columns: Mapping[str, Column]
    rows: Mapping[str, int]
    weights: Weights

    def verdict(self, fact: str, signs: Sequence[Sign]) -> Verdict:
        """The likeliest value of `fact`."""
        column, first = self.columns[fact], self._first(fact)
        known = [(sign, self.rows[sign.name]) for sign in signs if sign.name in self.rows]
        part = self.weights[[row for _, row in known], first : first + len(column.values)]
        given = part * np.array([[sign.weight] for sign, _ in known], np.float32).reshape(-1, 1)
        sums = given.sum(axis=0) + np.array(column.intercepts, np.float32)
        likely = _shares(sums * column.steepness)
        best = int(likely.argmax())
        others = (given.sum(axis=1) - given[:, best]) / (len(column.values) - 1)
        spans = _telling([sign.span for sign, _ in known], given[:, best] - others)
        return Verdict(column.values[best], dict(zip(column.values, map(float, likely), strict=True)), spans)

    def is_like_an_emergency(self, signs: Sequence[Sign]) -> bool:
        """Whether it is likely enough that life is at risk."""
        return self.verdict("urgency", signs).likely.get(EMERGENCY, 0.0) >= LIKE_AN_EMERGENCY

    def _first(self, fact: str) -> int:
        names = list(self.columns)
        return sum(len(self.columns[name].values) for name in names[: names.index(fact)])


def _shares(scores: Weights) -> Weights:
    raised = np.exp(scores - scores.max())
    return np.asarray(raised / raised.sum(), np.float32)


def _telling(spans: Sequence[Span], given: Weights) -> tuple[Span, ...]:
    """The stretches of text whose signs speak most for a value: what each sign gives is shared by its characters."""
    end = max((span.end for span in spans), default=0)
    by_character = np.zeros(end, np.float32)
    for span, gift in zip(spans, given, strict=True):
        if len(span):
            by_character[span.start : span.end] += gift / len(span)
    if not end or by_character.max() <= 0:
        return ()
    kept = by_character >= _TELLING * by_character.max()
    stretches = [part for start, stop in _runs(kept) for part in _cut(start, stop)]
    ranked = sorted(stretches, key=lambda span: -float(by_character[span.start : span.end].sum()))
    return tuple(sorted(ranked[:_MOST_STRETCHES], key=lambda span: span.start))


def _runs(kept: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([0], kept.astype(np.int8), [0]))))
    return [(int(start), int(stop)) for start, stop in zip(edges[::2], edges[1::2], strict=True)]


def _cut(start: int, stop: int) -> Iterable[Span]:
    return (Span(at, min(at + _LONGEST_STRETCH, stop)) for at in range(start, stop, _LONGEST_STRETCH))


@cache
def base() -> Learned:
    """The model that comes with the service."""
    return read(BASE.read_text(encoding="utf-8"))


def write(model: Learned) -> str:
    """The model as text: a line of JSON about its columns, then a line for each sign with its weights, by tabs."""
    head = {
        "format": _FORMAT,
        "facts": {
            name: {
                "values": column.values,
                "intercepts": [round(each, 4) for each in column.intercepts],
                "steepness": round(column.steepness, 4),
            }
            for name, column in model.columns.items()
        },
    }
    lines = [json.dumps(head, ensure_ascii=False)]
    for name, row in sorted(model.rows.items()):
        lines.append("\t".join([json.dumps(name, ensure_ascii=False)[1:-1], *map(_written, model.weights[row])]))
    return "\n".join(lines) + "\n"


def _written(weight: float) -> str:
    return f"{weight:.3f}".rstrip("0").rstrip(".").replace("-0.", "-.").removeprefix("0") or "0"


def read(text: str) -> Learned:
    """What `write` wrote.

    Raises:
        NotAModelError
    """
    # Not splitlines: a sign may hold one of the rarer characters at which that parts lines.
    first, *lines = text.removesuffix("\n").split("\n")
    columns = _columns(first)
    width = sum(len(column.values) for column in columns.values())
    rows: dict[str, int] = {}
    weights = np.zeros((len(lines), width), np.float32)
    for row, line in enumerate(lines):
        name, *numbers = line.split("\t")
        if len(numbers) != width:
            raise NotAModelError(f"line {row + 2}: {width} weights are needed")
        try:
            weights[row] = [float(number) for number in numbers]
            rows[json.loads(f'"{name}"')] = row
        except ValueError as error:
            raise NotAModelError(f"line {row + 2}: {error}") from error
    return Learned(columns, rows, weights)


def _columns(line: str) -> dict[str, Column]:
    try:
        head: dict[str, Any] = json.loads(line)
        written = head["format"]
        columns = {
            name: Column(tuple(entry["values"]), tuple(map(float, entry["intercepts"])), float(entry["steepness"]))
            for name, entry in head["facts"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotAModelError(f"line 1: {error!r}") from error
    if written != _FORMAT:
        raise NotAModelError(f"line 1: format {written} is unknown")
    return columns
