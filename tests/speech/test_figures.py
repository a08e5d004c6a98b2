"""Numbers are written in figures where people do so, and never where the words only sound like numbers."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speech.figures import figures, is_row
from speech.numbers import value_of

SPOKEN = "零一二三四五六七八九"


def in_figures(text: str) -> str:
    parts, at = [], 0
    for figure in figures(text):
        parts += [text[at : figure.start], figure.text]
        at = figure.end
    return "".join(parts) + text[at:]


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("电话一三九一二三四五六七八", "电话13912345678"),
        ("幺三九零零幺一一一一一一个人住", "13900111111一个人住"),
        ("座机零二零三七七二一五九八", "座机020-37721598"),
        ("打一一零", "打110"),
        ("我住九号四楼", "我住9号4楼"),
        ("三栋五零二", "3栋502"),
        ("三栋五百零二", "3栋502"),
        ("十二栋三单元一六零五", "12栋3单元1605"),
        ("十一月二十二日", "11月22日"),
        ("二零二六年一月一号", "2026年1月1号"),
        ("下午三点半", "下午3点半"),
        ("三点零五分", "3点05分"),
        ("十二点五分", "12点5分"),
        ("五点五十", "5点50"),
        ("两千元", "2000元"),
        ("两千块", "2000块"),
        ("两万块", "2万块"),
        ("一共两千八百四十块", "一共2840块"),
        ("花了两千三", "花了2300"),
        ("三百多块", "300多块"),
        ("五块钱", "5块钱"),
        ("八十三岁", "83岁"),
        ("两岁", "2岁"),
        ("六十多岁", "60多岁"),
        ("百分之八十", "80%"),
        ("百分之三十五点五", "35.5%"),
        ("三点五公斤", "3.5公斤"),
        ("三十七度九", "37.9度"),
        ("体温三十七点八", "体温37.8"),
        ("二十一个人", "21个人"),
        ("十分钟", "10分钟"),
        ("零七月零五号", "07月05号"),
    ],
)
def test_number_is_written_in_figures(said, written):
    assert in_figures(said) == written


UNTOUCHED = """
一个人 两位老人 等一下 一起去 万一有事 三轮车坏了 十分难受 一点都没有 两点建议 三四十岁 十七八岁 两三千 三四百五
二百五 十几个人 几十块 好几百 六二三路 三元里 中山五路 五一路 三三两两 一五一十 三个月 第三次 第十二次 周一三五
四五六个人 老百姓 成千上万 十八甫 百货 三十好几 五分钟 一块儿 零五毛 一月一次 十字路口 千万别来 两千万别打 星期三十个人
这一栋 早一点来 晚一点说
"""


@pytest.mark.parametrize("said", UNTOUCHED.split())
def test_what_is_no_number_stays_as_it_was_said(said):
    assert in_figures(said) == said


@given(st.text(st.sampled_from("0123456789"), min_size=3, max_size=18), st.sampled_from(["电话是", "", "房号"]))
def test_row_of_digits_keeps_every_digit_in_its_place(digits, before):
    spoken = "".join(SPOKEN[int(digit)] for digit in digits)
    written = in_figures(f"{before}{spoken}")
    assert written.replace("-", "") == before + digits or written == before + spoken
    assert len(digits) == 3 or written != before + spoken


def spoken_below_myriad(number: int) -> str:
    """九千零五 for 9005; 二百五十 and 十五 as they are said."""
    said, is_gap = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // unit % 10
        if digit:
            said += ("零" if is_gap and said else "") + SPOKEN[digit] + name
        is_gap = not digit
    return said.removeprefix("一") if 10 <= number < 20 else said


@given(st.integers(10, 9999), st.sampled_from(["块", "岁", "号楼", "个人", "公斤", "元"]))
def test_every_quantity_has_its_value(number, unit):
    assert in_figures(f"有{spoken_below_myriad(number)}{unit}") == f"有{number}{unit}"


@given(st.integers(1, 12), st.integers(1, 31), st.integers(0, 23))
def test_every_date_and_hour_is_written(month, day, hour):
    said = f"{spoken_below_myriad(month)}月{spoken_below_myriad(day)}号下午{spoken_below_myriad(hour) or '零'}点"
    assert in_figures(said) == f"{month}月{day}号下午{hour}点"


ANYTHING = st.text(
    st.sampled_from("零〇幺一二两三四五六七八九十百千万点半月日号年岁块元楼栋度分之几多个第周路的我 a5５"), max_size=30
)


@given(ANYTHING)
def test_nothing_is_invented_and_nothing_is_lost(text):
    """Whatever is written says what was said: read again, each figure has the value of its words."""
    end = 0
    for figure in figures(text):
        assert end <= figure.start < figure.end <= len(text)
        end = figure.end
        assert read(figure.text) == heard(text[figure.start : figure.end], has_point="." in figure.text)


def read(written: str) -> list[float]:
    """The numbers of a written text; a landline in one."""
    found = re.findall(r"([\d.]+)(万?)", written.replace("-", ""))
    return [float(number) * (10000 if myriads else 1) for number, myriads in found]


def heard(said: str, *, has_point: bool) -> list[float]:
    """The numbers of a spoken text, by the parts that a written number is made of."""
    said = said.removeprefix("百分之")
    if has_point:
        whole, _, rest = re.split("([点度])", said)
        return [float(f"{value_of(whole)}.{digits(rest)}")]
    return [
        float(digits(part) if is_row(part) else value_of(part) or 0) for part in re.split("[点月分日号]", said) if part
    ]


def digits(row: str) -> str:
    return "".join("0" if sign in "零〇" else "1" if sign == "幺" else str(SPOKEN.index(sign)) for sign in row)
