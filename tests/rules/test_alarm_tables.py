"""The alarm's tables, each pair of state and event, and who is next: nobody twice in a round, nobody left out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tables import plain, written

from hotline.rules import alarms
from hotline.rules.alarms import (
    ALARM,
    ASKING,
    LIVE,
    SETTLED,
    TALK,
    AlarmEvent,
    AlarmState,
    Did,
    RingEvent,
    RingState,
    Say,
    next_of,
)
from hotline.rules.machine import ImpossibleMoveError
from hotline.rules.wording import TEXTS

ALARMS = written("""
    ringing       acknowledge>acknowledged give_up>unanswered end>over resume>ringing
    unanswered    acknowledge>acknowledged give_up>unanswered end>over resume>ringing
    acknowledged  acknowledge>acknowledged give_up>acknowledged end>acknowledged resume>acknowledged
    over          acknowledge>over give_up>over end>over resume>ringing
""")
LINE = (
    "pick_up>talking confirm>confirmed hang_up>not_confirmed no_answer>no_answer busy>busy fail>failed cancel>cancelled"
)
RINGS = written(f"""
    planned    dial>dialling fail>failed cancel>cancelled
    dialling   dial>dialling ring>ringing {LINE}
    ringing    dial>ringing ring>ringing {LINE}
    talking    dial>talking ring>talking {LINE}
""")


def test_each_event_of_an_alarm_leads_where_it_should() -> None:
    assert plain(ALARM) == ALARMS
    assert set(ALARM) == set(AlarmState)
    assert {state for state in AlarmState if ALARMS[state]["acknowledge"] == "acknowledged"} == {
        *LIVE,
        AlarmState.ACKNOWLEDGED,
    }


@pytest.mark.parametrize("state", sorted(set(RingState) - SETTLED))
@pytest.mark.parametrize("event", sorted(RingEvent))
def test_each_event_of_a_ring_leads_where_it_should(state: RingState, event: RingEvent) -> None:
    if event.value in RINGS[state.value]:
        assert alarms.ring_after(state, event).value == RINGS[state.value][event.value]
        return
    with pytest.raises(ImpossibleMoveError):
        alarms.ring_after(state, event)


@pytest.mark.parametrize("state", sorted(SETTLED))
@pytest.mark.parametrize("event", sorted(RingEvent))
def test_the_first_ending_of_a_ring_counts_but_for_the_key(state: RingState, event: RingEvent) -> None:
    assert alarms.ring_after(state, event) == (RingState.CONFIRMED if event == RingEvent.CONFIRM else state)


def test_an_alarm_once_taken_on_is_never_given_back() -> None:
    assert set(ALARM[AlarmState.ACKNOWLEDGED].values()) == {AlarmState.ACKNOWLEDGED}
    assert set(AlarmEvent) == set(ALARM[AlarmState.ACKNOWLEDGED])


@given(st.lists(st.sampled_from(sorted(Did)), max_size=6))
def test_after_three_questions_no_more_is_asked(did: list[Did]) -> None:
    said = Say.ASK
    for each in did:
        said = alarms.say_after(said, each)

    assert (said in ASKING) == ({*did} <= {Did.NOTHING} and len(did) < len(ASKING))
    assert (said == Say.THANKS) == (Did.CONFIRMED in did)
    assert set(TALK) == set(Say)


@pytest.mark.parametrize("language", sorted(TEXTS))
def test_everything_that_is_said_has_its_words_and_names_the_key_wherever_it_is_asked_for(language: str) -> None:
    key = {"zh-CN": "按一", "yue": "按一", "en": "press one"}[language]

    assert {say for say in Say if key in TEXTS[language][say]} == set(ASKING)


class Somebody:
    """Known by a number."""

    def __init__(self, number: str) -> None:
        self.number = number


@given(st.lists(st.text("0123456789", min_size=1, max_size=2), unique=True, max_size=5), st.integers(1, 4))
def test_everybody_is_told_once_in_each_round_in_their_order_and_then_nobody(numbers: list[str], rounds: int) -> None:
    people, told, calls = [Somebody(number) for number in numbers], [], []
    while (chosen := next_of(people, told, rounds)) is not None:
        current, who = chosen
        if current > len(told):
            told.append(set())
        told[current - 1].add(who.number)
        calls.append(who.number)

    assert calls == numbers * rounds


@given(
    st.lists(st.sampled_from("abcde"), unique=True, max_size=5),
    st.lists(st.sets(st.sampled_from("abcde")), max_size=4),
    st.integers(1, 4),
)
def test_whoever_is_next_is_there_and_was_not_told_in_that_round(
    numbers: list[str], told: list[set[str]], rounds: int
) -> None:
    chosen = next_of([Somebody(number) for number in numbers], told, rounds)

    if chosen is not None:
        current, who = chosen
        assert who.number in numbers
        assert current <= rounds
        assert current > len(told) or who.number not in told[current - 1]
