"""What a unit may set for itself, and what it is told when that makes no sense."""

from datetime import time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.rules.policy import Policy, PolicyError


def test_without_anything_set_the_usual_figures_count() -> None:
    assert Policy().with_overrides({}) == Policy()
    assert (Policy().calls_from, Policy().calls_until) == (time(9), time(21))
    assert Policy().survey_attempts == 3


def test_what_is_set_counts_and_the_rest_stays() -> None:
    above = Policy().with_overrides({"survey_delay": 60, "calls_from": "08:30"})
    below = above.with_overrides({"survey_attempts": 2, "survey_spacing": "90", "calls_from": "10:00"})

    assert below.survey_delay == timedelta(minutes=1)
    assert below.calls_from == time(10)
    assert (below.survey_attempts, below.survey_spacing) == (2, timedelta(seconds=90))
    assert below.limits == Policy().limits


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("survey_delay", -1),
        ("survey_delay", "soon"),
        ("survey_delay", None),
        ("survey_delay", "inf"),
        ("survey_delay", "nan"),
        ("survey_delay", 1e300),
        ("survey_attempts", 0),
        ("survey_attempts", 11),
        ("survey_attempts", "many"),
        ("survey_attempts", []),
        ("calls_from", "25:00"),
        ("calls_from", 9),
        ("calls_until", "late"),
        ("calls_until", "21:00+08:00"),
        ("appoint_after_returns", 0),
        ("auto_dispatch", "no"),
        ("auto_dispatch", 1),
        ("auto_confidence", 1.01),
        ("auto_confidence", "nan"),
        ("auto_confidence", True),
        ("limits", {}),
        ("surveydelay", 1),
    ],
)
def test_what_makes_no_sense_is_named(key: str, value: Any) -> None:
    with pytest.raises(PolicyError, match=f"^{key}: "):
        Policy().with_overrides({key: value})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=4,
)


@given(
    key=st.sampled_from(
        [
            "survey_delay",
            "survey_attempts",
            "survey_spacing",
            "calls_from",
            "calls_until",
            "appoint_after_returns",
            "auto_dispatch",
            "auto_confidence",
        ]
    ),
    value=JSON,
)
def test_whatever_is_stored_is_a_policy_or_a_named_error(key: str, value: Any) -> None:
    try:
        policy = Policy().with_overrides({key: value})
    except PolicyError:
        return
    assert policy.survey_delay >= timedelta(0)
    assert 1 <= policy.survey_attempts <= 10
    assert policy.calls_from.tzinfo is None
    assert policy.calls_until.tzinfo is None
    assert policy.appoint_after_returns >= 1
    assert policy.auto_dispatch in {True, False}
    assert 0 <= policy.auto_confidence <= 1
