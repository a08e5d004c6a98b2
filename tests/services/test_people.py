"""People in service: changed, ended and let in by those above them, and by nobody so that nobody could undo it."""

from collections.abc import Callable

import factories
import pytest
from factories import LATER, NOW
from sqlalchemy import select
from sqlalchemy.orm import Session
from test_at_once import at_once

from hotline.db import Sessions
from hotline.models import Action, AuditEntry, Level, Unit, User
from hotline.rules.order_states import OrderState
from hotline.rules.roles import Role
from hotline.services import accounts, people, roster
from hotline.services.access import SYSTEM, Actor, NotAllowedError, actor_for
from hotline.services.accounts import LoginTakenError, RoleMissingError, UnusableNameError
from hotline.services.desk import people as desk
from hotline.services.desk.people import PeopleWanted
from hotline.services.desk.stretches import ROWS
from hotline.services.people import Details, OwnAccountError, PersonChangedError

HANDLER = frozenset({Role.HANDLER})
ADMINISTRATOR = frozenset({Role.ADMINISTRATOR})


@pytest.fixture
def city(session: Session) -> Unit:
    return factories.unit(session, name="广州市", level=Level.CITY)


@pytest.fixture
def street(session: Session, city: Unit) -> Unit:
    return factories.unit(session, parent=city, name="京溪街道")


@pytest.fixture
def other(session: Session, city: Unit) -> Unit:
    return factories.unit(session, parent=city, name="同和街道")


@pytest.fixture
def administrator(session: Session, street: Unit) -> Actor:
    return factories.actor(session, street, Role.ADMINISTRATOR)


@pytest.fixture
def handler(session: Session, street: Unit) -> User:
    return factories.user(session, street, Role.HANDLER)


def written(session: Session, user: User) -> list[tuple[Action, str | None]]:
    entries = select(AuditEntry).where(AuditEntry.subject == "users", AuditEntry.subject_id == user.id)
    return [(entry.action, entry.detail) for entry in session.scalars(entries.order_by(AuditEntry.id))]


# Changing


def test_name_unit_and_roles_change_and_the_log_says_which(
    session: Session, administrator: Actor, handler: User, street: Unit
) -> None:
    grid = factories.unit(session, "grid-1", parent=street, level=Level.GRID)
    key = handler.session_key

    wanted = Details(" 王芳 ", grid, frozenset({Role.SUPERVISOR, Role.CALL_TAKER}))
    people.change(session, handler, wanted, administrator, LATER)

    session.expire(handler)
    assert (handler.name, handler.unit, handler.roles) == ("王芳", grid, wanted.roles)
    detail = f"+call_taker +supervisor -handler {street.code}>grid-1 name"
    assert written(session, handler) == [(Action.USER_CHANGED, detail)]
    assert accounts.signed_in(session, handler.id, key) is handler


def test_what_stays_as_it_is_is_no_change(session: Session, administrator: Actor, handler: User) -> None:
    people.change(session, handler, Details(handler.name, handler.unit, HANDLER), administrator, LATER)

    assert not written(session, handler)


def test_a_person_without_name_or_role_cannot_be(session: Session, administrator: Actor, handler: User) -> None:
    with pytest.raises(RoleMissingError):
        people.change(session, handler, Details("王芳", handler.unit, frozenset()), administrator, LATER)
    with pytest.raises(UnusableNameError):
        people.change(session, handler, Details(" ", handler.unit, HANDLER), administrator, LATER)
    with pytest.raises(RoleMissingError):
        accounts.create_user(session, "nobody", "无", "a long password", handler.unit, frozenset(), administrator, NOW)


DEEDS: dict[str, Callable[[Session, User, Actor], object]] = {
    "change": lambda session, user, actor: people.change(
        session, user, Details("王芳", user.unit, HANDLER), actor, LATER
    ),
    "end": lambda session, user, actor: people.end(session, user, actor, LATER),
    "let in": lambda session, user, actor: people.let_in(session, user, actor, LATER),
    "password": lambda session, user, actor: people.set_password(session, user, "a long password", actor, LATER),
    "phone": lambda session, user, actor: people.set_phone(session, user, None, actor, LATER),
    "create": lambda session, user, actor: accounts.create_user(
        session, "new", "新人", "a long password", user.unit, HANDLER, actor, LATER
    ),
}


@pytest.mark.parametrize("deed", DEEDS)
def test_only_administrators_of_the_unit_or_above_manage_people(
    session: Session, city: Unit, street: Unit, other: Unit, handler: User, deed: str
) -> None:
    grid = factories.unit(session, parent=street, level=Level.GRID)
    strangers = [factories.actor(session, unit, Role.ADMINISTRATOR) for unit in (other, grid)]
    colleagues = [factories.actor(session, street, role) for role in set(Role) - ADMINISTRATOR]

    for actor in strangers + colleagues:
        with pytest.raises(NotAllowedError):
            DEEDS[deed](session, handler, actor)
    assert not written(session, handler)
    DEEDS[deed](session, handler, factories.actor(session, city, Role.ADMINISTRATOR))


