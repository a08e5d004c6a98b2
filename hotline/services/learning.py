"""Learning from reviewed orders: what there is to learn from, each round and its figures, and which model is in use."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import distinct, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, joinedload, selectinload, undefer

from hotline.models import (
    Action,
    Call,
    LearningEnd,
    LearningRound,
    Order,
    OrderEvent,
    Origin,
    Recording,
    RecordingKind,
    Transcript,
    UnderstandingUse,
    Work,
)
from hotline.rules import learning as rules
from hotline.rules.facts import FactName
from hotline.rules.learning import Figure
from hotline.rules.order_states import Move, OrderState
from hotline.rules.roles import Role
from hotline.services import audit, facts, outbox
from hotline.services.access import SYSTEM, Actor, require_top
from speech.transcript import FIRST_CHANNEL

# Of the last two there may be none, which is a statement too.
_MUST_BE_SAID = (FactName.CATEGORY, FactName.URGENCY)
_MAY_BE_NONE = (FactName.NEEDS, FactName.GROUPS)
_ONCE_IN = timedelta(hours=20)
_MADE_A_MODEL = (LearningEnd.BETTER, LearningEnd.NOT_BETTER)


class NotUsableError(ValueError):
    """The round made no model."""


_UNENDED = LearningRound.ended_at.is_(None)


@dataclass(frozen=True)
class Reviewed:
    """What the machine heard of an order that a person reviewed, and what is right about it.

    `is_stated`: a person stated category and urgency, and did not only let the machine's pass.
    """

    order_number: str
    text: str
    labels: Mapping[str, Any]
    is_stated: bool


def reviewed(session: Session) -> list[Reviewed]:
    """The orders to learn from, newest first: reviewed, not secret, and heard without doubt."""
    by_person = select(OrderEvent.order_id).where(OrderEvent.move == Move.TRIAGE, OrderEvent.user_id.is_not(None))
    found = session.scalars(
        select(Order)
        .where(Order.id.in_(by_person), Order.state != OrderState.INVALID, ~Order.is_secret)
        .order_by(Order.id.desc())
        .limit(rules.EXAMPLES_AT_MOST)
        .options(
            selectinload(Order.facts),
            selectinload(Order.calls).selectinload(Call.recordings).selectinload(Recording.transcripts),
        )
    )
    return [example for order in found if (example := _example(order))]


def _example(order: Order) -> Reviewed | None:
    present = {name: versions.now for name, versions in facts.present(order).items()}
    now = {name: fact.value if fact else None for name, fact in present.items()}
    text = _heard(order)
    if not text or not all(now[name] for name in _MUST_BE_SAID):
        return None
    labels = {name.value: now[name] for name in _MUST_BE_SAID} | {name.value: now[name] or [] for name in _MAY_BE_NONE}
    is_stated = all(fact and fact.origin == Origin.PERSON for name in _MUST_BE_SAID for fact in [present[name]])
    return Reviewed(order.number, text, labels, is_stated)


def _heard(order: Order) -> str | None:
    """What the machine heard of the call that the order began with: what it will have to understand next time."""
    recordings = (
        recording
        for call in order.calls
        if call.order_number == order.number
        for recording in call.recordings
        if recording.kind != RecordingKind.SURVEY
    )
    heard = (
        transcript
        for recording in recordings
        for transcript in reversed(recording.transcripts)
        if transcript.origin == Origin.MACHINE and transcript.doubt is None
    )
    return next((text for transcript in heard if (text := said_by_caller(transcript))), None)


def said_by_caller(transcript: Transcript) -> str:
    """The caller's words, without those of whoever answered."""
    channels = {word["channel"] for word in transcript.words}
    if len(channels) <= 1:
        return transcript.text
    return "".join(word["word"] for word in transcript.words if word["channel"] == FIRST_CHANNEL)


def ask_if_due(session: Session, now: datetime, zone: ZoneInfo) -> LearningRound | None:
    """Ask for a round of learning at night, once there are enough newly reviewed orders."""
    if not rules.FROM_HOUR <= now.astimezone(zone).hour < rules.UNTIL_HOUR:
        return None
    last = session.scalar(select(func.max(LearningRound.asked_at)))
    if last is not None and last > now - _ONCE_IN:
        return None
    learned_from = session.scalar(
        select(func.max(LearningRound.asked_at)).where(LearningRound.ending.in_(_MADE_A_MODEL))
    )
    return ask(session, SYSTEM, now) if count_reviewed(session, learned_from) >= rules.NEW_AT_LEAST else None


