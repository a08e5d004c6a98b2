"""What is learned from labelled texts: repeatable, readable as data, and told with its words."""

import json
from dataclasses import replace

import pytest

from speech.understand import Gazetteer, understand
from speech.understand.learned import NotAModelError, base, read, write
from speech.understand.lexicon import table
from speech.understand.training import Example, Score, TooFewExamplesError, base_examples, score, see, train

ABOUT_RICE = ["家里没有米了", "没有米下锅了", "米缸空了送点米", "想要点米和油", "米吃完了没有钱买"]
ABOUT_RULES = ["低保要什么条件", "想问一下补贴怎么申请", "请问低保去哪里申请", "咨询一下补贴的条件", "补贴要什么材料"]
EXAMPLES = [Example(text, {"category": "supplies", "urgency": "urgent"}) for text in ABOUT_RICE] + [
    Example(text, {"category": "policy", "urgency": "consultation"}) for text in ABOUT_RULES
]
SENTENCES = {
    "隔壁老伯摔在楼梯口站不起来叫他也不怎么应": ("elderly", "emergency"),
    "请问残疾人两项补贴一年审核几次": ("policy", "consultation"),
    "上礼拜报修路灯你们的人电话里很凶我要投诉": ("complaint", "normal"),
    "停水两天了水厂说还要修到后天": ("utilities", None),
    "桥洞底下睡着一个人看样子好几天没吃东西了": ("homeless", None),
}

HEAD = json.dumps({"format": 1, "facts": {"a": {"values": ["x", "y"], "intercepts": [0, 0], "steepness": 1}}})


@pytest.fixture(scope="module")
def small():
    return train(EXAMPLES)


def test_tells_what_it_has_seen_the_like_of(small):
    verdict = small.verdict("category", see("家里米没有了"))
    assert verdict.value == "supplies"
    assert verdict.confidence > 0.5
    assert sum(verdict.likely.values()) == pytest.approx(1)


def test_tells_the_words_that_speak_for_it(small):
    text = "你好啊今天天气不错我想问一下补贴怎么申请"
    verdict = small.verdict("category", see(text))
    assert verdict.value == "policy"
    said = "".join(text[span.start : span.end] for span in verdict.spans)
    assert "补贴" in said
    assert "天气" not in said


def test_the_same_examples_make_the_same_model(small):
    assert write(train(EXAMPLES)) == write(small)


def test_is_data_that_comes_back_as_it_went(small):
    again = read(write(small))
    seen = see("米不多了")
    assert write(again) == write(small)
    assert again.verdict("urgency", seen).likely == pytest.approx(small.verdict("urgency", seen).likely, abs=0.02)


def test_signs_of_any_characters_survive_the_file():
    odd = [replace(example, text=f'{example.text}\u2028\t"\\\x85{example.text}') for example in EXAMPLES]
    model = train(odd)
    assert read(write(model)).rows.keys() == model.rows.keys()


@pytest.mark.parametrize(
    ("lines", "where"),
    [
        ([""], "line 1"),
        (["[]"], "line 1"),
        (['{"format": 7, "facts": {}}'], "line 1: format 7"),
        (['{"format": 1}'], "line 1"),
        ([HEAD, "c:米\t1"], "line 2"),
        ([HEAD, "c:米\t1\tx"], "line 2"),
        ([HEAD, "c:米\t1\t2", "c:米\t1\t2\t3"], "line 3"),
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
    wrong = [replace(EXAMPLES[0], labels={"category": "policy", "urgency": "urgent"})]
    assert score(small, wrong) == {"category": Score(0, 1), "urgency": Score(1, 1), "emergency": Score(0, 0)}


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


def test_base_examples_have_the_values_of_the_model():
    for fact, column in base().columns.items():
        assert {example.labels[fact] for example in base_examples()} == set(column.values)
