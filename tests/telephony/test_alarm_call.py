"""An emergency's call as whoever is on duty hears it: what is said, which key counts, whose, and how late."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta

import factories
import pytest
from carrier_side import CarrierSide, Heard, voice_form
from sqlalchemy import select

from hotline.models import Alarm, AlarmAttempt, Call, Line, User
from hotline.rules.alarms import AlarmState, RingState
from hotline.rules.call_flow import CallState
from hotline.rules.roles import Role
from hotline.rules.roster import Post
from hotline.rules.wording import spoken_digits, text_for
from hotline.services import alarms
from hotline.services.surveys import Dial

PHONE, OTHER = "+8613900000001", "+8613900000002"
Connected = Callable[[], AbstractContextManager[CarrierSide]]


@dataclass(frozen=True)
class Rung:
    """A call about an emergency that the carrier has placed."""

    carrier: CarrierSide
    sid: str
    token: str
    order_number: str

    def form(self, **more: str) -> dict[str, str]:
        known = {"Direction": "outbound-api", "From": factories.LINE, "To": PHONE, "CallStatus": "in-progress"}
        return voice_form(self.sid, **{**known, **more})

    def path(self, what: str) -> str:
        return f"/voice/alarm/{self.token}/{what}"

    def pick_up(self) -> Heard:
        return self.carrier.hear(self.path("picked-up"), self.form())

    def press(self, key: str, *, token: str = "", **more: str) -> Heard:
        return self.carrier.hear(self.path("key"), self.form(Digits=key, **more), token=token)

    def told(self, status: str, **more: str) -> None:
        self.carrier.tell(self.path("status"), self.form(CallStatus=status, **more))

    @property
    def alarm(self) -> Alarm:
        alarm: Alarm = self.carrier.one(Alarm)
        return alarm

    @property
    def attempt(self) -> AlarmAttempt:
        attempt: AlarmAttempt = self.carrier.one(AlarmAttempt, AlarmAttempt.token == self.token)
        return attempt


@pytest.fixture
def rung(connected: Connected) -> Iterator[Rung]:
    with connected() as carrier:
        assert carrier.sessions is not None
        with carrier.sessions.begin() as session:
            line = factories.line(session)
            factories.shift(session, factories.user(session, line.unit, Role.HANDLER, phone=PHONE))
            attempt = factories.alarm(session, line).attempts[0]
            assert isinstance(alarms.ring(session, attempt.id, "twilio", factories.NOW), Dial)
            sid = factories.call_sid()
            alarms.dialled(session, attempt.id, sid)
            placed = Rung(carrier, sid, attempt.token, attempt.alarm.order.number)
        yield placed


def ends(heard: Heard, words: str) -> bool:
    return heard.names == ["Say", "Hangup"] and heard.words == text_for("zh-CN", words)


def test_the_number_is_spoken_digit_by_digit_and_nothing_of_what_the_caller_said(rung: Rung) -> None:
    heard = rung.pick_up()

    gather = heard.verb("Gather").attrib
    assert heard.names == ["Gather"]
    assert heard.words.count(spoken_digits("zh-CN", rung.order_number)) == 2
    assert "静溪街道民政救助热线" in heard.words
    assert (gather["numDigits"], gather["actionOnEmptyResult"]) == ("1", "true")
    assert gather["action"] == factories.BASE_URL + rung.path("key")


def test_one_takes_it_on(rung: Rung) -> None:
    rung.pick_up()

    assert ends(rung.press("1"), "alarm_thanks")
    assert rung.alarm.state == AlarmState.ACKNOWLEDGED
    assert rung.attempt.state == RingState.CONFIRMED


def test_without_the_key_it_is_asked_three_times_and_goes_on(rung: Rung) -> None:
    rung.pick_up()

    assert rung.press("").words == text_for("zh-CN", "alarm_again", digits=spoken_digits("zh-CN", rung.order_number))
    assert rung.press("5").words == text_for("zh-CN", "alarm_last")
    assert ends(rung.press(""), "alarm_not_confirmed")
    assert rung.alarm.state == AlarmState.RINGING


def test_a_key_told_twice_counts_once(rung: Rung) -> None:
    rung.pick_up()

    assert rung.press("5", token="same").words == rung.press("5", token="same").words
    assert ends(rung.press("1", token="next"), "alarm_thanks")
    assert ends(rung.press("1", token="next"), "alarm_thanks")


def test_a_key_told_after_the_end_of_the_call_counts(rung: Rung) -> None:
    rung.told("completed", CallDuration="20")
    assert rung.attempt.state == RingState.NOT_CONFIRMED

    assert ends(rung.press("1"), "alarm_thanks")
    assert rung.alarm.state == AlarmState.ACKNOWLEDGED


def test_whoever_picks_up_when_somebody_has_it_is_thanked(rung: Rung) -> None:
    assert rung.carrier.sessions is not None
    with rung.carrier.sessions.begin() as session:
        alarm = session.scalars(select(Alarm)).one()
        opener = factories.actor(session, alarm.order.unit, Role.CALL_TAKER)
        assert alarms.acknowledge(session, alarm.order, opener, factories.NOW)

    assert ends(rung.pick_up(), "alarm_over")
    assert ends(rung.press("1"), "alarm_over")
    assert rung.alarm.acknowledged_by_id == opener.user_id


def test_another_telephone_hears_words_and_takes_nothing_on(rung: Rung) -> None:
    assert ends(rung.press("1", To=OTHER), "alarm_fault")
    assert rung.alarm.state == AlarmState.RINGING


@pytest.mark.parametrize("token", ["0" * 32, "x", "a-b"])
def test_a_call_that_is_none_of_ours_hears_words(rung: Rung, token: str) -> None:
    assert ends(rung.carrier.hear(f"/voice/alarm/{token}/key", rung.form(Digits="1")), "alarm_fault")
    assert rung.alarm.state == AlarmState.RINGING


def test_a_forged_key_takes_nothing_on(rung: Rung) -> None:
    response = rung.carrier.post(rung.path("key"), rung.form(Digits="1"), signed_with="somebody else's")

    assert response.status_code == 403
    assert rung.alarm.state == AlarmState.RINGING


def test_the_fallback_says_that_an_emergency_waits(rung: Rung) -> None:
    assert ends(rung.carrier.hear(rung.path("fallback"), rung.form(ErrorCode="11200")), "alarm_fault")


def test_while_the_database_is_away_whoever_presses_hears_that_it_was_not_noted(cut_off: CarrierSide) -> None:
    form = voice_form(factories.call_sid(), To=PHONE, From=factories.LINE, Digits="1")

    assert ends(cut_off.hear(f"/voice/alarm/{'a' * 32}/key", form), "alarm_fault")
    cut_off.tell(f"/voice/alarm/{'a' * 32}/status", {**form, "CallStatus": "completed"})
    assert len(list(cut_off.settings.journal_dir.glob("*.json"))) == 1


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("ringing", RingState.RINGING),
        ("busy", RingState.BUSY),
        ("no-answer", RingState.NO_ANSWER),
        ("failed", RingState.FAILED),
        ("completed", RingState.NOT_CONFIRMED),
    ],
)
def test_how_the_call_got_on_is_kept_and_late_news_change_nothing(rung: Rung, status: str, state: RingState) -> None:
    rung.told(status)
    rung.told("ringing")

    assert rung.attempt.state == state
    assert rung.alarm.state == AlarmState.RINGING


# Who asks for a person is put through to who is on duty


def ring_in(carrier: CarrierSide, sid: str) -> None:
    carrier.hear("/voice/inbound", voice_form(sid))


def dials(heard: Heard) -> str | None:
    return heard.verb("Dial").findtext("Number") if "Dial" in heard.names else None


def put_on_duty(carrier: CarrierSide, *phones: str | None) -> None:
    assert carrier.sessions is not None
    with carrier.sessions.begin() as session:
        unit = session.query(Line).one().unit
        for number, phone in enumerate(phones):
            person: User = factories.user(session, unit, Role.CALL_TAKER, phone=phone)
            begins = factories.NOW - timedelta(hours=2) + timedelta(minutes=number)
            factories.shift(session, person, begins, post=Post.CALL_TAKER)


def test_a_caller_is_put_through_to_one_after_the_other_and_last_to_the_lines_own_number(carrier: CarrierSide) -> None:
    put_on_duty(carrier, None, PHONE, OTHER, "+8613900000003")
    sid = factories.call_sid()
    ring_in(carrier, sid)

    heard = [carrier.hear("/voice/key", voice_form(sid, Digits="0"))]
    heard += [carrier.hear("/voice/person-done", voice_form(sid, DialCallStatus="no-answer")) for _ in range(2)]
    last = carrier.hear("/voice/person-done", voice_form(sid, DialCallStatus="busy"))

    assert [dials(each) for each in heard] == [PHONE, OTHER, factories.DUTY]
    assert last.names[-2:] == ["Record", "Redirect"]
    assert dials(carrier.hear("/voice/key", voice_form(sid, Digits="0"))) == PHONE


def test_a_line_without_a_number_of_its_own_puts_through_to_the_roster(carrier: CarrierSide) -> None:
    put_on_duty(carrier, PHONE)
    assert carrier.sessions is not None
    with carrier.sessions.begin() as session:
        session.query(Line).one().duty_number = None
    sid = factories.call_sid()
    ring_in(carrier, sid)

    assert dials(carrier.hear("/voice/key", voice_form(sid, Digits="0"))) == PHONE
    carrier.hear("/voice/person-done", voice_form(sid, DialCallStatus="completed"))
    assert carrier.one(Call).state == CallState.TALKED
