"""What a result must hold: by category, as the unit has it, and what is missing of it."""

from dataclasses import replace

import pytest

from hotline.rules.closing import ALWAYS, BY_CATEGORY, Element, Held, missing, needed
from hotline.rules.facts import Category, Urgency
from hotline.rules.policy import Policy, PolicyError

NOTHING = Held(is_contacted=False, done="", is_unsolved=False, why_not=None, aid=None, visit_record=None, photos=0)
ALL = Held(is_contacted=True, done="送去", is_unsolved=True, why_not="断货", aid="米", visit_record="入户", photos=1)
SEEN_IN_PERSON = {Category.ELDERLY, Category.CHILDREN, Category.DISABILITY, Category.HOMELESS}


@pytest.mark.parametrize("category", [None, *Category])
def test_every_category_needs_what_is_always_needed(category: Category | None) -> None:
    elements = needed(category, BY_CATEGORY)

    assert elements[: len(ALWAYS)] == ALWAYS
    assert (Element.VISIT_RECORD in elements) == (category in SEEN_IN_PERSON)
    assert (Element.AID in elements) == (category == Category.SUPPLIES)


def test_what_is_missing_is_named_in_the_order_of_the_form() -> None:
    everything = tuple(Element)

    assert missing(everything, ALL) == []
    assert missing(everything, replace(NOTHING, is_unsolved=True)) == list(Element)


@pytest.mark.parametrize(
    ("element", "without"),
    [
        (Element.CONTACT, {"is_contacted": False}),
        (Element.DONE, {"done": " \n"}),
        (Element.WHY_NOT, {"why_not": " "}),
        (Element.AID, {"aid": None}),
        (Element.VISIT_RECORD, {"visit_record": ""}),
        (Element.PHOTO, {"photos": 0}),
    ],
)
def test_each_element_is_looked_for(element: Element, without: dict[str, object]) -> None:
    assert missing(tuple(Element), replace(ALL, **without)) == [element]  # type: ignore[arg-type]  # one at a time


def test_why_it_is_not_solved_is_asked_where_it_is_not() -> None:
    assert missing(ALWAYS, replace(ALL, is_unsolved=False, why_not=None)) == []


def test_a_unit_says_what_a_category_needs_and_the_rest_stays() -> None:
    policy = Policy().with_overrides({"closing": {"elderly": ["visit_record", "photo"], "supplies": []}})

    assert policy.closing[Category.ELDERLY] == {Element.VISIT_RECORD, Element.PHOTO}
    assert policy.closing[Category.SUPPLIES] == frozenset()
    assert policy.closing[Category.CHILDREN] == {Element.VISIT_RECORD}


@pytest.mark.parametrize(
    "stored",
    [{}, [], {"elderly": "photo"}, {"elderly": ["selfie"]}, {"old": ["photo"]}, {"elderly": ["done"]}, {"elderly": 3}],
)
def test_nonsense_about_closing_elements_is_refused(stored: object) -> None:
    with pytest.raises(PolicyError, match="closing"):
        Policy().with_overrides({"closing": stored})


@pytest.mark.parametrize(
    ("stored", "approved"),
    [
        (True, frozenset(Urgency)),
        (False, frozenset()),
        (["children", "emergency"], frozenset({Category.CHILDREN, Urgency.EMERGENCY})),
    ],
)
def test_whose_results_are_approved_is_all_none_or_some(stored: object, approved: frozenset[object]) -> None:
    assert Policy().with_overrides({"results_need_approval": stored}).results_need_approval == approved


@pytest.mark.parametrize("stored", ["children", 1, None, ["kids"]])
def test_nonsense_about_approval_is_refused(stored: object) -> None:
    with pytest.raises(PolicyError, match="results_need_approval"):
        Policy().with_overrides({"results_need_approval": stored})
