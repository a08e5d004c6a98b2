"""A dispatch catalogue as people keep it: its rows, what each version changed, and who would get which order."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import case, select
from sqlalchemy.orm import Session, joinedload, selectinload

from hotline.models import CatalogueRow, CatalogueUse, CatalogueVersion, Unit
from hotline.rules import catalogue as rules
from hotline.rules.catalogue import Ground
from hotline.rules.facts import Category
from hotline.services import catalogue, organisation
from hotline.services.access import Actor
from hotline.services.catalogue import KEEPERS, OWNERS, Recipient
from hotline.services.desk.orders import UnitChoice, unit_choices
from hotline.services.desk.paging import Page, page_of
from hotline.services.policies import AUTOMATIC_SETTERS

# Versions on one page, and the changes of one that are told without asking for the file.
_VERSIONS = 10
_CHANGES = 30


@dataclass(frozen=True)
class Wanted:
    """Which rows and versions are asked for; without `category` the rows of all, `before` a version's number."""

    category: Category | None = None
    page: int = 1
    before: int | None = None


@dataclass(frozen=True)
class Given:
    """To whom a row gives its orders, and who assists; ids of units."""

    unit: int
    assisting: tuple[int, ...]


@dataclass(frozen=True)
class Change:
    """What a version made of one row: `before` is None for a new one, `after` for one that was dropped."""

    category: Category | None
    place: int | None
    before: Given | None
    after: Given | None


@dataclass(frozen=True)
class VersionTold:
    """A version, how many rows it has, and what it changed of the one before; of many changes only the first."""

    version: CatalogueVersion
    rows: int
    changes: tuple[Change, ...]
    count: int


@dataclass(frozen=True)
class Automatic:
    """Whether orders that come in at the unit are dispatched by themselves, and from which confidence on."""

    is_on: bool
    confidence: float
    is_own: bool
    may_set: bool


@dataclass(frozen=True)
class CatalogueDesk:
    """A unit's catalogue with all that decides who gets the orders that come in there."""

    owner: Unit
    owners: tuple[UnitChoice, ...]
    current: CatalogueVersion | None
    rows: Page[CatalogueRow]
    above: Sequence[CatalogueVersion]
    versions: tuple[VersionTold, ...]
    has_older: bool
    uses: Sequence[CatalogueUse]
    automatic: Automatic
    may_keep: bool
    units: tuple[UnitChoice, ...]
    names: Mapping[int, str]

    @property
    def seen(self) -> int:
        """The number of the version that the person looks at; 0 for none."""
        return self.current.number if self.current else 0


@dataclass(frozen=True)
class Look:
    """A catalogue whose rows were looked through, or a unit that was looked at for handlers, and what came of it."""

    version: CatalogueVersion | None
    unit: Unit | None
    is_found: bool


@dataclass(frozen=True)
class Preview:
    """Who would get such an order, and where that was looked for, one after the other."""

    category: Category | None
    place: Unit | None
    found: Recipient
    looks: tuple[Look, ...]


def row_of(session: Session, owner: Unit, row_id: int) -> CatalogueRow | None:
    """The row of the catalogue in use."""
    current = catalogue.in_use(session, owner)
    row = session.get(CatalogueRow, row_id)
    return row if row and current and row.version_id == current.id else None


def overview(session: Session, actor: Actor, owner: Unit, wanted: Wanted) -> CatalogueDesk:
    """Everything on the page of the unit's catalogue."""
    current, units = catalogue.in_use(session, owner), tuple(unit_choices(session))
    told, has_older = _versions(session, owner, wanted.before)
    names = {choice.code: choice.name for choice in units}
    return CatalogueDesk(
        owner=owner,
        owners=_owners(session, actor, names),
        current=current,
        rows=_rows(session, current, wanted),
        above=_above(session, owner),
        versions=told,
        has_older=has_older,
        uses=catalogue.uses(session, owner),
        automatic=_automatic(session, actor, owner),
        may_keep=owner.level in OWNERS and bool(actor.roles & KEEPERS),
        units=units,
        names={unit_id: names[code] for unit_id, code in session.execute(select(Unit.id, Unit.code))},
    )


def preview(session: Session, intake: Unit, category: Category | None, place: Unit | None) -> Preview:
    """Who gets an order of that category at that place that comes in at `intake`, and how that was found."""
    found = catalogue.recipient(session, intake, category, place)
    return Preview(category, place, found, (*_looks_at_rows(session, intake, found), *_looks_up(session, place, found)))


