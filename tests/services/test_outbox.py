"""Work that must happen: asked for once, taken by one, finished once, and dead in sight of a person."""

from datetime import timedelta

import factories
import pytest
from factories import LATER, NOW
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hotline.db import Sessions
from hotline.models import Action, AuditEntry, OutboxEntry, OutboxState, Work
from hotline.rules.roles import Role
from hotline.services import outbox
from hotline.services.access import NotAllowedError

FETCH = Work.FETCH_RECORDING


def entries(session: Session) -> list[OutboxEntry]:
    return list(session.scalars(select(OutboxEntry).order_by(OutboxEntry.id)))


def test_asked_for_twice_it_is_one_piece_of_work(session: Session) -> None:
    outbox.ask(session, FETCH, 1, NOW)
    outbox.ask(session, FETCH, 1, LATER)
    outbox.ask(session, FETCH, 2, NOW)
    outbox.ask(session, Work.TRANSCRIBE_RECORDING, 1, NOW)

    assert [(entry.work, entry.subject_id) for entry in entries(session)] == [
        (FETCH, 1),
        (FETCH, 2),
        (Work.TRANSCRIBE_RECORDING, 1),
    ]
    assert entries(session)[0].made_at == NOW


@pytest.mark.parametrize(("first", "second"), [(NOW, LATER), (LATER, NOW)])
def test_the_earlier_of_two_times_counts(session: Session, first, second) -> None:
    outbox.ask(session, FETCH, 1, NOW, due_at=first)
    outbox.ask(session, FETCH, 1, NOW, due_at=second)

    (entry,) = entries(session)
    assert entry.due_at == NOW


@pytest.mark.parametrize("state", [OutboxState.SENT, OutboxState.DONE, OutboxState.DEAD])
def test_what_is_on_its_way_or_over_is_not_begun_anew_by_asking(session: Session, state: OutboxState) -> None:
    outbox.ask(session, FETCH, 1, NOW)
    (entry,) = outbox.take_due(session, NOW)
    entry.state = state
    session.flush()

    outbox.ask(session, FETCH, 1, LATER)
    session.expire_all()

    assert entry.state == state
    assert outbox.take_due(session, LATER) == []


def test_the_database_holds_one_entry_for_each_work_and_subject(session: Session) -> None:
    outbox.ask(session, FETCH, 1, NOW)

    session.add(OutboxEntry(work=FETCH, subject_id=1, state=OutboxState.WAITING, due_at=NOW, made_at=NOW))
    with pytest.raises(IntegrityError), session.begin_nested():
        session.flush()


def test_what_is_due_is_taken_the_longest_waiting_first(session: Session) -> None:
    for subject, minutes in ((1, 5), (2, 1), (3, 3), (4, 9)):
        outbox.ask(session, FETCH, subject, NOW, due_at=NOW + timedelta(minutes=minutes))

    taken = outbox.take_due(session, NOW + timedelta(minutes=5))

    assert [entry.subject_id for entry in taken] == [2, 3, 1]
    assert {(entry.state, entry.tries, entry.sent_at) for entry in taken} == {
        (OutboxState.SENT, 1, NOW + timedelta(minutes=5))
    }
    assert outbox.take_due(session, NOW + timedelta(minutes=5)) == []
    assert {entry.subject_id for entry in outbox.sent(session)} == {1, 2, 3}


def test_no_more_is_taken_than_asked_for(session: Session) -> None:
    for subject in range(5):
        outbox.ask(session, FETCH, subject, NOW)

    assert [len(outbox.take_due(session, NOW, limit=3)) for _ in range(3)] == [3, 2, 0]


def test_two_pollers_never_take_the_same(own_sessions: Sessions) -> None:
    with own_sessions.begin() as session:
        for subject in range(6):
            outbox.ask(session, FETCH, subject, NOW)

    with own_sessions() as one, own_sessions() as other:
        mine = {entry.id for entry in outbox.take_due(one, NOW, limit=3)}
        one.flush()
        theirs = {entry.id for entry in outbox.take_due(other, NOW)}
        one.commit()
        other.commit()

    assert len(mine) == len(theirs) == 3
    assert not mine & theirs


