"""The callback survey: a round for each resolution, rung until answered, and its verdict carried into the order."""

from hotline.services.surveys.attempts import (
    Dial,
    Postponed,
    begin,
    dialled,
    not_dialled,
    progressed,
    refused_by_carrier,
)
from hotline.services.surveys.rounds import (
    answer_by_person,
    ask_by_person,
    attempt_by_token,
    attempt_of_call,
    give_up_by_person,
    heard,
    never_again,
    not_heard,
    open_round,
)
from hotline.services.surveys.talk import Asked, keyed, picked_up, spoke
from hotline.services.surveys.waiting import (
    asks_another,
    attempt_in_writing,
    message_reported,
    nothing_written,
    question_in_writing,
)
from hotline.services.surveys.writing import refused_in_writing, understood, words_since, written

__all__ = [
    "Asked",
    "Dial",
    "Postponed",
    "answer_by_person",
    "ask_by_person",
    "asks_another",
    "attempt_by_token",
    "attempt_in_writing",
    "attempt_of_call",
    "begin",
    "dialled",
    "give_up_by_person",
    "heard",
    "keyed",
    "message_reported",
    "never_again",
    "not_dialled",
    "not_heard",
    "nothing_written",
    "open_round",
    "picked_up",
    "progressed",
    "question_in_writing",
    "refused_by_carrier",
    "refused_in_writing",
    "spoke",
    "understood",
    "words_since",
    "written",
]
