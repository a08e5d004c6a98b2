"""Whoever is signed in, as views and templates know them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from flask import session as cookie
from flask_login import current_user

from hotline.models import User
from hotline.rules.roles import DESK, DIALLERS, REPLAYERS, REVIEWERS, Role
from hotline.services import accounts
from hotline.services.access import Actor, actor_for
from hotline.web import runtime

# The end of a sign-in, whatever was done in between; the cookie's own end moves with each change to it.
WORKING_DAY = timedelta(hours=12)
_SINCE = "signed_in_at"


@dataclass(frozen=True)
class Person:
    """A person of this sign-in; the fields that end in `is_` and `get_id` are what Flask-Login asks for."""

    id: int
    name: str
    unit_name: str
    language: str | None
    session_key: str
    actor: Actor

    is_authenticated = True
    is_active = True
    is_anonymous = False

    @property
    def roles(self) -> frozenset[Role]:
        """All roles the person holds."""
        return self.actor.roles

    @property
    def reviews(self) -> bool:
        """Whether transcripts and facts are this person's business."""
        return bool(self.roles & REVIEWERS)

    @property
    def is_at_desk(self) -> bool:
        """Whether this person speaks with callers."""
        return bool(self.roles & DESK)

    @property
    def dials(self) -> bool:
        """Whether this person may have numbers shown."""
        return bool(self.roles & DIALLERS)

    @property
    def replays(self) -> bool:
        """Whether this person has failed work done again."""
        return bool(self.roles & REPLAYERS)

    def get_id(self) -> str:
        """Names the sign-in, not the person alone: with a new session key it ends."""
        return f"{self.id}.{self.session_key}"


def person_of(user: User) -> Person:
    """The person whom the row describes; the session that it came from must be open."""
    return Person(user.id, user.name, user.unit.name, user.language, user.session_key, actor_for(user))


def begin_sign_in(now: datetime) -> None:
    """Keep in the cookie since when it counts."""
    cookie.permanent = True
    cookie[_SINCE] = now.isoformat()


def load_person(sign_in: str) -> Person | None:
    """The person of a sign-in, unless it does not count any more."""
    user_id, _, session_key = sign_in.partition(".")
    if not _is_of_this_day() or not user_id.isdigit():
        return None
    with runtime().transaction() as session:
        user = accounts.signed_in(session, int(user_id), session_key)
        return person_of(user) if user else None


def _is_of_this_day() -> bool:
    since = cookie.get(_SINCE)
    return since is not None and runtime().now() < datetime.fromisoformat(since) + WORKING_DAY


def person() -> Person:
    """Whoever is signed in; only for views of areas that ask for it."""
    return cast(Person, current_user._get_current_object())  # noqa: SLF001 - Flask's documented way out of a proxy
