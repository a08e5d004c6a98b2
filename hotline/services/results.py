"""The result of the help, with its closing elements; with it the callback begins."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from hotline.models import Order, Outcome, Result
from hotline.rules.facts import Category
from hotline.rules.order_states import Move
from hotline.services import orders, surveys
from hotline.services.access import Actor


class ClosingElementsMissingError(ValueError):
    """`missing` names each element that must be there before the order can be resolved."""

    def __init__(self, missing: list[str]) -> None:
        super().__init__(", ".join(missing))
        self.missing = missing


@dataclass(frozen=True)
class Report:
    """What a handler reports."""

    outcome: Outcome
    done: str
    why_not: str | None = None
    aid: str | None = None
    evidence: str | None = None


# A note of the visit is part of the help itself where somebody has to be seen.
EVIDENCE_NEEDED = frozenset({Category.ELDERLY, Category.CHILDREN, Category.DISABILITY, Category.HOMELESS})


def report(session: Session, order: Order, told: Report, actor: Actor, now: datetime, zone: ZoneInfo) -> Result:
    """The handler is done, or the body that the order was referred to is: ask the caller.

    Raises:
        ClosingElementsMissingError: naming what must be added first.
        hotline.rules.machine.ImpossibleMoveError, NotAllowedError
    """
    move = Move.REPORT_BACK if Move.REPORT_BACK in orders.possible(order) else Move.RESOLVE
    orders.check(session, order, move, actor)
    missing = _missing(order, told)
    if missing:
        raise ClosingElementsMissingError(missing)
    order.resolutions += 1
    result = Result(
        resolution=order.resolutions,
        outcome=told.outcome,
        done=told.done.strip(),
        why_not=told.why_not,
        aid=told.aid,
        evidence=told.evidence,
        user_id=actor.user_id,
        at=now,
    )
    orders.move(session, order, move, actor, now)
    order.results.append(result)
    surveys.open_round(session, order, now, zone)
    session.flush()
    return result


def _missing(order: Order, told: Report) -> list[str]:
    missing = []
    if order.contacted_at is None:
        missing.append("contact")
    if not told.done.strip():
        missing.append("done")
    if told.outcome == Outcome.NOT_SOLVED and not (told.why_not or "").strip():
        missing.append("why_not")
    if order.category in EVIDENCE_NEEDED and not (told.evidence or "").strip():
        missing.append("evidence")
    return missing
