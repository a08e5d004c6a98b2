"""What a request says is told with its words; what it doesn't say stays empty."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speech.numbers import value_of
from speech.transcript import Word
from speech.understand import (
    Gazetteer,
    RecordError,
    understand,
    understand_record,
)
from speech.understand.learned import CASES
from speech.understand.sound import correct

SAMPLES = CASES / "samples"
GAZETTEER = Gazetteer.from_csv(SAMPLES / "units.csv", SAMPLES / "places.csv")
NOTHING = {
    "category": None,
    "urgency": None,
    "needs": [],
    "groups": [],
    "phone": None,
    "place": None,
    "people": None,
    "caller_name": None,
    "address": None,
    "contact": None,
    "summary": None,
    "evidence": {},
    "confidence": {},
    "emergencies": [],
}


@pytest.mark.parametrize("text", ["", " ", "。。。", "😀"])
def test_nothing_said_is_nothing_known(text):
    assert understand(text, GAZETTEER).as_dict() == NOTHING


@pytest.mark.parametrize(
    ("text", "needs"),
    [
        ("家里没有米了", {"food"}),
        ("米倒是有就是没有药", {"medicine"}),
        ("药还有米没了", {"food"}),
        ("吃的不缺就缺一床棉被", {"quilt"}),
        ("我在药店门口", set()),
        ("家里的水果吃不完", set()),
        ("天然气停了电也断了", {"gas", "power"}),
        ("请问低保怎么申请要什么材料", set()),
        ("有没有奶粉可以领两罐", {"milk_powder"}),
        ("手机没电了", set()),
    ],
)
def test_needs_are_what_is_missing_and_not_what_is_there(text, needs):
    assert set(understand(text, GAZETTEER).needs.value) == needs


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("我今年六十五了", {"elderly"}),
        ("我今年五十九岁", set()),
        ("等了六十五分钟", set()),
        ("我一个人住今年四十岁", set()),
        ("我奶奶一个人住", {"elderly_alone"}),
        ("孩子三岁", {"child"}),
        ("我不是低保户", set()),
    ],
)
def test_groups_need_words_of_their_own(text, groups):
    assert set(understand(text, GAZETTEER).groups.value) == groups


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("我们一家五口", 5),
        ("我和老伴", 2),
        ("我带着三个孩子", 4),
        ("我一个人住", 1),
        ("两大两小", 4),
        ("十几个人", None),
        ("我一个人抬不动", None),
        ("能不能派两个人来", None),
    ],
)
def test_people_are_counted_only_where_the_words_count_them(text, people):
    assert understand(text, GAZETTEER).people.value == people


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("我叫周建国住莲塘", "周建国"),
        ("我姓欧阳电话等下说", "欧阳"),
        ("叫我陈姨就行", "陈姨"),
        ("我叫阿芳家里没米了", "阿芳"),
        ("我叫了医生", None),
        ("你们叫个人来", None),
        ("我叫救护车了", None),
    ],
)
def test_name_is_what_the_caller_says_it_is(text, name):
    assert understand(text, GAZETTEER).caller_name.value == name


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("我住柳溪路九号四楼", "九号四楼"),
        ("住柳溪路十五号二零一房没有水", "十五号二零一房"),
        ("住柳溪路三栋二单元五零二", "三栋二单元五零二"),
        ("柳溪路邮局对面", "邮局对面"),
        ("三月五号停的水", None),
        ("家里没米了", None),
    ],
)
def test_address_is_what_leads_to_the_door(text, address):
    assert understand(text, GAZETTEER).address.value == address


def test_emergency_words_are_listed_with_the_rule_that_fired():
    facts = understand("我爸晕倒了叫不醒请问怎么办", GAZETTEER)
    assert facts.urgency.value == "emergency"
    assert {(each.says, each.text) for each in facts.emergencies} >= {("unconscious", "晕倒")}


@pytest.mark.parametrize(
    "text",
    [
        "急死我了想问一下低保要什么材料",
        "手机没电了",
        "药费很贵气死人",
        "煤气没气了想换一罐",
        "家里的米快没了",
        "手机话费快没了",
        "低保卡里的钱快没了",
        "独居老人高血压药快没了",
    ],
)
def test_strong_words_alone_are_no_emergency(text):
    facts = understand(text, GAZETTEER)
    assert facts.emergencies == ()
    assert facts.urgency.value != "emergency"


@pytest.mark.parametrize("text", ["我爸人快没了", "奶奶怕是没了", "他氧气快没了", "孕妇羊水快没了快来救"])
def test_what_runs_out_may_be_a_life(text):
    assert understand(text, GAZETTEER).urgency.value == "emergency"


def test_small_child_alone_is_in_danger_and_an_old_person_is_not_one():
    assert understand("我女儿才三岁一个人在家", GAZETTEER).urgency.value == "emergency"
    assert understand("我妈八十三岁了一个人在家药吃完了", GAZETTEER).emergencies == ()


def test_misheard_words_are_understood_and_quoted_as_heard():
    facts = understand("高雪压的药没有了", GAZETTEER)
    assert facts.needs.value == ("medicine",)
    assert all("高血压" not in each.text for each in facts.needs.evidence)


def test_number_belongs_to_whom_the_words_say():
    own = understand("我电话一三六四四零零二二一九", GAZETTEER)
    daughters = understand("打我女儿一三六四四零零二二一九", GAZETTEER)
    nobodys = understand("一三六四四零零二二一九", GAZETTEER)
    assert (own.contact.value, daughters.contact.value, nobodys.contact.value) == ("caller", "other", None)


def test_evidence_has_the_times_of_its_words():
    words = (Word("我", 0.5, 0.7, 1.0), Word("家里", 0.7, 1.1, 1.0), Word("没米", 1.1, 1.6, 0.5))
    [evidence] = understand("我家里没米", GAZETTEER, words=words).needs.evidence
    assert (evidence.text, evidence.start_s, evidence.end_s) == ("没米", 1.1, 1.6)


def test_badly_heard_words_make_a_fact_less_sure():
    clear = understand("没米", GAZETTEER, words=[Word("没米", 0, 1, 1.0)])
    poor = understand("没米", GAZETTEER, words=[Word("没米", 0, 1, 0.5)])
    assert poor.needs.confidence == pytest.approx(clear.needs.confidence / 2, abs=1e-4)


def test_corrected_text_claims_no_times():
    facts = understand("家里没米", GAZETTEER, words=[Word("佳丽", 0, 1, 0.9)])
    assert facts.needs.evidence[0].start_s is None


def test_question_about_a_benefit_needs_nothing():
    facts = understand("请问低保每个月多少钱怎么申请", GAZETTEER)
    assert (facts.category.value, facts.urgency.value, facts.needs.value) == ("policy", "consultation", ())


def test_record_keeps_its_id_and_has_every_fact():
    answer = understand_record({"id": "x1", "text": "家里没米了"}, GAZETTEER)
    assert answer["id"] == "x1"
    assert answer.keys() == {"id", *NOTHING}
    assert answer["evidence"]["needs"] == [{"text": "没米", "start": 2, "end": 4, "says": "food"}]


@pytest.mark.parametrize("record", [{}, {"text": None}, {"text": 5}, {"text": "米", "words": [{"word": "米"}]}])
def test_record_without_its_text_or_whole_words_is_refused(record):
    with pytest.raises(RecordError):
        understand_record(record, GAZETTEER)


@pytest.mark.parametrize(
    ("spoken", "value"),
    [
        ("十", 10),
        ("十五", 15),
        ("二十", 20),
        ("八十二", 82),
        ("一百", 100),
        ("一百零三", 103),
        ("一百三", 130),
        ("三百二十", 320),
        ("两千", 2000),
        ("两万三", 23000),
        ("一千零五", 1005),
        ("零二", 2),
        ("二零一", 201),
        ("12", 12),
        ("两百十三", 213),
        ("20万", 200000),
        ("三三万", None),
        ("八十二一", None),
        ("十百", None),
        ("", None),
    ],
)
def test_spoken_numbers_have_their_value(spoken, value):
    assert value_of(spoken) == value


SPEECH = st.text(
    alphabet="我家里没有米药水电煤气了的一二三四五六七八九十零幺两个人口岁不对是住柳溪路莲塘社区网格号楼救命想请问低保"
    "怎么办孩子老人晕倒满意解决还没太慢谢谢打电话0123456789abc ,。😀",
    max_size=120,
)


@settings(max_examples=150, deadline=None)
@given(st.one_of(SPEECH, st.text(max_size=200)))
def test_any_text_is_understood_without_error_and_quoted_rightly(text):
    for fact in dict(understand(text, GAZETTEER).items()).values():
        assert 0 <= fact.confidence <= 1
        for each in fact.evidence:
            assert text[each.start : each.end] == each.text
            assert each.text


@settings(max_examples=100, deadline=None)
@given(SPEECH)
def test_summary_is_made_of_what_was_said(text):
    summary = understand(text, GAZETTEER).summary.value
    position = 0
    for part in (summary or "").split("，"):
        found = text.find(part, position)
        assert found >= 0
        position = found


@given(st.text(max_size=200))
def test_correction_by_sound_keeps_every_character_in_its_place(text):
    assert len(correct(text)) == len(text)


def test_very_long_text_is_understood():
    facts = understand("家里没米了住柳溪路" * 500, GAZETTEER)
    assert facts.needs.value == ("food",)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("part", ["一", "1", "十", "没有米", "我和老伴两", "三个七零", " ", "😀"])
def test_no_text_keeps_the_program_busy_for_ever(part):
    text = part * (8000 // len(part))
    assert understand(text, GAZETTEER).phone.value is None


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("孩子没有发烧也没有抽搐就是奶粉没了", ["没有发烧", "没有抽搐"]),
        ("他没有自杀的想法", ["没有自杀"]),
        ("没有人晕倒你们别紧张", ["没有人晕倒"]),
        ("她不要被子她要轮椅", ["不要被子"]),
    ],
)
def test_summary_keeps_what_denies(text, kept):
    summary = understand(text, GAZETTEER).summary.value
    assert all(each in summary for each in kept)


def test_summary_has_no_single_character_beside_others_and_is_short():
    summary = understand("家里没米了住柳溪路九号" * 20, GAZETTEER).summary.value
    assert len(summary) <= 80
    assert all(len(part) > 1 and not part.isdigit() for part in summary.split("，"))
