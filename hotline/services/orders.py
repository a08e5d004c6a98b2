"""Work orders: received once, moved only as the table allows, each move a row of the history."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from hotline.models import (
    Action,
    CatalogueRow,
    Level,
    Order,
    OrderClocks,
    OrderEvent,
    OrderNumberDay,
    Unit,
    User,
)
from hotline.rules import order_states, survey_states
from hotline.rules.clocks import deadlines
from hotline.rules.facts import Urgency
from hotline.rules.machine import ImpossibleMoveError
from hotline.rules.order_states import Move, OrderState
from hotline.rules.policy import Limits
from hotline.rules.roles import Role
from hotline.rules.survey_states import RoundEvent
from hotline.services import alarm_state, audit, clocks, history
from hotline.services.access import Actor, NotAllowedError, actor_for, require_contents, sees_contents
from hotline.services.keeping_secret import keep_secret
from hotline.services.organisation import policy_for


class ReasonMissingError(ValueError):
    """The move needs a reason and got none."""


class SupervisorAppointsError(NotAllowedError):
    """The order was returned so often that only a supervisor may dispatch it."""


class NotABodyError(ValueError):
    """Orders are referred to a department or charity; other units get them dispatched."""


class NotAHandlerError(NotAllowedError):
    """An order is signed for by a handler in service, whose unit is the one that holds it or lies above."""


class NobodyHadItError(ImpossibleMoveError):
    """Nobody who handled the order could take it up again: it is dispatched, and whoever accepts it has it."""


class HandlerHasItError(ImpossibleMoveError):
    """Whoever signed for the order goes on with it, or returns it: it is taken back where nobody can."""


class ChangedMeanwhileError(Exception):
    """Somebody else moved the order since the person looked; `since` is what happened."""

    def __init__(self, since: list[OrderEvent]) -> None:
        super().__init__("the order was changed meanwhile")
        self.since = since


_NEEDS_REASON = frozenset({Move.RETURN, Move.INVALIDATE, Move.REOPEN, Move.TAKE_BACK, Move.REFER, Move.MERGE})
BODIES = frozenset({Level.DEPARTMENT, Level.CHARITY})
# What the history tells about the body that an order was referred to.
_WITH_THE_BODY = frozenset({Move.REFER, Move.REPORT_BACK, Move.TAKE_BACK})
# What the body's own people do with it.
_BY_THE_BODY = frozenset({Move.CONTACT, Move.REPORT_BACK})
_OURS_AGAIN = frozenset({Move.TAKE_BACK, Move.REWORK, Move.DISPATCH})
# What is said of an order without moving it.
remark = history.remark


def reserve_number(session: Session, now: datetime, zone: ZoneInfo) -> str:
    """The next number of the local day: two digits of year, month and day each, then a count of at least four."""
    day = now.astimezone(zone).date()
    row = insert(OrderNumberDay).values(day=day, last=1)
    last = session.execute(
        row.on_conflict_do_update(
            index_elements=[OrderNumberDay.day], set_={"last": OrderNumberDay.last + 1}
        ).returning(OrderNumberDay.last)
    ).scalar_one()
    return f"{day:%y%m%d}{last:04d}"


def lock(session: Session, order_id: int) -> Order:
    """The order as it stands, which nobody else changes until the transaction ends.

    Locks are taken in one order everywhere: call, attempt or recording, order, round, outbox entry.
    """
    session.flush()
    # By a query: a get with a lock takes it for an error that the order has changed since this session read it.
    found = select(Order).where(Order.id == order_id).with_for_update(key_share=True)
    return session.scalars(found, execution_options={"populate_existing": True}).one()


def set_urgency(order: Order, urgency: Urgency, limits: Limits, zone: ZoneInfo) -> None:
    """Set how long the order may wait: as long as it is worked on, counted from when its present clocks started.

    The time in which they stood still is left out; an extension was given for what the matter was before, and ends.
    """
    order.urgency = urgency
    if order.resolved_at is None and order.closed_at is None:
        clocks.reckon_anew(order, deadlines(limits, order.clocks_started_at, zone), limits.counting)


def note_received(session: Session, order: Order, now: datetime) -> None:
    """The first row of the history."""
    history.write(session, order, OrderEvent(at=now))


def possible(order: Order) -> frozenset[Move]:
    """Every move that the table has for the order as it stands."""
    return frozenset(order_states.ORDER[order.state])


def check_unchanged(order: Order, seen_version: int) -> None:
    """Refuse to act on an order that looks different from what the person saw.

    Raises:
        ChangedMeanwhileError: with what happened since.
    """
    if order.version != seen_version:
        behind = order.version - seen_version
        raise ChangedMeanwhileError(order.history[-max(behind, 1) :])


def triage(session: Session, order: Order, actor: Actor, now: datetime) -> None:
    """Transcript and facts are as they should be."""
    move(session, order, Move.TRIAGE, actor, now)


def dispatch(
    session: Session,
    order: Order,
    unit: Unit,
    actor: Actor,
    now: datetime,
    note: str | None = None,
    row: CatalogueRow | None = None,
) -> None:
    """Hand the order to a unit, by `row` of the catalogue if one said so; whoever of it signs becomes its handler.

    Raises:
        SupervisorAppointsError, and what `check` raises.
    """
    check(session, order, Move.DISPATCH, actor)
    order.handler_id = None
    order.unit_id = unit.id
    order.assistants = [each for each in order.assistants if each.unit_id != unit.id]
    _make(session, order, Move.DISPATCH, actor, now, note, row)


def accept(session: Session, order: Order, handler: User, actor: Actor, now: datetime) -> None:
    """`handler` signs for the order.

    Raises:
        NotAHandlerError, and what `check` raises.
    """
    check(session, order, Move.ACCEPT, actor)
    if not _may_work(session, order, handler):
        raise NotAHandlerError(f"{handler.name} is no handler of the unit that holds the order")
    order.handler_id = handler.id
    _make(session, order, Move.ACCEPT, actor, now)


def give_back(session: Session, order: Order, actor: Actor, now: datetime, reason: str) -> None:
    """Return the order to whoever dispatched it (退单)."""
    check(session, order, Move.RETURN, actor, reason)
    order.handler_id = None
    order.returns += 1
    _make(session, order, Move.RETURN, actor, now, reason)
    order.unit_id = order.intake_unit_id


def refer(session: Session, order: Order, body: Unit, actor: Actor, now: datetime, reason: str) -> None:
    """Hand the matter to a department or charity (转办转介), which sees the order and may report its result.

    Raises:
        NotABodyError, and what `check` raises.
    """
    if body.level not in BODIES:
        raise NotABodyError(f"{body.name} is neither a department nor a charity")
    check(session, order, Move.REFER, actor, reason)
    order.referred_to_id = body.id
    _make(session, order, Move.REFER, actor, now, reason)


def take_back(session: Session, order: Order, actor: Actor, now: datetime, reason: str) -> None:
    """Take the order back from the body that it was referred to, or from a handler who can work on it no longer.

    Nobody of ours holds it then; it is dispatched anew.
    """
    check(session, order, Move.TAKE_BACK, actor, reason)
    order.handler_id = None
    _make(session, order, Move.TAKE_BACK, actor, now, reason)
    order.unit_id = order.intake_unit_id


def contact(session: Session, order: Order, actor: Actor, now: datetime, how: str) -> None:
    """A person spoke with the caller; `how` says in a few words what was agreed."""
    check(session, order, Move.CONTACT, actor)
    _make(session, order, Move.CONTACT, actor, now, how)


def resolve_as_reported(
    session: Session,
    order: Order,
    chosen: Move,
    reported_at: datetime,
    actor: Actor,
    now: datetime,
    word: str | None,
) -> None:
    """The move that a result brings once `actor` approved it: the step was done when the result was reported.

    Raises:
        hotline.rules.machine.ImpossibleMoveError
    """
    order.resolved_at = order.resolved_at or reported_at
    _make(session, order, chosen, actor, now, word)


def close(session: Session, order: Order, actor: Actor, now: datetime, reason: str | None = None) -> None:
    """The callback, or a person who reached the caller, found it settled; or nobody could be reached."""
    check(session, order, Move.CLOSE, actor)
    order.closed_at = now
    _make(session, order, Move.CLOSE, actor, now, reason)


def reopen(
    session: Session, order: Order, actor: Actor, now: datetime, reason: str, limits: Limits, zone: ZoneInfo
) -> None:
    """Do it again: new clocks from now, with nothing done yet; the old ones stay on record."""
    check(session, order, Move.REOPEN, actor, reason)
    order.past_clocks.append(_clocks_so_far(order))
    order.accepted_at = order.contacted_at = order.resolved_at = order.closed_at = None
    _start_clocks(order, now, limits, zone)
    _make(session, order, Move.REOPEN, actor, now, reason)


def merge(session: Session, order: Order, into: Order, actor: Actor, now: datetime, reason: str) -> None:
    """`order` is the same matter as `into`, which must be open and must not be merged itself.

    Raises:
        ImpossibleMoveError: when either is in no state for it.
        NotAllowedError: either is not for the actor to act on, or secret.
        ReasonMissingError
    """
    if into.id == order.id or into.state not in order_states.OPEN:
        raise ImpossibleMoveError(into.state, Move.MERGE)
    check(session, order, Move.MERGE, actor, reason)
    require_contents(actor, into)
    order.merged_into_id = into.id
    _make(session, order, Move.MERGE, actor, now, reason)
    if order.is_secret or into.is_secret:
        # What was asked to be kept for few stands in the other order now.
        secret, open_one = (order, into) if order.is_secret else (into, order)
        keep_secret(session, open_one, actor, now, reason=secret.number)


def unmerge(session: Session, order: Order, actor: Actor, now: datetime) -> None:
    """Back where it was before it was merged."""
    check(session, order, Move.UNMERGE, actor)
    order.merged_into_id = None
    _make(session, order, Move.UNMERGE, actor, now)


def move(session: Session, order: Order, chosen: Move, actor: Actor, now: datetime, reason: str | None = None) -> None:
    """Make a move of the table that changes nothing but the state.

    Raises:
        ImpossibleMoveError, NotAllowedError, ReasonMissingError: as `check` does.
    """
    check(session, order, chosen, actor, reason)
    _make(session, order, chosen, actor, now, reason)


def check(session: Session, order: Order, chosen: Move, actor: Actor, reason: str | None = None) -> None:
    """Refuse a move before anything of the order is changed.

    Raises:
        hotline.rules.machine.ImpossibleMoveError: the order's state does not allow it.
        NotAllowedError: the actor's roles or unit do not.
        NobodyHadItError: it would go back to a handler, and there is none.
        HandlerHasItError: it would be taken from a handler who can go on with it.
        SupervisorAppointsError: the order was returned too often for a dispatcher.
        ReasonMissingError: this move needs a reason.
    """
    order_states.after(order.state, chosen)
    if not actor.is_system and not _may(session, order, chosen, actor):
        raise NotAllowedError(chosen.value)
    if _waits_for_handler(session, order, chosen):
        raise NobodyHadItError(order.state, chosen)
    if _is_in_hand(session, order, chosen):
        raise HandlerHasItError(order.state, chosen)
    if _waits_for_supervisor(session, order, chosen, actor):
        raise SupervisorAppointsError(f"returned {order.returns} times: a supervisor appoints who gets it")
    if chosen in _NEEDS_REASON and not (reason or "").strip():
        raise ReasonMissingError(chosen.value)


def allowed(session: Session, order: Order, actor: Actor) -> list[Move]:
    """The moves that the actor could make now, in the table's order."""
    return [
        chosen
        for chosen in order_states.moves(order.state, actor.roles)
        if _may(session, order, chosen, actor)
        and not _waits_for_handler(session, order, chosen)
        and not _is_in_hand(session, order, chosen)
        and not _waits_for_supervisor(session, order, chosen, actor)
    ]


