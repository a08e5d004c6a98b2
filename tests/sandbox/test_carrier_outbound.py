"""Calls that the service places through Twilio's own client."""

import pytest
from stand_in import HOTLINE, Sandbox, Service, events, until
from twilio.base.exceptions import TwilioRestException

NEIGHBOUR = "+8613900139000"
EVENTS = ["initiated", "ringing", "answered", "completed"]


def place(sandbox: Sandbox, service: Service, **more) -> dict:
    asked = {"to": NEIGHBOUR, "from_": HOTLINE, "url": f"{service.base_url}/survey", **more}
    asked |= {"status_callback": f"{service.base_url}/progress", "status_callback_event": EVENTS}
    call = sandbox.client().calls.create(**asked)
    assert call.status == "queued"
    return sandbox.settled(call.sid)


@pytest.fixture(autouse=True)
def answers(service: Service, sandbox: Sandbox) -> None:
    service.on("/survey", "<Gather action='/keys' numDigits='1'><Say language='cmn-CN'>解决了吗？</Say></Gather>")
    service.on("/keys", "<Hangup/>")
    service.on("/progress")


def progress(service: Service) -> list[str]:
    return [hit.form["CallStatus"] for hit in service.at("/progress")]


def test_a_person_answers_and_presses(sandbox: Sandbox, service: Service) -> None:
    sandbox.set(f"/people/{NEIGHBOUR}", {"answers": "yes", "script": [{"on": "gather", "press": "1"}]})
    call = place(sandbox, service)
    assert progress(service) == ["initiated", "ringing", "in-progress", "completed"]
    assert [hit.form["SequenceNumber"] for hit in service.at("/progress")] == ["0", "1", "2", "3"]
    assert service.at("/progress")[3].form["CallDuration"] == str(call["duration_s"])
    assert service.at("/progress")[0].form["CallbackSource"] == "call-progress-events"
    (asked,) = service.at("/survey")
    assert (asked.form["Direction"], asked.form["CallStatus"]) == ("outbound-api", "in-progress")
    assert (asked.form["From"], asked.form["To"]) == (HOTLINE, NEIGHBOUR)
    assert service.at("/keys")[0].form["Digits"] == "1"
    fetched = sandbox.client().calls(call["call_sid"]).fetch()
    assert (fetched.status, fetched.direction, fetched.duration) == (
        "completed",
        "outbound-api",
        str(call["duration_s"]),
    )


@pytest.mark.parametrize(
    ("answers", "status", "code"),
    [("no", "no-answer", "480"), ("busy", "busy", "486"), ("failed", "failed", "404")],
)
def test_nobody_is_reached(sandbox: Sandbox, service: Service, answers: str, status: str, code: str) -> None:
    sandbox.set(f"/people/{NEIGHBOUR}", {"answers": answers})
    call = place(sandbox, service, timeout=20)
    last = service.at("/progress")[-1].form
    assert (call["status"], last["CallStatus"], last["SipResponseCode"]) == (status, status, code)
    assert not service.at("/survey")


def test_an_unknown_number_rings_until_the_timeout(sandbox: Sandbox, service: Service) -> None:
    call = place(sandbox, service, to="+8613700137000", timeout=25)
    assert call["status"] == "no-answer"
    assert call["log"][-1]["at_s"] >= 25


def test_ringing_longer_than_the_timeout_is_no_answer(sandbox: Sandbox, service: Service) -> None:
    sandbox.set(f"/people/{NEIGHBOUR}", {"answers": "yes", "rings_s": 30})
    assert place(sandbox, service, timeout=20)["status"] == "no-answer"


@pytest.mark.parametrize(
    ("detection", "answered_by"), [("Enable", "machine_start"), ("DetectMessageEnd", "machine_end_beep")]
)
def test_a_machine_is_noticed(sandbox: Sandbox, service: Service, detection: str, answered_by: str) -> None:
    sandbox.set(f"/people/{NEIGHBOUR}", {"answers": "machine"})
    place(sandbox, service, machine_detection=detection)
    assert service.at("/survey")[0].form["AnsweredBy"] == answered_by
    assert service.at("/progress")[-1].form["AnsweredBy"] == answered_by


def test_a_machine_noticed_aside_is_told_by_its_own_callback(sandbox: Sandbox, service: Service) -> None:
    service.on("/detected")
    sandbox.set(f"/people/{NEIGHBOUR}", {"answers": "yes", "answered_by": "unknown"})
    url = f"{service.base_url}/detected"
    place(sandbox, service, machine_detection="Enable", async_amd="true", async_amd_status_callback=url)
    assert service.at("/detected")[0].form["AnsweredBy"] == "unknown"


