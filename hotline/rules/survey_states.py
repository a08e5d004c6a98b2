"""The callback survey: the life of a round and of an attempt, the talk itself, and what the answers lead to."""

from collections.abc import Mapping
from enum import StrEnum

from hotline.rules import machine


class Resolved(StrEnum):
    """Was it really settled?"""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"


class Satisfied(StrEnum):
    """And how was it?"""

    SATISFIED = "satisfied"
    NEUTRAL = "neutral"
    DISSATISFIED = "dissatisfied"


class Reason(StrEnum):
    """Why not, in the caller's words."""

    NOT_CONTACTED = "not_contacted"
    NOT_RESOLVED = "not_resolved"
    ONLY_PARTLY = "only_partly"
    TOO_SLOW = "too_slow"
    ATTITUDE = "attitude"
    OTHER = "other"


class RoundState(StrEnum):
    """A round: all that is done to ask one resolution's caller."""

    WAITING = "waiting"
    CALLING = "calling"
    LISTENING = "listening"
    PERSON = "person"
    ANSWERED = "answered"
    REFUSED = "refused"
    NOT_REACHED = "not_reached"
    CANCELLED = "cancelled"


class RoundEvent(StrEnum):
    """What happens to a round."""

    DIAL = "dial"
    MISS = "miss"  # nobody reached, and another attempt is due
    SPEAK = "speak"  # answered by voice: to be transcribed first
    ANSWER = "answer"
    HAND_OVER = "hand_over"  # a person has to try
    REFUSE = "refuse"
    GIVE_UP = "give_up"  # the person did not reach the caller either
    CANCEL = "cancel"
    RESUME = "resume"  # what cancelled it was undone
    WRITE = "write"  # a written answer came after all, and no person has asked yet


_R, _E = RoundState, RoundEvent

_FINAL = {_R.ANSWERED, _R.REFUSED, _R.NOT_REACHED}

ROUND: dict[RoundState, dict[RoundEvent, RoundState]] = {
    _R.WAITING: {
        _E.DIAL: _R.CALLING,
        _E.MISS: _R.WAITING,  # the attempt failed before the carrier could be asked
        _E.HAND_OVER: _R.PERSON,
        _E.REFUSE: _R.REFUSED,
        _E.ANSWER: _R.ANSWERED,  # a person was quicker
        _E.CANCEL: _R.CANCELLED,
    },
    _R.CALLING: {
        _E.DIAL: _R.CALLING,
        _E.MISS: _R.WAITING,
        _E.SPEAK: _R.LISTENING,
        _E.ANSWER: _R.ANSWERED,
        _E.HAND_OVER: _R.PERSON,
        _E.REFUSE: _R.REFUSED,
        _E.CANCEL: _R.CANCELLED,
    },
    _R.LISTENING: {
        _E.SPEAK: _R.LISTENING,
        _E.ANSWER: _R.ANSWERED,
        _E.HAND_OVER: _R.PERSON,
        _E.REFUSE: _R.REFUSED,
        _E.CANCEL: _R.CANCELLED,
    },
    _R.PERSON: {
        _E.HAND_OVER: _R.PERSON,
        _E.ANSWER: _R.ANSWERED,
        _E.REFUSE: _R.REFUSED,
        _E.GIVE_UP: _R.NOT_REACHED,
        _E.CANCEL: _R.CANCELLED,
        _E.WRITE: _R.CALLING,
    },
    **{state: dict.fromkeys(_E, state) for state in sorted(_FINAL)},
    # No machine rings about it again: nobody knows what the caller was told meanwhile.
    _R.CANCELLED: dict.fromkeys(_E, _R.CANCELLED) | {_E.RESUME: _R.PERSON},
}


class AttemptState(StrEnum):
    """One ring of one round."""

    PLANNED = "planned"
    DIALLING = "dialling"
    RINGING = "ringing"
    TALKING = "talking"
    ANSWERED = "answered"
    SPOKEN = "spoken"  # answered by voice, which is transcribed
    NO_KEY = "no_key"  # listened, but no usable answer
    HUNG_UP = "hung_up"
    REFUSED = "refused"
    PERSON_WANTED = "person_wanted"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    FAILED = "failed"
    MACHINE = "machine"
    CANCELLED = "cancelled"


class AttemptEvent(StrEnum):
    """What the carrier and the talk report of an attempt."""

    DIAL = "dial"
    RING = "ring"
    PICK_UP = "pick_up"
    ANSWER = "answer"
    SPEAK = "speak"
    NO_KEY = "no_key"
    REFUSE = "refuse"
    WANT_PERSON = "want_person"
    MACHINE = "machine"
    HANG_UP = "hang_up"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    FAIL = "fail"
    CANCEL = "cancel"
    WRITE = "write"  # a written answer came after the wait for it


_A, _V = AttemptState, AttemptEvent

_TALK = {
    _V.ANSWER: _A.ANSWERED,
    _V.SPEAK: _A.SPOKEN,
    _V.NO_KEY: _A.NO_KEY,
    _V.REFUSE: _A.REFUSED,
    _V.WANT_PERSON: _A.PERSON_WANTED,
    _V.MACHINE: _A.MACHINE,
    _V.HANG_UP: _A.HUNG_UP,
    _V.PICK_UP: _A.TALKING,
}
_UNREACHED = {
    _V.NO_ANSWER: _A.NO_ANSWER,
    _V.BUSY: _A.BUSY,
    _V.FAIL: _A.FAILED,
    _V.CANCEL: _A.CANCELLED,
}
_SETTLED = set(_TALK.values()) | set(_UNREACHED.values())
_SETTLED.discard(_A.TALKING)
_SILENT = {_A.NO_ANSWER, _A.NO_KEY}

