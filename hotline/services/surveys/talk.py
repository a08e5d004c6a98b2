"""The talk of a survey call: what was pressed or said at which question, and what is heard next."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from hotline.models import (
    AnswerKind,
    Question,
    Recording,
    SurveyAnswer,
    SurveyAttempt,
)
from hotline.rules import survey_states
from hotline.rules.survey_states import (
    AttemptEvent,
    AttemptState,
    Said,
    Step,
    Verdict,
)
from hotline.rules.wording import DEFAULT
from hotline.services import receipts
from hotline.services.receipts import Told
from hotline.services.surveys.attempts import answers_by_key, happen, name_call, settle


@dataclass(frozen=True)
class Asked:
    """What the person who was rung hears now; no step: the line is hung up without a word.

    `is_over`: the attempt has ended, so no answer would count any more, and no question is asked.
    """

    token: str
    step: Step | None
    is_over: bool
    language: str
    line_name: str


def picked_up(
    session: Session, attempt: SurveyAttempt, carrier_call_id: str, *, is_machine: bool, now: datetime, zone: ZoneInfo
) -> Asked:
    """Somebody, or something, answered."""
    name_call(attempt, carrier_call_id)
    if is_machine:
        settle(session, attempt, AttemptEvent.MACHINE, now, zone)
        return _asked(attempt, silent=True)
    happen(attempt, AttemptEvent.PICK_UP, now)
    return _asked(attempt)


def keyed(session: Session, attempt: SurveyAttempt, told: Told, key: str, now: datetime, zone: ZoneInfo) -> Asked:
    """A key was pressed, or none (`""`), at the question that the attempt stands at."""
    step = attempt.step
    is_new = receipts.first_time(session, "voice", told.call_id, told.event, told, now) is not None
    if step not in QUESTIONS or attempt.state != AttemptState.TALKING or not is_new:
        return _asked(attempt)
    keep_answer(session, attempt, step, key, now)
    said = meaning(attempt, step, key)
    attempt.step = survey_states.step_after(step, said)
    event = ending(attempt.step, said)
    if event is not None:
        settle(session, attempt, event, now, zone)
    return _asked(attempt)


def spoke(
    session: Session, attempt: SurveyAttempt, told: Told, recording: Recording | None, now: datetime, zone: ZoneInfo
) -> Asked:
    """Something was said after the tone, or nothing (None)."""
    step = attempt.step
    is_new = receipts.first_time(session, "voice", told.call_id, told.event, told, now) is not None
    if step not in {Step.SPEAK_FREELY, Step.ASK_REASON} or not is_new:
        return _asked(attempt)
    said = Said.SPOKE if recording else Said.NOTHING
    question = Question.FREE if step == Step.SPEAK_FREELY else Question.REASON
    kind = AnswerKind.VOICE if recording else AnswerKind.NOTHING
    attempt.answers.append(SurveyAnswer(step=step, question=question, kind=kind, recording=recording, at=now))
    attempt.step = survey_states.step_after(step, said)
    if step == Step.SPEAK_FREELY:
        settle(session, attempt, AttemptEvent.SPEAK if recording else AttemptEvent.NO_KEY, now, zone)
    return _asked(attempt)


QUESTIONS = {
    Step.ASK_RESOLVED: Question.RESOLVED,
    Step.ASK_RESOLVED_AGAIN: Question.RESOLVED,
    Step.ASK_SATISFIED: Question.SATISFIED,
    Step.ASK_SATISFIED_AGAIN: Question.SATISFIED,
}


def keep_answer(session: Session, attempt: SurveyAttempt, step: Step, key: str, now: datetime) -> None:
    """Write down the key, or none (`""`), with which the question of `step` was answered."""
    question = QUESTIONS[step]
    known = survey_states.RESOLVED_KEYS if question == Question.RESOLVED else survey_states.SATISFIED_KEYS
    special = {survey_states.PERSON_KEY, survey_states.REFUSE_KEY}
    kind = AnswerKind.NOTHING if not key else AnswerKind.KEY if key in {*known, *special} else AnswerKind.WRONG_KEY
    attempt.answers.append(SurveyAnswer(step=step, question=question, kind=kind, key=key or None, at=now))
    session.flush()


def meaning(attempt: SurveyAttempt, step: Step, key: str) -> Said:
    """What a key means for the talk, with the answers so far."""
    if not key:
        return Said.NOTHING
    if key == survey_states.PERSON_KEY:
        return Said.PERSON_KEY
    if key == survey_states.REFUSE_KEY:
        return Said.REFUSE_KEY
    known = survey_states.RESOLVED_KEYS if QUESTIONS[step] == Question.RESOLVED else survey_states.SATISFIED_KEYS
    if key not in known:
        return Said.WRONG_KEY
    return Said.UNHAPPY_KEY if survey_states.verdict(*answers_by_key(attempt)) == Verdict.REOPEN else Said.GOOD_KEY


def ending(step: Step, said: Said) -> AttemptEvent | None:
    """What the talk came to; the reason is asked when both answers are in, so nothing is lost by hanging up then."""
    if step in {Step.THANK, Step.ASK_REASON}:
        return AttemptEvent.ANSWER
    if step == Step.NEVER_AGAIN:
        return AttemptEvent.REFUSE
    if step == Step.PERSON_WILL_RING:
        return AttemptEvent.WANT_PERSON if said == Said.PERSON_KEY else AttemptEvent.NO_KEY
    return None


def _asked(attempt: SurveyAttempt, *, silent: bool = False) -> Asked:
    line = attempt.call.line if attempt.call else None
    return Asked(
        token=attempt.token,
        step=None if silent else attempt.step,
        is_over=attempt.state in survey_states.SETTLED and attempt.step in {*QUESTIONS, Step.SPEAK_FREELY},
        language=line.language if line else DEFAULT,
        line_name=line.name if line else "",
    )
