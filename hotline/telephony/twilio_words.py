"""Twilio's own words and what they mean to us, as tables."""

import re
from collections.abc import Mapping

from hotline.models import MessageState
from hotline.rules.survey_states import AttemptEvent

NAME = "twilio"

# Whole matches are asked for: an id ends where its last digit ends.
CALL_ID = re.compile(r"CA[0-9a-fA-F]{32}")
MESSAGE_ID = re.compile(r"(SM|MM)[0-9a-fA-F]{32}")
RECORDING_ID = re.compile(r"RE[0-9a-fA-F]{32}")

NUMBER = re.compile(r"\+?[0-9]{2,15}")
KEYS = re.compile(r"[0-9*#]{1,8}")
CODE = re.compile(r"[0-9]{1,6}")
DURATION = re.compile(r"[0-9]{1,6}")
# A withheld number arrives as a word, as nothing at all, or as these digits.
WITHHELD = frozenset({"+266696687", "266696687"})


def telephone(number: str | None) -> str | None:
    """The other party's number; None when it was withheld or is no telephone (`sip:`, `client:`)."""
    return number if number and NUMBER.fullmatch(number) and number not in WITHHELD else None


ENDED = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})

# The answered event arrives as `in-progress` and tells nothing that the first document doesn't.
PROGRESS: Mapping[str, AttemptEvent] = {
    "ringing": AttemptEvent.RING,
    "completed": AttemptEvent.HANG_UP,
    "busy": AttemptEvent.BUSY,
    "failed": AttemptEvent.FAIL,
    "no-answer": AttemptEvent.NO_ANSWER,
    "canceled": AttemptEvent.FAIL,
}

# `unknown` is taken as a person.
MACHINES = frozenset({"machine_start", "machine_end_beep", "machine_end_silence", "machine_end_other", "fax"})

# What Twilio answers when it will not do a thing, however often it is asked. Every other error may pass: the account,
# the network and Twilio itself change without us.
REFUSALS = frozenset(
    {
        13223,  # the number to dial is none
        13224,
        13225,  # it may not be dialled
        13226,
        21210,  # our own number is not the account's
        21211,  # no such number
        21212,
        21214,  # it cannot be reached
        21217,
        21219,
        21401,
        21408,  # this country may not be written to
        21602,
        21606,  # our own number cannot send texts
        21610,  # its owner asked for no more texts
        21612,
        21614,  # it takes no texts
        21617,  # the text is too long
        30003,  # the telephone cannot be reached, is blocked, unknown or a landline
        30004,
        30005,
        30006,
        30007,
        30008,
    }
)

MESSAGES: Mapping[str, MessageState] = {
    "sent": MessageState.SENT,
    "delivered": MessageState.DELIVERED,
    "undelivered": MessageState.FAILED,
    "failed": MessageState.FAILED,
}
