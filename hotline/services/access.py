"""Who acts, and what they may see: the orders and calls of their own unit and of all units below it."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, or_, select, true
from sqlalchemy.orm import Session, object_session

from hotline.models import Alarm, AlarmAttempt, Call, Line, Order, Unit, User
from hotline.rules.alarms import LIVE
from hotline.rules.roles import Role


class NotAllowedError(Exception):
    """The person's roles or unit do not reach that far."""


@dataclass(frozen=True)
class Actor:
    """Whoever does something; the system itself has no user."""

    user_id: int | None
    roles: frozenset[Role]
    unit_path: str

    @property
    def is_system(self) -> bool:
        """True when no person is behind it."""
        return self.user_id is None

    @property
    def unit_id(self) -> int | None:
        """The actor's own unit; the system has none."""
        own = self.unit_path.strip("/").rpartition("/")[2]
        return int(own) if own else None

    @property
    def is_at_the_top(self) -> bool:
        """True in the topmost unit."""
        return self.unit_path.strip("/").isdigit()


SYSTEM = Actor(user_id=None, roles=frozenset(), unit_path="/")


def actor_for(user: User) -> Actor:
    """The acting side of a person who signed in."""
    return Actor(user_id=user.id, roles=user.roles, unit_path=user.unit.path)


def sees_order(actor: Actor) -> ColumnElement[bool]:
    """A condition on `Order`: held by, come in at, referred to or assisted by a unit that the actor sees."""
    return true() if actor.unit_path == SYSTEM.unit_path else Order.seen_by.contains([actor.unit_id])


def answers_for_order(actor: Actor) -> ColumnElement[bool]:
    """A condition on `Order`: held by, or come in at a unit that the actor sees, and none that is secret to the actor.

    Who only assists decides nothing.
    """
    # Asked of each order that comes into question, rather than of every unit below.
    answering = units_below(actor).where(Unit.id.in_([Order.unit_id, Order.intake_unit_id]))
    return and_(answering.correlate(Order).exists(), contents_seen(actor))


def sees_call(actor: Actor) -> ColumnElement[bool]:
    """A condition on `Call`: on a line of a unit that the actor sees, or about an order of one.

    A call on a number that is none of ours is for whoever stands at the top.
    """
    lines = select(Line.id).where(Line.unit_id.in_(units_below(actor)))
    # As a value of each call that is looked at: asked whether one exists, the database first collects every order that
    # the actor sees.
    about = select(sees_order(actor)).where(Order.id == Call.order_id).correlate(Call).scalar_subquery()
    seen = or_(Call.line_id.in_(lines), about)
    return or_(seen, Call.line_id.is_(None)) if actor.is_at_the_top else seen


# Who reads a secret order where it came in and where it is held, and where it was referred to, to be worked on.
_READ_SECRETS = frozenset({Role.CALL_TAKER, Role.DISPATCHER, Role.SUPERVISOR})
_READ_REFERRED = frozenset({Role.HANDLER, Role.DISPATCHER, Role.SUPERVISOR})


def sees_contents(actor: Actor, order: Order) -> bool:
    """Whether what a visible order holds is for the actor, and not only that there is one: the one rule of secrecy.

    The contents of a secret order (GB/T 33358, secrecy on request) are for the handler who holds it, for call takers,
    dispatchers and supervisors of the very units where it came in and where it is held, for the people of the body
    that it was referred to, and for supervisors of the topmost unit; in an emergency for whoever is told of it while
    nobody has it, and for who took it on. Contents are what was said, heard, understood, written down, attached and
    reported, with numbers, names and places; not number, state, clocks and who holds it.
    """
    if not order.is_secret or actor.is_system:
        return True
    if actor.user_id == order.handler_id or (actor.is_at_the_top and Role.SUPERVISOR in actor.roles):
        return True
    is_ours = actor.unit_id in {order.unit_id, order.intake_unit_id} and bool(actor.roles & _READ_SECRETS)
    is_theirs = actor.unit_id == order.referred_to_id and bool(actor.roles & _READ_REFERRED)
    return is_ours or is_theirs or _is_alarmed(actor, order)


