"""The emergency alarm: its life, the life of one ring of it, the talk of that call, and who is next."""

from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import Protocol, TypeVar

from hotline.rules import machine


class AlarmState(StrEnum):
    """Whether somebody has taken the emergency on."""

    RINGING = "ringing"  # one after the other is told
    ACKNOWLEDGED = "acknowledged"
    UNANSWERED = "unanswered"  # everybody was told as often as it makes sense
    OVER = "over"  # there is no emergency any more: invalid, merged, closed, or none after all


class AlarmEvent(StrEnum):
    """What happens to it."""

    ACKNOWLEDGE = "acknowledge"
    GIVE_UP = "give_up"
    END = "end"
    RESUME = "resume"  # an emergency after all, or a person has everybody told again


_A, _E = AlarmState, AlarmEvent

ALARM: dict[AlarmState, dict[AlarmEvent, AlarmState]] = {
    _A.RINGING: {
        _E.ACKNOWLEDGE: _A.ACKNOWLEDGED,
        _E.GIVE_UP: _A.UNANSWERED,
        _E.END: _A.OVER,
        _E.RESUME: _A.RINGING,
    },
    _A.UNANSWERED: {
        _E.ACKNOWLEDGE: _A.ACKNOWLEDGED,
        _E.GIVE_UP: _A.UNANSWERED,
        _E.END: _A.OVER,
        _E.RESUME: _A.RINGING,
    },
    # Whoever took it on has it: neither a late key nor a second look changes that.
    _A.ACKNOWLEDGED: dict.fromkeys(_E, _A.ACKNOWLEDGED),
    _A.OVER: dict.fromkeys(_E, _A.OVER) | {_E.RESUME: _A.RINGING},
}

# Nobody has taken it on yet, so that whoever does so now is the one.
LIVE = frozenset({_A.RINGING, _A.UNANSWERED})


class Way(StrEnum):
    """How it was acknowledged."""

    KEY = "key"
    CONSOLE = "console"
    MOVE = "move"  # the order was moved on


class RingState(StrEnum):
    """One call to one person."""

    PLANNED = "planned"
    DIALLING = "dialling"
    RINGING = "ringing"
    TALKING = "talking"
    CONFIRMED = "confirmed"
    NOT_CONFIRMED = "not_confirmed"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    FAILED = "failed"
    CANCELLED = "cancelled"


class RingEvent(StrEnum):
    """What the carrier and the person do about it."""

    DIAL = "dial"
    RING = "ring"
    PICK_UP = "pick_up"
    CONFIRM = "confirm"
    HANG_UP = "hang_up"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    FAIL = "fail"
    CANCEL = "cancel"


_R, _V = RingState, RingEvent

_FROM_THE_LINE = {
    _V.PICK_UP: _R.TALKING,
    _V.CONFIRM: _R.CONFIRMED,
    _V.HANG_UP: _R.NOT_CONFIRMED,
    _V.NO_ANSWER: _R.NO_ANSWER,
    _V.BUSY: _R.BUSY,
    _V.FAIL: _R.FAILED,
    _V.CANCEL: _R.CANCELLED,
}
_ENDINGS = (_R.NOT_CONFIRMED, _R.NO_ANSWER, _R.BUSY, _R.FAILED, _R.CANCELLED)

RING: dict[RingState, dict[RingEvent, RingState]] = {
    _R.PLANNED: {_V.DIAL: _R.DIALLING, _V.FAIL: _R.FAILED, _V.CANCEL: _R.CANCELLED},
    _R.DIALLING: {_V.DIAL: _R.DIALLING, _V.RING: _R.RINGING, **_FROM_THE_LINE},
    _R.RINGING: {_V.DIAL: _R.RINGING, _V.RING: _R.RINGING, **_FROM_THE_LINE},
    _R.TALKING: {_V.DIAL: _R.TALKING, _V.RING: _R.TALKING, **_FROM_THE_LINE},
    # The first ending counts, but for the key: it was pressed, whatever was told of the line before.
    **{state: dict.fromkeys(_V, state) | {_V.CONFIRM: _R.CONFIRMED} for state in _ENDINGS},
    _R.CONFIRMED: dict.fromkeys(_V, _R.CONFIRMED),
}

SETTLED = frozenset({*_ENDINGS, _R.CONFIRMED})


class Say(StrEnum):
    """What the person who was rung hears."""

    ASK = "alarm"
    ASK_AGAIN = "alarm_again"
    ASK_LAST = "alarm_last"
    THANKS = "alarm_thanks"
    NOT_CONFIRMED = "alarm_not_confirmed"
    OVER = "alarm_over"


class Did(StrEnum):
    """And what they did about it."""

    CONFIRMED = "confirmed"
    CONFIRMED_IN_VAIN = "confirmed_in_vain"  # the key of somebody who does not see the order
    NOTHING = "nothing"  # or another key


_Y, _D = Say, Did

_BY_KEY = {_D.CONFIRMED: _Y.THANKS, _D.CONFIRMED_IN_VAIN: _Y.NOT_CONFIRMED}

TALK: dict[Say, dict[Did, Say]] = {
    _Y.ASK: {**_BY_KEY, _D.NOTHING: _Y.ASK_AGAIN},
    _Y.ASK_AGAIN: {**_BY_KEY, _D.NOTHING: _Y.ASK_LAST},
    _Y.ASK_LAST: {**_BY_KEY, _D.NOTHING: _Y.NOT_CONFIRMED},
    # A key that arrives after the last words counts all the same.
    _Y.NOT_CONFIRMED: {**_BY_KEY, _D.NOTHING: _Y.NOT_CONFIRMED},
    _Y.THANKS: dict.fromkeys(_D, _Y.THANKS),
    _Y.OVER: dict.fromkeys(_D, _Y.OVER),
}

ASKING = frozenset({_Y.ASK, _Y.ASK_AGAIN, _Y.ASK_LAST})
CONFIRM_KEY = "1"


class Rung(Protocol):
    """Whoever can be told: known by the number alone, since two people may share a telephone."""

    @property
    def number(self) -> str:
        """As the carrier takes it."""


Who = TypeVar("Who", bound=Rung)


def next_of(people: Sequence[Who], told: Sequence[Collection[str]], last_round: int) -> tuple[int, Who] | None:
    """Who is told next and in which round (from 1); None when all were told in the last round, or nobody is there.

    `people` are those who would be told now, first on call first; `told` the numbers that each round has told so far.
    A shift that begins in the middle of a round is told in it, and nobody is told twice in one.
    """
    current = max(len(told), 1)
    already: Collection[str] = told[current - 1] if told else ()
    left = [who for who in people if who.number not in already]
    if left:
        return (current, left[0]) if current <= last_round else None
    return (current + 1, people[0]) if people and current < last_round else None


def alarm_after(state: AlarmState, event: AlarmEvent) -> AlarmState:
    """The alarm's state after `event`."""
    return machine.advance(ALARM, state, event)


def ring_after(state: RingState, event: RingEvent) -> RingState:
    """The state of one ring after `event`."""
    return machine.advance(RING, state, event)


def say_after(said: Say, did: Did) -> Say:
    """What is said after `said`."""
    return machine.advance(TALK, said, did)
