"""Calls, what was recorded of them, what was understood of the sound, and text messages."""

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hotline.db import Base, text_enum
from hotline.models.people import Line, User
from hotline.rules.call_flow import CallState
from speech.transcript import Doubt

if TYPE_CHECKING:
    from hotline.models.orders import Order


class Direction(StrEnum):
    """Who rang, or wrote."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class Attention(StrEnum):
    """Why a person must look at a call."""

    RING_BACK = "ring_back"  # rang, and left no word
    RECORDING_LOST = "recording_lost"  # the carrier has no recording, or lost it
    RECORDING_UNREADABLE = "recording_unreadable"
    NOTHING_HEARD = "nothing_heard"  # nothing sounds on the recording
    NOT_UNDERSTOOD = "not_understood"  # something does, but nothing that the recogniser can be trusted with
    TRANSCRIPTION_FAILED = "transcription_failed"


class Call(Base):
    """One telephone call, in or out, under the carrier's id for it."""

    __tablename__ = "calls"
    __table_args__ = (
        UniqueConstraint("carrier", "carrier_call_id"),
        Index("ix_calls_attention", "attention", postgresql_where=text("attention is not null")),
        Index("ix_calls_line_id_started_at", "line_id", "started_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    direction: Mapped[Direction] = mapped_column(text_enum(Direction))
    carrier: Mapped[str] = mapped_column(String(20))
    carrier_call_id: Mapped[str | None] = mapped_column(String(64))
    line_id: Mapped[int | None] = mapped_column(ForeignKey("lines.id", ondelete="RESTRICT"))
    # The other party; None when the number was withheld.
    number: Mapped[str | None] = mapped_column(String(20), index=True)
    state: Mapped[CallState] = mapped_column(text_enum(CallState))
    # How many people on duty were rung in vain, one after the other, since the caller asked for one.
    people_rung: Mapped[int] = mapped_column(server_default="0")
    attention: Mapped[Attention | None] = mapped_column(text_enum(Attention))
    # What the person wrote who dealt with it last.
    handled_note: Mapped[str | None] = mapped_column(Text)
    # Told to the caller before there is an order; the order takes it over.
    order_number: Mapped[str | None] = mapped_column(String(20), unique=True)
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id", ondelete="SET NULL"), index=True)
    started_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
    duration_s: Mapped[int | None]

    line: Mapped[Line | None] = relationship()
    order: Mapped["Order | None"] = relationship(back_populates="calls", foreign_keys=[order_id])
    recordings: Mapped[list["Recording"]] = relationship(back_populates="call", order_by="Recording.id")


class RecordingKind(StrEnum):
    """What was being recorded."""

    MESSAGE = "message"  # left by a caller
    CONVERSATION = "conversation"  # caller and duty person, a channel each
    SURVEY = "survey"  # spoken in a callback


class RecordingState(StrEnum):
    """How far a recording has come on its way to a transcript."""

    EXPECTED = "expected"  # the carrier has it, we don't yet
    STORED = "stored"
    TRANSCRIBED = "transcribed"
    NO_SPEECH = "no_speech"
    UNREADABLE = "unreadable"
    LOST = "lost"
    FAILED = "failed"  # transcription gave up; replayed by a person


class Recording(Base):
    """One recording at the carrier and, once fetched, in our store under `store_key`."""

    __tablename__ = "recordings"
    __table_args__ = (
        UniqueConstraint("carrier", "carrier_recording_id"),
        CheckConstraint("state in ('expected', 'lost', 'unreadable') or store_key is not null", name="stored_has_key"),
        CheckConstraint("channels in (1, 2)", name="channels"),
        CheckConstraint("num_nulls(peaks, peaks_channels, peaks_per_second) in (0, 3)", name="peaks_measured"),
        Index(
            "ix_recordings_unfinished",
            "state",
            postgresql_where=text("state in ('expected', 'stored')"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id", ondelete="RESTRICT"), index=True)
    carrier: Mapped[str] = mapped_column(String(20))
    carrier_recording_id: Mapped[str] = mapped_column(String(64))
    kind: Mapped[RecordingKind] = mapped_column(text_enum(RecordingKind))
    state: Mapped[RecordingState] = mapped_column(text_enum(RecordingState))
    channels: Mapped[int] = mapped_column(server_default="1")
    duration_s: Mapped[int | None]
    # What went wrong, in words for a person; never what was said.
    trouble: Mapped[str | None] = mapped_column(Text)
    store_key: Mapped[str | None] = mapped_column(Text)
    size_bytes: Mapped[int | None]
    sha256: Mapped[str | None] = mapped_column(String(64))
    recorded_at: Mapped[datetime]
    stored_at: Mapped[datetime | None]
    carrier_deleted_at: Mapped[datetime | None]
    # How far it was heard and the words until there, as long as the whole is not a transcript yet.
    heard_until_s: Mapped[float | None]
    heard_text: Mapped[str | None] = mapped_column(Text)
    # The outline: one byte for each bin, one channel after the other; read only where it is asked for.
    peaks: Mapped[bytes | None] = mapped_column(deferred=True)
    peaks_channels: Mapped[int | None]
    peaks_per_second: Mapped[float | None]

    call: Mapped[Call] = relationship(back_populates="recordings")
    transcripts: Mapped[list["Transcript"]] = relationship(back_populates="recording", order_by="Transcript.version")

    @property
    def versions(self) -> list["Transcript"]:
        """Its transcripts; the last is the one that counts, which is not always the newest."""
        return sorted(self.transcripts, key=lambda version: version.standing)


class Origin(StrEnum):
    """Who says so."""

    MACHINE = "machine"
    PERSON = "person"


class Transcript(Base):
    """One version of what a recording says. Versions are only added."""

    __tablename__ = "transcripts"
    __table_args__ = (
        UniqueConstraint("recording_id", "version"),
        CheckConstraint("(origin = 'person') = (user_id is not null)", name="person_named"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    recording_id: Mapped[int] = mapped_column(ForeignKey("recordings.id", ondelete="RESTRICT"), index=True)
    version: Mapped[int]
    origin: Mapped[Origin] = mapped_column(text_enum(Origin))
    text: Mapped[str] = mapped_column(Text)
    # [{word, start, end, conf, channel, heard?}], times in seconds; empty for a person's version.
    words: Mapped[list[Any]]
    confidence: Mapped[float | None]
    # Why nothing is made of it before a person has listened.
    doubt: Mapped[Doubt | None] = mapped_column(text_enum(Doubt))
    # False for what a machine wrote before it could doubt: no doubt then means nothing.
    is_judged: Mapped[bool] = mapped_column(default=True, server_default=true())
    model: Mapped[str | None] = mapped_column(String(120))
    language: Mapped[str] = mapped_column(String(12))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    made_at: Mapped[datetime]

    recording: Mapped[Recording] = relationship(back_populates="transcripts")
    user: Mapped[User | None] = relationship()

    @property
    def standing(self) -> tuple[bool, bool, bool, int]:
        """Which of several versions counts: a person's, else one that was judged, without doubt, and the newest."""
        return self.origin == Origin.PERSON, self.is_judged, self.doubt is None, self.version


class MessageState(StrEnum):
    """How far a text message has come."""

    WAITING = "waiting"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"


class TextMessage(Base):
    """A text message, to or from somebody."""

    __tablename__ = "text_messages"
    __table_args__ = (
        UniqueConstraint("carrier", "carrier_message_id"),
        # One of each kind for a call, however often its webhook arrives.
        UniqueConstraint("call_id", "purpose"),
        Index("ix_text_messages_number_made_at", "number", "made_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    direction: Mapped[Direction] = mapped_column(text_enum(Direction))
    purpose: Mapped[str] = mapped_column(String(40))
    carrier: Mapped[str] = mapped_column(String(20))
    carrier_message_id: Mapped[str | None] = mapped_column(String(64))
    line_id: Mapped[int | None] = mapped_column(ForeignKey("lines.id", ondelete="RESTRICT"), index=True)
    call_id: Mapped[int | None] = mapped_column(ForeignKey("calls.id", ondelete="RESTRICT"))
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id", ondelete="RESTRICT"), index=True)
    # The other party: a telephone number, or the name by which a message channel knows them.
    number: Mapped[str] = mapped_column(String(64))
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[MessageState] = mapped_column(text_enum(MessageState))
    trouble: Mapped[str | None] = mapped_column(Text)
    made_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]

    line: Mapped[Line | None] = relationship()
