"""Orders of other platforms as people see them: files brought in, orders on their way, results to be written back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, joinedload

from hotline.models import Order, ResultFile, Transfer, TransferFile, TransferResult, Unit
from hotline.services import transfers
from hotline.services.access import Actor, require_role
from hotline.services.desk import units
from hotline.services.desk.orders import UnitChoice
from hotline.services.desk.paging import Page, page_of

_LAST = 10


@dataclass(frozen=True)
class TransferDesk:
    """What was brought in lately, what waits to be written back, by platform, and what is on its way.

    `sources` are the platforms to choose from; a person may name another.
    """

    units: Sequence[UnitChoice]
    sources: Sequence[str]
    files: Sequence[TransferFile]
    waiting: Mapping[str, int]
    result_files: Sequence[tuple[ResultFile, int]]
    on_the_way: Page[Transfer]


def overview(session: Session, actor: Actor, page: int, now: datetime) -> TransferDesk:
    """The page of an actor.

    Raises:
        NotAllowedError
    """
    require_role(actor, *transfers.TAKERS)
    seen = _is_in_sight(actor)
    files = (
        select(TransferFile)
        .join(TransferFile.unit)
        .where(seen)
        .order_by(TransferFile.came_at.desc(), TransferFile.id.desc())
        .limit(_LAST)
        .options(joinedload(TransferFile.user), joinedload(TransferFile.unit))
    )
    told = select(TransferResult.id).where(TransferResult.transfer_id == Transfer.id)
    order = joinedload(Transfer.order)
    on_the_way = (
        select(Transfer)
        .join(Transfer.order)
        .join(Unit, Unit.id == Order.intake_unit_id)
        .where(seen, ~told.exists())
        .order_by(Transfer.id.desc())
        .options(order.joinedload(Order.unit), order.joinedload(Order.handler))
    )
    return TransferDesk(
        units.choices(session, actor),
        transfers.choices(session, actor),
        session.scalars(files).all(),
        transfers.waiting(session, actor, now),
        transfers.files(session, actor, _LAST),
        page_of(session, on_the_way, page),
    )


def file_by_id(session: Session, actor: Actor, file_id: int) -> TransferFile | None:
    """What became of a file for the actor's unit or one below it."""
    found = select(TransferFile).join(TransferFile.unit).where(TransferFile.id == file_id, _is_in_sight(actor))
    return session.scalars(found.options(joinedload(TransferFile.user), joinedload(TransferFile.unit))).one_or_none()


def _is_in_sight(actor: Actor) -> ColumnElement[bool]:
    return Unit.path.startswith(actor.unit_path, autoescape=True)
