"""Orders that 12345 and other platforms pass on: taken in under their own numbers, their results written back."""

from hotline.services.transfers.platforms import (
    platform_by_id,
    platform_by_name,
    platform_by_token,
    platforms,
    set_platform,
    switch_off,
)
from hotline.services.transfers.reading import PassedOn, Units, UnusableOrderError, read
from hotline.services.transfers.result_files import as_csv, as_workbook
from hotline.services.transfers.results import (
    Ending,
    NothingToWriteError,
    ending_of,
    file_by_id,
    files,
    results_between,
    results_in,
    waiting,
    write_back,
)
from hotline.services.transfers.sources import LONGEST_SOURCE, UnusableSourceError, choices, known_as
from hotline.services.transfers.tables import UnusableTableError, Wrong
from hotline.services.transfers.taking import (
    TAKERS,
    Taken,
    Upload,
    begin,
    of_order,
    order_of,
    take,
    take_rows,
)

__all__ = [
    "LONGEST_SOURCE",
    "TAKERS",
    "Ending",
    "NothingToWriteError",
    "PassedOn",
    "Taken",
    "Units",
    "UnusableOrderError",
    "UnusableSourceError",
    "UnusableTableError",
    "Upload",
    "Wrong",
    "as_csv",
    "as_workbook",
    "begin",
    "choices",
    "ending_of",
    "file_by_id",
    "files",
    "known_as",
    "of_order",
    "order_of",
    "platform_by_id",
    "platform_by_name",
    "platform_by_token",
    "platforms",
    "read",
    "results_between",
    "results_in",
    "set_platform",
    "switch_off",
    "take",
    "take_rows",
    "waiting",
    "write_back",
]
