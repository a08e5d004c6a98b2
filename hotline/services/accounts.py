"""People who sign in: made by an administrator, known by a password that only its argon2 hash remembers."""

import re
import secrets
from datetime import datetime
from functools import cache

import phonenumbers
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
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
    user = User(login=login, name=name, unit=unit, created_at=now)
    user.role_rows = [UserRole(role=role) for role in sorted(roles)]
    take_password(user, password)
    _add(session, user)
    audit.note(session, actor, Action.USER_CREATED, now, subject="users", subject_id=user.id)
    return user


def change_own_password(session: Session, actor: Actor, present: str, new: str, now: datetime) -> User | None:
    """Take another password, as only whoever knows the present one can; every sign-in ends.

    Gives the person, or None where the present one is another; that is in the audit log as a sign-in that failed is.

    Raises:
        WeakPasswordError
    """
    found = select(User).where(User.id == actor.user_id).with_for_update(key_share=True)
    user = session.scalars(found, execution_options={"populate_existing": True}).one()
    if not _fits(user.password_hash, present):
        _note_failed(session, user, now)
        return None
    take_password(user, new)
    audit.note(session, actor, Action.PASSWORD_SET, now, subject="users", subject_id=user.id)
    return user


def sign_in(session: Session, login: str, password: str, now: datetime) -> User | None:
    """The person, when name and password fit; both outcomes are in the audit log."""
    user = by_login(session, login)
    fits = _fits(user.password_hash if user else _nobodys_hash(), password)
    if user is None or not fits or not user.is_active:
        _note_failed(session, user, now)
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


def take_password(user: User, password: str) -> None:
    """Let this one count from now on; every sign-in ends. Raises WeakPasswordError."""
    if len(password) < SHORTEST_PASSWORD:
        raise WeakPasswordError(f"a password has at least {SHORTEST_PASSWORD} characters")
    user.password_hash = _HASHER.hash(password)
    end_sign_ins(user)


def dialled_from_anywhere(number: str) -> str:
    """The number with its country code. Raises UnusablePhoneError."""
    try:
        parsed = phonenumbers.parse(number, _HOME)
    except phonenumbers.NumberParseException:
        raise UnusablePhoneError("no telephone has this number") from None
    if not phonenumbers.is_valid_number(parsed):
        raise UnusablePhoneError("no telephone has this number: a digit is missing, or the area code")
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _add(session: Session, user: User) -> None:
    """Raises LoginTakenError, also where the other of that name is made at the same moment."""
    try:
        with session.begin_nested():
            session.add(user)
    except IntegrityError as error:
        if by_login(session, user.login) is None:
            raise
        raise LoginTakenError(f"somebody is called {user.login} already") from error


def _note_failed(session: Session, user: User | None, now: datetime) -> None:
    # Nobody's deed: whoever typed it is not known to be the person.
    failed_id = user.id if user else None
    audit.note(session, SYSTEM, Action.SIGN_IN_FAILED, now, subject="users", subject_id=failed_id)


@cache
def _nobodys_hash() -> str:
    # Checked when nobody of that name exists, so that the answer takes as long as for a wrong password.
    return _HASHER.hash(secrets.token_hex())


def _fits(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
