"""The rows of a CSV file or workbook, however the other platform wrote it; what cannot be read is told with its row."""

import csv
import re
import string
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from typing import Any

import openpyxl

from hotline.rules.transfers import (
    HEADING_WITHIN_ROWS,
    HEADINGS,
    LARGEST_FILE_BYTES,
    LARGEST_UNPACKED_BYTES,
    MOST_ROWS,
    REQUIRED,
    TROUBLES,
    Column,
    TableTrouble,
    Trouble,
)
from hotline.rules.transfers import TABLE_TROUBLES as WORDS

_ZIP, _OLD_WORKBOOK, _UTF_16 = b"PK\x03\x04", b"\xd0\xcf\x11\xe0", (b"\xff\xfe", b"\xfe\xff")
_ENCODINGS = ("utf-8-sig", "gb18030")
_UNREADABLE = "\ufffd"  # what decoding puts where bytes are no character
# What holds emoji and the letters of some scripts together or apart.
_JOINERS = "\u200c\u200d"
# By these something is found again: in them no character stands for another.
_LOOKED_UP = frozenset({Column.NUMBER, Column.UNIT})
_DELIMITERS = (",", "\t", ";")
# A quoted cell with more lines than this was never closed.
_MOST_LINES_OF_A_ROW = 60
_MOST_COLUMNS = 100
# Of a workbook, with those that are empty.
MOST_LINES = 4 * MOST_ROWS
# From here on a number of a spreadsheet is not exact, and 12345 has numbers of 18 digits.
_INEXACT = 10**15


class UnusableTableError(ValueError):
    """Nothing of the file can be used; `trouble` says why."""

    def __init__(self, trouble: TableTrouble) -> None:
        super().__init__(WORDS[trouble])
        self.trouble = trouble


@dataclass(frozen=True)
class Wrong:
    """What is wrong with a cell or, without a column, with the row; `said` is what stands there."""

    trouble: Trouble
    column: Column | None = None
    said: str = ""

    def __str__(self) -> str:
        named = HEADINGS[self.column][0] if self.column else "the row"
        said = f" “{self.said}”" if self.said else ""
        return f"{named}{said} {TROUBLES[self.trouble]}"


@dataclass(frozen=True)
class Row:
    """A row with where it stands, counted from 1 as spreadsheets do; `wrong` is what was seen while reading it."""

    number: int
    cells: Mapping[Column, str]
    wrong: tuple[Wrong, ...] = ()


class _Inexact(str):
    """A number of a workbook whose digits are not all there."""

    __slots__ = ()


_Cells = Sequence[str]
_Line = tuple[int, _Cells | None]  # None: no cells can be told apart


@dataclass(frozen=True)
class _Heading:
    columns: Mapping[int, Column]
    width: int


def rows_of(content: bytes) -> list[Row]:
    """The rows below the heading, without empty ones.

    Raises:
        UnusableTableError
    """
    if not content:
        raise UnusableTableError(TableTrouble.EMPTY)
    if len(content) > LARGEST_FILE_BYTES:
        raise UnusableTableError(TableTrouble.TOO_LARGE)
    if content.startswith(_OLD_WORKBOOK):
        raise UnusableTableError(TableTrouble.OLD_FORMAT)
    lines = _workbook(content) if content.startswith(_ZIP) else _csv(_decoded(content))
    return _below_heading(lines)


def _below_heading(lines: Iterator[_Line]) -> list[Row]:
    heading: _Heading | None = None
    found: list[Row] = []
    for number, cells in lines:
        if cells is not None and not any(cells):
            continue
        if heading is None:
            heading = _heading(cells or ())
            if heading is None and number >= HEADING_WITHIN_ROWS:
                break
        else:
            found.append(_row(number, cells, heading))
        if len(found) > MOST_ROWS:
            raise UnusableTableError(TableTrouble.TOO_MANY_ROWS)
    if heading is None:
        raise UnusableTableError(TableTrouble.NO_HEADING)
    if not found:
        raise UnusableTableError(TableTrouble.NO_ROW)
    return found


def _heading(cells: _Cells) -> _Heading | None:
    """Which column stands where; None when this is no heading."""
    columns: dict[int, Column] = {}
    for at, cell in enumerate(cells):
        said = re.sub(r"[\s*（）()：:]", "", cell)
        column = next((column for column, names in HEADINGS.items() if said in names or said == column.value), None)
        if column is not None:
            columns[at] = column
    if not set(REQUIRED) <= set(columns.values()):
        return None
    if len(set(columns.values())) < len(columns):
        raise UnusableTableError(TableTrouble.COLUMN_TWICE)
    return _Heading(columns, len(cells))


def _row(number: int, cells: _Cells | None, heading: _Heading) -> Row:
    if cells is None or any(cells[heading.width :]):
        return Row(number, {}, (Wrong(Trouble.BROKEN_ROW),))
    told = {column: cells[at] for at, column in heading.columns.items() if at < len(cells)}
    lost = (Wrong(Trouble.DIGITS_LOST, column, cell) for column, cell in told.items() if isinstance(cell, _Inexact))
    return Row(number, told, tuple(lost))


