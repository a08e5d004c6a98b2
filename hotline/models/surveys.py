"""The callback survey: rounds, attempts, answers, and who asked never to be rung again."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hotline.db import Base, text_enum
from hotline.models.calls import Call, Recording, TextMessage
from hotline.models.orders import Order
from hotline.models.people import User
from hotline.rules.survey_states import AttemptState, Reason, Resolved, RoundState, Satisfied, Step


class SurveyRound(Base):
    """All that is done to ask about one resolution; its answers once it has them."""

    __tablename__ = "survey_rounds"
    __table_args__ = (
        UniqueConstraint("order_id", "resolution"),
        Index("ix_survey_rounds_opened_at", "opened_at"),
        Index("ix_survey_rounds_ended_at", "ended_at", postgresql_where=text("ended_at is not null")),
        Index("ix_survey_rounds_person", "opened_at", postgresql_where=text("state = 'person'")),
        CheckConstraint("state <> 'answered' or resolved is not null or satisfied is not null", name="answered_says"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="RESTRICT"))
    resolution: Mapped[int]
    state: Mapped[RoundState] = mapped_column(text_enum(RoundState))
    resolved: Mapped[Resolved | None] = mapped_column(text_enum(Resolved))
    satisfied: Mapped[Satisfied | None] = mapped_column(text_enum(Satisfied))
    reason: Mapped[Reason | None] = mapped_column(text_enum(Reason))
    wants_person: Mapped[bool] = mapped_column(server_default=text("false"))
    # Who asked, when a person did.
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    note: Mapped[str | None] = mapped_column(Text)
    opened_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    order: Mapped[Order] = relationship(back_populates="survey_rounds")
    user: Mapped[User | None] = relationship()
    attempts: Mapped[list["SurveyAttempt"]] = relationship(
        back_populates="round", order_by="SurveyAttempt.attempt_number"
    )


class SurveyAttempt(Base):
    """One ring, or one asking in writing.

    `token` names it in the addresses that the carrier is given, before the carrier gave it a name.
    """

    __tablename__ = "survey_attempts"
    __table_args__ = (UniqueConstraint("round_id", "attempt_number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("survey_rounds.id", ondelete="RESTRICT"))
    attempt_number: Mapped[int]
    token: Mapped[str] = mapped_column(String(32), unique=True)
    state: Mapped[AttemptState] = mapped_column(text_enum(AttemptState))
    step: Mapped[Step] = mapped_column(text_enum(Step))
    call_id: Mapped[int | None] = mapped_column(ForeignKey("calls.id", ondelete="RESTRICT"), unique=True)
    is_by_text: Mapped[bool] = mapped_column(server_default=text("false"))
    due_at: Mapped[datetime]
    dialled_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    trouble: Mapped[str | None] = mapped_column(Text)

    round: Mapped[SurveyRound] = relationship(back_populates="attempts")
    call: Mapped[Call | None] = relationship()
    answers: Mapped[list["SurveyAnswer"]] = relationship(back_populates="attempt", order_by="SurveyAnswer.id")


class Question(StrEnum):
    """What was asked."""

    RESOLVED = "resolved"
    SATISFIED = "satisfied"
    REASON = "reason"
    FREE = "free"  # everything at once, in the caller's own words


class AnswerKind(StrEnum):
    """How it was answered."""

    KEY = "key"
    VOICE = "voice"
    NOTHING = "nothing"
    WRONG_KEY = "wrong_key"
    TEXT = "text"  # in the caller's own written words


class SurveyAnswer(Base):
    """What one asking brought, kept as it came: a wrong key and silence are answers of their own kind."""

    __tablename__ = "survey_answers"
    __table_args__ = (UniqueConstraint("attempt_id", "step"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("survey_attempts.id", ondelete="RESTRICT"))
    step: Mapped[Step] = mapped_column(text_enum(Step))
    question: Mapped[Question] = mapped_column(text_enum(Question))
    kind: Mapped[AnswerKind] = mapped_column(text_enum(AnswerKind))
    key: Mapped[str | None] = mapped_column(String(8))
    recording_id: Mapped[int | None] = mapped_column(ForeignKey("recordings.id", ondelete="RESTRICT"), unique=True)
    message_id: Mapped[int | None] = mapped_column(ForeignKey("text_messages.id", ondelete="RESTRICT"), unique=True)
    at: Mapped[datetime]

    attempt: Mapped[SurveyAttempt] = relationship(back_populates="answers")
    recording: Mapped[Recording | None] = relationship()
    message: Mapped[TextMessage | None] = relationship()


class OptOut(Base):
    """A number that no machine rings again."""

    __tablename__ = "opt_outs"

    number: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime]
    attempt_id: Mapped[int | None] = mapped_column(ForeignKey("survey_attempts.id", ondelete="SET NULL"), index=True)