def has_handler(session: Session, order: Order) -> bool:
    """Whether somebody has the order who may still work on it: in service, a handler, and of its unit or above."""
    handler = session.get(User, order.handler_id) if order.handler_id is not None else None
    return handler is not None and _may_work(session, order, handler)


def needs_appointment(session: Session, order: Order) -> bool:
    """Whether the order came back so often that a supervisor appoints who gets it next."""
    if not order.returns:
        return False
    return order.returns >= policy_for(session, session.get_one(Unit, order.intake_unit_id)).appoint_after_returns


def _waits_for_supervisor(session: Session, order: Order, chosen: Move, actor: Actor) -> bool:
    if chosen != Move.DISPATCH or actor.is_system or Role.SUPERVISOR in actor.roles:
        return False
    return needs_appointment(session, order)


def _waits_for_handler(session: Session, order: Order, chosen: Move) -> bool:
    """Done again without being accepted, an order needs somebody who has it: one that was only answered had nobody."""
    return chosen == Move.REWORK and not has_handler(session, order)


def _is_in_hand(session: Session, order: Order, chosen: Move) -> bool:
    """Nobody takes an order from a handler who can go on with it; from a body it is taken back at any time."""
    return chosen == Move.TAKE_BACK and order.state != OrderState.REFERRED and has_handler(session, order)


