"""Who people are to the service: `domain.md`'s roles."""

from enum import StrEnum


class Role(StrEnum):
    """A person may hold several."""

    CALL_TAKER = "call_taker"
    DISPATCHER = "dispatcher"
    HANDLER = "handler"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"


# Who hears a call again, and says what its transcript and facts should be.
REVIEWERS = frozenset({Role.CALL_TAKER, Role.DISPATCHER, Role.SUPERVISOR})
# Who speaks with callers from the desk: rings back, and asks what the survey could not.
DESK = frozenset({Role.CALL_TAKER, Role.SUPERVISOR})
# Who may have a caller's full number shown, to dial it.
DIALLERS = frozenset({Role.CALL_TAKER, Role.HANDLER, Role.SUPERVISOR})
# Who has failed work done again.
REPLAYERS = frozenset({Role.ADMINISTRATOR, Role.SUPERVISOR})
