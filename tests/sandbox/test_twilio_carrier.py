"""Our own carrier client against the stand-in: what it asks, what it makes of the answers, and of the bad ones."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import factories
import pytest
from stand_in import ACCOUNT_SID, AUTH_TOKEN, CALLER, HOTLINE, Sandbox, Service, until

from hotline.rules.survey_states import AttemptEvent
from hotline.telephony.carrier import (
    CarrierRefusedError,
    CarrierUnavailableError,
    NotThereError,
    RecordingTooLargeError,
)
from hotline.telephony.twilio_carrier import TwilioCarrier

SPEAKS = [{"on": "record", "say": "家里没有米了。"}]
PLENTY = 10_000_000


def long_ago() -> datetime:
    return datetime.now(UTC) - timedelta(hours=1)


@pytest.fixture
def carrier(sandbox: Sandbox, service: Service, tmp_path: Path) -> TwilioCarrier:
    """Our client for this stand-in; what it lets the carrier call is answered by the test's service."""
    settings = factories.settings(
        tmp_path,
        twilio_account_sid=ACCOUNT_SID,
        twilio_auth_token=AUTH_TOKEN,
        twilio_api_base=sandbox.url,
        public_base_url=service.base_url,
    )
    return TwilioCarrier(settings)


@pytest.fixture
def recorded(sandbox: Sandbox, service: Service) -> dict:
    """A call in which somebody left a message."""
    service.on("/done")
    service.on("/voice", "<Record action='/done' timeout='2'/>")
    return sandbox.ring(SPEAKS)


def place(carrier: TwilioCarrier, sandbox: Sandbox, service: Service, answers: str) -> str:
    sandbox.set(f"/people/{CALLER}", {"answers": answers})
    service.on("/voice/survey/token/picked-up", "<Hangup/>")
    service.on("/voice/survey/token/status")
    call_id = carrier.place_survey_call("token", HOTLINE, CALLER)
    sandbox.settled(call_id)
    return call_id


# Calls


def test_a_callback_is_placed_with_our_addresses_and_every_stage_is_told(
    carrier: TwilioCarrier, sandbox: Sandbox, service: Service
) -> None:
    call_id = place(carrier, sandbox, service, "yes")

    (picked_up,) = service.at("/voice/survey/token/picked-up")
    told = {hit.form["CallStatus"] for hit in service.at("/voice/survey/token/status")}
    assert picked_up.form["CallSid"] == call_id
    assert picked_up.form["AnsweredBy"] == "human"
    assert told == {"initiated", "ringing", "in-progress", "completed"}


@pytest.mark.parametrize(
    ("answers", "ending"),
    [
        ("yes", AttemptEvent.HANG_UP),
        ("no", AttemptEvent.NO_ANSWER),
        ("busy", AttemptEvent.BUSY),
        ("failed", AttemptEvent.FAIL),
    ],
)
def test_how_a_callback_ended_can_be_asked(
    carrier: TwilioCarrier, sandbox: Sandbox, service: Service, answers: str, ending: AttemptEvent
) -> None:
    call = carrier.fetch_call(place(carrier, sandbox, service, answers))

    assert (call.ending, call.is_inbound) == (ending, False)
    assert (call.number, call.dialled) == (CALLER, HOTLINE)
    assert call.ended_at is not None
    assert call.ended_at.tzinfo is not None


def test_who_rang_and_when_it_was_over_can_be_asked(carrier: TwilioCarrier, recorded: dict) -> None:
    call = carrier.fetch_call(recorded["call_sid"])

    assert (call.number, call.dialled, call.is_inbound) == (CALLER, HOTLINE, True)
    assert call.ended_at is not None
    assert call.duration_s is not None


def test_a_callback_that_was_placed_is_found_again(carrier: TwilioCarrier, sandbox: Sandbox, service: Service) -> None:
    call_id = place(carrier, sandbox, service, "no")

    assert carrier.find_call(HOTLINE, CALLER, long_ago(), ()) == call_id
    assert carrier.find_call(HOTLINE, CALLER, long_ago(), {call_id}) != call_id
    assert carrier.find_call(HOTLINE, CALLER, datetime.now(UTC) + timedelta(hours=1), ()) is None
    assert carrier.find_call(HOTLINE, "+8613811119999", long_ago(), ()) is None


def test_a_call_that_the_carrier_does_not_know_is_not_there(carrier: TwilioCarrier) -> None:
    with pytest.raises(NotThereError):
        carrier.fetch_call("CA" + "0" * 32)


@pytest.mark.parametrize(("to_number", "code"), [("12345", "21211"), ("+999", "21211")])
def test_a_number_that_cannot_be_rung_is_refused(carrier: TwilioCarrier, to_number: str, code: str) -> None:
    with pytest.raises(CarrierRefusedError) as refused:
        carrier.place_survey_call("token", HOTLINE, to_number)

    assert refused.value.code == code


# Recordings


def test_finished_recordings_are_listed(carrier: TwilioCarrier, recorded: dict) -> None:
    (told,) = [told for told in carrier.recordings_since(long_ago()) if told.call_id == recorded["call_sid"]]

    assert (told.recording_id, told.channels, told.has_sound) == (recorded["recordings"][0], 1, True)
    assert not told.is_conversation
    assert told.duration_s is not None
    assert told.recorded_at is not None
    assert told.recorded_at.tzinfo is not None
    assert list(carrier.recordings_since(datetime.now(UTC) + timedelta(hours=1))) == []


def test_a_recording_is_fetched_as_wav(carrier: TwilioCarrier, recorded: dict) -> None:
    media = BytesIO()

    carrier.fetch_recording(recorded["recordings"][0], 1, media, PLENTY)

    assert media.getvalue()[:4] == b"RIFF"
    assert media.getvalue()[8:12] == b"WAVE"


