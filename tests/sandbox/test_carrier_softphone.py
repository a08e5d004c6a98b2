"""The softphone's socket: a person rings, speaks, presses, is rung, hears; and the page itself in a browser."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from stand_in import HOTLINE, Sandbox, Service, events, until
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

OWN = "+8613100131000"


class Softphone:
    """What the page does, without the page."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self.heard = 0
        self.news: list[dict[str, Any]] = []

    def do(self, what: str, **more: str) -> None:
        self._socket.send(json.dumps({"do": what, **more}))

    def wait(self, event: str, **facts: object) -> dict[str, Any]:
        """Read on until something is told; sound is only counted."""
        while True:
            received = self._socket.recv(timeout=15)
            if isinstance(received, bytes):
                self.heard += len(received) // 2
                continue
            news = json.loads(received)
            self.news.append(news)
            if news["event"] == event and facts.items() <= news.items():
                return news

    def log(self, event: str, **facts: object) -> dict[str, Any]:
        """Read on until the log of the call says something."""
        wanted = {"event": event, **facts}
        while True:
            line: dict[str, Any] = self.wait("log")["line"]
            if wanted.items() <= line.items():
                return line

    def frame(self, sound: bytes) -> None:
        self._socket.send(sound)


@contextmanager
def softphone(sandbox: Sandbox, number: str = OWN, **headers: str) -> Iterator[Softphone]:
    url = sandbox.url.replace("http", "ws") + "/phone/line?number=" + number.replace("+", "%2B")
    with connect(url, additional_headers=headers) as socket:
        yield Softphone(socket)


@pytest.fixture
def sandbox(real_time_sandbox: Sandbox) -> Sandbox:
    """People live in real time."""
    return real_time_sandbox


@pytest.fixture
def phone(sandbox: Sandbox) -> Iterator[Softphone]:
    with softphone(sandbox) as phone:
        assert HOTLINE in phone.wait("ready")["services"]
        yield phone


def test_a_person_rings_types_and_hangs_up(sandbox: Sandbox, service: Service, phone: Softphone) -> None:
    service.on("/voice", "<Say language='cmn-CN'>您好。</Say><Record action='/done' timeout='2'/>")
    service.on("/done")
    phone.do("dial", to=HOTLINE)
    call_sid = phone.wait("connected")["call_sid"]
    phone.do("say", text="没有米了")
    phone.wait("kept", text="没有米了")
    phone.log("beeped")
    phone.log("spoke", text="没有米了")
    assert phone.heard > 8000
    phone.log("recorded")
    assert phone.wait("ended")["status"] == "completed"
    call = sandbox.settled(call_sid)
    assert call["direction"] == "inbound"
    assert len(call["recordings"]) == 1
    assert service.at("/done")[0].form["RecordingSid"] == call["recordings"][0]
    assert events(call, "said")[0]["text"] == "您好。"


def test_a_microphone_is_recorded(sandbox: Sandbox, service: Service, phone: Softphone) -> None:
    service.on("/voice", "<Record action='/done' timeout='1' playBeep='false'/>")
    service.on("/done")
    phone.do("dial", to=HOTLINE)
    phone.log("recording")
    loud = b"\x00\x20\x00\xe0" * 80
    for _ in range(25):
        phone.frame(loud)
    phone.wait("ended")
    assert service.at("/done")


def test_a_key_interrupts_and_the_sound_stops(sandbox: Sandbox, service: Service, phone: Softphone) -> None:
    words = "这是一段很长很长的话，" * 6
    service.on("/voice", f"<Gather numDigits='1' action='/keys'><Say language='cmn-CN'>{words}</Say></Gather>")
    service.on("/keys", "<Say language='cmn-CN'>好的。</Say>")
    phone.do("dial", to=HOTLINE)
    phone.log("said")
    phone.do("press", key="1")
    phone.log("said", text="好的。")
    phone.wait("hush")
    assert service.at("/keys")[0].form["Digits"] == "1"
    phone.wait("ended")


def test_hanging_up_ends_the_call(sandbox: Sandbox, service: Service, phone: Softphone) -> None:
    service.on("/voice", "<Pause length='60'/>")
    phone.do("dial", to=HOTLINE)
    call_sid = phone.wait("connected")["call_sid"]
    phone.log("paused")
    phone.do("hang_up")
    phone.wait("ended")
    assert events(sandbox.settled(call_sid), "hung_up")[0]["by"] == "caller"


def test_closing_the_page_hangs_up(sandbox: Sandbox, service: Service) -> None:
    service.on("/voice", "<Pause length='60'/>")
    with softphone(sandbox) as phone:
        phone.do("dial", to=HOTLINE)
        call_sid = phone.wait("connected")["call_sid"]
        phone.log("paused")
    assert sandbox.settled(call_sid)["status"] == "completed"


