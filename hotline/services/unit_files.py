"""The organisation out of two CSV files: looked at as a whole first, so that a wrong row changes nothing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline.models import Action, Level, Place, Unit
from hotline.rules.roles import Role
from hotline.services import audit, csv_files
from hotline.services.access import Actor, require_role
from hotline.services.csv_files import Row, UnusableRowsError

__all__ = ["Imported", "UnusableRowsError", "import_units"]


@dataclass(frozen=True)
class Imported:
    """How many rows an import brought."""

    units: int
    places: int


def import_units(session: Session, units: Path, places: Path, actor: Actor, now: datetime) -> Imported:
    """Bring in the organisation; what is there already is brought up to date or moved, nothing is removed.

    `units`: code, parent, level, name, aliases (`|` between them), parents before their children.
    `places`: unit, name.

    Raises:
        UnusableRowsError: with every row that cannot be used; nothing was changed then.
    """
    require_role(actor, Role.ADMINISTRATOR)
    troubles: list[str] = []
    unit_rows = csv_files.rows(units.name, units.read_bytes(), ("code", "parent", "level", "name"), troubles)
    place_rows = csv_files.rows(places.name, places.read_bytes(), ("unit", "name"), troubles)
    known = {unit.code: unit for unit in session.scalars(select(Unit))}
    troubles += [*_wrong_units(unit_rows, known), *_wrong_places(place_rows, unit_rows, known)]
    if troubles:
        raise UnusableRowsError(troubles)
    _store_units(session, unit_rows, known)
    _store_places(session, place_rows, known)
    audit.note(session, actor, Action.ORGANISATION_IMPORTED, now, detail=f"{len(unit_rows)} units")
    return Imported(units=len(unit_rows), places=len(place_rows))


# What cannot be

_LONGEST = {"code": 60, "parent": 60, "unit": 60, "name": 120}
_LONGEST_ALIAS = 120
_PLACES = (Level.CITY, Level.DISTRICT, Level.STREET, Level.COMMUNITY, Level.GRID)


def _wrong_units(rows: list[Row], known: Mapping[str, Unit]) -> Iterator[str]:
    levels: dict[str, str] = {code: unit.level for code, unit in known.items()}
    seen: dict[str, Row] = {}
    for row in rows:
        code, parent = row["code"], row["parent"]
        yield from _wrong_cells(row, ("code", "name"))
        if row["level"] not in set(Level):
            yield f"{row.where}: {row['level']!r} is no level"
        if code in seen:
            yield f"{row.where}: {code!r} stands in {seen[code].where} already"
        elif parent == code:
            yield f"{row.where}: {code!r} cannot be its own parent"
        elif parent and parent not in seen and parent not in known:
            yield f"{row.where}: its parent {parent!r} is neither above it nor imported before"
        seen.setdefault(code, row)
        levels[code] = row["level"]
    yield from _wrong_tree(seen, known, levels)


def _wrong_tree(seen: Mapping[str, Row], known: Mapping[str, Unit], levels: Mapping[str, str]) -> Iterator[str]:
    """What no row is guilty of alone: the tree as it would be afterwards."""
    parents = {code: unit.parent.code if unit.parent else "" for code, unit in known.items()}
    parents |= {code: row["parent"] for code, row in seen.items()}
    for code, parent in parents.items():
        row = seen.get(code) or seen.get(parent)
        if row is None:
            continue  # the files touch neither
        if code in seen and _is_below_itself(code, parents):
            yield f"{row.where}: {code!r} would lie below itself"
        elif parent in levels and not _may_lie_below(levels[code], levels[parent]):
            yield f"{row.where}: {code!r}, {levels[code]}, cannot lie below {parent!r}, {levels[parent]}"
    yield from _wrong_tops([code for code, parent in parents.items() if not parent], seen)


def _wrong_tops(tops: list[str], seen: Mapping[str, Row]) -> Iterator[str]:
    for top in tops[1:]:
        row = seen.get(top) or seen.get(tops[0])
        if row is not None:
            yield f"{row.where}: there can be one topmost unit, and {tops[0]!r} and {top!r} are"


def _is_below_itself(code: str, parents: Mapping[str, str]) -> bool:
    passed: set[str] = set()
    above = parents.get(code, "")
    while above and above not in passed and above != code:
        passed.add(above)
        above = parents.get(above, "")
    return above == code


def _may_lie_below(level: str, above: str) -> bool:
    """A place lies in a larger place; whom orders are referred to belongs to any place."""
    if level not in set(Level) or above not in set(Level):
        return True  # told already
    if above not in _PLACES:
        return False
    return level not in _PLACES or _PLACES.index(Level(above)) < _PLACES.index(Level(level))


def _wrong_places(rows: list[Row], unit_rows: list[Row], known: Mapping[str, Unit]) -> Iterator[str]:
    units = {*known, *(row["code"] for row in unit_rows)}
    seen: dict[tuple[str, str], str] = {}
    for row in rows:
        yield from _wrong_cells(row, ("unit", "name"))
        if row["unit"] not in units:
            yield f"{row.where}: there is no unit {row['unit']!r}"
        if first := seen.get((row["unit"], row["name"])):
            yield f"{row.where}: the same place stands in {first}"
        seen.setdefault((row["unit"], row["name"]), row.where)


def _wrong_cells(row: Row, needed: tuple[str, ...]) -> Iterator[str]:
    for column in needed:
        if not row[column]:
            yield f"{row.where}: the {column} must not be empty"
    for column, longest in _LONGEST.items():
        if len(row[column]) > longest:
            yield f"{row.where}: the {column} has more than {longest} characters"
    if any(len(alias) > _LONGEST_ALIAS for alias in row.several("aliases")):
        yield f"{row.where}: an alias has more than {_LONGEST_ALIAS} characters"
    if not row.is_printable:
        yield f"{row.where}: a character that cannot be shown"


# Storing


def _store_units(session: Session, rows: list[Row], known: dict[str, Unit]) -> None:
    for row in rows:
        unit = known.setdefault(row["code"], Unit(code=row["code"], path=f"?{row['code']}"))
        unit.level, unit.name, unit.aliases = Level(row["level"]), row["name"], row.several("aliases")
        unit.parent = known.get(row["parent"])
        session.add(unit)
    session.flush()
    for unit in known.values():
        unit.path = _path(unit)
    session.flush()


def _path(unit: Unit) -> str:
    """From the parents alone: whoever was moved took all below along."""
    return f"{_path(unit.parent) if unit.parent else '/'}{unit.id}/"


def _store_places(session: Session, rows: list[Row], known: Mapping[str, Unit]) -> None:
    have = {(unit_id, name) for unit_id, name in session.execute(select(Place.unit_id, Place.name))}
    wanted = [(known[row["unit"]].id, row["name"]) for row in rows]
    session.add_all(Place(unit_id=unit_id, name=name) for unit_id, name in wanted if (unit_id, name) not in have)
    session.flush()
