"""What a careless service gets: Twilio's error numbers, the fallback address, the words of the carrier."""

import pytest
from stand_in import HOTLINE, Reply, Sandbox, Service, events

BAD = [
    ("<Shout>hello</Shout>", 12200),
    ("<Say colour='red'>hello</Say>", 12200),
    ("loose words", 12200),
    ("<Say>hello", 12100),
    ("<Say language='cmn-CN' voice='Polly.Joanna'>您好</Say>", 13511),
    ("<Say language='xx-XX'>hello</Say>", 13511),
    ("<Say></Say>", 13520),
    (f"<Say>{'a' * 4097}</Say>", 13520),
    ("<Pause length='long'/>", 13910),
    ("<Gather numDigits='none'/>", 13314),
    ("<Gather finishOnKey='##'/>", 13310),
    ("<Gather timeout='-1'/>", 13313),
    ("<Gather><Record/></Gather>", 13320),
    ("<Record maxLength='0'/>", 13612),
    ("<Record timeout='none'/>", 13611),
    ("<Record playBeep='loud'/>", 13616),
    ("<Dial/>", 13223),
    ("<Dial>110</Dial>", 13223),
    ("<Dial><Queue>q</Queue></Dial>", 13215),
    ("<Redirect></Redirect>", 11100),
    ("<Redirect method='PUT'>/x</Redirect>", 13710),
    ("<Play>/no-sound</Play>", 13420),
]


@pytest.mark.parametrize(("document", "code"), BAD)
def test_a_bad_document_ends_the_call_with_twilios_number(
    sandbox: Sandbox, service: Service, document: str, code: int
) -> None:
    service.on("/voice", document)
    service.on("/no-sound")
    call = sandbox.ring()
    assert [line["code"] for line in events(call, "error")] == [code]
    assert "application error" in events(call, "said")[-1]["text"]
    assert call["status"] == "failed"


ANSWERS = [
    (Reply("gone", 404), 11200),
    (Reply("broken", 500), 11200),
    (Reply("{}", content_type="application/json"), 12300),
    (Reply(f"<Response><!--{'x' * 66_000}--></Response>"), 11750),
    (Reply("<Reply/>"), 12100),
    (Reply(""), 12100),
    (Reply('<!DOCTYPE r [<!ENTITY e "boo">]><Response><Say>&e;</Say></Response>'), 12100),
]


@pytest.mark.parametrize(("reply", "code"), ANSWERS)
def test_a_bad_answer_goes_to_the_fallback_address(sandbox: Sandbox, service: Service, reply: Reply, code: int) -> None:
    voice_url = service.on("/voice", reply)
    fallback_url = service.on("/fallback", "<Say>we ring back</Say>")
    sandbox.set(f"/numbers/{HOTLINE}", {"voice_url": voice_url, "voice_fallback_url": fallback_url})
    call = sandbox.ring()
    (hit,) = service.at("/fallback")
    assert (hit.form["ErrorCode"], hit.form["ErrorUrl"]) == (str(code), voice_url)
    assert hit.is_signed
    assert events(call, "said")[-1]["text"] == "we ring back"
    assert call["status"] == "completed"


def test_nobody_listening_is_a_connection_failure_after_one_retry(sandbox: Sandbox) -> None:
    sandbox.set(f"/numbers/{HOTLINE}", {"voice_url": "http://127.0.0.1:1/voice"})
    call = sandbox.ring()
    assert events(call, "error")[0]["code"] == 11205


def test_a_failing_fallback_ends_the_call(sandbox: Sandbox, service: Service) -> None:
    urls = {
        "voice_url": service.on("/voice", Reply("", 500)),
        "voice_fallback_url": service.on("/fallback", Reply("", 500)),
    }
    sandbox.set(f"/numbers/{HOTLINE}", urls)
    call = sandbox.ring()
    assert len(service.at("/fallback")) == 1
    assert call["status"] == "failed"


def test_an_action_that_fails_goes_to_the_fallback_too(sandbox: Sandbox, service: Service) -> None:
    urls = {"voice_url": service.on("/voice", "<Gather action='/keys' numDigits='1'/>")}
    urls["voice_fallback_url"] = service.on("/fallback", "<Say>we ring back</Say>")
    service.on("/keys", Reply("", 503))
    sandbox.set(f"/numbers/{HOTLINE}", urls)
    sandbox.ring([{"on": "gather", "press": "1"}])
    assert service.at("/fallback")[0].form["ErrorUrl"] == f"{service.base_url}/keys"


def test_documents_in_a_circle_are_stopped(sandbox: Sandbox, service: Service) -> None:
    service.on("/voice", "<Redirect>/voice</Redirect>")
    call = sandbox.ring()
    assert call["status"] == "failed"
    assert len(service.at("/voice")) <= 250


def test_a_redirect_of_http_loses_the_form(sandbox: Sandbox, service: Service) -> None:
    service.on("/voice", Reply(status=302, headers={"Location": "/moved"}))
    service.on("/moved", "<Say>moved</Say>")
    call = sandbox.ring()
    (hit,) = service.at("/moved")
    assert (hit.method, hit.form) == ("GET", {})
    assert call["status"] == "completed"


def test_a_fragment_asks_for_retries_and_is_not_signed(sandbox: Sandbox, service: Service) -> None:
    url = service.on("/voice", Reply("", 500), Reply("", 500), "<Say>third time</Say>")
    sandbox.set(f"/numbers/{HOTLINE}", {"voice_url": f"{url}#rc=2&rp=all"})
    call = sandbox.ring()
    hits = service.at("/voice")
    assert len(hits) == 3
    assert all(hit.is_signed for hit in hits)
    assert len({hit.headers["I-Twilio-Idempotency-Token"] for hit in hits}) == 1
    assert call["status"] == "completed"


def test_get_carries_the_form_in_its_address(sandbox: Sandbox, service: Service) -> None:
    service.on("/voice", "<Redirect method='GET'>/next?a=1</Redirect>")
    service.on("/next")
    sandbox.ring()
    (hit,) = service.at("/next")
    assert hit.method == "GET"
    assert "a=1" in hit.url
    assert "CallSid=CA" in hit.url
    assert hit.is_signed


@pytest.mark.parametrize(("reason", "status"), [("busy", "busy"), ("rejected", "no-answer")])
def test_a_rejected_call_is_never_answered(sandbox: Sandbox, service: Service, reason: str, status: str) -> None:
    service.on("/voice", f"<Reject reason='{reason}'/>")
    call = sandbox.ring()
    assert (call["status"], call["duration_s"]) == (status, 0)
