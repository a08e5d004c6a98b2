"""Twilio's REST as its own client sees it: credentials, recordings, messages, limits."""

from datetime import UTC, datetime, timedelta

import pytest
import requests
from stand_in import ACCOUNT_SID, CALLER, HOTLINE, Sandbox, Service, until
from twilio.base.exceptions import TwilioRestException

SPEAKS = [{"on": "record", "say": "家里没有米了。"}]


@pytest.fixture
def recorded(sandbox: Sandbox, service: Service) -> dict:
    """A call with one recording."""
    service.on("/done")
    service.on("/voice", "<Record action='/done' timeout='2'/>")
    return sandbox.ring(SPEAKS)


def test_wrong_credentials_are_refused(sandbox: Sandbox, recorded: dict) -> None:
    with pytest.raises(TwilioRestException) as refused:
        sandbox.client(token="wrong").calls(recorded["call_sid"]).fetch()
    assert (refused.value.status, refused.value.code) == (401, 20003)


def test_another_account_is_refused(sandbox: Sandbox) -> None:
    url = f"{sandbox.url}/2010-04-01/Accounts/AC{'1' * 32}/Calls.json"
    response = requests.get(url, auth=("AC" + "1" * 32, "token"), timeout=5)
    assert (response.status_code, response.json()["code"]) == (401, 20003)


def test_media_needs_credentials_too(sandbox: Sandbox, recorded: dict) -> None:
    url = f"{sandbox.url}/2010-04-01/Accounts/{ACCOUNT_SID}/Recordings/{recorded['recordings'][0]}.wav"
    assert requests.get(url, timeout=5).status_code == 401


def test_what_is_not_there_is_told_as_20404(sandbox: Sandbox) -> None:
    with pytest.raises(TwilioRestException) as refused:
        sandbox.client().calls("CA" + "0" * 32).fetch()
    assert (refused.value.status, refused.value.code) == (404, 20404)


def test_recordings_are_listed_by_call_and_date(sandbox: Sandbox, recorded: dict) -> None:
    client, now = sandbox.client(), datetime.now(UTC)
    (found,) = client.recordings.list(call_sid=recorded["call_sid"], date_created_after=now - timedelta(days=1))
    assert (found.sid, found.source, found.channels) == (recorded["recordings"][0], "RecordVerb", 1)
    assert int(found.duration) >= 1
    assert found.date_created.tzinfo
    assert client.recordings.list(date_created_after=now + timedelta(hours=1)) == []
    assert [one.sid for one in client.calls(recorded["call_sid"]).recordings.list()] == [found.sid]


def test_pages_lead_to_all_recordings(sandbox: Sandbox, service: Service, recorded: dict) -> None:
    sids = {recorded["recordings"][0], *(sandbox.ring(SPEAKS)["recordings"][0] for _ in range(4))}
    listed = [one.sid for one in sandbox.client().recordings.list(page_size=2)]
    assert sids <= set(listed)
    assert len(listed) == len(set(listed))


def test_a_deleted_recording_is_gone_with_its_sound(sandbox: Sandbox, recorded: dict) -> None:
    recording = sandbox.client().recordings(recorded["recordings"][0])
    assert recording.fetch().status == "completed"
    assert recording.delete()
    with pytest.raises(TwilioRestException) as refused:
        recording.fetch()
    assert refused.value.code == 20404


def test_too_many_requests_are_told_as_20429(sandbox: Sandbox, recorded: dict) -> None:
    call = sandbox.client().calls(recorded["call_sid"])
    call.fetch()
    sandbox.set("/faults", {"requests_per_second": 1})
    with pytest.raises(TwilioRestException) as refused:
        call.fetch()
    assert (refused.value.status, refused.value.code) == (429, 20429)


def test_a_message_is_told_step_by_step(sandbox: Sandbox, service: Service) -> None:
    callback = service.on("/texts")
    sent = sandbox.client().messages.create(to=CALLER, from_=HOTLINE, body="工单已受理。", status_callback=callback)
    assert sent.status == "queued"
    until(lambda: len(service.at("/texts")) == 3, "three status callbacks")
    assert [hit.form["MessageStatus"] for hit in service.at("/texts")] == ["queued", "sent", "delivered"]
    assert all(hit.is_signed and hit.form["MessageSid"] == sent.sid for hit in service.at("/texts"))
    fetched = sandbox.client().messages(sent.sid).fetch()
    assert (fetched.body, fetched.status) == ("工单已受理。", "delivered")


@pytest.mark.parametrize(("texts", "code"), [("undelivered", "30003"), ("failed", "30008")])
def test_a_message_may_not_arrive(sandbox: Sandbox, service: Service, texts: str, code: str) -> None:
    sandbox.set("/people/+8613300133000", {"texts": texts})
    sandbox.client().messages.create(
        to="+8613300133000", from_=HOTLINE, body="在吗？", status_callback=service.on("/texts")
    )
    last = until(lambda: [h for h in service.at("/texts") if "ErrorCode" in h.form], "the failure is told")[0]
    assert (last.form["MessageStatus"], last.form["ErrorCode"]) == (texts, code)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [({"to": "12345"}, 21211), ({"from_": CALLER}, 21606), ({"body": ""}, 21602), ({"body": "长" * 1601}, 21617)],
)
def test_a_wrong_message_is_refused(sandbox: Sandbox, wrong: dict, code: int) -> None:
    with pytest.raises(TwilioRestException) as refused:
        sandbox.client().messages.create(**{"to": CALLER, "from_": HOTLINE, "body": "您好", **wrong})
    assert refused.value.code == code


def test_somebody_texts_the_service_and_gets_a_reply(sandbox: Sandbox, service: Service) -> None:
    service.on("/sms", "<Message>收到了。</Message>")
    asked = {"from": CALLER, "to": HOTLINE, "body": "我听不见，需要帮助"}
    sid = sandbox.control("POST", "/messages", asked).json()["message_sid"]
    reply = until(
        lambda: [one for one in sandbox.client().messages.list() if one.direction == "outbound-reply"],
        "a reply is sent",
    )[0]
    (hit,) = service.at("/sms")
    assert hit.is_signed
    assert (hit.form["MessageSid"], hit.form["SmsStatus"], hit.form["NumMedia"]) == (sid, "received", "0")
    assert (hit.form["From"], hit.form["Body"]) == (CALLER, "我听不见，需要帮助")
    assert (reply.to, reply.body) == (CALLER, "收到了。")


def test_owned_numbers_are_listed(sandbox: Sandbox, service: Service) -> None:
    (number,) = sandbox.client().incoming_phone_numbers.list()
    assert (number.phone_number, number.voice_url) == (HOTLINE, f"{service.base_url}/voice")


def test_the_signature_is_the_one_of_twilios_documentation(sandbox: Sandbox, service: Service) -> None:
    """The published vector, checked against the very function that signs."""
    form = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675309",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
    }
    assert sandbox.sign("12345", "https://mycompany.com/myapp.php?foo=1&bar=2", form) == (
        "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    )