def _decoded(content: bytes) -> str:
    """As UTF-8 or as GB18030, which Chinese programs write: whichever shows a heading; broken characters are marked."""
    if content.startswith(_UTF_16):
        return content.decode("utf-16", errors="replace")
    for errors in ("strict", "replace"):
        for encoding in _ENCODINGS:
            try:
                text = content.decode(encoding, errors)
            except UnicodeDecodeError:
                continue
            if any(name in text for name in HEADINGS[Column.NUMBER]) or Column.NUMBER in text:
                return text
    raise UnusableTableError(TableTrouble.NO_TABLE if b"\x00" in content else TableTrouble.NO_HEADING)


def _csv(text: str) -> Iterator[_Line]:
    """Row by row. A quotation mark that is missing breaks its own row only: the next line is a row again."""
    lines = re.split(r"\r\n|\n|\r", text)
    head = "\n".join(lines[:HEADING_WITHIN_ROWS])
    delimiter = max(_DELIMITERS, key=head.count)
    at = number = 0
    while at < len(lines):
        number += 1
        until = _end_of_row(lines, at)
        cells = _cells("\n".join(lines[at:until]), delimiter) if until else None
        yield number, cells
        at = until if until and cells is not None else at + 1


def _end_of_row(lines: Sequence[str], begin: int) -> int | None:
    """Behind which line the row ends that begins here: where its quotation marks come in pairs; None if nowhere."""
    open_marks = 0
    for at in range(begin, min(begin + _MOST_LINES_OF_A_ROW, len(lines))):
        open_marks += lines[at].count('"')
        if open_marks % 2 == 0:
            return at + 1
    return None


def _cells(row: str, delimiter: str) -> _Cells | None:
    try:
        read = list(csv.reader([row], delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return [cell.strip() for cell in read[0]] if read else []


def _workbook(content: bytes) -> Iterator[_Line]:
    """The rows of the first sheet; formulas count as what they came to when it was saved."""
    _check_unpacked(content)
    try:
        book = openpyxl.load_workbook(BytesIO(content), read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what a file says of its own size is not to be trusted
        # It makes up every row that a file leaves out, and a file may call its only row the thousand millionth.
        for number, values in enumerate(sheet.iter_rows(values_only=True, max_col=2 * _MOST_COLUMNS), 1):
            _check_line(number)
            yield number, [_words(value) for value in values]
    except (UnusableTableError, MemoryError):
        raise
    except Exception as error:  # whatever the library stumbles over in a broken workbook
        raise UnusableTableError(TableTrouble.NO_TABLE) from error


def _check_line(number: int) -> None:
    if number > MOST_LINES:
        raise UnusableTableError(TableTrouble.TOO_MANY_ROWS)


def _check_unpacked(content: bytes) -> None:
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            # No more than is said here is ever unpacked.
            unpacked = sum(each.file_size for each in archive.infolist())
    except (zipfile.BadZipFile, ValueError, OverflowError) as error:
        raise UnusableTableError(TableTrouble.NO_TABLE) from error
    if unpacked > LARGEST_UNPACKED_BYTES:
        raise UnusableTableError(TableTrouble.TOO_LARGE_UNPACKED)


def _words(value: Any) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S}"
        case date():
            return f"{value:%Y-%m-%d}"
        case bool():
            return str(value)
        case int() | float():
            return _figures(value)
        case _:
            return str(value).strip()


def _figures(value: float) -> str:
    if abs(value) >= _INEXACT:
        return _Inexact(f"{value:.0f}")
    return str(int(value)) if value == int(value) else str(value)


def in_plain_characters(cells: Mapping[Column, str]) -> dict[Column, str]:
    """The cells without what telephones and word processors put among words unseen; number and unit as they came."""
    return {column: cell if column in _LOOKED_UP else _plain(cell) for column, cell in cells.items()}


def wrong_characters(cells: Mapping[Column, str]) -> list[Wrong]:
    """The cells that hold what nobody can read, or what a page cannot show."""
    return [Wrong(Trouble.UNREADABLE, column) for column, cell in cells.items() if not _is_readable(column, cell)]


def _plain(cell: str) -> str:
    """Spaces of every kind as a space, line separators as a line break, and of what is never seen only the joiners."""
    plain = "".join(letter if letter.isprintable() else _plain_letter(letter) for letter in cell)
    return plain.strip(string.whitespace + _JOINERS)


def _plain_letter(letter: str) -> str:
    match unicodedata.category(letter):
        case "Zs":
            return " "
        case "Zl" | "Zp":
            return "\n"
        case "Cf" if letter not in _JOINERS:
            return ""
        case _:
            return letter


def _is_readable(column: Column, cell: str) -> bool:
    let_through = r"[\r\n\t\u3000\xa0]" if column in _LOOKED_UP else rf"[\r\n\t{_JOINERS}]"
    return _UNREADABLE not in cell and all(part.isprintable() for part in re.split(let_through, cell))


def rows_in(rows: Sequence[Row], size: int) -> Iterable[Sequence[Row]]:
    """The rows, so many at a time."""
    return (rows[begin : begin + size] for begin in range(0, len(rows), size))
