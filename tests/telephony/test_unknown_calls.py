"""Callbacks about what we do not know: each leaves something that a person can see, or says plainly no."""

import factories
import pytest
from carrier_side import CarrierSide, recorded_form, recording_form, status_form, voice_form

from hotline.models import Attention, Call, OutboxEntry, Receipt, ReceiptOutcome, Recording, Work
from hotline.services import calls
from hotline.telephony.journal import recording_told_from

ANY_TOKEN = "f" * 32


@pytest.mark.parametrize("path", ["/voice/inbound", "/voice/key", "/voice/nothing-said", "/voice/person-done"])
def test_a_call_in_its_middle_is_taken_up(carrier: CarrierSide, path: str) -> None:
    sid = factories.call_sid()

    carrier.hear(path, voice_form(sid, Digits="1", DialCallStatus="busy"))

    call = carrier.one(Call)
    assert (call.carrier_call_id, call.number) == (sid, factories.CALLER)
    assert call.order_number is not None


def test_a_message_of_an_unknown_call_is_kept(carrier: CarrierSide) -> None:
    sid, recording_sid = factories.call_sid(), factories.recording_sid()

    heard = carrier.hear("/voice/recorded", recorded_form(sid, recording_sid))

    assert heard.names == ["Say", "Hangup"]
    assert carrier.one(Recording).carrier_recording_id == recording_sid


def test_an_unknown_call_that_ended_is_one_to_return(carrier: CarrierSide) -> None:
    carrier.tell("/voice/status", status_form(factories.call_sid()))

    assert carrier.one(Call).attention == Attention.RING_BACK


def test_a_recording_of_an_unknown_call_waits_for_the_carriers_word(carrier: CarrierSide) -> None:
    carrier.tell("/voice/recording", recording_form(factories.call_sid(), factories.recording_sid()))

    receipt = carrier.one(Receipt)
    assert receipt.outcome == ReceiptOutcome.UNMATCHED
    assert carrier.one(OutboxEntry).work == Work.ADOPT_RECORDING
    assert carrier.one(OutboxEntry).subject_id == receipt.id
    assert carrier.count(Call) == 0


def test_a_recording_that_the_carrier_does_not_know_stays_visible(carrier: CarrierSide) -> None:
    carrier.tell("/voice/recording", recording_form(factories.call_sid(), factories.recording_sid()))
    assert carrier.sessions is not None

    with carrier.sessions.begin() as session:
        receipt = session.query(Receipt).one()
        calls.adopt(session, receipt, recording_told_from(receipt.content), None, factories.NOW, factories.ZONE)

    assert carrier.one(Receipt).outcome == ReceiptOutcome.UNKNOWN_TO_CARRIER


@pytest.mark.parametrize("what", ["picked-up", "key", "spoken", "fallback"])
def test_whoever_picks_up_a_call_that_nobody_placed_hears_words(carrier: CarrierSide, what: str) -> None:
    form = voice_form(factories.call_sid(), CallStatus="in-progress", Direction="outbound-api")

    heard = carrier.hear(f"/voice/survey/{ANY_TOKEN}/{what}", form)

    assert heard.names == ["Say", "Hangup"]
    assert carrier.count(Call) == 0
    assert list(carrier.settings.journal_dir.glob("*.json")) == []


def test_the_progress_of_a_call_that_nobody_placed_is_passed_over(carrier: CarrierSide) -> None:
    form = voice_form(factories.call_sid(), CallStatus="completed", Direction="outbound-api")

    carrier.tell(f"/voice/survey/{ANY_TOKEN}/status", form)

    assert carrier.count(Call) == 0


def test_a_text_message_that_nobody_wrote_is_passed_over(carrier: CarrierSide) -> None:
    form = {"MessageSid": "SM" + "0" * 32, "MessageStatus": "delivered"}

    assert carrier.post("/messages/4711/status", form).status_code == 204


@pytest.mark.parametrize(
    "path", ["/voice/inbound", "/voice/key", "/voice/recorded", "/voice/status", "/voice/fallback"]
)
@pytest.mark.parametrize("sid", ["", "CA123", "RE" + "0" * 32, "CA" + "0" * 32 + "'", "CA" + "0" * 32 + "\n"])
def test_what_names_no_call_is_refused(carrier: CarrierSide, path: str, sid: str) -> None:
    form = recorded_form(sid, factories.recording_sid(), CallStatus="completed")

    assert carrier.post(path, form).status_code == 400
    assert carrier.count(Call) == 0


@pytest.mark.parametrize("recording_sid", ["", "RE123", "../../etc/passwd", "RE" + "0" * 32 + "/../x"])
@pytest.mark.parametrize("path", ["/voice/recorded", "/voice/recording"])
def test_what_names_no_recording_is_refused(carrier: CarrierSide, path: str, recording_sid: str) -> None:
    form = recorded_form(factories.call_sid(), recording_sid, RecordingStatus="completed")

    assert carrier.post(path, form).status_code == 400
    assert carrier.count(Recording) == 0


def test_an_absent_recording_is_no_recording(carrier: CarrierSide) -> None:
    sid = factories.call_sid()
    carrier.hear("/voice/inbound", voice_form(sid))

    carrier.tell("/voice/recording", recording_form(sid, factories.recording_sid(), RecordingStatus="absent"))

    assert carrier.count(Recording) == 0


def test_a_recording_that_failed_is_an_order_that_says_so(carrier: CarrierSide) -> None:
    sid = factories.call_sid()
    carrier.hear("/voice/inbound", voice_form(sid))

    carrier.tell("/voice/recording", recording_form(sid, factories.recording_sid(), RecordingStatus="failed"))

    call = carrier.one(Call)
    assert call.attention == Attention.RECORDING_LOST
    assert call.order_id is not None


@pytest.mark.parametrize(
    ("field", "value"),
    [("RecordingDuration", "-1"), ("RecordingDuration", "soon"), ("RecordingStartTime", "yesterday")],
)
def test_odd_details_of_a_recording_do_no_harm(carrier: CarrierSide, field: str, value: str) -> None:
    sid = factories.call_sid()
    carrier.hear("/voice/inbound", voice_form(sid))

    carrier.tell("/voice/recording", recording_form(sid, factories.recording_sid(), **{field: value}))

    assert carrier.count(Recording) == 1
