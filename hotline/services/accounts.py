"""People who sign in: made by an administrator, known by a password that only its argon2 hash remembers."""

import re
import secrets
from datetime import datetime
from functools import cache

import phonenumbers
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from hotline.models import Action, Unit, User, UserRole
from hotline.rules.roles import Role
from hotline.services import audit
from hotline.services.access import SYSTEM, Actor, require_manager

SHORTEST_PASSWORD = 10
LONGEST_NAME = 60
_LOGIN = re.compile(r"[a-z0-9._@-]{1,60}")
# Read out, or copied by hand from a slip of paper: nothing that looks like something else.
_EASILY_READ = "abcdefghijkmnpqrstuvwxyz23456789"
_LENGTH_MADE_UP = 12
_HOME = "CN"  # where a number without a country code is dialled
_HASHER = PasswordHasher()


class LoginTakenError(ValueError):
    """Somebody of that log-in name exists."""


class UnusableNameError(ValueError):
    """A log-in name that cannot be typed everywhere, or a name that says nothing."""


class RoleMissingError(ValueError):
    """Without a role nobody could open anything."""


class UnusablePhoneError(ValueError):
    """No telephone has this number."""


class WrongPasswordError(ValueError):
    """Whoever asks does not know the password."""


class WeakPasswordError(ValueError):
    """Shorter than `SHORTEST_PASSWORD` characters."""


def create_user(
    session: Session,
    login: str,
    name: str,
    password: str,
    unit: Unit,
    roles: frozenset[Role],
    actor: Actor,
    now: datetime,
) -> User:
    """Make a person of a unit that the actor manages.

    Raises:
        NotAllowedError, LoginTakenError, UnusableNameError, RoleMissingError, WeakPasswordError
    """
    require_manager(actor, unit)
    login, name = login.strip().lower(), name.strip()
    if not _LOGIN.fullmatch(login):
        raise UnusableNameError("a log-in name has 1 to 60 of the characters a-z, 0-9, dot, hyphen, underscore and @")
    check_name(name)
    check_roles(roles)
    if session.scalar(select(func.count()).where(User.login == login)):
        raise LoginTakenError(f"somebody is called {login} already")
    user = User(login=login, name=name, unit=unit, created_at=now)
    user.role_rows = [UserRole(role=role) for role in sorted(roles)]
    _set_password(user, password)
    session.add(user)
    session.flush()
    audit.note(session, actor, Action.USER_CREATED, now, subject="users", subject_id=user.id)
    return user


def set_password(session: Session, user: User, password: str, actor: Actor, now: datetime) -> None:
    """Give a new password; every place where the person is signed in asks for it.

    Raises:
        NotAllowedError, WeakPasswordError
    """
    require_manager(actor, user.unit)
    _set_password(user, password)
    audit.note(session, actor, Action.PASSWORD_SET, now, subject="users", subject_id=user.id)


def change_own_password(session: Session, actor: Actor, present: str, new: str, now: datetime) -> User:
    """Take another password, as only whoever knows the present one can; every sign-in ends. Gives the person.

    Raises:
        WrongPasswordError, WeakPasswordError
    """
    user = session.get_one(User, actor.user_id)
    if not _fits(user.password_hash, present):
        raise WrongPasswordError("this is not the present password")
    _set_password(user, new)
    audit.note(session, actor, Action.PASSWORD_SET, now, subject="users", subject_id=user.id)
    return user


def set_phone(session: Session, user: User, number: str | None, actor: Actor, now: datetime) -> None:
    """Where the person is rung when on duty; None or nothing takes it back. The audit log never holds the number.

    Raises:
        UnusablePhoneError, NotAllowedError
    """
    if actor.user_id != user.id:
        require_manager(actor, user.unit)
    user.phone = _dialled_from_anywhere(number) if number and number.strip() else None
    audit.note(session, actor, Action.PHONE_SET, now, subject="users", subject_id=user.id)


def sign_in(session: Session, login: str, password: str, now: datetime) -> User | None:
    """The person, when name and password fit; both outcomes are in the audit log."""
    user = by_login(session, login)
    fits = _fits(user.password_hash if user else _nobodys_hash(), password)
    if user is None or not fits or not user.is_active:
        failed_id = user.id if user else None
        audit.note(session, SYSTEM, Action.SIGN_IN_FAILED, now, subject="users", subject_id=failed_id)
        return None
    if _HASHER.check_needs_rehash(user.password_hash):
        user.password_hash = _HASHER.hash(password)
    audit.note(session, Actor(user.id, user.roles, user.unit.path), Action.SIGNED_IN, now)
    return user


def signed_in(session: Session, user_id: int, session_key: str) -> User | None:
    """The person of a sign-in that still counts."""
    found = select(User).where(User.id == user_id, User.session_key == session_key, User.is_active)
    # Asked at each page, so all that a page wants to know of a person comes at once.
    found = found.options(joinedload(User.unit), joinedload(User.role_rows))
    return session.scalars(found).unique().one_or_none()


def sign_out(session: Session, actor: Actor, now: datetime) -> None:
    """The person leaves: every browser in which that person was signed in asks for the password again.

    A cookie lives in the browser alone, so one that was copied could be ended in no other way.
    """
    if actor.user_id is not None:
        end_sign_ins(session.get_one(User, actor.user_id))
    audit.note(session, actor, Action.SIGNED_OUT, now)


def set_language(session: Session, actor: Actor, language: str) -> None:
    """The language in which the person reads the console."""
    if actor.user_id is not None:
        session.get_one(User, actor.user_id).language = language


def by_login(session: Session, login: str) -> User | None:
    """The person of that log-in name."""
    return session.scalars(select(User).where(User.login == login.strip().lower())).one_or_none()


def made_up_password() -> str:
    """One that nobody knows, long enough and easily copied by hand."""
    return "".join(secrets.choice(_EASILY_READ) for _ in range(_LENGTH_MADE_UP))


def check_name(name: str) -> None:
    """Raises UnusableNameError for what is no person's name."""
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise UnusableNameError(f"a person's name has 1 to {LONGEST_NAME} characters")


def check_roles(roles: frozenset[Role]) -> None:
    """Raises RoleMissingError where there is none."""
    if not roles:
        raise RoleMissingError("a person has at least one role")


def end_sign_ins(user: User) -> None:
    """Every browser in which the person is signed in asks for the password again."""
    user.session_key = secrets.token_hex(16)


def _set_password(user: User, password: str) -> None:
    if len(password) < SHORTEST_PASSWORD:
        raise WeakPasswordError(f"a password has at least {SHORTEST_PASSWORD} characters")
    user.password_hash = _HASHER.hash(password)
    end_sign_ins(user)


def _dialled_from_anywhere(number: str) -> str:
    try:
        parsed = phonenumbers.parse(number, _HOME)
    except phonenumbers.NumberParseException:
        raise UnusablePhoneError("no telephone has this number") from None
    if not phonenumbers.is_valid_number(parsed):
        raise UnusablePhoneError("no telephone has this number: a digit is missing, or the area code")
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


@cache
def _nobodys_hash() -> str:
    # Checked when nobody of that name exists, so that the answer takes as long as for a wrong password.
    return _HASHER.hash(secrets.token_hex())


def _fits(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
