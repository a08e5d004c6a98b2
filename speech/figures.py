"""Spoken Chinese numbers as people write them: 一三九… as a telephone number, 八十三岁 as 83岁, but 一起 as it is.

What isn't surely a number, or not surely one number (三四十, 二百五, 十分, 三元里), stays as it was said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from speech.numbers import DIGITS, value_of

_NUMERALS = "零〇○幺一二两三四五六七八九十百千万"
_N = f"[{_NUMERALS}]"
_D = "[零〇○幺一二三四五六七八九]"
# A number from its first sign to its last, none of them left over on either side.
_NUMBER = f"(?<!{_N})({_N}+)(?!{_N})"
_ROW = f"(?<!{_N})({_D}{{2,}})(?!{_N})"

# Written in figures from the smallest number on; 两 counts for few of them.
_ALWAYS = ("号", "楼", "栋", "幢", "单元", "室", "岁", "周岁", "元(?![里宫桥坊村店])", "块钱", "万元", "万块")
_ALWAYS_WITH_TWO = ("岁", "周岁", "元(?![里宫桥坊村店])", "块钱", "万元", "万块")
_BUT_NOT_ONE = ("度", "层", "毫克", "毫升", "公里", "公斤", "平米", "平方")
# Written in figures from ten on.
_FROM_TEN = (
    *(
        "个",
        "名",
        "位",
        "户",
        "口",
        "人",
        "家",
        "天",
        "日",
        "年",
        "月",
        "周",
        "小时",
        "钟头",
        "分钟",
        "分",
        "秒",
        "次",
        "遍",
    ),
    *(
        "斤",
        "千克",
        "克",
        "吨",
        "袋",
        "瓶",
        "盒",
        "箱",
        "包",
        "桶",
        "罐",
        "件",
        "条",
        "张",
        "床",
        "套",
        "双",
        "头",
        "台",
        "部",
    ),
    *(
        "辆",
        "间",
        "房",
        "米",
        "厘米",
        "亩",
        "块",
        "毛",
        "片",
        "颗",
        "粒",
        "升",
        "期",
        "页",
        "份",
        "封",
        "路",
        "来",
        "后",
        "级",
    ),
)
_MORE = "(?:多|来|余)?"
_FOLLOWS_ALWAYS = re.compile(f"{_MORE}(?:{'|'.join(_ALWAYS)})")
_FOLLOWS_TWO = re.compile(f"{_MORE}(?:{'|'.join(_ALWAYS_WITH_TWO)})")
_FOLLOWS_BUT_NOT_ONE = re.compile("|".join(_BUT_NOT_ONE))
_FOLLOWS_TEN = re.compile(f"{_MORE}(?:{'|'.join((*_ALWAYS, *_BUT_NOT_ONE, *_FROM_TEN))})")
_IN_AN_ADDRESS = re.compile("(?:号|栋|幢|座|楼|单元)$")

# 老三, 周五, 第三, 十几, 几十, 之一: what stands before or behind makes them no number to be written.
_NOT_AFTER = re.compile("(?:第|初|老|周|星期|礼拜|之|几|数|好|统|唯|逢|单|万|百分)$")
_NOT_ONE_AFTER = re.compile("[这那哪每同另某有]$")
_NOT_BEFORE = re.compile("几|多少|分之|把|字|足|全|之")
# 十分 is "very"; 十分钟 and 二十分 are times.
_VERY = re.compile("十分(?!钟)")
# 五零二一个人: the last 一 counts what follows.
_ONE_OF = re.compile("一(?=[个位家人直起下般共些样次遍定块边旦])")
_STREET = re.compile("[路街巷里村坊桥道甫](?!车)")
_MONEY = re.compile("[毛角分块]")
_ASCENDING = ("一二三", "二三四", "三四五", "四五六", "五六七", "六七八", "七八九")

_TIME_OF_DAY = "(?:早上|上午|中午|下午|晚上|傍晚|凌晨|半夜|夜里|清晨|今早|今晚|昨晚|明早|明晚|当晚)"
_LANDLINE = re.compile(r"(0(?:10|2\d|[3-9]\d\d))([2-8]\d{6,7})")
# Telephone numbers and the number of an identity card.
_TOLD_IN_PARTS = re.compile(r"1[3-9]\d{9}|(?:0(?:10|2\d|[3-9]\d\d))?[2-8]\d{6,7}|[48]00\d{7}|\d{18}")
_SHORTEST_ROW = 3
_STREETS_HAVE = 3
_MYRIAD = 10000
_HUNDRED = 100
_FOOL = 250


@dataclass(frozen=True)
class Figure:
    """Characters of a text, and how they are written."""

    start: int
    end: int
    text: str


def figures(text: str) -> Iterator[Figure]:
    """Where a text is written otherwise than it was said, from left to right; none over another."""
    taken = bytearray(len(text))
    found: list[Figure] = []
    for expression, write in _RULES:
        for match in expression.finditer(text):
            written = write(match, text)
            if written and not any(taken[written.start : written.end]):
                taken[written.start : written.end] = b"\1" * (written.end - written.start)
                found.append(written)
    yield from sorted(found, key=lambda figure: figure.start)


def is_row(word: str) -> bool:
    """Whether a word is nothing but single digits, as in telephone numbers."""
    return bool(word) and all(sign in DIGITS and sign != "两" for sign in word)


def is_told_in_parts(row: str) -> bool:
    """Whether a row of digits is a number in which people pause: 139, 1234, 5678."""
    return _TOLD_IN_PARTS.fullmatch(_digits(row)) is not None


def _percentage(match: re.Match[str], _text: str) -> Figure | None:
    whole, rest = _amount(match[1]), _digits(match[2] or "")
    return None if whole is None else _figure(match, f"{whole}{'.' if rest else ''}{rest}%")


def _decimal(match: re.Match[str], _text: str) -> Figure | None:
    whole = _amount(match[1])
    is_time = whole is not None and whole <= 24 and not match[3]  # noqa: PLR2004 - hours
    return None if whole is None or is_time else _figure(match, f"{whole}.{_digits(match[2])}")


def _degrees(match: re.Match[str], _text: str) -> Figure | None:
    whole = _amount(match[1])
    return None if whole is None else _figure(match, f"{whole}.{_digits(match[2])}度")


def _time(match: re.Match[str], _text: str) -> Figure | None:
    hour, minute = _amount(match["hour"]), value_of(match["minute"] or "零")
    if hour is None or minute is None or hour > 24 or minute > 59:  # noqa: PLR2004 - a clock
        return None
    is_sure = match["day"] or match["rest"] or match["minute"] or hour >= 10  # noqa: PLR2004 - 三点 may be points
    is_little = hour == 1 and not match["day"] and match["rest"] in ("多", "左右", "以前", "以后")
    if not is_sure or is_little:
        return None
    has_zero = minute < 10 and (match["minute"] or "").startswith("零")  # noqa: PLR2004 - one place
    minutes = f"{'0' if has_zero else ''}{minute}{match['m'] or ''}" if match["minute"] else ""
    return Figure(match.start("hour"), match.end("end"), f"{hour}点{minutes}")


def _date(match: re.Match[str], _text: str) -> Figure | None:
    month, day = _amount(match[1]), _amount(match[2])
    is_date = month in range(1, 13) and day in range(1, 32)
    return _figure(match, f"{month}月{day}{match[3]}") if is_date else None


def _month(match: re.Match[str], _text: str) -> Figure | None:
    month = _amount(match[1])
    return _figure(match, f"{month}月") if month in range(2, 13) else None


def _row(match: re.Match[str], text: str) -> Figure | None:
    start, end = match.span(1)
    end -= bool(_ONE_OF.match(text, end - 1))
    row = text[start:end]
    is_number = len(row) >= _SHORTEST_ROW or (len(row) > 1 and any(sign in "零〇○幺" for sign in row))
    is_name = len(row) <= _STREETS_HAVE and (_STREET.match(text, end) or row in _ASCENDING)
    is_money = len(row) < _SHORTEST_ROW and _MONEY.match(text, end)
    if not is_number or is_name or is_money or _NOT_AFTER.search(text, max(0, start - 2), start):
        return None
    digits = _digits(row)
    landline = _LANDLINE.fullmatch(digits)
    return Figure(start, end, f"{landline[1]}-{landline[2]}" if landline else digits)


def _quantity(match: re.Match[str], text: str) -> Figure | None:
    start, end = match.span(1)
    value = value_of(text[start:end])
    if value is None and _ONE_OF.match(text, end - 1):
        end -= 1
        value = value_of(text[start:end])
    if value is None or not _is_written(text, start, end, value):
        return None
    is_round = value >= _MYRIAD and value % _MYRIAD == 0
    return Figure(start, end, f"{value // _MYRIAD}万" if is_round else str(value))


def _is_written(text: str, start: int, end: int, value: int) -> bool:
    said = text[start:end]
    if said[0] in "百千万" or _NOT_BEFORE.match(text, end) or _NOT_AFTER.search(text, max(0, start - 2), start):
        return False
    if said == "两":
        return _FOLLOWS_TWO.match(text, end) is not None
    if len(said) == 1 and said != "十":
        if value == 1 and _NOT_ONE_AFTER.search(text, max(0, start - 1), start):
            return False
        return bool(_FOLLOWS_ALWAYS.match(text, end) or (value > 1 and _FOLLOWS_BUT_NOT_ONE.match(text, end)))
    if all(sign in DIGITS for sign in said) or (said == "十" and _VERY.match(text, start)):
        return False
    return bool(_FOLLOWS_TEN.match(text, end)) or _stands_alone(text, start, said, value)


def _stands_alone(text: str, start: int, said: str, value: int) -> bool:
    """三栋五百零二, or a number with so many places that it is nothing else: 两千三."""
    if said != "十" and _IN_AN_ADDRESS.search(text, max(0, start - 2), start):
        return True
    return value >= _HUNDRED and said[-1] not in "百千万" and value != _FOOL


def _figure(match: re.Match[str], text: str) -> Figure:
    return Figure(match.start(), match.end(), text)


def _amount(said: str) -> int | None:
    """The value of a number that isn't told digit by digit: 零七 and 二一 are none, a digit could get lost."""
    return value_of(said) if len(said) == 1 or any(sign not in DIGITS for sign in said) else None


