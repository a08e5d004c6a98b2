"""What could not be done, and why: dead work, callbacks about unknown calls, recordings that came to nothing."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    ScalarSelect,
    cast,
    func,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload
from sqlalchemy.sql.selectable import LateralFromClause

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
_BY_RECORDING = (Work.FETCH_RECORDING, Work.TRANSCRIBE_RECORDING, Work.RETRANSCRIBE_RECORDING, Work.DELETE_AT_CARRIER)
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


def dead_of_calls(session: Session, call_ids: Collection[int]) -> Sequence[OutboxEntry]:
    """The dead work about some calls."""
    about = _about()
    found = select(OutboxEntry).join(about, true()).where(OutboxEntry.state == OutboxState.DEAD)
    return session.scalars(found.where(about.c.call_id.in_(call_ids)).order_by(OutboxEntry.id)).all()


def calls_with_dead_work(session: Session, call_ids: Sequence[int]) -> frozenset[int]:
    """Those of the calls about which some work was given up."""
    about = _about()
    found = select(about.c.call_id).select_from(OutboxEntry).join(about, true())
    return frozenset(session.scalars(found.where(OutboxEntry.state == OutboxState.DEAD, about.c.call_id.in_(call_ids))))


def to_replay(session: Session, actor: Actor, entry_id: int) -> OutboxEntry | None:
    """A dead entry that the actor sees."""
    return session.scalars(select(OutboxEntry).where(OutboxEntry.id == entry_id, _seen(actor))).one_or_none()


def _dead(session: Session, actor: Actor) -> list[DeadWork]:
    about = _about()
    rows = session.execute(
        select(OutboxEntry, Call, Order)
        .select_from(OutboxEntry)
        .outerjoin(about, true())
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


def sees_work(actor: Actor) -> ColumnElement[bool]:
    """A condition on `OutboxEntry`: its work is about a call or order that the actor sees; at the top, any."""
    if actor.is_at_the_top:
        return true()
    about = _about()
    calls = select(Call.id).where(Call.id == about.c.call_id, sees_call(actor)).correlate(about)
    orders = select(Order.id).where(Order.id == about.c.order_id, sees_order(actor)).correlate(about)
    return select(about).where(or_(calls.exists(), orders.exists())).correlate(OutboxEntry).exists()


def _seen(actor: Actor) -> ColumnElement[bool]:
    return (OutboxEntry.state == OutboxState.DEAD) & sees_work(actor)


def _about() -> LateralFromClause:
    """(call_id, order_id) of the entry beside which it stands: what its work is about, an order where there is no call.

    Looked up for each entry by itself: little work is given up, and there are a great many calls.
    """
    no_call = no_order = cast(null(), Integer)
    # The caller's call, not ours: by it a person finds the order.
    survey_call, alarm_call = _first_call(SurveyRound), _first_call(Alarm)
    kinds: Sequence[tuple[Any, InstrumentedAttribute[int], Sequence[Work]]] = (
        (select(Recording.call_id.label("call_id"), no_order.label("order_id")), Recording.id, _BY_RECORDING),
        (
            select(Recording.call_id, no_order).select_from(Transcript).join(Transcript.recording),
            Transcript.id,
            (Work.UNDERSTAND_TRANSCRIPT,),
        ),
        (
            select(TextMessage.call_id, TextMessage.order_id),
            TextMessage.id,
            (Work.SEND_MESSAGE, Work.UNDERSTAND_ANSWER),
        ),
        (
            select(func.coalesce(SurveyAttempt.call_id, survey_call), SurveyRound.order_id).join(SurveyAttempt.round),
            SurveyAttempt.id,
            (Work.DIAL_ATTEMPT, Work.END_TEXT_ATTEMPT),
        ),
        (
            select(func.coalesce(alarm_call, AlarmAttempt.call_id), Alarm.order_id).join(AlarmAttempt.alarm),
            AlarmAttempt.id,
            (Work.RING_ALARM,),
        ),
        (select(no_call, Statement.order_id), Statement.id, (Work.UNDERSTAND_STATEMENT,)),
    )
    return union_all(
        *(
            found.where(subject_id == OutboxEntry.subject_id, OutboxEntry.work.in_(works)).correlate(OutboxEntry)
            for found, subject_id, works in kinds
        )
    ).lateral()


def _first_call(of: type[SurveyRound | Alarm]) -> ScalarSelect[int]:
    found = select(Call.id).where(Call.order_id == of.order_id).order_by(Call.id).limit(1)
    return found.correlate(of).scalar_subquery()
