"""With which characters an expression may begin: never one too few."""

import re

import pytest

from speech.understand.beginnings import first_characters


@pytest.mark.parametrize(
    ("expression", "begins"),
    [
        ("没米", "没"),
        ("(甲|乙)丙", "甲乙"),
        ("(甲|乙)?丙", "甲乙丙"),
        ("甲?乙?丙", "甲乙丙"),
        ("[甲乙]{1,3}丙", "甲乙"),
        ("[甲乙]{0,3}丙", "甲乙丙"),
        ("(?<!有)没", "没"),
        ("(?!甲)[甲乙]", "甲乙"),
        ("((甲|乙(丙|丁))|戊)", "甲乙戊"),
        ("甲|乙", "甲乙"),
        ("(?:甲)+乙", "甲"),
        ("[(|]甲", "(|"),
        (r"(甲\)|乙)", "甲乙"),
    ],
)
def test_beginnings(expression: str, begins: str) -> None:
    assert first_characters(expression) == set(begins)


@pytest.mark.parametrize(
    "expression", [".甲", "^甲", "甲?", "(甲|)", "[^甲]", "[一-二]", r"\d", ".{0,6}?甲", "(?P<a>甲)", ""]
)
def test_where_it_may_be_anything_nothing_is_said(expression: str) -> None:
    assert first_characters(expression) is None


@pytest.mark.parametrize("expression", ["(甲|乙{2})?丙{0}[丁戊]?己", "(?<=甲)乙|(丙|丁)?(?!乙)戊"])
def test_every_match_begins_so(expression: str) -> None:
    begins = first_characters(expression)
    assert begins is not None
    text = "甲乙乙丙丁戊己甲乙戊丙戊己"
    assert {match[0][0] for match in re.finditer(expression, text)} <= begins
