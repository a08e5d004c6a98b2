"""Facts of an order: what a reviewer may state, what stays whatever the machine says, and what follows from it."""

from datetime import timedelta
from typing import Any

import factories
import pytest
from factories import LATER, NOW, ZONE
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hotline.models import Action, AuditEntry, Fact, Order, Origin, Transcript, Unit
from hotline.rules.facts import Category, FactName, Urgency
from hotline.rules.roles import Role
from hotline.services import facts
from hotline.services.access import Actor, NotAllowedError
from speech.understand import Facts, Gazetteer, understand
from speech.understand.facts import Fact as Understood

HUNGRY = understand("家里没有米了，两个人两天没有吃饭", Gazetteer())


@pytest.fixture
def order(session: Session) -> Order:
    return factories.order(session)


@pytest.fixture
def reviewer(session: Session, order: Order) -> Actor:
    return factories.actor(session, order.unit, Role.CALL_TAKER)


def transcript(session: Session, order: Order) -> Transcript:
    made = Transcript(
        recording=factories.recording(session, order.calls[0]),
        version=1,
        origin=Origin.MACHINE,
        text="家里没有米了",
        words=[],
        language="zh-CN",
        made_at=NOW,
    )
    session.add(made)
    session.flush()
    return made


def propose(session: Session, order: Order, understood: Facts, of: Transcript | None = None) -> None:
    facts.propose(session, order, of or transcript(session, order), understood, NOW, ZONE)


def confirm(session: Session, order: Order, name: FactName, value: Any, actor: Actor) -> Fact:
    return facts.confirm(session, order, name, value, actor, LATER, ZONE)


def value(order: Order, name: FactName) -> Any:
    now = facts.present(order)[name].now
    return now.value if now else None


def test_what_was_understood_is_proposed_with_its_words(session: Session, order: Order) -> None:
    propose(session, order, HUNGRY)

    needs = facts.present(order)[FactName.NEEDS].now
    assert needs is not None
    assert (needs.value, needs.origin) == (["food"], Origin.MACHINE)
    assert needs.evidence
    assert needs.confidence is not None
    assert order.category == Category.SUPPLIES
    assert order.urgency == Urgency.URGENT


def test_understood_twice_nothing_is_added(session: Session, order: Order) -> None:
    made = transcript(session, order)
    for _ in range(2):
        propose(session, order, HUNGRY, made)

    assert len(order.facts) == len(list(HUNGRY.items()))


def test_every_fact_has_its_place_and_nothing_is_guessed(session: Session, order: Order) -> None:
    propose(session, order, Facts())

    assert list(facts.present(order)) == list(FactName)
    assert {value(order, name) for name in set(FactName) - {FactName.NEEDS, FactName.GROUPS}} == {None}
    assert value(order, FactName.NEEDS) == []
    assert (order.category, order.urgency) == (None, Urgency.NORMAL)


@pytest.mark.parametrize(
    ("name", "said", "kept"),
    [
        (FactName.CATEGORY, "medical", "medical"),
        (FactName.URGENCY, "emergency", "emergency"),
        (FactName.NEEDS, ["water", "food", "food"], ["food", "water"]),
        (FactName.NEEDS, [], []),
        (FactName.NEEDS, None, []),
        (FactName.GROUPS, ["infant"], ["infant"]),
        (FactName.PEOPLE, "3", 3),
        (FactName.PEOPLE, "", None),
        (FactName.SUMMARY, "  没有米了 ", "没有米了"),
        (FactName.CALLER_NAME, "", None),
        (FactName.PHONE, "13800138000", "13800138000"),
    ],
)
def test_what_a_reviewer_states_counts(
    session: Session, order: Order, reviewer: Actor, name: FactName, said: Any, kept: Any
) -> None:
    fact = confirm(session, order, name, said, reviewer)

    assert (fact.value, fact.origin, fact.user_id) == (kept, Origin.PERSON, reviewer.user_id)
    assert value(order, name) == kept
    assert session.scalars(select(AuditEntry.detail).where(AuditEntry.action == Action.FACT_CONFIRMED)).one() == name


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (FactName.CATEGORY, "hunger"),
        (FactName.URGENCY, "very"),
        (FactName.NEEDS, ["food", "money"]),
        (FactName.GROUPS, ["nobody"]),
        (FactName.PEOPLE, "some"),
        (FactName.PEOPLE, "0"),
        (FactName.PEOPLE, "-3"),
        (FactName.PEOPLE, "100001"),
        (FactName.PLACE, "nowhere"),
        (FactName.SUMMARY, "长" * 201),
    ],
)
def test_a_value_that_a_fact_cannot_have_is_refused(
    session: Session, order: Order, reviewer: Actor, name: FactName, said: Any
) -> None:
    with pytest.raises(facts.WrongFactError):
        confirm(session, order, name, said, reviewer)
    assert order.facts == []


