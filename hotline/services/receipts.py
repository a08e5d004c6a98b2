"""Receipts of the carrier's callbacks: each is acted on once, however often it comes."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from hotline.models import Receipt, ReceiptOutcome


@dataclass(frozen=True)
class Told:
    """What every voice webhook tells. `event` names this one request: the same when the carrier repeats it."""

    carrier: str
    call_id: str
    number: str | None
    dialled: str
    event: str


@dataclass(frozen=True)
class RecordingTold:
    """What the carrier says of a recording; it does not tell who rang."""

    carrier: str
    call_id: str
    recording_id: str
    has_sound: bool
    has_failed: bool
    duration_s: int | None
    channels: int
    recorded_at: datetime | None
    is_conversation: bool


@dataclass(frozen=True)
class TextTold:
    """A text message that somebody sent to one of our numbers."""

    carrier: str
    message_id: str
    number: str
    written_to: str
    text: str
    at: datetime


def first_time(
    session: Session,
    source: str,
    carrier_id: str,
    event: str,
    told: Any,
    now: datetime,
    outcome: ReceiptOutcome = ReceiptOutcome.APPLIED,
) -> int | None:
    """Keep the callback `told` (a dataclass); its id, or None when it was here before.

    A second one that arrives while the first is being worked on waits for it.
    """
    row = (
        insert(Receipt)
        .values(
            source=source,
            carrier_id=carrier_id,
            event=event,
            outcome=outcome,
            content=_plain(told),
            received_at=now,
        )
        .on_conflict_do_nothing(index_elements=[Receipt.source, Receipt.carrier_id, Receipt.event])
        .returning(Receipt.id)
    )
    return session.scalar(row)


def _plain(told: Any) -> dict[str, Any]:
    return {
        key: value.isoformat() if isinstance(value, datetime) else value
        for key, value in asdict(told).items()
        if value is not None
    }
