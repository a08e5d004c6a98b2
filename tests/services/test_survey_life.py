"""Callbacks under random events, late, repeated and in any order: one verdict a round, and silence is no praise."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from datetime import datetime, timedelta

import factories
import pytest
from factories import NOW, ZONE
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline.db import Sessions
from hotline.models import AnswerKind, OptOut, Order, OutboxEntry, Recording, RecordingKind, SurveyAttempt, Work
from hotline.rules.machine import ImpossibleMoveError
from hotline.rules.order_states import Move, OrderState
from hotline.rules.roles import Role
from hotline.rules.survey_states import (
    SETTLED,
    AttemptEvent,
    AttemptState,
    Resolved,
    RoundState,
    Satisfied,
    Verdict,
    verdict,
)
from hotline.services import surveys
from hotline.services.receipts import Told
from speech.understand.facts import Fact, SurveyAnswers

ANSWERS = st.builds(
    lambda resolved, satisfied, reason, wants_human, opt_out: SurveyAnswers(
        Fact(resolved), Fact(satisfied), Fact(reason), Fact(wants_human), Fact(opt_out)
    ),
    st.sampled_from([None, *Resolved]),
    st.sampled_from([None, *Satisfied]),
    st.sampled_from([None, "attitude", "too_slow"]),
    st.booleans(),
    st.booleans(),
)
ENDED = {RoundState.ANSWERED, RoundState.REFUSED, RoundState.NOT_REACHED, RoundState.CANCELLED}


class SurveyLife(RuleBasedStateMachine):
    """One order whose caller is rung back, round after round."""

    session: Session
    order: Order

    def __init__(self, undone: Callable[[], AbstractContextManager[Sessions]]) -> None:
        super().__init__()
        self._end = ExitStack()
        sessions = self._end.enter_context(undone())
        self.session = self._end.enter_context(sessions())
        self.now: datetime = NOW
        self.sent: list[tuple[SurveyAttempt, Told, str]] = []
        self.spoken: list[Recording] = []
        self.praised: set[int] = set()

    @initialize()
    def resolved(self) -> None:
        self.order = factories.order(self.session, state=OrderState.RESOLVED)
        self.desk = factories.actor(self.session, self.order.unit, Role.CALL_TAKER)

    # What the carrier and the person who is rung do

    @rule(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        attempt = self._any_attempt(data)
        if attempt is None:
            return
        self.now = max(self.now, attempt.due_at)
        opted_out = self.session.get(OptOut, factories.CALLER) is not None
        dial = surveys.begin(self.session, attempt.id, "twilio", self.now, ZONE)
        if isinstance(dial, surveys.Dial):
            assert not opted_out
            assert self.order.state == OrderState.RESOLVED
            surveys.dialled(self.session, attempt.id, factories.call_sid(attempt.id))

    @rule(data=st.data(), is_machine=st.booleans())
    def pick_up(self, data: st.DataObject, is_machine: bool) -> None:
        attempt = self._dialled(data)
        if attempt is not None:
            sid = factories.call_sid(attempt.id)
            surveys.picked_up(self.session, attempt, sid, is_machine=is_machine, now=self.now, zone=ZONE)

    @rule(data=st.data(), key=st.sampled_from(["1", "1", "2", "3", "0", "9", "", "7", "*"]))
    def press(self, data: st.DataObject, key: str) -> None:
        attempt = self._dialled(data)
        if attempt is not None:
            told = factories.told(factories.call_sid(attempt.id))
            self.sent.append((attempt, told, key))
            surveys.keyed(self.session, attempt, told, key, self.now, ZONE)

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def the_same_key_is_told_again(self, data: st.DataObject) -> None:
        attempt, told, key = data.draw(st.sampled_from(self.sent))
        before = (attempt.step, attempt.state, len(attempt.answers), self.order.version)
        surveys.keyed(self.session, attempt, told, key, self.now, ZONE)
        self.session.flush()
        assert (attempt.step, attempt.state, len(attempt.answers), self.order.version) == before

    @rule(data=st.data(), has_sound=st.booleans())
    def speak(self, data: st.DataObject, has_sound: bool) -> None:
        attempt = self._dialled(data)
        if attempt is None or attempt.call is None:
            return
        recording = None
        if has_sound:
            recording = factories.recording(self.session, attempt.call, kind=RecordingKind.SURVEY)
            self.spoken.append(recording)
        told = factories.told(factories.call_sid(attempt.id))
        surveys.spoke(self.session, attempt, told, recording, self.now, ZONE)

    @precondition(lambda self: self.spoken)
    @rule(data=st.data(), said=ANSWERS)
    def understand(self, data: st.DataObject, said: SurveyAnswers) -> None:
        recording = data.draw(st.sampled_from(self.spoken))
        rounds_open = {survey.id for survey in self.order.survey_rounds if survey.ended_at is None}
        surveys.heard(self.session, recording, said, self.now, ZONE)
        if said.satisfied.value == Satisfied.SATISFIED:
            self.praised |= rounds_open

    @precondition(lambda self: self.spoken)
    @rule(data=st.data())
    def lose_what_was_said(self, data: st.DataObject) -> None:
        surveys.not_heard(self.session, data.draw(st.sampled_from(self.spoken)), self.now, ZONE)

    @rule(data=st.data(), event=st.sampled_from(sorted({*AttemptEvent} - {AttemptEvent.DIAL, AttemptEvent.WRITE})))
    def report(self, data: st.DataObject, event: AttemptEvent) -> None:
        attempt = self._dialled(data)
        if attempt is not None:
            surveys.progressed(self.session, attempt, event, self.now, ZONE)

    @rule(data=st.data(), for_ever=st.booleans())
    def fail_to_dial(self, data: st.DataObject, for_ever: bool) -> None:
        attempt = self._any_attempt(data)
        if attempt is not None and for_ever:
            surveys.refused_by_carrier(self.session, attempt.id, "the carrier refused", self.now)
        elif attempt is not None:
            surveys.not_dialled(self.session, attempt.id, "the carrier is away", self.now, ZONE)

    # What people do

    @rule(data=st.data(), resolved=st.sampled_from(sorted(Resolved)), satisfied=st.sampled_from(sorted(Satisfied)))
    def a_person_asks(self, data: st.DataObject, resolved: Resolved, satisfied: Satisfied) -> None:
        survey = data.draw(st.sampled_from(self.order.survey_rounds))
        was_open = survey.ended_at is None
        try:
            surveys.answer_by_person(self.session, survey, resolved, satisfied, None, None, self.desk, self.now, ZONE)
        except ImpossibleMoveError:
            assert not was_open
        else:
            assert was_open
            if satisfied == Satisfied.SATISFIED:
                self.praised.add(survey.id)

    @rule(data=st.data())
    def a_person_gives_up(self, data: st.DataObject) -> None:
        survey = data.draw(st.sampled_from(self.order.survey_rounds))
        was_with_person = survey.state == RoundState.PERSON
        try:
            surveys.give_up_by_person(self.session, survey, "无人接听", self.desk, self.now)
        except ImpossibleMoveError:
            assert not was_with_person

    @rule(move=st.sampled_from([Move.CLOSE, Move.REOPEN, Move.MERGE]))
    def a_supervisor_steps_in(self, move: Move) -> None:
        if self.order.state == OrderState.RESOLVED:
            factories.step(self.session, self.order, move, at=self.now)

    @rule()
    def the_order_is_worked_on_again(self) -> None:
        again = {
            OrderState.REOPENED: (Move.REWORK, Move.CONTACT, Move.RESOLVE),
            OrderState.CLOSED: (Move.REOPEN, Move.REWORK, Move.CONTACT, Move.RESOLVE),
            OrderState.MERGED: (Move.UNMERGE,),
        }
        for move in again.get(self.order.state, ()):
            factories.step(self.session, self.order, move, at=self.now)

    @rule(minutes=st.integers(min_value=1, max_value=300))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    # What is always true

    @invariant()
    def the_database_takes_it(self) -> None:
        self.session.flush()

    @invariant()
    def a_round_has_at_most_one_verdict(self) -> None:
        said = [row for row in self.order.history if (row.reason or "").startswith("callback:")]
        assert len(said) <= len(self.order.survey_rounds)
        concluded = {RoundState.ANSWERED, RoundState.REFUSED, RoundState.NOT_REACHED}
        assert len(said) == sum(survey.state in concluded for survey in self.order.survey_rounds)

    @invariant()
    def a_verdict_follows_from_its_answers(self) -> None:
        for survey in self.order.survey_rounds:
            if survey.state == RoundState.ANSWERED:
                assert verdict(survey.resolved, survey.satisfied) != Verdict.INCOMPLETE

    @invariant()
    def silence_is_never_satisfaction(self) -> None:
        for survey in self.order.survey_rounds:
            if survey.satisfied == Satisfied.SATISFIED:
                keys = {
                    answer.key
                    for attempt in survey.attempts
                    for answer in attempt.answers
                    if answer.kind == AnswerKind.KEY and answer.question == "satisfied"
                }
                assert "1" in keys or survey.id in self.praised

    @invariant()
    def order_and_rounds_agree(self) -> None:
        *earlier, latest = self.order.survey_rounds
        assert all(survey.ended_at is not None for survey in earlier)
        assert (latest.ended_at is None) == (self.order.state == OrderState.RESOLVED)

    @invariant()
    def a_round_has_ended_when_its_state_is_an_end(self) -> None:
        for survey in self.order.survey_rounds:
            assert (survey.ended_at is not None) == (survey.state in ENDED)
            assert len(survey.attempts) <= 3

    @invariant()
    def while_a_round_waits_exactly_one_attempt_is_planned_and_asked_for(self) -> None:
        for survey in self.order.survey_rounds:
            if survey.state == RoundState.WAITING:
                (planned,) = [one for one in survey.attempts if one.state not in SETTLED]
                assert planned.state == AttemptState.PLANNED
                asked = select(OutboxEntry).where(
                    OutboxEntry.work == Work.DIAL_ATTEMPT, OutboxEntry.subject_id == planned.id
                )
                assert self.session.scalars(asked).one().due_at == planned.due_at

    @invariant()
    def an_attempt_that_ended_says_when(self) -> None:
        for survey in self.order.survey_rounds:
            for attempt in survey.attempts:
                assert (attempt.ended_at is not None) == (attempt.state in SETTLED)

    def teardown(self) -> None:
        self._end.close()

    def _any_attempt(self, data: st.DataObject) -> SurveyAttempt | None:
        attempts = [attempt for survey in self.order.survey_rounds for attempt in survey.attempts]
        return data.draw(st.sampled_from(attempts)) if attempts else None

    def _dialled(self, data: st.DataObject) -> SurveyAttempt | None:
        """An attempt of which the carrier can tell something."""
        attempts = [
            attempt for survey in self.order.survey_rounds for attempt in survey.attempts if attempt.call is not None
        ]
        return data.draw(st.sampled_from(attempts)) if attempts else None


@pytest.mark.timeout(900)  # to find the shortest run that fails takes long
def test_whatever_happens_and_however_often_a_round_has_one_verdict(
    undone: Callable[[], AbstractContextManager[Sessions]],
) -> None:
    run_state_machine_as_test(
        lambda: SurveyLife(undone), settings=settings(max_examples=30, stateful_step_count=30, deadline=None)
    )
