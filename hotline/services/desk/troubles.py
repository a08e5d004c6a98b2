"""What could not be done, and why: dead work, callbacks about unknown calls, recordings that came to nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, CompoundSelect, func, literal, select, tuple_, union_all
from sqlalchemy.orm import Session, joinedload

from hotline.models import (
    Alarm,
    AlarmAttempt,
    Call,
    OutboxEntry,
    OutboxState,
    Receipt,
    ReceiptOutcome,
    Recording,
    RecordingState,
    SurveyAttempt,
    SurveyRound,
    TextMessage,
    Transcript,
    Work,
)
from hotline.services.access import Actor, sees_call

_MOST = 200
_SPOILED = frozenset({RecordingState.LOST, RecordingState.UNREADABLE, RecordingState.FAILED})


@dataclass(frozen=True)
class DeadWork:
    """Work that was given up, and the call that it is about, where it is about one."""

    entry: OutboxEntry
    call: Call | None


@dataclass(frozen=True)
class Troubles:
    """All that a person has to look after."""

    dead: tuple[DeadWork, ...]
    receipts: tuple[Receipt, ...]
    recordings: tuple[Recording, ...]


def all_of(session: Session, actor: Actor) -> Troubles:
    """The latest of each kind that the actor sees; what is about no call is for the people of the topmost unit."""
    return Troubles(tuple(_dead(session, actor)), tuple(_receipts(session, actor)), tuple(_recordings(session, actor)))


def count(session: Session, actor: Actor) -> int:
    """How much dead work the actor sees."""
    return session.scalar(select(func.count()).select_from(OutboxEntry).where(_seen(actor))) or 0


def dead_of_call(session: Session, call_id: int) -> Sequence[OutboxEntry]:
    """The dead work about one call."""
    about = _about().subquery()
    subjects = select(about.c.work, about.c.subject_id).where(about.c.call_id == call_id)
    return session.scalars(
        select(OutboxEntry)
        .where(OutboxEntry.state == OutboxState.DEAD, tuple_(OutboxEntry.work, OutboxEntry.subject_id).in_(subjects))
        .order_by(OutboxEntry.id)
    ).all()


def calls_with_dead_work(session: Session, call_ids: Sequence[int]) -> frozenset[int]:
    """Those of the calls about which some work was given up."""
    about = _about().subquery()
    return frozenset(
        session.scalars(
            select(about.c.call_id)
            .join(OutboxEntry, (about.c.work == OutboxEntry.work) & (about.c.subject_id == OutboxEntry.subject_id))
            .where(OutboxEntry.state == OutboxState.DEAD, about.c.call_id.in_(call_ids))
        )
    )


def to_replay(session: Session, actor: Actor, entry_id: int) -> OutboxEntry | None:
    """A dead entry that the actor sees."""
    return session.scalars(select(OutboxEntry).where(OutboxEntry.id == entry_id, _seen(actor))).one_or_none()


def _dead(session: Session, actor: Actor) -> list[DeadWork]:
    about = _about().subquery()
    rows = session.execute(
        select(OutboxEntry, Call)
        .outerjoin(about, (about.c.work == OutboxEntry.work) & (about.c.subject_id == OutboxEntry.subject_id))
        .outerjoin(Call, Call.id == about.c.call_id)
        .where(_seen(actor))
        .order_by(OutboxEntry.id.desc())
        .limit(_MOST)
        .options(joinedload(Call.order))
    )
    return [DeadWork(entry, call) for entry, call in rows]


_OPEN = (ReceiptOutcome.UNMATCHED, ReceiptOutcome.UNKNOWN_TO_CARRIER)


def _receipts(session: Session, actor: Actor) -> Sequence[Receipt]:
    if not actor.is_at_the_top:
        return ()
    return session.scalars(
        select(Receipt).where(Receipt.outcome.in_(_OPEN)).order_by(Receipt.id.desc()).limit(_MOST)
    ).all()


def _recordings(session: Session, actor: Actor) -> Sequence[Recording]:
    return session.scalars(
        select(Recording)
        .join(Recording.call)
        .where(Recording.state.in_(_SPOILED), sees_call(actor))
        .order_by(Recording.id.desc())
        .limit(_MOST)
        .options(joinedload(Recording.call).joinedload(Call.order))
    ).all()


def _seen(actor: Actor) -> ColumnElement[bool]:
    dead = OutboxEntry.state == OutboxState.DEAD
    if actor.is_at_the_top:
        return dead
    about = _about().subquery()
    subjects = select(about.c.work, about.c.subject_id).join(Call, Call.id == about.c.call_id).where(sees_call(actor))
    return dead & tuple_(OutboxEntry.work, OutboxEntry.subject_id).in_(subjects)


def _about() -> CompoundSelect[tuple[Work, int, int]]:
    """(work, subject_id, call_id) for every kind of work that is about a call."""
    by_recording = (
        Work.FETCH_RECORDING,
        Work.TRANSCRIBE_RECORDING,
        Work.RETRANSCRIBE_RECORDING,
        Work.DELETE_AT_CARRIER,
    )
    kind = OutboxEntry.work.type
    attempt_call = (
        select(Call.id)
        .where(Call.order_id == SurveyRound.order_id)
        .order_by(Call.id)
        .limit(1)
        .correlate(SurveyRound)
        .scalar_subquery()
    )
    alarm_call = (
        select(Call.id)
        .where(Call.order_id == Alarm.order_id)
        .order_by(Call.id)
        .limit(1)
        .correlate(Alarm)
        .scalar_subquery()
    )
    return union_all(
        *(
            select(
                literal(work, kind).label("work"), Recording.id.label("subject_id"), Recording.call_id.label("call_id")
            )
            for work in by_recording
        ),
        select(literal(Work.UNDERSTAND_TRANSCRIPT, kind), Transcript.id, Recording.call_id).join(Transcript.recording),
        select(literal(Work.SEND_MESSAGE, kind), TextMessage.id, TextMessage.call_id),
        select(
            literal(Work.DIAL_ATTEMPT, kind), SurveyAttempt.id, func.coalesce(SurveyAttempt.call_id, attempt_call)
        ).join(SurveyAttempt.round),
        # The caller's call, not ours: by it a person finds the order.
        select(literal(Work.RING_ALARM, kind), AlarmAttempt.id, func.coalesce(alarm_call, AlarmAttempt.call_id)).join(
            AlarmAttempt.alarm
        ),
    )