def _digits(row: str) -> str:
    return "".join(DIGITS[sign] for sign in row)


# What is most specific comes first; what it takes, no other rule touches.
_RULES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], str], Figure | None]], ...] = (
    (re.compile(f"百分之({_N}+)(?:点({_D}+))?(?!{_N})"), _percentage),
    (re.compile(f"(?<!{_N})({_N}+)度({_D})(?!{_N})"), _degrees),
    (
        re.compile(f"(?<!{_N})({_N}+)点({_D}+)(?!{_N})(?=(度|公斤|斤|千克|克|吨|米|公里|平|亩|元|升|倍|毫|厘)?)"),
        _decimal,
    ),
    (
        re.compile(
            f"(?P<day>{_TIME_OF_DAY})?(?<!{_N})(?P<hour>{_N}+)点(?:(?P<minute>零{_D}|{_D}(?=分)|{_N}*十{_N}*)(?P<m>分)?)?(?!{_N})"
            "(?P<end>)(?P<rest>半|钟|整|多|左右|以前|以后|一刻|三刻)?"
        ),
        _time,
    ),
    (re.compile(f"(?<!{_N})({_N}+)月({_N}+)([日号])"), _date),
    (re.compile(f"(?<![{_NUMERALS}个])({_N}+)月(?!{_N})"), _month),
    (re.compile(_ROW), _row),
    (re.compile(_NUMBER), _quantity),
)
