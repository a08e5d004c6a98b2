"""CSV files as spreadsheets save them, read row by row with where each row stands."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import StringIO


class UnusableRowsError(ValueError):
    """The files cannot be imported; `troubles` says what is wrong, a line for each row."""

    def __init__(self, troubles: list[str]) -> None:
        super().__init__("\n".join(troubles))
        self.troubles = troubles


@dataclass(frozen=True)
class Row:
    """A row and where it stands, `units.csv:7`."""

    where: str
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    def several(self, column: str) -> list[str]:
        """What stands between the `|` of a cell."""
        return [part.strip() for part in self[column].split("|") if part.strip()]

    @property
    def is_printable(self) -> bool:
        """Whether every character can be shown, and so stored."""
        return all(cell.isprintable() for cell in self.cells.values())


def harmless(words: str) -> str:
    """Words of people for a cell: what begins so, a spreadsheet takes for a formula."""
    return f"'{words}" if words.startswith(("=", "+", "-", "@", "\t", "\r")) else words


def rows(name: str, content: bytes, columns: Iterable[str], troubles: list[str]) -> list[Row]:
    """The rows below a heading that has at least `columns`; what cannot be read is added to `troubles`."""
    try:
        reader = csv.DictReader(StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        missing = [column for column in columns if column not in (reader.fieldnames or [])]
        if missing:
            troubles.append(f"{name}:1: no column {', '.join(missing)}")
            return []
        return [_row(f"{name}:{reader.line_num}", row, troubles) for row in reader]
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        troubles.append(f"{name}:{line}: these are no characters of UTF-8: save the file as UTF-8")
    except csv.Error as error:
        troubles.append(f"{name}:{reader.reader.line_num}: {error}")
    return []


def _row(where: str, row: Mapping[str | None, str | None], troubles: list[str]) -> Row:
    if None in row:
        troubles.append(f"{where}: more columns than the heading has")
    return Row(where, {column: (cell or "").strip() for column, cell in row.items() if column})
