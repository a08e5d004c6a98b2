"""The audit log: every look at a recording, transcript or full number, and every change by a person."""

from datetime import datetime

from sqlalchemy.orm import Session

from hotline.models import Action, AuditEntry
from hotline.services.access import Actor


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
