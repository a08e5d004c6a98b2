"""The callback survey's three tables and its verdict: each pair of state and event, and what must always hold."""

from collections.abc import Mapping
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tables import plain, written

from hotline.rules import survey_states
from hotline.rules.machine import ImpossibleMoveError
from hotline.rules.survey_states import (
    ATTEMPT,
    PERSON_KEY,
    REFUSE_KEY,
    RESOLVED_KEYS,
    ROUND,
    SATISFIED_KEYS,
    SETTLED,
    SILENT,
    TALK,
    UNREACHED,
    AttemptEvent,
    AttemptState,
    Resolved,
    RoundEvent,
    RoundState,
    Said,
    Satisfied,
    Step,
    Verdict,
    verdict,
)

ROUNDS = written("""
    waiting    dial>calling miss>waiting hand_over>person refuse>refused answer>answered cancel>cancelled
    calling    dial>calling miss>waiting speak>listening answer>answered hand_over>person refuse>refused
    +          cancel>cancelled
    listening  speak>listening answer>answered hand_over>person refuse>refused cancel>cancelled
    person     hand_over>person answer>answered refuse>refused give_up>not_reached cancel>cancelled
    +          write>calling
""")
ROUND_ENDS = (RoundState.ANSWERED, RoundState.REFUSED, RoundState.NOT_REACHED)


@pytest.mark.parametrize("state", [RoundState.WAITING, RoundState.CALLING, RoundState.LISTENING, RoundState.PERSON])
@pytest.mark.parametrize("event", sorted(RoundEvent))
def test_each_event_of_a_round_leads_where_it_should(state: RoundState, event: RoundEvent) -> None:
    if event.value in ROUNDS[state.value]:
        assert survey_states.round_after(state, event).value == ROUNDS[state.value][event.value]
        return
    with pytest.raises(ImpossibleMoveError):
        survey_states.round_after(state, event)


@pytest.mark.parametrize("state", ROUND_ENDS)
@pytest.mark.parametrize("event", sorted(RoundEvent))
def test_a_round_that_ended_stays_as_it_ended(state: RoundState, event: RoundEvent) -> None:
    assert survey_states.round_after(state, event) == state


@pytest.mark.parametrize("event", sorted(RoundEvent))
def test_a_cancelled_round_is_resumed_by_a_person_or_not_at_all(event: RoundEvent) -> None:
    after = survey_states.round_after(RoundState.CANCELLED, event)

    assert after == (RoundState.PERSON if event == RoundEvent.RESUME else RoundState.CANCELLED)


RING = "ring>ringing pick_up>talking answer>answered speak>spoken no_key>no_key refuse>refused"
MORE = "want_person>person_wanted machine>machine hang_up>hung_up no_answer>no_answer busy>busy fail>failed"
ATTEMPTS = written(f"""
    planned    dial>dialling fail>failed cancel>cancelled
    dialling   dial>dialling {RING} {MORE} cancel>cancelled
    ringing    dial>ringing {RING} {MORE} cancel>cancelled
    talking    dial>talking {RING.replace("ring>ringing", "ring>talking")} {MORE} cancel>cancelled
""")


@pytest.mark.parametrize("state", sorted(set(AttemptState) - SETTLED))
@pytest.mark.parametrize("event", sorted(AttemptEvent))
def test_each_event_of_an_attempt_leads_where_it_should(state: AttemptState, event: AttemptEvent) -> None:
    if event.value in ATTEMPTS[state.value]:
        assert survey_states.attempt_after(state, event).value == ATTEMPTS[state.value][event.value]
        return
    with pytest.raises(ImpossibleMoveError):
        survey_states.attempt_after(state, event)


@pytest.mark.parametrize("state", sorted(SETTLED))
@pytest.mark.parametrize("event", sorted(AttemptEvent))
def test_an_attempts_first_ending_counts(state: AttemptState, event: AttemptEvent) -> None:
    is_late_answer = event == AttemptEvent.WRITE and state in SILENT

    assert survey_states.attempt_after(state, event) == (AttemptState.TALKING if is_late_answer else state)


def test_who_was_not_reached_has_ended_without_a_word() -> None:
    assert UNREACHED < SETTLED
    assert {AttemptState.NO_ANSWER, AttemptState.BUSY, AttemptState.FAILED, AttemptState.MACHINE} == UNREACHED
    assert set(AttemptState) - SETTLED == {
        AttemptState.PLANNED,
        AttemptState.DIALLING,
        AttemptState.RINGING,
        AttemptState.TALKING,
    }


