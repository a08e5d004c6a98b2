"""Secrecy of an order: who sets it, whom its contents are for, and every road by which they could be reached."""

from dataclasses import dataclass, field

import factories
import pytest
from factories import NOW, ZONE
from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline.models import Action, AuditEntry, Level, Order, UnclearedOrder, Unit, User
from hotline.rules.facts import Category, FactName
from hotline.rules.order_states import Move, OrderState, Remark
from hotline.rules.roles import Role
from hotline.services import assistance, facts, local_words, orders, pauses, recognition, secrecy, uncleared
from hotline.services.access import (
    SYSTEM,
    Actor,
    NotAllowedError,
    actor_for,
    call_contents_seen,
    contents_seen,
    sees_contents,
    supervises,
)
from hotline.services.desk import attachments as attachment_desk
from hotline.services.desk import calls as call_desk
from hotline.services.desk import orders as order_desk
from hotline.services.desk import surveys as survey_desk
from hotline.services.desk.orders import OrdersWanted
from hotline.services.orders import ReasonMissingError
from hotline.services.secrecy import AlreadySoError

_T, _D, _H, _S, _A = Role.CALL_TAKER, Role.DISPATCHER, Role.HANDLER, Role.SUPERVISOR, Role.ADMINISTRATOR


@dataclass
class Town:
    """A city, a district, a street where an order came in, a grid that holds it, and others beside."""

    session: Session
    units: dict[str, Unit]
    order: Order
    people: dict[tuple[str, Role], Actor] = field(default_factory=dict)

    def person(self, unit: str, role: Role) -> Actor:
        """Somebody of the unit with that role alone."""
        if (unit, role) not in self.people:
            self.people[unit, role] = factories.actor(self.session, self.units[unit], role)
        return self.people[unit, role]

    def everybody(self) -> dict[tuple[str, Role], Actor]:
        """One person of each role in each unit."""
        return {(unit, role): self.person(unit, role) for unit in self.units for role in Role}

    def readers(self) -> set[tuple[str, Role]]:
        """Who of them sees what the order holds."""
        return {who for who, actor in self.everybody().items() if sees_contents(actor, self.order)}


@pytest.fixture
def town(session: Session) -> Town:
    city = factories.unit(session)
    district = factories.unit(session, parent=city)
    street = factories.unit(session, parent=district)
    grid, beside = (factories.unit(session, parent=street) for _ in range(2))
    body = factories.unit(session, parent=city, level=Level.DEPARTMENT)
    units = {"city": city, "district": district, "street": street, "grid": grid, "beside": beside, "body": body}
    order = factories.order(session, factories.line(session, street), OrderState.TRIAGED)
    orders.dispatch(session, order, grid, SYSTEM, NOW)
    order.is_secret = True
    session.flush()
    return Town(session, units, order)


_OURS = {("city", _S), *((unit, role) for unit in ("street", "grid") for role in (_T, _D, _S))}


def test_what_is_not_secret_is_for_everybody_who_sees_it(town: Town) -> None:
    town.order.is_secret = False

    assert town.readers() == set(town.everybody())


def test_what_is_secret_is_for_the_units_where_it_came_in_and_is_held_and_for_the_top(town: Town) -> None:
    assert town.readers() == _OURS


def test_whoever_signs_learns_what_it_holds_and_nobody_beside(town: Town) -> None:
    handler, other = (factories.user(town.session, town.units["grid"], _H) for _ in range(2))
    assert orders.allowed(town.session, town.order, actor_for(handler)) == [Move.ACCEPT]

    orders.accept(town.session, town.order, handler, actor_for(handler), NOW)

    assert sees_contents(actor_for(handler), town.order)
    assert not sees_contents(actor_for(other), town.order)
    assert town.readers() == _OURS
    assert orders.allowed(town.session, town.order, actor_for(other)) == []
    with pytest.raises(NotAllowedError):
        orders.contact(town.session, town.order, actor_for(other), NOW, "电话联系")


def test_the_body_that_it_was_referred_to_has_to_know(town: Town) -> None:
    for move in (Move.ACCEPT, Move.CONTACT):
        factories.step(town.session, town.order, move)
    orders.refer(town.session, town.order, town.units["body"], SYSTEM, NOW, "转医院")

    assert town.readers() == _OURS | {("body", role) for role in (_H, _D, _S)}


