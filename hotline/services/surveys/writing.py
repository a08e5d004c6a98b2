"""The callback in writing, for who is served by text: the same questions, answered by a figure or in words."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline.models import (
    AnswerKind,
    Direction,
    Order,
    Question,
    SurveyAnswer,
    SurveyAttempt,
    TextMessage,
    Work,
)
from hotline.rules import correspondence, survey_states
from hotline.rules.survey_states import AttemptEvent, AttemptState, Reason, RoundState, Said, Step
from hotline.services import outbox
from hotline.services.surveys.attempts import begin_in_writing, happen, settle, write_step
from hotline.services.surveys.rounds import lock_attempt, opt_out
from hotline.services.surveys.talk import QUESTIONS, ending, keep_answer, meaning
from hotline.services.surveys.waiting import ended_in_silence, take_up_again, waits
from speech.understand.facts import SurveyAnswers


def written(session: Session, attempt: SurveyAttempt, message: TextMessage, now: datetime, zone: ZoneInfo) -> None:
    """An answer came; a figure counts at once, words are understood by a worker first.

    Who goes on writing before the words were understood has them understood together; a figure settles it.
    """
    _take_up(session, attempt, now)
    step, key = attempt.step, correspondence.figure(message.body)
    given = next((each for each in attempt.answers if each.step == step), None)
    if step in QUESTIONS and key is not None:
        _by_figure(session, attempt, given, message, key, now)
        _go_on(session, attempt, meaning(attempt, step, key), now, zone)
        return
    _in_words(session, attempt, given, message, now)
    if step == Step.ASK_REASON:
        _go_on(session, attempt, Said.SPOKE, now, zone)


def words_since(session: Session, message_id: int) -> str:
    """What the caller wrote from this message on, about the same order: who writes in pieces means all of them."""
    first = session.get_one(TextMessage, message_id)
    pieces = select(TextMessage.body).where(
        TextMessage.order_id == first.order_id,
        TextMessage.direction == Direction.INBOUND,
        TextMessage.id >= first.id,
    )
    return "，".join(session.scalars(pieces.order_by(TextMessage.id)))


def understood(session: Session, message_id: int, answers: SurveyAnswers, now: datetime, zone: ZoneInfo) -> Order:
    """What was written in words: its answers count as if their figures had been sent. The order that it is about."""
    attempt_id = session.scalars(select(SurveyAnswer.attempt_id).where(SurveyAnswer.message_id == message_id)).one()
    attempt = lock_attempt(session, attempt_id)
    survey, given = attempt.round, next(each for each in attempt.answers if each.message_id == message_id)
    survey.wants_person = survey.wants_person or bool(answers.wants_human.value)
    survey.reason = survey.reason or (Reason(answers.reason.value) if answers.reason.value else None)
    if answers.opt_out.value:
        opt_out(session, attempt, now)
    if ended_in_silence(attempt) and waits(session, attempt, now):
        take_up_again(session, attempt, now)
    is_asked = attempt.state == AttemptState.TALKING and survey.state == RoundState.CALLING
    if is_asked and given.step == attempt.step:
        _count(session, attempt, given, answers, now, zone)
    return survey.order


def refused_in_writing(session: Session, attempt: SurveyAttempt, now: datetime, zone: ZoneInfo) -> None:
    """Whoever is being asked wants no such message: a refusal is final, and no person rings after it."""
    _take_up(session, attempt, now)
    opt_out(session, attempt, now)
    settle(session, attempt, AttemptEvent.REFUSE, now, zone)


def _take_up(session: Session, attempt: SurveyAttempt, now: datetime) -> None:
    """The talk is on, also where the question was to be asked once more or nobody was waited for any longer."""
    if attempt.state == AttemptState.PLANNED:
        begin_in_writing(session, attempt, now)
    if attempt.state == AttemptState.DIALLING:
        happen(attempt, AttemptEvent.PICK_UP, now)
    elif ended_in_silence(attempt):
        take_up_again(session, attempt, now)


def _by_figure(
    session: Session, attempt: SurveyAttempt, given: SurveyAnswer | None, message: TextMessage, key: str, now: datetime
) -> None:
    if given is None:
        keep_answer(session, attempt, attempt.step, key, now)
        attempt.answers[-1].message = message
    else:
        given.kind, given.key = AnswerKind.KEY, key


def _in_words(
    session: Session, attempt: SurveyAttempt, given: SurveyAnswer | None, message: TextMessage, now: datetime
) -> None:
    if given is None:
        question = QUESTIONS.get(attempt.step, Question.REASON)
        given = SurveyAnswer(step=attempt.step, question=question, kind=AnswerKind.TEXT, message=message, at=now)
        attempt.answers.append(given)
        session.flush()
    outbox.ask_anew(session, Work.UNDERSTAND_ANSWER, given.message_id or message.id, now)


def _count(
    session: Session,
    attempt: SurveyAttempt,
    given: SurveyAnswer,
    answers: SurveyAnswers,
    now: datetime,
    zone: ZoneInfo,
) -> None:
    # Somebody in danger is no verdict on an order: a person writes to them first.
    if answers.emergencies or answers.wants_human.value:
        _go_on(session, attempt, Said.PERSON_KEY, now, zone)
        return
    if answers.opt_out.value:
        _go_on(session, attempt, Said.REFUSE_KEY, now, zone)
        return
    keys = {
        Question.RESOLVED: _key_of(survey_states.RESOLVED_KEYS, answers.resolved.value),
        Question.SATISFIED: _key_of(survey_states.SATISFIED_KEYS, answers.satisfied.value),
    }
    given.key = keys[given.question]
    said = meaning(attempt, given.step, given.key) if given.key else Said.WRONG_KEY
    next_step = survey_states.step_after(attempt.step, said)
    if given.key and next_step == Step.ASK_SATISFIED and (key := keys[Question.SATISFIED]):
        # Both at once: the second question is answered before it is asked.
        attempt.step = next_step
        keep_answer(session, attempt, next_step, key, now)
        attempt.answers[-1].kind = AnswerKind.TEXT
        said = meaning(attempt, next_step, key)
    _go_on(session, attempt, said, now, zone)


def _key_of(keys: Mapping[str, StrEnum], value: str | None) -> str | None:
    return next((key for key, means in keys.items() if means == value), None)


def _go_on(session: Session, attempt: SurveyAttempt, said: Said, now: datetime, zone: ZoneInfo) -> None:
    """To the next question or the last words; in writing nobody is asked to speak freely, for they did all along."""
    following = survey_states.step_after(attempt.step, said)
    attempt.step = Step.PERSON_WILL_RING if following == Step.SPEAK_FREELY else following
    event = ending(attempt.step, said)
    write_step(session, attempt, now)
    if event is not None:
        settle(session, attempt, event, now, zone)