def test_a_recording_larger_than_allowed_is_not_read_to_its_end(
    carrier: TwilioCarrier, sandbox: Sandbox, recorded: dict
) -> None:
    sandbox.set("/faults", {"media_base64": base64.b64encode(bytes(500_000)).decode()})
    media = BytesIO()

    with pytest.raises(RecordingTooLargeError):
        carrier.fetch_recording(recorded["recordings"][0], 1, media, 100_000)

    assert len(media.getvalue()) <= 100_000


def test_a_recording_that_is_not_there_yet_is_told_as_that(
    carrier: TwilioCarrier, sandbox: Sandbox, recorded: dict
) -> None:
    sandbox.set("/faults", {"media_not_found_first": 1})

    with pytest.raises(NotThereError):
        carrier.fetch_recording(recorded["recordings"][0], 1, BytesIO(), PLENTY)


@pytest.mark.parametrize("recording_id", ["", "RE123", "../Calls/CA" + "0" * 32, "RE" + "0" * 32 + "/../../x"])
def test_what_is_no_recordings_name_is_never_asked_for(carrier: TwilioCarrier, recording_id: str) -> None:
    with pytest.raises(NotThereError):
        carrier.fetch_recording(recording_id, 1, BytesIO(), PLENTY)


def test_a_deleted_recording_is_gone_and_deleting_it_again_does_no_harm(carrier: TwilioCarrier, recorded: dict) -> None:
    recording_id = recorded["recordings"][0]

    carrier.delete_recording(recording_id)
    carrier.delete_recording(recording_id)

    with pytest.raises(NotThereError):
        carrier.fetch_recording(recording_id, 1, BytesIO(), PLENTY)


# Text messages


def test_a_text_message_is_sent_and_its_fate_told_at_our_address(
    carrier: TwilioCarrier, sandbox: Sandbox, service: Service
) -> None:
    service.on("/messages/7/status")

    sid = carrier.send_text(7, HOTLINE, CALLER, "您反映的事项已受理。")

    (sent,) = [each for each in sandbox.control("GET", "/messages").json() if each["message_sid"] == sid]
    assert (sent["to"], sent["from"], sent["body"]) == (CALLER, HOTLINE, "您反映的事项已受理。")
    until(lambda: service.at("/messages/7/status"), "its fate to be told")


def test_a_text_message_to_nowhere_is_refused(carrier: TwilioCarrier) -> None:
    with pytest.raises(CarrierRefusedError):
        carrier.send_text(7, HOTLINE, "12345", "您好")


# Bad days

ASKS: dict[str, Callable[[TwilioCarrier], object]] = {
    "place": lambda carrier: carrier.place_survey_call("token", HOTLINE, CALLER),
    "find": lambda carrier: carrier.find_call(HOTLINE, CALLER, long_ago(), ()),
    "call": lambda carrier: carrier.fetch_call("CA" + "0" * 32),
    "list": lambda carrier: list(carrier.recordings_since(long_ago())),
    "delete": lambda carrier: carrier.delete_recording("RE" + "0" * 32),
    "text": lambda carrier: carrier.send_text(7, HOTLINE, CALLER, "您好"),
}


@pytest.mark.parametrize("status", [500, 503])
@pytest.mark.parametrize("ask", sorted(ASKS))
def test_a_failing_carrier_may_be_asked_again_later(
    carrier: TwilioCarrier, sandbox: Sandbox, ask: str, status: int
) -> None:
    sandbox.set("/faults", {"rest_status": status})

    with pytest.raises(CarrierUnavailableError):
        ASKS[ask](carrier)


def test_failing_media_may_be_asked_for_again_later(carrier: TwilioCarrier, sandbox: Sandbox, recorded: dict) -> None:
    sandbox.set("/faults", {"media_status": 503})

    with pytest.raises(CarrierUnavailableError):
        carrier.fetch_recording(recorded["recordings"][0], 1, BytesIO(), PLENTY)


def test_too_many_requests_are_tried_again_and_then_put_off(carrier: TwilioCarrier, sandbox: Sandbox) -> None:
    sandbox.set("/faults", {"rest_status": 429})

    with pytest.raises(CarrierUnavailableError):
        carrier.fetch_call("CA" + "0" * 32)


def test_a_moment_of_too_many_requests_passes_unnoticed(
    carrier: TwilioCarrier, sandbox: Sandbox, recorded: dict
) -> None:
    sandbox.set("/faults", {"requests_per_second": 4})

    answers = [carrier.fetch_call(recorded["call_sid"]).call_id for _ in range(6)]

    assert answers == [recorded["call_sid"]] * 6


@pytest.mark.parametrize("ask", sorted(ASKS))
def test_a_carrier_that_nobody_reaches_may_be_asked_again_later(tmp_path: Path, ask: str) -> None:
    nowhere = TwilioCarrier(factories.settings(tmp_path, twilio_api_base="http://127.0.0.1:1"))

    with pytest.raises(CarrierUnavailableError):
        ASKS[ask](nowhere)


def test_wrong_credentials_are_told_by_no_number(sandbox: Sandbox, tmp_path: Path) -> None:
    credentials = {"twilio_account_sid": ACCOUNT_SID, "twilio_auth_token": "f" * 32}
    stranger = TwilioCarrier(factories.settings(tmp_path, twilio_api_base=sandbox.url, **credentials))

    with pytest.raises(CarrierUnavailableError) as refused:
        stranger.place_survey_call("token", HOTLINE, CALLER)

    assert CALLER not in str(refused.value)
