"""What a kind of work is: the slow part outside any transaction, and what is then stored in one short one."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from worker.context import Context

Store = Callable[[Session, datetime], None]
Run = Callable[[Context, int], Store]
GiveUp = Callable[[Context, Session, int, str, datetime], None]


class PutOff(Exception):  # noqa: N818 - no error: the work is asked for again later
    """Not now, but at `until`; raised while storing, nothing of it is stored."""

    def __init__(self, until: datetime) -> None:
        super().__init__()
        self.until = until


class InVain(Exception):  # noqa: N818 - nothing of ours went wrong: a person decides
    """Trying again makes no sense; the message says what a person reads of it."""


@dataclass(frozen=True)
class Job:
    """`run` does the slow part and gives what is to be stored.

    `give_up` says what it means for people that it failed for the last time; `limit_s` ends a run that hangs.
    """

    queue: str
    run: Run
    give_up: GiveUp
    limit_s: int = 120


def nothing(session: Session, now: datetime) -> None:
    """There is nothing left to store: somebody else was quicker, or it is not wanted any more."""
