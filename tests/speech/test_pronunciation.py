"""Sounds are compared as ears compare them, for every character that can be read."""

import pytest
from pypinyin.pinyin_dict import pinyin_dict

from speech.pronunciation import FARTHEST, apart, folded, readings


def heard_apart(one: str, other: str) -> float:
    return apart(readings(one)[0], readings(other)[0])


def test_every_character_with_a_reading_can_be_compared():
    for code in pinyin_dict:
        (reading,) = readings(chr(code))
        assert reading
        assert apart(reading, reading) == 0


@pytest.mark.parametrize(("one", "other"), [("园", "元"), ("京", "经"), ("坪", "瓶"), ("行", "杭")])
def test_same_sound_is_no_distance(one, other):
    assert heard_apart(one, other) == 0


@pytest.mark.parametrize(
    ("one", "near", "far"),
    [
        ("园", "远", "云"),  # a tone against a vowel
        ("京", "金", "江"),  # in and ing
        ("丝", "诗", "低"),  # s and sh
        ("牛", "流", "休"),  # n and l
        ("胡", "福", "苏"),  # h and f
        ("停", "评", "星"),  # both stop the breath
    ],
)
def test_what_is_easily_confused_is_nearer_than_what_is_not(one, near, far):
    assert 0 < heard_apart(one, near) < heard_apart(one, far) <= FARTHEST


def test_distance_is_the_same_both_ways():
    characters = "京金江园远花滑杏信绿女月二思湿一衣"
    assert all(heard_apart(one, other) == heard_apart(other, one) for one in characters for other in characters)


def test_word_tells_how_its_characters_are_read():
    assert apart(readings("银行")[1], readings("杭")[0]) == 0
    assert apart(readings("行走")[0], readings("杭")[0]) > 0


def test_what_is_not_chinese_has_no_sound():
    assert readings("A座3") == (frozenset(), readings("座")[0], frozenset())
    assert apart(frozenset(), readings("座")[0]) == FARTHEST


@pytest.mark.parametrize(("one", "other"), [("京", "今"), ("梅", "每"), ("牛", "流"), ("山", "三"), ("成", "岑")])
def test_folded_sounds_are_equal(one, other):
    assert folded(one) == folded(other)
