"""The audit log as administrators read it."""

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from hotline.models import AuditEntry, Unit, User
from hotline.rules.roles import Role
from hotline.services.access import Actor, require_role
from hotline.services.desk.paging import Page, page_of


def listed(session: Session, actor: Actor, page: int) -> Page[AuditEntry]:
    """What the people of the actor's unit and of those below did, the system, and whoever could not sign in.

    Raises:
        NotAllowedError
    """
    require_role(actor, Role.ADMINISTRATOR)
    below = select(User.id).join(User.unit).where(Unit.path.startswith(actor.unit_path, autoescape=True))
    found = select(AuditEntry).where(or_(AuditEntry.user_id.is_(None), AuditEntry.user_id.in_(below)))
    return page_of(session, found.order_by(AuditEntry.id.desc()).options(joinedload(AuditEntry.user)), page)
