"""How a state table is read, and how the docs draw it."""

from enum import StrEnum
from pathlib import Path

import pytest

from hotline.commands.docs import state_diagrams
from hotline.rules.machine import ImpossibleMoveError, advance, diagram


class Light(StrEnum):
    RED = "red"
    GREEN = "green"
    BROKEN = "broken"


class Event(StrEnum):
    SWITCH = "switch"
    HIT = "hit"


TABLE = {
    Light.RED: {Event.SWITCH: Light.GREEN, Event.HIT: Light.BROKEN},
    Light.GREEN: {Event.SWITCH: Light.RED},
    Light.BROKEN: dict.fromkeys(Event, Light.BROKEN),
}


def test_one_lookup() -> None:
    assert advance(TABLE, Light.RED, Event.SWITCH) == Light.GREEN


def test_what_the_table_lacks_is_an_error_that_says_what_was_asked() -> None:
    with pytest.raises(ImpossibleMoveError, match="hit is not possible when green") as refused:
        advance(TABLE, Light.GREEN, Event.HIT)

    assert (refused.value.state, refused.value.event) == (Light.GREEN, Event.HIT)


def test_a_state_that_the_table_lacks_is_the_same_error() -> None:
    with pytest.raises(ImpossibleMoveError):
        advance({}, Light.RED, Event.SWITCH)


def test_a_diagram_has_the_start_every_move_and_the_ends() -> None:
    assert diagram(TABLE, Light.RED).splitlines() == [
        "stateDiagram-v2",
        "    [*] --> red",
        "    red --> green: switch",
        "    red --> broken: hit",
        "    green --> red: switch",
        "    broken --> [*]",
    ]


def test_the_docs_draw_the_tables_as_they_are() -> None:
    drawn = Path(__file__).parents[2] / "docs" / "states.md"

    assert drawn.read_text() == state_diagrams() + "\n", "draw it anew: flask docs states > docs/states.md"
