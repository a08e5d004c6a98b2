"""What is learned from labelled texts: repeatable, readable as data, and told with its words."""

import json
from dataclasses import replace

import pytest

from speech.understand import Gazetteer, understand
from speech.understand.answers import named
from speech.understand.learned import NotAModelError, base, read, write
from speech.understand.lexicon import table
from speech.understand.training import (
    KINDS,
    Example,
    Score,
    TooFewExamplesError,
    base_examples,
    score,
    see,
    train,
)

ABOUT_RICE = ["家里没有米了", "没有米下锅了", "米缸空了送点米", "想要点米和油", "米吃完了没有钱买"]
ABOUT_RULES = ["低保要什么条件", "想问一下补贴怎么申请", "请问低保去哪里申请", "咨询一下补贴的条件", "补贴要什么材料"]
NEEDY = {"category": "supplies", "urgency": "urgent", "needs": ["food"], "groups": []}
ASKING = {"category": "policy", "urgency": "consultation", "needs": [], "groups": []}
EXAMPLES = [Example(text, NEEDY) for text in ABOUT_RICE] + [Example(text, ASKING) for text in ABOUT_RULES]
SENTENCES = {
    "隔壁老伯一个人住耳朵背饭也做不动了想请人每天上门照料": ("elderly", None),
    "我爸突然倒在地上叫不应嘴唇都发紫了": ("medical", "emergency"),
    "请问残疾人两项补贴一年审核几次": ("policy", "consultation"),
    "上礼拜报修路灯你们的人电话里很凶我要投诉": ("complaint", "normal"),
    "停水两天了水厂说还要修到后天": ("utilities", None),
    "桥洞底下睡着一个人看样子好几天没吃东西了": ("homeless", None),
}

COLUMN = {"values": ["x", "y"], "intercepts": [0, 0], "steepness": 1}


def head(signs: int, **changed: object) -> str:
    return json.dumps({"format": 2, "signs": signs, "facts": {"a": {**COLUMN, **changed}}})


@pytest.fixture(scope="module")
def small():
    return train(EXAMPLES)


def test_tells_what_it_has_seen_the_like_of(small):
    verdict = small.weigh(see("家里米没有了").signs).verdict("category")
    assert verdict.value == "supplies"
    assert verdict.confidence > 0.5
    assert sum(verdict.likely.values()) == pytest.approx(1)


def test_tells_the_words_that_speak_for_it(small):
    text = "你好啊今天天气不错我想问一下补贴怎么申请"
    verdict = small.weigh(see(text).signs).verdict("category")
    assert verdict.value == "policy"
    said = "".join(text[span.start : span.end] for span in verdict.spans)
    assert "补贴" in said
    assert "天气" not in said


def test_the_same_examples_make_the_same_model(small):
    assert write(train(EXAMPLES)) == write(small)


def test_is_data_that_comes_back_as_it_went(small):
    again = read(write(small))
    seen = see("米不多了").signs
    before, after = small.weigh(seen).verdict("urgency"), again.weigh(seen).verdict("urgency")
    assert write(again) == write(small)
    assert after.likely == pytest.approx(before.likely, abs=0.03)


def test_signs_of_any_characters_survive_the_file(small):
    odd = 'c:\u2028\t"\\\x85\n'
    model = replace(small, rows={**small.rows, odd: 0})
    assert odd in read(write(model)).rows


@pytest.mark.parametrize(
    ("lines", "where"),
    [
        ([""], "line 1"),
        (["[]"], "line 1"),
        (['{"format": 7, "facts": {}}'], "line 1: format 7"),
        (['{"format": 2}'], "line 1"),
        ([head(1)], "1 signs are announced, there are 0"),
        ([head(0, values=[])], "line 1"),
        ([head(0, intercepts=[0])], "line 1"),
        ([head(0, values=[1, 2])], "line 1"),
        ([head(0, steepness=float("nan"))], "line 1"),
        ([head(0, values=["x"], intercepts=[0])], "line 1"),
        ([head(1), "c:米\t1"], "line 2"),
        ([head(1), "c:米\t1:x"], "line 2"),
        ([head(1), "c:米\t-1:.1"], "line 2"),
        ([head(1), "c:米\t0:nan"], "no number"),
        ([head(2), "c:米\t0:.1", "c:米\t2:.1"], "line 3"),
        ([head(2), "c:米\t0:.1", "c:米\t1:.1"], "twice"),
        ([head(1), 'c:"\\"\t0:.1'], "line 2"),
    ],
)
def test_what_is_no_model_is_named_by_its_line(lines, where):
    with pytest.raises(NotAModelError, match=where):
        read("\n".join(lines))


def test_one_value_alone_teaches_nothing():
    with pytest.raises(TooFewExamplesError):
        train(EXAMPLES[: len(ABOUT_RICE)])


def test_what_occurs_once_is_not_learned(small):
    assert "c:空了" not in small.rows
    assert "c:低保" in small.rows


def test_scores_count_what_is_right(small):
    assert score(small, EXAMPLES)["category"] == Score(10, 10)
    wrong = [replace(EXAMPLES[0], labels={**NEEDY, "category": "policy"})]
    told = score(small, wrong)
    assert (told["category"], told["urgency"], told["emergency"]) == (Score(0, 1), Score(1, 1), Score(0, 0))


@pytest.mark.parametrize(("text", "told"), SENTENCES.items())
def test_the_base_model_knows_the_field(text, told):
    facts = understand(text, Gazetteer())
    assert facts.category.value == told[0]
    assert told[1] in (None, facts.urgency.value)


def test_kinds_and_rules_of_the_base_model_are_those_of_the_lexicons():
    kinds = {name.removeprefix("k:") for name in base().rows if name.startswith("k:")}
    assert kinds <= table("concepts").keys()
    dangers = {name.removeprefix("r:danger=") for name in base().rows if name.startswith("r:danger=")}
    assert dangers <= table("urgency")["emergency"].keys()


def test_every_kind_of_words_is_learned_about():
    assert table("concepts").keys() <= {name.removeprefix("k:") for name in base().rows}


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
def test_base_models_have_the_values_of_their_examples(kind):
    said = {fact: {named(each.labels[fact]) for each in base_examples(kind)} for fact in kind.single}
    said |= {fact: {value for each in base_examples(kind) for value in each.labels[fact]} for fact in kind.several}
    known = {fact: set(column.values) for fact, column in base(kind.name).columns.items()}
    assert {fact: values <= said[fact] for fact, values in known.items()} == dict.fromkeys(said, True)
    assert all(known[fact] == said[fact] for fact in kind.single)


def test_several_values_are_each_likely_or_not(small):
    seen = see("家里没有米了")
    (food,) = small.weigh(seen.signs).several("needs", seen.ruled["needs"])
    assert food.value == "food"
    assert food.spans


def test_a_rule_s_word_makes_a_value_likelier(small):
    weighing = small.weigh(see("想问一下米在哪里买").signs)
    without = {verdict.value: verdict.confidence for verdict in weighing.several("needs", frozenset())}
    ruled = {verdict.value: verdict.confidence for verdict in weighing.several("needs", frozenset({"food"}))}
    assert ruled.get("food", 0.0) >= without.get("food", 0.0)
    assert small.columns["needs"].ruled > 0


def test_what_the_model_never_saw_is_left_to_the_rules():
    facts = understand("家里没有米了，网也断了", Gazetteer(), model=train(EXAMPLES))
    assert "network" in facts.needs.value
