"""What the carrier tells of a text message on its way."""

import factories
import pytest
from carrier_side import CarrierSide, recorded_form, voice_form

from hotline.models import MessageState, TextMessage


@pytest.fixture
def message(carrier: CarrierSide) -> TextMessage:
    sid = factories.call_sid()
    carrier.hear("/voice/inbound", voice_form(sid))
    carrier.hear("/voice/recorded", recorded_form(sid, factories.recording_sid()))
    written: TextMessage = carrier.one(TextMessage)
    return written


def told(carrier: CarrierSide, message: TextMessage, status: str, **more: str) -> TextMessage:
    form = {"MessageSid": "SM" + "0" * 32, "MessageStatus": status, "AccountSid": factories.ACCOUNT_SID, **more}
    carrier.tell(f"/messages/{message.id}/status", form)
    changed: TextMessage = carrier.one(TextMessage)
    return changed


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("sent", MessageState.SENT),
        ("delivered", MessageState.DELIVERED),
        ("undelivered", MessageState.FAILED),
        ("failed", MessageState.FAILED),
        ("queued", MessageState.WAITING),
        ("sending", MessageState.WAITING),
        ("", MessageState.WAITING),
    ],
)
def test_each_status_is_a_state(carrier: CarrierSide, message: TextMessage, status: str, state: MessageState) -> None:
    assert told(carrier, message, status).state == state


@pytest.mark.parametrize("late", ["queued", "sent", "failed", "undelivered"])
def test_what_was_delivered_stays_delivered(carrier: CarrierSide, message: TextMessage, late: str) -> None:
    told(carrier, message, "delivered")

    assert told(carrier, message, late).state == MessageState.DELIVERED


def test_a_failure_names_the_carriers_code(carrier: CarrierSide, message: TextMessage) -> None:
    assert told(carrier, message, "undelivered", ErrorCode="30005").trouble == "carrier error 30005"