def count_reviewed(session: Session, since: datetime | None = None) -> int:
    """How many orders people reviewed, since then or ever."""
    events = select(func.count(distinct(OrderEvent.order_id))).where(
        OrderEvent.move == Move.TRIAGE, OrderEvent.user_id.is_not(None)
    )
    return session.scalar(events.where(OrderEvent.at > since) if since else events) or 0


def ask(session: Session, actor: Actor, now: datetime) -> LearningRound:
    """Ask for a round; one that has not ended is the round.

    Raises:
        NotAllowedError
    """
    require_top(actor, Role.ADMINISTRATOR)
    # One at a time, also for two who ask in the same moment.
    row = insert(LearningRound).values(asked_at=now, user_id=actor.user_id)
    made = row.on_conflict_do_nothing(
        index_elements=[text("(ended_at is null)")], index_where=text("ended_at is null")
    ).returning(LearningRound.id)
    new_id = session.scalar(made)
    round_ = session.scalars(select(LearningRound).where(_UNENDED)).one()
    if new_id is None:
        return round_
    outbox.ask(session, Work.LEARN, round_.id, now)
    audit.note(session, actor, Action.LEARNING_ASKED, now, subject="learning_rounds", subject_id=round_.id)
    return round_


def ended(round_: LearningRound, ending: LearningEnd, now: datetime, *, examples: int = 0, exam: int = 0) -> None:
    """The round ended without a model; ended twice, the first counts."""
    if round_.ending is None:
        round_.ending, round_.ended_at, round_.examples, round_.exam = ending, now, examples, exam


def wait_again(round_: LearningRound) -> None:
    """Take back that the round failed."""
    if round_.ending == LearningEnd.FAILED:
        round_.ending = round_.ended_at = None


def learned(
    session: Session, round_: LearningRound, weights: str, figures: Mapping[str, Figure], now: datetime, examples: int
) -> None:
    """The round made a model: it is put into use where it is better, and kept where it is not."""
    if round_.ending is not None:
        return
    is_better = rules.is_better(figures)
    exam = max(figure.of for figure in figures.values())
    ended(round_, LearningEnd.BETTER if is_better else LearningEnd.NOT_BETTER, now, examples=examples, exam=exam)
    round_.weights = weights
    round_.figures = {fact: asdict(figure) for fact, figure in figures.items()}
    if is_better:
        put_in_use(session, round_, SYSTEM, now)


def rounds(session: Session, limit: int = 50) -> Sequence[LearningRound]:
    """The rounds, newest first."""
    newest = select(LearningRound).options(joinedload(LearningRound.user)).order_by(LearningRound.id.desc())
    return session.scalars(newest.limit(limit)).all()


def round_by_id(session: Session, round_id: int) -> LearningRound | None:
    """One round."""
    return session.get(LearningRound, round_id)


def uses(session: Session, limit: int = 50) -> Sequence[UnderstandingUse]:
    """What was in use when, newest first."""
    newest = select(UnderstandingUse).options(joinedload(UnderstandingUse.user), joinedload(UnderstandingUse.round))
    return session.scalars(newest.order_by(UnderstandingUse.id.desc()).limit(limit)).all()


def in_use(session: Session) -> int | None:
    """The round whose model is in use; None for the one that comes with the service."""
    newest = select(UnderstandingUse.round_id).order_by(UnderstandingUse.id.desc()).limit(1)
    return session.scalar(newest)


def weights_of(session: Session, round_id: int) -> str | None:
    """The model that a round made, as it is written."""
    found = session.scalar(
        select(LearningRound).where(LearningRound.id == round_id).options(undefer(LearningRound.weights))
    )
    return found.weights if found else None


def put_in_use(session: Session, round_: LearningRound | None, actor: Actor, now: datetime) -> None:
    """From now on understand with the model of that round, or with the one that comes with the service.

    Raises:
        NotUsableError
        NotAllowedError
    """
    require_top(actor, Role.ADMINISTRATOR)
    if round_ is not None and not round_.is_usable:
        raise NotUsableError(f"round {round_.id} made no model")
    chosen = round_.id if round_ else None
    if in_use(session) == chosen:
        return
    session.add(UnderstandingUse(round_id=chosen, used_from=now, user_id=actor.user_id))
    session.flush()
    audit.note(session, actor, Action.UNDERSTANDING_CHOSEN, now, subject="learning_rounds", subject_id=chosen)
