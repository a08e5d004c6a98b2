"""Catalogues and sample orders as CSV files: looked at as a whole first, so that a wrong row changes nothing."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from io import StringIO

from sqlalchemy import String, any_, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from hotline.models import CatalogueVersion, Unit
from hotline.rules.catalogue import ANY, CATEGORY_WORDS, category_of
from hotline.rules.facts import Category
from hotline.services import csv_files
from hotline.services.access import Actor
from hotline.services.catalogue.recipients import without_signers
from hotline.services.catalogue.versions import NewRow, rows_of, store, wrong_with
from hotline.services.csv_files import Row, UnusableRowsError

MOST_ROWS = 20_000
# The last three are for people; an import passes over them.
COLUMNS = ("category", "place", "unit", "assisting", "category_name", "place_name", "unit_name")


@dataclass(frozen=True)
class Imported:
    """What an import made; nobody could sign for an order at any of `unstaffed`, nor above."""

    version: CatalogueVersion
    unstaffed: tuple[Unit, ...]


@dataclass(frozen=True)
class Sample:
    """An order as one might come in, to ask who would get it."""

    category: Category | None
    place: Unit | None


def bring_in(
    session: Session,
    owner: Unit,
    name: str,
    content: bytes,
    note: str,
    actor: Actor,
    now: datetime,
    seen: int | None = None,
) -> Imported:
    """Make the file the next version of the unit's catalogue; `name` is how its rows are told of.

    Columns: category (code or Chinese word), place, unit, assisting (`|` between them); category and place may be
    empty for any, units are named by code, or by a name that only one has.

    Raises:
        UnusableRowsError: with every row that cannot be used; nothing was changed then.
        What `store` raises.
    """
    troubles: list[str] = []
    rows = _filled(csv_files.rows(name, content, ("category", "place", "unit"), troubles))
    if not rows and not troubles:
        troubles.append(f"{name}:1: there is no row below the heading")
    if len(rows) > MOST_ROWS:
        raise UnusableRowsError([f"{name}: more than {MOST_ROWS} rows"])
    wanted = _read_all(rows, _Names(session, rows), troubles)
    if troubles:
        raise UnusableRowsError(troubles)
    made = store(session, owner, wanted, note, actor, now, seen)
    return Imported(made, tuple(without_signers(session, {row.unit.id: row.unit for row in wanted}.values())))


def written(session: Session, of: CatalogueVersion) -> str:
    """The version as CSV, which an import takes again; write it with a byte order mark for spreadsheets."""
    out = StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in rows_of(session, of):
        codes = (row.category or "", row.place.code if row.place else "", row.unit.code)
        assisting = "|".join(unit.code for unit in row.assisting)
        category = CATEGORY_WORDS[row.category] if row.category else ""
        writer.writerow([*codes, assisting, category, row.place.name if row.place else "", row.unit.name])
    return out.getvalue()


def samples(session: Session, name: str, content: bytes) -> list[Sample]:
    """Sample orders out of a file with the columns category and place, both of which may be empty for unknown.

    Raises:
        UnusableRowsError: with every row that cannot be used.
    """
    troubles: list[str] = []
    rows = csv_files.rows(name, content, ("category", "place"), troubles)
    if len(rows) > MOST_ROWS:
        raise UnusableRowsError([f"{name}: more than {MOST_ROWS} rows"])
    names = _Names(session, rows)
    read = [_Reading(row, names, troubles) for row in rows]
    found = [Sample(each.category(), each.place()) for each in read]
    if troubles:
        raise UnusableRowsError(troubles)
    return found


def _filled(rows: Iterable[Row]) -> list[Row]:
    """Without the empty lines that spreadsheets leave at the end."""
    return [row for row in rows if any(row.cells.values())]


class _Names:
    """The units that a file names, by code or by name; of a long tree only these are read."""

    def __init__(self, session: Session, rows: Iterable[Row]) -> None:
        said = {each for row in rows if row.is_printable for each in (row["place"], row["unit"], *_assisting(row))}
        listed = any_(literal(sorted(said - ANY), ARRAY(String)))
        units = session.scalars(select(Unit).where(or_(Unit.code == listed, Unit.name == listed))).all()
        self._by_code: Mapping[str, Unit] = {unit.code: unit for unit in units}
        self._by_name: dict[str, list[Unit]] = {}
        for unit in units:
            self._by_name.setdefault(unit.name, []).append(unit)

    def unit(self, said: str) -> Unit:
        """The unit of that code or name.

        Raises:
            ValueError: there is none, or several.
        """
        named = self._by_name.get(said, [])
        if said in self._by_code:
            return self._by_code[said]
        if not named:
            raise ValueError(f"there is no unit {said!r}")
        if len(named) > 1:
            codes = ", ".join(sorted(unit.code for unit in named))
            raise ValueError(f"several units are called {said!r}: write one of the codes {codes}")
        return named[0]


class _Reading:
    """One row as units and a category; what is wrong with it goes to `troubles`."""

    def __init__(self, row: Row, names: _Names, troubles: list[str]) -> None:
        self._row, self._names, self._troubles = row, names, troubles
        if not row.is_printable:
            self.wrong("a character that cannot be shown")

    def wrong(self, what: str) -> None:
        self._troubles.append(f"{self._row.where}: {what}")

    def category(self) -> Category | None:
        try:
            return category_of(self._row["category"])
        except ValueError as error:
            self.wrong(str(error))
            return None

    def place(self) -> Unit | None:
        said = self._row["place"]
        return None if said.casefold() in ANY else self.named(said)

    def named(self, said: str) -> Unit | None:
        if not said.isprintable():
            return None  # told already
        try:
            return self._names.unit(said)
        except ValueError as error:
            self.wrong(str(error))
            return None

    def new_row(self) -> NewRow | None:
        category, place = self.category(), self.place()
        if not self._row["unit"]:
            self.wrong("the unit must not be empty")
            return None
        unit = self.named(self._row["unit"])
        assisting = [self.named(said) for said in _assisting(self._row)]
        if unit is None:
            return None
        row = NewRow(category, place, unit, tuple(each for each in assisting if each is not None))
        if (wrong := wrong_with(row)) is not None:
            self.wrong(wrong)
        return row


def _assisting(row: Row) -> list[str]:
    return row.several("assisting")


def _read_all(rows: Iterable[Row], names: _Names, troubles: list[str]) -> list[NewRow]:
    wanted: dict[tuple[Category | None, int | None], NewRow] = {}
    first: dict[tuple[Category | None, int | None], str] = {}
    for row in rows:
        before = len(troubles)
        read = _Reading(row, names, troubles).new_row()
        if read is None or len(troubles) > before:
            continue  # what cannot be read is like no other row
        if read.key in first:
            troubles.append(f"{row.where}: the same category and place stand in {first[read.key]} already")
        first.setdefault(read.key, row.where)
        wanted[read.key] = read
    return list(wanted.values())
