"""Who is on duty at an instant: of a unit, and where nobody is, of the nearest unit above it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from hotline.models import Line, Shift, Unit, User
from hotline.rules.roster import FOR_CALLERS, Post

# A caller waits while one telephone after the other rings: no more than two people, then the line's own number.
_MOST_PEOPLE_RUNG = 2


@dataclass(frozen=True)
class OnDuty:
    """A person at a post, on the roster of `unit`, until `until`."""

    user: User
    unit: Unit
    post: Post
    until: datetime


def everybody_on(session: Session, unit: Unit, at: datetime, posts: Sequence[Post] = tuple(Post)) -> list[OnDuty]:
    """All who are on duty for the unit or one above it, the nearest unit first.

    Within a unit they are ordered by `posts`, then by who came on first. Only people in service count, and each once.
    """
    above = [int(part) for part in unit.path.strip("/").split("/")]
    found = session.scalars(
        select(Shift)
        .join(Shift.user)
        .where(
            Shift.unit_id.in_(above),
            Shift.begins_at <= at,
            Shift.ends_at > at,
            Shift.cancelled_at.is_(None),
            Shift.post.in_(posts),
            User.is_active,
        )
        .options(joinedload(Shift.user), joinedload(Shift.unit))
    ).all()
    ranked = sorted(
        found, key=lambda shift: (-above.index(shift.unit_id), posts.index(shift.post), shift.begins_at, shift.id)
    )
    return [OnDuty(shift.user, shift.unit, shift.post, shift.ends_at) for shift in ranked]


def who_is_on(session: Session, unit: Unit, at: datetime, *posts: Post) -> list[OnDuty]:
    """Those on duty for the unit, or for the nearest unit above it that has anybody; first on call first.

    Without `posts`, whatever they are on duty for.
    """
    everybody = everybody_on(session, unit, at, posts or tuple(Post))
    return next((list(group) for _unit, group in groupby(everybody, lambda on: on.unit.id)), [])


def numbers_for_caller(session: Session, line: Line, at: datetime) -> list[str]:
    """Where a caller is put through to who asks for a person, one after the other; empty when there is nobody.

    Those on duty who can be rung, and last the line's own duty number.
    """
    on_duty = [on.user.phone for on in who_is_on(session, line.unit, at, *FOR_CALLERS)]
    people = [phone for phone in on_duty if phone is not None][:_MOST_PEOPLE_RUNG]
    return list(dict.fromkeys(filter(None, [*people, line.duty_number])))
