"""The emergency alarm: one after the other on the roster is rung and texted until somebody has taken it on."""

from hotline.services.alarms.chain import (
    Unanswered,
    acknowledge,
    attempt_by_token,
    attempt_of_call,
    begin,
    begin_for_answer,
    begin_missing,
    dialled,
    end,
    not_rung,
    of_order,
    refused_by_carrier,
    ring,
    tell_again,
    unacknowledged,
)
from hotline.services.alarms.talk import Heard, WrongNumberError, event_of, keyed, picked_up, progressed

__all__ = [
    "Heard",
    "Unanswered",
    "WrongNumberError",
    "acknowledge",
    "attempt_by_token",
    "attempt_of_call",
    "begin",
    "begin_for_answer",
    "begin_missing",
    "dialled",
    "end",
    "event_of",
    "keyed",
    "not_rung",
    "of_order",
    "picked_up",
    "progressed",
    "refused_by_carrier",
    "ring",
    "tell_again",
    "unacknowledged",
]
