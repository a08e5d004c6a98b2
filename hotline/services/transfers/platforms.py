"""The platforms that pass orders on by our interface, each known by a token that only its hash remembers."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from hotline.models import Action, TransferPlatform, Unit
from hotline.rules.roles import Role
from hotline.services import audit
from hotline.services.access import Actor, require_top
from hotline.services.transfers.sources import known_as, same_as


def set_platform(session: Session, name: str, unit: Unit, actor: Actor, now: datetime) -> str:
    """Give a platform a new token, which is told here and never again; an earlier one counts no longer.

    Its orders come in at `unit` or at whom they name below it.

    Raises:
        NotAllowedError, UnusableSourceError
    """
    require_top(actor, Role.ADMINISTRATOR)
    token = secrets.token_urlsafe(32)
    known = known_as(session, name)
    platform = platform_by_name(session, name) or TransferPlatform(name=known, made_at=now)
    platform.unit_id, platform.token_sha256, platform.is_active = unit.id, _hash(token), True
    session.add(platform)
    session.flush()
    audit.note(session, actor, Action.PLATFORM_SET, now, subject="transfer_platforms", subject_id=platform.id)
    return token


def switch_off(session: Session, platform: TransferPlatform, actor: Actor, now: datetime) -> None:
    """Its token counts no longer; what it passed on stays.

    Raises:
        NotAllowedError
    """
    require_top(actor, Role.ADMINISTRATOR)
    platform.is_active = False
    audit.note(session, actor, Action.PLATFORM_SET, now, subject="transfer_platforms", subject_id=platform.id)


def platforms(session: Session) -> Sequence[TransferPlatform]:
    """All of them, by name."""
    found = select(TransferPlatform).order_by(TransferPlatform.name).options(joinedload(TransferPlatform.unit))
    return session.scalars(found).all()


def platform_by_token(session: Session, token: str) -> TransferPlatform | None:
    """The platform whose token it is. Looked up by its hash, which tells nothing of a token by how long it takes."""
    found = select(TransferPlatform).where(TransferPlatform.token_sha256 == _hash(token), TransferPlatform.is_active)
    return session.scalars(found.options(joinedload(TransferPlatform.unit))).one_or_none()


def platform_by_id(session: Session, platform_id: int) -> TransferPlatform | None:
    """The platform, whether its token counts or not."""
    return session.get(TransferPlatform, platform_id)


def platform_by_name(session: Session, name: str) -> TransferPlatform | None:
    """The platform whose name is written just so; else one whose name differs in width, case and spaces alone."""
    known = {each.name: each for each in session.scalars(select(TransferPlatform).order_by(TransferPlatform.id))}
    same = same_as(name, list(known))
    return known[same] if same else None


def _hash(token: str) -> str:
    # A random token of 32 bytes cannot be guessed, however fast its hash is.
    return hashlib.sha256(token.encode()).hexdigest()
