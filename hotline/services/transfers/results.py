"""What became of orders that were passed on, written back to whoever passed them on: once for each ending."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Select, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased, joinedload
from sqlalchemy.sql.base import ExecutableOption

from hotline.models import (
    Action,
    Order,
    OrderEvent,
    Outcome,
    Result,
    ResultFile,
    SurveyRound,
    Transfer,
    TransferResult,
    Unit,
)
from hotline.rules.order_states import Move, OrderState
from hotline.rules.survey_states import Resolved, Satisfied
from hotline.rules.transfers import AID, ENDED, WHY_NOT
from hotline.services import audit
from hotline.services.access import Actor, require_role
from hotline.services.transfers.sources import spellings
from hotline.services.transfers.taking import TAKERS

# An order that is opened again later than this, and ends otherwise, is told of by whoever opened it.
_WATCHED_FOR = timedelta(days=180)


class NothingToWriteError(ValueError):
    """No order of that platform has come to an end since the last time."""


@dataclass(frozen=True)
class Ending:
    """How an order stands for whoever passed it on; one that went into another stands as that one does.

    `order_id` is that one. Of what is secret, and of another caller's matter, only state, outcome and times are told.
    """

    order_id: int
    state: OrderState
    resolution: int
    outcome: Outcome | None = None
    done: str | None = None
    contacted_at: datetime | None = None
    resolved_at: datetime | None = None
    resolved: Resolved | None = None
    satisfied: Satisfied | None = None

    @property
    def is_over(self) -> bool:
        """Whether there is a result to tell."""
        return self.state in ENDED


def waiting(session: Session, actor: Actor, now: datetime) -> Mapping[str, int]:
    """For each platform how many results wait to be written back, among the orders that the actor sees."""
    found = _unwritten(actor, now).with_only_columns(Transfer.source, func.count()).group_by(Transfer.source)
    return {row[0]: row[1] for row in session.execute(found.order_by(Transfer.source))}


def write_back(session: Session, source: str, unit: Unit, actor: Actor, now: datetime) -> ResultFile:
    """Write down the results of the platform's orders that have come to an end since the last time.

    Raises:
        NotAllowedError
        NothingToWriteError
    """
    require_role(actor, *TAKERS)
    ended = session.execute(_unwritten(actor, now).where(Transfer.source == source).order_by(Transfer.id)).all()
    file = ResultFile(source=source, unit_id=unit.id, user_id=actor.user_id, made_at=now)
    session.add(file)
    session.flush()
    written = [_write(session, file, transfer, ending_of(session, transfer.order, source)) for transfer, _ in ended]
    if not any(written):
        raise NothingToWriteError(f"no order of {source} has ended since the last time")
    audit.note(session, actor, Action.RESULTS_WRITTEN, now, subject="result_files", subject_id=file.id)
    return file


def files(session: Session, actor: Actor, limit: int) -> Sequence[tuple[ResultFile, int]]:
    """The last files of results of the actor's unit and all below it, with how many results are in each."""
    found = (
        select(ResultFile, func.count(TransferResult.id))
        .join(ResultFile.unit)
        .outerjoin(ResultFile.results)
        .where(Unit.path.startswith(actor.unit_path, autoescape=True))
        .group_by(ResultFile.id)
        .order_by(ResultFile.made_at.desc(), ResultFile.id.desc())
        .limit(limit)
        .options(joinedload(ResultFile.user), joinedload(ResultFile.unit))
    )
    return [(row[0], row[1]) for row in session.execute(found)]


def file_by_id(session: Session, actor: Actor, file_id: int) -> ResultFile | None:
    """A file of results of the actor's unit or one below it."""
    found = select(ResultFile).join(ResultFile.unit).where(ResultFile.id == file_id)
    return session.scalars(found.where(Unit.path.startswith(actor.unit_path, autoescape=True))).one_or_none()


def results_in(session: Session, file: ResultFile) -> Sequence[TransferResult]:
    """What was written back then, as it stood then."""
    found = select(TransferResult).where(TransferResult.file_id == file.id).order_by(TransferResult.id)
    return session.scalars(found.options(*_orders())).all()


def results_between(session: Session, actor: Actor, since: datetime, until: datetime) -> Sequence[TransferResult]:
    """What was written back in that time, from `since` until before `until`; the same whenever it is asked for."""
    found = select(TransferResult).join(TransferResult.file).join(ResultFile.unit)
    seen = Unit.path.startswith(actor.unit_path, autoescape=True)
    within = found.where(seen, ResultFile.made_at >= since, ResultFile.made_at < until)
    return session.scalars(within.order_by(TransferResult.id).options(*_orders())).all()