def test_a_unit_that_only_assists_sees_that_there_is_an_order(town: Town) -> None:
    factories.assist(town.session, town.order, town.units["beside"])
    assistant = town.person("beside", _H)

    found = order_desk.one(town.session, assistant, town.order.number, NOW)

    assert found is not None
    assert not found.shows_contents


def test_who_assists_is_said_by_whoever_reads_it(town: Town) -> None:
    may = {who for who, actor in town.everybody().items() if assistance.may_choose(town.session, town.order, actor)}
    assert may == {("city", _S), *((unit, role) for unit in ("street", "grid") for role in (_D, _S))}

    factories.assist(town.session, town.order, town.units["beside"])
    between = factories.actor(town.session, town.units["district"], _D, _S)
    with pytest.raises(NotAllowedError):
        assistance.add(town.session, town.order, town.units["body"], between, NOW)
    with pytest.raises(NotAllowedError):
        assistance.remove(town.session, town.order, town.units["beside"], between, NOW)
    assert [each.unit for each in town.order.assistants] == [town.units["beside"]]


@pytest.mark.parametrize("state", [OrderState.RECEIVED, OrderState.IN_PROGRESS, OrderState.REFERRED, OrderState.CLOSED])
@pytest.mark.parametrize("is_secret", [True, False])
def test_function_and_condition_say_the_same(session: Session, town: Town, state: OrderState, is_secret: bool) -> None:
    order = factories.order(session, factories.line(session, town.units["street"], "+862011110000"), state)
    order.is_secret = is_secret
    session.flush()
    both = [order, town.order]
    handler = actor_for(session.get_one(User, order.handler_id)) if order.handler_id else SYSTEM

    for actor in [*town.everybody().values(), handler, SYSTEM]:
        found = set(session.scalars(select(Order).where(contents_seen(actor))))
        assert [each in found for each in both] == [sees_contents(actor, each) for each in both]


# Setting it


def test_secrecy_is_set_and_lifted_with_a_reason_and_written_down(town: Town) -> None:
    town.order.is_secret = False
    call_taker = town.person("street", _T)

    secrecy.set_secret(town.session, town.order, " 来电人要求 ", call_taker, NOW, is_secret=True)
    secrecy.set_secret(town.session, town.order, "本人同意公开", call_taker, NOW, is_secret=False)

    rows = town.order.history[-2:]
    assert [(row.remark, row.reason) for row in rows] == [
        (Remark.MADE_SECRET, "来电人要求"),
        (Remark.SECRECY_LIFTED, "本人同意公开"),
    ]
    noted = town.session.scalars(select(AuditEntry).where(AuditEntry.action == Action.SECRECY_SET)).all()
    assert [entry.user_id for entry in noted] == [call_taker.user_id] * 2


def test_secrecy_needs_a_reason_and_a_change(town: Town) -> None:
    with pytest.raises(ReasonMissingError):
        secrecy.set_secret(town.session, town.order, " ", SYSTEM, NOW, is_secret=False)
    with pytest.raises(AlreadySoError):
        secrecy.set_secret(town.session, town.order, "再次", SYSTEM, NOW, is_secret=True)


def test_who_may_set_it(town: Town) -> None:
    town.order.is_secret = False

    setters = {who for who, actor in town.everybody().items() if secrecy.may_set(town.session, town.order, actor)}

    assert setters == {(unit, role) for unit in ("city", "district", "street", "grid") for role in (_T, _S)}


def test_who_does_not_see_it_cannot_lift_it(town: Town) -> None:
    with pytest.raises(NotAllowedError):
        secrecy.set_secret(town.session, town.order, "想看", town.person("district", _S), NOW, is_secret=False)


# The roads to what it holds


@pytest.fixture
def outsider(town: Town) -> Actor:
    """Sees the order, and nothing that it holds: a supervisor and call taker of the district above."""
    return actor_for(factories.user(town.session, town.units["district"], *Role))


@pytest.fixture
def insider(town: Town) -> Actor:
    return actor_for(factories.user(town.session, town.units["street"], *Role))


def test_the_order_itself(town: Town, outsider: Actor, insider: Actor) -> None:
    factories.transcript(town.session, town.order.calls[0], "家里没有米")

    for actor, is_seen in ((outsider, False), (insider, True)):
        found = order_desk.one(town.session, actor, town.order.number, NOW)
        assert found is not None
        assert found.shows_contents == is_seen
        looks = select(AuditEntry).where(AuditEntry.user_id == actor.user_id)
        assert bool(town.session.scalars(looks).all()) == is_seen


