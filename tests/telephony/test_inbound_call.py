"""A caller's way through an inbound call: what is heard at each turn, and what is left when the line goes dead."""

import factories
import pytest
from carrier_side import CarrierSide, Heard, recorded_form, recording_form, status_form, voice_form

from hotline.models import (
    Attention,
    Call,
    Line,
    OutboxEntry,
    Recording,
    RecordingKind,
    RecordingState,
    TextMessage,
    Work,
)
from hotline.rules.call_flow import CallState
from hotline.rules.wording import spoken_digits, text_for


@pytest.fixture
def sid() -> str:
    return factories.call_sid()


def ring(carrier: CarrierSide, sid: str, **more: str) -> Heard:
    return carrier.hear("/voice/inbound", voice_form(sid, **more))


def press(carrier: CarrierSide, sid: str, key: str) -> Heard:
    return carrier.hear("/voice/key", voice_form(sid, Digits=key))


def keep_silent(carrier: CarrierSide, sid: str) -> Heard:
    return carrier.hear("/voice/nothing-said", voice_form(sid))


def speak(carrier: CarrierSide, sid: str, key: str = "#") -> tuple[Heard, str]:
    recording_sid = factories.recording_sid()
    return carrier.hear("/voice/recorded", recorded_form(sid, recording_sid, Digits=key)), recording_sid


def duty_done(carrier: CarrierSide, sid: str, status: str) -> Heard:
    return carrier.hear("/voice/person-done", voice_form(sid, DialCallStatus=status))


def hang_up(carrier: CarrierSide, sid: str) -> Call:
    carrier.tell("/voice/status", status_form(sid))
    call: Call = carrier.one(Call, Call.carrier_call_id == sid)
    return call


def without_duty(carrier: CarrierSide) -> None:
    assert carrier.sessions is not None
    with carrier.sessions.begin() as session:
        session.query(Line).one().duty_number = None


def asks_to_speak(heard: Heard) -> bool:
    """A recorder runs, and silence leads on."""
    return heard.names[-2:] == ["Record", "Redirect"]


# What is heard


def test_the_greeting_names_the_hotline_and_the_recording_before_it_listens(carrier: CarrierSide, sid: str) -> None:
    heard = ring(carrier, sid)

    assert heard.names == ["Gather", "Record", "Redirect"]
    assert "静溪街道民政救助热线" in heard.words
    assert "录音" in heard.words
    assert heard.verb("Gather").attrib["action"] == f"{factories.BASE_URL}/voice/key"
    assert heard.verb("Gather").attrib["numDigits"] == "1"
    say = heard.verb("Gather").find("Say")
    assert say is not None
    assert (say.attrib["language"], say.attrib["voice"]) == ("cmn-CN", "Polly.Zhiyu-Neural")


def test_the_recorder_takes_three_minutes_and_tells_of_its_recording(carrier: CarrierSide, sid: str) -> None:
    record = ring(carrier, sid).verb("Record").attrib

    assert record["maxLength"] == "180"
    assert record["playBeep"] == "true"
    assert record["action"] == f"{factories.BASE_URL}/voice/recorded"
    assert record["recordingStatusCallback"] == f"{factories.BASE_URL}/voice/recording"
    assert {"completed", "absent"} <= set(record["recordingStatusCallbackEvent"].split())
    assert {"0", "#"} <= set(record["finishOnKey"])


def test_silence_after_the_tone_leads_on(carrier: CarrierSide, sid: str) -> None:
    assert ring(carrier, sid).verb("Redirect").text == f"{factories.BASE_URL}/voice/nothing-said"


def test_after_a_message_the_order_number_is_told_twice_digit_by_digit(carrier: CarrierSide, sid: str) -> None:
    ring(carrier, sid)

    heard, _ = speak(carrier, sid)

    number = carrier.one(Call).order_number
    assert heard.names == ["Say", "Hangup"]
    assert heard.words.count(spoken_digits("zh-CN", number)) == 2


