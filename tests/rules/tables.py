"""State tables written out a second time, as a person reads them: `state  event>state event>state ...`."""

from collections.abc import Mapping
from enum import StrEnum


def written(lines: str) -> dict[str, dict[str, str]]:
    """The table that the lines tell; a line that begins with a plus sign goes on with the state before."""
    table: dict[str, dict[str, str]] = {}
    state = ""
    for line in filter(None, map(str.strip, lines.splitlines())):
        head, *moves = line.split()
        if head != "+":
            state = head
            table[state] = {}
        table[state] |= dict(move.split(">") for move in moves)
    return table


def plain(table: Mapping[StrEnum, Mapping[StrEnum, StrEnum]]) -> dict[str, dict[str, str]]:
    """A table of the rules in the same form."""
    return {state.value: {event.value: to.value for event, to in moves.items()} for state, moves in table.items()}