def test_words_can_come_with_the_order(sandbox: Sandbox, service: Service) -> None:
    sandbox.set(f"/people/{NEIGHBOUR}", {"answers": "yes"})
    call = sandbox.client().calls.create(to=NEIGHBOUR, from_=HOTLINE, twiml="<Response><Say>hello</Say></Response>")
    done = sandbox.settled(call.sid)
    assert events(done, "said")[0]["text"] == "hello"
    assert not service.at("/progress")


def test_the_whole_call_can_be_recorded_in_two_channels(sandbox: Sandbox, service: Service) -> None:
    service.on("/whole")
    script = [{"on": "record", "say": "解决了，谢谢你们。"}]
    sandbox.set(f"/people/{NEIGHBOUR}", {"answers": "yes", "script": script})
    service.on("/survey", "<Say language='cmn-CN'>请说。</Say><Record action='/keys' timeout='2'/>")
    callback = f"{service.base_url}/whole"
    call = place(sandbox, service, record=True, recording_channels="dual", recording_status_callback=callback)
    (told,) = service.at("/whole")
    assert (told.form["RecordingSource"], told.form["RecordingChannels"]) == ("OutboundAPI", "2")
    assert len(call["recordings"]) == 2
    assert service.at("/progress")[-1].form["RecordingSid"] == told.form["RecordingSid"]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"to": "110"}, 21211),
        ({"from_": "+8613800000000"}, 21210),
        ({"url": "not an address"}, 21205),
        ({"status_callback_event": ["answered", "sung"]}, 21626),
        ({"machine_detection": "Guess"}, 20001),
    ],
)
def test_a_wrong_order_is_refused(sandbox: Sandbox, service: Service, wrong: dict, code: int) -> None:
    right = {"to": NEIGHBOUR, "from_": HOTLINE, "url": f"{service.base_url}/survey"}
    with pytest.raises(TwilioRestException) as refused:
        sandbox.client().calls.create(**{**right, **wrong})
    assert (refused.value.code, refused.value.status) == (code, 400)


def test_calls_are_listed_by_what_is_known_of_them(sandbox: Sandbox, service: Service) -> None:
    to = "+8613600136000"
    call = place(sandbox, service, to=to, timeout=5)
    listed = sandbox.client().calls.list(to=to, status="no-answer")
    assert [one.sid for one in listed] == [call["call_sid"]]
    assert sandbox.client().calls.list(to=to, status="completed") == []


def test_an_ended_call_obeys_no_order(sandbox: Sandbox, service: Service) -> None:
    call = place(sandbox, service, to="+8613600136000", timeout=5)
    with pytest.raises(TwilioRestException) as refused:
        sandbox.client().calls(call["call_sid"]).update(status="completed")
    assert refused.value.code == 21220


@pytest.mark.parametrize("order", [{"status": "completed"}, {"twiml": "<Response><Say>moved</Say></Response>"}])
def test_a_running_call_obeys(real_time_sandbox: Sandbox, service: Service, order: dict) -> None:
    service.on("/survey", "<Pause length='60'/>")
    sandbox = real_time_sandbox
    sandbox.set(f"/people/{NEIGHBOUR}", {"answers": "yes", "rings_s": 0})
    client = sandbox.client()
    call = client.calls.create(to=NEIGHBOUR, from_=HOTLINE, url=f"{service.base_url}/survey")
    until(lambda: service.at("/survey"), "the call asks for its document")
    until(lambda: client.calls(call.sid).fetch().status == "in-progress", "the call is in progress")
    client.calls(call.sid).update(**order)
    done = sandbox.settled(call.sid)
    assert done["status"] == "completed"
    assert [line["text"] for line in events(done, "said")] == (["moved"] if "twiml" in order else [])


def test_a_queued_call_waits_for_the_pace_and_can_be_canceled(slow_sandbox: Sandbox, service: Service) -> None:
    client = slow_sandbox.client()
    service.on("/progress")
    asked = {"to": NEIGHBOUR, "from_": HOTLINE, "url": f"{service.base_url}/survey"}
    asked |= {"status_callback": f"{service.base_url}/progress"}
    first, second = client.calls.create(**asked), client.calls.create(**asked)
    assert slow_sandbox.settled(first.sid)["status"] == "no-answer"
    assert client.calls(second.sid).fetch().status == "queued"
    client.calls(second.sid).update(status="canceled")
    assert slow_sandbox.settled(second.sid)["status"] == "canceled"
    assert [hit.form["CallStatus"] for hit in service.at("/progress")] == ["no-answer", "canceled"]