@pytest.mark.parametrize("role", [Role.HANDLER, Role.ADMINISTRATOR])
def test_nobody_but_a_reviewer_states_facts(session: Session, order: Order, role: Role) -> None:
    with pytest.raises(NotAllowedError):
        confirm(session, order, FactName.SUMMARY, "别的", factories.actor(session, order.unit, role))


def test_a_persons_word_stays_over_a_newer_one_of_the_machine(session: Session, order: Order, reviewer: Actor) -> None:
    propose(session, order, HUNGRY)
    confirm(session, order, FactName.CATEGORY, "medical", reviewer)

    propose(session, order, HUNGRY)

    assert order.category == Category.MEDICAL
    assert [fact.value for fact in facts.present(order)[FactName.CATEGORY].versions] == [
        "supplies",
        "medical",
        "supplies",
    ]


def test_a_person_may_say_that_there_is_nothing_to_say(session: Session, order: Order, reviewer: Actor) -> None:
    propose(session, order, HUNGRY)
    confirm(session, order, FactName.CATEGORY, None, reviewer)
    propose(session, order, HUNGRY)

    assert order.category is None


def test_the_last_of_several_persons_counts(session: Session, order: Order, reviewer: Actor) -> None:
    other = factories.actor(session, order.unit, Role.SUPERVISOR)
    confirm(session, order, FactName.SUMMARY, "没有米", reviewer)
    confirm(session, order, FactName.SUMMARY, "没有米和油", other)

    assert order.summary == "没有米和油"


def test_a_confirmed_value_keeps_the_words_that_it_came_from(session: Session, order: Order, reviewer: Actor) -> None:
    propose(session, order, HUNGRY)
    before = facts.present(order)[FactName.NEEDS].now
    assert before is not None

    same = confirm(session, order, FactName.NEEDS, ["food"], reviewer)
    another = confirm(session, order, FactName.NEEDS, ["water"], reviewer)

    assert (same.evidence, same.transcript_id) == (before.evidence, before.transcript_id)
    assert (another.evidence, another.transcript_id) == ([], None)


@pytest.mark.parametrize(
    ("urgency", "accept", "resolve"),
    [("emergency", timedelta(minutes=5), timedelta(hours=2)), ("urgent", timedelta(minutes=15), timedelta(hours=24))],
)
def test_another_urgency_has_other_deadlines_from_the_same_moment(
    session: Session, order: Order, reviewer: Actor, urgency: str, accept: timedelta, resolve: timedelta
) -> None:
    confirm(session, order, FactName.URGENCY, urgency, reviewer)

    assert order.urgency == urgency
    assert order.accept_by == order.received_at + accept
    assert order.resolve_by == order.received_at + resolve


def test_a_place_leads_to_the_unit_that_serves_it(session: Session, order: Order, reviewer: Actor) -> None:
    grid: Unit = factories.unit(session, "440111-jingxi-01", parent=order.unit)

    confirm(session, order, FactName.PLACE, grid.code, reviewer)
    assert order.place_id == grid.id

    confirm(session, order, FactName.PLACE, "", reviewer)
    assert order.place_id is None


def test_other_orders_keep_their_facts(session: Session, order: Order, reviewer: Actor) -> None:
    noise = factories.another(session, order)
    propose(session, noise, HUNGRY)
    before = [(fact.id, fact.value) for fact in noise.facts]

    confirm(session, order, FactName.CATEGORY, "medical", reviewer)
    propose(session, order, Facts(category=Understood("income")))

    session.refresh(noise)
    assert [(fact.id, fact.value) for fact in noise.facts] == before
    assert noise.category == Category.SUPPLIES


def test_the_database_refuses_a_statement_of_nobody(session: Session, order: Order) -> None:
    session.add(
        Fact(order=order, name=FactName.SUMMARY, content={"value": "x"}, evidence=[], origin="person", made_at=NOW)
    )

    with pytest.raises(IntegrityError, match="person_named"), session.begin_nested():
        session.flush()