def place(sandbox: Sandbox, service: Service, **more: Any) -> str:
    url = service.on("/survey", "<Gather numDigits='1' action='/keys'><Say language='cmn-CN'>解决了吗？</Say></Gather>")
    service.on("/keys")
    return sandbox.client().calls.create(to=OWN, from_=HOTLINE, url=url, **more).sid


def test_an_incoming_call_rings_and_is_answered(sandbox: Sandbox, service: Service, phone: Softphone) -> None:
    call_sid = place(sandbox, service)
    assert phone.wait("ringing")["from"] == HOTLINE
    phone.do("pick_up")
    phone.wait("connected")
    phone.log("said", text="解决了吗？")
    phone.do("press", key="1")
    phone.wait("ended")
    assert service.at("/keys")[0].form["Digits"] == "1"
    assert sandbox.settled(call_sid)["status"] == "completed"


def test_an_incoming_call_can_be_refused(sandbox: Sandbox, service: Service, phone: Softphone) -> None:
    call_sid = place(sandbox, service)
    phone.wait("ringing")
    phone.do("hang_up")
    phone.wait("ended")
    assert sandbox.settled(call_sid)["status"] == "busy"


def test_an_incoming_call_stops_ringing_at_the_timeout(sandbox: Sandbox, service: Service, phone: Softphone) -> None:
    call_sid = place(sandbox, service, timeout=1)
    phone.wait("ringing")
    assert phone.wait("ended")["status"] == "no-answer"
    assert sandbox.settled(call_sid)["status"] == "no-answer"


def test_two_people_are_connected_and_hear_each_other(sandbox: Sandbox, service: Service, phone: Softphone) -> None:
    duty = "+8613200132000"
    service.on("/voice", f"<Dial action='/over' record='record-from-answer-dual'>{duty}</Dial>")
    service.on("/over")
    with softphone(sandbox, duty) as agent:
        phone.do("dial", to=HOTLINE)
        call_sid = phone.wait("connected")["call_sid"]
        agent.wait("ringing")
        agent.do("pick_up")
        agent.wait("connected")
        phone.log("connected")
        agent.heard = phone.heard = 0
        phone.do("say", text="没有米了")
        agent.log("spoke", text="没有米了")
        agent.do("say", text="好的")
        phone.log("spoke", text="好的")
        agent.do("hang_up")
        agent.wait("ended")
        phone.wait("ended")
        assert agent.heard > 4000
        assert phone.heard > 4000
    call = sandbox.settled(call_sid)
    assert service.at("/over")[0].form["DialCallStatus"] == "completed"
    assert len(call["recordings"]) == 1


def test_text_messages_go_both_ways(sandbox: Sandbox, service: Service, phone: Softphone) -> None:
    service.on("/sms")
    sandbox.client().messages.create(to=OWN, from_=HOTLINE, body="工单已受理。")
    assert phone.wait("message")["body"] == "工单已受理。"
    phone.do("text", to=HOTLINE, body="谢谢")
    until(lambda: service.at("/sms"), "the text arrives")
    assert service.at("/sms")[0].form["Body"] == "谢谢"


def test_one_number_is_one_telephone(sandbox: Sandbox, phone: Softphone) -> None:
    with softphone(sandbox) as second:
        assert second.wait("refused")["reason"] == "open_elsewhere"


@pytest.mark.parametrize("number", ["", "110", "abc"])
def test_a_telephone_needs_a_number(sandbox: Sandbox, number: str) -> None:
    with softphone(sandbox, number) as phone:
        assert phone.wait("refused")["reason"] == "no_number"


@pytest.mark.parametrize(
    "asked",
    [{"do": "dial", "to": "+86110"}, {"do": "sing"}, {"do": "press", "key": "12"}, {"do": "say", "text": "a"}, {}],
)
def test_nonsense_is_answered_in_words(phone: Softphone, asked: dict) -> None:
    phone._socket.send(json.dumps(asked))
    assert phone.wait("error")["message"]


def test_pages_of_other_sites_are_refused(sandbox: Sandbox) -> None:
    with pytest.raises(InvalidStatus), softphone(sandbox, Origin="https://elsewhere.example"):
        pass
    refused = requests.post(
        f"{sandbox.url}/sandbox/calls", json={}, headers={"Origin": "https://elsewhere.example"}, timeout=5
    )
    assert refused.status_code == 403


def test_an_open_telephone_does_not_keep_the_carrier_from_ending(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path)
    with softphone(sandbox) as phone:
        phone.wait("ready")
        sandbox.close(within_s=5)
