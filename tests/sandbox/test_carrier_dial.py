"""<Dial>: another telephone rings, both speak, and the service learns how it ended."""

import io

import pytest
import requests
import soundfile
from stand_in import ACCOUNT_SID, AUTH_TOKEN, CALLER, Sandbox, Service, events

DUTY = "+8613500135000"
OTHER = "+8613400134000"
AGENT = [{"on": "dial", "say": "您好，我是值班员。"}, {"on": "dial", "say": "好的，马上安排。"}]
CALL = [{"on": "dial", "say": "我家里没有米了。"}]


@pytest.fixture(autouse=True)
def dials(sandbox: Sandbox, service: Service) -> None:
    service.on("/rec")
    service.on("/leg")
    service.on("/over", "<Say>goodbye</Say>")
    service.on(
        "/voice",
        "<Dial action='/over' timeout='20' record='record-from-answer-dual' recordingStatusCallback='/rec'>"
        f"<Number statusCallback='/leg' statusCallbackEvent='ringing answered completed'>{DUTY}</Number></Dial>",
    )


def sound_of(sandbox: Sandbox, call: dict, query: str) -> tuple:
    url = f"{sandbox.url}/2010-04-01/Accounts/{ACCOUNT_SID}/Recordings/{call['recordings'][0]}.wav{query}"
    response = requests.get(url, auth=(ACCOUNT_SID, AUTH_TOKEN), timeout=5)
    return soundfile.read(io.BytesIO(response.content))


def test_both_speak_in_turns_and_are_recorded_apart(sandbox: Sandbox, service: Service) -> None:
    sandbox.set(f"/people/{DUTY}", {"answers": "yes", "rings_s": 3, "script": AGENT})
    call = sandbox.ring(CALL)
    assert [line["by"] for line in events(call, "spoke")] == [DUTY, "caller", DUTY]
    (over,) = service.at("/over")
    (told,) = service.at("/rec")
    assert over.form["DialCallStatus"] == "completed"
    assert int(over.form["DialCallDuration"]) >= 5
    assert over.form["RecordingSid"] == told.form["RecordingSid"]
    assert (told.form["RecordingSource"], told.form["RecordingChannels"]) == ("DialVerb", "2")
    assert told.form["CallSid"] == call["call_sid"]
    both, rate_hz = sound_of(sandbox, call, "?RequestedChannels=2")
    first = both[: int(1.5 * rate_hz)]
    assert abs(first[:, 1]).max() > 0.05 > abs(first[:, 0]).max()
    mixed, _ = sound_of(sandbox, call, "")
    assert mixed.ndim == 1
    assert events(call, "said")[-1]["text"] == "goodbye"


def test_the_other_leg_is_a_call_of_its_own(sandbox: Sandbox, service: Service) -> None:
    sandbox.set(f"/people/{DUTY}", {"answers": "yes", "script": AGENT})
    call = sandbox.ring(CALL)
    leg_sid = service.at("/over")[0].form["DialCallSid"]
    leg = sandbox.client().calls(leg_sid).fetch()
    assert (leg.parent_call_sid, leg.direction, leg.status) == (call["call_sid"], "outbound-dial", "completed")
    assert (leg._from, leg.to) == (CALLER, DUTY)
    assert [hit.form["CallStatus"] for hit in service.at("/leg")] == ["ringing", "in-progress", "completed"]
    assert service.at("/leg")[0].form["ParentCallSid"] == call["call_sid"]
    assert sandbox.settled(leg_sid)["parent_call_sid"] == call["call_sid"]


@pytest.mark.parametrize(
    ("person", "status"),
    [({"answers": "no"}, "no-answer"), ({"answers": "busy"}, "busy"), ({"answers": "failed"}, "failed")],
)
def test_nobody_answers_and_the_caller_goes_on(sandbox: Sandbox, service: Service, person: dict, status: str) -> None:
    sandbox.set(f"/people/{DUTY}", person)
    call = sandbox.ring(CALL)
    assert service.at("/over")[0].form["DialCallStatus"] == status
    assert "RecordingSid" not in service.at("/over")[0].form
    assert events(call, "said")[-1]["text"] == "goodbye"


def test_the_caller_leaves_while_it_rings(sandbox: Sandbox, service: Service) -> None:
    sandbox.set(f"/people/{DUTY}", {"answers": "yes", "rings_s": 10})
    call = sandbox.ring([{"on": "dial", "hang_up_after_s": 4}])
    assert (call["status"], call["duration_s"]) == ("completed", 4)
    assert service.at("/over")[0].form["DialCallStatus"] == "canceled"
    assert not events(call, "said")


def test_the_caller_hangs_up_after_speaking(sandbox: Sandbox, service: Service) -> None:
    sandbox.set(f"/people/{DUTY}", {"answers": "yes", "script": AGENT})
    call = sandbox.ring([{"on": "dial", "say": "不用了，再见。", "then": "hang_up"}])
    assert events(call, "hung_up")[-1]["by"] == "caller"
    assert service.at("/over")[0].form["CallStatus"] == "completed"
    assert len(call["recordings"]) == 1


def test_whoever_answers_first_is_connected(sandbox: Sandbox, service: Service) -> None:
    sandbox.set(f"/people/{DUTY}", {"answers": "yes", "rings_s": 9})
    sandbox.set(f"/people/{OTHER}", {"answers": "yes", "rings_s": 3, "script": AGENT})
    service.on("/voice", f"<Dial action='/over'><Number>{DUTY}</Number><Number>{OTHER}</Number></Dial>")
    call = sandbox.ring(CALL)
    assert events(call, "connected")[0]["number"] == OTHER
    ended = {line["number"]: line["status"] for line in events(call, "dialled")}
    assert ended == {DUTY: "canceled", OTHER: "completed"}


def test_without_an_action_the_next_verb_runs(sandbox: Sandbox, service: Service) -> None:
    service.on("/voice", f"<Dial>{DUTY}</Dial><Say>still here</Say>")
    sandbox.set(f"/people/{DUTY}", {"answers": "busy"})
    assert events(sandbox.ring(), "said")[-1]["text"] == "still here"


def test_a_conversation_has_a_limit(sandbox: Sandbox, service: Service) -> None:
    service.on("/voice", f"<Dial action='/over' timeLimit='2'>{DUTY}</Dial>")
    sandbox.set(f"/people/{DUTY}", {"answers": "yes", "script": AGENT})
    sandbox.ring(CALL)
    assert service.at("/over")[0].form["DialCallDuration"] == "2"
