"""Supervision (督办): whoever has to look is told of limits that come near or have passed, once for each of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, case, func, null, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, joinedload, selectinload
from sqlalchemy.orm.attributes import set_committed_value

from hotline.logs import get_log
from hotline.models import Action, Level, Notice, NoticeReader, Order, Unit, User, UserRole
from hotline.rules import clocks as reckoning
from hotline.rules.clocks import Step
from hotline.rules.order_states import Remark
from hotline.rules.policy import Policy, PolicyError
from hotline.rules.roles import Role
from hotline.rules.supervision import (
    TIMED,
    WHO_ACTS,
    WORKED_ON,
    Colour,
    Plan,
    RunningClock,
    Told,
    plan,
    quiet_until,
)
from hotline.services import audit, clocks, notice_texts, orders, pauses, results
from hotline.services.access import Actor, NotAllowedError, reaches, supervises
from hotline.services.orders import ReasonMissingError
from hotline.services.organisation import policy_for

log = get_log(__name__)

_AT_ONCE = 100
# Of notices; a page of thousands would be read by nobody.
MOST_WAITING = 100


def look(session: Session, now: datetime, zone: ZoneInfo, limit: int = _AT_ONCE) -> int:
    """Look at orders whose time has come: end their pauses, tell of their limits; how many there were.

    Each order looked at is due later than `now` afterwards, or not at all; two processes never look at the same one.
    """
    due = select(Order).where(Order.look_at <= now).order_by(Order.look_at, Order.id).limit(limit)
    found = session.scalars(
        due.options(selectinload(Order.past_clocks)).with_for_update(of=Order, skip_locked=True, key_share=True),
        execution_options={"populate_existing": True},
    ).all()
    told = _told(session, found)
    sight = _Sight(session)
    for order in found:
        _look_at(session, order, told[order.id], sight, now, zone)
    return len(found)


def note(session: Session, order: Order, text: str, actor: Actor, now: datetime) -> None:
    """A supervisor's word on an order, in its history (督办). The order is locked (`orders.lock`).

    Raises:
        NotAllowedError, ReasonMissingError
    """
    if not supervises(session, actor, order):
        raise NotAllowedError("the person is no supervisor of the order's units")
    if not text.strip():
        raise ReasonMissingError("supervision")
    orders.remark(session, order, Remark.SUPERVISED, actor, now, reason=text.strip())
    audit.note(session, actor, Action.ORDER_SUPERVISED, now, subject="orders", subject_id=order.id)


def reader_by_id(session: Session, reader_id: int) -> NoticeReader | None:
    """Who must look at a notice."""
    return session.scalars(select(NoticeReader).where(NoticeReader.id == reader_id)).one_or_none()


def mark_seen(session: Session, reader: NoticeReader, actor: Actor, now: datetime) -> None:
    """The person has looked; the first time counts.

    Raises:
        NotAllowedError: the notice is not addressed to the person, nor to somebody below a supervisor.
    """
    if not (_is_named(reader, actor) or Role.SUPERVISOR in actor.roles) or not reaches(session, actor, reader.unit_id):
        raise NotAllowedError("the notice is for somebody else")
    changed = session.execute(
        update(NoticeReader)
        .where(NoticeReader.id == reader.id, NoticeReader.seen_at.is_(None))
        .values(seen_at=now, seen_by_id=actor.user_id)
    )
    session.refresh(reader)
    if changed.rowcount:  # type: ignore[attr-defined]  # a result of an update has it
        audit.note(session, actor, Action.NOTICE_SEEN, now, subject="notices", subject_id=reader.notice_id)


def is_for(reader: NoticeReader, actor: Actor) -> bool:
    """Whether the actor is who must look: of the unit, with the role, and the person where one is named."""
    return _is_named(reader, actor) and reader.unit.path == actor.unit_path


def _is_named(reader: NoticeReader, actor: Actor) -> bool:
    return reader.role in actor.roles and (reader.user_id is None or reader.user_id == actor.user_id)


def waiting(session: Session, actor: Actor, limit: int = MOST_WAITING) -> Sequence[NoticeReader]:
    """What the person must look at: not seen yet, addressed to the own unit and role, and still standing.

    Red first; of very many not all.
    """
    found = _waiting(select(NoticeReader), actor).options(
        joinedload(NoticeReader.notice)
        .joinedload(Notice.order)
        .options(joinedload(Order.unit), joinedload(Order.handler))
    )
    red_first = case({colour: place for place, colour in enumerate(Colour)}, value=Notice.colour).desc()
    return session.scalars(found.order_by(red_first, Notice.due_at, NoticeReader.id).limit(limit)).all()


def count_waiting(session: Session, actor: Actor, colour: Colour | None = None) -> int:
    """How many of `waiting` there are, of one colour or of all."""
    found = _waiting(select(func.count(NoticeReader.id)), actor)
    return session.scalar(found if colour is None else found.where(Notice.colour == colour)) or 0


def _waiting(found: Select[Any], actor: Actor) -> Select[Any]:
    return (
        found.select_from(NoticeReader)
        .join(NoticeReader.notice)
        .join(Notice.order)
        .join(NoticeReader.unit)
        .where(
            NoticeReader.seen_at.is_(None),
            NoticeReader.role.in_(actor.roles),
            Unit.path == actor.unit_path,
            or_(NoticeReader.user_id.is_(None), NoticeReader.user_id == actor.user_id),
            still_stands(),
        )
    )


def of_order(session: Session, order: Order) -> Sequence[Notice]:
    """Every notice of an order, oldest first, with who had to look."""
    found = select(Notice).where(Notice.order_id == order.id).order_by(Notice.id)
    who = selectinload(Notice.readers).options(
        joinedload(NoticeReader.unit), joinedload(NoticeReader.user), joinedload(NoticeReader.seen_by)
    )
    return session.scalars(found.options(who)).all()


def still_stands() -> ColumnElement[bool]:
    """A condition on `Notice` joined with `Order`: the step is not done, and this is still its deadline."""
    return and_(
        Order.state.in_(TIMED),
        or_(
            *(
                and_(Notice.step == step, done.is_(None), due == Notice.due_at)
                for step, done, due in (
                    (Step.ACCEPT, Order.accepted_at, Order.accept_by),
                    (Step.CONTACT, Order.contacted_at, Order.contact_by),
                    (Step.RESOLVE, func.coalesce(Order.resolved_at, Order.reported_at), Order.resolve_by),
                    (Step.DECIDE, null(), Order.decide_by),
                )
            )
        ),
    )


@dataclass
class _Sight:
    """Policies and supervised units, read once for each unit in one look."""

    session: Session
    _policies: dict[int, Policy] = field(default_factory=dict)
    _chains: dict[int, list[Unit]] = field(default_factory=dict)
    _supervised: dict[int, bool] = field(default_factory=dict)

    def policy(self, unit_id: int) -> Policy:
        """The unit's figures; the usual ones where what is stored makes no sense, so that nobody goes unwatched."""
        if unit_id not in self._policies:
            try:
                self._policies[unit_id] = policy_for(self.session, self.session.get_one(Unit, unit_id))
            except PolicyError as error:
                log.warning("a unit's policy is unusable", unit_id=unit_id, error=str(error))
                self._policies[unit_id] = Policy()
        return self._policies[unit_id]

    def chain(self, unit_id: int) -> list[Unit]:
        """The unit and those above it, itself first."""
        if unit_id not in self._chains:
            unit: Unit | None = self.session.get_one(Unit, unit_id)
            chain = []
            while unit is not None:
                chain.append(unit)
                unit = unit.parent
            self._chains[unit_id] = chain
        return self._chains[unit_id]

    def is_supervised(self, unit: Unit) -> bool:
        """Whether a supervisor of the unit's own is in service."""
        if unit.id not in self._supervised:
            found = (
                select(User.id)
                .join(UserRole)
                .where(User.unit_id == unit.id, User.is_active, UserRole.role == Role.SUPERVISOR)
            )
            self._supervised[unit.id] = self.session.scalar(found.limit(1)) is not None
        return self._supervised[unit.id]


