"""How orders live: which moves follow each other after how long, and how many of a hundred go that way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from hotline.rules.order_states import Move, OrderState, after


class Who(StrEnum):
    """Whose work a move is."""

    DESK = "desk"
    HANDLER = "handler"
    SYSTEM = "system"


_M = Move
_MINUTE = timedelta(minutes=1)
# How long after what came before, in a matter of usual difficulty, and who does it.
_STEPS: dict[Move, tuple[timedelta, Who]] = {
    _M.TRIAGE: (4 * _MINUTE, Who.DESK),
    _M.DISPATCH: (5 * _MINUTE, Who.DESK),
    _M.ACCEPT: (9 * _MINUTE, Who.HANDLER),
    _M.RETURN: (7 * _MINUTE, Who.HANDLER),
    _M.CONTACT: (25 * _MINUTE, Who.HANDLER),
    _M.RESOLVE: (420 * _MINUTE, Who.HANDLER),
    _M.REFER: (60 * _MINUTE, Who.HANDLER),
    _M.REPORT_BACK: (500 * _MINUTE, Who.HANDLER),
    _M.ANSWER: (3 * _MINUTE, Who.DESK),
    _M.CLOSE: (90 * _MINUTE, Who.SYSTEM),
    _M.REOPEN: (80 * _MINUTE, Who.SYSTEM),
    _M.REWORK: (40 * _MINUTE, Who.DESK),
    _M.INVALIDATE: (6 * _MINUTE, Who.DESK),
    _M.MERGE: (6 * _MINUTE, Who.DESK),
}


@dataclass(frozen=True)
class Step:
    """One row of a history."""

    move: Move | None
    before: OrderState | None
    state: OrderState
    who: Who
    at: timedelta
    # Whether the grid has the order then, rather than whoever took the call, and whether somebody of it has signed.
    is_held: bool = False
    is_signed: bool = False


@dataclass(frozen=True)
class Life:
    """A whole history, which the table of states allows."""

    share: int
    steps: tuple[Step, ...]

    @property
    def state(self) -> OrderState:
        """Where it ends."""
        return self.steps[-1].state

    def count(self, *moves: Move) -> int:
        """How often one of these was made."""
        return sum(step.move in moves for step in self.steps)

    def last(self, *moves: Move) -> timedelta | None:
        """When one of these was made in the present run of work, the first time; None when it was not."""
        reopened = [place for place, step in enumerate(self.steps) if step.move == _M.REOPEN]
        run = self.steps[reopened[-1] if reopened else 0 :]
        return next((step.at for step in run if step.move in moves), None)


def _life(share: int, *moves: Move) -> Life:
    """The history of these moves; raises what the table raises where it forbids one."""
    state, at = OrderState.RECEIVED, timedelta()
    steps = [Step(None, None, state, Who.SYSTEM, at)]
    for move in moves:
        before, state = state, after(state, move)
        span, who = _STEPS[move]
        at += span
        is_held = move == _M.DISPATCH or (steps[-1].is_held and move != _M.RETURN)
        is_signed = move == _M.ACCEPT or (steps[-1].is_signed and move != _M.RETURN)
        steps.append(Step(move, before, state, who, at, is_held, is_signed))
    return Life(share, tuple(steps))


_TO_HANDLER = (_M.TRIAGE, _M.DISPATCH, _M.ACCEPT, _M.CONTACT)
_DONE = (*_TO_HANDLER, _M.RESOLVE)

# Of a thousand that are over.
ENDED: Sequence[Life] = (
    _life(740, *_DONE, _M.CLOSE),
    _life(60, _M.TRIAGE, _M.DISPATCH, _M.RETURN, _M.DISPATCH, _M.ACCEPT, _M.CONTACT, _M.RESOLVE, _M.CLOSE),
    _life(80, _M.TRIAGE, _M.ANSWER, _M.CLOSE),
    _life(40, *_TO_HANDLER, _M.REFER, _M.REPORT_BACK, _M.CLOSE),
    _life(40, *_DONE, _M.REOPEN, _M.REWORK, _M.CONTACT, _M.RESOLVE, _M.CLOSE),
    _life(25, _M.INVALIDATE),
    _life(15, _M.TRIAGE, _M.MERGE),
)
# Of a thousand on which somebody still works, or which wait for their caller.
OPEN: Sequence[Life] = (
    _life(60),
    _life(60, _M.TRIAGE),
    _life(20, _M.TRIAGE, _M.DISPATCH, _M.RETURN),
    _life(130, _M.TRIAGE, _M.DISPATCH),
    _life(120, _M.TRIAGE, _M.DISPATCH, _M.ACCEPT),
    _life(260, *_TO_HANDLER),
    _life(60, *_TO_HANDLER, _M.REFER),
    _life(200, *_DONE),
    _life(50, *_DONE, _M.REOPEN),
    _life(20, *_DONE, _M.REOPEN, _M.REWORK),
    _life(20, _M.TRIAGE, _M.ANSWER),
)