def contents_seen(actor: Actor) -> ColumnElement[bool]:
    """What `sees_contents` gives, as a condition on `Order`."""
    if actor.is_system or (actor.is_at_the_top and Role.SUPERVISOR in actor.roles):
        return true()
    seen = [~Order.is_secret, and_(Order.handler_id.is_not(None), Order.handler_id == actor.user_id)]
    if actor.roles & _READ_SECRETS:
        seen.append(or_(Order.unit_id == actor.unit_id, Order.intake_unit_id == actor.unit_id))
    if actor.roles & _READ_REFERRED:
        seen.append(and_(Order.referred_to_id.is_not(None), Order.referred_to_id == actor.unit_id))
    return or_(*seen, _alarmed(actor))


def _alarmed(actor: Actor) -> ColumnElement[bool]:
    """A condition on `Order`: its alarm tells the actor of it, or was taken on by the actor."""
    told = and_(Alarm.state.in_(LIVE), Alarm.attempts.any(AlarmAttempt.user_id == actor.user_id))
    alarm = select(Alarm.id).where(Alarm.order_id == Order.id, or_(told, Alarm.acknowledged_by_id == actor.user_id))
    return alarm.correlate(Order).exists()


def _is_alarmed(actor: Actor, order: Order) -> bool:
    """The same of one order, asked of the database: a list that is drawn after its transaction hides it still."""
    session, alarmed = object_session(order), select(Order.id).where(Order.id == order.id, _alarmed(actor))
    return session is not None and session.scalar(alarmed) is not None


def call_contents_seen(actor: Actor) -> ColumnElement[bool]:
    """A condition on `Call`: it is about no order whose contents are not for the actor."""
    order = select(Order.id).where(Order.id == Call.order_id, contents_seen(actor)).correlate(Call)
    return or_(Call.order_id.is_(None), order.exists())


def require_contents(actor: Actor, order: Order) -> None:
    """Pass whoever sees the contents of the order.

    Raises:
        NotAllowedError: otherwise.
    """
    if not sees_contents(actor, order):
        raise NotAllowedError("the order is secret, and its contents are for others")


def require_call_contents(actor: Actor, call: Call) -> None:
    """Pass whoever may know what was said in the call; raises as `require_contents`."""
    if call.order is not None:
        require_contents(actor, call.order)


def require_role(actor: Actor, *roles: Role) -> None:
    """Pass the system, and whoever holds one of `roles`.

    Raises:
        NotAllowedError: otherwise.
    """
    if not actor.is_system and not actor.roles & set(roles):
        raise NotAllowedError("none of the person's roles allows this")


def reaches(session: Session, actor: Actor, unit_id: int) -> bool:
    """Whether the unit is the actor's own or lies below it; the system reaches all."""
    return session.get_one(Unit, unit_id).path.startswith(actor.unit_path)


def supervises(session: Session, actor: Actor, order: Order) -> bool:
    """Whether the actor is a supervisor over the unit that holds the order, or the one it came in at; the system is.

    Nobody decides about what a secret order keeps from them.
    """
    if actor.is_system:
        return True
    if not sees_contents(actor, order):
        return False
    units = (order.unit_id, order.intake_unit_id)
    return Role.SUPERVISOR in actor.roles and any(reaches(session, actor, unit_id) for unit_id in units)


def require_manager(actor: Actor, unit: Unit) -> None:
    """Pass the system, and administrators of the unit or of one above it: they manage its people.

    Raises:
        NotAllowedError: otherwise.
    """
    require_role(actor, Role.ADMINISTRATOR)
    if not unit.path.startswith(actor.unit_path):
        raise NotAllowedError("the unit is outside the person's part of the organisation")


def require_top(actor: Actor, *roles: Role) -> None:
    """Pass the system, and whoever holds one of `roles` in the topmost unit: what is decided is decided for all.

    Raises:
        NotAllowedError: otherwise.
    """
    require_role(actor, *roles)
    if not actor.is_system and not actor.is_at_the_top:
        raise NotAllowedError("only the topmost unit decides this")


def units_below(actor: Actor) -> Select[int]:
    """The ids of the actor's unit and of all units below it."""
    return select(Unit.id).where(Unit.path.startswith(actor.unit_path, autoescape=True))
