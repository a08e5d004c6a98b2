"""What must happen: asked for in the transaction that makes it necessary, sent at least once, finished once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from hotline.models import Action, OutboxEntry, OutboxState, Work
from hotline.rules.roles import REPLAYERS
from hotline.services import audit
from hotline.services.access import Actor, require_role

TRIES = 8
_FIRST_WAIT = timedelta(seconds=5)
_LONGEST_WAIT = timedelta(minutes=15)
# As many as fill a day.
_WAITS = 103
# Asked for in thousands at once, or long to do, with nobody waiting for it; and what goes before it, since somebody
# has just rung.
_AT_LEISURE = frozenset({Work.RETRANSCRIBE_RECORDING, Work.LEARN})
_BEFORE_LEISURE = frozenset({Work.TRANSCRIBE_RECORDING})


def ask(session: Session, work: Work, subject_id: int, now: datetime, *, due_at: datetime | None = None) -> None:
    """Ask for `work` on a row, once: asked for again while it waits, it only becomes due earlier."""
    row = insert(OutboxEntry).values(
        work=work,
        subject_id=subject_id,
        state=OutboxState.WAITING,
        due_at=due_at or now,
        made_at=now,
    )
    session.execute(
        row.on_conflict_do_update(
            index_elements=[OutboxEntry.work, OutboxEntry.subject_id],
            set_={"due_at": func.least(OutboxEntry.due_at, row.excluded.due_at)},
            where=OutboxEntry.state == OutboxState.WAITING,
        )
    )


def ask_anew(session: Session, work: Work, subject_id: int, now: datetime, *, due_at: datetime | None = None) -> bool:
    """Ask for work that may have been done before; False when it is waiting, or being done, already."""
    row = insert(OutboxEntry).values(
        work=work, subject_id=subject_id, state=OutboxState.WAITING, due_at=due_at or now, made_at=now
    )
    asked = row.on_conflict_do_update(
        index_elements=[OutboxEntry.work, OutboxEntry.subject_id],
        set_={**_afresh(due_at or now), "made_at": now},
        where=OutboxEntry.state.in_((OutboxState.DONE, OutboxState.DEAD)),
    )
    return session.scalar(asked.returning(OutboxEntry.id)) is not None


def take_due(session: Session, now: datetime, limit: int = 200) -> Sequence[OutboxEntry]:
    """Mark what is due as sent and return it; two pollers never get the same entry."""
    pressing = _taken(_due(session, now, OutboxEntry.work.not_in(_AT_LEISURE), limit), now)
    session.flush()
    if _is_busy(session, now):
        return pressing
    return [*pressing, *_taken(_due(session, now, OutboxEntry.work.in_(_AT_LEISURE), 1), now)]


def _taken(entries: Sequence[OutboxEntry], now: datetime) -> Sequence[OutboxEntry]:
    for entry in entries:
        entry.state = OutboxState.SENT
        entry.sent_at = now
        entry.tries += 1
    return entries


def _is_busy(session: Session, now: datetime) -> bool:
    """Whether what has time has to wait: one piece of it is under way, or whoever rang now would wait behind it."""
    is_sent = OutboxEntry.state == OutboxState.SENT
    is_due = (OutboxEntry.state == OutboxState.WAITING) & (OutboxEntry.due_at <= now)
    under_way = is_sent & OutboxEntry.work.in_(_AT_LEISURE)
    before = (is_sent | is_due) & OutboxEntry.work.in_(_BEFORE_LEISURE)
    return bool(session.scalar(select(exists().where(under_way | before))))


def _due(session: Session, now: datetime, kind: ColumnElement[bool], limit: int) -> Sequence[OutboxEntry]:
    return session.scalars(
        select(OutboxEntry)
        .where(OutboxEntry.state == OutboxState.WAITING, OutboxEntry.due_at <= now, kind)
        .order_by(OutboxEntry.due_at, OutboxEntry.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()


def sent(session: Session) -> Sequence[OutboxEntry]:
    """What a queue or a worker should have; the sweep looks whether one really does."""
    return session.scalars(
        select(OutboxEntry).where(OutboxEntry.state == OutboxState.SENT).order_by(OutboxEntry.sent_at)
    ).all()


def send_again(session: Session, entry_id: int, now: datetime) -> None:
    """Make an entry due that was sent and then lost by queue and worker; no change when it is done meanwhile."""
    entry = session.get_one(OutboxEntry, entry_id, with_for_update=True)
    if entry.state == OutboxState.SENT:
        entry.state = OutboxState.WAITING
        entry.due_at = now


def put_off(entry: OutboxEntry, until: datetime) -> None:
    """Not now: due again at `until`, and this was no try."""
    entry.state = OutboxState.WAITING
    entry.due_at = until
    entry.tries = max(entry.tries - 1, 0)


def finish(entry: OutboxEntry, now: datetime) -> None:
    """The work is done, in the same transaction as its results."""
    entry.state = OutboxState.DONE
    entry.done_at = now
    entry.trouble = None


def was_last_try(entry: OutboxEntry) -> bool:
    """True when there is none after the present one."""
    return entry.tries >= TRIES


def fail(entry: OutboxEntry, trouble: str, now: datetime) -> None:
    """The try failed: due again after a growing wait, or dead after the last one."""
    entry.trouble = trouble
    if was_last_try(entry):
        entry.state = OutboxState.DEAD
        return
    entry.state = OutboxState.WAITING
    entry.due_at = now + _wait(entry.tries)


def was_last_wait(entry: OutboxEntry) -> bool:
    """True when a day has gone by in which the carrier was away whenever it was asked."""
    return entry.waits >= _WAITS


def wait(entry: OutboxEntry, trouble: str, now: datetime) -> None:
    """The carrier is away, which is no try: due again after a growing wait, or dead after a day of them."""
    entry.trouble = trouble
    if was_last_wait(entry):
        entry.state = OutboxState.DEAD
        return
    entry.waits += 1
    put_off(entry, now + _wait(entry.waits))


def bury(entry: OutboxEntry, trouble: str) -> None:
    """Trying again makes no sense: a person decides."""
    entry.state, entry.trouble = OutboxState.DEAD, trouble


def lay_to_rest(session: Session, work: Work, subjects: Select[int], now: datetime) -> None:
    """What was given up has been dealt with in another way, and is no trouble any more."""
    session.execute(
        update(OutboxEntry)
        .where(OutboxEntry.work == work, OutboxEntry.subject_id.in_(subjects), OutboxEntry.state == OutboxState.DEAD)
        .values(state=OutboxState.DONE, done_at=now)
    )


def _afresh(due_at: datetime) -> dict[str, Any]:
    """What an entry holds that begins again, with all its tries."""
    return {
        "state": OutboxState.WAITING,
        "due_at": due_at,
        "tries": 0,
        "waits": 0,
        "trouble": None,
        "sent_at": None,
        "done_at": None,
    }


def _begin_anew(entry: OutboxEntry, now: datetime) -> None:
    for name, value in _afresh(now).items():
        setattr(entry, name, value)


def _wait(count: int) -> timedelta:
    longest = _LONGEST_WAIT // _FIRST_WAIT
    return min(_FIRST_WAIT * min(1 << (count - 1), longest), _LONGEST_WAIT)


def revive(session: Session, work: Work, subject_id: int, now: datetime) -> None:
    """Ask again for what was given up, with all its tries: there is a new reason to hope."""
    entry = session.scalars(
        select(OutboxEntry)
        .where(OutboxEntry.work == work, OutboxEntry.subject_id == subject_id, OutboxEntry.state == OutboxState.DEAD)
        .with_for_update()
    ).one_or_none()
    if entry is not None:
        _begin_anew(entry, now)


def replay(session: Session, entry: OutboxEntry, actor: Actor, now: datetime) -> None:
    """A person gives a dead entry all its tries again."""
    require_role(actor, *REPLAYERS)
    _begin_anew(entry, now)
    audit.note(session, actor, Action.WORK_REPLAYED, now, subject="outbox", subject_id=entry.id)