def test_numbers_and_facts(town: Town, outsider: Actor, insider: Actor) -> None:
    for act in (
        lambda actor: order_desk.reveal_numbers(town.session, actor, town.order, NOW),
        lambda actor: call_desk.reveal_numbers(town.session, actor, town.order.calls[0], NOW),
        lambda actor: facts.confirm(town.session, town.order, FactName.SUMMARY, "没米", actor, NOW, ZONE),
    ):
        with pytest.raises(NotAllowedError):
            act(outsider)
        act(insider)


def test_calls_recordings_and_transcripts(town: Town, outsider: Actor, insider: Actor) -> None:
    call = town.order.calls[0]
    recording = factories.recording(town.session, call)

    for actor, is_seen in ((outsider, False), (insider, True)):
        found = call_desk.one(town.session, actor, call.id)
        assert found is not None
        assert found.shows_contents == is_seen
        for look in (
            call_desk.recording(town.session, actor, recording.id),
            call_desk.to_correct(town.session, actor, recording.id),
            call_desk.listen(town.session, actor, recording.id, NOW),
        ):
            assert (look is not None) == is_seen


def test_a_call_without_an_order_is_secret_to_nobody(town: Town, outsider: Actor) -> None:
    call = factories.call(town.session, town.order.calls[0].line)

    assert call in town.session.scalars(select(type(call)).where(call_contents_seen(outsider))).all()


def test_attachments(town: Town, outsider: Actor, insider: Actor) -> None:
    photo = factories.attachment(town.session, town.order)

    assert attachment_desk.look_at(town.session, outsider, photo.id, NOW) is None
    assert attachment_desk.to_attach(town.session, outsider, town.order.number) is None
    assert attachment_desk.look_at(town.session, insider, photo.id, NOW) is photo
    assert attachment_desk.to_attach(town.session, insider, town.order.number) is town.order


def test_callbacks_for_a_person(town: Town, outsider: Actor, insider: Actor) -> None:
    town.order.number_to_ring = None
    for move in (Move.ACCEPT, Move.CONTACT, Move.RESOLVE):
        if move == Move.RESOLVE:
            town.order.is_secret = False  # the factory's own handler reports
        factories.step(town.session, town.order, move)
    town.order.is_secret = True
    town.session.flush()
    (survey,) = town.order.survey_rounds

    assert survey_desk.count_for_person(town.session, outsider) == 0
    assert survey_desk.overview(town.session, outsider, NOW).for_person == []
    assert survey_desk.to_change(town.session, outsider, survey.id) is None
    assert survey_desk.count_for_person(town.session, insider) == 1
    assert survey_desk.to_change(town.session, insider, survey.id) is survey


def test_a_list_by_category_does_not_tell_the_category(town: Town, outsider: Actor, insider: Actor) -> None:
    town.order.category = Category.CHILDREN
    town.session.flush()
    by_category = OrdersWanted(category=Category.CHILDREN)

    assert order_desk.listed(town.session, outsider, by_category, NOW).rows == []
    assert order_desk.listed(town.session, outsider, OrdersWanted(), NOW).rows == [town.order]
    assert order_desk.listed(town.session, insider, by_category, NOW).rows == [town.order]


def test_requests_are_decided_by_whom_their_reasons_are_for(town: Town, outsider: Actor, insider: Actor) -> None:
    factories.step(town.session, town.order, Move.ACCEPT)
    handler = actor_for(town.session.get_one(User, town.order.handler_id))
    pause = pauses.ask(town.session, town.order, factories.LATER, "来电人住院", handler, NOW, ZONE)

    assert list(pauses.to_decide(town.session, outsider)) == []
    assert not supervises(town.session, outsider, town.order)
    assert list(pauses.to_decide(town.session, insider)) == [pause]


def test_the_list_of_the_day_tells_no_words(town: Town) -> None:
    later = factories.LATER.replace(hour=13)
    uncleared.make_due(town.session, later, ZONE)

    (row,) = uncleared.listed(town.session, SYSTEM, town.units["grid"], NOW.date())

    assert row.words is None


