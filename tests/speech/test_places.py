"""Places are found as deep as the words allow, and only those that are ours."""

import pytest

from speech.understand import Gazetteer, PlaceRow, UnitRow
from speech.understand.learned import CASES

SAMPLES = CASES / "samples"


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    return Gazetteer.from_csv(SAMPLES / "units.csv", SAMPLES / "places.csv")


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("我住柳溪大街二十二号", "yg-ht-lx-lt-02"),
        ("我住柳溪路", "yg-ht-lx-lt-01"),
        ("我在柳溪街", "yg-ht-lx"),
        ("我在柳溪这边", "yg-ht-lx"),
        ("海棠区柳溪街道莲塘社区", "yg-ht-lx-lt"),
        ("住海棠区", "yg-ht"),
        ("我住南园镇", "yg-hb-ny"),
        ("我家在八一路", "yg-ht-sq-dh-12"),
    ],
)
def test_deepest_unit_is_meant(gazetteer, text, unit):
    assert gazetteer.find(text).unit == unit


@pytest.mark.parametrize(
    "name",
    ["莲塘二网格", "莲塘零二网格", "莲塘02网格", "莲塘2网格", "莲塘二号网格", "莲塘第二网格", "莲塘社区二网格"],
)
def test_grid_number_may_be_said_in_any_way(gazetteer, name):
    assert gazetteer.find(f"我是{name}的").unit == "yg-ht-lx-lt-02"


def test_numbers_of_two_digits_are_not_taken_for_one(gazetteer):
    assert gazetteer.find("住东湖十二网格").unit == "yg-ht-sq-dh-12"
    assert gazetteer.find("住东湖一网格").unit == "yg-ht-sq-dh-01"


@pytest.mark.parametrize("heard", ["刘西大街", "流溪大街", "柳西大接"])
def test_wrong_characters_of_the_same_sound_are_understood(gazetteer, heard):
    place = gazetteer.find(f"我住{heard}")
    assert place.unit == "yg-ht-lx-lt-02"
    assert place.confidence < gazetteer.find("我住柳溪大街").confidence


def test_correction_counts(gazetteer):
    assert gazetteer.find("我住石桥东路不对是长平路").unit == "yg-hb-cp-hx-01"


def test_help_is_needed_where_someone_lives_and_not_where_they_came_from(gazetteer):
    assert gazetteer.find("我老家在南园镇现在住长平路").unit == "yg-hb-cp-hx-01"
    assert gazetteer.find("我以前住长平路") is None


@pytest.mark.parametrize(
    "text", ["我住柳溪北路", "我在东湖大学", "家里没米了", "市民政局让我打的", "我找救助站", "", "路", "😀" * 50]
)
def test_what_is_not_ours_is_no_place(gazetteer, text):
    assert gazetteer.find(text) is None


def test_common_words_are_no_place_for_sounding_like_one():
    gazetteer = Gazetteer.from_rows(
        [UnitRow("a", "", "street", "某街道"), UnitRow("a1", "a", "community", "观语社区", ("观语",))]
    )
    assert gazetteer.find("我想问关于社区食堂的事") is None
    assert gazetteer.find("我住关于社区").unit == "a1"


def test_name_that_two_units_share_means_neither():
    rows = [UnitRow("a", "", "community", "新村社区", ("新村",)), UnitRow("b", "", "community", "新村社区")]
    assert Gazetteer.from_rows(rows).find("我住新村社区") is None


def test_name_of_a_unit_within_another_of_that_name_means_the_higher():
    rows = [UnitRow("a", "", "street", "和平街道"), UnitRow("b", "a", "community", "和平社区", ("和平",))]
    assert Gazetteer.from_rows(rows).find("我住和平").unit == "a"


def test_place_of_an_unknown_unit_and_parents_in_a_circle_do_no_harm():
    rows = [UnitRow("a", "b", "street", "甲乙街道"), UnitRow("b", "a", "community", "丙丁社区")]
    gazetteer = Gazetteer.from_rows(rows, [PlaceRow("nowhere", "戊己路")])
    assert gazetteer.find("住戊己路") is None
    assert gazetteer.find("甲乙街道丙丁社区").unit in {"a", "b"}


def test_empty_gazetteer_knows_no_place():
    assert Gazetteer.from_rows([]).find("我住柳溪路") is None


def test_of_two_places_with_one_name_the_one_lying_in_a_place_named_beside_it_is_meant():
    rows = [
        UnitRow("a", "", "street", "石桥街道"),
        UnitRow("a1", "a", "community", "新村社区"),
        UnitRow("b", "", "street", "柳溪街道"),
        UnitRow("b1", "b", "community", "新村社区"),
    ]
    assert Gazetteer.from_rows(rows).find("我在柳溪街道新村社区").unit == "b1"
    assert Gazetteer.from_rows(rows).find("我在新村社区") is None


def test_number_of_a_house_tells_the_road_from_the_street_named_for_it():
    rows = [UnitRow("a", "", "street", "柳溪路街道"), UnitRow("a1", "a", "grid", "甲乙01网格")]
    gazetteer = Gazetteer.from_rows(rows, [PlaceRow("a1", "柳溪路")])
    assert gazetteer.find("我在柳溪路").unit == "a"
    assert gazetteer.find("我在柳溪路二十二号").unit == "a1"


def test_place_denied_right_behind_another_is_not_meant(gazetteer):
    assert gazetteer.find("我住长平路不是石桥东路").unit == "yg-hb-cp-hx-01"


