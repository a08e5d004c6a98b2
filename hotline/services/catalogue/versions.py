"""Versions of a catalogue: each whole, only ever added; which one counts is a row of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, selectinload
from sqlalchemy.sql.base import ExecutableOption

from hotline.models import Action, CatalogueRow, CatalogueUse, CatalogueVersion, Level, Unit
from hotline.rules.facts import Category
from hotline.rules.roles import Role
from hotline.services import audit, orders
from hotline.services.access import Actor, NotAllowedError, require_role

# Which units keep a catalogue; it counts for what comes in there and below.
OWNERS = frozenset({Level.CITY, Level.DISTRICT, Level.STREET})
KEEPERS = frozenset({Role.DISPATCHER, Role.SUPERVISOR, Role.ADMINISTRATOR})


class CatalogueUnitError(ValueError):
    """A unit of this level keeps no catalogue."""


class NoteMissingError(ValueError):
    """Nobody will know why the catalogue was changed."""


class UnusableCatalogueError(ValueError):
    """A row that cannot be, or two for the same orders."""


class NoSuchVersionError(ValueError):
    """The unit has no version of that number, or none in use."""


class CatalogueChangedError(Exception):
    """Somebody else changed the catalogue since the person looked; `current` counts now."""

    def __init__(self, current: CatalogueVersion | None) -> None:
        super().__init__("the catalogue was changed meanwhile")
        self.current = current


@dataclass(frozen=True)
class NewRow:
    """A row to be kept: orders of a category at a place, None for any, go to `unit`, and `assisting` units help."""

    category: Category | None
    place: Unit | None
    unit: Unit
    assisting: tuple[Unit, ...] = ()

    @property
    def key(self) -> tuple[Category | None, int | None]:
        """Which orders it is for; a catalogue has one row for each."""
        return self.category, self.place.id if self.place else None


def in_use(session: Session, owner: Unit) -> CatalogueVersion | None:
    """The unit's own catalogue as it counts now."""
    newest = select(CatalogueUse).where(CatalogueUse.unit_id == owner.id).order_by(CatalogueUse.id.desc()).limit(1)
    use = session.scalars(newest).one_or_none()
    return use.version if use else None


def counting(session: Session, intake: Unit) -> list[CatalogueVersion]:
    """The catalogues that count for what comes in at the unit, the nearest first."""
    wanted = counting_ids(session, intake)
    found = select(CatalogueVersion).where(CatalogueVersion.id.in_(wanted))
    by_id = {each.id: each for each in session.scalars(found)}
    return [by_id[version_id] for version_id in wanted]


def versions(session: Session, owner: Unit) -> Sequence[CatalogueVersion]:
    """All versions of the unit's own catalogue, newest first."""
    found = select(CatalogueVersion).where(CatalogueVersion.unit_id == owner.id)
    return session.scalars(
        found.options(selectinload(CatalogueVersion.user)).order_by(CatalogueVersion.number.desc())
    ).all()


def uses(session: Session, owner: Unit) -> Sequence[CatalogueUse]:
    """When which version was put in use, by whom and why, newest first."""
    found = select(CatalogueUse).where(CatalogueUse.unit_id == owner.id)
    return session.scalars(
        found.options(selectinload(CatalogueUse.user), selectinload(CatalogueUse.version)).order_by(
            CatalogueUse.id.desc()
        )
    ).all()


def version(session: Session, owner: Unit, number: int) -> CatalogueVersion:
    """The unit's version of that number.

    Raises:
        NoSuchVersionError
    """
    found = session.scalars(
        select(CatalogueVersion).where(CatalogueVersion.unit_id == owner.id, CatalogueVersion.number == number)
    ).one_or_none()
    if found is None:
        raise NoSuchVersionError(f"{owner.name} has no version {number} of its catalogue")
    return found


def rows_of(session: Session, of: CatalogueVersion) -> Sequence[CatalogueRow]:
    """The rows of a version as they were brought in, with their units."""
    return session.scalars(
        select(CatalogueRow).where(CatalogueRow.version_id == of.id).options(*with_units()).order_by(CatalogueRow.id)
    ).all()


def store(
    session: Session,
    owner: Unit,
    rows: Sequence[NewRow],
    note: str,
    actor: Actor,
    now: datetime,
    seen: int | None = None,
) -> CatalogueVersion:
    """Keep `rows` as the next version of the unit's catalogue, whole, and put it in use.

    `seen` is the number of the version that the person looked at, 0 for none; None asks nothing.

    Raises:
        CatalogueUnitError, NoteMissingError, UnusableCatalogueError, NotAllowedError
        CatalogueChangedError: another version than `seen` counts.
    """
    _begin_change(session, owner, note, actor, seen)
    _check_rows(rows)
    last = session.scalar(select(func.max(CatalogueVersion.number)).where(CatalogueVersion.unit_id == owner.id))
    made = CatalogueVersion(unit=owner, number=(last or 0) + 1, note=note.strip(), user_id=actor.user_id, made_at=now)
    made.rows = [
        CatalogueRow(category=row.category, place=row.place, unit=row.unit, assisting=sorted(row.assisting, key=_code))
        for row in rows
    ]
    session.add(made)
    session.flush()
    _put_in_use(session, owner, made, note, actor, now, Action.CATALOGUE_CHANGED)
    return made


