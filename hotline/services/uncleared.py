"""The list of the day (日清日结): what a unit had not cleared at the end of a local day, and why."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, joinedload, selectinload

from hotline.logs import get_log
from hotline.models import Extension, Order, OrderEvent, Pause, UnclearedList, UnclearedOrder, Unit
from hotline.rules import clocks as reckoning
from hotline.rules.policy import Policy, PolicyError
from hotline.rules.supervision import TIMED, ExtensionState, PauseState, Why
from hotline.services import clocks
from hotline.services.access import Actor

log = get_log(__name__)

_DAY = UnclearedList.day
# As the index says it.
_UNCLEARED = text("state not in ('resolved', 'answered', 'closed', 'merged', 'invalid')")


def make_due(session: Session, now: datetime, zone: ZoneInfo) -> int:
    """Make the lists whose time has come, each unit's once a day; how many were made.

    A list that was missed, because no clock process ran, is made as soon as one does, until the next one is due. It
    shows what is not cleared then, of what came in before its time.
    """
    holding = session.scalars(select(Order.unit_id).where(_UNCLEARED).distinct()).all()
    paths = session.scalars(select(Unit.path).where(Unit.id.in_(holding))).all()
    chains = {int(part) for path in paths for part in path.strip("/").split("/")}
    units = {unit.id: unit for unit in session.scalars(select(Unit).where(Unit.id.in_(chains)))}
    since = now.astimezone(zone).date() - timedelta(days=1)
    known = {(each.unit_id, each.day) for each in session.scalars(select(UnclearedList).where(since <= _DAY))}
    cuts = {unit_id: _last_cut(_policy(units, unit_id), now, zone) for unit_id in sorted(holding)}
    due = {unit_id: cut for unit_id, cut in cuts.items() if (unit_id, cut.astimezone(zone).date()) not in known}
    return sum(_make(session, units[unit_id], cut, now, zone) for unit_id, cut in due.items())


def listed(session: Session, actor: Actor, unit: Unit, day: date) -> Sequence[UnclearedOrder]:
    """The day's list of a unit and all below it, as far as the actor sees them: oldest orders of each unit first."""
    found = (
        select(UnclearedOrder)
        .join(UnclearedOrder.list)
        .join(UnclearedList.unit)
        .join(UnclearedOrder.order)
        .where(
            UnclearedList.day == day,
            Unit.path.startswith(unit.path, autoescape=True),
            Unit.path.startswith(actor.unit_path, autoescape=True),
        )
        .order_by(Unit.path, Order.received_at, Order.id)
        .options(
            joinedload(UnclearedOrder.order),
            joinedload(UnclearedOrder.handler),
            joinedload(UnclearedOrder.list).joinedload(UnclearedList.unit),
        )
    )
    return session.scalars(found).all()


def last_day(session: Session, unit: Unit) -> date | None:
    """The newest day of which the unit, or one below it, has a list."""
    below = select(func.max(UnclearedList.day)).join(UnclearedList.unit)
    return session.scalar(below.where(Unit.path.startswith(unit.path, autoescape=True)))


def _make(session: Session, unit: Unit, cut: datetime, now: datetime, zone: ZoneInfo) -> bool:
    row = insert(UnclearedList).values(unit_id=unit.id, day=cut.astimezone(zone).date(), made_at=now)
    list_id = session.scalar(row.on_conflict_do_nothing().returning(UnclearedList.id))
    if list_id is None:
        return False
    session.add_all(_rows(session, unit, list_id, cut, now))
    session.flush()
    return True


def _last_cut(policy: Policy, now: datetime, zone: ZoneInfo) -> datetime:
    """The latest moment at which a day's list was due."""
    day = now.astimezone(zone).date()
    cut = datetime.combine(day, policy.uncleared_at, zone).astimezone(now.tzinfo)
    if cut > now:
        cut = datetime.combine(day - timedelta(days=1), policy.uncleared_at, zone).astimezone(now.tzinfo)
    return cut


def _policy(units: Mapping[int, Unit], unit_id: int) -> Policy:
    """The unit's figures out of units that are read already; there may be thousands that hold something."""
    policy = Policy()
    try:
        for part in units[unit_id].path.strip("/").split("/"):
            policy = policy.with_overrides(units[int(part)].policy)
    except PolicyError as error:
        log.warning("a unit's policy is unusable", unit_id=unit_id, error=str(error))
        return Policy()
    return policy


def _rows(session: Session, unit: Unit, list_id: int, cut: datetime, now: datetime) -> Iterator[UnclearedOrder]:
    found = session.scalars(
        select(Order)
        .where(Order.unit_id == unit.id, Order.state.in_(TIMED), Order.received_at <= cut)
        .order_by(Order.received_at, Order.id)
        .options(
            selectinload(Order.history),
            selectinload(Order.approvals),
            selectinload(Order.pauses),
            selectinload(Order.extensions),
            selectinload(Order.past_clocks),
        )
    ).all()
    for order in found:
        why, words = _why(order)
        # Lists go to many, and out of the house as files.
        words = None if order.is_secret else words
        running = reckoning.running(clocks.until(order), clocks.done(order), order.paused_at, order.decide_by)
        yield UnclearedOrder(
            list_id=list_id,
            order_id=order.id,
            state=order.state,
            handler_id=order.handler_id,
            since=_since(order),
            resolve_by=order.resolve_by,
            is_overdue=running is not None and running[1] < now,
            why=why,
            words=words,
        )


def _since(order: Order) -> datetime:
    came: list[OrderEvent] = [event for event in order.history if event.from_state != event.to_state]
    return came[-1].at if came else order.received_at


def _why(order: Order) -> tuple[Why, str | None]:
    """What waits for a supervisor, a pause, more time that was granted, or the last reason in the history."""
    if clocks.asked_approval(order) is not None:
        return Why.APPROVAL_ASKED, None
    run = clocks.run_of(order)
    pauses: dict[PauseState, Pause] = {each.state: each for each in order.pauses if each.run == run}
    requests: dict[ExtensionState, Extension] = {each.state: each for each in order.extensions if each.run == run}
    for why, request in (
        (Why.PAUSED, pauses.get(PauseState.RUNNING)),
        (Why.PAUSE_ASKED, pauses.get(PauseState.ASKED)),
        (Why.EXTENSION_ASKED, requests.get(ExtensionState.ASKED)),
        (Why.EXTENDED, requests.get(ExtensionState.GRANTED)),
    ):
        if request is not None:
            return why, request.reason
    reasons = [event.reason for event in order.history if event.reason]
    return (Why.LAST_WORD, reasons[-1]) if reasons else (Why.NOTHING_SAID, None)
