"""What must happen and what was told: the outbox of work to do, and the receipts of the carrier's callbacks."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from hotline.db import Base, text_enum


class Work(StrEnum):
    """Every kind of work that a worker does; `worker.jobs` has a function for each."""

    FETCH_RECORDING = "fetch_recording"
    TRANSCRIBE_RECORDING = "transcribe_recording"
    RETRANSCRIBE_RECORDING = "retranscribe_recording"
    UNDERSTAND_TRANSCRIPT = "understand_transcript"
    DELETE_AT_CARRIER = "delete_at_carrier"
    SEND_MESSAGE = "send_message"
    DIAL_ATTEMPT = "dial_attempt"
    ADOPT_RECORDING = "adopt_recording"
    LEARN = "learn"
    RING_ALARM = "ring_alarm"
    UNDERSTAND_STATEMENT = "understand_statement"
    UNDERSTAND_ANSWER = "understand_answer"
    END_TEXT_ATTEMPT = "end_text_attempt"


class OutboxState(StrEnum):
    """How far a piece of work has come."""

    WAITING = "waiting"
    SENT = "sent"  # in a queue; sent again when neither queue nor worker has it
    DONE = "done"
    DEAD = "dead"  # tried until it made no sense; a person decides


class OutboxEntry(Base):
    """One piece of work, written in the transaction that makes it necessary."""

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("work", "subject_id"),
        Index("ix_outbox_waiting", "due_at", postgresql_where=text("state = 'waiting'")),
        Index("ix_outbox_sent", "sent_at", postgresql_where=text("state = 'sent'")),
        Index("ix_outbox_dead", "id", postgresql_where=text("state = 'dead'")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    work: Mapped[Work] = mapped_column(text_enum(Work))
    # The id of the row that the work is about: recording, transcript, message, attempt, receipt or round.
    subject_id: Mapped[int]
    state: Mapped[OutboxState] = mapped_column(text_enum(OutboxState))
    due_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(server_default="0")
    # How often the carrier was away when it was asked; that is no try.
    waits: Mapped[int] = mapped_column(server_default="0")
    trouble: Mapped[str | None] = mapped_column(Text)
    made_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]


class ReceiptOutcome(StrEnum):
    """What became of a callback."""

    APPLIED = "applied"
    UNMATCHED = "unmatched"  # about a call that we do not know; the carrier is asked
    UNKNOWN_TO_CARRIER = "unknown_to_carrier"
    NOT_OURS = "not_ours"  # another service of the same account at the carrier


class Receipt(Base):
    """A callback of the carrier, kept once however often it comes."""

    __tablename__ = "receipts"
    __table_args__ = (
        UniqueConstraint("source", "carrier_id", "event"),
        Index("ix_receipts_open", "id", postgresql_where=text("outcome <> 'applied'")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    # Which callback it was: `call`, `recording`, `message`, ...
    source: Mapped[str] = mapped_column(String(20))
    carrier_id: Mapped[str] = mapped_column(String(64))
    event: Mapped[str] = mapped_column(String(60))
    outcome: Mapped[ReceiptOutcome] = mapped_column(text_enum(ReceiptOutcome))
    # The callback's fields as we read them, to apply them later.
    content: Mapped[dict[str, Any]]
    received_at: Mapped[datetime] = mapped_column(index=True)
