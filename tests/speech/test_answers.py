"""Answers to our own calls: what became of the matter, how it is judged and why; and what a household misses."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speech.understand import (
    understand_outreach,
    understand_outreach_record,
    understand_survey,
    understand_survey_record,
)


def survey(text):
    answers = understand_survey(text)
    return answers.resolved.value, answers.satisfied.value, answers.reason.value


@pytest.mark.parametrize(
    "text",
    [
        "早就解决了你们怎么才打电话来问",
        "护理费批下来了",
        "管子通了屋里暖和了",
        "三床被子昨天都领到了",
        "师傅换了新的龙头不滴水了",
        "搞掂咗",
        "以前一直没人管后来终于给弄好了",
        "来了来了都搞好了",
    ],
)
def test_what_came_or_was_repaired_is_solved(text):
    assert survey(text) == ("yes", None, None)


@pytest.mark.parametrize(
    "text",
    [
        "还没有",
        "我还没拿到呢",
        "修了三回还是漏",
        "你们说办结了其实啥也没干",
        "电工来看过说要等配件",
        "社区打了个电话问了问就没下文了",
        "跟原来一个样",
        "哪里解决了嘛",
        "电来了又停了",
        "材料交上去了还没批",
        "未搞掂",
        "换了个新的还是用不了",
        "来是来了站那聊了半天啥也没修",
        "社区说归街道管街道说归区里管",
        "他们说没有指标",
        "我那个申请到现在还卡着",
        "他们让我找区里区里又让我找街道",
    ],
)
def test_what_stands_as_it_was_is_not_solved(text):
    assert survey(text) == ("no", None, "not_resolved")


@pytest.mark.parametrize(
    "text",
    [
        "一个月了影子都没见到",
        "莫得人来",
        "没得哪个管我",
        "冇人来过啊",
        "你们的人没来过",
        "一直没人联系我",
        "连个电话都没打过来",
        "没有啊谁来过",
    ],
)
def test_nobody_came_or_rang_is_a_reason_of_its_own(text):
    assert survey(text) == ("no", None, "not_contacted")


@pytest.mark.parametrize(
    "text",
    [
        "米跟油都领到了鸡蛋没给",
        "三袋米只送来一袋",
        "路灯修了一盏还有一盏不亮",
        "热水时有时无的",
        "解决了百分之八十",
        "基本解决了",
        "钱少发了两百",
        "水来了可是浑的不能喝",
        "没完全好",
    ],
)
def test_done_and_not_done_is_a_part(text):
    assert survey(text) == ("partly", None, "only_partly")


@pytest.mark.parametrize(
    "text",
    [
        "没什么不满意的",
        "我没有什么意见",
        "挺好的谢谢你们关心",
        "要得要得",
        "安逸得很",
        "一点意见都没有",
        "不是一般的好",
        "我要给你们写表扬信",
        "帮了大忙了",
        "本来不满意后来他们又来返工现在满意了",
        "还可以比较满意",
        "满意就是慢了点",
    ],
)
def test_praise_and_what_is_denied_of_blame_is_satisfaction(text):
    assert survey(text) == (None, "satisfied", None)


@pytest.mark.parametrize("text", ["还行吧", "马马虎虎凑合着过", "总体还行", "没啥感觉", "给个及格分吧", "说不上好"])
def test_verdict_in_the_middle_is_neutral(text):
    assert survey(text) == (None, "neutral", None)


@pytest.mark.parametrize(
    "text",
    ["不怎么样", "谈不上满意", "唔满意", "零分", "你们这是糊弄老百姓", "谁会满意啊", "意见大了去了"],
)
def test_blame_and_irony_is_dissatisfaction(text):
    assert survey(text) == (None, "dissatisfied", None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("解决是解决了但等了快两个月", ("yes", "dissatisfied", "too_slow")),
        ("东西是送来了就是太晚", ("yes", "dissatisfied", "too_slow")),
        ("问题倒是解决了但那个办事员太凶", ("yes", "dissatisfied", "attitude")),
        ("送是送到了全淋湿了", ("yes", "dissatisfied", "other")),
        ("打了八个电话才有人来", (None, "dissatisfied", "too_slow")),
        ("衣服太小穿不上", (None, "dissatisfied", "other")),
        ("人都走了你们才把药送来", ("no", "dissatisfied", "too_slow")),
    ],
)
def test_how_it_went_is_complained_of_without_a_word_that_judges(text, expected):
    assert survey(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("态度倒挺好可是问题没解决", ("no", "satisfied", "not_resolved")),
        ("药送到了速度真快", ("yes", "satisfied", None)),
        ("水表换好了师傅还把地拖了", ("yes", "satisfied", None)),
        ("解决个锤子", ("no", "dissatisfied", "not_resolved")),
        ("没有不满意就是菜还缺两样", ("partly", "satisfied", "only_partly")),
        ("好得很好得很我家灯到现在都不亮", ("no", "dissatisfied", "not_resolved")),
        ("低保是批了可是少批了一个人", ("partly", None, "only_partly")),
        ("小姑娘人不错事还是没办下来", ("no", "satisfied", "not_resolved")),
        ("一开始挺满意的后来发现米是发霉的", (None, "dissatisfied", "other")),
        ("等了两天不算久修得也好", ("yes", "satisfied", None)),
    ],
)
def test_outcome_and_verdict_are_told_apart(text, expected):
    assert survey(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "嗯",
        "谁呀我没听清",
        "打错了我没打过你们电话",
        "我妈睡着了你晚点打",
        "信号不好你再说一遍",
        "这个事情到底解决没有我也不清楚",
        "要是能快点解决就好了",
        "你们是骗子吧",
        "按二",
        "怎么又打来了",
    ],
)
def test_what_answers_neither_question_says_nothing(text):
    assert survey(text) == (None, None, None)


@pytest.mark.parametrize("text", ["换人工", "我要跟你们领导说话", "让那个负责的给我回个电话", "别让机器问我叫个真人来"])
def test_caller_wants_a_person(text):
    assert understand_survey(text).wants_human.value


@pytest.mark.parametrize("text", ["以后别打了", "把我电话删了", "别老打电话烦死了", "再打我就投诉"])
def test_caller_wants_no_more_calls_and_that_judges_nothing(text):
    assert understand_survey(text).opt_out.value
    assert survey(text) == (None, None, None)


@pytest.mark.parametrize("text", ["没人跟我联系过", "师傅打错了一回电话", "电来了又停了"])
def test_what_only_sounds_like_a_wish_is_none(text):
    answers = understand_survey(text)
    assert not answers.wants_human.value
    assert not answers.opt_out.value


def test_misheard_words_are_understood_and_quoted_as_heard():
    answers = understand_survey("姐觉了很满一")
    assert (answers.resolved.value, answers.satisfied.value) == ("yes", "satisfied")
    assert [each.text for each in answers.resolved.evidence] == ["姐觉了"]


def test_signs_that_contradict_each_other_make_an_answer_less_sure():
    assert understand_survey("水通了电还没通").resolved.confidence < understand_survey("水通了").resolved.confidence
    assert understand_survey("不满意现在满意了").satisfied.confidence < understand_survey("满意").satisfied.confidence


def test_records_of_answers_have_every_fact():
    answer = understand_survey_record({"id": 1, "text": "解决了很满意"})
    assert (answer["resolved"], answer["satisfied"], answer["reason"]) == ("yes", "satisfied", None)
    check = understand_outreach_record({"id": 2, "text": "没米了"})
    assert (check["problem"], check["needs"], check["urgency"]) == (True, ["food"], "urgent")


ANSWERS = st.text(alphabet="没有不是还就才都来送修好了满意解决人电话水米药谢别打转一半太慢我你的但", max_size=60)


@settings(max_examples=150, deadline=None)
@given(st.one_of(ANSWERS, st.text(max_size=80)))
def test_any_answer_is_understood_without_error_and_quoted_rightly(text):
    for answers in (understand_survey(text), understand_outreach(text)):
        for fact in dict(answers.items()).values():
            assert 0 <= fact.confidence <= 1
            for each in fact.evidence:
                assert text[each.start : each.end] == each.text


@pytest.mark.timeout(60)
@pytest.mark.parametrize("part", ["没", "没有不满意", "等了三天才来", "还是没送到", "谢谢", "我", "不要再打"])
def test_time_grows_with_the_length_of_an_answer_and_no_faster(part):
    def seconds(length):
        text = part * (length // len(part))
        began = time.perf_counter()
        understand_survey(text)
        return time.perf_counter() - began

    understand_survey(part)
    assert seconds(16_000) < 10 * seconds(4_000) + 0.5


def check(text):
    answers = understand_outreach(text)
    return answers.problem.value, answers.urgency.value


@pytest.mark.parametrize(
    "text",
    [
        "都好都好你们费心了",
        "没有什么需要的谢谢",
        "米还有半袋够我吃到月底",
        "上次说的被子社区送来了不缺了",
        "昨天停电今天来了",
        "刚才停电现在来电了",
        "上礼拜没米这礼拜有了",
        "药没断过",
        "药够一个星期",
        "儿子女儿都在身边有吃有喝",
        "没问题",
    ],
)
def test_all_is_well_and_what_is_over_are_no_problem(text):
    assert check(text) == (False, None)
    assert understand_outreach(text).needs.value == ()


@pytest.mark.parametrize(
    "text",
    [
        "厕所下水堵住了",
        "床板断了睡不成",
        "什么都好就是夜里冷",
        "不缺不过药快没了还能吃一个礼拜",
        "吃的喝的都不缺就是一个人怪冷清的",
        "老伴走不动路没有轮椅",
        "停电两天了",
        "有点头疼",
    ],
)
def test_any_problem_named_counts_and_what_lasts_can_wait(text):
    assert check(text) == (True, "normal")


@pytest.mark.parametrize(
    "text",
    [
        "今天一口饭都没吃",
        "降压药吃完两天了",
        "孙子发烧到三十九度没有药",
        "被子太薄昨晚冻醒好几次",
        "房东赶我走今晚没地方住",
        "瘫在床上没人喂饭",
        "米还有就是药断了两天没吃",
    ],
)
def test_hunger_cold_and_helplessness_today_are_urgent(text):
    assert check(text) == (True, "urgent")


@pytest.mark.parametrize(
    "text", ["", "喂", "你们是哪个单位的", "打错电话了", "等一下我在炒菜", "我听不懂", "换个真人来"]
)
def test_check_call_that_was_not_answered_says_nothing(text):
    assert check(text) == (None, None)


def test_wish_for_company_is_no_wish_for_the_operator():
    assert not understand_outreach("我都好就是想找人说说话").wants_human.value
    assert understand_outreach("我不跟机器讲叫你们主任来听").wants_human.value
