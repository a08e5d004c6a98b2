"""What could not be done, and why: dead work, callbacks about unknown calls, recordings that came to nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Integer,
    ScalarSelect,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.orm import Session, joinedload

from hotline.models import (
    Alarm,
    AlarmAttempt,
    Call,
    Order,
    OutboxEntry,
    OutboxState,
    Receipt,
    ReceiptOutcome,
    Recording,
    RecordingState,
    Statement,
    SurveyAttempt,
    SurveyRound,
    TextMessage,
    Transcript,
    Work,
)
from hotline.services.access import Actor, sees_call, sees_order

_MOST = 200
_SPOILED = frozenset({RecordingState.LOST, RecordingState.UNREADABLE, RecordingState.FAILED})


@dataclass(frozen=True)
class DeadWork:
    """Work that was given up, and the call that it is about, or the order where there was none."""

    entry: OutboxEntry
    call: Call | None
    order: Order | None


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
        select(OutboxEntry, Call, Order)
        .outerjoin(about, (about.c.work == OutboxEntry.work) & (about.c.subject_id == OutboxEntry.subject_id))
        .outerjoin(Call, Call.id == about.c.call_id)
        .outerjoin(Order, Order.id == func.coalesce(Call.order_id, about.c.order_id))
        .where(_seen(actor))
        .order_by(OutboxEntry.id.desc())
        .limit(_MOST)
    )
    return [DeadWork(entry, call, order) for entry, call, order in rows]


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
    calls, orders = select(Call.id).where(sees_call(actor)), select(Order.id).where(sees_order(actor))
    seen = or_(about.c.call_id.in_(calls), about.c.order_id.in_(orders))
    subjects = select(about.c.work, about.c.subject_id).where(seen)
    return dead & tuple_(OutboxEntry.work, OutboxEntry.subject_id).in_(subjects)


def _about() -> CompoundSelect[tuple[Work, int, int, int]]:
    """(work, subject_id, call_id, order_id) for every kind of work that is about a call, or an order without one."""
    by_recording = (
        Work.FETCH_RECORDING,
        Work.TRANSCRIBE_RECORDING,
        Work.RETRANSCRIBE_RECORDING,
        Work.DELETE_AT_CARRIER,
    )
    kind, no_order = OutboxEntry.work.type, cast(null(), Integer)
    # The caller's call, not ours: by it a person finds the order.
    survey_call, alarm_call = _first_call(SurveyRound), _first_call(Alarm)
    return union_all(
        *(
            select(
                literal(work, kind).label("work"),
                Recording.id.label("subject_id"),
                Recording.call_id.label("call_id"),
                no_order.label("order_id"),
            )
            for work in by_recording
        ),
        select(literal(Work.UNDERSTAND_TRANSCRIPT, kind), Transcript.id, Recording.call_id, no_order).join(
            Transcript.recording
        ),
        *(
            select(literal(work, kind), TextMessage.id, TextMessage.call_id, TextMessage.order_id)
            for work in (Work.SEND_MESSAGE, Work.UNDERSTAND_ANSWER)
        ),
        *(
            select(
                literal(work, kind),
                SurveyAttempt.id,
                func.coalesce(SurveyAttempt.call_id, survey_call),
                SurveyRound.order_id,
            ).join(SurveyAttempt.round)
            for work in (Work.DIAL_ATTEMPT, Work.END_TEXT_ATTEMPT)
        ),
        select(
            literal(Work.RING_ALARM, kind),
            AlarmAttempt.id,
            func.coalesce(alarm_call, AlarmAttempt.call_id),
            Alarm.order_id,
        ).join(AlarmAttempt.alarm),
        select(literal(Work.UNDERSTAND_STATEMENT, kind), Statement.id, cast(null(), Integer), Statement.order_id),
    )


def _first_call(of: type[SurveyRound | Alarm]) -> ScalarSelect[int]:
    found = select(Call.id).where(Call.order_id == of.order_id).order_by(Call.id).limit(1)
    return found.correlate(of).scalar_subquery()
