"""The carrier's bad days, and what it refuses to be told."""

import base64
import json
import subprocess
from pathlib import Path

import pytest
import requests
from stand_in import ACCOUNT_SID, AUTH_TOKEN, HOTLINE, ROOT, Reply, Sandbox, Service, events
from twilio.base.exceptions import TwilioRestException

SPEAKS = [{"on": "record", "say": "家里没有米了。"}]


@pytest.fixture(autouse=True)
def records(sandbox: Sandbox, service: Service) -> None:
    service.on("/rec")
    service.on("/done")
    service.on("/voice", "<Record action='/done' timeout='2' recordingStatusCallback='/rec'/>")


def media(sandbox: Sandbox, call: dict) -> requests.Response:
    url = f"{sandbox.url}/2010-04-01/Accounts/{ACCOUNT_SID}/Recordings/{call['recordings'][0]}.wav"
    return requests.get(url, auth=(ACCOUNT_SID, AUTH_TOKEN), timeout=5)


def test_a_dropped_callback_never_comes_but_the_recording_is_listed(sandbox: Sandbox, service: Service) -> None:
    sandbox.set("/faults", {"drop": ["recording"]})
    call = sandbox.ring(SPEAKS)
    assert not service.at("/rec")
    assert events(call, "callback_dropped")
    assert [one.sid for one in sandbox.client().recordings.list(call_sid=call["call_sid"])] == call["recordings"]


def test_a_duplicated_callback_comes_twice(sandbox: Sandbox, service: Service) -> None:
    sandbox.set("/faults", {"duplicate": ["recording"]})
    sandbox.ring(SPEAKS)
    first, second = service.at("/rec")
    assert first.form == second.form


def test_reordered_callbacks_come_last_first(sandbox: Sandbox, service: Service) -> None:
    sandbox.set("/faults", {"reorder": ["call"]})
    sandbox.set("/people/+8613900139000", {"answers": "yes"})
    call = sandbox.client().calls.create(
        to="+8613900139000",
        from_=HOTLINE,
        twiml="<Response/>",
        status_callback=service.on("/progress"),
        status_callback_event=["initiated", "ringing", "answered", "completed"],
    )
    sandbox.settled(call.sid)
    assert [hit.form["SequenceNumber"] for hit in service.at("/progress")] == ["3", "2", "1", "0"]


def test_a_delayed_callback_comes_after_the_call(sandbox: Sandbox, service: Service) -> None:
    sandbox.set("/faults", {"delay_s": {"recording": 0.3}})
    sandbox.ring(SPEAKS)
    assert [hit.path for hit in service.hits][-1] == "/status"
    assert len(service.at("/rec")) == 1


def test_media_are_not_there_at_first(sandbox: Sandbox) -> None:
    sandbox.set("/faults", {"media_not_found_first": 2})
    call = sandbox.ring(SPEAKS)
    assert [media(sandbox, call).status_code for _ in range(3)] == [404, 404, 200]


def test_media_may_fail(sandbox: Sandbox) -> None:
    sandbox.set("/faults", {"media_status": 500})
    assert media(sandbox, sandbox.ring(SPEAKS)).status_code == 500


def test_media_may_be_no_sound_at_all(sandbox: Sandbox) -> None:
    sandbox.set("/faults", {"media_base64": base64.b64encode(b"this is no WAV").decode()})
    assert media(sandbox, sandbox.ring(SPEAKS)).content == b"this is no WAV"


def test_rest_may_fail(sandbox: Sandbox) -> None:
    call = sandbox.client().calls(sandbox.ring(SPEAKS)["call_sid"])
    sandbox.set("/faults", {"rest_status": 500})
    with pytest.raises(TwilioRestException) as failed:
        call.fetch()
    assert failed.value.status == 500


def test_a_slow_answer_is_a_failure(real_time_sandbox: Sandbox, service: Service, release) -> None:
    voice_url = service.on("/voice", Reply(before=release.wait))
    fallback_url = service.on("/fallback", "<Hangup/>")
    real_time_sandbox.set(f"/numbers/{HOTLINE}", {"voice_url": voice_url, "voice_fallback_url": fallback_url})
    real_time_sandbox.ring()
    assert service.at("/fallback")[0].form["ErrorCode"] == "11200"
    assert len(service.at("/voice")) == 1


WRONG = [
    ("PUT", "/faults", {"explode": True}),
    ("PUT", "/faults", {"drop": ["everything"]}),
    ("PUT", "/faults", {"media_base64": "%"}),
    ("PUT", "/people/+8613900139000", {"answers": "perhaps"}),
    ("PUT", "/people/+8613900139000", {"script": [{"on": "thunder"}]}),
    ("PUT", "/people/+8613900139000", {"script": [{"on": "gather", "press": "A"}]}),
    ("PUT", "/people/+8613900139000", {"script": [{"on": "record", "wav": "/no/such/file.wav"}]}),
    ("PUT", "/people/+8613900139000", {"script": [{"on": "record", "says": "typo"}]}),
    ("PUT", "/people/+8613900139000", {"rings_s": "long"}),
    ("PUT", f"/numbers/{HOTLINE}", {"voice_url": "no address"}),
    ("POST", "/calls", {"from": "+8613800138000", "to": HOTLINE, "script": [{"say": "when?"}]}),
    ("POST", "/calls", ["no object"]),
]


@pytest.mark.parametrize(("method", "path", "body"), WRONG)
def test_the_control_interface_says_what_is_wrong(sandbox: Sandbox, method: str, path: str, body: object) -> None:
    response = sandbox.control(method, path, body)
    assert response.status_code == 400
    assert response.json()["error"]


def test_unknown_numbers_and_calls_are_not_found(sandbox: Sandbox) -> None:
    asked = {"from": "+8613800138000", "to": "+8600000000000"}
    assert sandbox.control("POST", "/calls", asked).status_code == 404
    assert sandbox.control("GET", "/calls/CA1").status_code == 404


@pytest.mark.parametrize(
    "wrong", [{"account_sid": ""}, {"colour": "red"}, {"speed": -1}, {"numbers": {"+86201": {"voice": "x"}}}]
)
def test_a_wrong_configuration_is_refused_in_one_line(tmp_path: Path, wrong: dict) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"account_sid": "AC1", "auth_token": "t", "data_dir": "d", **wrong}))
    done = subprocess.run(
        [ROOT / ".venv-sandbox/bin/python", "-m", "sandbox", "--config", file],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
