"""Files of orders that other platforms pass on: how they head their columns, what can be wrong, what they get back."""

from collections.abc import Mapping
from enum import StrEnum

from hotline.rules.order_states import OrderState
from hotline.rules.survey_states import Resolved, Satisfied

# Where most orders of others come from, and what stands as `source` unless somebody says otherwise.
USUAL_SOURCE = "12345"
LARGEST_FILE_BYTES = 10 * 1024 * 1024
# What a table takes once it is unpacked: a small archive may hold far more.
LARGEST_UNPACKED_BYTES = 60 * 1024 * 1024
MOST_ROWS = 5000
# Above the heading, platforms write their own name and the day.
HEADING_WITHIN_ROWS = 10


class Column(StrEnum):
    """What a row says; the values are the names of the interface's fields."""

    NUMBER = "number"
    RANG_AT = "rang_at"
    CALLER_NUMBER = "caller_number"
    NAME = "name"
    PHONE = "phone"
    TEXT = "text"
    ADDRESS = "address"
    CATEGORY = "category"
    URGENCY = "urgency"
    UNIT = "unit"
    DUE_AT = "due_at"


REQUIRED = (Column.NUMBER, Column.TEXT)

# How 12345 platforms head these columns, the usual word first; the interface's own names are taken too.
HEADINGS: Mapping[Column, tuple[str, ...]] = {
    Column.NUMBER: ("工单编号", "工单号", "受理编号", "受理单号", "诉求编号", "业务编号", "编号"),
    Column.RANG_AT: ("来电时间", "受理时间", "诉求时间", "登记时间", "创建时间"),
    Column.CALLER_NUMBER: ("来电号码", "主叫号码", "来电电话"),
    Column.NAME: ("联系人", "来电人", "诉求人", "姓名", "市民姓名", "来电人姓名"),
    Column.PHONE: ("联系电话", "联系方式", "手机号码", "回访电话"),
    Column.TEXT: ("诉求内容", "工单内容", "问题描述", "反映内容", "内容", "来电内容"),
    Column.ADDRESS: ("事发地址", "事发地点", "诉求地址", "地址", "发生地址", "联系地址"),
    Column.CATEGORY: ("诉求类别", "诉求类型", "工单类型", "事项分类", "问题分类", "类别"),
    Column.URGENCY: ("紧急程度", "工单等级", "优先级"),
    Column.UNIT: ("承办单位", "责任单位", "办理单位", "主办单位", "转办单位"),
    Column.DUE_AT: ("办理时限", "办结时限", "截止时间", "办理期限", "限办时间"),
}

# In characters; more than that is no number, name or kind, but a column out of its place.
LONGEST: Mapping[Column, int] = {
    Column.NUMBER: 64,
    Column.RANG_AT: 40,
    Column.CALLER_NUMBER: 60,
    Column.NAME: 60,
    Column.PHONE: 60,
    Column.TEXT: 4000,
    Column.ADDRESS: 300,
    Column.CATEGORY: 120,
    Column.URGENCY: 40,
    Column.UNIT: 120,
    Column.DUE_AT: 40,
}


class Trouble(StrEnum):
    """What is wrong with a row, or with one of its cells."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    UNREADABLE = "unreadable"
    NOT_WORDS = "not_words"  # by the interface: a number or a list where words are expected
    DIGITS_LOST = "digits_lost"
    NO_TIME = "no_time"
    AHEAD = "ahead"
    UNKNOWN_UNIT = "unknown_unit"
    SEVERAL_UNITS = "several_units"
    OUTSIDE = "outside"
    BROKEN_ROW = "broken_row"
    UNKNOWN_FIELD = "unknown_field"
    NOT_REACHED = "not_reached"  # nor any row below it


# As commands and the interface say it; pages have words of their own.
TROUBLES: Mapping[Trouble, str] = {
    Trouble.EMPTY: "must not be empty",
    Trouble.TOO_LONG: "is too long",
    Trouble.UNREADABLE: "holds a character that cannot be read or shown",
    Trouble.NOT_WORDS: "must be words in quotation marks",
    Trouble.DIGITS_LOST: "is so long a number that its last digits are lost: format the column as text",
    Trouble.NO_TIME: "is no time: write 2026-03-02 09:30",
    Trouble.AHEAD: "lies ahead of us",
    Trouble.UNKNOWN_UNIT: "is no unit here, neither by name nor by code",
    Trouble.SEVERAL_UNITS: "is the name of several units: write the code of one",
    Trouble.OUTSIDE: "is a unit outside the part for which orders are brought in",
    Trouble.BROKEN_ROW: "is broken: a quotation mark is missing, or there are more cells than the heading has",
    Trouble.UNKNOWN_FIELD: "is no field",
    Trouble.NOT_REACHED: "and all below it are not read yet",
}


class TableTrouble(StrEnum):
    """Why no orders can be read from a file."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    TOO_LARGE_UNPACKED = "too_large_unpacked"
    OLD_FORMAT = "old_format"
    NO_TABLE = "no_table"
    NO_HEADING = "no_heading"
    COLUMN_TWICE = "column_twice"
    TOO_MANY_ROWS = "too_many_rows"
    NO_ROW = "no_row"


TABLE_TROUBLES: Mapping[TableTrouble, str] = {
    TableTrouble.EMPTY: "the file is empty",
    TableTrouble.TOO_LARGE: f"the file is larger than {LARGEST_FILE_BYTES // 1024**2} MB",
    TableTrouble.TOO_LARGE_UNPACKED: "the table is too large once it is unpacked",
    TableTrouble.OLD_FORMAT: "this is a workbook of the old kind, or one with a password: save it as .xlsx or CSV",
    TableTrouble.NO_TABLE: "this is neither a CSV file nor a workbook (.xlsx) that can be read",
    TableTrouble.NO_HEADING: f"no heading with 工单编号 and 诉求内容 within the first {HEADING_WITHIN_ROWS} rows",
    TableTrouble.COLUMN_TWICE: "two columns are headed alike",
    TableTrouble.TOO_MANY_ROWS: f"more than {MOST_ROWS} rows: divide the file",
    TableTrouble.NO_ROW: "there is no row below the heading",
}

# Whoever passed the order on waits for its result no longer.
ENDED = frozenset({OrderState.ANSWERED, OrderState.CLOSED, OrderState.INVALID})

# The file of results is read by other platforms, which all write Chinese.
RESULT_HEADINGS = (
    "工单编号",
    "本单编号",
    "办理状态",
    "办理结果",
    "办理情况",
    "联系时间",
    "办结时间",
    "回访是否解决",
    "回访满意度",
)
STATES: Mapping[OrderState, str] = {
    OrderState.ANSWERED: "直接答复",
    OrderState.CLOSED: "办结",
    OrderState.INVALID: "无效",
}
OUTCOMES: Mapping[str, str] = {
    "solved": "已解决",
    "partly": "部分解决",
    "not_solved": "未解决",
    "referred": "已转办",
}
WHY_NOT, AID = "未解决原因：", "发放救助："
RESOLVED: Mapping[Resolved, str] = {Resolved.YES: "已解决", Resolved.PARTLY: "部分解决", Resolved.NO: "未解决"}
SATISFIED: Mapping[Satisfied, str] = {
    Satisfied.SATISFIED: "满意",
    Satisfied.NEUTRAL: "一般",
    Satisfied.DISSATISFIED: "不满意",
}
