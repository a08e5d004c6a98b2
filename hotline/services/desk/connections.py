"""Whom the service is connected to: platforms that pass orders on, and gateways of message channels."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from hotline.models import MessageChannel, TransferPlatform
from hotline.rules.roles import Role
from hotline.services import message_channels, transfers
from hotline.services.access import Actor, require_top


@dataclass(frozen=True)
class Connections:
    """All of them, by name, whether on or off."""

    platforms: Sequence[TransferPlatform]
    channels: Sequence[MessageChannel]


def overview(session: Session, actor: Actor) -> Connections:
    """Everything on the page.

    Raises:
        NotAllowedError: the actor is no administrator of the topmost unit.
    """
    require_top(actor, Role.ADMINISTRATOR)
    return Connections(transfers.platforms(session), message_channels.listed(session))