def test_zero_connects_to_the_person_on_duty_and_records_both_sides(carrier: CarrierSide, sid: str) -> None:
    ring(carrier, sid)

    heard = press(carrier, sid, "0")

    dial = heard.verb("Dial")
    assert heard.names == ["Say", "Dial"]
    assert dial.findtext("Number") == factories.DUTY
    assert dial.attrib["record"] == "record-from-answer-dual"
    assert dial.attrib["action"] == f"{factories.BASE_URL}/voice/person-done"
    assert dial.attrib["recordingStatusCallback"] == f"{factories.BASE_URL}/voice/recording"


def test_another_key_cuts_no_greeting_short_that_tells_of_the_recording(carrier: CarrierSide, sid: str) -> None:
    greeting = ring(carrier, sid)

    heard = press(carrier, sid, "5")

    assert heard.names == ["Gather", "Record", "Redirect"]
    assert heard.words == greeting.words


@pytest.mark.parametrize("status", ["no-answer", "busy", "failed", "canceled"])
def test_when_nobody_on_duty_answers_the_caller_may_leave_a_message(
    carrier: CarrierSide, sid: str, status: str
) -> None:
    ring(carrier, sid)
    press(carrier, sid, "0")

    heard = duty_done(carrier, sid, status)

    assert asks_to_speak(heard)
    assert heard.words == text_for("zh-CN", "nobody_there") + text_for("zh-CN", "or_person")


def test_after_talking_with_a_person_the_caller_is_sent_off(carrier: CarrierSide, sid: str) -> None:
    ring(carrier, sid)
    press(carrier, sid, "0")

    heard = duty_done(carrier, sid, "completed")

    assert heard.names == ["Say", "Hangup"]
    assert carrier.one(Call).state == CallState.TALKED


def test_zero_without_anybody_on_duty_asks_to_speak_and_takes_the_message(carrier: CarrierSide, sid: str) -> None:
    without_duty(carrier)
    ring(carrier, sid)

    heard = press(carrier, sid, "0")
    assert asks_to_speak(heard)
    assert heard.words == text_for("zh-CN", "nobody_there")

    thanks, _ = speak(carrier, sid)
    assert thanks.names == ["Say", "Hangup"]
    assert carrier.one(Call).state == CallState.THANKED


def test_zero_without_anybody_on_duty_and_then_silence_comes_to_an_end(carrier: CarrierSide, sid: str) -> None:
    without_duty(carrier)
    ring(carrier, sid)
    press(carrier, sid, "0")

    assert asks_to_speak(keep_silent(carrier, sid))
    assert keep_silent(carrier, sid).names == ["Say", "Hangup"]


def test_zero_at_the_end_of_a_message_connects_and_keeps_the_message(carrier: CarrierSide, sid: str) -> None:
    ring(carrier, sid)

    heard, recording_sid = speak(carrier, sid, key="0")

    assert heard.names == ["Say", "Dial"]
    assert carrier.one(Recording).carrier_recording_id == recording_sid


def test_zero_at_the_end_of_a_message_without_anybody_on_duty_is_thanked(carrier: CarrierSide, sid: str) -> None:
    without_duty(carrier)
    ring(carrier, sid)

    heard, _ = speak(carrier, sid, key="0")

    assert heard.names == ["Say", "Hangup"]
    assert carrier.one(Call).state == CallState.THANKED


def test_zero_leads_to_a_person_also_while_being_asked_again(carrier: CarrierSide, sid: str) -> None:
    ring(carrier, sid)
    again = keep_silent(carrier, sid)
    gather = again.verb("Gather")
    assert (gather.get("numDigits"), gather.get("action")) == ("1", f"{factories.BASE_URL}/voice/key")

    heard = press(carrier, sid, "0")

    assert heard.names == ["Say", "Dial"]


def test_silence_is_asked_about_once_and_then_rung_back(carrier: CarrierSide, sid: str) -> None:
    ring(carrier, sid)

    again = keep_silent(carrier, sid)
    last = keep_silent(carrier, sid)

    assert asks_to_speak(again)
    assert again.words == text_for("zh-CN", "ask_again") + text_for("zh-CN", "or_person")
    assert last.names == ["Say", "Hangup"]
    assert last.words == text_for("zh-CN", "heard_nothing")
    assert carrier.one(Call).attention == Attention.RING_BACK


