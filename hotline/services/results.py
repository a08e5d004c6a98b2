"""The result of the help, with its closing elements and, where the unit wants it, a supervisor's word on it.

With the result the callback begins.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session, contains_eager

from hotline.models import Action, Approval, Order, Outcome, Result, Unit, User, UserRole
from hotline.rules import closing
from hotline.rules.attachments import AttachmentKind
from hotline.rules.closing import Element, Held
from hotline.rules.order_states import Move, Remark
from hotline.rules.policy import Policy
from hotline.rules.roles import Role
from hotline.rules.supervision import ApprovalState
from hotline.services import attachments, audit, calendar, clocks, orders, surveys
from hotline.services.access import Actor, NotAllowedError, actor_for, answers_for_order, supervises
from hotline.services.orders import ReasonMissingError
from hotline.services.organisation import policy_for


class ClosingElementsMissingError(ValueError):
    """`missing` names each element that must be there before the order can be resolved."""

    def __init__(self, missing: list[Element]) -> None:
        super().__init__(", ".join(missing))
        self.missing = missing


class NotReportedError(ValueError):
    """The result was decided about or withdrawn before."""


@dataclass(frozen=True)
class Report:
    """What a handler reports."""

    outcome: Outcome
    done: str
    why_not: str | None = None
    aid: str | None = None
    evidence: str | None = None


def report(
    session: Session, order: Order, told: Report, actor: Actor, now: datetime, zone: ZoneInfo
) -> Result | Approval:
    """The handler is done, or the body that the order was referred to is: ask the caller, or a supervisor first.

    What was reported before and is not decided yet is withdrawn.

    Raises:
        ClosingElementsMissingError: naming what must be added first.
        hotline.rules.machine.ImpossibleMoveError, NotAllowedError
    """
    orders.check(session, order, _move(order), actor)
    _check_complete(session, order, told)
    if _policy(session, order).results_need_approval & {order.urgency, order.category}:
        return _ask(session, order, told, actor, now, zone)
    clocks.withdraw_approval(order)
    order.resolutions += 1
    orders.move(session, order, _move(order), actor, now)
    return _settle(session, order, _result(order, told, actor.user_id, now), now, zone)


def approve(
    session: Session, approval: Approval, actor: Actor, now: datetime, zone: ZoneInfo, word: str = ""
) -> Result:
    """The result stands: the order is resolved, in the time in which the handler reported. The order is locked.

    Raises:
        NotAllowedError, NotReportedError
        ClosingElementsMissingError: since it was reported the order turned out to be one that needs more.
    """
    order = _check_undecided(session, approval, actor)
    told = Report(approval.outcome, approval.done, approval.why_not, approval.aid, approval.evidence)
    _check_complete(session, order, told)
    _decide(approval, ApprovalState.APPROVED, word, actor, now)
    order.resolutions += 1
    orders.resolve_as_reported(session, order, _move(order), approval.asked_at, actor, now, approval.word)
    _note(session, order, Action.RESULT_DECIDED, ApprovalState.APPROVED, actor, now)
    approval.result = _result(order, told, approval.user_id, approval.asked_at)
    return _settle(session, order, approval.result, now, zone)


def send_back(session: Session, approval: Approval, word: str, actor: Actor, now: datetime) -> None:
    """The result does not stand: clocks run on as if nothing had been reported. The order is locked.

    Raises:
        NotAllowedError, NotReportedError, ReasonMissingError
    """
    order = _check_undecided(session, approval, actor)
    if not word.strip():
        raise ReasonMissingError("sent back")
    _decide(approval, ApprovalState.SENT_BACK, word, actor, now)
    order.reported_at, order.decide_by, order.look_at = None, None, now
    orders.remark(session, order, Remark.RESULT_SENT_BACK, actor, now, reason=approval.word)
    _note(session, order, Action.RESULT_DECIDED, ApprovalState.SENT_BACK, actor, now)


def may_decide(session: Session, approval: Approval, actor: Actor) -> bool:
    """Whether the actor decides: a supervisor of the holder, of where the order came in, or above; never oneself."""
    return actor.user_id != approval.user_id and supervises(session, actor, approval.order)


def to_decide(session: Session, actor: Actor) -> Sequence[Approval]:
    """The results that wait for the word of a supervisor such as the actor, oldest first; none of the actor's own."""
    found = (
        select(Approval)
        .join(Approval.order)
        .where(Approval.state == ApprovalState.ASKED, waits_for(actor))
        .order_by(Approval.asked_at, Approval.id)
        .options(
            *(contains_eager(Approval.order).joinedload(part) for part in (Order.unit, Order.handler, Order.place))
        )
    )
    return session.scalars(found).all()


