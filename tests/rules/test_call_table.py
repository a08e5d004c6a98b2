"""An inbound call: each event in each state, and what must hold however late or often it comes."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tables import plain, written

from hotline.rules import call_flow
from hotline.rules.call_flow import CALL, RING_BACK, CallEvent, CallState

S, E = CallState, CallEvent

FLOW = written("""
    greeted      person_wanted>with_person person_talked>talked person_absent>recorder message_left>thanked
    +            message_left_person_wanted>with_person nothing_said>asked_again other_key>greeted
    +            ended>abandoned ended_with_message>thanked
    with_person  person_wanted>with_person person_talked>talked person_absent>recorder message_left>with_person
    +            message_left_person_wanted>with_person nothing_said>with_person other_key>with_person
    +            ended>abandoned ended_with_message>thanked
    recorder     person_wanted>with_person person_talked>talked person_absent>recorder message_left>thanked
    +            message_left_person_wanted>with_person nothing_said>asked_again other_key>recorder
    +            ended>abandoned ended_with_message>thanked
    asked_again  person_wanted>with_person person_talked>talked person_absent>asked_again message_left>thanked
    +            message_left_person_wanted>with_person nothing_said>silent other_key>asked_again
    +            ended>abandoned ended_with_message>thanked
    thanked      person_wanted>with_person person_talked>talked person_absent>thanked message_left>thanked
    +            message_left_person_wanted>with_person nothing_said>thanked other_key>thanked
    +            ended>thanked ended_with_message>thanked
    silent       person_wanted>silent person_talked>talked person_absent>silent message_left>thanked
    +            message_left_person_wanted>thanked nothing_said>silent other_key>silent
    +            ended>silent ended_with_message>thanked
    abandoned    person_wanted>abandoned person_talked>talked person_absent>abandoned message_left>thanked
    +            message_left_person_wanted>thanked nothing_said>abandoned other_key>abandoned
    +            ended>abandoned ended_with_message>thanked
    not_served   person_wanted>not_served person_talked>talked person_absent>not_served message_left>thanked
    +            message_left_person_wanted>thanked nothing_said>not_served other_key>not_served
    +            ended>not_served ended_with_message>thanked
""")
ABSORBING = (S.TALKED, S.REFUSED, S.OUTBOUND)
MESSAGES = (E.MESSAGE_LEFT, E.MESSAGE_LEFT_PERSON_WANTED, E.ENDED_WITH_MESSAGE)


@pytest.mark.parametrize("state", sorted(set(CallState) - set(ABSORBING)))
def test_each_event_leads_where_it_should(state: CallState) -> None:
    assert plain(CALL)[state.value] == FLOW[state.value]


@pytest.mark.parametrize("state", ABSORBING)
@pytest.mark.parametrize("event", sorted(CallEvent))
def test_nothing_leads_out_of_an_end(state: CallState, event: CallEvent) -> None:
    assert call_flow.after(state, event) == state


@pytest.mark.parametrize("state", sorted(CallState))
def test_every_event_has_an_answer_in_every_state(state: CallState) -> None:
    assert set(CALL[state]) == set(CallEvent)


@pytest.mark.parametrize("state", sorted(set(CallState) - {*ABSORBING, S.OUTBOUND}))
@pytest.mark.parametrize("event", MESSAGES)
def test_a_message_outlives_every_other_ending(state: CallState, event: CallEvent) -> None:
    after = call_flow.after(call_flow.after(state, event), E.ENDED_WITH_MESSAGE)

    assert after == S.THANKED
    assert after not in RING_BACK


@pytest.mark.parametrize("state", sorted(set(CallState) - {S.REFUSED, S.OUTBOUND}))
def test_a_talk_with_a_person_outlives_everything(state: CallState) -> None:
    assert call_flow.after(state, E.PERSON_TALKED) == S.TALKED


def events() -> st.SearchStrategy[list[CallEvent]]:
    return st.lists(st.sampled_from(sorted(CallEvent)), max_size=12)


@given(before=events(), late=events())
def test_when_the_line_is_dead_the_caller_is_served_or_rung_back(
    before: list[CallEvent], late: list[CallEvent]
) -> None:
    state = S.GREETED
    for event in before:
        state = call_flow.after(state, event)
    left_a_message = bool(set(before) & set(MESSAGES))
    state = call_flow.after(state, E.ENDED_WITH_MESSAGE if left_a_message else E.ENDED)

    assert state in {S.THANKED, S.TALKED, *RING_BACK}
    if left_a_message:
        assert state not in RING_BACK

    # Whatever comes late is a message, a talk, or nothing new: an ending never undoes one.
    states = [state]
    for event in late:
        states.append(call_flow.after(states[-1], event))
    for earlier, later in pairwise(states):
        assert not (earlier in {S.THANKED, S.TALKED} and later in RING_BACK)


@given(before=events())
def test_nobody_is_asked_again_more_than_once(before: list[CallEvent]) -> None:
    state, asked = S.GREETED, 0
    for event in before:
        was, state = state, call_flow.after(state, event)
        asked += was != S.ASKED_AGAIN and state == S.ASKED_AGAIN
        if event in {E.PERSON_WANTED, E.MESSAGE_LEFT_PERSON_WANTED}:
            asked = 0  # who has asked for a person begins anew

    assert asked <= 1