def _look_at(session: Session, order: Order, told: Told, sight: _Sight, now: datetime, zone: ZoneInfo) -> None:
    pauses.end_if_over(session, order, now)
    policy = sight.policy(order.intake_unit_id)
    quiet = None if clocks.wakes(order) else quiet_until(policy, now, zone)
    coming = plan(_running(order), told, policy, now, quiet)
    for clock, colour in coming.notices:
        _tell(session, order, clock, colour, sight, policy, now)
    session.flush()
    held_until = notice_texts.tell(session, order, _standing(order), policy, now, zone)
    _look_again(session, order, coming, held_until)


def _running(order: Order) -> list[RunningClock]:
    if order.state not in TIMED:
        return []
    running = reckoning.all_running(clocks.until(order), clocks.done(order), order.paused_at, order.decide_by)
    # In a pause the handler is told nothing: what had run out before was told then, or is when it ends.
    told = [each for each in running if each[0] == Step.DECIDE or not order.paused_at]
    started = {Step.DECIDE: order.reported_at}
    return [RunningClock(step, started.get(step) or order.clocks_started_at, due) for step, due in told]


def _standing(order: Order) -> set[tuple[Step, datetime]]:
    return {(clock.step, clock.due_at) for clock in _running(order)}


def _look_again(session: Session, order: Order, coming: Plan, held_until: datetime | None) -> None:
    """Not through the order itself: that would make a new version, and tell people that somebody was quicker."""
    pause = clocks.running_pause(order)
    ends = pause.until if pause is not None else None
    at = min(filter(None, (coming.look_at, held_until, ends)), default=None)
    session.execute(update(Order.__table__).where(Order.__table__.c.id == order.id).values(look_at=at))  # type: ignore[arg-type]  # a mapped class's table is one
    set_committed_value(order, "look_at", at)