def nearest_to_decide(session: Session, order: Order, chain: Sequence[Unit]) -> Unit:
    """The first unit of `chain` with a supervisor in service who may decide about the waiting result, or the last."""
    approval = clocks.asked_approval(order)
    assert approval is not None  # noqa: S101 - only a result that waits has a limit for the word on it
    supervisors = select(User).join(UserRole).where(User.is_active, UserRole.role == Role.SUPERVISOR)
    for unit in chain:
        people = session.scalars(supervisors.where(User.unit_id == unit.id))
        if any(may_decide(session, approval, actor_for(person)) for person in people):
            return unit
    return chain[-1]


def waits_for(actor: Actor) -> ColumnElement[bool]:
    """A condition on `Order`: its result waits for the word of a supervisor such as the actor (see `may_decide`)."""
    asked = select(Approval.id).where(
        Approval.order_id == Order.id,
        Approval.state == ApprovalState.ASKED,
        Approval.user_id.is_distinct_from(actor.user_id),
    )
    # The first says nothing new, but that only orders with a report need be looked through.
    return and_(Order.reported_at.is_not(None), asked.correlate(Order).exists(), answers_for_order(actor))


def needed(session: Session, order: Order) -> tuple[Element, ...]:
    """The closing elements that a result of this order must hold."""
    return closing.needed(order.category, _policy(session, order).closing)


def there_before(order: Order) -> frozenset[Element]:
    """The closing elements that the order holds itself, whatever will be reported: a contact, a photo of our own."""
    return closing.there(_held(order, Report(Outcome.NOT_SOLVED, done="")))


def _move(order: Order) -> Move:
    return Move.REPORT_BACK if Move.REPORT_BACK in orders.possible(order) else Move.RESOLVE


def _check_complete(session: Session, order: Order, told: Report) -> None:
    missing = closing.missing(needed(session, order), _held(order, told))
    if missing:
        raise ClosingElementsMissingError(missing)


def _policy(session: Session, order: Order) -> Policy:
    return policy_for(session, session.get_one(Unit, order.intake_unit_id))


def _held(order: Order, told: Report) -> Held:
    return Held(
        is_contacted=order.contacted_at is not None,
        done=told.done,
        is_unsolved=told.outcome == Outcome.NOT_SOLVED,
        why_not=told.why_not,
        aid=told.aid,
        visit_record=told.evidence,
        photos=sum(each.kind == AttachmentKind.PHOTO for each in attachments.of_work(order)),
    )


def _ask(session: Session, order: Order, told: Report, actor: Actor, now: datetime, zone: ZoneInfo) -> Approval:
    clocks.withdraw_approval(order)
    session.flush()
    approval = Approval(
        run=clocks.run_of(order),
        state=ApprovalState.ASKED,
        outcome=told.outcome,
        done=told.done.strip(),
        why_not=told.why_not,
        aid=told.aid,
        evidence=told.evidence,
        user_id=actor.user_id,
        asked_at=now,
    )
    order.approvals.append(approval)
    order.reported_at, order.decide_by, order.look_at = now, _decide_by(session, order, now, zone), now
    orders.remark(session, order, Remark.RESULT_REPORTED, actor, now)
    _note(session, order, Action.RESULT_REPORTED, ApprovalState.ASKED, actor, now)
    return approval


def _decide_by(session: Session, order: Order, now: datetime, zone: ZoneInfo) -> datetime:
    """Whatever the matter is, a word about its result is office work, done in working hours."""
    unit = session.get_one(Unit, order.intake_unit_id)
    policy = policy_for(session, unit)
    return calendar.working_time(session, unit, policy, now, zone).add(now, policy.decide_within)


def _check_undecided(session: Session, approval: Approval, actor: Actor) -> Order:
    if not may_decide(session, approval, actor):
        raise NotAllowedError("another supervisor of the unit or above decides about a result")
    session.refresh(approval, ["state"])
    if approval.state != ApprovalState.ASKED:
        raise NotReportedError("this result was decided about or withdrawn before")
    return approval.order


def _decide(approval: Approval, state: ApprovalState, word: str, actor: Actor, now: datetime) -> None:
    approval.state, approval.word = state, word.strip() or None
    approval.decided_by_id, approval.decided_at = actor.user_id, now


def _result(order: Order, told: Report, user_id: int | None, at: datetime) -> Result:
    result = Result(
        resolution=order.resolutions,
        outcome=told.outcome,
        done=told.done.strip(),
        why_not=told.why_not,
        aid=told.aid,
        evidence=told.evidence,
        user_id=user_id,
        at=at,
    )
    order.results.append(result)
    result.attachments = attachments.of_work(order)
    return result


def _settle(session: Session, order: Order, result: Result, now: datetime, zone: ZoneInfo) -> Result:
    surveys.open_round(session, order, now, zone)
    session.flush()
    return result


def _note(session: Session, order: Order, action: Action, state: ApprovalState, actor: Actor, now: datetime) -> None:
    audit.note(session, actor, action, now, subject="orders", subject_id=order.id, detail=state.value)
