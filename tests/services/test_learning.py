"""Learning from reviewed orders: what is learned from, when, and which model understands."""

from datetime import UTC, datetime, timedelta

import factories
import pytest
from factories import LATER, NOW, ZONE
from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline.models import LearningEnd, LearningRound, Line, OutboxEntry, OutboxState, Transcript, Work
from hotline.rules import learning as rules
from hotline.rules.learning import Figure, is_better, is_exam
from hotline.rules.order_states import Move, OrderState
from hotline.rules.roles import Role
from hotline.services import facts, learning, orders, outbox
from hotline.services.access import SYSTEM, NotAllowedError
from hotline.services.learning import NotUsableError
from speech.transcript import Doubt
from speech.understand import Gazetteer, understand

# Three in the morning where the hotline is.
AT_NIGHT = datetime(2026, 3, 2, 19, 0, tzinfo=UTC)
TEXT = "家里没有米了"
GAINED = {"category": Figure(40, 30, 33), "urgency": Figure(40, 35, 35), "emergency": Figure(4, 3, 3)}
LOST = {**GAINED, "emergency": Figure(4, 3, 2)}


@pytest.fixture
def line(session: Session) -> Line:
    return factories.line(session)


def review(session: Session, line: Line, count: int = 1, **more: object) -> None:
    for _ in range(count):
        factories.reviewed(session, line, TEXT, "supplies", "urgent", **more)


def test_a_reviewed_order_is_an_example(session: Session, line: Line) -> None:
    order = factories.reviewed(session, line, TEXT, "supplies", "urgent")

    (example,) = learning.reviewed(session)
    assert (example.order_number, example.text) == (order.number, TEXT)
    assert example.labels == {"category": "supplies", "urgency": "urgent", "needs": [], "groups": []}


def test_what_a_person_only_let_pass_is_not_stated(session: Session, line: Line) -> None:
    stated = factories.reviewed(session, line, TEXT, "supplies", "urgent")
    passed = factories.order(session, line)
    heard = factories.transcript(session, passed.calls[0], TEXT)
    facts.propose(session, passed, heard, understand(TEXT, Gazetteer()), NOW, ZONE)
    orders.triage(session, passed, factories.actor(session, line.unit, Role.CALL_TAKER), NOW)

    told = {example.order_number: example.is_stated for example in learning.reviewed(session)}
    assert told == {stated.number: True, passed.number: False}


def test_what_nobody_reviewed_is_none(session: Session, line: Line) -> None:
    factories.transcript(session, factories.order(session, line, OrderState.TRIAGED).calls[0], TEXT)
    factories.transcript(session, factories.order(session, line).calls[0], TEXT)

    assert learning.reviewed(session) == []


def test_what_is_secret_invalid_or_heard_in_doubt_is_none(session: Session, line: Line) -> None:
    factories.reviewed(session, line, TEXT, "supplies", "urgent").is_secret = True
    invalid = factories.reviewed(session, line, TEXT, "supplies", "urgent")
    orders.move(session, invalid, Move.INVALIDATE, SYSTEM, NOW, "重复拨打")
    factories.reviewed(session, line, TEXT, "supplies", "urgent", doubt=Doubt.UNSURE)

    assert learning.reviewed(session) == []


def test_the_machine_s_words_are_learned_from_not_a_person_s(session: Session, line: Line) -> None:
    order = factories.reviewed(session, line, TEXT, "supplies", "urgent")
    about = {"version": 2, "origin": "person", "words": [], "language": "zh-CN", "made_at": LATER}
    reviewer = factories.user(session, line.unit, Role.CALL_TAKER)
    recording = order.calls[0].recordings[0]
    session.add(Transcript(recording=recording, text="家里没有面了", user_id=reviewer.id, **about))
    session.flush()
    session.expire_all()

    assert [example.text for example in learning.reviewed(session)] == [TEXT]


def test_of_a_conversation_only_the_caller_s_words_are_learned_from(session: Session, line: Line) -> None:
    said = [("caller", "没有"), ("agent", "您好"), ("caller", "米了")]
    words = [
        {"word": word, "start": at, "end": at + 0.5, "conf": 1.0, "channel": channel}
        for at, (channel, word) in enumerate(said)
    ]
    factories.reviewed(session, line, "没有您好米了", "supplies", "urgent", words=words)

    assert learning.reviewed(session)[0].text == "没有米了"


def test_at_night_enough_reviewed_orders_ask_for_a_round_and_only_once(session: Session, line: Line) -> None:
    review(session, line, rules.NEW_AT_LEAST)

    asked = learning.ask_if_due(session, AT_NIGHT, ZONE)

    assert asked is not None
    entry = session.scalars(select(OutboxEntry).where(OutboxEntry.work == Work.LEARN)).one()
    assert (entry.subject_id, entry.state) == (asked.id, OutboxState.WAITING)
    assert learning.ask_if_due(session, AT_NIGHT + timedelta(minutes=10), ZONE) is None


def test_by_day_or_with_few_orders_no_round_is_asked_for(session: Session, line: Line) -> None:
    review(session, line, rules.NEW_AT_LEAST - 1)
    assert learning.ask_if_due(session, AT_NIGHT, ZONE) is None
    review(session, line)
    assert learning.ask_if_due(session, AT_NIGHT + timedelta(hours=8), ZONE) is None