def _may_work(session: Session, order: Order, person: User) -> bool:
    return person.is_active and Role.HANDLER in person.roles and _is_below(session, order.unit_id, actor_for(person))


def _may(session: Session, order: Order, chosen: Move, actor: Actor) -> bool:
    # Whoever signs for a secret order learns what it holds; nobody else acts on what is not for them.
    if chosen != Move.ACCEPT and not sees_contents(actor, order):
        return False
    roles = actor.roles & order_states.WHO[chosen]
    if roles and _is_below(session, order.unit_id, actor):
        return True
    if roles and chosen in _BY_THE_BODY and order.referred_to_id and _is_below(session, order.referred_to_id, actor):
        return True
    # A handler works on what the own unit, or one below it, holds; the others act on all that they see.
    return bool(roles - {Role.HANDLER}) and _is_below(session, order.intake_unit_id, actor)


def _make(
    session: Session,
    order: Order,
    chosen: Move,
    actor: Actor,
    now: datetime,
    reason: str | None = None,
    row: CatalogueRow | None = None,
) -> None:
    before, body = order.state, order.referred_to_id if chosen in _WITH_THE_BODY else None
    with session.no_autoflush:  # the caller set what belongs to the new state already
        undone = chosen == Move.UNMERGE
        order.state = _before_merge(session, order) if undone else order_states.after(before, chosen)
        flag_modified(order, "state")  # a move that leads back to the same state is a change too
        clocks.follow(session, order, before, chosen, actor, now)
        _stop_clock(order, chosen, now)
        _follow_up_survey(order, chosen, now)
        if chosen in _OURS_AGAIN:
            order.referred_to_id = None
        event = OrderEvent(move=chosen, from_state=before, user_id=actor.user_id, at=now)
        event.reason, event.other_unit_id = (reason or "").strip() or None, body
        event.catalogue_row_id = row.id if row else None
    history.write(session, order, event)
    audit.note(session, actor, Action.ORDER_MOVED, now, subject="orders", subject_id=order.id, detail=chosen.value)
    alarm_state.follow(session, order, chosen, actor, now)


