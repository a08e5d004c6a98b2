"""How a state table is read: one lookup, one typed error."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

State = TypeVar("State", bound=StrEnum)
Event = TypeVar("Event", bound=StrEnum)


class ImpossibleMoveError(Exception):
    """The table has no such move; `state` and `event` say which was asked for."""

    def __init__(self, state: StrEnum, event: StrEnum) -> None:
        super().__init__(f"{event.value} is not possible when {state.value}")
        self.state = state
        self.event = event


def advance(table: Mapping[State, Mapping[Event, State]], state: State, event: Event) -> State:
    """The state after `event`.

    Raises:
        ImpossibleMoveError: when the table has no entry.
    """
    try:
        return table[state][event]
    except KeyError:
        raise ImpossibleMoveError(state, event) from None


def diagram(table: Mapping[State, Mapping[Event, State]], start: State) -> str:
    """The table as a Mermaid state diagram, for the docs."""
    lines = ["stateDiagram-v2", f"    [*] --> {start.value}"]
    for state, moves in table.items():
        lines += [f"    {state.value} --> {to.value}: {event.value}" for event, to in moves.items() if to != state]
        if all(to == state for to in moves.values()):
            lines.append(f"    {state.value} --> [*]")
    return "\n".join(lines)
