"""Who is on duty when, whom they ask to take a shift, what one shift tells the next, and warnings of gaps."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hotline.db import Base, text_enum
from hotline.models.people import Unit, User
from hotline.rules.roster import Post, Span, SwapState


class Shift(Base):
    """One person on duty for one unit. `user` stands in for `planned_user` once they have swapped."""

    __tablename__ = "shifts"
    __table_args__ = (
        CheckConstraint("begins_at < ends_at", name="lasts"),
        # Checked at the end of a statement, so that two people can exchange shifts of the same hours in one.
        ExcludeConstraint(
            (text("int4range(user_id, user_id, '[]')"), "&&"),
            (text("tstzrange(begins_at, ends_at)"), "&&"),
            where=text("cancelled_at is null"),
            using="gist",
            deferrable=True,
            initially="IMMEDIATE",
            name="ex_shifts_one_at_a_time",
        ),
        Index("ix_shifts_unit_id_ends_at", "unit_id", "ends_at"),
        Index("ix_shifts_user_id_ends_at", "user_id", "ends_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id", ondelete="RESTRICT"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    planned_user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    post: Mapped[Post] = mapped_column(text_enum(Post))
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    made_at: Mapped[datetime]
    # None: a command.
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    cancelled_at: Mapped[datetime | None]

    unit: Mapped[Unit] = relationship()
    user: Mapped[User] = relationship(foreign_keys=[user_id])
    planned_user: Mapped[User] = relationship(foreign_keys=[planned_user_id])
    made_by: Mapped[User | None] = relationship(foreign_keys=[made_by_id])

    @property
    def span(self) -> Span:
        """When it is."""
        return Span(self.begins_at, self.ends_at)


class ShiftSwap(Base):
    """`asker` asks `asked` to take the shift, with or without one of theirs in return."""

    __tablename__ = "shift_swaps"
    __table_args__ = (
        Index("uq_shift_swaps_open", "shift_id", unique=True, postgresql_where=text("state = 'asked'")),
        CheckConstraint("asker_id <> asked_id", name="two_people"),
        CheckConstraint("(state = 'asked') = (ended_at is null)", name="ended_somehow"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    shift_id: Mapped[int] = mapped_column(ForeignKey("shifts.id", ondelete="RESTRICT"), index=True)
    in_return_id: Mapped[int | None] = mapped_column(ForeignKey("shifts.id", ondelete="RESTRICT"), index=True)
    asker_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    asked_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    state: Mapped[SwapState] = mapped_column(text_enum(SwapState))
    note: Mapped[str | None] = mapped_column(Text)
    asked_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    # Who decided: the person asked, a supervisor, or nobody when it lapsed.
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)

    shift: Mapped[Shift] = relationship(foreign_keys=[shift_id])
    in_return: Mapped[Shift | None] = relationship(foreign_keys=[in_return_id])
    asker: Mapped[User] = relationship(foreign_keys=[asker_id])
    asked: Mapped[User] = relationship(foreign_keys=[asked_id])
    decided_by: Mapped[User | None] = relationship(foreign_keys=[decided_by_id])


class HandoverNote(Base):
    """What one shift tells the next. It may hold what callers said, and goes nowhere else."""

    __tablename__ = "handover_notes"
    __table_args__ = (
        CheckConstraint("(read_at is null) = (read_by_id is null)", name="read_by_somebody"),
        Index("ix_handover_notes_unit_id_written_at", "unit_id", "written_at"),
        Index("ix_handover_notes_unread", "unit_id", postgresql_where=text("read_at is null")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id", ondelete="RESTRICT"))
    # The shift at whose end it was written; none for a supervisor who was not on duty.
    shift_id: Mapped[int | None] = mapped_column(ForeignKey("shifts.id", ondelete="RESTRICT"), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    text: Mapped[str] = mapped_column(Text)
    written_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    read_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)

    unit: Mapped[Unit] = relationship()
    shift: Mapped[Shift | None] = relationship()
    author: Mapped[User] = relationship(foreign_keys=[author_id])
    read_by: Mapped[User | None] = relationship(foreign_keys=[read_by_id])


class RosterWarning(Base):
    """What a unit's supervisor was told on one local day: the hours to come in which nobody is on duty."""

    __tablename__ = "roster_warnings"
    __table_args__ = (
        UniqueConstraint("unit_id", "day"),
        CheckConstraint("(seen_at is null) = (seen_by_id is null)", name="seen_by_somebody"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id", ondelete="RESTRICT"))
    day: Mapped[date] = mapped_column(Date)
    # [{begins_at, ends_at}] in ISO 8601, UTC.
    gaps: Mapped[list[Any]]
    told_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
    seen_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)

    unit: Mapped[Unit] = relationship()
    seen_by: Mapped[User | None] = relationship()

    @property
    def spans(self) -> list[Span]:
        """The gaps as they were when it was told."""
        return [
            Span(datetime.fromisoformat(gap["begins_at"]), datetime.fromisoformat(gap["ends_at"])) for gap in self.gaps
        ]
