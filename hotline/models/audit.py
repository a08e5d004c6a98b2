"""Who looked at or changed what; the database refuses to change or remove a row."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hotline.db import Base, text_enum
from hotline.models.people import User


class Action(StrEnum):
    """What is written down."""

    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGNED_OUT = "signed_out"
    RECORDING_HEARD = "recording_heard"
    TRANSCRIPT_SEEN = "transcript_seen"
    TRANSCRIPT_CORRECTED = "transcript_corrected"
    FACT_CONFIRMED = "fact_confirmed"
    NUMBER_SEEN = "number_seen"
    ORDER_MOVED = "order_moved"
    WORK_REPLAYED = "work_replayed"
    CALL_HANDLED = "call_handled"
    USER_CREATED = "user_created"
    PASSWORD_SET = "password_set"  # noqa: S105 - a name of an action
    ORGANISATION_IMPORTED = "organisation_imported"
    LEARNING_ASKED = "learning_asked"
    UNDERSTANDING_CHOSEN = "understanding_chosen"
    WORD_DECIDED = "word_decided"
    CATALOGUE_CHANGED = "catalogue_changed"
    CATALOGUE_CHOSEN = "catalogue_chosen"
    AUTO_DISPATCH_SET = "auto_dispatch_set"
    ASSISTANTS_CHANGED = "assistants_changed"
    ASSISTANCE_NOTED = "assistance_noted"
    PHONE_SET = "phone_set"
    ROSTER_IMPORTED = "roster_imported"
    SHIFT_PLANNED = "shift_planned"
    SHIFT_CANCELLED = "shift_cancelled"
    SWAP_ASKED = "swap_asked"
    SWAP_DECIDED = "swap_decided"
    HANDOVER_WRITTEN = "handover_written"
    HANDOVER_READ = "handover_read"
    ALARM_ACKNOWLEDGED = "alarm_acknowledged"
    CALENDAR_CHANGED = "calendar_changed"
    EMERGENCY_MODE_SET = "emergency_mode_set"
    PAUSE_ASKED = "pause_asked"
    PAUSE_DECIDED = "pause_decided"
    PAUSE_ENDED = "pause_ended"
    EXTENSION_ASKED = "extension_asked"
    EXTENSION_DECIDED = "extension_decided"
    ORDER_SUPERVISED = "order_supervised"
    NOTICE_SEEN = "notice_seen"
    POLICY_SET = "policy_set"
    ORDER_ENTERED = "order_entered"
    EVENT_ADDED = "event_added"
    CHANNEL_SET = "channel_set"
    LETTER_WRITTEN = "letter_written"
    TRANSFERS_TAKEN = "transfers_taken"
    RESULTS_WRITTEN = "results_written"
    PLATFORM_SET = "platform_set"
    FILE_ATTACHED = "file_attached"
    ATTACHMENT_SEEN = "attachment_seen"
    RESULT_REPORTED = "result_reported"
    RESULT_DECIDED = "result_decided"
    SECRECY_SET = "secrecy_set"
    USER_CHANGED = "user_changed"
    USER_ENDED = "user_ended"
    USER_LET_IN = "user_let_in"


class AuditEntry(Base):
    """One look or change."""

    __tablename__ = "audit_log"
    __table_args__ = (Index("ix_audit_log_subject", "subject", "subject_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    # None: the system itself, or somebody who could not sign in.
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    action: Mapped[Action] = mapped_column(text_enum(Action))
    subject: Mapped[str | None] = mapped_column(String(40))
    subject_id: Mapped[int | None]
    detail: Mapped[str | None] = mapped_column(Text)

    user: Mapped[User | None] = relationship()
