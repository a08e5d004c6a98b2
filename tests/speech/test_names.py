"""Callers' names and doors are quoted as they were said, and only where they are the caller's."""

import pytest

from speech.understand.lexicon import Span
from speech.understand.names import find_address, find_name


def quoted(text: str, span: Span | None) -> str | None:
    return text[span.start : span.end] if span else None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("我叫陈大文住柳溪街", "陈大文"),
        ("我姓何叫何建国", "何建国"),
        ("免贵姓罗罗婆婆住长平路", "罗婆婆"),
        ("我姓区区小姐", "区小姐"),
        ("我姓谭柳溪路二号四零一", "谭"),
        ("我在长平路姓莫", "莫"),
        ("我大名叫曹铁柱", "曹铁柱"),
        ("我是莲塘社区的余婶", "余婶"),
        ("我是村支书老程", "老程"),
        ("我是小区看门的老杨", "老杨"),
        ("我是涂婆婆三个姐妹合住的", "涂婆婆"),
        ("我是何伯他儿子小何", "小何"),
        ("我是这栋楼的楼长姓郭", "郭"),
        ("我是甘美兰电话一三六四四零零二二一九", "甘美兰"),
        ("打一三六四四零零二二一九小钟", "小钟"),
    ],
)
def test_what_callers_call_themselves_is_their_name(text, name):
    assert quoted(text, find_name(text)) == name


@pytest.mark.parametrize(
    "text",
    [
        "老张三天没吃饭了",
        "叫我孙子打的电话",
        "我是高中生电话没有",
        "我是他老板",
        "邻居姓张",
        "老人家姓李",
        "残疾证上名字姓闻",
        "你贵姓",
        "我叫不醒他",
        "我是老人",
        "",
    ],
)
def test_other_peoples_names_and_other_words_are_not(text):
    assert find_name(text) is None


@pytest.mark.parametrize(
    ("behind", "door"),
    [
        ("九号四楼", "九号四楼"),
        ("桥头", "桥头"),
        ("六十六号三楼转角", "六十六号三楼转角"),
        ("九号二零二八十五了", "九号二零二"),
        ("二十七号后院", "二十七号后院"),
        ("五号楼顶层", "五号楼顶层"),
        ("十七门二楼", "十七门二楼"),
        ("三楼没电梯", "三楼"),
        ("负一层", "负一层"),
        ("公交站有个人", "公交站"),
        ("一个修车店见到她", "修车店"),
        ("派出所旁边那个旅店", "派出所旁边那个旅店"),
        ("地铁站上面那个小区六栋一二零三", "六栋一二零三"),
        ("八号六零二门上有密码", "八号六零二"),
    ],
)
def test_door_is_quoted_as_it_was_said(behind, door):
    text = f"我住柳溪大街{behind}"
    assert quoted(text, find_address(text, Span(2, 6))) == door


@pytest.mark.parametrize(
    "text", ["今天才二号", "排第几号", "都二十六号了还没到账", "三月二十号发的", "住十二号病房", ""]
)
def test_what_numbers_something_else_is_no_door(text):
    assert find_address(text, None) is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("我姓祝荷花苑二号的", "祝"),
        ("楼下那户我不认识我自己姓阮", "阮"),
        ("我叫蔺国强你记一下", "蔺国强"),
        ("我是他妈妈谢莹幺三六零零幺二三四五六", "谢莹"),
        ("我姓覃不是姓秦", "覃"),
        ("小区里有个姓甄的爷爷", None),
        ("那位姓龚的网格员来过", None),
    ],
)
def test_rare_surnames_and_who_they_belong_to(text, name):
    found = find_name(text)
    assert (text[found.start : found.end] if found else None) == name
