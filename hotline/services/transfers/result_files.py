"""Results as files that other platforms read: CSV and workbooks, with the number that the platform knows."""

import csv
import re
from collections.abc import Iterable
from datetime import datetime
from io import BytesIO, StringIO
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from hotline.models import TransferResult
from hotline.rules.order_states import OrderState
from hotline.rules.transfers import OUTCOMES, RESOLVED, RESULT_HEADINGS, SATISFIED, STATES
from hotline.services.csv_files import harmless

# What a workbook cannot hold.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def as_csv(results: Iterable[TransferResult], zone: ZoneInfo) -> bytes:
    """With a byte order mark, without which a spreadsheet takes Chinese for something else."""
    out = StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(RESULT_HEADINGS)
    writer.writerows(_cells(result, zone) for result in results)
    return out.getvalue().encode("utf-8-sig")


def as_workbook(results: Iterable[TransferResult], zone: ZoneInfo) -> bytes:
    """The same as a workbook (.xlsx), every cell of it words."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("办理结果")
    for cells in (RESULT_HEADINGS, *(_cells(result, zone) for result in results)):
        row = [WriteOnlyCell(sheet, _CONTROL.sub("", cell)) for cell in cells]
        for cell in row:
            cell.data_type = "s"  # never a formula
        sheet.append(row)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _cells(result: TransferResult, zone: ZoneInfo) -> list[str]:
    transfer = result.transfer
    # A file is downloaded again as it was, but for what has become secret since.
    done, resolved, satisfied = (
        (None, None, None) if result.is_secret else (result.done, result.resolved, result.satisfied)
    )
    return [
        harmless(transfer.foreign_number),
        transfer.order.number,
        STATES[result.state],
        _outcome(result),
        harmless(done or ""),
        _local(result.contacted_at, zone),
        _local(result.resolved_at, zone),
        RESOLVED[resolved] if resolved else "",
        SATISFIED[satisfied] if satisfied else "",
    ]


def _outcome(result: TransferResult) -> str:
    """Nobody reports a result of what was answered at once: the answer is all there is, also once it is closed."""
    if result.outcome:
        return OUTCOMES[result.outcome]
    return "" if result.state == OrderState.INVALID else STATES[OrderState.ANSWERED]


def _local(at: datetime | None, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}" if at else ""