def set_row(
    session: Session, owner: Unit, row: NewRow, note: str, actor: Actor, now: datetime, seen: int | None = None
) -> CatalogueVersion:
    """The next version: the present one with `row`, in the place of the one for the same orders if there is one.

    Raises:
        What `store` raises.
    """
    _begin_change(session, owner, note, actor, seen)
    present = {each.key: each for each in _present_rows(session, owner)}
    return store(session, owner, list({**present, row.key: row}.values()), note, actor, now)


def drop_row(
    session: Session, owner: Unit, row_id: int, note: str, actor: Actor, now: datetime, seen: int | None = None
) -> CatalogueVersion:
    """The next version: the present one without that row.

    Raises:
        NoSuchVersionError: the present version has no such row.
        What `store` raises.
    """
    _begin_change(session, owner, note, actor, seen)
    row = session.get(CatalogueRow, row_id)
    present = in_use(session, owner)
    if row is None or present is None or row.version_id != present.id:
        raise NoSuchVersionError("the present version of the catalogue has no such row")
    left = [each for each in _present_rows(session, owner) if each.key != (row.category, row.place_id)]
    return store(session, owner, left, note, actor, now)


def use(
    session: Session,
    owner: Unit,
    chosen: CatalogueVersion | None,
    note: str,
    actor: Actor,
    now: datetime,
    seen: int | None = None,
) -> None:
    """Put an older version back, or go without a catalogue of the unit's own.

    Raises:
        NoSuchVersionError: it is a version of another unit.
        What `store` raises.
    """
    if chosen is not None and chosen.unit_id != owner.id:
        raise NoSuchVersionError(f"this is no version of the catalogue of {owner.name}")
    _begin_change(session, owner, note, actor, seen)
    _put_in_use(session, owner, chosen, note, actor, now, Action.CATALOGUE_CHOSEN)


def wrong_with(row: NewRow) -> str | None:
    """What is wrong with a row in itself, in words; None when nothing is."""
    if row.place is not None and row.place.level in orders.BODIES:
        return f"{row.place.name} is no place"
    if row.unit in row.assisting:
        return f"{row.unit.name} cannot assist itself"
    if len(set(row.assisting)) < len(row.assisting):
        return "a unit assists twice"
    return None


def counting_ids(session: Session, intake: Unit) -> list[int]:
    """The ids of the versions that count for what comes in at the unit, the nearest first."""
    above = ids(intake.path)
    newest = (
        select(CatalogueUse.unit_id, CatalogueUse.version_id)
        .where(CatalogueUse.unit_id.in_(above))
        .ext(distinct_on(CatalogueUse.unit_id))
        .order_by(CatalogueUse.unit_id, CatalogueUse.id.desc())
    )
    found = dict(session.execute(newest).all())
    return [version_id for unit_id in reversed(above) if (version_id := found.get(unit_id)) is not None]


def with_units() -> tuple[ExecutableOption, ...]:
    """Loads rows together with the units that they name."""
    return selectinload(CatalogueRow.place), selectinload(CatalogueRow.unit), selectinload(CatalogueRow.assisting)


def ids(path: str) -> list[int]:
    """The ids of the units from the top down to the one of the path."""
    return [int(part) for part in path.strip("/").split("/")]


def _begin_change(session: Session, owner: Unit, note: str, actor: Actor, seen: int | None) -> None:
    """Refuse what must not be; whoever changes the same catalogue meanwhile waits for us."""
    require_role(actor, *KEEPERS)
    check_reach(owner, actor)
    if owner.level not in OWNERS:
        raise CatalogueUnitError(f"{owner.name} keeps no catalogue: a city, district or street does")
    if not note.strip():
        raise NoteMissingError("please say why the catalogue is changed")
    session.execute(select(Unit.id).where(Unit.id == owner.id).with_for_update(key_share=True))
    current = in_use(session, owner)
    if seen is not None and seen != (current.number if current else 0):
        raise CatalogueChangedError(current)


def check_reach(unit: Unit, actor: Actor) -> None:
    """Raises NotAllowedError where the unit is none of the actor's part of the organisation."""
    if not actor.is_system and not unit.path.startswith(actor.unit_path):
        raise NotAllowedError(f"{unit.name} is outside the person's part of the organisation")


def _check_rows(rows: Sequence[NewRow]) -> None:
    wrong = next(filter(None, map(wrong_with, rows)), None)
    if wrong is not None:
        raise UnusableCatalogueError(wrong)
    if len({row.key for row in rows}) < len(rows):
        raise UnusableCatalogueError("two rows are for the same category and place")


def _present_rows(session: Session, owner: Unit) -> list[NewRow]:
    present = in_use(session, owner)
    rows = rows_of(session, present) if present else []
    return [NewRow(row.category, row.place, row.unit, tuple(row.assisting)) for row in rows]


def _code(unit: Unit) -> str:
    return unit.code


def _put_in_use(
    session: Session,
    owner: Unit,
    chosen: CatalogueVersion | None,
    note: str,
    actor: Actor,
    now: datetime,
    action: Action,
) -> None:
    made = CatalogueUse(unit_id=owner.id, version=chosen, used_from=now, note=note.strip(), user_id=actor.user_id)
    session.add(made)
    session.flush()
    detail = f"{owner.code} {chosen.number if chosen else '-'}"
    subject, subject_id = ("catalogue_versions", chosen.id) if chosen else ("units", owner.id)
    audit.note(session, actor, action, now, subject=subject, subject_id=subject_id, detail=detail)
