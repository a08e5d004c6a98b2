"""People in service: who they are and what they may, when that changes, and when they leave and come back.

Administrators manage the people of their own unit and below. A role reaches no further than the unit of whoever holds
it, so they give all of them there; what they must not do is leave a unit without anybody who could undo it.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline.models import Action, Unit, User, UserRole
from hotline.rules.roles import Role
from hotline.services import accounts, audit
from hotline.services.access import Actor, NotAllowedError, actor_for, require_manager


class PersonChangedError(Exception):
    """Somebody else changed the person since the actor looked."""


class OwnAccountError(ValueError):
    """Nobody ends or moves themselves, gives up being an administrator or gets a password unasked: a colleague does."""


@dataclass(frozen=True)
class Details:
    """What others need to know of a person, and what the person may do."""

    name: str
    unit: Unit
    roles: frozenset[Role]


def state_of(user: User) -> str:
    """Differs as soon as the person's details do, or whether they are in service."""
    in_service = "in" if user.is_active else "out"
    return " ".join([in_service, user.unit.code, *sorted(user.roles), user.name])


def change(session: Session, user: User, to: Details, actor: Actor, now: datetime, seen: str | None = None) -> None:
    """Give the person another name, unit or other roles; the sign-ins stay, and reach what the new ones do.

    `seen` is what `state_of` gave when the actor looked; None asks nothing.

    Raises:
        NotAllowedError, PersonChangedError, OwnAccountError
        UnusableNameError, RoleMissingError: of `accounts`.
    """
    require_manager(_begin(session, user, actor, seen), to.unit)
    accounts.check_name(to.name.strip())
    accounts.check_roles(to.roles)
    if actor.user_id == user.id and (to.unit.id != user.unit_id or Role.ADMINISTRATOR not in to.roles):
        raise OwnAccountError("a colleague moves an administrator, or takes that role away")
    detail = _difference(user, to)
    if not detail:
        return
    user.name, user.unit = to.name.strip(), to.unit
    user.role_rows = [row for row in user.role_rows if row.role in to.roles] + [
        UserRole(role=role) for role in sorted(to.roles - user.roles)
    ]
    session.flush()
    _write(session, user, Action.USER_CHANGED, actor, now, detail)


def end(session: Session, user: User, actor: Actor, now: datetime, seen: str | None = None) -> None:
    """Put the person out of service, at once and everywhere; orders and shifts keep the name until others take them.

    Raises:
        NotAllowedError, PersonChangedError, OwnAccountError
    """
    _begin(session, user, actor, seen)
    if actor.user_id == user.id:
        raise OwnAccountError("a colleague puts a person out of service")
    if user.is_active:
        user.is_active = False
        accounts.end_sign_ins(user)
        _write(session, user, Action.USER_ENDED, actor, now)


def let_in(session: Session, user: User, actor: Actor, now: datetime, seen: str | None = None) -> None:
    """Let the person sign in again, with the password of before.

    Raises:
        NotAllowedError, PersonChangedError
    """
    _begin(session, user, actor, seen)
    if not user.is_active:
        user.is_active = True
        _write(session, user, Action.USER_LET_IN, actor, now)


def set_password(session: Session, user: User, password: str, actor: Actor, now: datetime) -> None:
    """Give a new password; every place where the person is signed in asks for it.

    Raises:
        NotAllowedError
        OwnAccountError: one's own is changed by whoever knows the present one, `accounts.change_own_password`.
        WeakPasswordError: of `accounts`.
    """
    _begin(session, user, actor)
    if actor.user_id == user.id:
        raise OwnAccountError("one's own password is changed with the present one")
    accounts.take_password(user, password)
    _write(session, user, Action.PASSWORD_SET, actor, now)


def set_phone(session: Session, user: User, number: str | None, actor: Actor, now: datetime) -> None:
    """Where the person is rung when on duty; None or nothing takes it back. The audit log never holds the number.

    Everybody sets their own.

    Raises:
        NotAllowedError
        UnusablePhoneError: of `accounts`.
    """
    if actor.user_id != user.id:
        _begin(session, user, actor)
    user.phone = accounts.dialled_from_anywhere(number) if number and number.strip() else None
    _write(session, user, Action.PHONE_SET, actor, now)


def _begin(session: Session, user: User, actor: Actor, seen: str | None = None) -> Actor:
    """Lock the person and whoever changes them, and give the latter's roles and unit as they are behind the lock.

    Of two who end each other, the second is out of service by then. Nobody ends themselves, so whoever has the last
    word is still there to undo it.
    """
    both = select(User).where(User.id.in_({user.id, actor.user_id} - {None})).order_by(User.id)
    anew = {"populate_existing": True}
    session.scalars(both.with_for_update(key_share=True), execution_options=anew).all()
    acting = _as_of_now(session, actor)
    require_manager(acting, user.unit)
    if seen is not None and seen != state_of(user):
        raise PersonChangedError(f"{user.login} was changed meanwhile")
    return acting


def _as_of_now(session: Session, actor: Actor) -> Actor:
    if actor.user_id is None:
        return actor
    acting = session.get_one(User, actor.user_id)
    if not acting.is_active:
        raise NotAllowedError("the person is out of service")
    return actor_for(acting)


def _difference(user: User, to: Details) -> str:
    """What becomes different, as the audit log keeps it: neither the old name nor the new one."""
    parts = [f"+{role}" for role in sorted(to.roles - user.roles)]
    parts += [f"-{role}" for role in sorted(user.roles - to.roles)]
    parts += [f"{user.unit.code}>{to.unit.code}"] if to.unit.id != user.unit_id else []
    parts += ["name"] if to.name.strip() != user.name else []
    return " ".join(parts)


def _write(
    session: Session, user: User, action: Action, actor: Actor, now: datetime, detail: str | None = None
) -> None:
    audit.note(session, actor, action, now, subject="users", subject_id=user.id, detail=detail)
