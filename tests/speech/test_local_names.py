"""Names that are known here are written where they were heard, and nowhere else."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speech.local_names import LocalNames, drug_names
from speech.transcript import Transcript, Word

LIST = """
杏花苑 翠竹园 麒麟坊 石榴岗 三元坊 天溪 百合新村 京海社区 京海 京海01网格 京海02网格 鹤洞路 白鹤洞路 景园路 景圆路
格列美脲 硝苯地平
"""
NAMES = LocalNames.from_names(LIST.split())


def transcript(*words: str | tuple[str, float], channel: str = "caller", language: str = "zh-CN") -> Transcript:
    """Words of 0.3 s each, one after the other, each as surely heard as is said with it (0.6 otherwise)."""
    told = [(word, 0.6) if isinstance(word, str) else word for word in words]
    heard = [
        Word(word, round(number * 0.3, 3), round(number * 0.3 + 0.3, 3), conf, channel)
        for number, (word, conf) in enumerate(told)
    ]
    return Transcript(60.0, tuple(heard), "test", language)


def corrected(*words: str | tuple[str, float]) -> str:
    return NAMES.correct(transcript(*words)).text


@pytest.mark.parametrize(
    ("heard", "text"),
    [
        (("我", "住", "姓", "花", "苑"), "我住杏花苑"),
        (("翠竹", "元", "停水", "了"), "翠竹园停水了"),
        (("我", "是", "今", "海", "社区", "的"), "我是京海社区的"),
        (("七", "林", "芳", "的", "水管"), "麒麟坊的水管"),
        (("我", "吃", "割裂", "没", "尿"), "我吃格列美脲"),
        (("小", "本", "的", "瓶", "吃", "完", "了"), "硝苯地平吃完了"),
        (("在", "百", "和", "新村"), "在百合新村"),
    ],
)
def test_words_that_sound_like_a_name_become_it(heard, text):
    assert corrected(*heard) == text


def test_corrected_word_keeps_what_was_heard_and_when():
    words = NAMES.correct(transcript("住", "姓", ("花", 0.5), ("苑", 0.4), "三", "栋")).words
    assert [word.word for word in words] == ["住", "杏花苑", "三", "栋"]
    name = words[1]
    assert (name.heard, name.start, name.end) == ("姓花苑", 0.3, 1.2)
    assert 0.4 < name.conf <= 0.5
    assert all(word.heard is None for word in words if word is not name)


def test_name_may_begin_and_end_inside_words():
    words = NAMES.correct(transcript("助兴", ("花", 0.4), ("院去", 0.4))).words
    assert [(word.word, word.heard) for word in words] == [("助", None), ("杏花苑", "兴花院"), ("去", None)]
    assert [(word.start, word.end) for word in words] == [(0, 0.15), (0.15, 0.75), (0.75, 0.9)]


@pytest.mark.parametrize(
    "heard",
    [
        (("天气", 0.99), "很", "好"),  # a common word that was surely heard, one syllable off 天溪
        ("鹤洞路", "二十", "号"),  # is 鹤洞路 and not 白鹤洞路 with a syllable that nobody heard
        ("京海", "三", "网格"),  # a number is never made another one
        ("一", "三", "九", "七", "林", "芳"),  # nor is a digit taken out of a row
        (("金", 0.9), "远", "路"),  # 景园路 and 景圆路 sound the same
        ("杏花苑", "京海社区"),  # what is right stays
        ("她", "想", "喝", "水"),
    ],
)
def test_what_is_no_clear_name_stays(heard):
    assert NAMES.correct(transcript(*heard)) == transcript(*heard)


def test_context_lowers_the_bar():
    far_off = (("十", 0.8), ("六", 0.8), ("汉", 0.8))
    assert corrected("看", *far_off) == "看十六汉"
    assert corrected("我", "住", *far_off) == "我住石榴岗"


def test_confidence_raises_the_bar():
    assert corrected(("心", 0.3), ("化", 0.3), ("源", 0.3)) == "杏花苑"
    assert corrected(("信", 0.99), ("法", 0.99), ("院", 0.99)) == "信法院"


def test_digits_of_a_name_are_said_one_by_one():
    assert corrected("金", "海", "零", "一", "网格") == "京海零一网格"


def test_pause_parts_what_no_name_joins():
    apart = Transcript(
        9.0, (Word("姓", 0, 0.3, 0.5), Word("花", 2.0, 2.3, 0.5), Word("苑", 2.3, 2.6, 0.5)), "test", "zh-CN"
    )
    assert NAMES.correct(apart) == apart


def test_channels_are_not_joined_and_stay_in_time_order():
    caller, agent = transcript("姓", "花", "苑").words, transcript("七", "林", "芳", channel="agent").words
    mixed = Transcript(9.0, tuple(word for pair in zip(caller, agent, strict=True) for word in pair), "test", "zh-CN")
    words = NAMES.correct(mixed).words
    assert [(word.word, word.channel) for word in words] == [("杏花苑", "caller"), ("麒麟坊", "agent")]


def test_other_languages_stay():
    said = transcript("姓", "花", "苑", language="yue")
    assert NAMES.correct(said) == said


def test_without_names_nothing_changes():
    said = transcript("姓", "花", "苑")
    assert LocalNames().correct(said) == said
    assert LocalNames.from_names(["A", "", "园", "B座", "维生素D"]).correct(said) == said


def test_common_words_do_not_become_names_that_merely_resemble_them():
    assert (
        LocalNames.from_names(["饭心", "沃门社区", "怡景巷"])
        .correct(transcript(("放心", 0.95), ("我们", 0.95), ("社区", 0.95), ("已经", 0.95), ("想", 0.9)))
        .text
        == "放心我们社区已经想"
    )


@pytest.mark.parametrize(("heard", "name"), [(("跳", "楼", "接"), "挑楼街"), (("着火", "里"), "照霍里")])
def test_words_that_alarms_hang_on_never_become_names(heard, name):
    said = transcript(*((word, 0.3) for word in heard))
    assert LocalNames.from_names([name]).correct(said) == said


texts = st.text(alphabet="姓杏花滑苑元翠竹七林芳京金海社区一二三零网格石榴刚我住的A，", min_size=1, max_size=4)


@given(st.lists(st.tuples(texts, st.floats(0, 1)), max_size=20))
def test_everything_heard_is_still_there(words):
    said = transcript(*words)
    after = NAMES.correct(said)
    assert "".join(word.heard or word.word for word in after.words) == said.text
    assert all(word.start < word.end for word in after.words)
    assert all(0 <= word.conf <= 1 for word in after.words)
    assert [word.start for word in after.words] == sorted(word.start for word in after.words)


@given(st.lists(st.tuples(texts, st.floats(0, 1)), max_size=20))
def test_correcting_twice_changes_nothing_that_was_corrected(words):
    once = NAMES.correct(transcript(*words))
    kept = [word for word in once.words if word.heard is not None]
    assert set(kept) <= set(NAMES.correct(once).words)


def test_names_are_put_right_among_ten_thousand():
    first, second = "金银玉龙凤云山水石林", "福寿康宁永泰兴盛和平"
    many = [f"{one}{two}{three}{ending}" for one in first for two in second for three in first[::-1]
            for ending in ("社区", "花园", "新村", "大街", "小区", "北路", "南路", "东路", "西路", "中路")]  # fmt: skip
    assert len(many) == 10_000
    assert (
        LocalNames.from_names([*many, "麒麟坊"]).correct(transcript("我", "住", "七", "林", "芳")).text == "我住麒麟坊"
    )


def test_drug_names_are_written_once_each():
    names = drug_names()
    assert len(names) == len(set(names)) > 150
    assert {"硝苯地平", "二甲双胍", "阿司匹林"} <= set(names)


def test_spoken_name_outside_the_vocabulary_is_put_right(recognizer, say):
    heard = recognizer.transcribe(say("我在麒麟坊八号"))
    model = Path(recognizer.info.path)
    known = {line.split()[0] for line in (model / "graph/words.txt").read_text(encoding="utf-8").splitlines()}
    assert "麒麟坊" not in known | {heard.text}
    assert "麒麟坊" in NAMES.correct(heard).text
