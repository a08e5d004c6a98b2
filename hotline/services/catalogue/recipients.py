"""Who gets an order: by the rows that could fit it, else by where handlers work."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from hotline.models import CatalogueRow, Order, Unit, User, UserRole
from hotline.rules import catalogue as rules
from hotline.rules.catalogue import Ground
from hotline.rules.facts import Category
from hotline.rules.roles import Role
from hotline.services.catalogue.versions import counting_ids, ids, with_units


@dataclass(frozen=True)
class Recipient:
    """Who gets an order and why; without `unit` nobody does. `has_signer`: somebody there, or above, could sign."""

    ground: Ground
    unit: Unit | None = None
    row: CatalogueRow | None = None
    has_signer: bool = False


def recipient(session: Session, intake: Unit, category: Category | None, place: Unit | None) -> Recipient:
    """Who gets an order of that category at that place, taken in at `intake`; both may be unknown."""
    counting = counting_ids(session, intake)
    fitting = _fitting(session, counting, category, place)
    staffed = {path for _id, path in _staffed(session, ids(place.path))} if place else set()
    by_version = [[_plain(row) for row in fitting.values() if row.version_id == each] for each in counting]
    choice = rules.choose(by_version, category, place.path if place else None, staffed)
    if choice.unit is None:
        return Recipient(choice.ground)
    unit = session.scalars(select(Unit).where(Unit.path == choice.unit)).one()
    row = fitting[choice.row.row_id] if choice.row else None
    return Recipient(choice.ground, unit, row, bool(_staffed(session, ids(unit.path))))


def recipient_of(session: Session, order: Order) -> Recipient:
    """Who gets the order as its facts stand now."""
    place = session.get_one(Unit, order.place_id) if order.place_id else None
    return recipient(session, order.intake_unit, order.category, place)


def without_signers(session: Session, units: Iterable[Unit]) -> list[Unit]:
    """Those of `units` at which, and above which, nobody could sign for an order."""
    wanted = list(units)
    staffed = {unit_id for unit_id, _path in _staffed(session, {each for unit in wanted for each in ids(unit.path)})}
    return [unit for unit in wanted if not staffed & set(ids(unit.path))]


def _fitting(
    session: Session, version_ids: list[int], category: Category | None, place: Unit | None
) -> dict[int, CatalogueRow]:
    """Of what may be a long table only the rows that such an order could go by."""
    places = ids(place.path) if place else []
    rows = select(CatalogueRow).where(
        CatalogueRow.version_id.in_(version_ids),
        or_(CatalogueRow.category.is_(None), CatalogueRow.category == category),
        or_(CatalogueRow.place_id.is_(None), CatalogueRow.place_id.in_(places)),
    )
    return {row.id: row for row in session.scalars(rows.options(*with_units()))}


def _plain(row: CatalogueRow) -> rules.Row:
    return rules.Row(row.id, row.category, row.place.path if row.place else None, row.unit.path)


def _staffed(session: Session, unit_ids: Iterable[int]) -> Sequence[tuple[int, str]]:
    """Id and path of those units in which a handler works who can sign in."""
    found = (
        select(Unit.id, Unit.path)
        .join(User, User.unit_id == Unit.id)
        .join(UserRole, UserRole.user_id == User.id)
        .where(Unit.id.in_(list(unit_ids)), User.is_active, UserRole.role == Role.HANDLER)
        .distinct()
    )
    return [(unit_id, path) for unit_id, path in session.execute(found)]