def _looks_at_rows(session: Session, intake: Unit, found: Recipient) -> Iterable[Look]:
    for version in catalogue.counting(session, intake):
        is_found = found.row is not None and found.row.version_id == version.id
        yield Look(version, version.unit, is_found)
        if is_found:
            return


def _looks_up(session: Session, place: Unit | None, found: Recipient) -> Iterable[Look]:
    if found.ground not in {Ground.PLACE, Ground.ABOVE, Ground.NOBODY} or place is None:
        return
    paths = rules.above(place.path)
    units = {unit.path: unit for unit in session.scalars(select(Unit).where(Unit.path.in_(paths)))}
    for path in paths:
        is_found = units[path] == found.unit
        yield Look(None, units[path], is_found)
        if is_found:
            return


def _owners(session: Session, actor: Actor, names: Mapping[str, str]) -> tuple[UnitChoice, ...]:
    below = Unit.path.startswith(actor.unit_path, autoescape=True)
    units = session.scalars(select(Unit).where(below, Unit.level.in_(OWNERS)).order_by(Unit.path))
    return tuple(UnitChoice(unit.code, names[unit.code], unit.level) for unit in units)


def _rows(session: Session, current: CatalogueVersion | None, wanted: Wanted) -> Page[CatalogueRow]:
    """The rows by category, and in each from place to place; what is for any comes last."""
    found = select(CatalogueRow).outerjoin(CatalogueRow.place)
    found = found.where(CatalogueRow.version_id == (current.id if current else None))
    if wanted.category is not None:
        found = found.where(CatalogueRow.category == wanted.category)
    ranks = {category.value: rank for rank, category in enumerate(Category)}
    by_category = case(ranks, value=CatalogueRow.category, else_=len(ranks))
    loaded = (joinedload(CatalogueRow.place), joinedload(CatalogueRow.unit), selectinload(CatalogueRow.assisting))
    in_order = found.order_by(by_category, Unit.path.asc().nulls_last(), CatalogueRow.id)
    return page_of(session, in_order.options(*loaded), wanted.page)


def _above(session: Session, owner: Unit) -> list[CatalogueVersion]:
    return [version for version in catalogue.counting(session, owner) if version.unit.id != owner.id]


def _automatic(session: Session, actor: Actor, owner: Unit) -> Automatic:
    policy = organisation.policy_for(session, owner)
    may_set, is_own = bool(actor.roles & AUTOMATIC_SETTERS), "auto_dispatch" in owner.policy
    return Automatic(policy.auto_dispatch, policy.auto_confidence, is_own, may_set)


def _versions(session: Session, owner: Unit, before: int | None) -> tuple[tuple[VersionTold, ...], bool]:
    """The newest versions below that number, and whether there are older ones."""
    found = [each for each in catalogue.versions(session, owner) if before is None or each.number < before]
    shown = found[: _VERSIONS + 1]
    rows = _given(session, [each.id for each in shown])
    told = []
    for each, previous in zip(shown[:_VERSIONS], [*shown[1:], None], strict=False):
        changes = _changes(rows[previous.id] if previous else {}, rows[each.id])
        told.append(VersionTold(each, len(rows[each.id]), tuple(changes[:_CHANGES]), len(changes)))
    return tuple(told), len(found) > _VERSIONS


_Rows = dict[tuple[Category | None, int | None], Given]


def _given(session: Session, version_ids: Sequence[int]) -> Mapping[int, _Rows]:
    """The rows of the versions as plain ids, since a catalogue may be long."""
    assisting: dict[int, list[int]] = defaultdict(list)
    helpers = select(CatalogueRow.id, Unit.id).join(CatalogueRow.assisting)
    for row_id, unit_id in session.execute(
        helpers.where(CatalogueRow.version_id.in_(version_ids)).order_by(CatalogueRow.id, Unit.id)
    ):
        assisting[row_id].append(unit_id)
    rows = select(
        CatalogueRow.id, CatalogueRow.version_id, CatalogueRow.category, CatalogueRow.place_id, CatalogueRow.unit_id
    )
    found: dict[int, _Rows] = {version_id: {} for version_id in version_ids}
    in_order = rows.where(CatalogueRow.version_id.in_(version_ids)).order_by(CatalogueRow.id)
    for row_id, version_id, category, place_id, unit_id in session.execute(in_order):
        found[version_id][category, place_id] = Given(unit_id, tuple(assisting[row_id]))
    return found


def _changes(before: _Rows, after: _Rows) -> list[Change]:
    keys = [*after, *(key for key in before if key not in after)]
    return [Change(*key, before.get(key), after.get(key)) for key in keys if before.get(key) != after.get(key)]
