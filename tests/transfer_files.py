"""Files as 12345 platforms write them."""

import csv
from collections.abc import Iterable, Sequence
from io import BytesIO, StringIO
from typing import Any

from openpyxl import Workbook

HEADING = (
    "工单编号",
    "来电时间",
    "来电号码",
    "联系人",
    "联系电话",
    "诉求内容",
    "事发地址",
    "诉求类别",
    "紧急程度",
    "承办单位",
    "办理时限",
)


def cells(number: str = "GZ202603020001", text: str = "家里没有米了，老人两天没吃饭", **more: str) -> list[str]:
    """One row; `more` by the words of the heading."""
    told = {
        "工单编号": number,
        "来电时间": "2026-03-02 09:12:30",
        "来电号码": "13800138000",
        "联系人": "张三",
        "联系电话": "020-88887777",
        "诉求内容": text,
        "事发地址": "静溪新村9号401",
        "诉求类别": "民政/临时救助",
        "紧急程度": "加急",
        "承办单位": "",
        "办理时限": "2026-03-05 18:00",
    }
    return [{**told, **more}[column] for column in HEADING]


def text_of(*rows: Sequence[str], heading: Sequence[str] = HEADING) -> str:
    """The rows as CSV."""
    out = StringIO(newline="")
    csv.writer(out).writerows([heading, *rows])
    return out.getvalue()


def workbook(*rows: Sequence[Any], heading: Sequence[str] = HEADING, above: Iterable[Sequence[Any]] = ()) -> bytes:
    """The rows as .xlsx, below what stands `above` the heading."""
    book = Workbook()
    for row in (*above, heading, *rows):
        book.active.append(list(row))
    out = BytesIO()
    book.save(out)
    return out.getvalue()
