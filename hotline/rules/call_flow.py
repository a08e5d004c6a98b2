"""An inbound call as its caller hears it: what is said next, whatever arrives, however late or often."""

from enum import StrEnum

from hotline.rules import machine


class CallState(StrEnum):
    """Where the caller is in the conversation."""

    GREETED = "greeted"  # told of the recording, asked to speak, offered a person
    WITH_PERSON = "with_person"  # the duty number rings or speaks
    RECORDER = "recorder"  # nobody took the call: asked to speak
    ASKED_AGAIN = "asked_again"  # nothing was heard the first time
    THANKED = "thanked"  # a message exists, the order number was told
    TALKED = "talked"  # a person spoke with the caller
    SILENT = "silent"  # nothing was heard twice
    ABANDONED = "abandoned"  # hung up before a word was left
    REFUSED = "refused"  # the number that was rung is none of ours
    NOT_SERVED = "not_served"  # our own fault: heard that a person will ring back
    OUTBOUND = "outbound"  # we rang; what is said is the survey's own table


class CallEvent(StrEnum):
    """What the telephone edge reports of an inbound call."""

    PERSON_WANTED = "person_wanted"
    PERSON_TALKED = "person_talked"
    PERSON_ABSENT = "person_absent"
    MESSAGE_LEFT = "message_left"
    MESSAGE_LEFT_PERSON_WANTED = "message_left_person_wanted"
    NOTHING_SAID = "nothing_said"
    OTHER_KEY = "other_key"
    ENDED = "ended"
    ENDED_WITH_MESSAGE = "ended_with_message"


_S, _E = CallState, CallEvent

# Callbacks come late, twice and in any order: a message outlives every other ending, an ending never undoes one.
_AFTER_A_MESSAGE = dict.fromkeys(_E, _S.THANKED) | {
    _E.PERSON_WANTED: _S.WITH_PERSON,
    _E.MESSAGE_LEFT_PERSON_WANTED: _S.WITH_PERSON,
    _E.PERSON_TALKED: _S.TALKED,
}
_A_MESSAGE_AFTER_ALL = dict.fromkeys(
    (_E.MESSAGE_LEFT, _E.MESSAGE_LEFT_PERSON_WANTED, _E.ENDED_WITH_MESSAGE), _S.THANKED
)

CALL: dict[CallState, dict[CallEvent, CallState]] = {
    _S.GREETED: {
        _E.PERSON_WANTED: _S.WITH_PERSON,
        _E.MESSAGE_LEFT_PERSON_WANTED: _S.WITH_PERSON,
        # The key cut the greeting short, and with it the word about the recording.
        _E.OTHER_KEY: _S.GREETED,
        _E.MESSAGE_LEFT: _S.THANKED,
        _E.NOTHING_SAID: _S.ASKED_AGAIN,
        _E.PERSON_TALKED: _S.TALKED,
        _E.PERSON_ABSENT: _S.RECORDER,
        _E.ENDED: _S.ABANDONED,
        _E.ENDED_WITH_MESSAGE: _S.THANKED,
    },
    _S.WITH_PERSON: {
        _E.PERSON_WANTED: _S.WITH_PERSON,
        _E.MESSAGE_LEFT_PERSON_WANTED: _S.WITH_PERSON,
        _E.OTHER_KEY: _S.WITH_PERSON,
        _E.PERSON_TALKED: _S.TALKED,
        _E.PERSON_ABSENT: _S.RECORDER,
        _E.MESSAGE_LEFT: _S.WITH_PERSON,
        _E.NOTHING_SAID: _S.WITH_PERSON,
        _E.ENDED: _S.ABANDONED,
        _E.ENDED_WITH_MESSAGE: _S.THANKED,
    },
    _S.RECORDER: {
        _E.PERSON_WANTED: _S.WITH_PERSON,
        _E.MESSAGE_LEFT_PERSON_WANTED: _S.WITH_PERSON,
        _E.OTHER_KEY: _S.RECORDER,
        _E.MESSAGE_LEFT: _S.THANKED,
        _E.NOTHING_SAID: _S.ASKED_AGAIN,
        _E.PERSON_TALKED: _S.TALKED,
        _E.PERSON_ABSENT: _S.RECORDER,
        _E.ENDED: _S.ABANDONED,
        _E.ENDED_WITH_MESSAGE: _S.THANKED,
    },
    _S.ASKED_AGAIN: {
        _E.PERSON_WANTED: _S.WITH_PERSON,
        _E.MESSAGE_LEFT_PERSON_WANTED: _S.WITH_PERSON,
        _E.OTHER_KEY: _S.ASKED_AGAIN,
        _E.MESSAGE_LEFT: _S.THANKED,
        _E.NOTHING_SAID: _S.SILENT,
        _E.PERSON_TALKED: _S.TALKED,
        _E.PERSON_ABSENT: _S.ASKED_AGAIN,
        _E.ENDED: _S.ABANDONED,
        _E.ENDED_WITH_MESSAGE: _S.THANKED,
    },
    _S.THANKED: _AFTER_A_MESSAGE,
    _S.TALKED: dict.fromkeys(_E, _S.TALKED),
    _S.SILENT: dict.fromkeys(_E, _S.SILENT) | _A_MESSAGE_AFTER_ALL | {_E.PERSON_TALKED: _S.TALKED},
    _S.ABANDONED: dict.fromkeys(_E, _S.ABANDONED) | _A_MESSAGE_AFTER_ALL | {_E.PERSON_TALKED: _S.TALKED},
    _S.REFUSED: dict.fromkeys(_E, _S.REFUSED),
    _S.NOT_SERVED: dict.fromkeys(_E, _S.NOT_SERVED) | _A_MESSAGE_AFTER_ALL | {_E.PERSON_TALKED: _S.TALKED},
    _S.OUTBOUND: dict.fromkeys(_E, _S.OUTBOUND),
}

# Someone rang and nobody knows what for: a person rings back.
RING_BACK = frozenset({_S.SILENT, _S.ABANDONED, _S.NOT_SERVED})


def after(state: CallState, event: CallEvent) -> CallState:
    """The state after `event`; the table is complete, so every event has an answer in every state."""
    return machine.advance(CALL, state, event)
