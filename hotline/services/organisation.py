"""The organisation: its tree of units, their places and figures, and the lines people dial."""

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hotline.models import Action, Level, Line, Place, Unit
from hotline.rules.policy import Policy
from hotline.rules.roles import Role
from hotline.rules.wording import TEXTS
from hotline.services import audit
from hotline.services.access import Actor, require_role
from speech.understand import Gazetteer, PlaceRow, UnitRow

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_LONGEST_NAME = 120


class UnusableRowsError(ValueError):
    """The files cannot be imported; `troubles` says what is wrong, a line for each row."""

    def __init__(self, troubles: list[str]) -> None:
        super().__init__("\n".join(troubles))
        self.troubles = troubles


class UnusableLineError(ValueError):
    """Such a line could not be rung, or would have nothing to say."""


@dataclass(frozen=True)
class Imported:
    """How many rows an import brought."""

    units: int
    places: int


def policy_for(session: Session, unit: Unit) -> Policy:
    """The unit's figures: the defaults, then what each unit from the top down to it stored."""
    ids = [int(part) for part in unit.path.strip("/").split("/")]
    stored = {above.id: above.policy for above in session.scalars(select(Unit).where(Unit.id.in_(ids)))}
    policy = Policy()
    for unit_id in ids:
        policy = policy.with_overrides(stored[unit_id])
    return policy


def import_units(session: Session, units: Path, places: Path, actor: Actor, now: datetime) -> Imported:
    """Bring in the organisation from two CSV files; what is there already is brought up to date, nothing is removed.

    `units`: code, parent, level, name, aliases (`|` between them), parents before their children.
    `places`: unit, name.

    Raises:
        UnusableRowsError: with every row that cannot be used; nothing was changed then.
    """
    require_role(actor, Role.ADMINISTRATOR)
    troubles: list[str] = []
    known = {unit.code: unit for unit in session.scalars(select(Unit))}
    unit_rows = _rows(units, ("code", "parent", "level", "name"), troubles)
    for line, row in unit_rows:
        _import_unit(session, known, f"{units.name}:{line}", row, troubles)
    place_rows = _rows(places, ("unit", "name"), troubles)
    have = set(session.execute(select(Place.unit_id, Place.name)).tuples())
    for line, row in place_rows:
        _import_place(session, known, have, f"{places.name}:{line}", row, troubles)
    if troubles:
        raise UnusableRowsError(troubles)
    audit.note(session, actor, Action.ORGANISATION_IMPORTED, now, detail=f"{len(unit_rows)} units")
    return Imported(units=len(unit_rows), places=len(place_rows))


def add_line(session: Session, number: str, name: str, unit: Unit, duty_number: str | None, language: str) -> Line:
    """Add a number that people dial, or bring up to date the one that is there.

    Raises:
        UnusableLineError
    """
    _check_line(number, name, duty_number, language)
    line = session.scalars(select(Line).where(Line.number == number)).one_or_none() or Line(number=number)
    line.name, line.unit, line.duty_number, line.language = name, unit, duty_number, language
    session.add(line)
    session.flush()
    return line


def _check_line(number: str, name: str, duty_number: str | None, language: str) -> None:
    for called in filter(None, (number, duty_number)):
        if not _E164.fullmatch(called):
            raise UnusableLineError(f"{called!r} is no number as the carrier writes it: +862012345678")
    if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
        raise UnusableLineError(f"a line's name has 1 to {_LONGEST_NAME} characters")
    if language not in TEXTS:
        raise UnusableLineError(f"{language!r} is none of {', '.join(TEXTS)}")


def numbers(session: Session) -> Sequence[str]:
    """Every number that people can dial."""
    return session.scalars(select(Line.number).where(Line.is_active).order_by(Line.id)).all()


def unit_by_code(session: Session, code: str) -> Unit | None:
    """The unit of that code."""
    return session.scalars(select(Unit).where(Unit.code == code)).one_or_none()


def topmost(session: Session) -> str | None:
    """The code of the unit above all others; None while there is no unit."""
    return session.scalars(
        select(Unit.code).where(Unit.parent_id.is_(None)).order_by(func.length(Unit.path), Unit.id).limit(1)
    ).one_or_none()


def gazetteer(session: Session) -> Gazetteer:
    """All names of places that transcripts may hold."""
    units = session.scalars(select(Unit).order_by(Unit.path)).all()
    codes = {unit.id: unit.code for unit in units}
    return Gazetteer.from_rows(
        [
            UnitRow(unit.code, codes.get(unit.parent_id or 0, ""), unit.level.value, unit.name, tuple(unit.aliases))
            for unit in units
        ],
        [PlaceRow(codes[place.unit_id], place.name) for place in session.scalars(select(Place))],
    )


def _rows(path: Path, columns: Iterable[str], troubles: list[str]) -> list[tuple[int, dict[str, str]]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        missing = [column for column in columns if column not in (reader.fieldnames or [])]
        if missing:
            troubles.append(f"{path.name}:1: no column {', '.join(missing)}")
            return []
        return [(reader.line_num, {k: (v or "").strip() for k, v in row.items() if k}) for row in reader]


def _import_unit(
    session: Session, known: dict[str, Unit], where: str, row: Mapping[str, str], troubles: list[str]
) -> None:
    parent = known.get(row["parent"])
    if not row["code"] or not row["name"]:
        troubles.append(f"{where}: code and name must not be empty")
    elif row["level"] not in set(Level):
        troubles.append(f"{where}: {row['level']!r} is no level")
    elif row["parent"] and parent is None:
        troubles.append(f"{where}: its parent {row['parent']!r} is neither above it nor imported before")
    else:
        unit = known.setdefault(row["code"], Unit(code=row["code"], path=f"?{row['code']}"))
        unit.level, unit.name, unit.parent = Level(row["level"]), row["name"], parent
        unit.aliases = [alias for alias in row.get("aliases", "").split("|") if alias]
        session.add(unit)
        session.flush()
        unit.path = f"{parent.path if parent else '/'}{unit.id}/"


def _import_place(
    session: Session,
    known: dict[str, Unit],
    have: set[tuple[int, str]],
    where: str,
    row: Mapping[str, str],
    troubles: list[str],
) -> None:
    unit = known.get(row["unit"])
    if unit is None:
        troubles.append(f"{where}: there is no unit {row['unit']!r}")
    elif not row["name"]:
        troubles.append(f"{where}: the name must not be empty")
    elif (unit.id, row["name"]) not in have:
        session.add(Place(unit_id=unit.id, name=row["name"]))
        have.add((unit.id, row["name"]))
