"""Telephone numbers are taken whole and as said, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speech.understand.lexicon import table
from speech.understand.phone import find_phone

SPOKEN = dict(zip("0123456789", "零一二三四五六七八九", strict=True))


def number_in(text: str) -> str | None:
    phone = find_phone(text)
    return phone.number if phone else None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("我电话一三六四四零零二二一九", "13644002219"),
        ("手机幺三六四四零零二二幺九随时打", "13644002219"),
        ("一三六两个四两个零二二一九", "13644002219"),
        ("打幺三七三个零二二三三四", "13700022334"),
        ("一三六呃四四零零嗯那个二二一九", "13644002219"),
        ("13644002219", "13644002219"),
        ("１３６４４００２２１９", "13644002219"),
        ("136-4400-2219", "13644002219"),
        ("加八六一三六四四零零二二一九", "13644002219"),
        ("座机八五五三三零零二", "85533002"),
        ("零二零八五五三三零零二", "02085533002"),
        ("家里电话七三三零零二一", "7330021"),
        ("一三六四四零零二二一八不对是一三六四四零零二二一九", "13644002219"),
        ("电话一三六四四零零二二一九一共三个人", "13644002219"),
        ("一三六四四林零二二一九", "13644002219"),
        ("一三六四四林玲二二一九", "13644002219"),
        ("一三六四四零零二二一还有个九", "13644002219"),
        ("一三六四四零零二二一九吧三个人", "13644002219"),
        ("一三六四四零零二二三九不对是一九", "13644002219"),
        ("一三六四四零零二二三九说错了二二一九", "13644002219"),
        ("记一下八五啊不八五五三三零零二", "85533002"),
        ("卡号八八四七手机一三六四四零零二二一九", "13644002219"),
        ("打一三六四四零零二二一九不要打我老婆的", "13644002219"),
        ("一三六四四零零二二一九打不通就打座机八五五三三零零二", "13644002219"),
    ],
)
def test_spoken_number_is_dialable(text, number):
    assert number_in(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "我电话一三六四四零零二二一",
        "我电话一三六四四零零二二一九九九",
        "二零二二年三月零一号",
        "身份证四四零一零三一九五",
        "八千五百三十三块",
        "我打了一二零又打了一二三四五",
        "别打一三六四四零零二二一九",
        "没有电话",
        "身份证号码一三六四四零零二二一九",
        "电话一三六四四零零二二一还有个三岁的孩子",
        "一三六四四零零二二三九不对是三二零一房",
        "一三六四四零零二二一九不对",
        "",
    ],
)
def test_no_number_is_made_of_what_is_none(text):
    assert number_in(text) is None


def test_number_that_is_not_to_be_rung_gives_way_to_the_other():
    text = "别打一三六四四零零二二一八打我女儿的一三六四四零零二二一九"
    assert number_in(text) == "13644002219"


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.sampled_from(["", "我电话", "住三楼手机是", "一共"]))
def test_every_mobile_number_is_understood_as_spoken(number, before):
    spoken = "".join(SPOKEN[digit] for digit in number)
    assert number_in(before + spoken) == number


@given(st.text(alphabet="一二三四五六七八九零幺两十百个三号不对是打我电话的住嗯那林0123456789 -", max_size=60))
def test_no_digit_is_invented(text):
    phone = find_phone(text)
    if phone:
        said = text[phone.span.start : phone.span.end]
        assert set(phone.number) <= {digit for sign in said for digit in _digits(sign)}
        assert len(phone.number) in (7, 8, 10, 11, 12)


def _digits(sign: str) -> str:
    aliases = {
        "幺": "1",
        "两": "2",
        **table("phone")["sounds_like"],
        **{spoken: digit for digit, spoken in SPOKEN.items()},
    }
    return aliases.get(sign, sign if sign.isdigit() else "")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("我住荷花苑三栋二零四幺三六零零幺二三四五六", "13600123456"),
        ("电话幺三六这个零零幺二然后三四五六", "13600123456"),
        ("我是店里的小王八二三四五六七八", "82345678"),
        ("身份证后面是八二三四五六七八", None),
        ("这床被子八二三四五六七", None),
    ],
)
def test_numbers_behind_a_door_with_pauses_or_without_a_word_for_them(text, number):
    found = find_phone(text)
    assert (found.number if found else None) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("我的电话幺八八 双六 八八 一二三四", "18866881234"),
        ("幺三六仨四四零零二二一九", None),
        ("幺三六一个四四零零二二一九", None),
        ("电话八五双三零零零二", "85330002"),
    ],
)
def test_word_that_says_a_digit_twice_is_read_and_others_leave_no_rest_of_a_number(text, number):
    assert number_in(text) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("幺三六四四三八零零零零哦不对 最后一位是一", "13644380001"),
        ("幺三六四四三八零零零零不对最后四个是五六七九", "13644385679"),
        ("幺三六四四三八零零零零最后两位错了是五六", "13644380056"),
        ("幺三六四四三八零三个零不对最后一位是一一共三个人", "13644380001"),
        ("幺三六四四零零二二一最后一位是九", "13644002219"),
        ("幺三六四四零零二二一九最后四位是二二一九", "13644002219"),
        ("幺三六四四零零二最后三个七", "13644002777"),
        ("幺三六四四零零二二三九不是二二一九", "13644002219"),
        ("幺三六四四零零二二一九最后四位是五六七九", None),
        ("幺三六四四零零二二一九不对最后四位是五六", None),
        ("幺三六四四零零二二一九不对第三位是五", None),
        ("幺三六四四零零二二一九 不对 错了 没有电话", None),
        ("幺三六四四零零二二一九哎呀说错了", None),
    ],
)
def test_last_digits_are_said_otherwise_and_a_correction_that_cannot_be_followed_takes_the_number_away(text, number):
    assert number_in(text) == number


@pytest.mark.parametrize(
    "text", ["{}你看对不对", "{}没错", "{}我没说错", "{}我孩子不对劲", "{}不是骗子", "{}我的身份证丢了"]
)
def test_words_that_only_look_like_a_correction_or_a_warning_leave_the_number(text):
    assert number_in(text.format("幺三六四四零零二二一九")) == "13644002219"


@pytest.mark.parametrize(
    "text",
    [
        "幺三六四四零零二二一九是骗子的电话",
        "骗子的电话是幺三六四四零零二二一九",
        "八五五三三零零二是空号",
        "银行卡尾号八七六五四三二一",
        "车牌八七六五四三二一",
        "我工号是八七六五四三二一",
        "八七六五四三二一是我的工号",
        "一九五零年三月五号八七六五四三二一",
    ],
)
def test_number_of_something_else_or_behind_a_date_is_not_rung(text):
    assert number_in(text) is None
    assert number_in(text + "我的电话幺三七四四零零二二一九") == "13744002219"