def test_the_next_round_needs_orders_reviewed_since_the_last(session: Session, line: Line) -> None:
    review(session, line, rules.NEW_AT_LEAST)
    first = learning.ask_if_due(session, AT_NIGHT, ZONE)
    assert first is not None
    learning.learned(session, first, "weights", LOST, AT_NIGHT, examples=120)

    assert learning.ask_if_due(session, AT_NIGHT + timedelta(days=1), ZONE) is None


def test_after_a_round_that_made_nothing_the_next_night_tries_again(session: Session, line: Line) -> None:
    review(session, line, rules.NEW_AT_LEAST)
    first = learning.ask_if_due(session, AT_NIGHT, ZONE)
    assert first is not None
    learning.ended(first, LearningEnd.FAILED, AT_NIGHT)

    assert learning.ask_if_due(session, AT_NIGHT + timedelta(days=1), ZONE) is not None


def test_asked_for_twice_it_is_one_round(session: Session) -> None:
    assert learning.ask(session, SYSTEM, NOW) is learning.ask(session, SYSTEM, LATER)


def test_learning_waits_until_nobody_s_recording_does(session: Session, line: Line) -> None:
    recording = factories.recording(session, factories.call(session, line))
    outbox.ask(session, Work.TRANSCRIBE_RECORDING, recording.id, NOW)
    learning.ask(session, SYSTEM, NOW)

    assert [entry.work for entry in outbox.take_due(session, LATER)] == [Work.TRANSCRIBE_RECORDING]


def test_a_better_model_is_put_into_use(session: Session) -> None:
    made = learning.ask(session, SYSTEM, NOW)

    learning.learned(session, made, "weights", GAINED, LATER, examples=120)

    assert (made.ending, made.exam, learning.in_use(session)) == (LearningEnd.BETTER, 40, made.id)
    assert learning.weights_of(session, made.id) == "weights"
    assert made.figures["category"] == {"of": 40, "before": 30, "after": 33}


def test_a_model_that_misses_an_emergency_more_is_kept_aside(session: Session) -> None:
    made = learning.ask(session, SYSTEM, NOW)

    learning.learned(session, made, "weights", LOST, LATER, examples=120)

    assert (made.ending, learning.in_use(session)) == (LearningEnd.NOT_BETTER, None)


def test_learned_twice_the_first_time_counts(session: Session) -> None:
    made = learning.ask(session, SYSTEM, NOW)
    learning.learned(session, made, "weights", LOST, LATER, examples=120)

    learning.learned(session, made, "others", GAINED, LATER, examples=120)

    assert (learning.weights_of(session, made.id), learning.in_use(session)) == ("weights", None)


def test_a_person_puts_the_old_back_and_the_new_forth(session: Session, line: Line) -> None:
    administrator = factories.actor(session, line.unit, Role.ADMINISTRATOR)
    made = learning.ask(session, SYSTEM, NOW)
    learning.learned(session, made, "weights", GAINED, NOW, examples=120)

    learning.put_in_use(session, None, administrator, LATER)
    assert learning.in_use(session) is None
    learning.put_in_use(session, made, administrator, LATER)
    learning.put_in_use(session, made, administrator, LATER)

    assert learning.in_use(session) == made.id
    assert [use.round_id for use in learning.uses(session)] == [made.id, None, made.id]


def test_a_round_without_a_model_cannot_be_used(session: Session) -> None:
    made = learning.ask(session, SYSTEM, NOW)
    learning.ended(made, LearningEnd.TOO_FEW, LATER, examples=3, exam=1)

    with pytest.raises(NotUsableError):
        learning.put_in_use(session, made, SYSTEM, LATER)


def test_others_than_administrators_neither_ask_nor_choose(session: Session, line: Line) -> None:
    supervisor = factories.actor(session, line.unit, Role.SUPERVISOR)
    with pytest.raises(NotAllowedError):
        learning.ask(session, supervisor, NOW)
    with pytest.raises(NotAllowedError):
        learning.put_in_use(session, None, supervisor, NOW)
    below = factories.actor(session, factories.unit(session, parent=line.unit), Role.ADMINISTRATOR)
    with pytest.raises(NotAllowedError):
        learning.ask(session, below, NOW)
    assert session.scalars(select(LearningRound)).all() == []


def test_about_a_quarter_of_the_orders_is_for_examining_and_stays_so() -> None:
    numbers = [f"20260302-{number:05d}" for number in range(4000)]
    chosen = [number for number in numbers if is_exam(number)]

    assert 900 < len(chosen) < 1100
    assert all(map(is_exam, chosen))


@pytest.mark.parametrize(
    ("gained", "better"), [((1, 0, 0), True), ((0, 0, 0), False), ((5, -1, 0), False), ((2, 3, 0), True)]
)
def test_better_is_more_in_all_and_less_in_nothing(gained: tuple[int, ...], better: bool) -> None:
    assert is_better({str(at): Figure(40, 30, 30 + more) for at, more in enumerate(gained)}) is better
