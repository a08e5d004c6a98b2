"""Who people are to the service: `domain.md`'s roles."""

from enum import StrEnum


class Role(StrEnum):
    """A person may hold several."""

    CALL_TAKER = "call_taker"
    DISPATCHER = "dispatcher"
    HANDLER = "handler"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"
