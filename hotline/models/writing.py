"""What reaches us in writing: the statements that orders rest on, the channels they come by, and outreach events."""

from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import Date, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hotline.db import Base, text_enum
from hotline.models.calls import TextMessage
from hotline.models.people import Unit, User
from hotline.rules.intake import Channel

if TYPE_CHECKING:
    from hotline.models.orders import Order


class Statement(Base):
    """What a caller wrote, or said to one of ours who wrote it down; facts are taken from it as from a transcript."""

    __tablename__ = "statements"
    __table_args__ = (Index("ix_statements_order_id_made_at", "order_id", "made_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="RESTRICT"))
    channel: Mapped[Channel] = mapped_column(text_enum(Channel))
    text: Mapped[str] = mapped_column(Text)
    # The message that brought it, if one did.
    message_id: Mapped[int | None] = mapped_column(ForeignKey("text_messages.id", ondelete="RESTRICT"), unique=True)
    # Who wrote it down for the caller; None: the caller's own hand.
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    made_at: Mapped[datetime]

    order: Mapped["Order"] = relationship(back_populates="statements")
    message: Mapped[TextMessage | None] = relationship()
    user: Mapped[User | None] = relationship()


class OutreachEvent(Base):
    """A day on a market square or in a community, at which people are listened to and orders taken."""

    __tablename__ = "outreach_events"
    __table_args__ = (UniqueConstraint("unit_id", "held_on", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id", ondelete="RESTRICT"))
    name: Mapped[str] = mapped_column(String(120))
    held_on: Mapped[date] = mapped_column(Date)
    made_at: Mapped[datetime]

    unit: Mapped[Unit] = relationship()


class MessageChannel(Base):
    """A gateway through which people of a social network write to a unit, and we to them.

    `name` stands as `carrier` with each of its messages; what it signs with is in the settings under that name.
    """

    __tablename__ = "message_channels"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20), unique=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id", ondelete="RESTRICT"), index=True)
    # Where our answers go.
    reply_url: Mapped[str] = mapped_column(Text)
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))

    unit: Mapped[Unit] = relationship()