def test_nobody_is_moved_out_of_sight(
    session: Session, administrator: Actor, handler: User, city: Unit, other: Unit
) -> None:
    for unit in (city, other):
        with pytest.raises(NotAllowedError):
            people.change(session, handler, Details("王芳", unit, HANDLER), administrator, LATER)


def test_who_was_changed_meanwhile_is_not_changed_again(session: Session, administrator: Actor, handler: User) -> None:
    seen = people.state_of(handler)
    people.change(session, handler, Details("王芳", handler.unit, HANDLER), administrator, LATER, seen)

    with pytest.raises(PersonChangedError):
        people.change(session, handler, Details("李四", handler.unit, HANDLER), administrator, LATER, seen)
    with pytest.raises(PersonChangedError):
        people.end(session, handler, administrator, LATER, seen)
    assert (handler.name, handler.is_active) == ("王芳", True)


# Ending


def test_whoever_is_ended_is_signed_in_nowhere_and_comes_back_with_the_old_password(
    session: Session, administrator: Actor, street: Unit
) -> None:
    user = accounts.create_user(session, "wang", "王芳", "a long password", street, HANDLER, administrator, NOW)
    key = user.session_key

    people.end(session, user, administrator, LATER)
    people.end(session, user, administrator, LATER)

    assert accounts.sign_in(session, "wang", "a long password", LATER) is None
    people.let_in(session, user, administrator, LATER)
    assert accounts.signed_in(session, user.id, key) is None
    assert accounts.sign_in(session, "wang", "a long password", LATER) is user
    done = [action for action, _detail in written(session, user)]
    assert done == [Action.USER_CREATED, Action.USER_ENDED, Action.SIGN_IN_FAILED, Action.USER_LET_IN]


def test_orders_and_shifts_outlast_whoever_has_them(
    session: Session, administrator: Actor, handler: User, street: Unit
) -> None:
    order = factories.order(session, factories.line(session, street), OrderState.IN_PROGRESS)
    order.handler = handler
    to_come = factories.shift(session, handler)
    factories.shift(session, handler, NOW - 9 * (LATER - NOW), NOW - 5 * (LATER - NOW))

    people.end(session, handler, administrator, LATER)

    found = desk.one(session, administrator, handler.id, LATER)
    assert found is not None
    assert (found.open_orders, list(found.orders)) == (1, [order])
    assert (found.shifts_to_come, list(found.shifts)) == (1, [to_come])
    assert order.handler is handler
    assert roster.who_is_on(session, street, NOW) == []


def test_nobody_shuts_themselves_out(session: Session, street: Unit) -> None:
    grid = factories.unit(session, parent=street, level=Level.GRID)
    myself = factories.user(session, street, Role.ADMINISTRATOR)
    actor = actor_for(myself)

    with pytest.raises(OwnAccountError):
        people.end(session, myself, actor, LATER)
    for wanted in (Details("我", grid, ADMINISTRATOR), Details("我", street, HANDLER)):
        with pytest.raises(OwnAccountError):
            people.change(session, myself, wanted, actor, LATER)
    with pytest.raises(OwnAccountError):
        people.set_password(session, myself, "a long password", actor, LATER)
    people.change(session, myself, Details("我", street, ADMINISTRATOR | HANDLER), actor, LATER)

    assert (myself.is_active, myself.roles) == (True, ADMINISTRATOR | HANDLER)


SHUTTING_OUT: dict[str, Callable[[Session, User, Actor], None]] = {
    "end": lambda session, user, actor: people.end(session, user, actor, LATER),
    "take the role away": lambda session, user, actor: people.change(
        session, user, Details("王芳", user.unit, HANDLER), actor, LATER
    ),
}


@pytest.mark.parametrize("deed", SHUTTING_OUT)
def test_of_two_who_shut_each_other_out_one_stays(own_sessions: Sessions, deed: str) -> None:
    with own_sessions.begin() as session:
        unit = factories.unit(session)
        both = [factories.user(session, unit, Role.ADMINISTRATOR) for _ in range(2)]
        actors = {user.id: actor_for(user) for user in both}
    first, second = actors

    def shut_out(whom: int, by: int) -> bool:
        try:
            with own_sessions.begin() as session:
                SHUTTING_OUT[deed](session, session.get_one(User, whom), actors[by])
        except NotAllowedError:
            return False
        return True

    assert sorted(at_once(lambda: shut_out(first, second), lambda: shut_out(second, first))) == [False, True]  # type: ignore[type-var]
    with own_sessions() as session:
        left = [user for user in session.scalars(select(User)) if user.is_active and Role.ADMINISTRATOR in user.roles]
        assert len(left) == 1