def ending_of(session: Session, order: Order, source: str) -> Ending:
    """How the order that `source` passed on stands now, or the one that it went into."""
    is_secret = order.is_secret
    while order.merged_into_id is not None:
        order = session.get_one(Order, order.merged_into_id)
        is_secret = is_secret or order.is_secret
    of_platform = Transfer.source.in_(spellings(session, source))
    theirs = select(Transfer.id).where(Transfer.order_id == order.id, of_platform)
    ending = _ending(session, order)
    if is_secret or session.scalar(theirs) is None:
        return replace(ending, done=None, resolved=None, satisfied=None)
    return ending


def _orders() -> tuple[ExecutableOption, ...]:
    return joinedload(TransferResult.transfer).joinedload(Transfer.order), joinedload(TransferResult.order)


def _ending(session: Session, order: Order) -> Ending:
    result = session.scalars(
        select(Result).where(Result.order_id == order.id, Result.resolution == order.resolutions)
    ).one_or_none()
    asked = session.scalars(
        select(SurveyRound).where(SurveyRound.order_id == order.id, SurveyRound.resolution == order.resolutions)
    ).one_or_none()
    if result is None or order.state not in {OrderState.CLOSED, OrderState.RESOLVED}:
        return _ending_without_result(session, order)
    return Ending(
        order.id,
        order.state,
        order.resolutions,
        result.outcome,
        _words(result),
        order.contacted_at,
        result.at,
        asked.resolved if asked else None,
        asked.satisfied if asked else None,
    )


def _words(result: Result) -> str:
    more = ((WHY_NOT, result.why_not), (AID, result.aid))
    return "\n".join([result.done, *(f"{label}{said}" for label, said in more if said)])


def _ending_without_result(session: Session, order: Order) -> Ending:
    """Of what was answered at once, the answer is the contact and settles it, however long it then stays open."""
    so_far = Ending(order.id, order.state, order.resolutions, contacted_at=order.contacted_at)
    said = _said_at_the_end(session, order) if so_far.is_over else None
    if said is None:
        return so_far
    if said.move != Move.ANSWER:
        return replace(so_far, done=said.reason)
    return replace(so_far, done=said.reason, contacted_at=order.contacted_at or said.at, resolved_at=said.at)


def _said_at_the_end(session: Session, order: Order) -> OrderEvent | None:
    """How it was answered at once, or found to be invalid; what was said as it was closed is for us alone."""
    settled = select(OrderEvent).where(
        OrderEvent.order_id == order.id, OrderEvent.move.in_((Move.ANSWER, Move.INVALIDATE))
    )
    return session.scalars(settled.order_by(OrderEvent.id.desc()).limit(1)).one_or_none()


def _write(session: Session, file: ResultFile, transfer: Transfer, ending: Ending) -> bool:
    """Whether it was not written back before; two who write at the same moment do so once."""
    row = insert(TransferResult).values(
        file_id=file.id,
        transfer_id=transfer.id,
        order_id=ending.order_id,
        resolution=ending.resolution,
        state=ending.state,
        outcome=ending.outcome,
        done=ending.done,
        contacted_at=ending.contacted_at,
        resolved_at=ending.resolved_at,
        resolved=ending.resolved,
        satisfied=ending.satisfied,
    )
    whose = [TransferResult.transfer_id, TransferResult.order_id]
    of_one = [*whose, TransferResult.resolution, TransferResult.state]
    once = row.on_conflict_do_nothing(index_elements=of_one).returning(TransferResult.id)
    return session.scalar(once) is not None


def _unwritten(actor: Actor, now: datetime) -> Select[Transfer, Order]:
    """Transfers with the order at the end of their merges, where that has ended as nobody was told."""
    root, through = aliased(Order), aliased(Order)
    own = aliased(Order)
    watched = or_(
        Transfer.passed_on_at > now - _WATCHED_FOR,
        ~select(TransferResult.id).where(TransferResult.transfer_id == Transfer.id).exists(),
    )
    ways = (
        select(Transfer.id.label("transfer_id"), own.id.label("order_id"))
        .join(own, own.id == Transfer.order_id)
        .join(Unit, Unit.id == own.intake_unit_id)
        .where(watched, Unit.path.startswith(actor.unit_path, autoescape=True))
        .cte("ways", recursive=True)
    )
    onward = select(ways.c.transfer_id, through.merged_into_id).join(through, through.id == ways.c.order_id)
    ways = ways.union_all(onward.where(through.merged_into_id.is_not(None)))
    told = select(TransferResult.id).where(
        TransferResult.transfer_id == Transfer.id,
        TransferResult.order_id == root.id,
        TransferResult.resolution == root.resolutions,
        (TransferResult.state == OrderState.INVALID) == (root.state == OrderState.INVALID),
    )
    return (
        select(Transfer, root)
        .join(ways, ways.c.transfer_id == Transfer.id)
        .join(root, root.id == ways.c.order_id)
        .where(root.merged_into_id.is_(None), root.state.in_(ENDED), ~told.exists())
    )
