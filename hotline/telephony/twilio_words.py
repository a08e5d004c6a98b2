"""Twilio's own words and what they mean to us, as tables."""

import re
from collections.abc import Mapping

from hotline.models import MessageState
from hotline.rules.survey_states import AttemptEvent

NAME = "twilio"

# Whole matches are asked for: an id ends where its last digit ends.
CALL_ID = re.compile(r"CA[0-9a-fA-F]{32}")
RECORDING_ID = re.compile(r"RE[0-9a-fA-F]{32}")

NUMBER = re.compile(r"\+?[0-9]{2,15}")
# A withheld number arrives as a word, as nothing at all, or as these digits.
WITHHELD = frozenset({"+266696687", "266696687"})

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

MESSAGES: Mapping[str, MessageState] = {
    "sent": MessageState.SENT,
    "delivered": MessageState.DELIVERED,
    "undelivered": MessageState.FAILED,
    "failed": MessageState.FAILED,
}
