"""The audit log below the top: whose deeds, and what it is that others did them to, an administrator reads of."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import factories
import pytest
from factories import LATER, NOW
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from hotline.console.words import SUBJECTS
from hotline.models import (
    Action,
    AuditEntry,
    EmergencyMode,
    HandoverNote,
    LearningRound,
    LocalWord,
    MessageChannel,
    Notice,
    Order,
    OutboxEntry,
    OutboxState,
    OutreachEvent,
    ResultFile,
    TransferFile,
    TransferPlatform,
    Unit,
    WordKind,
    WordState,
    Work,
)
from hotline.rules.clocks import Step
from hotline.rules.roles import Role
from hotline.rules.supervision import Colour
from hotline.services import audit
from hotline.services.access import SYSTEM, Actor
from hotline.services.desk import log
from hotline.services.desk import orders as order_desk
from hotline.services.desk.log import OF_THE_WHOLE
from hotline.services.desk.stretches import ROWS, Place


class Town:
    """A city with two districts, and a street in one of them."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.city = factories.unit(session)
        self.district, self.beside = (factories.unit(session, parent=self.city) for _ in range(2))
        self.street = factories.unit(session, parent=self.district)

    def read_by(self, unit: Unit, place: Place | None = None) -> list[AuditEntry]:
        """The page of an administrator of the unit."""
        return list(log.listed(self.session, factories.actor(self.session, unit, Role.ADMINISTRATOR), place).rows)

    def note(self, actor: Actor, subject: str | None = None, subject_id: int | None = None) -> AuditEntry:
        """An entry."""
        audit.note(self.session, actor, Action.ORDER_MOVED, NOW, subject=subject, subject_id=subject_id)
        self.session.flush()
        return self.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()


@pytest.fixture
def town(session: Session) -> Town:
    return Town(session)


def order_of(session: Session, unit: Unit) -> Order:
    return factories.order(session, factories.line(session, unit, f"+8620{unit.id:08d}"))


def stored(session: Session, row: Any) -> int:
    """The id of the row, once it is in the database."""
    session.add(row)
    session.flush()
    return row.id


def notice(session: Session, unit: Unit) -> Notice:
    told = {"run": 0, "step": Step.ACCEPT, "colour": Colour.YELLOW, "due_at": NOW, "made_at": NOW}
    return Notice(order=order_of(session, unit), unit=unit, **told)


def work(session: Session, unit: Unit) -> OutboxEntry:
    about = factories.recording(session, order_of(session, unit).calls[0])
    state = OutboxState.DONE
    return OutboxEntry(work=Work.TRANSCRIBE_RECORDING, subject_id=about.id, state=state, due_at=NOW, made_at=NOW)


def note(session: Session, unit: Unit) -> HandoverNote:
    return HandoverNote(unit=unit, author=factories.user(session, unit), text="无事", written_at=NOW)


# A row of each kind that entries are about, which belongs to a unit.
ROWS_OF: Mapping[str, Callable[[Session, Unit], int]] = {
    "orders": lambda session, unit: order_of(session, unit).id,
    "calls": lambda session, unit: order_of(session, unit).calls[0].id,
    "recordings": lambda session, unit: factories.recording(session, order_of(session, unit).calls[0]).id,
    "statements": lambda session, unit: factories.statement(session, factories.line(session, unit)).id,
    "attachments": lambda session, unit: factories.attachment(session, order_of(session, unit)).id,
    "notices": lambda session, unit: stored(session, notice(session, unit)),
    "outbox": lambda session, unit: stored(session, work(session, unit)),
    "units": lambda _session, unit: unit.id,
    "users": lambda session, unit: factories.user(session, unit).id,
    "shifts": lambda session, unit: factories.shift(session, factories.user(session, unit)).id,
    "handover_notes": lambda session, unit: stored(session, note(session, unit)),
    "emergency_modes": lambda session, unit: stored(
        session, EmergencyMode(unit=unit, reason="寒潮", started_at=NOW, ends_at=LATER + timedelta(days=1))
    ),
    "outreach_events": lambda session, unit: stored(
        session, OutreachEvent(unit=unit, name="救助政策赶大集", held_on=NOW.date(), made_at=NOW)
    ),
    "catalogue_versions": lambda session, unit: factories.catalogue(session, unit).id,
    "message_channels": lambda session, unit: stored(
        session, MessageChannel(name=f"channel{unit.id}", unit=unit, reply_url="https://example.org/reply")
    ),
    "transfer_files": lambda session, unit: stored(
        session,
        TransferFile(
            source="12345", name="工单.csv", sha256="0" * 64, unit=unit, taken=1, known=[], refused=[], came_at=NOW
        ),
    ),
    "result_files": lambda session, unit: stored(session, ResultFile(source="12345", unit=unit, made_at=NOW)),
    "transfer_platforms": lambda session, unit: stored(
        session, TransferPlatform(name=f"platform{unit.id}", unit=unit, token_sha256=f"{unit.id:064d}", made_at=NOW)
    ),
    "learning_rounds": lambda session, _unit: stored(session, LearningRound(asked_at=NOW)),
    "local_words": lambda session, unit: stored(
        session,
        LocalWord(
            word=f"新桥{unit.id}",
            kind=WordKind.PLACE,
            state=WordState.PROPOSED,
            typed_at=NOW,
            order=order_of(session, unit),
        ),
    ),
}


