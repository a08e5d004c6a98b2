"""What one shift tells the next: written by who goes, marked as read by who comes."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from hotline.models import Action, HandoverNote, Shift, Unit
from hotline.rules.roles import Role
from hotline.services import audit
from hotline.services.access import Actor, NotAllowedError

LONGEST_HANDOVER = 4000
# Who went home an hour ago may still remember something.
_AFTERWARDS = timedelta(hours=12)


class NothingWrittenError(ValueError):
    """The note is empty, or longer than `LONGEST_HANDOVER` characters."""


class NotOnDutyError(NotAllowedError):
    """The person is neither on duty for the unit, nor was lately, nor supervises it."""


def may_leave(session: Session, unit: Unit, actor: Actor, now: datetime) -> bool:
    """Whether the actor can leave a note: on duty for the unit, or lately, or supervising it."""
    return _shift_of(session, unit, actor, now - _AFTERWARDS, now) is not None or _supervises(unit, actor)


def may_read(session: Session, unit: Unit, actor: Actor, now: datetime) -> bool:
    """Whether the actor can mark the unit's notes as read: on duty for it now, or supervising it."""
    return _shift_of(session, unit, actor, now, now) is not None or _supervises(unit, actor)


def leave_note(session: Session, unit: Unit, text: str, actor: Actor, now: datetime) -> HandoverNote:
    """Write a note for the unit's next shift.

    Raises:
        NothingWrittenError, NotOnDutyError
    """
    written = text.strip()
    if not 0 < len(written) <= LONGEST_HANDOVER:
        raise NothingWrittenError(f"a note has 1 to {LONGEST_HANDOVER} characters")
    if not may_leave(session, unit, actor, now) or actor.user_id is None:
        raise NotOnDutyError("who leaves a note is on duty, or was lately")
    shift = _shift_of(session, unit, actor, now - _AFTERWARDS, now)
    note = HandoverNote(unit=unit, shift=shift, author_id=actor.user_id, text=written, written_at=now)
    session.add(note)
    session.flush()
    audit.note(session, actor, Action.HANDOVER_WRITTEN, now, subject="handover_notes", subject_id=note.id)
    return note


def read_note(session: Session, note: HandoverNote, actor: Actor, now: datetime) -> None:
    """Mark a note as read by who is on duty now; the first one counts, and nobody reads their own.

    Raises:
        NotOnDutyError
    """
    session.flush()  # a refresh forgets what was not written
    session.refresh(note, with_for_update=True)
    if not may_read(session, note.unit, actor, now):
        raise NotOnDutyError("who marks a note as read is on duty")
    if note.read_at is not None or note.author_id == actor.user_id:
        return
    note.read_at, note.read_by_id = now, actor.user_id
    audit.note(session, actor, Action.HANDOVER_READ, now, subject="handover_notes", subject_id=note.id)


def unread_notes(session: Session, unit: Unit) -> Sequence[HandoverNote]:
    """What nobody of the next shift has read yet, oldest first."""
    return session.scalars(
        _of(unit).where(HandoverNote.read_at.is_(None)).order_by(HandoverNote.written_at, HandoverNote.id)
    ).all()


def notes(session: Session, unit: Unit, limit: int = 50) -> Sequence[HandoverNote]:
    """The unit's latest notes, newest first."""
    return session.scalars(
        _of(unit).order_by(HandoverNote.written_at.desc(), HandoverNote.id.desc()).limit(limit)
    ).all()


def _of(unit: Unit):  # type: ignore[no-untyped-def]  # the select's own type says nothing more
    related = (HandoverNote.unit, HandoverNote.author, HandoverNote.read_by, HandoverNote.shift)
    return select(HandoverNote).where(HandoverNote.unit_id == unit.id).options(*map(joinedload, related))


def _shift_of(session: Session, unit: Unit, actor: Actor, since: datetime, now: datetime) -> Shift | None:
    """The actor's latest shift for the unit that had begun by now and was not over before `since`."""
    return session.scalars(
        select(Shift)
        .where(
            Shift.unit_id == unit.id,
            Shift.user_id == actor.user_id,
            Shift.begins_at <= now,
            Shift.ends_at > since,
            Shift.cancelled_at.is_(None),
        )
        .order_by(Shift.begins_at.desc())
        .limit(1)
    ).one_or_none()


def _supervises(unit: Unit, actor: Actor) -> bool:
    return Role.SUPERVISOR in actor.roles and unit.path.startswith(actor.unit_path)
