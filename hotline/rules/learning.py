"""When to learn from reviewed orders, on which a new model is examined, and when it is better than the one in use."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

# A quarter of the reviewed orders is never learned from, so that every model can be examined on what it did not see.
_PARTS = 4
# Fewer tell nothing about which of two models is better.
EXAM_AT_LEAST = 30
EXAMPLES_AT_LEAST = 60
# Reviewed since the last round; and the most that a night is long enough for, the newest first.
NEW_AT_LEAST = 50
EXAMPLES_AT_MOST = 10_000
# Learning takes a core for minutes, so it is done when few people ring: hours of the local day.
FROM_HOUR, UNTIL_HOUR = 2, 5
# How much an order counts whose category and urgency a person stated, beside one where the machine's were let pass.
STATED_WEIGHT = 2.0


@dataclass(frozen=True)
class Figure:
    """Of so many exam orders, so many right by the model that was in use, and by the new one."""

    of: int
    before: int
    after: int


def is_exam(order_number: str) -> bool:
    """Whether the order is kept for examining; always the same answer for the same order."""
    return hashlib.sha256(order_number.encode()).digest()[0] % _PARTS == 0


def is_better(figures: Mapping[str, Figure]) -> bool:
    """More right in all, and in no fact fewer: an emergency that is missed is not made up for by ten categories."""
    gained = [figure.after - figure.before for figure in figures.values()]
    return sum(gained) > 0 and min(gained) >= 0
