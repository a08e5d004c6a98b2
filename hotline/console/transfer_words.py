"""What pages say of other platforms: how columns are headed, and what is wrong with a row, a file or a name."""

from collections.abc import Mapping

from flask_babel import LazyString, lazy_gettext

from hotline.rules.transfers import HEADING_WITHIN_ROWS, HEADINGS, MOST_ROWS, Column, TableTrouble, Trouble
from hotline.services.transfers import LONGEST_SOURCE

_ = lazy_gettext

ROW_TROUBLES: Mapping[Trouble, LazyString] = {
    Trouble.EMPTY: _("This must not be empty."),
    Trouble.TOO_LONG: _("This is too long for this column."),
    Trouble.UNREADABLE: _("A character in it cannot be read or shown."),
    Trouble.NOT_WORDS: _("These are no words."),
    Trouble.DIGITS_LOST: _("So long a number lost its last digits in the workbook: format the column as text."),
    Trouble.NO_TIME: _("This is no time: write 2026-03-02 09:30."),
    Trouble.AHEAD: _("This time lies ahead of us."),
    Trouble.UNKNOWN_UNIT: _("No unit has this name or code."),
    Trouble.SEVERAL_UNITS: _("Several units have this name: write the code of one."),
    Trouble.OUTSIDE: _("This unit is not below the one for which the file was brought in."),
    Trouble.BROKEN_ROW: _("A quotation mark is missing in this row, or it has more cells than the heading."),
    Trouble.UNKNOWN_FIELD: _("There is no such field."),
    Trouble.NOT_REACHED: _("From this row on nothing is read yet. If that was cut off, bring the file in again."),
}
SOURCE_TROUBLES: Mapping[Trouble, LazyString] = {
    Trouble.EMPTY: _("Please fill this in."),
    Trouble.TOO_LONG: _("Please write at most %(max)d characters.", max=LONGEST_SOURCE),
    Trouble.UNREADABLE: _("A character in it cannot be shown."),
}
TABLE_TROUBLES: Mapping[TableTrouble, LazyString] = {
    TableTrouble.EMPTY: _("The file is empty."),
    TableTrouble.TOO_LARGE: _("This file is larger than 10 MB."),
    TableTrouble.TOO_LARGE_UNPACKED: _("The workbook is too large once it is unpacked."),
    TableTrouble.OLD_FORMAT: _("This is a workbook of the old kind, or one with a password: save it as .xlsx or CSV."),
    TableTrouble.NO_TABLE: _("This is neither a CSV file nor a workbook (.xlsx) that can be read."),
    TableTrouble.NO_HEADING: _(
        "No heading with 工单编号 and 诉求内容 stands in the first %(rows)d rows.", rows=HEADING_WITHIN_ROWS
    ),
    TableTrouble.COLUMN_TWICE: _("Two columns are headed alike."),
    TableTrouble.TOO_MANY_ROWS: _("There are more than %(most)s rows: divide the file.", most=MOST_ROWS),
    TableTrouble.NO_ROW: _("There is no row below the heading."),
}


def source_trouble(trouble: Trouble) -> str:
    """Why a platform cannot be called so."""
    return str(SOURCE_TROUBLES[trouble])


def table_trouble(trouble: TableTrouble) -> str:
    """Why nothing of a file could be used."""
    return str(TABLE_TROUBLES[trouble])


def row_trouble(kept: str) -> str:
    """What is wrong with a row, as it was kept."""
    return str(ROW_TROUBLES[Trouble(kept)])


def column_words(kept: str | None) -> str:
    """How the platforms head the column; the whole row has none."""
    return HEADINGS[Column(kept)][0] if kept else ""
