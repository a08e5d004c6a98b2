"""Callback surveys as people see them: those that wait for a person, the latest ones, and honest sums."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from hotline.models import Order, SurveyRound
from hotline.rules.survey_states import Resolved, RoundState, Satisfied
from hotline.services.access import Actor, answers_for_order, contents_seen, sees_order

_LATEST = 50
PERIOD = timedelta(days=30)


@dataclass(frozen=True)
class Sums:
    """Rounds opened in the period, by how they ended; what nobody said is not counted as satisfied."""

    opened: int
    by_state: Mapping[RoundState, int]
    by_resolved: Mapping[Resolved, int]
    by_satisfied: Mapping[Satisfied, int]

    @property
    def answered(self) -> int:
        """Rounds in which the caller answered both questions, or one that decides."""
        return self.by_state[RoundState.ANSWERED]

    @property
    def under_way(self) -> int:
        """Rounds that have not ended."""
        states = (RoundState.WAITING, RoundState.CALLING, RoundState.LISTENING, RoundState.PERSON)
        return sum(self.by_state[state] for state in states)


@dataclass(frozen=True)
class SurveyDesk:
    """The page of surveys."""

    for_person: Sequence[SurveyRound]
    latest: Sequence[SurveyRound]
    sums: Sums


def overview(session: Session, actor: Actor, now: datetime) -> SurveyDesk:
    """What the actor sees of the surveys."""
    waiting = _rounds(actor).where(*_for_person(actor)).order_by(SurveyRound.opened_at)
    ended = _rounds(actor).where(SurveyRound.ended_at.is_not(None)).order_by(SurveyRound.ended_at.desc())
    return SurveyDesk(
        session.scalars(waiting).all(),
        session.scalars(ended.limit(_LATEST)).all(),
        sums(session, actor, now),
    )


def to_change(session: Session, actor: Actor, round_id: int) -> SurveyRound | None:
    """A round of an order that the actor sees, both locked until the transaction ends, the order first."""
    seen = (sees_order(actor), contents_seen(actor))
    found = select(Order).join(Order.survey_rounds).where(SurveyRound.id == round_id, *seen)
    order = session.scalars(found.with_for_update(of=Order, key_share=True)).one_or_none()
    return session.get_one(SurveyRound, round_id, with_for_update=True) if order else None


def count_for_person(session: Session, actor: Actor) -> int:
    """How many rounds wait for a person."""
    found = select(func.count(SurveyRound.id)).join(SurveyRound.order)
    return session.scalar(found.where(*_for_person(actor))) or 0


def sums(session: Session, actor: Actor, now: datetime) -> Sums:
    """The rounds of the period before `now`; cancelled ones never were a survey."""
    # As a value of each round of the period: joined, the database goes through every order that the actor sees.
    seen = select(sees_order(actor)).where(Order.id == SurveyRound.order_id).correlate(SurveyRound).scalar_subquery()
    rows = session.execute(
        select(SurveyRound.state, SurveyRound.resolved, SurveyRound.satisfied, func.count())
        .where(SurveyRound.opened_at > now - PERIOD, SurveyRound.state != RoundState.CANCELLED, seen)
        .group_by(SurveyRound.state, SurveyRound.resolved, SurveyRound.satisfied)
    ).all()
    said = [row for row in rows if row[0] == RoundState.ANSWERED]
    return Sums(
        opened=sum(row[3] for row in rows),
        by_state={state: sum(row[3] for row in rows if row[0] == state) for state in RoundState},
        by_resolved={answer: sum(row[3] for row in said if row[1] == answer) for answer in Resolved},
        by_satisfied={answer: sum(row[3] for row in said if row[2] == answer) for answer in Satisfied},
    )


def _for_person(actor: Actor) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Who only assists, or was referred to, asks no caller how others did."""
    return SurveyRound.state == RoundState.PERSON, answers_for_order(actor)


def _rounds(actor: Actor) -> Select[SurveyRound]:
    return (
        select(SurveyRound)
        .join(SurveyRound.order)
        .where(sees_order(actor))
        .options(
            joinedload(SurveyRound.order).joinedload(Order.unit),
            joinedload(SurveyRound.user),
            selectinload(SurveyRound.attempts),
        )
    )
