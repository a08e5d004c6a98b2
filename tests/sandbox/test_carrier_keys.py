"""Keys: what <Gather> hears, when it stops listening, and whom it tells."""

import pytest
from stand_in import Sandbox, Service, events

ASK = "<Gather action='/keys' {}><Say language='cmn-CN'>满意请按一，不满意请按二。</Say></Gather><Say>later</Say>"


def said(call: dict) -> list[str]:
    return [line["text"] for line in events(call, "said")]


def test_one_digit_is_told_at_once(sandbox: Sandbox, service: Service) -> None:
    service.on("/voice", ASK.format("numDigits='1'"))
    service.on("/keys", "<Say>thanks</Say>")
    call = sandbox.ring([{"on": "gather", "press": "2"}])
    (hit,) = service.at("/keys")
    assert hit.is_signed
    assert {"Digits": "2", "FinishedOnKey": "", "msg": "Gather End"}.items() <= hit.form.items()
    assert hit.form["CallStatus"] == "in-progress"
    assert said(call)[-1] == "thanks"


def test_a_key_interrupts_the_words(sandbox: Sandbox, service: Service) -> None:
    service.on("/voice", ASK.format("numDigits='1'"))
    service.on("/keys")
    call = sandbox.ring([{"on": "gather", "press": "1", "after_s": 0.5}])
    (pressed,) = events(call, "pressed")
    assert pressed["at_s"] == 0.5


def test_finish_key_is_not_a_digit(sandbox: Sandbox, service: Service) -> None:
    service.on("/voice", ASK.format(""))
    service.on("/keys")
    sandbox.ring([{"on": "gather", "press": "12#"}])
    (hit,) = service.at("/keys")
    assert (hit.form["Digits"], hit.form["FinishedOnKey"]) == ("12", "#")


def test_silence_makes_no_request_and_goes_on(sandbox: Sandbox, service: Service) -> None:
    service.on("/voice", ASK.format("timeout='4'"))
    call = sandbox.ring([{"on": "gather", "nothing": True}])
    assert not service.at("/keys")
    assert said(call)[-1] == "later"


def test_silence_is_told_when_asked_for(sandbox: Sandbox, service: Service) -> None:
    service.on("/voice", ASK.format("actionOnEmptyResult='true'"))
    service.on("/keys")
    sandbox.ring()
    (hit,) = service.at("/keys")
    assert hit.form["Digits"] == ""


def test_a_step_for_something_else_presses_nothing(sandbox: Sandbox, service: Service) -> None:
    service.on("/voice", ASK.format("numDigits='1'"))
    sandbox.ring([{"on": "record", "say": "没有人听"}, {"on": "gather", "press": "1"}])
    assert not service.at("/keys")


def test_keys_outside_a_gather_are_lost(sandbox: Sandbox, service: Service) -> None:
    service.on("/voice", "<Say>listen to a rather long sentence</Say>" + ASK.format("numDigits='1'"))
    call = sandbox.ring([{"on": "say", "press": "9"}])
    assert [line["key"] for line in events(call, "pressed")] == ["9"]
    assert not service.at("/keys")


def test_the_time_between_digits_counts_anew(sandbox: Sandbox, service: Service) -> None:
    service.on("/voice", "<Gather action='/keys' timeout='2' numDigits='4'/>")
    service.on("/keys")
    sandbox.ring([{"on": "gather", "press": "123"}])
    assert service.at("/keys")[0].form["Digits"] == "123"


def test_hanging_up_during_the_words(sandbox: Sandbox, service: Service) -> None:
    service.on("/voice", ASK.format("numDigits='1'"))
    call = sandbox.ring([{"on": "say", "hang_up_after_s": 2}])
    assert call["status"] == "completed"
    assert call["duration_s"] == 2
    assert events(call, "hung_up") == [{"at_s": 2.0, "event": "hung_up", "by": "caller"}]


@pytest.mark.parametrize("script", [[{"hang_up": True}], [{"on": "gather", "hang_up_after_s": 1}]])
def test_hanging_up_instead_of_pressing(sandbox: Sandbox, service: Service, script: list) -> None:
    service.on("/voice", ASK.format("numDigits='1'"))
    call = sandbox.ring(script)
    assert events(call, "hung_up")[0]["by"] == "caller"
    assert not service.at("/keys")