def test_whoever_is_out_of_service_by_now_gives_nobody_a_password_or_a_number(
    session: Session, street: Unit, handler: User
) -> None:
    gone = factories.user(session, street, Role.ADMINISTRATOR)
    actor = actor_for(gone)
    gone.is_active = False
    session.flush()

    with pytest.raises(NotAllowedError):
        people.set_password(session, handler, "a long password", actor, LATER)
    with pytest.raises(NotAllowedError):
        people.set_phone(session, handler, "13800138000", actor, LATER)


def test_of_two_who_add_one_user_name_at_once_one_is_told_that_it_is_taken(own_sessions: Sessions) -> None:
    with own_sessions.begin() as session:
        unit_id = factories.unit(session).id

    def add() -> bool:
        try:
            with own_sessions.begin() as session:
                unit = session.get_one(Unit, unit_id)
                accounts.create_user(session, "wang", "王芳", "a long password", unit, HANDLER, SYSTEM, NOW)
        except LoginTakenError:
            return False
        return True

    assert sorted(at_once(add, add)) == [False, True]  # type: ignore[type-var]


# Reading


def test_people_of_the_own_part_are_listed_unit_by_unit(
    session: Session, city: Unit, street: Unit, other: Unit, handler: User
) -> None:
    grid = factories.unit(session, parent=street, level=Level.GRID)
    below = factories.user(session, grid, Role.HANDLER)
    factories.user(session, other, Role.HANDLER)
    supervisor = factories.user(session, street, Role.SUPERVISOR)

    found = desk.listed(session, actor_for(supervisor), PeopleWanted())

    assert list(found.rows) == [handler, supervisor, below]
    assert desk.one(session, actor_for(supervisor), below.id, NOW) is not None
    stranger = factories.user(session, other, Role.HANDLER)
    assert desk.one(session, actor_for(supervisor), stranger.id, NOW) is None


@pytest.mark.parametrize("role", sorted(set(Role) - desk.READERS))
def test_others_read_no_list_of_people(session: Session, street: Unit, handler: User, role: Role) -> None:
    actor = factories.actor(session, street, role)

    with pytest.raises(NotAllowedError):
        desk.listed(session, actor, PeopleWanted())
    with pytest.raises(NotAllowedError):
        desk.one(session, actor, handler.id, NOW)


def test_people_are_found_by_name_user_name_unit_and_role(session: Session, administrator: Actor, street: Unit) -> None:
    grid = factories.unit(session, parent=street, name="八号网格")
    named = factories.user(session, grid, Role.HANDLER, login="zhang.san")
    named.name = "张三"
    gone = factories.user(session, grid, Role.HANDLER)
    gone.is_active = False
    session.flush()

    def names(**wanted: object) -> list[User]:
        return list(desk.listed(session, administrator, PeopleWanted(**wanted)).rows)  # type: ignore[arg-type]

    assert names(words="张") == names(words="ZHANG") == names(words="八号") == names(unit=grid) == [named]
    assert names(role=Role.HANDLER) == [named]
    assert names(words="八号", ended_too=True) == [named, gone]
    assert names(words="%") == []


def test_a_city_of_people_is_turned_page_by_page(session: Session, administrator: Actor, street: Unit) -> None:
    expected = [administrator.user_id, *(factories.user(session, street, Role.HANDLER).id for _ in range(2 * ROWS))]

    first = desk.listed(session, administrator, PeopleWanted())
    second = desk.listed(session, administrator, PeopleWanted(place=first.next))
    third = desk.listed(session, administrator, PeopleWanted(place=second.next))
    back = desk.listed(session, administrator, PeopleWanted(place=third.previous))

    assert [user.id for page in (first, second, third) for user in page.rows] == expected
    assert (first.previous, third.next, first.count) == (None, None, len(expected))
    assert list(back.rows) == list(second.rows)


# One's own password


def test_only_who_knows_the_password_takes_another(session: Session, street: Unit) -> None:
    user = accounts.create_user(session, "wang", "王芳", "a long password", street, HANDLER, SYSTEM, NOW)

    assert accounts.change_own_password(session, actor_for(user), "a wrong one", "another good one", LATER) is None
    assert written(session, user)[-1] == (Action.SIGN_IN_FAILED, None)
    assert accounts.sign_in(session, "wang", "a long password", LATER) is user
    accounts.change_own_password(session, actor_for(user), "a long password", "another good one", LATER)

    assert accounts.sign_in(session, "wang", "another good one", LATER) is user


def test_passwords_that_are_made_up_differ_and_are_long_enough() -> None:
    made = {accounts.made_up_password() for _ in range(20)}

    assert len(made) == 20
    assert min(map(len, made)) >= accounts.SHORTEST_PASSWORD
