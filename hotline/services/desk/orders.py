"""Orders as people work on them: the list with its clocks, and one order with all that belongs to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload, selectinload, undefer
from sqlalchemy.sql.base import ExecutableOption

from hotline.models import (
    Action,
    Approval,
    Attachment,
    Call,
    Fact,
    Level,
    Order,
    OrderAssistant,
    OrderEvent,
    Origin,
    OutboxEntry,
    Recording,
    Result,
    Statement,
    SurveyAnswer,
    SurveyAttempt,
    SurveyRound,
    Transcript,
    Unit,
)
from hotline.rules.clocks import Step, running
from hotline.rules.facts import Category, FactName, Urgency
from hotline.rules.order_states import OPEN, ORDER, Move, OrderState
from hotline.rules.roles import DIALLERS
from hotline.rules.supervision import TIMED
from hotline.services import audit, clocks, facts, orders
from hotline.services.access import Actor, contents_seen, require_contents, require_role, sees_contents, sees_order
from hotline.services.desk import calls, troubles
from hotline.services.desk.paging import Page, page_of
from hotline.services.facts import FactVersions
from hotline.services.results import waits_for_approval


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
    number: str = ""
    page: int = 1


@dataclass(frozen=True)
class UnitChoice:
    """A unit that can be chosen, with the names of those above it."""

    code: str
    name: str
    level: Level


@dataclass(frozen=True)
class Changes:
    """What other people did with an order since somebody looked at it."""

    moves: tuple[OrderEvent, ...]
    facts: tuple[Fact, ...]


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
    return running(clocks.until(order), clocks.done(order), order.paused_at)


def listed(session: Session, actor: Actor, wanted: OrdersWanted, now: datetime) -> Page[Order]:
    """The orders that the actor sees, the most pressing first."""
    found = select(Order).where(sees_order(actor), *_conditions(actor, wanted, now))
    return page_of(session, most_pressing_first(found), wanted.page)


def most_pressing_first(found: Select[Order]) -> Select[Order]:
    """Emergencies, then what ends next, then what has ended; with what a list shows of each."""
    ended_last = case((Order.state.in_(OPEN), 0), else_=1)
    emergency_first = case((Order.urgency == Urgency.EMERGENCY, 0), else_=1)
    return found.order_by(
        ended_last, emergency_first, due_at().asc().nulls_last(), Order.received_at.desc(), Order.id.desc()
    ).options(joinedload(Order.unit), joinedload(Order.place), joinedload(Order.handler))


def _conditions(actor: Actor, wanted: OrdersWanted, now: datetime) -> list[ColumnElement[bool]]:
    equal = {Order.state: wanted.state, Order.urgency: wanted.urgency, Order.category: wanted.category}
    conditions: list[ColumnElement[bool]] = [column == value for column, value in equal.items() if value is not None]
    if wanted.category is not None:
        conditions.append(contents_seen(actor))
    if wanted.mine:
        conditions.append(Order.handler_id == actor.user_id)
    if wanted.to_approve:
        conditions.append(waits_for_approval())
    if wanted.overdue:
        conditions.append(is_overdue(now))
    if wanted.number:
        conditions.append(Order.number.contains(wanted.number, autoescape=True))
    elif wanted.state is None and not wanted.ended_too:
        conditions.append(Order.state.in_(OPEN))
    return conditions


def due_at() -> ColumnElement[datetime | None]:
    """What `clock_of` gives, as the database reckons it; least() passes over null."""
    return case(
        (
            Order.state.in_(TIMED),
            func.least(
                case((Order.accepted_at.is_(None), Order.accept_by)),
                case((and_(Order.contacted_at.is_(None), _is_not_stopped(Order.contact_by)), Order.contact_by)),
                case((and_(_is_not_resolved(), _is_not_stopped(Order.resolve_by)), Order.resolve_by)),
            ),
        )
    )


def _is_not_resolved() -> ColumnElement[bool]:
    return and_(Order.resolved_at.is_(None), Order.reported_at.is_(None))


def _is_not_stopped(due: InstrumentedAttribute[datetime | None]) -> ColumnElement[bool]:
    return or_(Order.paused_at.is_(None), due <= Order.paused_at)


def is_overdue(now: datetime) -> ColumnElement[bool]:
    """A condition on `Order`: a clock has run out."""
    return and_(due_at().is_not(None), due_at() < now)


def one(session: Session, actor: Actor, number: str, now: datetime) -> OrderDesk | None:
    """The order with everything on it, the look at its transcripts written down; None when the actor sees none."""
    order = session.scalars(
        select(Order).where(Order.number == number, sees_order(actor)).options(*_everything())
    ).one_or_none()
    if order is None:
        return None
    shows_contents = sees_contents(actor, order)
    if shows_contents:
        calls.note_transcripts_seen(session, actor, order.calls, now)
    moves = orders.allowed(session, order, actor)
    dead = [entry for call in order.calls for entry in troubles.dead_of_call(session, call.id)]
    return OrderDesk(
        order, facts.present(order), tuple(moves), tuple(unit_choices(session)), shows_contents, tuple(dead)
    )


def to_change(session: Session, actor: Actor, number: str) -> Order | None:
    """The order alone, locked until the transaction ends."""
    found = select(Order).where(Order.number == number, sees_order(actor))
    return session.scalars(
        found.with_for_update(of=Order, key_share=True), execution_options={"populate_existing": True}
    ).one_or_none()


def lock(session: Session, *numbers: str) -> None:
    """Lock several orders in the order of their ids, so that nobody who locks the same ones waits for us in turn."""
    session.execute(
        select(Order.id).where(Order.number.in_(numbers)).order_by(Order.id).with_for_update(key_share=True)
    )


def is_seen(session: Session, actor: Actor, order: Order) -> bool:
    """Whether the actor still sees the order, which may have gone to another unit."""
    return session.scalar(select(Order.id).where(Order.id == order.id, sees_order(actor))) is not None


def changes_since(session: Session, number: str, seen_at: datetime) -> Changes:
    """What happened to an order from `seen_at` on."""
    moves = select(OrderEvent).join(OrderEvent.order).where(Order.number == number, OrderEvent.at >= seen_at)
    said = select(Fact).join(Fact.order).where(Order.number == number, Fact.made_at >= seen_at)
    by_people = said.where(Fact.origin == Origin.PERSON).options(joinedload(Fact.user))
    return Changes(
        tuple(session.scalars(moves.options(joinedload(OrderEvent.user)).order_by(OrderEvent.id))),
        tuple(session.scalars(by_people.order_by(Fact.id))),
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
    units = list(session.scalars(select(Unit).order_by(Unit.path)))
    names = {unit.id: unit.name for unit in units}

    def chain(unit: Unit) -> list[str]:
        # The city is above them all, and says nothing.
        return [names[int(part)] for part in unit.path.strip("/").split("/")][1 if unit.parent_id else 0 :]

    return sorted(
        (UnitChoice(unit.code, " › ".join(chain(unit)), unit.level) for unit in units), key=_by_level_and_name
    )


def _by_level_and_name(choice: UnitChoice) -> tuple[bool, str]:
    return choice.level in {Level.DEPARTMENT, Level.CHARITY}, choice.name


def _everything() -> tuple[ExecutableOption, ...]:
    answered = selectinload(SurveyAttempt.answers).joinedload(SurveyAnswer.recording)
    heard = selectinload(Order.calls).selectinload(Call.recordings)
    answers = answered.options(undefer(Recording.peaks), selectinload(Recording.transcripts))
    attempts = selectinload(Order.survey_rounds).selectinload(SurveyRound.attempts)
    return (
        joinedload(Order.unit),
        joinedload(Order.intake_unit),
        joinedload(Order.place),
        joinedload(Order.handler),
        selectinload(Order.calls).joinedload(Call.line),
        heard.options(undefer(Recording.peaks), selectinload(Recording.transcripts).joinedload(Transcript.user)),
        selectinload(Order.history).options(
            joinedload(OrderEvent.user), joinedload(OrderEvent.unit), joinedload(OrderEvent.other_unit)
        ),
        selectinload(Order.facts).options(
            joinedload(Fact.user), joinedload(Fact.transcript), joinedload(Fact.statement)
        ),
        selectinload(Order.statements).options(joinedload(Statement.user), joinedload(Statement.message)),
        selectinload(Order.messages),
        joinedload(Order.outreach_event),
        selectinload(Order.results).options(
            joinedload(Result.user),
            selectinload(Result.attachments),
            joinedload(Result.approval).joinedload(Approval.decided_by),
        ),
        selectinload(Order.approvals).options(joinedload(Approval.user), joinedload(Approval.decided_by)),
        selectinload(Order.attachments).joinedload(Attachment.user),
        selectinload(Order.assistants).joinedload(OrderAssistant.unit),
        selectinload(Order.survey_rounds).joinedload(SurveyRound.user),
        attempts.options(answers),
    )
