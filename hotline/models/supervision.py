"""What stops, moves and watches the clocks: special days, emergency modes, pauses, extensions, notices, daily lists."""

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hotline.db import Base, text_enum
from hotline.models.people import Unit, User
from hotline.rules.calendar import DayKind
from hotline.rules.clocks import Step
from hotline.rules.order_states import OrderState
from hotline.rules.roles import Role
from hotline.rules.supervision import Colour, ExtensionState, PauseState, Why

if TYPE_CHECKING:
    from hotline.models.orders import Order


class CalendarDay(Base):
    """A holiday, or a day off that is worked, for a unit and all below it; without a unit for everybody."""

    __tablename__ = "calendar_days"
    __table_args__ = (UniqueConstraint("unit_id", "day", postgresql_nulls_not_distinct=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id", ondelete="CASCADE"))
    day: Mapped[date] = mapped_column(Date, index=True)
    kind: Mapped[DayKind] = mapped_column(text_enum(DayKind))
    name: Mapped[str] = mapped_column(String(60))

    unit: Mapped[Unit | None] = relationship()


class EmergencyMode(Base):
    """A time in which the emergency limits count for a unit and all below it."""

    __tablename__ = "emergency_modes"
    __table_args__ = (
        Index("ix_emergency_modes_unit_id_started_at", "unit_id", "started_at"),
        Index("uq_emergency_modes_on", "unit_id", unique=True, postgresql_where=text("ended_at is null")),
        CheckConstraint("ends_at > started_at", name="lasts"),
        CheckConstraint("ended_at <= ends_at", name="ended_in_time"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id", ondelete="RESTRICT"))
    reason: Mapped[str] = mapped_column(Text)
    includes_open: Mapped[bool] = mapped_column(server_default=false())
    started_at: Mapped[datetime]
    # When it ends by itself; `ended_at` when it did, or was switched off.
    ends_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    # None: somebody at the command line.
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)

    unit: Mapped[Unit] = relationship()
    user: Mapped[User | None] = relationship(foreign_keys=[user_id])
    ended_by: Mapped[User | None] = relationship(foreign_keys=[ended_by_id])


class Pause(Base):
    """A time in which contact and resolve clocks stand still, as it was asked for and decided."""

    __tablename__ = "pauses"
    __table_args__ = (
        Index("uq_pauses_pending", "order_id", unique=True, postgresql_where=text("state in ('asked', 'running')")),
        CheckConstraint(
            "(started_at is not null) = (state in ('running', 'resumed', 'expired', 'moved_on'))", name="started"
        ),
        CheckConstraint("(ended_at is not null) = (state in ('resumed', 'expired', 'moved_on'))", name="ended_somehow"),
        CheckConstraint("ended_at >= started_at", name="ended_after_start"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="RESTRICT"), index=True)
    # As in `OrderClocks`: 0 until the first reopening, and so on.
    run: Mapped[int]
    state: Mapped[PauseState] = mapped_column(text_enum(PauseState))
    reason: Mapped[str] = mapped_column(Text)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    asked_at: Mapped[datetime]
    # Ends by itself then.
    until: Mapped[datetime]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    decided_at: Mapped[datetime | None]
    word: Mapped[str | None] = mapped_column(Text)
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    # What was left of counted time when it began; None where no clock was stopped.
    contact_left: Mapped[timedelta | None]
    resolve_left: Mapped[timedelta | None]
    # The local time by which the calendar counts.
    zone: Mapped[str] = mapped_column(String(60))

    order: Mapped["Order"] = relationship(back_populates="pauses")
    user: Mapped[User | None] = relationship(foreign_keys=[user_id])
    decided_by: Mapped[User | None] = relationship(foreign_keys=[decided_by_id])


class Extension(Base):
    """More time for a result, as it was asked for before the limit and decided."""

    __tablename__ = "extensions"
    __table_args__ = (
        Index("uq_extensions_pending", "order_id", unique=True, postgresql_where=text("state = 'asked'")),
        CheckConstraint("until > resolve_by", name="gives_time"),
        CheckConstraint("(decided_at is not null) = (state in ('granted', 'refused'))", name="decided"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="RESTRICT"), index=True)
    run: Mapped[int]
    state: Mapped[ExtensionState] = mapped_column(text_enum(ExtensionState))
    reason: Mapped[str] = mapped_column(Text)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    asked_at: Mapped[datetime]
    # The limit as it stood, and the one that was asked for.
    resolve_by: Mapped[datetime]
    until: Mapped[datetime]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    decided_at: Mapped[datetime | None]
    word: Mapped[str | None] = mapped_column(Text)

    order: Mapped["Order"] = relationship(back_populates="extensions")
    user: Mapped[User | None] = relationship(foreign_keys=[user_id])
    decided_by: Mapped[User | None] = relationship(foreign_keys=[decided_by_id])


class Notice(Base):
    """One colour for one deadline of an order; rows are only added."""

    __tablename__ = "notices"
    __table_args__ = (UniqueConstraint("order_id", "run", "step", "colour", "due_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="RESTRICT"))
    run: Mapped[int]
    step: Mapped[Step] = mapped_column(text_enum(Step))
    colour: Mapped[Colour] = mapped_column(text_enum(Colour))
    due_at: Mapped[datetime]
    # Who held the order then.
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id", ondelete="RESTRICT"), index=True)
    handler_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    made_at: Mapped[datetime]

    order: Mapped["Order"] = relationship()
    unit: Mapped[Unit] = relationship()
    readers: Mapped[list["NoticeReader"]] = relationship(back_populates="notice", order_by="NoticeReader.id")


class NoticeReader(Base):
    """Who must look at a notice: those of a unit with a role, or one of them; and whether somebody did."""

    __tablename__ = "notice_readers"
    __table_args__ = (
        UniqueConstraint("notice_id", "unit_id"),
        Index("ix_notice_readers_unseen", "unit_id", "role", postgresql_where=text("seen_at is null")),
        CheckConstraint("seen_by_id is null or seen_at is not null", name="seen_by_somebody"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    notice_id: Mapped[int] = mapped_column(ForeignKey("notices.id", ondelete="RESTRICT"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id", ondelete="RESTRICT"), index=True)
    role: Mapped[Role] = mapped_column(text_enum(Role))
    # The handler, where one has signed.
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    is_copy: Mapped[bool] = mapped_column(server_default=false())
    seen_at: Mapped[datetime | None]
    seen_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)

    notice: Mapped[Notice] = relationship(back_populates="readers")
    unit: Mapped[Unit] = relationship()
    user: Mapped[User | None] = relationship(foreign_keys=[user_id])
    seen_by: Mapped[User | None] = relationship(foreign_keys=[seen_by_id])


class UnclearedList(Base):
    """What a unit had not cleared at the end of a local day."""

    __tablename__ = "uncleared_lists"
    __table_args__ = (UniqueConstraint("unit_id", "day"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id", ondelete="RESTRICT"))
    day: Mapped[date] = mapped_column(Date, index=True)
    made_at: Mapped[datetime]

    unit: Mapped[Unit] = relationship()
    orders: Mapped[list["UnclearedOrder"]] = relationship(back_populates="list", order_by="UnclearedOrder.id")


class UnclearedOrder(Base):
    """One order of a daily list, as it stood then."""

    __tablename__ = "uncleared_orders"
    __table_args__ = (UniqueConstraint("list_id", "order_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[int] = mapped_column(ForeignKey("uncleared_lists.id", ondelete="CASCADE"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="RESTRICT"), index=True)
    state: Mapped[OrderState] = mapped_column(text_enum(OrderState))
    handler_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    # When it came into that state.
    since: Mapped[datetime]
    resolve_by: Mapped[datetime | None]
    is_overdue: Mapped[bool]
    why: Mapped[Why] = mapped_column(text_enum(Why))
    words: Mapped[str | None] = mapped_column(Text)

    list: Mapped[UnclearedList] = relationship(back_populates="orders")
    order: Mapped["Order"] = relationship()
    handler: Mapped[User | None] = relationship()
