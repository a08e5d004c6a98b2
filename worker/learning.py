"""Learning, as work: examples out of the database, a model out of the examples, examined beside the one in use."""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from hotline.models import LearningEnd, LearningRound
from hotline.rules.learning import EXAM_AT_LEAST, EXAMPLES_AT_LEAST, STATED_WEIGHT, Figure, is_exam
from hotline.services import learning
from speech.understand.learned import write
from worker.context import Context
from worker.ears import model_in_use
from worker.job import Store, nothing

if TYPE_CHECKING:
    from speech.understand.training import Score

# Learning from ten thousand orders takes minutes; a machine that is busy besides may need an hour.
LIMIT_S = 3600


def learn(context: Context, round_id: int) -> Store:
    """Make a model from the orders reviewed so far, and examine it on those that no model learns from."""
    # Half a second and a hundred megabytes, which nobody else who works here needs.
    from speech.understand.training import Example, base_examples, score, train  # noqa: PLC0415

    with context.sessions() as session:
        if session.get_one(LearningRound, round_id).ending is not None:
            return nothing
        found = learning.reviewed(session)
        before = model_in_use(session, learning.in_use(session))
    # What a person only let pass says little against the model that proposed it.
    exam = [Example(each.text, each.labels) for each in found if each.is_stated and is_exam(each.order_number)]
    own = [
        Example(each.text, each.labels, STATED_WEIGHT if each.is_stated else 1.0)
        for each in found
        if not is_exam(each.order_number)
    ]
    if len(exam) < EXAM_AT_LEAST or len(own) < EXAMPLES_AT_LEAST:
        return _ended(round_id, LearningEnd.TOO_FEW, len(own), len(exam))
    after = train([*base_examples(), *own])
    figures = _figures(score(before, exam), score(after, exam))
    weights = write(after)

    def store(session: Session, now: datetime) -> None:
        round_ = session.get_one(LearningRound, round_id, with_for_update=True)
        learning.learned(session, round_, weights, figures, now, examples=len(own))

    return store


def give_up(_context: Context, session: Session, round_id: int, _trouble: str, now: datetime) -> None:
    """What is in use stays in use, and the next night tries again."""
    learning.ended(session.get_one(LearningRound, round_id), LearningEnd.FAILED, now)


def _ended(round_id: int, ending: LearningEnd, examples: int, exam: int) -> Store:
    def store(session: Session, now: datetime) -> None:
        round_ = session.get_one(LearningRound, round_id, with_for_update=True)
        learning.ended(round_, ending, now, examples=examples, exam=exam)

    return store


def _figures(before: "dict[str, Score]", after: "dict[str, Score]") -> dict[str, Figure]:
    return {fact: Figure(after[fact].count, before[fact].right, after[fact].right) for fact in after}
