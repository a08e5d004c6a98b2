"""A work order's life: every state, every move, and who may make it."""

from collections.abc import Mapping
from enum import StrEnum

from hotline.rules import machine
from hotline.rules.roles import Role


class OrderState(StrEnum):
    """Where an order stands."""

    RECEIVED = "received"
    TRIAGED = "triaged"
    DISPATCHED = "dispatched"
    ACCEPTED = "accepted"
    IN_PROGRESS = "in_progress"
    REFERRED = "referred"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    CLOSED = "closed"
    ANSWERED = "answered"
    MERGED = "merged"
    INVALID = "invalid"


class Move(StrEnum):
    """What a person, or the system, does with an order."""

    TRIAGE = "triage"
    INVALIDATE = "invalidate"
    RESTORE = "restore"
    DISPATCH = "dispatch"
    ANSWER = "answer"
    ACCEPT = "accept"
    RETURN = "return"
    CONTACT = "contact"
    RESOLVE = "resolve"
    REFER = "refer"
    REPORT_BACK = "report_back"
    TAKE_BACK = "take_back"
    CLOSE = "close"
    REOPEN = "reopen"
    REWORK = "rework"
    MERGE = "merge"
    UNMERGE = "unmerge"


class Remark(StrEnum):
    """What stands in an order's history without moving it."""

    ASSISTANT_ADDED = "assistant_added"
    ASSISTANT_REMOVED = "assistant_removed"
    ASSISTED = "assisted"
    KEPT = "kept"
    PAUSE_ASKED = "pause_asked"
    PAUSED = "paused"
    PAUSE_REFUSED = "pause_refused"
    RESUMED = "resumed"
    EXTENSION_ASKED = "extension_asked"
    EXTENDED = "extended"
    EXTENSION_REFUSED = "extension_refused"
    TIGHTENED = "tightened"
    SUPERVISED = "supervised"
    SUPPLEMENTED = "supplemented"
    CHASED = "chased"
    TOOK_IN = "took_in"
    BY_TEXT = "by_text"
    BY_VOICE = "by_voice"
    WROTE = "wrote"
    RESULT_REPORTED = "result_reported"
    RESULT_SENT_BACK = "result_sent_back"
    MADE_SECRET = "made_secret"  # noqa: S105 - a name of a remark
    SECRECY_LIFTED = "secrecy_lifted"


_S, _M = OrderState, Move

ORDER: dict[OrderState, dict[Move, OrderState]] = {
    _S.RECEIVED: {_M.TRIAGE: _S.TRIAGED, _M.INVALIDATE: _S.INVALID, _M.MERGE: _S.MERGED},
    _S.TRIAGED: {
        _M.DISPATCH: _S.DISPATCHED,
        _M.ANSWER: _S.ANSWERED,
        _M.INVALIDATE: _S.INVALID,
        _M.MERGE: _S.MERGED,
    },
    _S.DISPATCHED: {_M.ACCEPT: _S.ACCEPTED, _M.RETURN: _S.TRIAGED, _M.MERGE: _S.MERGED},
    # From our own people an order is taken back only where nobody has it who could go on: `services.orders` asks that.
    _S.ACCEPTED: {
        _M.CONTACT: _S.IN_PROGRESS,
        _M.RETURN: _S.TRIAGED,
        _M.TAKE_BACK: _S.TRIAGED,
        _M.MERGE: _S.MERGED,
    },
    # Every run of work needs a contact of its own: also one that a reopening began in the middle.
    _S.IN_PROGRESS: {
        _M.CONTACT: _S.IN_PROGRESS,
        _M.RESOLVE: _S.RESOLVED,
        _M.REFER: _S.REFERRED,
        _M.TAKE_BACK: _S.TRIAGED,
        _M.MERGE: _S.MERGED,
    },
    _S.REFERRED: {
        _M.CONTACT: _S.REFERRED,
        _M.REPORT_BACK: _S.RESOLVED,
        _M.TAKE_BACK: _S.TRIAGED,
        _M.MERGE: _S.MERGED,
    },
    _S.RESOLVED: {_M.CLOSE: _S.CLOSED, _M.REOPEN: _S.REOPENED, _M.MERGE: _S.MERGED},
    _S.REOPENED: {_M.REWORK: _S.IN_PROGRESS, _M.DISPATCH: _S.DISPATCHED, _M.MERGE: _S.MERGED},
    _S.ANSWERED: {_M.CLOSE: _S.CLOSED, _M.MERGE: _S.MERGED},
    _S.CLOSED: {_M.REOPEN: _S.REOPENED},
    # Undone, a merged order is back where it was: `services.orders` reads that from the history.
    _S.MERGED: {_M.UNMERGE: _S.MERGED},
    _S.INVALID: {_M.RESTORE: _S.TRIAGED},
}

OPEN = frozenset(_S) - {_S.CLOSED, _S.MERGED, _S.INVALID}

_R = Role

# The system itself (no person) may triage above the unit's confidence, dispatch by catalogue, close and reopen by
# the callback; it is asked nothing here.
WHO: Mapping[Move, frozenset[Role]] = {
    _M.TRIAGE: frozenset({_R.CALL_TAKER, _R.SUPERVISOR}),
    _M.INVALIDATE: frozenset({_R.CALL_TAKER, _R.SUPERVISOR}),
    _M.RESTORE: frozenset({_R.CALL_TAKER, _R.SUPERVISOR}),
    _M.DISPATCH: frozenset({_R.DISPATCHER, _R.SUPERVISOR}),
    _M.ANSWER: frozenset({_R.CALL_TAKER}),
    _M.ACCEPT: frozenset({_R.HANDLER}),
    _M.RETURN: frozenset({_R.HANDLER}),
    _M.CONTACT: frozenset({_R.HANDLER}),
    _M.RESOLVE: frozenset({_R.HANDLER}),
    _M.REFER: frozenset({_R.HANDLER, _R.DISPATCHER}),
    _M.REPORT_BACK: frozenset({_R.HANDLER, _R.DISPATCHER}),
    _M.TAKE_BACK: frozenset({_R.DISPATCHER, _R.SUPERVISOR}),
    _M.CLOSE: frozenset({_R.CALL_TAKER, _R.SUPERVISOR}),
    _M.REOPEN: frozenset({_R.SUPERVISOR}),
    _M.REWORK: frozenset({_R.SUPERVISOR}),
    _M.MERGE: frozenset({_R.CALL_TAKER, _R.DISPATCHER, _R.SUPERVISOR}),
    _M.UNMERGE: frozenset({_R.CALL_TAKER, _R.DISPATCHER, _R.SUPERVISOR}),
}


def moves(state: OrderState, roles: frozenset[Role]) -> list[Move]:
    """The moves that the table allows to someone with `roles`, in the table's order."""
    return [move for move in ORDER[state] if roles & WHO[move]]


def after(state: OrderState, move: Move) -> OrderState:
    """The state after `move`.

    Raises:
        hotline.rules.machine.ImpossibleMoveError: when the table has no entry.
    """
    return machine.advance(ORDER, state, move)
