"""Failed work given another chance by a person: the row it is about waits again as it did before the failure."""

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from hotline.models import LearningRound, MessageState, OutboxEntry, OutboxState, RecordingState, TextMessage, Work
from hotline.rules.roles import REPLAYERS
from hotline.services import alarms, learning, outbox, recordings
from hotline.services.access import Actor, require_role


class AlreadyAliveError(Exception):
    """The work is not dead any more."""


def replay(session: Session, entry: OutboxEntry, actor: Actor, now: datetime) -> None:
    """Have a dead entry's work done again, with all its tries.

    Raises:
        AlreadyAliveError: somebody else was quicker.
        NotAllowedError
    """
    require_role(actor, *REPLAYERS)
    prepare = _PREPARE.get(entry.work)
    if prepare is not None:
        prepare(session, entry.subject_id, now)
    # The entry is locked last, as everywhere.
    session.refresh(entry, with_for_update=True)
    if entry.state != OutboxState.DEAD:
        raise AlreadyAliveError(entry.id)
    outbox.replay(session, entry, actor, now)


def _fetch(session: Session, recording_id: int, _now: datetime) -> None:
    recordings.wait_again(session, recording_id, RecordingState.LOST, RecordingState.EXPECTED)


def _transcribe(session: Session, recording_id: int, _now: datetime) -> None:
    recordings.wait_again(session, recording_id, RecordingState.FAILED, RecordingState.STORED)


def _send(session: Session, message_id: int, _now: datetime) -> None:
    message = session.get_one(TextMessage, message_id, with_for_update=True)
    if message.state == MessageState.FAILED and message.carrier_message_id is None:
        message.state, message.trouble = MessageState.WAITING, None


def _learn(session: Session, round_id: int, _now: datetime) -> None:
    learning.wait_again(session.get_one(LearningRound, round_id, with_for_update=True))


# Other kinds of work find their row as it was.
_PREPARE: Mapping[Work, Callable[[Session, int, datetime], None]] = {
    Work.FETCH_RECORDING: _fetch,
    Work.TRANSCRIBE_RECORDING: _transcribe,
    Work.SEND_MESSAGE: _send,
    Work.LEARN: _learn,
    Work.RING_ALARM: alarms.tell_again,
}
