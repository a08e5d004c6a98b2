"""The callback survey on a real database: when a caller is rung, what each answer leads to, and who tries next."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import factories
import pytest
from factories import NOW, ZONE
from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline.models import (
    AnswerKind,
    Line,
    OptOut,
    Order,
    OutboxEntry,
    RecordingKind,
    SurveyAttempt,
    SurveyRound,
    Unit,
    Work,
)
from hotline.rules.machine import ImpossibleMoveError
from hotline.rules.order_states import Move, OrderState
from hotline.rules.policy import LIMITS
from hotline.rules.roles import Role
from hotline.rules.survey_states import (
    AttemptEvent,
    AttemptState,
    Reason,
    Resolved,
    RoundState,
    Satisfied,
    Step,
)
from hotline.services import orders, surveys
from hotline.services.access import SYSTEM, Actor, NotAllowedError
from hotline.services.desk import surveys as desk_surveys
from speech.understand.facts import Fact, SurveyAnswers

DUE = NOW + timedelta(minutes=30)


@dataclass
class Callback:
    """One attempt as the person who is rung, and the carrier, act on it."""

    session: Session
    attempt: SurveyAttempt
    now: datetime = DUE

    @property
    def round(self) -> SurveyRound:
        return self.attempt.round

    @property
    def order(self) -> Order:
        return self.attempt.round.order

    def dial(self) -> "Callback":
        told = surveys.begin(self.session, self.attempt.id, "twilio", self.now, ZONE)
        assert isinstance(told, surveys.Dial)
        surveys.dialled(self.session, self.attempt.id, factories.call_sid())
        return self

    def pick_up(self, *, machine: bool = False) -> surveys.Asked:
        assert self.attempt.call is not None
        sid = self.attempt.call.carrier_call_id or ""
        return surveys.picked_up(self.session, self.attempt, sid, is_machine=machine, now=self.now, zone=ZONE)

    def key(self, *keys: str) -> Step | None:
        """Each key at the question that is being asked; "" is none."""
        assert self.attempt.call is not None
        for key in keys:
            told = factories.told(self.attempt.call.carrier_call_id or "")
            asked = surveys.keyed(self.session, self.attempt, told, key, self.now, ZONE)
        return asked.step

    def say(self, **answers: object) -> None:
        """Something after the tone, which is understood as `answers` a little later."""
        recording = self.speak()
        self.understand(recording, **answers)

    def speak(self) -> factories.Recording:
        assert self.attempt.call is not None
        recording = factories.recording(self.session, self.attempt.call, kind=RecordingKind.SURVEY)
        told = factories.told(self.attempt.call.carrier_call_id or "")
        surveys.spoke(self.session, self.attempt, told, recording, self.now, ZONE)
        return recording

    def understand(self, recording: factories.Recording, **answers: object) -> None:
        understood = SurveyAnswers(**{name: Fact(value) for name, value in answers.items()})  # type: ignore[arg-type]
        surveys.heard(self.session, recording, understood, self.now, ZONE)

    def keep_silent(self) -> Step | None:
        assert self.attempt.call is not None
        told = factories.told(self.attempt.call.carrier_call_id or "")
        return surveys.spoke(self.session, self.attempt, told, None, self.now, ZONE).step

    def report(self, event: AttemptEvent) -> None:
        surveys.progressed(self.session, self.attempt, event, self.now, ZONE)

    def next_attempt(self) -> "Callback":
        """The attempt that follows, at its time."""
        self.session.flush()
        following = self.round.attempts[-1]
        assert following is not self.attempt
        return Callback(self.session, following, following.due_at)


@pytest.fixture
def callback(session: Session) -> Callback:
    """A first attempt that is due."""
    return Callback(session, factories.attempt(session))


@pytest.fixture
def talk(callback: Callback) -> Callback:
    """The same once somebody has picked up."""
    callback.dial().pick_up()
    return callback


def in_hours(session: Session, **policy: str) -> Line:
    return factories.line(session, factories.unit(session, policy=policy))


# Opening a round


def test_a_resolved_order_is_rung_about_after_the_units_delay(callback: Callback) -> None:
    entry = callback.session.scalars(select(OutboxEntry).where(OutboxEntry.work == Work.DIAL_ATTEMPT)).one()

    assert callback.round.state == RoundState.WAITING
    assert callback.round.resolution == callback.order.resolutions == 1
    assert callback.attempt.due_at == entry.due_at == DUE
    assert entry.subject_id == callback.attempt.id


def test_an_attempt_is_planned_for_the_hours_in_which_people_may_be_rung(session: Session) -> None:
    line = in_hours(session, calls_from="09:00", calls_until="10:15")

    attempt = factories.attempt(session, line)

    assert attempt.due_at == datetime(2026, 3, 3, 1, 0, tzinfo=UTC)


def test_without_a_number_a_person_tries(session: Session) -> None:
    order = factories.order(session, state=OrderState.RESOLVED, number=None)

    assert order.survey_rounds[0].state == RoundState.PERSON
    assert order.survey_rounds[0].attempts == []


def test_a_number_that_opted_out_is_left_to_a_person(session: Session) -> None:
    session.add(OptOut(number=factories.CALLER, at=NOW))

    order = factories.order(session, state=OrderState.RESOLVED)

    assert order.survey_rounds[0].state == RoundState.PERSON


def test_each_resolution_has_a_round_of_its_own(talk: Callback) -> None:
    talk.key("3", "3")
    for move in (Move.REWORK, Move.CONTACT, Move.RESOLVE):
        factories.step(talk.session, talk.order, move, at=talk.now)

    assert [survey.resolution for survey in talk.order.survey_rounds] == [1, 2]
    assert [survey.state for survey in talk.order.survey_rounds] == [RoundState.ANSWERED, RoundState.WAITING]


# Whether the call may leave


def test_the_call_leaves_from_the_number_that_the_caller_knows(callback: Callback) -> None:
    dial = surveys.begin(callback.session, callback.attempt.id, "twilio", DUE, ZONE)

    assert isinstance(dial, surveys.Dial)
    assert (dial.from_number, dial.to_number) == (factories.LINE, factories.CALLER)
    assert not dial.maybe_dialled
    assert callback.attempt.dialled_at == DUE
    assert callback.round.state == RoundState.CALLING


def test_a_call_that_may_have_left_before_is_marked_as_that(callback: Callback) -> None:
    surveys.begin(callback.session, callback.attempt.id, "twilio", DUE, ZONE)

    again = surveys.begin(callback.session, callback.attempt.id, "twilio", DUE + timedelta(minutes=1), ZONE)

    assert isinstance(again, surveys.Dial)
    assert again.maybe_dialled
    assert again.since == DUE


def test_outside_the_hours_no_call_leaves(session: Session) -> None:
    attempt = factories.attempt(session, in_hours(session, calls_from="09:00", calls_until="21:00"))
    late = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)  # nine in the evening there

    told = surveys.begin(session, attempt.id, "twilio", late, ZONE)

    assert told == surveys.Postponed(datetime(2026, 3, 3, 1, 0, tzinfo=UTC))
    assert attempt.state == AttemptState.PLANNED


def test_nobody_is_rung_who_opted_out_meanwhile(callback: Callback) -> None:
    callback.session.add(OptOut(number=factories.CALLER, at=NOW))

    assert surveys.begin(callback.session, callback.attempt.id, "twilio", DUE, ZONE) is None
    assert callback.attempt.state == AttemptState.CANCELLED
    assert callback.round.state == RoundState.PERSON


def test_nobody_is_rung_about_an_order_that_moved_on(callback: Callback) -> None:
    orders.close(callback.session, callback.order, SYSTEM, DUE, "来电人已当面确认")

    assert surveys.begin(callback.session, callback.attempt.id, "twilio", DUE, ZONE) is None
    assert callback.attempt.state == AttemptState.CANCELLED
    assert callback.round.state == RoundState.CANCELLED


def test_an_attempt_that_is_over_is_not_dialled_again(callback: Callback) -> None:
    callback.dial().report(AttemptEvent.BUSY)

    assert surveys.begin(callback.session, callback.attempt.id, "twilio", DUE, ZONE) is None
    assert callback.attempt.state == AttemptState.BUSY


# What the keys lead to


@pytest.mark.parametrize(
    ("keys", "resolved", "satisfied", "order_state"),
    [
        (("1", "1"), Resolved.YES, Satisfied.SATISFIED, OrderState.CLOSED),
        (("1", "2"), Resolved.YES, Satisfied.NEUTRAL, OrderState.CLOSED),
        (("1", "3"), Resolved.YES, Satisfied.DISSATISFIED, OrderState.REOPENED),
        (("2", "1"), Resolved.PARTLY, Satisfied.SATISFIED, OrderState.REOPENED),
        (("2", "2"), Resolved.PARTLY, Satisfied.NEUTRAL, OrderState.REOPENED),
        (("3", "1"), Resolved.NO, Satisfied.SATISFIED, OrderState.REOPENED),
        (("3", "3"), Resolved.NO, Satisfied.DISSATISFIED, OrderState.REOPENED),
        (("", "1", "1"), Resolved.YES, Satisfied.SATISFIED, OrderState.CLOSED),
        (("7", "1", "*", "2"), Resolved.YES, Satisfied.NEUTRAL, OrderState.CLOSED),
    ],
)
def test_two_answers_close_or_reopen_the_order(
    talk: Callback, keys: tuple[str, ...], resolved: Resolved, satisfied: Satisfied, order_state: OrderState
) -> None:
    talk.key(*keys)

    assert (talk.round.resolved, talk.round.satisfied) == (resolved, satisfied)
    assert talk.round.state == RoundState.ANSWERED
    assert talk.order.state == order_state
    assert talk.order.history[-1].reason == f"callback:{resolved}/{satisfied}"
    assert talk.order.history[-1].user_id is None


def test_happy_answers_are_thanked_for_and_unhappy_ones_asked_why(callback: Callback) -> None:
    assert callback.dial().pick_up().step == Step.ASK_RESOLVED
    assert callback.key("1") == Step.ASK_SATISFIED
    assert callback.key("1") == Step.THANK


def test_an_unhappy_callers_order_is_reopened_before_the_reason_is_told(talk: Callback) -> None:
    assert talk.key("3", "3") == Step.ASK_REASON

    assert talk.order.state == OrderState.REOPENED
    assert talk.order.closed_at is None
    assert talk.order.resolve_by == talk.now + timedelta(hours=24)


def test_the_reason_is_added_when_it_is_understood(talk: Callback) -> None:
    talk.key("3", "3")

    talk.say(reason="attitude")

    assert talk.round.reason == Reason.ATTITUDE
    assert talk.attempt.step == Step.WILL_REDO
    assert talk.round.state == RoundState.ANSWERED
    assert [event.move for event in talk.order.history].count(Move.REOPEN) == 1


def test_no_reason_told_is_no_reason(talk: Callback) -> None:
    talk.key("3", "3")

    assert talk.keep_silent() == Step.WILL_REDO
    assert talk.round.reason is None


def test_a_reason_that_names_nothing_else_changes_no_answer(talk: Callback) -> None:
    talk.key("1", "3")

    talk.say(resolved="no", satisfied="satisfied", reason="too_slow")

    assert (talk.round.resolved, talk.round.satisfied) == (Resolved.YES, Satisfied.DISSATISFIED)
    assert talk.round.reason == Reason.TOO_SLOW


def test_nine_is_final(talk: Callback) -> None:
    assert talk.key("9") == Step.NEVER_AGAIN

    assert talk.attempt.state == AttemptState.REFUSED
    assert talk.round.state == RoundState.REFUSED
    assert talk.order.state == OrderState.CLOSED
    assert talk.round.satisfied is None
    assert talk.session.get(OptOut, factories.CALLER) is not None

    second = factories.order(talk.session, talk.order.calls[0].line, OrderState.RESOLVED)
    assert second.survey_rounds[0].state == RoundState.PERSON


def test_nine_after_an_unhappy_answer_reopens_the_order_all_the_same(talk: Callback) -> None:
    talk.key("3", "9")

    assert talk.order.state == OrderState.REOPENED
    assert talk.session.get(OptOut, factories.CALLER) is not None


@pytest.mark.parametrize("keys", [("0",), ("1", "0"), ("", "0")])
def test_zero_hands_over_to_a_person(talk: Callback, keys: tuple[str, ...]) -> None:
    assert talk.key(*keys) == Step.PERSON_WILL_RING

    assert talk.round.state == RoundState.PERSON
    assert talk.round.wants_person
    assert talk.order.state == OrderState.RESOLVED


def test_wrong_keys_and_silence_are_kept_as_what_they_are(talk: Callback) -> None:
    talk.key("", "8")
    talk.keep_silent()

    assert [answer.kind for answer in talk.attempt.answers] == [
        AnswerKind.NOTHING,
        AnswerKind.WRONG_KEY,
        AnswerKind.NOTHING,
    ]
    assert talk.attempt.state == AttemptState.NO_KEY
    assert talk.round.state == RoundState.PERSON
    assert talk.round.satisfied is None
    assert not talk.round.wants_person


def test_no_key_at_the_second_question_hands_over(talk: Callback) -> None:
    assert talk.key("1", "", "") == Step.PERSON_WILL_RING

    assert talk.round.state == RoundState.PERSON
    assert talk.round.resolved == Resolved.YES
    assert talk.order.state == OrderState.RESOLVED


def test_hanging_up_after_an_unhappy_answer_reopens_the_order(talk: Callback) -> None:
    talk.key("2")

    talk.report(AttemptEvent.HANG_UP)

    assert talk.attempt.state == AttemptState.HUNG_UP
    assert talk.order.state == OrderState.REOPENED
    assert talk.round.satisfied is None


@pytest.mark.parametrize("keys", [(), ("1",), ("",)])
def test_hanging_up_before_all_is_said_hands_over(talk: Callback, keys: tuple[str, ...]) -> None:
    if keys:
        talk.key(*keys)

    talk.report(AttemptEvent.HANG_UP)

    assert talk.round.state == RoundState.PERSON
    assert talk.order.state == OrderState.RESOLVED


# Spoken answers


@pytest.fixture
def free_talk(talk: Callback) -> Callback:
    """The person pressed no key twice and is asked to speak."""
    assert talk.key("", "") == Step.SPEAK_FREELY
    return talk


@pytest.mark.parametrize(
    ("answers", "round_state", "order_state"),
    [
        ({"resolved": "yes", "satisfied": "satisfied"}, RoundState.ANSWERED, OrderState.CLOSED),
        ({"resolved": "yes", "satisfied": "neutral"}, RoundState.ANSWERED, OrderState.CLOSED),
        ({"resolved": "no"}, RoundState.ANSWERED, OrderState.REOPENED),
        ({"resolved": "partly", "reason": "only_partly"}, RoundState.ANSWERED, OrderState.REOPENED),
        ({"satisfied": "dissatisfied"}, RoundState.ANSWERED, OrderState.REOPENED),
        ({"resolved": "yes"}, RoundState.PERSON, OrderState.RESOLVED),
        ({"satisfied": "satisfied"}, RoundState.PERSON, OrderState.RESOLVED),
        ({}, RoundState.PERSON, OrderState.RESOLVED),
        ({"wants_human": True}, RoundState.PERSON, OrderState.RESOLVED),
        ({"opt_out": True}, RoundState.REFUSED, OrderState.CLOSED),
        ({"opt_out": True, "resolved": "no"}, RoundState.ANSWERED, OrderState.REOPENED),
    ],
)
def test_spoken_answers_count_like_keys(
    free_talk: Callback, answers: dict[str, object], round_state: RoundState, order_state: OrderState
) -> None:
    recording = free_talk.speak()
    assert free_talk.attempt.state == AttemptState.SPOKEN
    assert free_talk.round.state == RoundState.LISTENING
    assert free_talk.attempt.step == Step.THANK

    free_talk.understand(recording, **answers)

    assert (free_talk.round.state, free_talk.order.state) == (round_state, order_state)
    assert free_talk.round.wants_person == bool(answers.get("wants_human"))
    opted_out = free_talk.session.get(OptOut, factories.CALLER) is not None
    assert opted_out == bool(answers.get("opt_out"))


def test_the_hang_up_may_be_told_before_the_spoken_answer(free_talk: Callback) -> None:
    free_talk.report(AttemptEvent.HANG_UP)
    assert free_talk.round.state == RoundState.PERSON

    free_talk.say(resolved="yes", satisfied="satisfied")

    assert free_talk.round.state == RoundState.ANSWERED
    assert free_talk.order.state == OrderState.CLOSED


def test_a_spoken_answer_that_got_lost_is_asked_for_by_a_person(free_talk: Callback) -> None:
    recording = free_talk.speak()

    surveys.not_heard(free_talk.session, recording, free_talk.now, ZONE)

    assert free_talk.round.state == RoundState.PERSON


def test_a_lost_reason_changes_nothing(talk: Callback) -> None:
    talk.key("3", "3")
    recording = talk.speak()

    surveys.not_heard(talk.session, recording, talk.now, ZONE)

    assert talk.round.state == RoundState.ANSWERED


def test_an_answer_understood_twice_counts_once(free_talk: Callback) -> None:
    recording = free_talk.speak()
    free_talk.understand(recording, resolved="no", reason="not_contacted")

    free_talk.understand(recording, resolved="yes", satisfied="satisfied", reason="attitude")

    assert (free_talk.round.resolved, free_talk.round.reason) == (Resolved.NO, Reason.NOT_CONTACTED)
    assert free_talk.order.state == OrderState.REOPENED


def test_whoever_says_never_again_when_asked_why_is_never_rung_again(talk: Callback) -> None:
    talk.key("3", "3")

    talk.say(opt_out=True)

    assert talk.session.get(OptOut, factories.CALLER) is not None
    assert talk.order.state == OrderState.REOPENED


# Nobody reached

UNREACHED = [
    (AttemptEvent.NO_ANSWER, AttemptState.NO_ANSWER),
    (AttemptEvent.BUSY, AttemptState.BUSY),
    (AttemptEvent.FAIL, AttemptState.FAILED),
    (AttemptEvent.MACHINE, AttemptState.MACHINE),
]


@pytest.mark.parametrize(("event", "state"), UNREACHED)
def test_who_is_not_reached_is_rung_three_times_and_then_by_a_person(
    callback: Callback, event: AttemptEvent, state: AttemptState
) -> None:
    for _ in range(2):
        callback.dial().report(event)
        assert callback.attempt.state == state
        assert callback.round.state == RoundState.WAITING
        assert callback.next_attempt().attempt.due_at == callback.now + timedelta(hours=2)
        callback = callback.next_attempt()
    callback.dial().report(event)

    assert callback.round.state == RoundState.PERSON
    assert len(callback.round.attempts) == 3
    assert callback.order.state == OrderState.RESOLVED


def test_a_machine_hears_no_word(callback: Callback) -> None:
    asked = callback.dial().pick_up(machine=True)

    assert asked.step is None
    assert callback.attempt.state == AttemptState.MACHINE
    assert callback.round.state == RoundState.WAITING


def test_the_second_answer_counts_when_the_first_ring_reached_nobody(callback: Callback) -> None:
    callback.dial().report(AttemptEvent.NO_ANSWER)
    second = callback.next_attempt()

    second.dial().pick_up()
    second.key("1", "1")

    assert second.order.state == OrderState.CLOSED


def test_what_the_carrier_will_never_dial_is_left_to_a_person_and_says_why(callback: Callback) -> None:
    callback.dial()

    surveys.refused_by_carrier(callback.session, callback.attempt.id, "the carrier refused with code 21211", DUE)

    assert callback.attempt.state == AttemptState.FAILED
    assert callback.attempt.trouble == "the carrier refused with code 21211"
    assert callback.round.state == RoundState.PERSON


@pytest.mark.parametrize("is_begun", [True, False])
def test_what_could_not_be_dialled_this_time_is_tried_again(callback: Callback, is_begun: bool) -> None:
    if is_begun:
        callback.dial()

    surveys.not_dialled(callback.session, callback.attempt.id, "CarrierUnavailableError", DUE, ZONE)

    assert callback.attempt.state == AttemptState.FAILED
    assert callback.round.state == RoundState.WAITING
    assert callback.next_attempt().attempt.due_at == DUE + timedelta(hours=2)


def test_a_call_that_is_going_on_is_not_ended_by_work_that_gave_up(talk: Callback) -> None:
    talk.key("1", "1")

    surveys.refused_by_carrier(talk.session, talk.attempt.id, "late", DUE)

    assert talk.round.state == RoundState.ANSWERED
    assert talk.attempt.state == AttemptState.ANSWERED


def test_a_units_own_number_of_attempts_counts(session: Session) -> None:
    unit = factories.unit(session, policy={"survey_attempts": 1, "calls_from": "00:00", "calls_until": "00:00"})
    callback = Callback(session, factories.attempt(session, factories.line(session, unit)))

    callback.dial().report(AttemptEvent.NO_ANSWER)

    assert callback.round.state == RoundState.PERSON


# Late and repeated callbacks


@pytest.mark.parametrize("event", sorted(AttemptEvent))
def test_after_the_answers_no_callback_changes_anything(talk: Callback, event: AttemptEvent) -> None:
    talk.key("1", "1")
    ended_at, history = talk.attempt.ended_at, len(talk.order.history)
    talk.now += timedelta(minutes=5)

    talk.report(event)

    assert talk.attempt.state == AttemptState.ANSWERED
    assert talk.attempt.ended_at == ended_at
    assert len(talk.order.history) == history
    assert talk.order.state == OrderState.CLOSED


def test_a_repeated_key_is_answered_again_and_counts_once(talk: Callback) -> None:
    assert talk.attempt.call is not None
    told = factories.told(talk.attempt.call.carrier_call_id or "")
    first = surveys.keyed(talk.session, talk.attempt, told, "1", talk.now, ZONE)

    again = surveys.keyed(talk.session, talk.attempt, told, "1", talk.now, ZONE)

    assert first == again
    assert talk.attempt.step == Step.ASK_SATISFIED
    assert len(talk.attempt.answers) == 1


def test_a_repeated_recording_counts_once(free_talk: Callback) -> None:
    assert free_talk.attempt.call is not None
    recording = factories.recording(free_talk.session, free_talk.attempt.call, kind=RecordingKind.SURVEY)
    told = factories.told(free_talk.attempt.call.carrier_call_id or "")

    for _ in range(2):
        surveys.spoke(free_talk.session, free_talk.attempt, told, recording, free_talk.now, ZONE)

    assert len(free_talk.attempt.answers) == 3


def test_ringing_told_after_picking_up_changes_nothing(talk: Callback) -> None:
    talk.report(AttemptEvent.RING)

    assert talk.attempt.state == AttemptState.TALKING


def test_the_first_webhook_names_the_call_when_the_worker_died_before_it_could(callback: Callback) -> None:
    surveys.begin(callback.session, callback.attempt.id, "twilio", DUE, ZONE)
    sid = factories.call_sid()

    surveys.picked_up(callback.session, callback.attempt, sid, is_machine=False, now=DUE, zone=ZONE)
    surveys.dialled(callback.session, callback.attempt.id, sid)

    assert callback.attempt.call is not None
    assert callback.attempt.call.carrier_call_id == sid


# A person asks


@pytest.fixture
def desk(callback: Callback) -> Actor:
    return factories.actor(callback.session, callback.order.unit, Role.CALL_TAKER)


def with_person(callback: Callback) -> None:
    callback.dial().pick_up()
    callback.key("0")


def answer(callback: Callback, actor: Actor, resolved: Resolved, satisfied: Satisfied, reason: Reason | None) -> None:
    surveys.answer_by_person(
        callback.session, callback.round, resolved, satisfied, reason, "电话回访", actor, callback.now, ZONE
    )


def test_a_persons_answer_closes_the_order(callback: Callback, desk: Actor) -> None:
    with_person(callback)

    answer(callback, desk, Resolved.YES, Satisfied.SATISFIED, None)

    assert callback.round.state == RoundState.ANSWERED
    assert (callback.round.user_id, callback.round.note) == (desk.user_id, "电话回访")
    assert callback.order.state == OrderState.CLOSED
    assert callback.order.history[-1].user_id == desk.user_id


def test_an_unhappy_answer_told_to_a_person_reopens_the_order_whoever_asked(callback: Callback, desk: Actor) -> None:
    with_person(callback)

    answer(callback, desk, Resolved.NO, Satisfied.DISSATISFIED, Reason.NOT_CONTACTED)

    assert callback.order.state == OrderState.REOPENED
    assert callback.round.reason == Reason.NOT_CONTACTED


def test_a_person_may_be_quicker_than_the_machine(callback: Callback, desk: Actor) -> None:
    answer(callback, desk, Resolved.YES, Satisfied.NEUTRAL, None)

    assert callback.order.state == OrderState.CLOSED
    assert surveys.begin(callback.session, callback.attempt.id, "twilio", DUE, ZONE) is None


def test_not_reached_by_a_person_either_closes_the_order_as_that(callback: Callback, desk: Actor) -> None:
    with_person(callback)

    surveys.give_up_by_person(callback.session, callback.round, "三次无人接听", desk, callback.now)

    assert callback.round.state == RoundState.NOT_REACHED
    assert callback.round.satisfied is None
    assert callback.order.state == OrderState.CLOSED
    assert callback.order.history[-1].reason == "callback:not_reached"


def test_giving_up_before_the_machine_has_tried_is_refused(callback: Callback, desk: Actor) -> None:
    with pytest.raises(ImpossibleMoveError):
        surveys.give_up_by_person(callback.session, callback.round, "不想打", desk, callback.now)


@pytest.mark.parametrize("role", [Role.HANDLER, Role.DISPATCHER, Role.ADMINISTRATOR])
def test_nobody_answers_for_the_caller_but_the_desk(callback: Callback, role: Role) -> None:
    with_person(callback)
    other = factories.actor(callback.session, callback.order.unit, role)

    with pytest.raises(NotAllowedError):
        answer(callback, other, Resolved.YES, Satisfied.SATISFIED, None)
    with pytest.raises(NotAllowedError):
        surveys.give_up_by_person(callback.session, callback.round, "无人接听", other, callback.now)


@pytest.mark.parametrize("resolved", [Resolved.YES, Resolved.NO])
def test_who_only_assists_answers_for_no_caller(callback: Callback, resolved: Resolved) -> None:
    with_person(callback)
    assisting = factories.unit(callback.session)
    factories.assist(callback.session, callback.order, assisting)
    other = factories.actor(callback.session, assisting, Role.SUPERVISOR)

    with pytest.raises(NotAllowedError):
        answer(callback, other, resolved, Satisfied.SATISFIED, None)
    with pytest.raises(NotAllowedError):
        surveys.give_up_by_person(callback.session, callback.round, "无人接听", other, callback.now)
    assert desk_surveys.count_for_person(callback.session, other) == 0
    assert desk_surveys.overview(callback.session, other, callback.now).for_person == []
    assert (callback.round.state, callback.order.state) == (RoundState.PERSON, OrderState.RESOLVED)


def test_a_round_that_is_over_takes_no_answer_for_a_later_resolution(callback: Callback, desk: Actor) -> None:
    with_person(callback)
    answer(callback, desk, Resolved.NO, Satisfied.DISSATISFIED, None)
    first = callback.round
    for move in (Move.REWORK, Move.CONTACT, Move.RESOLVE):
        factories.step(callback.session, callback.order, move, at=callback.now)

    with pytest.raises(ImpossibleMoveError):
        answer(callback, desk, Resolved.YES, Satisfied.SATISFIED, None)
    with pytest.raises(ImpossibleMoveError):
        surveys.give_up_by_person(callback.session, first, "无人接听", desk, callback.now)
    assert first.resolved == Resolved.NO
    assert callback.order.state == OrderState.RESOLVED


# When the order moves on


def test_a_supervisor_who_closes_ends_the_round(talk: Callback) -> None:
    orders.close(talk.session, talk.order, SYSTEM, talk.now, "来电人当面确认")

    talk.key("3", "3")

    assert talk.round.state == RoundState.CANCELLED
    assert talk.order.state == OrderState.CLOSED
    assert talk.round.resolved is None


def test_a_supervisor_who_reopens_ends_the_round(talk: Callback) -> None:
    reopen(talk)

    assert talk.round.state == RoundState.CANCELLED
    assert talk.round.ended_at == talk.now

    talk.key("1", "1")
    assert talk.order.state == OrderState.REOPENED


def reopen(callback: Callback) -> None:
    orders.reopen(
        callback.session, callback.order, SYSTEM, callback.now, "抽查不合格", LIMITS[callback.order.urgency], ZONE
    )


def test_an_order_that_is_taken_out_of_a_merger_is_asked_about_by_a_person(callback: Callback) -> None:
    factories.step(callback.session, callback.order, Move.MERGE)
    assert callback.round.state == RoundState.CANCELLED

    factories.step(callback.session, callback.order, Move.UNMERGE)

    assert callback.order.state == OrderState.RESOLVED
    assert callback.round.state == RoundState.PERSON
    assert callback.round.ended_at is None


def test_other_rounds_are_left_alone(session: Session, callback: Callback) -> None:
    noise = factories.attempt(session, factories.line(session, number="+862011112222"), number="+8613811111111")

    callback.dial().pick_up()
    callback.key("9")

    assert noise.state == AttemptState.PLANNED
    assert noise.round.state == RoundState.WAITING
    assert noise.round.order.state == OrderState.RESOLVED
    assert session.get(OptOut, "+8613811111111") is None


def test_the_policy_of_a_unit_above_counts_below(session: Session) -> None:
    city: Unit = factories.unit(session, policy={"survey_delay": 60, "calls_from": "00:00", "calls_until": "00:00"})
    street = factories.unit(session, parent=city, policy={})

    assert factories.attempt(session, factories.line(session, street)).due_at == NOW + timedelta(minutes=1)


def test_no_call_leaves_faster_than_the_pace_of_its_line(session: Session) -> None:
    unit = factories.unit(session, policy={"calls_from": "00:00", "calls_until": "00:00", "calls_per_minute": 2})
    line, elsewhere = factories.line(session, unit), factories.line(session, unit, "+862012340000")
    first, second, third = (factories.attempt(session, line) for _ in range(3))

    def begin(attempt: SurveyAttempt, at: datetime) -> surveys.Dial | surveys.Postponed | None:
        return surveys.begin(session, attempt.id, "twilio", at, ZONE)

    assert isinstance(begin(first, DUE), surveys.Dial)
    assert isinstance(begin(second, DUE + timedelta(seconds=20)), surveys.Dial)
    assert begin(third, DUE + timedelta(seconds=30)) == surveys.Postponed(DUE + timedelta(minutes=1))
    # What was begun already is no further call, and another line has a pace of its own.
    assert isinstance(begin(first, DUE + timedelta(seconds=31)), surveys.Dial)
    assert isinstance(begin(factories.attempt(session, elsewhere), DUE + timedelta(seconds=32)), surveys.Dial)
    assert isinstance(begin(third, DUE + timedelta(minutes=1)), surveys.Dial)
