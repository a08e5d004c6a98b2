"""Signed forms with fields that cannot be stored as they are: what is usable counts, and nothing breaks."""

import factories
import pytest
from carrier_side import CarrierSide, recorded_form, recording_form, status_form, voice_form

from hotline.models import Call, Recording, SurveyAnswer, SurveyAttempt, TextMessage

ODD = [
    "\x00",
    "+86138\x00",
    "１３８００１３８０００",
    "+" + "1" * 40,
    "sip:" + "a" * 300,
    "' or 1=1 --",
    "\ud83d\ude00",
    "-1",
]


@pytest.mark.parametrize("field", ["From", "To"])
@pytest.mark.parametrize("value", [value.encode("utf-16", "surrogatepass").decode("utf-16") for value in ODD])
def test_an_odd_number_is_a_number_that_we_do_not_know(carrier: CarrierSide, field: str, value: str) -> None:
    carrier.hear("/voice/inbound", voice_form(factories.call_sid(), **{field: value}))

    call = carrier.one(Call)
    assert (call.number is None, call.line_id is None) == (field == "From", field == "To")


@pytest.mark.parametrize("seconds", ["86401", "9" * 30, "-5", "1.5", "\x00", "²", "99999999999"])
def test_a_duration_that_no_call_has_is_unknown(carrier: CarrierSide, seconds: str) -> None:
    sid = factories.call_sid()
    carrier.hear("/voice/inbound", voice_form(sid))
    carrier.tell("/voice/recording", recording_form(sid, factories.recording_sid(), RecordingDuration=seconds))
    carrier.tell("/voice/status", status_form(sid, CallDuration=seconds))

    assert carrier.one(Recording).duration_s is None
    assert carrier.one(Call).duration_s is None
    assert carrier.one(Call).ended_at is not None


@pytest.mark.parametrize(
    "date",
    ["Fri, 31 Dec 9999 23:59:59 -2359", "Mon, 02 Mar 99999999999 02:00:00 +0000"],
)
def test_a_date_at_the_end_of_time_is_none(carrier: CarrierSide, date: str) -> None:
    sid = factories.call_sid()
    carrier.hear("/voice/inbound", voice_form(sid))
    carrier.tell("/voice/recording", recording_form(sid, factories.recording_sid(), RecordingStartTime=date))
    carrier.tell("/voice/status", status_form(sid, Timestamp=date))

    assert carrier.one(Recording).recorded_at == carrier.one(Call).ended_at == carrier.clock.at


@pytest.mark.parametrize("number", ["9" * 24, "2147483648"])
def test_a_message_that_cannot_be_ours_is_not_found(carrier: CarrierSide, number: str) -> None:
    form = {"MessageSid": "SM" + "0" * 32, "MessageStatus": "delivered"}

    assert carrier.post(f"/messages/{number}/status", form).status_code == 404


@pytest.mark.parametrize("code", ["\x00", "x" * 5000])
def test_an_odd_error_code_is_not_kept(carrier: CarrierSide, code: str) -> None:
    sid = factories.call_sid()
    carrier.hear("/voice/inbound", voice_form(sid))
    carrier.hear("/voice/recorded", recorded_form(sid, factories.recording_sid()))
    (message,) = carrier.all(TextMessage)
    form = {"MessageSid": "SM" + "0" * 32, "MessageStatus": "failed", "ErrorCode": code}

    carrier.tell(f"/messages/{message.id}/status", form)

    assert carrier.one(TextMessage).trouble is None


@pytest.mark.parametrize("key", ["\x00", "1" * 200, "一", "A"])
def test_an_odd_key_is_no_key(carrier: CarrierSide, key: str) -> None:
    assert carrier.sessions is not None
    with carrier.sessions.begin() as session:
        line = session.query(factories.Line).one()
        attempt = factories.talking(session, factories.attempt(session, line))
        token, sid = attempt.token, attempt.call.carrier_call_id if attempt.call else ""
    carrier.hear(f"/voice/survey/{token}/key", voice_form(sid or "", Digits=key))

    assert carrier.one(SurveyAnswer).key is None
    assert carrier.one(SurveyAttempt).step == "ask_resolved_again"


@pytest.mark.parametrize("path", ["/voice/survey/%00/key", "/voice/survey/%00/status"])
def test_an_odd_token_names_no_callback(carrier: CarrierSide, path: str) -> None:
    form = voice_form(factories.call_sid(), CallStatus="completed")

    assert carrier.post(path, form).status_code < 500


def test_a_key_that_is_odd_in_a_greeting_is_another_key(carrier: CarrierSide) -> None:
    assert carrier.hear("/voice/key", voice_form(factories.call_sid(), Digits="\x00")).names[-1] == "Redirect"
