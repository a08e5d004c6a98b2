"""A callback as the person who is rung hears it, and what the carrier's notices about it leave behind."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

import factories
import pytest
from carrier_side import CarrierSide, Heard, recorded_form, recording_form, voice_form
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hotline.models import (
    AnswerKind,
    Call,
    Order,
    OutboxEntry,
    Recording,
    RecordingKind,
    SurveyAnswer,
    SurveyAttempt,
    SurveyRound,
    Work,
)
from hotline.rules.order_states import OrderState
from hotline.rules.survey_states import AttemptState, RoundState, Step
from hotline.rules.wording import text_for
from hotline.services import surveys

LINE_NAME = "静溪街道民政救助热线"


@dataclass(frozen=True)
class Rung:
    """A survey call that the carrier has placed."""

    carrier: CarrierSide
    sid: str
    token: str

    def form(self, **more: str) -> dict[str, str]:
        return voice_form(
            self.sid, **{"Direction": "outbound-api", "From": factories.LINE, "To": factories.CALLER, **more}
        )

    def pick_up(self, answered_by: str = "human") -> Heard:
        return self.carrier.hear(self.path("picked-up"), self.form(AnsweredBy=answered_by, CallStatus="in-progress"))

    def press(self, key: str, *, token: str = "") -> Heard:
        return self.carrier.hear(self.path("key"), self.form(Digits=key, msg="Gather End"), token=token)

    def wait(self) -> Heard:
        return self.carrier.hear(self.path("key"), self.form(Digits=""))

    def speak(self) -> str:
        recording_sid = factories.recording_sid()
        form = self.form(**recorded_form(self.sid, recording_sid, From=factories.LINE, To=factories.CALLER))
        self.carrier.hear(self.path("spoken"), form)
        return recording_sid

    def keep_silent(self) -> Heard:
        return self.carrier.hear(self.path("spoken"), self.form())

    def told(self, status: str, **more: str) -> None:
        self.carrier.tell(self.path("status"), self.form(CallStatus=status, **more))

    def path(self, what: str) -> str:
        return f"/voice/survey/{self.token}/{what}"

    @property
    def attempt(self) -> SurveyAttempt:
        found: SurveyAttempt = self.carrier.one(SurveyAttempt, SurveyAttempt.token == self.token)
        return found

    @property
    def order(self) -> Order:
        order: Order = self.carrier.one(Order)
        return order


def place(carrier: CarrierSide) -> Rung:
    assert carrier.sessions is not None
    with carrier.sessions.begin() as session:
        attempt = factories.attempt(session)
        surveys.begin(session, attempt.id, "twilio", factories.NOW, factories.ZONE)
        sid = factories.call_sid()
        surveys.dialled(session, attempt.id, sid)
        return Rung(carrier, sid, attempt.token)


@pytest.fixture
def rung(connected: Callable[[], AbstractContextManager[CarrierSide]]):
    with connected() as carrier:
        yield place(carrier)


def asks(heard: Heard, step: Step) -> bool:
    """One key is awaited at the question of `step`, and silence is told as well."""
    gather = heard.verb("Gather").attrib
    return (
        heard.names == ["Gather"]
        and heard.words == text_for("zh-CN", step, line=LINE_NAME)
        and gather["input"] == "dtmf"
        and gather["numDigits"] == "1"
        and gather["actionOnEmptyResult"] == "true"
        and gather["finishOnKey"] == ""
    )


def ends(heard: Heard, step: Step) -> bool:
    return heard.names == ["Say", "Hangup"] and heard.words == text_for("zh-CN", step, line=LINE_NAME)


def test_two_keys_close_the_order(rung: Rung) -> None:
    assert asks(rung.pick_up(), Step.ASK_RESOLVED)
    assert asks(rung.press("1"), Step.ASK_SATISFIED)
    assert ends(rung.press("1"), Step.THANK)

    assert rung.order.state == OrderState.CLOSED


def test_every_key_is_awaited_at_an_address_of_our_own(rung: Rung) -> None:
    action = rung.pick_up().verb("Gather").attrib["action"]

    assert action == f"{factories.BASE_URL}{rung.path('key')}"


def test_an_unhappy_person_is_asked_why_after_the_order_is_open_again(rung: Rung) -> None:
    rung.pick_up()
    rung.press("3")
    heard = rung.press("3")

    assert heard.names == ["Say", "Record", "Redirect"]
    assert heard.words == text_for("zh-CN", "ask_reason")
    assert heard.verb("Record").attrib["recordingStatusCallback"] == f"{factories.BASE_URL}/voice/recording"
    assert rung.order.state == OrderState.REOPENED
    assert ends(rung.keep_silent(), Step.WILL_REDO)


def test_silence_is_asked_about_once_then_the_person_may_speak(rung: Rung) -> None:
    rung.pick_up()
    assert asks(rung.wait(), Step.ASK_RESOLVED_AGAIN)
    heard = rung.wait()

    assert heard.names == ["Say", "Record", "Redirect"]
    assert heard.words == text_for("zh-CN", "speak_freely")
    assert heard.verb("Redirect").text == f"{factories.BASE_URL}{rung.path('spoken')}"


def test_a_spoken_answer_is_fetched_and_nobody_waits_for_it(rung: Rung) -> None:
    rung.pick_up()
    rung.wait()
    rung.wait()

    recording_sid = rung.speak()
    rung.carrier.tell("/voice/recording", recording_form(rung.sid, recording_sid))

    recording = rung.carrier.one(Recording)
    assert (recording.kind, recording.carrier_recording_id) == (RecordingKind.SURVEY, recording_sid)
    fetch = rung.carrier.one(OutboxEntry, OutboxEntry.work == Work.FETCH_RECORDING)
    assert (fetch.subject_id, fetch.due_at) == (recording.id, factories.NOW)
    assert rung.carrier.one(SurveyRound).state == RoundState.LISTENING


def test_never_again_is_promised_and_kept(rung: Rung) -> None:
    rung.pick_up()

    assert ends(rung.press("9"), Step.NEVER_AGAIN)
    assert rung.order.state == OrderState.CLOSED


def test_a_person_is_promised(rung: Rung) -> None:
    rung.pick_up()

    assert ends(rung.press("0"), Step.PERSON_WILL_RING)
    assert rung.carrier.one(SurveyRound).state == RoundState.PERSON


@pytest.mark.parametrize(
    "answered_by", ["machine_start", "machine_end_beep", "machine_end_silence", "machine_end_other", "fax"]
)
def test_a_machine_hears_nothing(rung: Rung, answered_by: str) -> None:
    assert rung.pick_up(answered_by).names == ["Hangup"]
    assert rung.attempt.state == AttemptState.MACHINE


@pytest.mark.parametrize("answered_by", ["human", "unknown", ""])
def test_whoever_may_be_a_person_is_spoken_to(rung: Rung, answered_by: str) -> None:
    assert asks(rung.pick_up(answered_by), Step.ASK_RESOLVED)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("busy", AttemptState.BUSY),
        ("no-answer", AttemptState.NO_ANSWER),
        ("failed", AttemptState.FAILED),
        ("canceled", AttemptState.FAILED),
    ],
)
def test_who_is_not_reached_is_rung_again(rung: Rung, status: str, state: AttemptState) -> None:
    rung.told("ringing")
    rung.told(status)

    assert rung.attempt.state == state
    assert rung.carrier.one(SurveyRound).state == RoundState.WAITING
    assert rung.carrier.count(SurveyAttempt) == 2


def test_length_of_the_call_is_kept(rung: Rung) -> None:
    rung.pick_up()
    rung.told("completed", CallDuration="42")

    assert rung.carrier.one(Call, Call.carrier_call_id == rung.sid).duration_s == 42


@pytest.mark.parametrize("status", ["queued", "initiated", "in-progress", "", "something-new"])
def test_a_status_that_tells_nothing_changes_nothing(rung: Rung, status: str) -> None:
    rung.told(status)

    assert rung.attempt.state == AttemptState.DIALLING


def test_the_end_of_the_call_is_written_down(rung: Rung) -> None:
    rung.pick_up()
    rung.told("completed", CallDuration="31")

    attempt = rung.attempt
    assert attempt.state == AttemptState.HUNG_UP
    assert rung.carrier.one(SurveyRound).state == RoundState.PERSON


def test_a_repeated_key_is_answered_with_the_same_words(rung: Rung) -> None:
    rung.pick_up()

    first = rung.press("1", token="again")
    second = rung.press("1", token="again")

    assert first.response.data == second.response.data
    assert rung.carrier.one(SurveyAnswer).kind == AnswerKind.KEY
    assert rung.order.state == OrderState.RESOLVED


def test_keys_after_the_end_change_nothing(rung: Rung) -> None:
    rung.pick_up()
    rung.told("completed")

    rung.press("1")
    rung.press("1")

    assert rung.order.state == OrderState.RESOLVED
    assert rung.carrier.count(SurveyAnswer) == 0


def test_a_line_speaks_its_own_language_in_callbacks_too(
    connected: Callable[[], AbstractContextManager[CarrierSide]],
) -> None:
    with connected() as carrier:
        assert carrier.sessions is not None
        with carrier.sessions.begin() as session:
            attempt = factories.attempt(session, factories.line(session, language="yue"))
            surveys.begin(session, attempt.id, "twilio", factories.NOW, factories.ZONE)
            token = attempt.token

        heard = Rung(carrier, factories.call_sid(), token).pick_up()

        assert heard.words == text_for("yue", "ask_resolved", line=LINE_NAME)


NOTICES = ("initiated", "ringing", "in-progress", "completed")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    order=st.permutations([*NOTICES, "ringing", "completed"]),
    answered_after=st.integers(min_value=0, max_value=len(NOTICES) + 2),
)
def test_however_the_notices_arrive_the_answers_count_once(
    connected: Callable[[], AbstractContextManager[CarrierSide]], order: list[str], answered_after: int
) -> None:
    with connected() as carrier:
        rung = place(carrier)
        ended_first = "completed" in order[:answered_after]
        for status in order[:answered_after]:
            rung.told(status)
        rung.pick_up()
        rung.press("1")
        rung.press("1")
        for status in order[answered_after:]:
            rung.told(status)

        survey = carrier.one(SurveyRound)
        assert survey.state == (RoundState.PERSON if ended_first else RoundState.ANSWERED)
        assert rung.order.state == (OrderState.RESOLVED if ended_first else OrderState.CLOSED)
        assert carrier.count(SurveyAttempt) == 1
