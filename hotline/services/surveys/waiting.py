"""The wait for a written answer: which attempt a message answers, how long that one waits, and what ends the wait."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import Session

from hotline.models import MessageState, Order, SurveyAttempt, SurveyRound, TextMessage
from hotline.rules.survey_states import SILENT, AttemptEvent, AttemptState, RoundEvent, RoundState, Step
from hotline.services import text_messages
from hotline.services.surveys.attempts import happen, refused_by_carrier, settle, wait_for_writing
from hotline.services.surveys.rounds import lock_attempt, move_round, policy_of
from hotline.services.surveys.talk import QUESTIONS

_UNDER_WAY = frozenset({AttemptState.DIALLING, AttemptState.TALKING})
# When a message of ours left; one that waits to be sent counts from when it was written.
_SAID_AT = func.coalesce(TextMessage.sent_at, TextMessage.made_at)


def attempt_in_writing(session: Session, order: Order, now: datetime) -> SurveyAttempt | None:
    """The attempt that waits for a written answer, or for the reason behind one; locked with its order and round."""
    attempt = _lock_latest(session, order)
    return attempt if attempt and waits(session, attempt, now) else None


def question_in_writing(session: Session, order: Order, now: datetime) -> Step | None:
    """The question that waits for a written answer, to show it; nothing is locked for that."""
    attempt = session.scalars(_latest_in_writing(order)).one_or_none()
    return attempt.step if attempt and waits(session, attempt, now) else None


def waits(session: Session, attempt: SurveyAttempt, now: datetime) -> bool:
    """Whether a message answers it: not once its round has ended otherwise, nor long after a reason was asked for.

    Who answers late, when it is about to be asked once more or a person is to ask, has the question still in hand.
    """
    survey = attempt.round
    if attempt.state == AttemptState.PLANNED:
        return survey.state == RoundState.WAITING and len(survey.attempts) > 1
    if attempt.state in _UNDER_WAY:
        return survey.state == RoundState.CALLING
    if ended_in_silence(attempt):
        return survey.state == RoundState.PERSON and not survey.wants_person
    patience = policy_of(session, survey.order).survey_patience
    return attempt.step == Step.ASK_REASON and attempt.ended_at is not None and now < attempt.ended_at + patience


def ended_in_silence(attempt: SurveyAttempt) -> bool:
    """Whether nobody answered the question at which it stands, while it waited."""
    return attempt.state in SILENT and attempt.step in QUESTIONS


def take_up_again(session: Session, attempt: SurveyAttempt, now: datetime) -> None:
    """The answer came after the wait for it: the talk goes on where it stood."""
    happen(attempt, AttemptEvent.WRITE, now)
    attempt.ended_at = None
    move_round(attempt.round, RoundEvent.WRITE, now)
    wait_for_writing(session, attempt, now)


def nothing_written(session: Session, attempt_id: int, now: datetime, zone: ZoneInfo) -> datetime | None:
    """The time for a written answer is over: a person asks who began to answer; others are asked another time.

    It is not over before what this gives, where something was asked or answered since the wait began.
    """
    attempt = lock_attempt(session, attempt_id)
    if attempt.state in _UNDER_WAY and (until := _patient_until(session, attempt)) > now:
        return until
    _end_in_silence(session, attempt, now, zone)
    return None


def message_reported(
    session: Session, message_id: int, state: MessageState, trouble: str | None, now: datetime, zone: ZoneInfo
) -> None:
    """What the carrier says of a message of ours. A question that it cannot bring is asked by a person, at once."""
    failed = text_messages.reported(session, message_id, state, trouble)
    if failed is None or failed.purpose != text_messages.SURVEY or failed.order_id is None:
        return
    attempt = _lock_latest(session, session.get_one(Order, failed.order_id))
    if attempt is None or attempt.state not in _UNDER_WAY or _is_answered(session, attempt, failed):
        return
    if attempt.state == AttemptState.DIALLING:
        refused_by_carrier(session, attempt.id, trouble or state.value, now)
        return
    attempt.trouble = trouble
    _end_in_silence(session, attempt, now, zone)


def asks_another(session: Session, order: Order, message: TextMessage) -> bool:
    """Whether somebody else is asked about the order than wrote the message, whose own order was merged into it.

    The last question tells who is asked: the order's caller, by whatever way, or whoever answered the one before.
    """
    of_order = TextMessage.order_id == order.id, TextMessage.purpose == text_messages.SURVEY
    last = session.scalars(select(TextMessage).where(*of_order).order_by(TextMessage.id.desc()).limit(1)).one_or_none()
    if last is not None and (last.carrier, last.number) == (message.carrier, message.number):
        return False
    asks_caller = (
        last is None
        or last.carrier == text_messages.ON_PAGE
        or text_messages.is_of_caller(session, order, last.carrier, last.number)
    )
    return not (asks_caller and text_messages.is_of_caller(session, order, message.carrier, message.number))


def _end_in_silence(session: Session, attempt: SurveyAttempt, now: datetime, zone: ZoneInfo) -> None:
    if attempt.state == AttemptState.TALKING:
        settle(session, attempt, AttemptEvent.NO_KEY, now, zone)
    elif attempt.state == AttemptState.DIALLING:
        settle(session, attempt, AttemptEvent.NO_ANSWER, now, zone)


def _patient_until(session: Session, attempt: SurveyAttempt) -> datetime:
    """The end of the wait, counted from the last that was asked or answered."""
    last_at = session.scalar(select(func.max(_SAID_AT)).where(_in_talk(attempt)))
    return (last_at or attempt.due_at) + policy_of(session, attempt.round.order).survey_patience


def _is_answered(session: Session, attempt: SurveyAttempt, asked: TextMessage) -> bool:
    """Whether more was written since: the question was read all the same, on the order's page for one."""
    return session.scalar(select(func.max(TextMessage.id)).where(_in_talk(attempt))) != asked.id


def _in_talk(attempt: SurveyAttempt) -> ColumnElement[bool]:
    """A condition on `TextMessage`: written about the order, by us to ask or by its caller, since the attempt began."""
    return and_(
        TextMessage.order_id == attempt.round.order_id,
        TextMessage.purpose.in_((text_messages.SURVEY, text_messages.WRITTEN)),
        TextMessage.made_at >= attempt.dialled_at,
    )


def _lock_latest(session: Session, order: Order) -> SurveyAttempt | None:
    """The latest attempt in writing, locked. Whoever held the one before may have planned it in this very moment."""
    while (attempt_id := _latest_id(session, order)) is not None:
        with session.begin_nested() as locks:
            attempt = lock_attempt(session, attempt_id)
            if _latest_id(session, order) == attempt_id:
                return attempt
            # An attempt is locked before its order: what is held because of the other one is given back.
            locks.rollback()
    return None


def _latest_id(session: Session, order: Order) -> int | None:
    return session.scalar(_latest_in_writing(order).with_only_columns(SurveyAttempt.id))


def _latest_in_writing(order: Order) -> Select[SurveyAttempt]:
    return (
        select(SurveyAttempt)
        .join(SurveyAttempt.round)
        .where(SurveyRound.order_id == order.id, SurveyRound.resolution == order.resolutions, SurveyAttempt.is_by_text)
        .order_by(SurveyAttempt.id.desc())
        .limit(1)
    )
