"""Ringing telephones until one is picked up: for calls that the service places, and for <Dial>."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from sandbox.call import Call
from sandbox.party import Event, HungUp, Line, Party, PickedUp, Pressed, ScriptedParty
from sandbox.script import Person

_BUSY_AFTER_S = 1.0
SIP_CODES = {
    "completed": "200",
    "in-progress": "200",
    "busy": "486",
    "failed": "404",
    "no-answer": "480",
    "canceled": "487",
}


class RingingStopped(Exception):  # noqa: N818 - not an error: the caller left, or the service wants otherwise
    """Something else happened on the caller's line before anybody picked up."""

    def __init__(self, event: Event) -> None:
        super().__init__(str(event))
        self.event = event


class Callee(Protocol):
    """A telephone that can be rung; a live one rings in a person's hand, in real time."""

    @property
    def is_live(self) -> bool:
        """Whether a person holds it."""

    def plan(self) -> tuple[str, float] | None:
        """The outcome (answered, busy, failed) and after how many seconds; None if that is not known."""

    def alert(self, call: Call, line: Line) -> None:
        """Ring until the call has a final status; a live telephone tells `line` what becomes of it."""

    def party(self, call: Call, line: Line) -> Party:
        """Who speaks once it was picked up."""

    def answered_by(self) -> str:
        """What answering machine detection makes of it: human, machine_start, unknown ..."""


@dataclass(frozen=True)
class ScriptedCallee:
    """Somebody whose behaviour was written down."""

    person: Person
    is_live: ClassVar[bool] = False

    def plan(self) -> tuple[str, float] | None:
        """What the person was told to do."""
        if self.person.picks_up:
            return "answered", self.person.rings_s
        if self.person.answers == "no":
            return None
        return self.person.answers, min(self.person.rings_s, _BUSY_AFTER_S)

    def alert(self, call: Call, line: Line) -> None:
        """Nothing rings aloud."""

    def party(self, call: Call, line: Line) -> Party:  # noqa: ARG002 - a script needs no line
        """The person with their script."""
        return ScriptedParty(self.person.script, call.note)

    def answered_by(self) -> str:
        """A machine is heard as one, everybody else as a person, unless told otherwise."""
        kind = "machine_start" if self.person.answers == "machine" else "human"
        return self.person.answered_by or kind


@dataclass
class Leg:
    """One ringing telephone and what became of it."""

    call: Call
    callee: Callee
    outcome: str = ""
    at_s: float | None = None
    planned: str = field(default="")

    def start(self, line: Line) -> None:
        """Let it ring."""
        if plan := self.callee.plan():
            self.planned, after_s = plan
            self.at_s = line.now_s + after_s
        self.callee.alert(self.call, line)

    @property
    def is_open(self) -> bool:
        """It may still be picked up."""
        return not self.outcome


def ring(line: Line, legs: Sequence[Leg], timeout_s: float) -> Leg | None:
    """The leg that was picked up first, or None; each leg's `outcome` says what became of it."""
    ends_s = line.now_s + timeout_s
    for leg in legs:
        leg.start(line)
    while any(leg.is_open for leg in legs):
        if not _step(line, legs, ends_s):
            break
        if winner := next((leg for leg in legs if leg.outcome == "answered"), None):
            return winner
    for leg in legs:
        leg.outcome = leg.outcome or "no-answer"
    return None


def _step(line: Line, legs: Sequence[Leg], ends_s: float) -> bool:
    """Wait for the next thing to happen; False when nobody picked up in time."""
    planned = [leg for leg in legs if leg.is_open and leg.at_s is not None and leg.at_s <= ends_s]
    soonest = min(planned, key=lambda leg: leg.at_s or 0.0, default=None)
    event = line.wait(ends_s if soonest is None or soonest.at_s is None else soonest.at_s)
    if event is None:
        if soonest is None:
            return False
        soonest.outcome = soonest.planned
        return True
    for leg in legs:
        if isinstance(event, PickedUp | HungUp) and event.call_sid == leg.call.sid:
            leg.outcome = "answered" if isinstance(event, PickedUp) else "busy"
            return True
    if not isinstance(event, Pressed):
        raise RingingStopped(event)
    return True
