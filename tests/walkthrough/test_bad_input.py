"""A bad day at the carrier: a state that a person sees in the console, nothing lost, words for the caller."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from looking import SERVICE, rows, until
from sqlalchemy import Engine
from twilio.request_validator import RequestValidator

from stack.stack import Stack
from stack.telephone import Telephone

STORY = [{"on": "record", "say": "家里没有米了，请帮帮忙。"}]
RECORDING = """
    select r.state, c.attention, o.state from recordings r join calls c on c.id = r.call_id
    left join orders o on o.id = c.order_id where c.number = :number
"""


@pytest.fixture(autouse=True)
def good_day_again(stack: Stack) -> Iterator[None]:
    yield
    bad_day(stack)


def bad_day(stack: Stack, **faults: Any) -> None:
    requests.put(f"{stack.sandbox_url}/sandbox/faults", json=faults, timeout=10).raise_for_status()


def test_wav_that_is_no_wav(stack: Stack, telephone: Telephone, database: Engine) -> None:
    caller = "+8613800138301"
    bad_day(stack, media_base64=base64.b64encode(b"<html>this is no sound</html>").decode())
    telephone.ring(caller, SERVICE, STORY)

    def unreadable() -> bool:
        return rows(database, RECORDING, number=caller) == [("unreadable", "recording_unreadable", "received")]

    until(unreadable, "the recording to be told unreadable, and the order to exist all the same")


def test_recording_that_the_carrier_hands_out_late(stack: Stack, telephone: Telephone, database: Engine) -> None:
    caller = "+8613800138302"
    bad_day(stack, media_not_found_first=1)
    telephone.ring(caller, SERVICE, STORY)

    until(lambda: rows(database, RECORDING, number=caller) == [("transcribed", None, "received")], "the transcript")


def test_carrier_that_answers_500(stack: Stack, telephone: Telephone, database: Engine) -> None:
    caller = "+8613800138303"
    bad_day(stack, media_status=500, rest_status=500)
    telephone.ring(caller, SERVICE, STORY)
    trouble = """
        select 1 from outbox o join recordings r on r.id = subject_id join calls c on c.id = call_id
        where work = 'fetch_recording' and number = :number
        and o.state = 'waiting' and o.trouble = 'CarrierUnavailableError: HTTP 500'
    """
    until(lambda: rows(database, trouble, number=caller), "a failed try")
    bad_day(stack)

    until(lambda: rows(database, RECORDING, number=caller) == [("transcribed", None, "received")], "the transcript", 60)


def test_recording_of_a_call_nobody_knows(stack: Stack, database: Engine) -> None:
    told = {
        "AccountSid": stack.env["TWILIO_ACCOUNT_SID"],
        "CallSid": "CA" + "0" * 32,
        "RecordingSid": "RE" + "0" * 32,
        "RecordingStatus": "completed",
        "RecordingDuration": "5",
        "RecordingChannels": "1",
        "RecordingSource": "RecordVerb",
    }
    address = f"{stack.env['PUBLIC_BASE_URL'].rstrip('/')}/voice/recording"
    signature = RequestValidator(stack.env["TWILIO_AUTH_TOKEN"]).compute_signature(address, told)
    answer = requests.post(address, told, headers={"X-Twilio-Signature": signature}, timeout=10)

    assert answer.status_code == requests.codes.no_content
    query = "select outcome from receipts where carrier_id = :id"
    until(
        lambda: rows(database, query, id=told["RecordingSid"]) == [("unknown_to_carrier",)],
        "the carrier to be asked, and not to know it either",
    )


def test_callbacks_twice_and_out_of_order(stack: Stack, telephone: Telephone, database: Engine) -> None:
    caller = "+8613800138304"
    bad_day(stack, duplicate=["call", "recording"], reorder=["call", "recording"])
    telephone.ring(caller, SERVICE, STORY)

    until(lambda: rows(database, RECORDING, number=caller) == [("transcribed", None, "received")], "the transcript")
    assert rows(database, "select count(*) from orders where number_to_ring = :number", number=caller) == [(1,)]


def test_recording_callback_that_never_comes(stack: Stack, telephone: Telephone, database: Engine) -> None:
    caller = "+8613800138305"
    bad_day(stack, drop=["recording"])
    telephone.ring(caller, SERVICE, STORY)
    until(lambda: rows(database, RECORDING, number=caller) == [("expected", None, None)], "the recording to be told of")

    # The action of the Record verb told of it, so it is fetched when the callback is overdue.
    stack.flask("clock", "advance", "61")
    until(lambda: rows(database, RECORDING, number=caller) == [("transcribed", None, "received")], "the transcript")
