"""The audit log: every look at a recording, transcript or full number, and every change by a person."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline.models import Action, AuditEntry
from hotline.services.access import Actor

# A page that is looked at refreshes itself, and a player asks for a recording piece by piece: one look.
_ONE_LOOK = timedelta(minutes=15)


def note(
    session: Session,
    actor: Actor,
    action: Action,
    now: datetime,
    *,
    subject: str | None = None,
    subject_id: int | None = None,
    detail: str | None = None,
) -> None:
    """Add one row; `subject` is the table's name, `detail` never holds what a caller said."""
    session.add(
        AuditEntry(
            at=now,
            user_id=actor.user_id,
            action=action,
            subject=subject,
            subject_id=subject_id,
            detail=detail,
        )
    )


def note_looks(
    session: Session, actor: Actor, action: Action, now: datetime, *, subject: str, subject_ids: Sequence[int]
) -> None:
    """Add one row for the look at each of them, however many requests it consists of."""
    lately = select(AuditEntry.subject_id).where(
        AuditEntry.user_id == actor.user_id,
        AuditEntry.action == action,
        AuditEntry.subject == subject,
        AuditEntry.subject_id.in_(subject_ids),
        AuditEntry.at > now - _ONE_LOOK,
    )
    seen = set(session.scalars(lately)) if subject_ids else set()
    for each in subject_ids:
        if each not in seen:
            note(session, actor, action, now, subject=subject, subject_id=each)
