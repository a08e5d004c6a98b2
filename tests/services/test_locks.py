"""People and the telephone at the same order at once: who comes second waits, and meets the order as it is then."""

import threading
from datetime import timedelta

import factories
import pytest
from factories import NOW, ZONE
from sqlalchemy.orm import Session

from hotline.db import Sessions
from hotline.models import Line, Order, SurveyAttempt, SurveyRound, TextMessage
from hotline.rules.order_states import OrderState
from hotline.rules.roles import Role
from hotline.rules.survey_states import AttemptState, Resolved, RoundState, Satisfied, Step
from hotline.services import intake, orders, secrecy, surveys
from hotline.services.access import SYSTEM
from hotline.services.desk import orders as desk_orders
from hotline.services.desk import surveys as desk_surveys

PATIENCE_S = 10


@pytest.fixture
def token(own_sessions: Sessions) -> str:
    """A survey call in which both questions were asked and the last key is about to be pressed."""
    with own_sessions.begin() as session:
        attempt = factories.talking(session, factories.attempt(session))
        surveys.keyed(session, attempt, factories.told(), "1", NOW, ZONE)
        return attempt.token


def last_key(session: Session, token: str) -> None:
    attempt = surveys.attempt_by_token(session, token)
    assert attempt is not None
    surveys.keyed(session, attempt, factories.told(), "1", NOW, ZONE)


def test_a_key_pressed_while_a_person_moves_the_order_meets_the_moved_order(own_sessions: Sessions, token: str) -> None:
    failed: list[BaseException] = []

    def press() -> None:
        try:
            with own_sessions.begin() as session:
                last_key(session, token)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the caller would hear an apology
            failed.append(error)

    with own_sessions.begin() as session:
        attempt = session.query(SurveyAttempt).one()
        number = attempt.round.order.number
        actor = factories.actor(session, attempt.round.order.unit, Role.SUPERVISOR)
        order = desk_orders.to_change(session, actor, number)
        assert order is not None
        orders.close(session, order, actor, NOW, "已电话确认")
        pressing = threading.Thread(target=press)
        pressing.start()
        pressing.join(0.5)
        assert pressing.is_alive(), "the key must wait for the person"
    pressing.join(PATIENCE_S)

    assert failed == []
    with own_sessions() as session:
        assert session.query(Order).one().state == OrderState.CLOSED
        assert session.query(SurveyRound).one().state == RoundState.CANCELLED
        assert session.query(SurveyAttempt).one().state == AttemptState.ANSWERED


def test_a_person_who_answers_while_the_caller_presses_the_last_key_does_not_meet_in_a_ring(
    own_sessions: Sessions, token: str
) -> None:
    failed: list[BaseException] = []

    def answer() -> None:
        try:
            with own_sessions.begin() as session:
                survey = desk_surveys.to_change(session, SYSTEM, session.query(SurveyRound).one().id)
                assert survey is not None
                if survey.ended_at is None:
                    surveys.answer_by_person(
                        session, survey, Resolved.NO, Satisfied.DISSATISFIED, None, None, SYSTEM, NOW, ZONE
                    )
        except BaseException as error:  # noqa: BLE001 - a deadlock is one
            failed.append(error)

    with own_sessions.begin() as session:
        last_key(session, token)
        answering = threading.Thread(target=answer)
        answering.start()
        answering.join(0.5)
    answering.join(PATIENCE_S)

    assert failed == []
    with own_sessions() as session:
        assert session.query(Order).one().state == OrderState.CLOSED


def test_facts_understood_while_a_person_moves_the_order_do_not_fail(own_sessions: Sessions) -> None:
    failed: list[BaseException] = []
    with own_sessions.begin() as session:
        number = factories.order(session).number

    def understand() -> None:
        try:
            with own_sessions.begin() as session:
                known = session.query(Order).one()
                order = intake.receive_call(session, known.calls[0], NOW, ZONE)
                order.summary = "家里没有米"
        except BaseException as error:  # noqa: BLE001 - it would be retried, and look like a fault
            failed.append(error)

    with own_sessions.begin() as session:
        order = desk_orders.to_change(session, SYSTEM, number)
        assert order is not None
        orders.triage(session, order, SYSTEM, NOW)
        understanding = threading.Thread(target=understand)
        understanding.start()
        understanding.join(0.5)
    understanding.join(PATIENCE_S)

    assert failed == []
    with own_sessions() as session:
        order = session.query(Order).one()
        assert (order.state, order.summary) == (OrderState.TRIAGED, "家里没有米")


