"""An order with all that its page shows: what is there in a few queries, and what is not there in none."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import QueryableAttribute, Session, joinedload, selectinload, undefer
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.sql.base import ExecutableOption

from hotline.models import (
    Approval,
    Attachment,
    Call,
    Extension,
    Fact,
    Order,
    OrderAssistant,
    OrderEvent,
    Pause,
    Recording,
    Result,
    Statement,
    SurveyAnswer,
    SurveyAttempt,
    SurveyRound,
    Transcript,
)
from hotline.services.access import Actor, sees_order


def with_everything(session: Session, actor: Actor, number: str) -> Order | None:
    """The order; None when the actor sees none."""
    collections = _where_there_are()
    has = select(Order.id, *(each.any() for each in collections)).where(Order.number == number, sees_order(actor))
    row = session.execute(has).one_or_none()
    if row is None:
        return None
    order_id, *are_there = row
    there = [each for each, is_there in zip(collections, are_there, strict=True) if is_there]
    options = (*_with_each(), *(collections[each] for each in there))
    order = session.scalars(select(Order).where(Order.id == order_id).options(*options)).one()
    for each in collections.keys() - set(there):
        set_committed_value(order, each.key, [])
    return order


@cache
def _with_each() -> tuple[ExecutableOption, ...]:
    """What the page of any order needs."""
    return (
        joinedload(Order.unit),
        joinedload(Order.intake_unit),
        joinedload(Order.place),
        joinedload(Order.handler),
        joinedload(Order.outreach_event),
        selectinload(Order.calls).options(
            joinedload(Call.line),
            selectinload(Call.recordings).options(
                undefer(Recording.peaks), selectinload(Recording.transcripts).joinedload(Transcript.user)
            ),
        ),
        selectinload(Order.history).options(
            joinedload(OrderEvent.user), joinedload(OrderEvent.unit), joinedload(OrderEvent.other_unit)
        ),
        selectinload(Order.facts).options(
            joinedload(Fact.user), joinedload(Fact.transcript), joinedload(Fact.statement)
        ),
    )


@cache
def _where_there_are() -> Mapping[QueryableAttribute[Any], ExecutableOption]:
    """What many orders have none of, so that it is asked for only where there are any."""
    answers = selectinload(SurveyAttempt.answers).joinedload(SurveyAnswer.recording)
    heard = answers.options(undefer(Recording.peaks), selectinload(Recording.transcripts))
    approval = joinedload(Result.approval).joinedload(Approval.decided_by)
    return {
        Order.statements: selectinload(Order.statements).options(
            joinedload(Statement.user), joinedload(Statement.message)
        ),
        Order.messages: selectinload(Order.messages),
        Order.assistants: selectinload(Order.assistants).joinedload(OrderAssistant.unit),
        Order.past_clocks: selectinload(Order.past_clocks),
        Order.pauses: selectinload(Order.pauses).options(joinedload(Pause.user), joinedload(Pause.decided_by)),
        Order.extensions: selectinload(Order.extensions).options(
            joinedload(Extension.user), joinedload(Extension.decided_by)
        ),
        Order.results: selectinload(Order.results).options(
            joinedload(Result.user), selectinload(Result.attachments), approval
        ),
        Order.approvals: selectinload(Order.approvals).options(
            joinedload(Approval.user), joinedload(Approval.decided_by)
        ),
        Order.attachments: selectinload(Order.attachments).joinedload(Attachment.user),
        Order.survey_rounds: selectinload(Order.survey_rounds).options(
            joinedload(SurveyRound.user), selectinload(SurveyRound.attempts).options(heard)
        ),
    }
