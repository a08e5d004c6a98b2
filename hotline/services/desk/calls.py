"""Calls as the desk sees them: the list, one call with all that came of it, and recordings to listen to."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload, undefer
from sqlalchemy.sql.base import ExecutableOption

from hotline.models import Action, Call, Fact, Order, OutboxEntry, Recording, TextMessage, Transcript
from hotline.rules.roles import DIALLERS
from hotline.services import audit
from hotline.services.access import (
    Actor,
    call_contents_seen,
    require_call_contents,
    require_role,
    sees_call,
    sees_contents,
)
from hotline.services.desk import troubles
from hotline.services.desk.stretches import Place, Stretch, begins_like, stretch_of


@dataclass(frozen=True)
class CallsWanted:
    """Which calls of the list."""

    attention: bool = False
    with_order: bool = False
    # The beginning of one.
    number: str = ""
    place: Place | None = None


@dataclass(frozen=True)
class CallDesk:
    """One call: what was recorded, written and texted, and the work on it that failed."""

    call: Call
    texts: tuple[TextMessage, ...]
    # False: it is about a secret order, and what it holds is for others.
    shows_contents: bool
    dead: tuple[OutboxEntry, ...]


def listed(session: Session, actor: Actor, wanted: CallsWanted) -> Stretch[Call]:
    """The calls that the actor sees, the latest first."""
    found = select(Call).where(sees_call(actor))
    if wanted.attention:
        found = found.where(Call.attention.is_not(None))
    if wanted.with_order:
        found = found.where(Call.order_id.is_not(None))
    if wanted.number:
        found = found.where(begins_like(Call.order_number, wanted.number))
    loaded = found.options(joinedload(Call.line), joinedload(Call.order), selectinload(Call.recordings))
    return stretch_of(session, loaded, (Call.started_at, Call.id), wanted.place)


def with_dead_work(session: Session, found: Stretch[Call]) -> frozenset[int]:
    """The ids of those calls about which some work was given up."""
    return troubles.calls_with_dead_work(session, [call.id for call in found.rows])


def one(session: Session, actor: Actor, call_id: int) -> CallDesk | None:
    """A call with everything on it; None when there is none that the actor sees."""
    found = select(Call).where(Call.id == call_id, sees_call(actor))
    call = session.scalars(found.options(joinedload(Call.line), _order(), _recordings())).one_or_none()
    if call is None:
        return None
    texts = session.scalars(select(TextMessage).where(TextMessage.call_id == call.id).order_by(TextMessage.id))
    shows_contents = call.order is None or sees_contents(actor, call.order)
    return CallDesk(call, tuple(texts), shows_contents, tuple(troubles.dead_of_calls(session, [call.id])))


def to_change(session: Session, actor: Actor, call_id: int) -> Call | None:
    """The call alone, locked until the transaction ends."""
    return session.scalars(select(Call).where(Call.id == call_id, sees_call(actor)).with_for_update()).one_or_none()


def recording(session: Session, actor: Actor, recording_id: int) -> Recording | None:
    """A recording of a call that the actor sees with its contents."""
    return _recording(session, actor, recording_id)


def to_correct(session: Session, actor: Actor, recording_id: int) -> Recording | None:
    """The same, locked until the transaction ends."""
    found = _recording(session, actor, recording_id)
    return session.get_one(Recording, found.id, with_for_update=True) if found else None


def _recording(session: Session, actor: Actor, recording_id: int) -> Recording | None:
    seen = (sees_call(actor), call_contents_seen(actor))
    found = select(Recording).join(Recording.call).where(Recording.id == recording_id, *seen)
    return session.scalars(found.options(joinedload(Recording.call).joinedload(Call.order))).one_or_none()


def listen(session: Session, actor: Actor, recording_id: int, now: datetime) -> Recording | None:
    """A recording to listen to, with the look written down; None when the actor sees none, or it is not stored."""
    found = recording(session, actor, recording_id)
    if found is None or found.store_key is None:
        return None
    audit.note_looks(session, actor, Action.RECORDING_HEARD, now, subject="recordings", subject_ids=[found.id])
    return found


def note_transcripts_seen(session: Session, actor: Actor, calls: list[Call], now: datetime) -> None:
    """Write down that the actor reads what these calls say."""
    recordings = [each for call in calls for each in call.recordings]
    read = [each.id for each in recordings if each.transcripts or each.heard_text]
    audit.note_looks(session, actor, Action.TRANSCRIPT_SEEN, now, subject="recordings", subject_ids=read)


def reveal_numbers(session: Session, actor: Actor, call: Call, now: datetime) -> None:
    """Write down that the actor is shown the full numbers: the other party's, and those that were said.

    Raises:
        NotAllowedError
    """
    require_role(actor, *DIALLERS)
    require_call_contents(actor, call)
    audit.note(session, actor, Action.NUMBER_SEEN, now, subject="calls", subject_id=call.id)


def _order() -> ExecutableOption:
    stated = joinedload(Call.order).selectinload(Order.facts)
    heard = joinedload(Fact.transcript).joinedload(Transcript.recording)
    return stated.options(heard, joinedload(Fact.statement))


def _recordings() -> ExecutableOption:
    versions = selectinload(Recording.transcripts).joinedload(Transcript.user)
    return selectinload(Call.recordings).options(undefer(Recording.peaks), versions)
