"""The ways by which a matter reaches us."""

from enum import StrEnum


class Channel(StrEnum):
    """How a matter reached us."""

    PHONE = "phone"
    TEXT = "text"
    WEB = "web"
    DESK = "desk"
    EVENT = "event"
    TRANSFER = "transfer"
    CAMPAIGN = "campaign"
    SOCIAL = "social"


# Who comes by these wrote to us, and is answered in writing.
WRITTEN = frozenset({Channel.TEXT, Channel.WEB, Channel.SOCIAL})
