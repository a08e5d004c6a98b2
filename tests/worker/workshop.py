"""A worker's surroundings: a database, a store on disk, a carrier and a clock that do what the test says."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import factories
from scripted_carrier import ScriptedCarrier
from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline.db import Base
from hotline.models import OutboxEntry, OutboxState, Work
from hotline.services import outbox
from worker.context import Context
from worker.perform import perform_with

Row = TypeVar("Row", bound=Base)
CHANNEL_SECRET = "a-channel-secret-of-32-characters-or-more"


@dataclass(frozen=True)
class Workshop:
    """A worker's context, and what the tests need around it."""

    context: Context
    carrier: ScriptedCarrier
    clock: factories.SetClock

    def make(self, build: Callable[[Session], Any]) -> int:
        """Rows that somebody stored before; the id of the one that `build` gives."""
        with self.context.sessions.begin() as session:
            return build(session).id

    def ask(self, work: Work, subject_id: int) -> int:
        """Ask for work and take it as a queue would; the entry's id."""
        with self.context.sessions.begin() as session:
            outbox.ask(session, work, subject_id, self.clock.now())
        return self.take(work, subject_id)

    def take(self, work: Work, subject_id: int) -> int:
        """Take an entry that was asked for already, whenever it is due."""
        with self.context.sessions.begin() as session:
            entry = session.scalars(
                select(OutboxEntry).where(OutboxEntry.work == work, OutboxEntry.subject_id == subject_id)
            ).one()
            self.clock.at = max(self.clock.at, entry.due_at)
            taken = {taken.id for taken in outbox.take_due(session, self.clock.now())}
            assert entry.id in taken
            return entry.id

    def do(self, work: Work, subject_id: int) -> OutboxEntry:
        """Ask for work and do it once."""
        entry_id = self.ask(work, subject_id)
        perform_with(self.context, entry_id)
        return self.get(OutboxEntry, entry_id)

    def do_until_dead(self, work: Work, subject_id: int) -> OutboxEntry:
        """Try as often as an entry is tried."""
        entry = self.do(work, subject_id)
        for _ in range(outbox.TRIES - 1):
            assert entry.state == OutboxState.WAITING
            perform_with(self.context, self.take(work, subject_id))
            entry = self.get(OutboxEntry, entry.id)
        return entry

    def get(self, kind: type[Row], row_id: int) -> Row:
        """A row as it is stored now."""
        with self.context.sessions() as session:
            return session.get_one(kind, row_id)

    def one(self, kind: type[Row], *conditions: Any) -> Row:
        """The only row of its kind."""
        with self.context.sessions() as session:
            return session.scalars(select(kind).where(*conditions)).one()

    def all(self, kind: type[Row], *conditions: Any) -> list[Row]:
        """Every row of a kind."""
        with self.context.sessions() as session:
            return list(session.scalars(select(kind).where(*conditions)))
