"""Orders that another platform passed on to us, as 12345 does: its own numbers, and the results written back to it."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hotline.db import Base, text_enum
from hotline.models.orders import Order
from hotline.models.people import Unit, User
from hotline.models.results import Outcome
from hotline.rules.order_states import OrderState
from hotline.rules.survey_states import Resolved, Satisfied


class TransferPlatform(Base):
    """A platform that passes orders on by our interface; its token is known to itself alone."""

    __tablename__ = "transfer_platforms"

    id: Mapped[int] = mapped_column(primary_key=True)
    # Stands as `source` with each order that it passed on.
    name: Mapped[str] = mapped_column(String(40), unique=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id", ondelete="RESTRICT"), index=True)
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    made_at: Mapped[datetime]

    unit: Mapped[Unit] = relationship()


class TransferFile(Base):
    """A file of orders as somebody brought it in, and what became of its rows."""

    __tablename__ = "transfer_files"
    __table_args__ = (Index("ix_transfer_files_unit_id_came_at", "unit_id", "came_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id", ondelete="RESTRICT"))
    # None: by the command line.
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    taken: Mapped[int]
    # [{row, number, order}]: here before, under that number of ours.
    known: Mapped[list[Any]]
    # [{row, number, column, trouble, said}]: a word for each thing that was wrong; while rows are left that were not
    # reached, one more with the first of them, and the `last` row of the file.
    refused: Mapped[list[Any]]
    came_at: Mapped[datetime]

    unit: Mapped[Unit] = relationship()
    user: Mapped[User | None] = relationship()


class Transfer(Base):
    """What the other platform knows of an order: it calls it `foreign_number`."""

    __tablename__ = "transfers"
    __table_args__ = (UniqueConstraint("source", "foreign_number", "unit_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="RESTRICT"), unique=True)
    source: Mapped[str] = mapped_column(String(40))
    foreign_number: Mapped[str] = mapped_column(String(64))
    # To whom the platform passes orders on; those beside it may have another of the same name.
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id", ondelete="RESTRICT"), index=True)
    # None: by the interface.
    file_id: Mapped[int | None] = mapped_column(ForeignKey("transfer_files.id", ondelete="RESTRICT"), index=True)
    # When the caller rang there; our clocks start when we had it.
    rang_at: Mapped[datetime | None]
    # By when that platform wants it done.
    due_at: Mapped[datetime | None]
    contact_name: Mapped[str | None] = mapped_column(String(60))
    # Their words, for a reviewer; nothing is decided by them.
    category_words: Mapped[str | None] = mapped_column(String(120))
    urgency_words: Mapped[str | None] = mapped_column(String(40))
    passed_on_at: Mapped[datetime]

    order: Mapped[Order] = relationship()
    unit: Mapped[Unit] = relationship()
    file: Mapped[TransferFile | None] = relationship()
    results: Mapped[list["TransferResult"]] = relationship(back_populates="transfer", order_by="TransferResult.id")


class ResultFile(Base):
    """Results that were written back to a platform at once; downloaded again it is the same."""

    __tablename__ = "result_files"
    __table_args__ = (Index("ix_result_files_unit_id_made_at", "unit_id", "made_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(40))
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id", ondelete="RESTRICT"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    made_at: Mapped[datetime]

    unit: Mapped[Unit] = relationship()
    user: Mapped[User | None] = relationship()
    results: Mapped[list["TransferResult"]] = relationship(back_populates="file", order_by="TransferResult.id")


class TransferResult(Base):
    """How an order stood when it was written back. One that is done again is written back again."""

    __tablename__ = "transfer_results"
    __table_args__ = (UniqueConstraint("transfer_id", "order_id", "resolution", "state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("result_files.id", ondelete="RESTRICT"), index=True)
    transfer_id: Mapped[int] = mapped_column(ForeignKey("transfers.id", ondelete="RESTRICT"))
    # Whose ending it was: the order itself, or the one that it had gone into.
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="RESTRICT"), index=True)
    resolution: Mapped[int]
    state: Mapped[OrderState] = mapped_column(text_enum(OrderState))
    outcome: Mapped[Outcome | None] = mapped_column(text_enum(Outcome))
    done: Mapped[str | None] = mapped_column(Text)
    contacted_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    resolved: Mapped[Resolved | None] = mapped_column(text_enum(Resolved))
    satisfied: Mapped[Satisfied | None] = mapped_column(text_enum(Satisfied))

    file: Mapped[ResultFile] = relationship(back_populates="results")
    transfer: Mapped[Transfer] = relationship(back_populates="results")
    order: Mapped[Order] = relationship()

    @property
    def is_secret(self) -> bool:
        """Whether one of the two orders that it tells of is secret now."""
        return self.order.is_secret or self.transfer.order.is_secret