@pytest.mark.parametrize("subject", sorted(SUBJECTS))
@pytest.mark.parametrize("is_by_somebody", [True, False])
def test_what_others_did_is_read_of_where_it_was_done(town: Town, subject: str, is_by_somebody: bool) -> None:
    session, below_the_top = town.session, subject not in OF_THE_WHOLE
    stranger = factories.actor(session, town.city, Role.CALL_TAKER) if is_by_somebody else SYSTEM

    entry = town.note(stranger, subject, ROWS_OF[subject](session, town.street))

    readers = [unit for unit in (town.city, town.district, town.street, town.beside) if entry in town.read_by(unit)]
    assert readers == ([town.city, town.district, town.street] if below_the_top else [town.city])


def test_what_ones_people_did_is_read_of_whatever_they_did_it_to(town: Town) -> None:
    own = factories.actor(town.session, town.street, Role.CALL_TAKER)

    entries = {town.note(own, "orders", order_of(town.session, town.beside).id), town.note(own)}

    assert entries <= set(town.read_by(town.district))


def test_what_is_about_nothing_is_for_the_top(town: Town) -> None:
    entry = town.note(SYSTEM)

    assert entry in town.read_by(town.city)
    assert town.read_by(town.district) == []


def test_numbers_of_orders_out_of_sight_are_not_told(town: Town) -> None:
    session, there = town.session, order_of(town.session, town.beside)
    here = order_of(session, town.street)
    own = factories.actor(session, town.street, Role.CALL_TAKER)
    for order in (here, there):
        town.note(own, "orders", order.id)
    administrator = factories.actor(session, town.district, Role.ADMINISTRATOR)

    numbers = log.order_numbers(session, administrator, log.listed(session, administrator, None))

    assert numbers == {here.id: here.number}


def test_pages_below_the_top_leave_nothing_out_and_show_nothing_twice(town: Town) -> None:
    session, order = town.session, order_of(town.session, town.street)
    stranger, own = (factories.actor(session, unit, Role.CALL_TAKER) for unit in (town.city, town.street))
    for _ in range(ROWS + 1):
        town.note(stranger, "orders", order.id)
        town.note(own, "orders", order.id)
        town.note(stranger)
    administrator = factories.actor(session, town.district, Role.ADMINISTRATOR)
    seen = select(AuditEntry.id).where(AuditEntry.action == Action.ORDER_MOVED, AuditEntry.subject.is_not(None))
    whole = session.scalars(seen.order_by(AuditEntry.id.desc())).all()

    first = log.listed(session, administrator, None)
    second = log.listed(session, administrator, first.next)
    third = log.listed(session, administrator, second.next)

    shown = [entry.id for page in (first, second, third) for entry in page.rows]
    assert shown == whole
    assert third.next is None
    assert log.listed(session, administrator, third.previous).rows == second.rows
    assert log.listed(session, administrator, second.previous).rows == first.rows
    assert log.listed(session, administrator, Place((0,))).rows == first.rows


# What callers wrote


def test_reading_what_a_caller_wrote_is_written_down_once_as_hearing_it_is(town: Town) -> None:
    session, written = town.session, factories.statement(town.session, factories.line(town.session, town.street))
    reader = factories.actor(session, town.street, Role.CALL_TAKER)

    for _ in range(2):
        order_desk.one(session, reader, written.order.number, NOW)

    assert looks(session, reader) == [("statements", written.id)]


def test_many_looks_are_written_down_with_one_question_to_the_log(town: Town) -> None:
    session, reader, asked = town.session, factories.actor(town.session, town.street, Role.CALL_TAKER), []
    audit.note_looks(session, reader, Action.TRANSCRIPT_SEEN, NOW, subject="statements", subject_ids=[2])
    session.flush()
    event.listen(session.connection(), "before_cursor_execute", lambda *args: asked.append(args[2]))

    audit.note_looks(session, reader, Action.TRANSCRIPT_SEEN, NOW, subject="statements", subject_ids=[1, 2, 3])
    audit.note_looks(session, reader, Action.TRANSCRIPT_SEEN, NOW, subject="statements", subject_ids=[])

    assert len([statement for statement in asked if statement.startswith("SELECT")]) == 1
    assert sorted(looks(session, reader)) == [("statements", 1), ("statements", 2), ("statements", 3)]


def test_who_does_not_see_what_a_secret_order_holds_is_not_said_to_have_read_it(town: Town) -> None:
    session, written = town.session, factories.statement(town.session, factories.line(town.session, town.street))
    written.order.is_secret = True
    reader = factories.actor(session, town.district, Role.CALL_TAKER)

    assert order_desk.one(session, reader, written.order.number, NOW) is not None

    assert looks(session, reader) == []


def looks(session: Session, reader: Actor) -> list[tuple[str | None, int | None]]:
    """What the person read."""
    read = (AuditEntry.action == Action.TRANSCRIPT_SEEN, AuditEntry.user_id == reader.user_id)
    return [(entry.subject, entry.subject_id) for entry in session.scalars(select(AuditEntry).where(*read))]
