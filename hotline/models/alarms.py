"""Emergency alarms, and each call and text by which somebody was told of one."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hotline.db import Base, text_enum
from hotline.models.calls import Call, TextMessage
from hotline.models.orders import Order
from hotline.models.people import Unit, User
from hotline.rules.alarms import AlarmState, RingState, Say, Way


class Alarm(Base):
    """The alarm of one run of work on an order, until somebody has taken it on."""

    __tablename__ = "alarms"
    __table_args__ = (
        UniqueConstraint("order_id", "run"),
        Index("ix_alarms_live", "begun_at", postgresql_where=text("state in ('ringing', 'unanswered')")),
        CheckConstraint("(state = 'acknowledged') = (way is not null)", name="acknowledged_somehow"),
        CheckConstraint("(state in ('acknowledged', 'over')) = (ended_at is not null)", name="ended_sometime"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="RESTRICT"))
    # 0 until the order's first reopening, and so on.
    run: Mapped[int]
    state: Mapped[AlarmState] = mapped_column(text_enum(AlarmState))
    begun_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    # The round, from 1, after which it is given up.
    last_round: Mapped[int]
    way: Mapped[Way | None] = mapped_column(text_enum(Way))
    # None: somebody at the line's duty number.
    acknowledged_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)

    order: Mapped[Order] = relationship()
    acknowledged_by: Mapped[User | None] = relationship()
    attempts: Mapped[list["AlarmAttempt"]] = relationship(
        back_populates="alarm", order_by="AlarmAttempt.attempt_number"
    )


class AlarmAttempt(Base):
    """One person told, by call and text. Whom is decided when its time has come; until then it names nobody."""

    __tablename__ = "alarm_attempts"
    __table_args__ = (
        UniqueConstraint("alarm_id", "attempt_number"),
        CheckConstraint("(rung_at is null) = (call_id is null)", name="rung_by_a_call"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    alarm_id: Mapped[int] = mapped_column(ForeignKey("alarms.id", ondelete="RESTRICT"))
    attempt_number: Mapped[int]
    # Named in the addresses that the carrier is given.
    token: Mapped[str] = mapped_column(String(32), unique=True)
    state: Mapped[RingState] = mapped_column(text_enum(RingState))
    says: Mapped[Say] = mapped_column(text_enum(Say))
    round: Mapped[int | None]
    # After everybody was told in vain: a supervisor at the top, beside the rounds.
    is_last_resort: Mapped[bool] = mapped_column(server_default=false())
    # None with a number: the line's duty number.
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    # On whose roster.
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id", ondelete="RESTRICT"), index=True)
    number: Mapped[str | None] = mapped_column(String(20))
    call_id: Mapped[int | None] = mapped_column(ForeignKey("calls.id", ondelete="RESTRICT"), unique=True)
    message_id: Mapped[int | None] = mapped_column(ForeignKey("text_messages.id", ondelete="RESTRICT"), unique=True)
    due_at: Mapped[datetime]
    rung_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    trouble: Mapped[str | None] = mapped_column(Text)

    alarm: Mapped[Alarm] = relationship(back_populates="attempts")
    user: Mapped[User | None] = relationship()
    unit: Mapped[Unit | None] = relationship()
    call: Mapped[Call | None] = relationship()
    message: Mapped[TextMessage | None] = relationship()
