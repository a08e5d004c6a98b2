"""Orders as people work on them: the list with its clocks, and one order with all that belongs to it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, joinedload, undefer
from sqlalchemy.sql.base import ExecutableOption

from hotline.models import (
    Action,
    Fact,
    Level,
    Order,
    OrderEvent,
    Origin,
    OutboxEntry,
    Recording,
    Transcript,
    Unit,
)
from hotline.rules.clocks import Step, running
from hotline.rules.facts import Category, FactName, Urgency
from hotline.rules.order_states import OPEN, ORDER, Move, OrderState
from hotline.rules.roles import DIALLERS
from hotline.rules.supervision import TIMED
from hotline.services import audit, clocks, facts, keeping_secret, orders
from hotline.services.access import Actor, contents_seen, require_contents, require_role, sees_contents, sees_order
from hotline.services.desk import calls, loading, troubles, written
from hotline.services.desk.stretches import Place, Stretch, begins_like, stretch_of
from hotline.services.facts import FactVersions
from hotline.services.results import waits_for


@dataclass(frozen=True)
class OrdersWanted:
    """Which orders of the list; without a state, those that are open."""

    state: OrderState | None = None
    urgency: Urgency | None = None
    category: Category | None = None
    mine: bool = False
    overdue: bool = False
    to_approve: bool = False
    ended_too: bool = False
    # The beginning of one.
    number: str = ""
    place: Place | None = None


@dataclass(frozen=True)
class UnitChoice:
    """A unit that can be chosen, with the names of those above it."""

    code: str
    name: str
    level: Level


@dataclass(frozen=True)
class Changes:
    """What became of an order since somebody looked at it; `read` is what the machine found in the caller's words."""

    moves: tuple[OrderEvent, ...]
    facts: tuple[Fact, ...]
    read: tuple[FactName, ...]

    @property
    def are_by_machine(self) -> bool:
        """Whether it is known what they are, and no person had a part in them."""
        by_people = self.facts or any(move.user_id is not None for move in self.moves)
        return bool(self.moves or self.read) and not by_people


# By these a list of orders goes, the highest first.
PRESSING = (Order.pressing, Order.id)
# Nobody is led to what ends an order unheard.
_SELDOM = frozenset({Move.MERGE, Move.INVALIDATE})


@dataclass(frozen=True)
class OrderDesk:
    """One order, its facts as they count now, and what the actor may do with it."""

    order: Order
    facts: Mapping[FactName, FactVersions]
    moves: tuple[Move, ...]
    units: tuple[UnitChoice, ...]
    # False: the order is secret, and what it holds is for others.
    shows_contents: bool
    dead: tuple[OutboxEntry, ...]

    @property
    def recordings(self) -> list[Recording]:
        """What callers said, the earliest call first; survey calls have their own place."""
        inbound = [call for call in self.order.calls if call.order_number is not None]
        return [recording for call in inbound for recording in call.recordings]

    @property
    def transcripts(self) -> list[Transcript]:
        """The present version of each recording that has one."""
        return [recording.versions[-1] for recording in self.recordings if recording.transcripts]

    @property
    def next_move(self) -> Move | None:
        """What the actor will most likely do: talk to the caller first, then what brings the order further."""
        if Move.CONTACT in self.moves and self.order.contacted_at is None:
            return Move.CONTACT
        likely = [move for move in self.moves if move not in _SELDOM]
        further = (move for move in likely if ORDER[self.order.state][move] != self.order.state)
        return next(further, likely[0] if likely else None)

    @property
    def is_being_heard(self) -> bool:
        """Whether facts may still arrive by themselves."""
        return self.order.state == OrderState.RECEIVED and not self.order.facts

    @property
    def place(self) -> str | None:
        """The code of the unit that the facts name."""
        fact = self.facts[FactName.PLACE].now
        return fact.value if fact else None


def clock_of(order: Order) -> tuple[Step, datetime] | None:
    """The clock that ends next, as long as the order is being worked on; in a pause one that had run out before."""
    if order.state not in TIMED:
        return None
    return running(clocks.until(order), clocks.done(order), order.paused_at, order.decide_by)


