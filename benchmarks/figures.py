"""A measured figure: its value, what it is compared with, and whether it is where it must be."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

_WHOLE_FROM = 1000


@dataclass(frozen=True)
class Bound:
    """Where a figure must be: at least or at most `limit`."""

    side: Literal["at least", "at most"]
    limit: float

    def holds(self, value: float) -> bool:
        return value >= self.limit if self.side == "at least" else value <= self.limit


@dataclass(frozen=True)
class Figure:
    """One line of the table.

    `beside` holds what the value was made from or compared with in the same run, by name: a ratio names the two
    times that it divides. `note` explains what a reader would stumble over.
    """

    what: str
    value: float
    unit: str = ""
    bound: Bound | None = None
    beside: Mapping[str, float] = field(default_factory=dict)
    note: str = ""

    @property
    def verdict(self) -> str:
        """`ok`, `MISSED`, or nothing where nothing is asked for."""
        if self.bound is None:
            return ""
        return "ok" if self.bound.holds(self.value) else "MISSED"

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "verdict": self.verdict}


def at_least(limit: float) -> Bound:
    return Bound("at least", limit)


def at_most(limit: float) -> Bound:
    return Bound("at most", limit)


def line(figure: Figure) -> str:
    """The figure as a line of the printed table."""
    what, value, asked, verdict, beside = _cells(figure.as_dict())
    parts = f"{what:58} {value:>14}  {asked:15} {verdict:6} {beside}".rstrip()
    return f"{parts}\n    {figure.note}" if figure.note else parts


def row(figure: Mapping[str, Any]) -> str:
    """The figure, as it was kept in JSON, as a row of a Markdown table."""
    return f"| {' | '.join(_cells(figure))} |"


def _cells(figure: Mapping[str, Any]) -> tuple[str, str, str, str, str]:
    bound = figure["bound"]
    asked = f"{bound['side']} {_number(bound['limit'])}" if bound else ""
    beside = ", ".join(f"{name} {_number(value)}" for name, value in figure["beside"].items())
    return figure["what"], f"{_number(figure['value'])} {figure['unit']}".rstrip(), asked, figure["verdict"], beside


def _number(value: float) -> str:
    is_whole = abs(value) >= _WHOLE_FROM or value == int(value)
    return f"{value:,.0f}" if is_whole else f"{value:.3g}"
