"""Results with their closing elements, those that wait for a supervisor's word, and what is attached to an order."""

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hotline.db import Base, text_enum
from hotline.models.people import User
from hotline.rules.attachments import AttachmentKind
from hotline.rules.supervision import ApprovalState

if TYPE_CHECKING:
    from hotline.models.orders import Order


class Outcome(StrEnum):
    """What came of the help."""

    SOLVED = "solved"
    PARTLY = "partly"
    NOT_SOLVED = "not_solved"
    REFERRED = "referred"


class _Elements:
    """The closing elements as a handler reported them."""

    outcome: Mapped[Outcome] = mapped_column(text_enum(Outcome))
    done: Mapped[str] = mapped_column(Text)
    why_not: Mapped[str | None] = mapped_column(Text)
    aid: Mapped[str | None] = mapped_column(Text)
    evidence: Mapped[str | None] = mapped_column(Text)


class Result(_Elements, Base):
    """The closing elements of one resolution."""

    __tablename__ = "results"
    __table_args__ = (
        UniqueConstraint("order_id", "resolution"),
        CheckConstraint("outcome <> 'not_solved' or why_not is not null", name="unsolved_says_why"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="RESTRICT"))
    resolution: Mapped[int]
    # Who reported it and when, also where it was approved later.
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    at: Mapped[datetime]

    order: Mapped["Order"] = relationship(back_populates="results")
    user: Mapped[User] = relationship()
    approval: Mapped["Approval | None"] = relationship(back_populates="result")
    attachments: Mapped[list["Attachment"]] = relationship(back_populates="result", order_by="Attachment.id")


class Approval(_Elements, Base):
    """A result that waits, or waited, for a supervisor's word; it becomes a `Result` with it."""

    __tablename__ = "approvals"
    __table_args__ = (
        Index("uq_approvals_pending", "order_id", unique=True, postgresql_where=text("state = 'asked'")),
        CheckConstraint("(decided_at is not null) = (state in ('approved', 'sent_back'))", name="decided"),
        CheckConstraint("result_id is null or state = 'approved'", name="only_what_is_approved"),
        CheckConstraint("state <> 'sent_back' or word is not null", name="sent_back_says_why"),
        CheckConstraint("decided_by_id <> user_id", name="not_by_oneself"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="RESTRICT"), index=True)
    # As in `OrderClocks`: 0 until the first reopening, and so on.
    run: Mapped[int]
    state: Mapped[ApprovalState] = mapped_column(text_enum(ApprovalState))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    asked_at: Mapped[datetime]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    decided_at: Mapped[datetime | None]
    word: Mapped[str | None] = mapped_column(Text)
    result_id: Mapped[int | None] = mapped_column(ForeignKey("results.id", ondelete="RESTRICT"), unique=True)

    order: Mapped["Order"] = relationship(back_populates="approvals")
    user: Mapped[User] = relationship(foreign_keys=[user_id])
    decided_by: Mapped[User | None] = relationship(foreign_keys=[decided_by_id])
    result: Mapped[Result | None] = relationship(back_populates="approval")


class Attachment(Base):
    """A photo or PDF of an order, looked at before it was kept; the file itself lies in the store."""

    __tablename__ = "attachments"
    __table_args__ = (
        # The same file again is the same attachment.
        UniqueConstraint("order_id", "sha256"),
        CheckConstraint("(small_key is not null) = (kind = 'photo')", name="photo_has_a_small_one"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="RESTRICT"))
    # The result that it was reported with.
    result_id: Mapped[int | None] = mapped_column(ForeignKey("results.id", ondelete="RESTRICT"), index=True)
    kind: Mapped[AttachmentKind] = mapped_column(text_enum(AttachmentKind))
    content_type: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(200))
    # Of what was uploaded; what is kept of a photo is another file.
    sha256: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int]
    store_key: Mapped[str] = mapped_column(String(200))
    small_key: Mapped[str | None] = mapped_column(String(200))
    # None: the caller, by a form of ours or a message.
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    at: Mapped[datetime]

    order: Mapped["Order"] = relationship(back_populates="attachments")
    result: Mapped[Result | None] = relationship(back_populates="attachments")
    user: Mapped[User | None] = relationship()