def test_a_line_speaks_its_own_language(carrier: CarrierSide, sid: str) -> None:
    assert carrier.sessions is not None
    with carrier.sessions.begin() as session:
        factories.line(session, number="+862011112222", language="yue", name="粤语热线")

    heard = ring(carrier, sid, To="+862011112222")

    say = heard.verb("Gather").find("Say")
    assert say is not None
    assert say.attrib["language"] == "yue-CN"
    assert "粤语热线" in heard.words


# What is left


def test_the_order_number_is_reserved_when_the_phone_rings(carrier: CarrierSide, sid: str) -> None:
    ring(carrier, sid)

    call = carrier.one(Call)
    assert call.order_number == "2603020001"
    assert call.number == factories.CALLER
    assert call.started_at == factories.NOW


def test_a_message_waits_for_the_carriers_word_and_is_looked_for_without_it(carrier: CarrierSide, sid: str) -> None:
    ring(carrier, sid)
    _, recording_sid = speak(carrier, sid)

    fetch = carrier.one(OutboxEntry, OutboxEntry.work == Work.FETCH_RECORDING)
    assert fetch.due_at > factories.NOW

    carrier.tell("/voice/recording", recording_form(sid, recording_sid))

    fetch = carrier.one(OutboxEntry, OutboxEntry.work == Work.FETCH_RECORDING)
    assert fetch.due_at == factories.NOW
    recording = carrier.one(Recording)
    assert (recording.duration_s, recording.channels) == (12, 1)
    assert (recording.kind, recording.state) == (RecordingKind.MESSAGE, RecordingState.EXPECTED)


def test_a_conversation_is_kept_with_both_channels(carrier: CarrierSide, sid: str) -> None:
    ring(carrier, sid)
    press(carrier, sid, "0")
    two = recording_form(sid, factories.recording_sid(), RecordingSource="DialVerb", RecordingChannels="2")
    duty_done(carrier, sid, "completed")

    carrier.tell("/voice/recording", two)

    recording = carrier.one(Recording)
    assert (recording.kind, recording.channels) == (RecordingKind.CONVERSATION, 2)
    assert hang_up(carrier, sid).state == CallState.TALKED


def test_the_caller_gets_the_number_as_a_text_message(carrier: CarrierSide, sid: str) -> None:
    ring(carrier, sid)
    speak(carrier, sid)

    message = carrier.one(TextMessage)
    assert message.number == factories.CALLER
    assert carrier.one(Call).order_number in message.body
    assert carrier.one(OutboxEntry, OutboxEntry.work == Work.SEND_MESSAGE).subject_id == message.id


def test_a_landline_gets_no_text_message(carrier: CarrierSide, sid: str) -> None:
    ring(carrier, sid, From=factories.LANDLINE)
    carrier.hear("/voice/recorded", recorded_form(sid, factories.recording_sid(), From=factories.LANDLINE))

    assert carrier.count(TextMessage) == 0


@pytest.mark.parametrize("withheld", ["", "+266696687", "anonymous", "Anonymous", "RESTRICTED"])
def test_a_withheld_number_is_no_number(carrier: CarrierSide, sid: str, withheld: str) -> None:
    ring(carrier, sid, From=withheld)
    carrier.hear("/voice/recorded", recorded_form(sid, factories.recording_sid(), From=withheld))

    assert carrier.one(Call).number is None
    assert carrier.count(TextMessage) == 0


def test_a_caller_without_a_from_field_is_served(carrier: CarrierSide, sid: str) -> None:
    form = voice_form(sid)
    del form["From"]

    assert carrier.hear("/voice/inbound", form).names == ["Gather", "Record", "Redirect"]


@pytest.mark.parametrize("address", ["sip:a.very.long.name.of.somebody@sip.example.com", "client:a-browser-softphone"])
def test_a_caller_who_has_no_telephone_number_is_served(carrier: CarrierSide, sid: str, address: str) -> None:
    assert ring(carrier, sid, From=address).names == ["Gather", "Record", "Redirect"]
    assert carrier.one(Call).number is None


def test_a_number_that_is_none_of_ours_is_told_so_and_the_call_is_kept(carrier: CarrierSide, sid: str) -> None:
    heard = ring(carrier, sid, To="+862099999999")

    assert heard.names == ["Say", "Hangup"]
    assert heard.words == text_for("zh-CN", "not_in_service")
    call = carrier.one(Call)
    assert (call.state, call.line_id, call.order_number) == (CallState.REFUSED, None, None)