@pytest.mark.parametrize("attempts", [1, 3])
def test_an_answer_in_writing_at_the_moment_the_wait_for_it_ends_counts(own_sessions: Sessions, attempts: int) -> None:
    with own_sessions.begin() as session:
        policy = {"calls_from": "00:00", "calls_until": "00:00", "survey_attempts": attempts}
        asked = factories.asked_in_writing(session, factories.line(session, factories.unit(session, policy=policy)))
        attempt_id, order = asked.id, asked.round.order
        number, line_id = order.number_to_ring, order.messages[0].line_id
    failed: list[BaseException] = []

    def write() -> None:
        try:
            with own_sessions.begin() as session:
                factories.wrote(session, session.get_one(Line, line_id), "1", number=number)
        except BaseException as error:  # noqa: BLE001 - whatever it is, what the caller wrote would be lost
            failed.append(error)

    with own_sessions.begin() as session:
        session.get_one(SurveyAttempt, attempt_id, with_for_update={"key_share": True})
        writing = threading.Thread(target=write)
        writing.start()
        writing.join(0.5)
        assert writing.is_alive(), "the answer must wait for the end"
        surveys.nothing_written(session, attempt_id, NOW + timedelta(days=1), ZONE)
    writing.join(PATIENCE_S)

    assert failed == []
    with own_sessions() as session:
        survey = session.query(SurveyRound).one()
        assert (survey.state, survey.attempts[-1].step) == (RoundState.CALLING, Step.ASK_SATISFIED)
        assert [each.body for each in session.query(TextMessage).filter_by(body="1")] == ["1"]


def two_that_meet(session: Session) -> tuple[Order, Order, Order]:
    """An order that went into another, and a secret one into which that other is about to go."""
    first, second, third = (
        factories.order(session, factories.line(session, number=f"+8620000000{n}")) for n in range(3)
    )
    orders.merge(session, first, second, SYSTEM, NOW, "同一件事")
    third.is_secret = True
    return first, second, third


def make_secret(session: Session, number: str) -> None:
    order = desk_orders.to_change(session, SYSTEM, number)
    assert order is not None
    secrecy.set_secret(session, order, "来电人要求", SYSTEM, NOW, is_secret=True)


def merge_numbers(session: Session, number: str, into: str) -> None:
    order, other = (desk_orders.to_change(session, SYSTEM, each) for each in (number, into))
    assert order is not None
    assert other is not None
    orders.merge(session, order, other, SYSTEM, NOW, "同一件事")


def test_secrecy_and_a_merge_of_the_same_family_do_not_meet_in_a_ring(own_sessions: Sessions) -> None:
    with own_sessions.begin() as session:
        first, second, third = (each.number for each in two_that_meet(session))
    failed: list[BaseException] = []

    def merge() -> None:
        try:
            with own_sessions.begin() as session:
                desk_orders.lock(session, second, third)
                merge_numbers(session, second, third)
        except BaseException as error:  # noqa: BLE001 - a deadlock is one
            failed.append(error)

    with own_sessions.begin() as session:
        desk_orders.lock(session, first)
        merging = threading.Thread(target=merge)
        merging.start()
        merging.join(0.5)
        make_secret(session, first)
    merging.join(PATIENCE_S)

    assert failed == []
    with own_sessions() as session:
        assert [each.is_secret for each in session.query(Order)] == [True, True, True]


def test_what_joins_while_its_family_is_waited_for_is_locked_too(own_sessions: Sessions) -> None:
    with own_sessions.begin() as session:
        joining, second = (
            factories.order(session, factories.line(session, number=f"+8620000000{n}")).number for n in "01"
        )
    locked: list[list[str]] = []

    def lock() -> None:
        with own_sessions.begin() as session, own_sessions.begin() as other:
            desk_orders.lock(session, second)
            free = other.query(Order.number).with_for_update(skip_locked=True, key_share=True)
            locked.append(sorted(number for (number,) in free))

    with own_sessions.begin() as session:
        desk_orders.lock(session, joining, second)
        locking = threading.Thread(target=lock)
        locking.start()
        locking.join(0.5)
        merge_numbers(session, joining, second)
    locking.join(PATIENCE_S)

    assert locked == [[]]
