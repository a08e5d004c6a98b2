"""People who sign in: passwords that only a hash remembers, and answers that tell nobody who exists."""

import factories
import pytest
from factories import LATER, NOW
from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline.models import Action, AuditEntry, Unit, User
from hotline.rules.roles import Role
from hotline.services import accounts, people
from hotline.services.access import SYSTEM, NotAllowedError
from hotline.services.accounts import LoginTakenError, WeakPasswordError

PASSWORD = "correct horse battery"
TAKER = frozenset({Role.CALL_TAKER})


@pytest.fixture
def unit(session: Session) -> Unit:
    return factories.unit(session)


@pytest.fixture
def person(session: Session, unit: Unit) -> User:
    return accounts.create_user(session, "Wang.Fang", " 王芳 ", PASSWORD, unit, TAKER, SYSTEM, NOW)


def actions(session: Session) -> list[tuple[Action, int | None, int | None]]:
    found = session.scalars(select(AuditEntry).order_by(AuditEntry.id))
    return [(entry.action, entry.user_id, entry.subject_id) for entry in found]


def test_a_password_is_kept_as_an_argon2_hash_alone(session: Session, person: User) -> None:
    assert person.password_hash.startswith("$argon2id$")
    assert PASSWORD not in repr(vars(person))
    assert (person.login, person.name, person.roles) == ("wang.fang", "王芳", TAKER)


def test_two_people_with_one_password_have_two_hashes(session: Session, unit: Unit, person: User) -> None:
    other = accounts.create_user(session, "other", "李四", PASSWORD, unit, TAKER, SYSTEM, NOW)

    assert other.password_hash != person.password_hash


@pytest.mark.parametrize("login", ["wang.fang", "WANG.FANG", " wang.fang "])
def test_name_and_password_let_in(session: Session, person: User, login: str) -> None:
    assert accounts.sign_in(session, login, PASSWORD, LATER) is person
    assert actions(session)[-1] == (Action.SIGNED_IN, person.id, None)


@pytest.mark.parametrize(("login", "password"), [("wang.fang", "wrong"), ("nobody", PASSWORD), ("", "")])
def test_whatever_does_not_fit_is_answered_alike(session: Session, person: User, login: str, password: str) -> None:
    assert accounts.sign_in(session, login, password, LATER) is None
    action, user_id, _ = actions(session)[-1]
    assert (action, user_id) == (Action.SIGN_IN_FAILED, None)


def test_whoever_is_out_of_service_does_not_get_in(session: Session, person: User) -> None:
    person.is_active = False

    assert accounts.sign_in(session, "wang.fang", PASSWORD, LATER) is None
    assert accounts.signed_in(session, person.id, person.session_key) is None


def test_a_hash_that_is_none_lets_nobody_in(session: Session, unit: Unit) -> None:
    without = factories.user(session, unit, Role.HANDLER)

    assert accounts.sign_in(session, without.login, "none", LATER) is None


def test_a_new_password_ends_every_sign_in_before(session: Session, person: User) -> None:
    key = person.session_key
    assert accounts.signed_in(session, person.id, key) is person

    people.set_password(session, person, "another good one", SYSTEM, LATER)

    assert accounts.signed_in(session, person.id, key) is None
    assert accounts.sign_in(session, "wang.fang", PASSWORD, LATER) is None
    assert accounts.sign_in(session, "wang.fang", "another good one", LATER) is person
    assert (Action.PASSWORD_SET, None, person.id) in actions(session)


@pytest.mark.parametrize("password", ["", "short", "nine char"])
def test_a_short_password_is_refused(session: Session, unit: Unit, person: User, password: str) -> None:
    before = person.password_hash
    with pytest.raises(WeakPasswordError):
        accounts.create_user(session, "new", "新人", password, unit, TAKER, SYSTEM, NOW)
    with pytest.raises(WeakPasswordError):
        people.set_password(session, person, password, SYSTEM, NOW)
    assert person.password_hash == before


def test_a_name_is_given_once(session: Session, unit: Unit, person: User) -> None:
    with pytest.raises(LoginTakenError):
        accounts.create_user(session, "WANG.FANG", "另一位", PASSWORD, unit, TAKER, SYSTEM, NOW)


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ADMINISTRATOR}))
def test_only_an_administrator_makes_people(session: Session, unit: Unit, role: Role) -> None:
    actor = factories.actor(session, unit, role)

    with pytest.raises(NotAllowedError):
        accounts.create_user(session, "new", "新人", PASSWORD, unit, TAKER, actor, NOW)


def test_who_made_whom_is_written_down(session: Session, unit: Unit) -> None:
    administrator = factories.actor(session, unit, Role.ADMINISTRATOR)

    made = accounts.create_user(session, "new", "新人", PASSWORD, unit, TAKER, administrator, NOW)

    assert actions(session) == [(Action.USER_CREATED, administrator.user_id, made.id)]