ENDS = "person_key>person_will_ring refuse_key>never_again"
TALKS = written(f"""
    ask_resolved         good_key>ask_satisfied unhappy_key>ask_satisfied wrong_key>ask_resolved_again
    +                    nothing>ask_resolved_again spoke>ask_resolved_again {ENDS}
    ask_resolved_again   good_key>ask_satisfied unhappy_key>ask_satisfied wrong_key>speak_freely
    +                    nothing>speak_freely spoke>speak_freely {ENDS}
    speak_freely         good_key>person_will_ring unhappy_key>person_will_ring wrong_key>person_will_ring
    +                    nothing>person_will_ring person_key>person_will_ring refuse_key>person_will_ring spoke>thank
    ask_satisfied        good_key>thank unhappy_key>ask_reason wrong_key>ask_satisfied_again
    +                    nothing>ask_satisfied_again spoke>ask_satisfied_again {ENDS}
    ask_satisfied_again  good_key>thank unhappy_key>ask_reason wrong_key>person_will_ring
    +                    nothing>person_will_ring spoke>person_will_ring {ENDS}
    ask_reason           good_key>will_redo unhappy_key>will_redo wrong_key>will_redo
    +                    nothing>will_redo person_key>will_redo refuse_key>will_redo spoke>will_redo
""")
LAST_WORDS = (Step.THANK, Step.WILL_REDO, Step.PERSON_WILL_RING, Step.NEVER_AGAIN)


@pytest.mark.parametrize("step", sorted(set(Step) - set(LAST_WORDS)))
def test_each_answer_leads_to_the_next_question(step: Step) -> None:
    assert plain(TALK)[step.value] == TALKS[step.value]


@pytest.mark.parametrize("step", LAST_WORDS)
def test_after_the_last_words_nothing_is_asked(step: Step) -> None:
    assert set(TALK[step].values()) == {step}


@given(st.lists(st.sampled_from(sorted(Said)), min_size=6, max_size=6))
def test_nobody_is_asked_more_than_six_times(answers: list[Said]) -> None:
    step = Step.ASK_RESOLVED
    for said in answers:
        step = survey_states.step_after(step, said)

    assert step in LAST_WORDS


TABLES: list[Mapping[StrEnum, Mapping[StrEnum, StrEnum]]] = [ROUND, ATTEMPT, TALK]


@pytest.mark.parametrize(("table", "states"), [(ROUND, RoundState), (ATTEMPT, AttemptState), (TALK, Step)])
def test_a_table_has_every_state(table: Mapping[StrEnum, object], states: type[StrEnum]) -> None:
    assert set(table) == set(states)


@pytest.mark.parametrize("table", TABLES, ids=["round", "attempt", "talk"])
def test_every_state_can_be_reached(table: Mapping[StrEnum, Mapping[StrEnum, StrEnum]]) -> None:
    first = next(iter(table))
    reached = {first}
    while more := {to for state in reached for to in table[state].values()} - reached:
        reached |= more

    assert reached == set(table)


# The verdict

CLOSE, REOPEN, OPEN = Verdict.CLOSE, Verdict.REOPEN, Verdict.INCOMPLETE
VERDICTS = {
    None: {None: OPEN, "satisfied": OPEN, "neutral": OPEN, "dissatisfied": REOPEN},
    "yes": {None: OPEN, "satisfied": CLOSE, "neutral": CLOSE, "dissatisfied": REOPEN},
    "partly": {None: REOPEN, "satisfied": REOPEN, "neutral": REOPEN, "dissatisfied": REOPEN},
    "no": {None: REOPEN, "satisfied": REOPEN, "neutral": REOPEN, "dissatisfied": REOPEN},
}


@pytest.mark.parametrize("resolved", [None, *Resolved])
@pytest.mark.parametrize("satisfied", [None, *Satisfied])
def test_only_no_partly_and_dissatisfied_open_an_order_again(
    resolved: Resolved | None, satisfied: Satisfied | None
) -> None:
    assert verdict(resolved, satisfied) == VERDICTS[resolved][satisfied]


def test_keys_mean_one_thing_each() -> None:
    assert list(RESOLVED_KEYS) == list(SATISFIED_KEYS) == ["1", "2", "3"]
    assert set(RESOLVED_KEYS.values()) == set(Resolved)
    assert set(SATISFIED_KEYS.values()) == set(Satisfied)
    assert PERSON_KEY != REFUSE_KEY
    assert not {PERSON_KEY, REFUSE_KEY} & {*RESOLVED_KEYS, *SATISFIED_KEYS}