ATTEMPT: dict[AttemptState, dict[AttemptEvent, AttemptState]] = {
    _A.PLANNED: {_V.DIAL: _A.DIALLING, _V.FAIL: _A.FAILED, _V.CANCEL: _A.CANCELLED},
    _A.DIALLING: {_V.DIAL: _A.DIALLING, _V.RING: _A.RINGING, **_TALK, **_UNREACHED},
    _A.RINGING: {_V.DIAL: _A.RINGING, _V.RING: _A.RINGING, **_TALK, **_UNREACHED},
    _A.TALKING: {_V.DIAL: _A.TALKING, _V.RING: _A.TALKING, **_TALK, **_UNREACHED},
    # Late and repeated callbacks change nothing: the first ending counts.
    **{state: dict.fromkeys(_V, state) for state in sorted(_SETTLED)},
    # But whoever answers in writing after the wait has answered.
    **{state: dict.fromkeys(_V, state) | {_V.WRITE: _A.TALKING} for state in sorted(_SILENT)},
}

SETTLED = frozenset(_SETTLED)
SILENT = frozenset(_SILENT)
UNREACHED = frozenset({_A.NO_ANSWER, _A.BUSY, _A.FAILED, _A.MACHINE})


class Step(StrEnum):
    """What the person who was rung hears next."""

    ASK_RESOLVED = "ask_resolved"
    ASK_RESOLVED_AGAIN = "ask_resolved_again"
    SPEAK_FREELY = "speak_freely"
    ASK_SATISFIED = "ask_satisfied"
    ASK_SATISFIED_AGAIN = "ask_satisfied_again"
    ASK_REASON = "ask_reason"
    THANK = "thank"
    WILL_REDO = "will_redo"
    PERSON_WILL_RING = "person_will_ring"
    NEVER_AGAIN = "never_again"


class Said(StrEnum):
    """What they did about it."""

    GOOD_KEY = "good_key"
    UNHAPPY_KEY = "unhappy_key"  # a valid key after which the answers open the order again
    WRONG_KEY = "wrong_key"
    NOTHING = "nothing"
    PERSON_KEY = "person_key"
    REFUSE_KEY = "refuse_key"
    SPOKE = "spoke"


_T, _W = Step, Said


def _asking(on_good: Step, on_unhappy: Step, on_nothing: Step) -> dict[Said, Step]:
    return {
        _W.GOOD_KEY: on_good,
        _W.UNHAPPY_KEY: on_unhappy,
        _W.WRONG_KEY: on_nothing,
        _W.NOTHING: on_nothing,
        _W.PERSON_KEY: _T.PERSON_WILL_RING,
        _W.REFUSE_KEY: _T.NEVER_AGAIN,
        _W.SPOKE: on_nothing,
    }


TALK: dict[Step, dict[Said, Step]] = {
    _T.ASK_RESOLVED: _asking(_T.ASK_SATISFIED, _T.ASK_SATISFIED, _T.ASK_RESOLVED_AGAIN),
    _T.ASK_RESOLVED_AGAIN: _asking(_T.ASK_SATISFIED, _T.ASK_SATISFIED, _T.SPEAK_FREELY),
    _T.SPEAK_FREELY: dict.fromkeys(_W, _T.PERSON_WILL_RING) | {_W.SPOKE: _T.THANK},
    _T.ASK_SATISFIED: _asking(_T.THANK, _T.ASK_REASON, _T.ASK_SATISFIED_AGAIN),
    _T.ASK_SATISFIED_AGAIN: _asking(_T.THANK, _T.ASK_REASON, _T.PERSON_WILL_RING),
    _T.ASK_REASON: dict.fromkeys(_W, _T.WILL_REDO),
    **{step: dict.fromkeys(_W, step) for step in (_T.THANK, _T.WILL_REDO, _T.PERSON_WILL_RING, _T.NEVER_AGAIN)},
}

RESOLVED_KEYS: Mapping[str, Resolved] = {"1": Resolved.YES, "2": Resolved.PARTLY, "3": Resolved.NO}
SATISFIED_KEYS: Mapping[str, Satisfied] = {
    "1": Satisfied.SATISFIED,
    "2": Satisfied.NEUTRAL,
    "3": Satisfied.DISSATISFIED,
}
PERSON_KEY = "0"
REFUSE_KEY = "9"


class Verdict(StrEnum):
    """What a round's answers mean for its order."""

    CLOSE = "close"
    REOPEN = "reopen"
    INCOMPLETE = "incomplete"


def verdict(resolved: Resolved | None, satisfied: Satisfied | None) -> Verdict:
    """Only no, partly or dissatisfied opens an order again; silence is never counted as satisfied.

    Source: docs/domain.md, "Answers to a callback".
    """
    if resolved in {Resolved.NO, Resolved.PARTLY} or satisfied == Satisfied.DISSATISFIED:
        return Verdict.REOPEN
    if resolved == Resolved.YES and satisfied is not None:
        return Verdict.CLOSE
    return Verdict.INCOMPLETE


def round_after(state: RoundState, event: RoundEvent) -> RoundState:
    """The round's state after `event`."""
    return machine.advance(ROUND, state, event)


def attempt_after(state: AttemptState, event: AttemptEvent) -> AttemptState:
    """The attempt's state after `event`."""
    return machine.advance(ATTEMPT, state, event)


def step_after(step: Step, said: Said) -> Step:
    """What is said after `step` when the person did `said`."""
    return machine.advance(TALK, step, said)
