"""The people of a part of the organisation as those above them read it: the list, and one with what depends on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session, contains_eager, joinedload, selectinload

from hotline.models import Action, AuditEntry, Order, Shift, Unit, User, UserRole
from hotline.rules.order_states import OPEN
from hotline.rules.roles import Role
from hotline.services.access import Actor, require_role, sees_order
from hotline.services.desk.stretches import Place, Stretch, stretch_of

# Supervisors plan these people's shifts and appoint them; administrators make and change them.
READERS = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})
# Named one by one; of more than these their number says enough.
_MOST_NAMED = 20


@dataclass(frozen=True)
class PeopleWanted:
    """Which people of the list."""

    # In the name, the log-in name or the name of the unit.
    words: str = ""
    role: Role | None = None
    ended_too: bool = False
    unit: Unit | None = None
    place: Place | None = None


@dataclass(frozen=True)
class PersonDesk:
    """A person, and what is lost sight of if nobody thinks of it when the person leaves.

    `orders` are those of the `open_orders` that the actor sees, `shifts` the next of the `shifts_to_come`.
    """

    user: User
    last_sign_in: datetime | None
    open_orders: int
    orders: Sequence[Order]
    shifts_to_come: int
    shifts: Sequence[Shift]
    may_manage: bool


def listed(session: Session, actor: Actor, wanted: PeopleWanted) -> Stretch[User]:
    """The people of the actor's unit and below, unit by unit, the upper ones first.

    Raises:
        NotAllowedError
    """
    found = _in_sight(actor).where(*_conditions(wanted))
    loaded = found.options(contains_eager(User.unit), selectinload(User.role_rows))
    return stretch_of(session, loaded, (User.unit_id, User.id), wanted.place, counts=True, is_rising=True)


def seen(session: Session, actor: Actor, user_id: int) -> User | None:
    """The person alone; None when the actor sees none.

    Raises:
        NotAllowedError
    """
    return session.scalars(_in_sight(actor).where(User.id == user_id)).one_or_none()


def one(session: Session, actor: Actor, user_id: int, now: datetime) -> PersonDesk | None:
    """The person with what depends on them; None when the actor sees none.

    Raises:
        NotAllowedError
    """
    user = seen(session, actor, user_id)
    if user is None:
        return None
    held = select(Order).where(Order.handler_id == user.id, Order.state.in_(OPEN))
    to_come = select(Shift).where(Shift.user_id == user.id, Shift.ends_at > now, Shift.cancelled_at.is_(None))
    return PersonDesk(
        user=user,
        last_sign_in=_last_sign_in(session, user),
        open_orders=_count(session, held),
        orders=session.scalars(held.where(sees_order(actor)).order_by(Order.id).limit(_MOST_NAMED)).all(),
        shifts_to_come=_count(session, to_come),
        shifts=session.scalars(
            to_come.order_by(Shift.begins_at).limit(_MOST_NAMED).options(joinedload(Shift.unit))
        ).all(),
        may_manage=Role.ADMINISTRATOR in actor.roles,
    )


def _in_sight(actor: Actor) -> Select[User]:
    require_role(actor, *READERS)
    return select(User).join(User.unit).where(Unit.path.startswith(actor.unit_path, autoescape=True))


def _conditions(wanted: PeopleWanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.words:
        columns = (User.name, User.login, Unit.name)
        conditions.append(or_(*(column.icontains(wanted.words, autoescape=True) for column in columns)))
    if wanted.role is not None:
        conditions.append(User.id.in_(select(UserRole.user_id).where(UserRole.role == wanted.role)))
    if wanted.unit is not None:
        conditions.append(Unit.path.startswith(wanted.unit.path, autoescape=True))
    if not wanted.ended_too:
        conditions.append(User.is_active.is_(True))
    return conditions


def _last_sign_in(session: Session, user: User) -> datetime | None:
    entries = select(func.max(AuditEntry.at)).where(AuditEntry.user_id == user.id)
    return session.scalar(entries.where(AuditEntry.action == Action.SIGNED_IN))


def _count(session: Session, rows: Select[Order] | Select[Shift]) -> int:
    return session.scalar(select(func.count()).select_from(rows.subquery())) or 0