def test_place_of_work_or_register_counts_only_where_no_other_is_named(gazetteer):
    assert gazetteer.find("我在长平路上班").unit == "yg-hb-cp-hx-01"
    assert gazetteer.find("户口在长平路人在柳溪大街").unit == "yg-ht-lx-lt-02"
    assert gazetteer.find("我是长平路户口") is None


@pytest.mark.parametrize(
    ("name", "heard"),
    [("湖塘路", "符塘路"), ("凤岗大道", "洪岗大道"), ("东涌新村", "东冲新村"), ("南宁大街", "兰凌大街")],
)
def test_sounds_that_southern_speakers_confuse_are_one(name, heard):
    rows = [UnitRow("a", "", "community", "甲乙社区")]
    assert Gazetteer.from_rows(rows, [PlaceRow("a", name)]).find(f"我住{heard}").unit == "a"


def test_of_names_that_sound_alike_the_nearer_is_meant():
    rows = [UnitRow("a", "", "community", "甲乙社区"), UnitRow("b", "", "community", "丙丁社区")]
    gazetteer = Gazetteer.from_rows(rows, [PlaceRow("a", "林江大街"), PlaceRow("b", "宁江大街")])
    assert gazetteer.find("我住临江大街").unit == "a"
    assert gazetteer.find("我住凝江大街").unit == "b"


@pytest.mark.parametrize("said", ["我们希望和平", "今天有活动", "没人管活动的事"])
def test_everyday_word_is_a_place_only_where_one_is_expected(said):
    rows = [UnitRow("a", "", "community", "和平社区", ("和平",)), UnitRow("b", "", "community", "活动社区", ("活动",))]
    gazetteer = Gazetteer.from_rows(rows)
    assert gazetteer.find(said) is None
    assert gazetteer.find("我住在和平").unit == "a"


def _crowd(size: int) -> list[PlaceRow]:
    signs = [chr(0x4E00 + number) for number in range(0, 6000, 7)]
    return [PlaceRow("a", f"{signs[n % 800]}{signs[n // 800 % 800]}{signs[n % 7]}路") for n in range(size)]


def test_among_many_names_what_is_short_or_merely_sounds_so_needs_a_cue():
    rows = [UnitRow("a", "", "community", "甲乙社区"), UnitRow("b", "", "community", "柳溪社区", ("柳溪",))]
    crowded = Gazetteer.from_rows(rows, [*_crowd(100_000), PlaceRow("b", "柳溪大街")])
    assert crowded.find("柳溪大街没有水").unit == "b"
    assert crowded.find("柳溪没有水") is None
    assert crowded.find("我住在柳溪").unit == "b"
    assert crowded.find("流西大接没有水") is None
    assert crowded.find("我住在流西大接").unit == "b"


def test_name_that_thousands_of_units_share_means_none_of_them_and_costs_little():
    units = [UnitRow(f"u{number}", "", "community", "幸福社区") for number in range(5000)]
    assert Gazetteer.from_rows(units).find("我住在幸福社区") is None


def test_rows_may_be_generated_and_names_come_back_in_their_order():
    units = (UnitRow(code, "", "community", f"{code}社区", (code,)) for code in ("甲乙", "丙丁"))
    gazetteer = Gazetteer.from_rows(units, iter([PlaceRow("甲乙", "柳溪路"), PlaceRow("nowhere", "长平路")]))
    assert list(gazetteer.names) == ["甲乙社区", "甲乙", "丙丁社区", "丙丁", "柳溪路", "长平路"]
    assert gazetteer.find("我住柳溪路").unit == "甲乙"


def test_names_with_characters_that_are_none_do_no_harm():
    gazetteer = Gazetteer.from_rows([UnitRow("a", "", "community", "\ud800\udfff社区", ("",))])
    assert gazetteer.find("我住\ud800\udfff社区").unit == "a"
    assert list(gazetteer.names) == ["\ud800\udfff社区", ""]


@pytest.fixture(scope="module")
def capital_like() -> Gazetteer:
    rows = [
        UnitRow("d", "", "district", "天河区", ("天河",)),
        UnitRow("a", "d", "street", "京溪街道", ("京溪", "京溪街")),
        UnitRow("a1", "a", "community", "京海社区", ("京海",)),
        UnitRow("b", "d", "community", "远景社区", ("远景",)),
        UnitRow("c", "d", "community", "德政社区", ("德政",)),
    ]
    return Gazetteer.from_rows(rows, [PlaceRow("a1", "京溪路")])


@pytest.mark.parametrize(
    "text",
    ["我在北京海淀区", "北京海鲜市场的鱼", "我住东京海岸小区", "南京溪水街", "我住前景西街", "远景很好", "德政不错"],
)
def test_name_across_two_other_words_or_an_everyday_word_is_no_place(capital_like, text):
    assert capital_like.find(text) is None


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("京海停了水", "a1"),
        ("我在北京京海没有水", "a1"),
        ("今天晚上京溪街没水", "a"),
        ("我住远景", "b"),
        ("远景停水了", "b"),
        ("德政社区很好", "c"),
        ("我不在京溪路在天河", "d"),
        ("你们在不在京溪路", "a1"),
    ],
)
def test_name_beside_well_known_words_is_a_place_and_where_someone_is_not_is_none(capital_like, text, unit):
    assert capital_like.find(text).unit == unit