def test_a_line_out_of_service_is_none_of_ours(carrier: CarrierSide, sid: str) -> None:
    assert carrier.sessions is not None
    with carrier.sessions.begin() as session:
        session.query(Line).one().is_active = False

    ring(carrier, sid)

    assert carrier.one(Call).state == CallState.REFUSED


def _greeted(carrier: CarrierSide, sid: str) -> None:
    ring(carrier, sid)


def _prompted(carrier: CarrierSide, sid: str) -> None:
    _greeted(carrier, sid)
    press(carrier, sid, "7")


def _with_person(carrier: CarrierSide, sid: str) -> None:
    _greeted(carrier, sid)
    press(carrier, sid, "0")


def _recorder(carrier: CarrierSide, sid: str) -> None:
    _with_person(carrier, sid)
    duty_done(carrier, sid, "no-answer")


def _asked_again(carrier: CarrierSide, sid: str) -> None:
    _greeted(carrier, sid)
    keep_silent(carrier, sid)


def _silent(carrier: CarrierSide, sid: str) -> None:
    _asked_again(carrier, sid)
    keep_silent(carrier, sid)


def _thanked(carrier: CarrierSide, sid: str) -> None:
    _greeted(carrier, sid)
    speak(carrier, sid)


def _message_then_person(carrier: CarrierSide, sid: str) -> None:
    _greeted(carrier, sid)
    speak(carrier, sid, key="0")


def _talked(carrier: CarrierSide, sid: str) -> None:
    _with_person(carrier, sid)
    duty_done(carrier, sid, "completed")


@pytest.mark.parametrize(
    ("so_far", "state", "attention"),
    [
        (_greeted, CallState.ABANDONED, Attention.RING_BACK),
        (_prompted, CallState.ABANDONED, Attention.RING_BACK),
        (_with_person, CallState.ABANDONED, Attention.RING_BACK),
        (_recorder, CallState.ABANDONED, Attention.RING_BACK),
        (_asked_again, CallState.ABANDONED, Attention.RING_BACK),
        (_silent, CallState.SILENT, Attention.RING_BACK),
        (_thanked, CallState.THANKED, None),
        (_message_then_person, CallState.THANKED, None),
        (_talked, CallState.TALKED, None),
    ],
)
def test_hanging_up_at_any_moment_leaves_a_message_or_a_call_to_return(
    carrier: CarrierSide, sid: str, so_far, state: CallState, attention: Attention | None
) -> None:
    so_far(carrier, sid)

    call = hang_up(carrier, sid)

    assert (call.state, call.attention) == (state, attention)
    assert call.duration_s == 60
    assert call.ended_at is not None


def test_a_hang_up_while_speaking_is_a_message(carrier: CarrierSide, sid: str) -> None:
    ring(carrier, sid)
    carrier.hear(
        "/voice/recorded",
        recorded_form(sid, factories.recording_sid(), Digits="hangup", CallStatus="completed"),
    )

    assert hang_up(carrier, sid).state == CallState.THANKED


def test_a_call_that_a_person_dealt_with_asks_for_no_attention_again(carrier: CarrierSide, sid: str) -> None:
    _silent(carrier, sid)
    assert carrier.sessions is not None
    with carrier.sessions.begin() as session:
        session.query(Call).one().attention = None

    assert hang_up(carrier, sid).attention is None


def test_the_end_is_told_in_full_by_whichever_notice_comes_first(carrier: CarrierSide, sid: str) -> None:
    ring(carrier, sid)
    first = hang_up(carrier, sid)

    carrier.tell("/voice/status", status_form(sid, CallDuration="99", Timestamp="Mon, 02 Mar 2026 03:00:00 +0000"))

    again = carrier.one(Call)
    assert (again.duration_s, again.ended_at) == (first.duration_s, first.ended_at)


@pytest.mark.parametrize("status", ["ringing", "in-progress", "queued", ""])
def test_a_notice_of_a_call_that_goes_on_ends_nothing(carrier: CarrierSide, sid: str, status: str) -> None:
    ring(carrier, sid)

    carrier.tell("/voice/status", status_form(sid, CallStatus=status))

    assert carrier.one(Call).ended_at is None
