"""The callback in writing, for who is served by text: the same questions, answered by a figure or in words."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from hotline.models import AnswerKind, Order, Question, SurveyAnswer, SurveyAttempt, SurveyRound, TextMessage, Work
from hotline.rules import correspondence, survey_states
from hotline.rules.survey_states import AttemptEvent, AttemptState, Reason, Said, Step
from hotline.services import outbox
from hotline.services.surveys.attempts import happen, settle, write_step
from hotline.services.surveys.rounds import lock_attempt, opt_out
from hotline.services.surveys.talk import QUESTIONS, ending, keep_answer, meaning
from speech.understand.facts import SurveyAnswers

_UNDER_WAY = frozenset({AttemptState.DIALLING, AttemptState.TALKING})


def attempt_in_writing(session: Session, order: Order) -> SurveyAttempt | None:
    """The attempt that waits for a written answer, or for the reason behind one; locked with its order and round."""
    attempt_id = session.scalar(_latest_in_writing(order).with_only_columns(SurveyAttempt.id))
    attempt = lock_attempt(session, attempt_id) if attempt_id is not None else None
    return attempt if attempt and _waits(attempt) else None


def question_in_writing(session: Session, order: Order) -> Step | None:
    """The question that waits for a written answer, to show it; nothing is locked for that."""
    attempt = session.scalars(_latest_in_writing(order)).one_or_none()
    return attempt.step if attempt and _waits(attempt) else None


def _latest_in_writing(order: Order) -> Select[SurveyAttempt]:
    return (
        select(SurveyAttempt)
        .join(SurveyAttempt.round)
        .where(SurveyRound.order_id == order.id, SurveyRound.resolution == order.resolutions, SurveyAttempt.is_by_text)
        .order_by(SurveyAttempt.id.desc())
        .limit(1)
    )


def _waits(attempt: SurveyAttempt) -> bool:
    return attempt.state in _UNDER_WAY or attempt.step == Step.ASK_REASON


def written(session: Session, attempt: SurveyAttempt, message: TextMessage, now: datetime, zone: ZoneInfo) -> None:
    """An answer came; a figure counts at once, words are understood by a worker first."""
    if attempt.state == AttemptState.DIALLING:
        happen(attempt, AttemptEvent.PICK_UP, now)
    step, key = attempt.step, correspondence.figure(message.body)
    if step in QUESTIONS and key is not None:
        keep_answer(session, attempt, step, key, now)
        attempt.answers[-1].message = message
        _go_on(session, attempt, meaning(attempt, step, key), now, zone)
        return
    question = QUESTIONS.get(step, Question.REASON)
    attempt.answers.append(SurveyAnswer(step=step, question=question, kind=AnswerKind.TEXT, message=message, at=now))
    session.flush()
    outbox.ask(session, Work.UNDERSTAND_ANSWER, message.id, now)
    if step == Step.ASK_REASON:
        _go_on(session, attempt, Said.SPOKE, now, zone)


def understood(session: Session, message_id: int, answers: SurveyAnswers, now: datetime, zone: ZoneInfo) -> Order:
    """What was written in words: its answers count as if their figures had been sent. The order that it is about."""
    attempt_id = session.scalars(select(SurveyAnswer.attempt_id).where(SurveyAnswer.message_id == message_id)).one()
    attempt = lock_attempt(session, attempt_id)
    survey, given = attempt.round, next(each for each in attempt.answers if each.message_id == message_id)
    survey.wants_person = survey.wants_person or bool(answers.wants_human.value)
    survey.reason = survey.reason or (Reason(answers.reason.value) if answers.reason.value else None)
    if answers.opt_out.value:
        opt_out(session, attempt, now)
    if attempt.state == AttemptState.TALKING and given.step == attempt.step:
        _count(session, attempt, given, answers, now, zone)
    return survey.order


def nothing_written(session: Session, attempt_id: int, now: datetime, zone: ZoneInfo) -> None:
    """The time for a written answer is over: a person asks who began to answer; others are asked another time."""
    attempt = lock_attempt(session, attempt_id)
    if attempt.state == AttemptState.TALKING:
        settle(session, attempt, AttemptEvent.NO_KEY, now, zone)
    elif attempt.state == AttemptState.DIALLING:
        settle(session, attempt, AttemptEvent.NO_ANSWER, now, zone)


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
