"""What the carrier tells of a text message on its way."""

import factories
import pytest
from carrier_side import CarrierSide, recorded_form, voice_form

from hotline.models import Channel, Direction, MessageState, Order, TextMessage


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


def text_form(body: str, **more: str) -> dict[str, str]:
    known = {"MessageSid": "SM" + "a" * 32, "From": factories.CALLER, "To": factories.LINE, "Body": body}
    return {**known, "AccountSid": factories.ACCOUNT_SID, "NumMedia": "0", **more}


def test_a_message_to_a_line_becomes_an_order_and_the_document_says_nothing(carrier: CarrierSide) -> None:
    answer = carrier.post("/messages/inbound", text_form("家里没有米了"))

    assert (answer.status_code, answer.mimetype) == (200, "application/xml")
    assert "<Message" not in answer.text
    order = carrier.one(Order)
    assert (order.channel, order.number_to_ring) == (Channel.TEXT, factories.CALLER)
    assert carrier.one(TextMessage, TextMessage.direction == Direction.OUTBOUND).line_id is not None


def test_a_message_that_comes_again_changes_nothing(carrier: CarrierSide) -> None:
    for _ in range(2):
        carrier.post("/messages/inbound", text_form("家里没有米了"))

    assert carrier.count(Order) == 1
    assert carrier.count(TextMessage) == 2


def test_a_message_to_a_number_that_is_no_line_is_answered_from_one(carrier: CarrierSide) -> None:
    carrier.post("/messages/inbound", text_form("家里没有米了", To="+862000000000"))

    assert carrier.count(Order) == 1


@pytest.mark.parametrize("field", ["MessageSid", "From", "To"])
def test_a_message_without_what_it_must_have_is_refused(carrier: CarrierSide, field: str) -> None:
    assert carrier.post("/messages/inbound", text_form("家里没有米了", **{field: "?"})).status_code == 400
    assert carrier.count(TextMessage) == 0


@pytest.mark.parametrize("body", ["", "\0", "😀" * 5000, "米\0没有了", "\u202e没有米"])
def test_odd_bodies_are_kept(carrier: CarrierSide, body: str) -> None:
    assert carrier.post("/messages/inbound", text_form(body)).status_code == 200
    assert carrier.one(TextMessage, TextMessage.direction == Direction.INBOUND).body == body.replace("\0", "")