def test_lists_made_before_forget_their_words(town: Town) -> None:
    town.order.is_secret = False
    orders.remark(town.session, town.order, Remark.SUPERVISED, SYSTEM, NOW, reason="家中有病人")
    uncleared.make_due(town.session, factories.LATER.replace(hour=13), ZONE)
    (row,) = uncleared.listed(town.session, SYSTEM, town.units["grid"], NOW.date())
    assert row.words == "家中有病人"

    secrecy.set_secret(town.session, town.order, "来电人要求", SYSTEM, NOW, is_secret=True)
    town.session.refresh(row)

    assert row.words is None


def test_words_of_an_order_that_became_secret_are_proposed_to_nobody(town: Town) -> None:
    corrected = factories.transcript(town.session, town.order.calls[0], "我住在静溪北村")
    town.order.is_secret = False
    local_words.propose(town.session, "我住在静西被村", corrected, town.order, NOW)
    before = local_words.count_proposed(town.session)

    secrecy.set_secret(town.session, town.order, "来电人要求", SYSTEM, NOW, is_secret=True)

    assert before > local_words.count_proposed(town.session) == 0


def noted(town: Town) -> list[int | None]:
    """The orders whose secrecy was written down for the audit."""
    found = select(AuditEntry.subject_id).where(AuditEntry.action == Action.SECRECY_SET)
    return sorted(int(each) for each in town.session.scalars(found) if each)


@pytest.mark.parametrize("is_secret", [True, False])
def test_when_two_become_one_both_are_secret_if_either_was(town: Town, is_secret: bool) -> None:
    into = factories.another(town.session, town.order)
    town.order.is_secret, into.is_secret = is_secret, not is_secret
    was_open, was_secret = (into, town.order) if is_secret else (town.order, into)
    orders.remark(town.session, was_open, Remark.SUPERVISED, SYSTEM, NOW, reason="家中有病人")
    uncleared.make_due(town.session, factories.LATER.replace(hour=13), ZONE)

    orders.merge(town.session, town.order, into, SYSTEM, NOW, "同一件事")

    assert town.order.is_secret
    assert into.is_secret
    assert (was_open.history[-1].remark, was_open.history[-1].reason) == (Remark.MADE_SECRET, was_secret.number)
    assert noted(town) == [was_open.id]
    words = town.session.scalars(select(UnclearedOrder.words).where(UnclearedOrder.order_id == was_open.id)).all()
    assert words == [None]


def merged(town: Town) -> list[Order]:
    """The town's order with one that went into it, both gone into a third; and one of its own."""
    town.order.is_secret = False
    below, root, alone = (factories.another(town.session, town.order) for _ in range(3))
    orders.merge(town.session, below, town.order, SYSTEM, NOW, "同一件事")
    orders.merge(town.session, town.order, root, SYSTEM, NOW, "同一件事")
    return [below, town.order, root, alone]


@pytest.mark.parametrize("which", [0, 1, 2])
def test_secrecy_takes_in_all_that_became_one(town: Town, which: int) -> None:
    family = merged(town)

    secrecy.set_secret(town.session, family[which], "来电人要求", SYSTEM, NOW, is_secret=True)

    assert [each.is_secret for each in family] == [True, True, True, False]
    reasons = [each.history[-1].reason for each in family[:3]]
    assert reasons == ["来电人要求" if at == which else family[which].number for at in range(3)]
    assert noted(town) == sorted(each.id for each in family[:3])


def test_secrecy_is_lifted_of_one_order_alone(town: Town) -> None:
    family = merged(town)
    secrecy.set_secret(town.session, town.order, "来电人要求", SYSTEM, NOW, is_secret=True)

    secrecy.set_secret(town.session, town.order, "本人同意公开", SYSTEM, NOW, is_secret=False)

    assert [each.is_secret for each in family] == [True, False, True, False]


def test_nothing_goes_into_an_order_that_is_secret_to_whoever_merges(town: Town) -> None:
    town.order.is_secret = False
    into = factories.another(town.session, town.order)
    into.is_secret = True
    town.session.flush()
    dispatcher = town.person("district", _D)

    with pytest.raises(NotAllowedError):
        orders.merge(town.session, town.order, into, dispatcher, NOW, "同一件事")
    into.is_secret = False
    orders.merge(town.session, town.order, into, dispatcher, NOW, "同一件事")


def test_who_rang_before_about_something_secret_is_known_to_few(town: Town, outsider: Actor, insider: Actor) -> None:
    new = factories.another(town.session, town.order)

    assert [each.order for each in recognition.known(town.session, insider, new)] == [town.order]
    assert list(recognition.known(town.session, outsider, new)) == []