def taken(session: Session) -> OutboxEntry:
    outbox.ask(session, FETCH, 1, NOW)
    (entry,) = outbox.take_due(session, NOW)
    session.flush()
    return entry


def test_what_is_put_off_was_no_try(session: Session) -> None:
    entry = taken(session)

    outbox.put_off(entry, LATER)

    assert (entry.state, entry.due_at, entry.tries) == (OutboxState.WAITING, LATER, 0)
    outbox.put_off(entry, LATER)
    assert entry.tries == 0


def test_what_is_done_is_done(session: Session) -> None:
    entry = taken(session)
    entry.trouble = "from an earlier try"

    outbox.finish(entry, LATER)

    assert (entry.state, entry.done_at, entry.trouble) == (OutboxState.DONE, LATER, None)
    outbox.send_again(session, entry.id, LATER)
    assert entry.state == OutboxState.DONE


def test_what_was_lost_is_due_at_once_and_counts_its_tries_on(session: Session) -> None:
    entry = taken(session)

    outbox.send_again(session, entry.id, LATER)
    (again,) = outbox.take_due(session, LATER)

    assert again.id == entry.id
    assert again.tries == 2


def test_failing_work_is_tried_eight_times(session: Session) -> None:
    entry, now, waits = taken(session), NOW, []
    while entry.state != OutboxState.DEAD:
        assert outbox.was_last_try(entry) == (entry.tries == 8)
        outbox.fail(entry, "Trouble", now)
        if entry.state == OutboxState.WAITING:
            waits.append((entry.due_at - now).total_seconds())
            now = entry.due_at
            outbox.take_due(session, now)

    assert entry.tries == 8
    assert waits == sorted(waits)
    assert waits[0] == 5
    assert entry.trouble == "Trouble"
    assert outbox.take_due(session, now + timedelta(days=9)) == []


def test_a_carrier_that_is_away_uses_up_no_try_for_a_day(session: Session) -> None:
    entry, now = taken(session), NOW
    while entry.state != OutboxState.DEAD:
        outbox.wait(entry, "CarrierUnavailableError", now)
        if entry.state == OutboxState.WAITING:
            assert entry.due_at - now <= timedelta(minutes=15)
            now = entry.due_at
            outbox.take_due(session, now)

    assert timedelta(hours=23) < now - NOW < timedelta(hours=26)
    assert entry.tries == 1


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.ADMINISTRATOR])
def test_a_person_gives_what_is_dead_all_its_tries_again(session: Session, role: Role) -> None:
    entry = taken(session)
    entry.state, entry.tries = OutboxState.DEAD, 8

    outbox.replay(session, entry, factories.actor(session, factories.unit(session), role), LATER)

    assert (entry.state, entry.tries, entry.due_at) == (OutboxState.WAITING, 0, LATER)


@pytest.mark.parametrize("role", [Role.CALL_TAKER, Role.DISPATCHER, Role.HANDLER])
def test_nobody_else_does(session: Session, role: Role) -> None:
    entry = taken(session)
    entry.state = OutboxState.DEAD

    with pytest.raises(NotAllowedError):
        outbox.replay(session, entry, factories.actor(session, factories.unit(session), role), LATER)
    assert entry.state == OutboxState.DEAD
    assert session.scalar(select(AuditEntry).where(AuditEntry.action == Action.WORK_REPLAYED)) is None


def test_what_is_dead_is_revived_and_nothing_else(session: Session) -> None:
    entry = taken(session)
    outbox.revive(session, FETCH, 1, LATER)
    assert entry.state == OutboxState.SENT

    entry.state = OutboxState.DEAD
    session.flush()
    outbox.revive(session, FETCH, 1, LATER)
    outbox.revive(session, FETCH, 4711, LATER)

    assert (entry.state, entry.tries) == (OutboxState.WAITING, 0)
