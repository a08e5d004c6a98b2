"""What the service learns here: rounds of learning from reviewed orders, which of them is in use, and local words."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hotline.db import Base, text_enum
from hotline.models.orders import Order
from hotline.models.people import Unit, User


class LearningEnd(StrEnum):
    """How a round of learning ended."""

    BETTER = "better"  # more often right than what was in use: put into use
    NOT_BETTER = "not_better"
    TOO_FEW = "too_few"  # reviewed orders
    FAILED = "failed"


class LearningRound(Base):
    """A model of understanding made from the orders that were reviewed until then, and what it is worth.

    `figures` counts, of the `exam` orders that no round learns from, by fact how many the model in use then got right
    (`before`), how many the new one (`after`), and of how many (`of`).
    """

    __tablename__ = "learning_rounds"
    __table_args__ = (
        CheckConstraint("(ending is null) = (ended_at is null)", name="ended_somehow"),
        # One at a time.
        Index(
            "uq_learning_rounds_unended",
            text("(ended_at is null)"),
            unique=True,
            postgresql_where=text("ended_at is null"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    asked_at: Mapped[datetime]
    # None: the schedule.
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    ended_at: Mapped[datetime | None]
    ending: Mapped[LearningEnd | None] = mapped_column(text_enum(LearningEnd))
    examples: Mapped[int] = mapped_column(server_default="0")
    exam: Mapped[int] = mapped_column(server_default="0")
    figures: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    # As `speech.understand.learned.write` writes it; read only where it is put to work.
    weights: Mapped[str | None] = mapped_column(Text, deferred=True)

    user: Mapped[User | None] = relationship()

    @property
    def is_usable(self) -> bool:
        """Whether there is a model that can be put into use."""
        return self.ending in {LearningEnd.BETTER, LearningEnd.NOT_BETTER}


class UnderstandingUse(Base):
    """Which round's model was put into use when, or that which comes with the service; rows are only added."""

    __tablename__ = "understanding_uses"

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int | None] = mapped_column(ForeignKey("learning_rounds.id", ondelete="RESTRICT"), index=True)
    used_from: Mapped[datetime]
    # None: it was better, and nobody had to decide.
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)

    round: Mapped[LearningRound | None] = relationship()
    user: Mapped[User | None] = relationship()


class WordKind(StrEnum):
    """What a local word names."""

    PLACE = "place"
    DRUG = "drug"


class WordState(StrEnum):
    """What became of a proposal."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class LocalWord(Base):
    """A word that a reviewer typed and no list here has; an administrator says what it is, or that it is nothing."""

    __tablename__ = "local_words"
    __table_args__ = (
        CheckConstraint("(state = 'proposed') = (decided_at is null)", name="decided"),
        CheckConstraint("(unit_id is not null) = (state = 'accepted' and kind = 'place')", name="place_of_unit"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    word: Mapped[str] = mapped_column(String(40), unique=True)
    # What it looks like, then what it was accepted as.
    kind: Mapped[WordKind] = mapped_column(text_enum(WordKind))
    state: Mapped[WordState] = mapped_column(text_enum(WordState))
    times: Mapped[int] = mapped_column(server_default="1")
    typed_at: Mapped[datetime]
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id", ondelete="SET NULL"), index=True)
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id", ondelete="RESTRICT"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    decided_at: Mapped[datetime | None]

    order: Mapped[Order | None] = relationship()
    unit: Mapped[Unit | None] = relationship()
    user: Mapped[User | None] = relationship()