def _told(session: Session, found: Sequence[Order]) -> dict[int, set[tuple[Step, Colour, datetime]]]:
    told: dict[int, set[tuple[Step, Colour, datetime]]] = {order.id: set() for order in found}
    runs = {order.id: clocks.run_of(order) for order in found}
    for given in session.scalars(select(Notice).where(Notice.order_id.in_(told))):
        if given.run == runs[given.order_id]:
            told[given.order_id].add((given.step, given.colour, given.due_at))
    return told


def _tell(
    session: Session, order: Order, clock: RunningClock, colour: Colour, sight: _Sight, policy: Policy, now: datetime
) -> None:
    row = insert(Notice).values(
        order_id=order.id,
        run=clocks.run_of(order),
        step=clock.step,
        colour=colour,
        due_at=clock.due_at,
        unit_id=order.unit_id,
        handler_id=order.handler_id,
        made_at=now,
    )
    notice_id = session.scalar(row.on_conflict_do_nothing().returning(Notice.id))
    if notice_id is None:
        return
    session.add_all(_readers(session, order, clock.step, colour, sight, policy.copies_up, notice_id))


def _readers(
    session: Session, order: Order, step: Step, colour: Colour, sight: _Sight, copies_up: int, notice_id: int
) -> list[NoticeReader]:
    if colour == Colour.BLUE:
        return [_whoever_acts(session, order, step, sight, notice_id)]
    addressed, copies = _supervisors(sight, order.unit_id, colour, copies_up)
    return [
        NoticeReader(notice_id=notice_id, unit_id=unit.id, role=Role.SUPERVISOR, is_copy=unit is not addressed)
        for unit in (addressed, *copies)
    ]


def _whoever_acts(session: Session, order: Order, step: Step, sight: _Sight, notice_id: int) -> NoticeReader:
    if step == Step.DECIDE:
        unit = results.nearest_to_decide(session, order, sight.chain(order.unit_id))
        return NoticeReader(notice_id=notice_id, unit_id=unit.id, role=Role.SUPERVISOR)
    role = WHO_ACTS[order.state]
    # Whoever had it and is gone would never look: all who could go on with it do.
    user_id = order.handler_id if order.state in WORKED_ON and orders.has_handler(session, order) else None
    return NoticeReader(notice_id=notice_id, unit_id=order.unit_id, role=role, user_id=user_id)


def _supervisors(sight: _Sight, unit_id: int, colour: Colour, copies_up: int) -> tuple[Unit, list[Unit]]:
    """Whose supervisors are told, and whose get a copy.

    Yellow goes to the holder's street, red to its district, each to the nearest unit from there up that has a
    supervisor; red above yellow, as long as there is anybody. Without any supervisor it is for the topmost unit.
    """
    chain = sight.chain(unit_id)
    supervised = [place for place, unit in enumerate(chain) if sight.is_supervised(unit)]
    yellow = _first(supervised, _place_of(chain, Level.STREET))
    addressed = yellow
    if colour == Colour.RED and yellow is not None:
        addressed = _first(supervised, max(_place_of(chain, Level.DISTRICT), yellow + 1))
        addressed = yellow if addressed is None else addressed
    if addressed is None:
        return chain[-1], []
    above = [place for place in supervised if place > addressed]
    return chain[addressed], [chain[place] for place in above[:copies_up]]


def _first(places: Sequence[int], start: int) -> int | None:
    return next((place for place in places if place >= start), None)


def _place_of(chain: Sequence[Unit], level: Level) -> int:
    """Where the unit of that level stands in the chain; the holder itself where there is none."""
    return next((place for place, unit in enumerate(chain) if unit.level == level), 0)
