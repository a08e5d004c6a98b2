"""Learning, as a worker does it: from what was reviewed here to what understands the next caller."""

from itertools import product

import factories
import pytest
from sqlalchemy.orm import Session
from workshop import Workshop

from hotline.models import LearningEnd, LearningRound, Line, OutboxState, Work
from hotline.rules.learning import EXAM_AT_LEAST, EXAMPLES_AT_LEAST, is_exam
from hotline.services import learning
from hotline.services.access import SYSTEM
from speech.understand import Gazetteer, understand
from worker import ears
from worker.jobs import JOBS

# What people here call the canteen for the old; whoever comes from elsewhere takes it for food.
WHO = ["我", "我妈", "我家阿公", "隔壁阿婆", "楼下大爷", "我外婆"]
WHAT = ["想订暖心餐", "的暖心餐停了", "问不到暖心餐", "今天没等到暖心餐", "要改暖心餐的时间"]
WHEN = ["", "昨天", "这两天", "从上礼拜", "一直"]
SAID = [f"{when}{who}{what}" for when, who, what in product(WHEN, WHO, WHAT)]


def review(session: Session, line: Line, texts: list[str]) -> None:
    for text in texts:
        factories.reviewed(session, line, text, "elderly", "normal")


@pytest.fixture
def line(workshop: Workshop) -> Line:
    with workshop.context.sessions.begin() as session:
        return factories.line(session)


def ask(workshop: Workshop) -> int:
    return workshop.make(lambda session: learning.ask(session, SYSTEM, factories.NOW))


def test_too_few_reviewed_orders_are_told(workshop: Workshop, line: Line) -> None:
    with workshop.context.sessions.begin() as session:
        review(session, session.merge(line), SAID[:3])

    entry = workshop.do(Work.LEARN, ask(workshop))

    made = workshop.one(LearningRound)
    assert (entry.state, made.ending) == (OutboxState.DONE, LearningEnd.TOO_FEW)
    assert made.examples + made.exam == 3


@pytest.mark.long
def test_what_was_reviewed_here_is_understood_from_then_on(workshop: Workshop, line: Line) -> None:
    with workshop.context.sessions.begin() as session:
        review(session, session.merge(line), SAID)
        numbers = [example.order_number for example in learning.reviewed(session)]
    exam = sum(map(is_exam, numbers))
    assert exam >= EXAM_AT_LEAST
    assert len(SAID) - exam >= EXAMPLES_AT_LEAST
    before = ears.look(workshop.context.settings, workshop.context.sessions)

    round_id = ask(workshop)
    workshop.do(Work.LEARN, round_id)

    made = workshop.get(LearningRound, round_id)
    assert (made.ending, made.examples, made.exam) == (LearningEnd.BETTER, len(SAID) - exam, exam)
    assert made.figures["category"]["before"] < made.figures["category"]["after"] == exam
    now = ears.look(workshop.context.settings, workshop.context.sessions)
    assert now != before
    with workshop.context.sessions() as session:
        model = ears.model_in_use(session, now.understanding)
    assert understand("麻烦问问我奶奶的暖心餐怎么没了", Gazetteer(), model=model).category.value == "elderly"


def test_a_round_that_failed_for_good_is_told_and_changes_nothing(workshop: Workshop) -> None:
    round_id = ask(workshop)
    with workshop.context.sessions.begin() as session:
        JOBS[Work.LEARN].give_up(workshop.context, session, round_id, "MemoryError", factories.NOW)

    assert workshop.get(LearningRound, round_id).ending == LearningEnd.FAILED
    with workshop.context.sessions() as session:
        assert learning.in_use(session) is None


@pytest.mark.long
def test_done_twice_it_is_one_round(workshop: Workshop, line: Line) -> None:
    round_id = ask(workshop)
    workshop.do(Work.LEARN, round_id)
    first = workshop.get(LearningRound, round_id).ended_at
    workshop.clock.at = factories.LATER

    with workshop.context.sessions.begin() as session:
        JOBS[Work.LEARN].run(workshop.context, round_id)(session, factories.LATER)

    assert workshop.get(LearningRound, round_id).ended_at == first