def _start_clocks(order: Order, at: datetime, limits: Limits, zone: ZoneInfo) -> None:
    order.clocks_started_at = at
    clocks.set_until(order, deadlines(limits, at, zone))


def _clocks_so_far(order: Order) -> OrderClocks:
    return OrderClocks(
        run=len(order.past_clocks),
        started_at=order.clocks_started_at,
        accept_by=order.accept_by,
        contact_by=order.contact_by,
        resolve_by=order.resolve_by,
        accepted_at=order.accepted_at,
        contacted_at=order.contacted_at,
        resolved_at=order.resolved_at,
    )


def _stop_clock(order: Order, chosen: Move, now: datetime) -> None:
    """The first time counts; whoever is given an order to do again need not sign for it a second time."""
    if chosen in {Move.ACCEPT, Move.REWORK}:
        order.accepted_at = order.accepted_at or now
    elif chosen == Move.CONTACT:
        order.contacted_at = order.contacted_at or now
    elif chosen in {Move.RESOLVE, Move.REPORT_BACK}:
        order.resolved_at = order.resolved_at or now


def _follow_up_survey(order: Order, chosen: Move, now: datetime) -> None:
    """Nobody is rung about an order that is not waiting for the callback; one that waits again is asked about."""
    waits = order.state == OrderState.RESOLVED
    for survey in order.survey_rounds:
        if not waits and survey.ended_at is None:
            survey.state = survey_states.round_after(survey.state, RoundEvent.CANCEL)
            survey.ended_at = now
        elif waits and chosen == Move.UNMERGE and survey.resolution == order.resolutions:
            survey.state = survey_states.round_after(survey.state, RoundEvent.RESUME)
            survey.ended_at = None


def _is_below(session: Session, unit_id: int, actor: Actor) -> bool:
    return session.get_one(Unit, unit_id).path.startswith(actor.unit_path)


def _before_merge(session: Session, order: Order) -> OrderState:
    return (
        session.scalars(
            select(OrderEvent.from_state)
            .where(OrderEvent.order_id == order.id, OrderEvent.move == Move.MERGE)
            .order_by(OrderEvent.id.desc())
            .limit(1)
        ).one()
        or OrderState.RECEIVED
    )
