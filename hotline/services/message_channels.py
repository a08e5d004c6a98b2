"""Message channels: the gateways through which people of a social network write to a unit, and we to them."""

import re
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, joinedload

from hotline.models import Action, MessageChannel, TextMessage, Unit
from hotline.rules.roles import Role
from hotline.services import audit, text_messages
from hotline.services.access import Actor, require_top

_NAME = re.compile(r"[a-z][a-z0-9-]{1,19}")
_OURS = frozenset({text_messages.TELEPHONE, text_messages.ON_PAGE})
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


class UnusableChannelError(ValueError):
    """Such a channel could not be named or reached."""


class UnknownChannelError(ValueError):
    """There is no channel of that name."""


def set_channel(session: Session, name: str, unit: Unit, reply_url: str, actor: Actor, now: datetime) -> MessageChannel:
    """Add a channel, or change the one of that name; it is on afterwards. Of those who do so at once the last counts.

    Raises:
        NotAllowedError, UnusableChannelError
    """
    require_top(actor, Role.ADMINISTRATOR)
    _check(name, reply_url)
    told = {"unit_id": unit.id, "reply_url": reply_url, "is_active": True}
    row = insert(MessageChannel).values(name=name, **told)
    kept = row.on_conflict_do_update(index_elements=[MessageChannel.name], set_=told).returning(MessageChannel)
    channel = session.scalars(kept, execution_options={"populate_existing": True}).one()
    audit.note(session, actor, Action.CHANNEL_SET, now, subject="message_channels", subject_id=channel.id)
    return channel


def switch_off(session: Session, name: str, actor: Actor, now: datetime) -> None:
    """Take in and send out nothing more by the channel.

    Raises:
        NotAllowedError, UnknownChannelError
    """
    require_top(actor, Role.ADMINISTRATOR)
    channel = _any_by_name(session, name)
    if channel is None:
        raise UnknownChannelError(f"there is no message channel {name}")
    channel.is_active = False
    audit.note(session, actor, Action.CHANNEL_SET, now, subject="message_channels", subject_id=channel.id)


def listed(session: Session) -> Sequence[MessageChannel]:
    """All of them, by name."""
    found = select(MessageChannel).order_by(MessageChannel.name).options(joinedload(MessageChannel.unit))
    return session.scalars(found).all()


def by_name(session: Session, name: str) -> MessageChannel | None:
    """The channel of that name, if it is on."""
    channel = _any_by_name(session, name)
    return channel if channel is not None and channel.is_active else None


def carries(message: TextMessage) -> bool:
    """Whether a message goes by a channel, and not by telephone or on an order's page."""
    return message.carrier not in _OURS


def _any_by_name(session: Session, name: str) -> MessageChannel | None:
    return session.scalars(select(MessageChannel).where(MessageChannel.name == name)).one_or_none()


def _check(name: str, reply_url: str) -> None:
    if not _NAME.fullmatch(name) or name in _OURS:
        taken = ", ".join(sorted(_OURS))
        raise UnusableChannelError(f"a channel's name has 2 to 20 of a-z, 0-9 and hyphen, and is none of {taken}")
    try:
        where = urlsplit(reply_url)
        is_here = where.scheme == "http" and where.hostname in _THIS_MACHINE
        is_plain = not where.username and not where.password and not where.fragment
        is_address = bool(where.hostname) and (where.port is None or where.port > 0)
    except ValueError:
        is_address = False
    if not is_address or not is_plain or not (where.scheme == "https" or is_here) or not reply_url.isprintable():
        raise UnusableChannelError("replies go to an https:// address, or to http:// on this machine")