def listed(session: Session, actor: Actor, wanted: OrdersWanted, now: datetime) -> Stretch[Order]:
    """The orders that the actor sees, the most pressing first."""
    found = select(Order).where(sees_order(actor), *_conditions(actor, wanted, now)).options(*_in_lists())
    return stretch_of(session, found, PRESSING, wanted.place, counts=True)


def most_pressing(session: Session, found: Select[Order], count: int) -> Sequence[Order]:
    """Emergencies, then what ends next, then what has ended; with what a list shows of each."""
    ordered = found.order_by(*(key.desc() for key in PRESSING)).limit(count)
    return session.scalars(ordered.options(*_in_lists())).all()


def _in_lists() -> tuple[ExecutableOption, ...]:
    return joinedload(Order.unit), joinedload(Order.place), joinedload(Order.handler), undefer(Order.pressing)


def _conditions(actor: Actor, wanted: OrdersWanted, now: datetime) -> list[ColumnElement[bool]]:
    equal = {Order.state: wanted.state, Order.urgency: wanted.urgency, Order.category: wanted.category}
    conditions: list[ColumnElement[bool]] = [column == value for column, value in equal.items() if value is not None]
    if wanted.category is not None:
        conditions.append(contents_seen(actor))
    if wanted.mine:
        conditions.append(Order.handler_id == actor.user_id)
    if wanted.to_approve:
        conditions.append(waits_for(actor))
    if wanted.overdue:
        conditions.append(is_overdue(now))
    if wanted.number:
        conditions.append(begins_like(Order.number, wanted.number))
    elif wanted.state is None and not wanted.ended_too:
        conditions.append(Order.state.in_(OPEN))
    return conditions


def is_overdue(now: datetime) -> ColumnElement[bool]:
    """A condition on `Order`: a clock has run out."""
    # The first says nothing new, but that only open orders need be looked through.
    return and_(Order.state.in_(TIMED), Order.due_at < now)


def one(session: Session, actor: Actor, number: str, now: datetime) -> OrderDesk | None:
    """The order with everything on it, the look at its transcripts and statements written down; None when unseen."""
    order = loading.with_everything(session, actor, number)
    if order is None:
        return None
    shows_contents = sees_contents(actor, order)
    if shows_contents:
        calls.note_transcripts_seen(session, actor, order.calls, now)
        written.note_statements_seen(session, actor, order, now)
    moves = orders.allowed(session, order, actor)
    dead = troubles.dead_of_calls(session, [call.id for call in order.calls])
    known = facts.present(order)
    places = [fact.value for fact in known[FactName.PLACE].versions if fact.value]
    units = unit_choices_for(session, order, places)
    return OrderDesk(order, known, tuple(moves), tuple(units), shows_contents, tuple(dead))


def seen(session: Session, actor: Actor, number: str) -> Order | None:
    """The order alone; None when the actor sees none."""
    return session.scalars(select(Order).where(Order.number == number, sees_order(actor))).one_or_none()


def offering(session: Session, found: OrderDesk, code: str) -> OrderDesk:
    """The same, with that unit among those to choose from."""
    if any(unit.code == code for unit in found.units):
        return found
    named = session.scalars(select(Unit).where(Unit.code == code)).all()
    return replace(found, units=(*_choices(session, named), *found.units))


def to_change(session: Session, actor: Actor, number: str) -> Order | None:
    """The order alone, locked until the transaction ends."""
    found = select(Order).where(Order.number == number, sees_order(actor))
    return session.scalars(
        found.with_for_update(of=Order, key_share=True), execution_options={"populate_existing": True}
    ).one_or_none()


def lock(session: Session, *numbers: str) -> None:
    """Lock orders and all that became one with each, in the order of their ids: nobody who does so waits in a ring.

    Secrecy changes the others too, and a merge may bring it.
    """
    family = keeping_secret.members(Order.number.in_(numbers))
    found = select(Order.id).where(Order.id.in_(family)).order_by(Order.id).with_for_update(of=Order, key_share=True)
    while True:
        with session.begin_nested() as locks:
            locked = session.scalars(found).all()
            if set(session.scalars(family)) <= set(locked):
                return
            # Another joined them while we waited, whose turn may have been before: all are given back.
            locks.rollback()


def is_seen(session: Session, actor: Actor, order: Order) -> bool:
    """Whether the actor still sees the order, which may have gone to another unit."""
    return session.scalar(select(Order.id).where(Order.id == order.id, sees_order(actor))) is not None


