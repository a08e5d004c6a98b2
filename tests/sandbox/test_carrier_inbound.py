"""Somebody rings the service: words, keys, recordings, and the webhooks that tell of them."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import soundfile
from stand_in import ACCOUNT_SID, AUTH_TOKEN, CALLER, HOTLINE, Reply, Sandbox, Service, events


def test_first_webhook_carries_twilios_parameters_and_a_good_signature(sandbox: Sandbox, service: Service) -> None:
    service.on("/voice", "<Say language='cmn-CN'>您好。</Say>")
    call = sandbox.ring()
    (hit,) = service.at("/voice")
    assert hit.is_signed
    assert hit.headers["I-Twilio-Idempotency-Token"]
    assert hit.form["CallSid"] == call["call_sid"]
    assert hit.form["CallStatus"] == "ringing"
    assert (hit.form["From"], hit.form["To"]) == (CALLER, HOTLINE)
    assert (hit.form["Direction"], hit.form["AccountSid"]) == ("inbound", ACCOUNT_SID)
    assert (hit.form["FromCity"], hit.form["CalledZip"]) == ("", "")


def test_caller_hears_the_words_and_the_end_is_told(sandbox: Sandbox, service: Service) -> None:
    service.on("/voice", "<Say language='cmn-CN' voice='Polly.Zhiyu'>您好。</Say>")
    call = sandbox.ring()
    assert [line["text"] for line in events(call, "said")] == ["您好。"]
    assert call["status"] == "completed"
    (told,) = service.at("/status")
    assert told.form["CallStatus"] == "completed"
    assert told.form["CallDuration"] == str(call["duration_s"])


def test_recording_is_told_and_can_be_fetched(sandbox: Sandbox, service: Service) -> None:
    service.on("/voice", f"<Record action='/done' timeout='3' recordingStatusCallback='{service.on('/rec')}'/>")
    service.on("/done", "<Say language='cmn-CN'>谢谢。</Say>")
    call = sandbox.ring([{"on": "record", "say": "家里没有米了，请送点米来。"}])
    (done,) = service.at("/done")
    assert done.form["RecordingUrl"].endswith(done.form["RecordingSid"])
    (told,) = service.at("/rec")
    assert "From" not in told.form
    assert told.form["RecordingStatus"] == "completed"
    assert told.form["RecordingSid"] == done.form["RecordingSid"] == call["recordings"][0]
    media = requests.get(told.form["RecordingUrl"] + ".wav", auth=(ACCOUNT_SID, AUTH_TOKEN), timeout=5)
    sound, rate_hz = soundfile.read(io.BytesIO(media.content))
    assert rate_hz == 8000
    assert sound.ndim == 1
    assert abs(len(sound) / rate_hz - int(told.form["RecordingDuration"])) < 0.6


def test_who_hides_their_number_is_not_named(sandbox: Sandbox, service: Service) -> None:
    service.on("/voice")
    sandbox.ring(**{"from": ""})
    (hit,) = service.at("/voice")
    assert not {"From", "Caller", "FromCity"} & hit.form.keys()
    assert hit.form["To"] == HOTLINE
    assert hit.is_signed


def test_a_sound_file_is_played(sandbox: Sandbox, service: Service, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "tone.wav", [0.1] * 32000, 16000)
    service.on("/tone.wav", Reply((tmp_path / "tone.wav").read_bytes(), content_type="audio/x-wav"))
    service.on("/voice", "<Play>/tone.wav</Play>")
    call = sandbox.ring()
    assert (events(call, "played")[0]["url"], call["duration_s"]) == ("/tone.wav", 2)


def test_words_are_repeated_as_often_as_asked(sandbox: Sandbox, service: Service) -> None:
    service.on("/voice", "<Pause length='10'/><Say language='cmn-CN' loop='3'>一二三四五</Say>")
    call = sandbox.ring()
    assert call["duration_s"] == 10 + round(3 * (5 * 0.22 + 0.2))


@pytest.fixture
def fast_sandbox(service: Service, tmp_path: Path) -> Iterator[Sandbox]:
    """A carrier in which a minute takes three seconds."""
    sandbox = Sandbox(tmp_path, speed=20, numbers={HOTLINE: {"voice_url": f"{service.base_url}/voice"}})
    yield sandbox
    sandbox.close()


def test_a_fast_carrier_records_the_whole_sentence(fast_sandbox: Sandbox, service: Service) -> None:
    service.on("/done")
    service.on("/voice", "<Pause length='5'/><Record action='/done' timeout='3'/>")
    call = fast_sandbox.ring([{"on": "record", "say": "家里没有米了，请送点米来。", "then": "hang_up"}])
    (done,) = service.at("/done")
    assert done.form["Digits"] == "hangup"
    assert 3 <= int(done.form["RecordingDuration"]) <= 5
    assert call["duration_s"] >= 9
