"""The audit log as administrators read it."""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session, joinedload

from hotline.models import (
    Attachment,
    AuditEntry,
    Call,
    CatalogueVersion,
    MessageChannel,
    Order,
    Recording,
    ResultFile,
    TransferFile,
    TransferPlatform,
    Unit,
    User,
)
from hotline.rules.roles import Role
from hotline.services.access import Actor, require_role, sees_call, sees_order
from hotline.services.desk.stretches import Place, Stretch, stretch_of


def listed(session: Session, actor: Actor, place: Place | None) -> Stretch[AuditEntry]:
    """What the people of the actor's unit and of those below did, and what the system did with what the actor sees.

    What is about nothing, as an attempt to sign in under a name that nobody has, is for the topmost unit.

    Raises:
        NotAllowedError
    """
    require_role(actor, Role.ADMINISTRATOR)
    found = select(AuditEntry).where(*([] if actor.is_at_the_top else [_is_in_sight(actor)]))
    return stretch_of(session, found.options(joinedload(AuditEntry.user)), (AuditEntry.id,), place)


def order_numbers(session: Session, found: Stretch[AuditEntry]) -> Mapping[int, str]:
    """The numbers of the orders that the entries are about, by their ids."""
    ids = {entry.subject_id for entry in found.rows if entry.subject == "orders"}
    rows = session.execute(select(Order.id, Order.number).where(Order.id.in_(ids)))
    return {row.id: row.number for row in rows}


def _is_in_sight(actor: Actor) -> ColumnElement[bool]:
    units = select(Unit.id).where(Unit.path.startswith(actor.unit_path, autoescape=True))
    people = select(User.id).where(User.unit_id.in_(units))
    in_sight: dict[str, Select[int]] = {
        "users": people,
        "units": units,
        "catalogue_versions": select(CatalogueVersion.id).where(CatalogueVersion.unit_id.in_(units)),
        "message_channels": select(MessageChannel.id).where(MessageChannel.unit_id.in_(units)),
        "transfer_files": select(TransferFile.id).where(TransferFile.unit_id.in_(units)),
        "result_files": select(ResultFile.id).where(ResultFile.unit_id.in_(units)),
        "transfer_platforms": select(TransferPlatform.id).where(TransferPlatform.unit_id.in_(units)),
        "orders": select(Order.id).where(sees_order(actor)),
        "attachments": select(Attachment.id).join(Attachment.order).where(sees_order(actor)),
        "calls": select(Call.id).where(sees_call(actor)),
        "recordings": select(Recording.id).join(Recording.call).where(sees_call(actor)),
    }
    about = [and_(AuditEntry.subject == subject, AuditEntry.subject_id.in_(rows)) for subject, rows in in_sight.items()]
    return or_(AuditEntry.user_id.in_(people), and_(AuditEntry.user_id.is_(None), or_(*about)))
