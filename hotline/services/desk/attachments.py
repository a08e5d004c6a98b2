"""What is attached to orders, as people see it: one file with the look written down, and the order to attach to."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline.models import Action, Attachment, Order
from hotline.services import audit
from hotline.services.access import Actor, contents_seen, sees_contents, sees_order
from hotline.services.desk import orders


def look_at(session: Session, actor: Actor, attachment_id: int, now: datetime) -> Attachment | None:
    """A file to look at, with the look written down; None when the actor sees none."""
    found = select(Attachment).join(Attachment.order).where(Attachment.id == attachment_id)
    attachment = session.scalars(found.where(sees_order(actor), contents_seen(actor))).one_or_none()
    if attachment is not None:
        seen = [attachment.id]
        audit.note_looks(session, actor, Action.ATTACHMENT_SEEN, now, subject="attachments", subject_ids=seen)
    return attachment


def to_attach(session: Session, actor: Actor, number: str) -> Order | None:
    """The order, locked, if the actor sees it with its contents."""
    order = orders.to_change(session, actor, number)
    return order if order is not None and sees_contents(actor, order) else None
