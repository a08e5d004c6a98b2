"""Old recordings heard again by the models of today: which of them, and asked for once each."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from hotline.models import Call, Line, Origin, Recording, RecordingState, Transcript, Work
from hotline.services import outbox


@dataclass(frozen=True)
class Wanted:
    """What is to be heard anew. `model`: heard by this one last; without it, by any but the one in use now.

    A recording that is named is heard anew whatever model heard it.
    """

    model: str | None = None
    line_number: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    recording_id: int | None = None


def models_that_heard(session: Session) -> Sequence[str]:
    """The labels of all that ever heard a recording, in the order of the alphabet."""
    heard = select(Transcript.model).where(Transcript.model.is_not(None)).distinct().order_by(Transcript.model)
    return [model for model in session.scalars(heard) if model]


def found(session: Session, wanted: Wanted, in_use: Callable[[int | None], str]) -> Sequence[int]:
    """The recordings, oldest first; `in_use` gives the label of the model that hears a line now."""
    return [
        recording_id
        for recording_id, line_id, model in session.execute(_heard_before(wanted))
        if wanted.recording_id or (model == wanted.model if wanted.model else model != in_use(line_id))
    ]


def ask(session: Session, recording_ids: Sequence[int], now: datetime) -> int:
    """Ask for each to be heard anew; how many were not asked for already."""
    return sum(outbox.ask_anew(session, Work.RETRANSCRIBE_RECORDING, each, now) for each in recording_ids)


def _heard_before(wanted: Wanted) -> Select[int, int | None, str | None]:
    last = (
        select(Transcript.recording_id, Transcript.model)
        .ext(distinct_on(Transcript.recording_id))
        .where(Transcript.origin == Origin.MACHINE)
        .order_by(Transcript.recording_id, Transcript.version.desc())
        .subquery()
    )
    return (
        select(Recording.id, Call.line_id, last.c.model)
        .join(Recording.call)
        .outerjoin(Call.line)
        .join(last, last.c.recording_id == Recording.id)
        .where(Recording.state.in_((RecordingState.TRANSCRIBED, RecordingState.NO_SPEECH)))
        .where(*_conditions(wanted))
        .order_by(Recording.id)
    )


def _conditions(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    if wanted.recording_id is not None:
        yield Recording.id == wanted.recording_id
    if wanted.line_number is not None:
        yield Line.number == wanted.line_number
    if wanted.since is not None:
        yield Recording.recorded_at >= wanted.since
    if wanted.until is not None:
        yield Recording.recorded_at < wanted.until