def changes_since(session: Session, number: str, seen_at: datetime) -> Changes:
    """What happened to an order from `seen_at` on."""
    moves = select(OrderEvent).join(OrderEvent.order).where(Order.number == number, OrderEvent.at >= seen_at)
    said = select(Fact).join(Fact.order).where(Order.number == number, Fact.made_at >= seen_at)
    by_people = said.where(Fact.origin == Origin.PERSON).options(joinedload(Fact.user))
    by_machine = session.scalars(said.where(Fact.origin == Origin.MACHINE))
    found = {fact.name for fact in by_machine if fact.value not in (None, [])}
    return Changes(
        tuple(session.scalars(moves.options(joinedload(OrderEvent.user)).order_by(OrderEvent.id))),
        tuple(session.scalars(by_people.order_by(Fact.id))),
        tuple(name for name in FactName if name in found),
    )


def reveal_numbers(session: Session, actor: Actor, order: Order, now: datetime) -> None:
    """Write down that the actor is shown the full numbers of the order.

    Raises:
        NotAllowedError
    """
    require_role(actor, *DIALLERS)
    require_contents(actor, order)
    audit.note(session, actor, Action.NUMBER_SEEN, now, subject="orders", subject_id=order.id)


def unit_choices(session: Session) -> list[UnitChoice]:
    """Every unit, below the names of those above it, in the order of the tree."""
    return _choices(session, session.scalars(select(Unit)).all())


def unit_choices_for(session: Session, order: Order, also: Collection[str] = ()) -> list[UnitChoice]:
    """The units that one will choose from for the order, among them those with the codes `also`; all, where few exist.

    Those that have to do with it, the ones above these, what lies beside them, and the bodies that orders are referred
    to. Any other is found by its name: a page with every grid of a city would be read by nobody, and be slow.
    """
    if session.scalar(select(Unit.id).offset(_FEW_UNITS).limit(1)) is None:
        return unit_choices(session)
    near = {order.unit_id, order.intake_unit_id, order.place_id, order.referred_to_id} - {None}
    paths = session.scalars(select(Unit.path).where(Unit.id.in_(near)))
    above = {int(part) for path in paths for part in path.strip("/").split("/")}
    beside = or_(Unit.id.in_(above), Unit.parent_id.in_(above))
    return _choices(
        session, session.scalars(select(Unit).where(or_(beside, Unit.level.in_(_BODIES), Unit.code.in_(also)))).all()
    )


def units_called(session: Session, words: str, within: Actor | None = None) -> list[UnitChoice]:
    """The units whose name or code has these words, the topmost first; of many only some.

    Of all units, or of those that somebody sees.
    """
    if not words.strip():
        return []
    called = or_(
        Unit.name.icontains(words.strip(), autoescape=True), Unit.code.startswith(words.strip(), autoescape=True)
    )
    found = select(Unit).where(called).order_by(func.length(Unit.path), Unit.name, Unit.id)
    if within is not None:
        found = found.where(Unit.path.startswith(within.unit_path, autoescape=True))
    return _choices(session, session.scalars(found.limit(_MOST_FOUND)).all())


_BODIES = (Level.DEPARTMENT, Level.CHARITY)
_FEW_UNITS = 300
_MOST_FOUND = 30


def _choices(session: Session, units: Sequence[Unit]) -> list[UnitChoice]:
    ids = {unit.id: [int(part) for part in unit.path.strip("/").split("/")] for unit in units}
    names = {unit.id: unit.name for unit in units}
    above = {unit_id for chain in ids.values() for unit_id in chain} - names.keys()
    if above:
        rows = session.execute(select(Unit.id, Unit.name).where(Unit.id.in_(above)))
        names |= {row.id: row.name for row in rows}

    def chain(unit: Unit) -> list[str]:
        # The city is above them all, and says nothing.
        return [names[unit_id] for unit_id in ids[unit.id]][1 if unit.parent_id else 0 :]

    return sorted(
        (UnitChoice(unit.code, " › ".join(chain(unit)), unit.level) for unit in units), key=_by_level_and_name
    )


def _by_level_and_name(choice: UnitChoice) -> tuple[bool, str]:
    return choice.level in _BODIES, choice.name
