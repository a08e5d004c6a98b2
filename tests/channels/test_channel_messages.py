"""Messages of people of a social network, brought by a gateway that signs."""

import json
from datetime import timedelta

import pytest
from channel_side import MESSAGE, ChannelSide
from factories import NOW
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy import func, select

from hotline.models import Channel, Direction, Order, TextMessage
from hotline.services import message_channels
from hotline.services.access import SYSTEM
from hotline.services.message_channels import UnusableChannelError


def orders(channel: ChannelSide) -> list[Order]:
    assert channel.sessions is not None
    with channel.sessions() as session:
        return list(session.scalars(select(Order).order_by(Order.id)))


def messages(channel: ChannelSide, direction: Direction) -> list[TextMessage]:
    assert channel.sessions is not None
    with channel.sessions() as session:
        return list(session.scalars(select(TextMessage).where(TextMessage.direction == direction)))


def test_what_somebody_writes_becomes_an_order_that_is_acknowledged_there(channel: ChannelSide) -> None:
    answer = channel.tell()

    assert (answer.status_code, answer.json) == (200, {})
    (order,) = orders(channel)
    assert (order.channel, order.intake_unit_id, order.is_by_text) == (Channel.SOCIAL, channel.street.id, True)
    assert (order.received_at, order.number_to_ring) == (NOW, None)
    (reply,) = messages(channel, Direction.OUTBOUND)
    assert (reply.carrier, reply.number, reply.order_id) == ("wechat", MESSAGE["sender"], order.id)
    assert order.number in reply.body


def test_a_message_that_is_told_again_changes_nothing(channel: ChannelSide) -> None:
    answers = [channel.tell().status_code for _ in range(3)]

    assert answers == [200, 200, 200]
    assert len(messages(channel, Direction.INBOUND)) == len(messages(channel, Direction.OUTBOUND)) == 1


def test_a_second_message_of_the_same_person_goes_to_the_same_order(channel: ChannelSide) -> None:
    channel.tell()
    channel.tell(id="m-2", text="老人也没有药了")
    channel.tell(id="m-3", sender="somebody-else")

    first, second = orders(channel)
    assert [message.order_id for message in messages(channel, Direction.INBOUND)] == [first.id, first.id, second.id]


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": "another-secret-of-32-characters-or-more"},
        {"name": "weibo"},
        {"name": "unknown"},
        {"age_s": 301},
        {"age_s": -301},
    ],
)
def test_what_is_not_signed_just_now_with_the_channels_own_secret_is_refused(
    channel: ChannelSide, wrong: dict[str, object]
) -> None:
    answer = channel.post(json.dumps(MESSAGE).encode(), **wrong)  # type: ignore[arg-type]

    assert (answer.status_code, answer.json) == (403, {"error": "forbidden"})
    assert orders(channel) == []


@pytest.mark.parametrize("timestamp", ["", "now", "-1", "１７７２４１６８００", "9" * 400])
@pytest.mark.parametrize("signature", ["", "0" * 64, "ä" * 64])
def test_headers_of_any_form_are_refused(channel: ChannelSide, timestamp: str, signature: str) -> None:
    headers = {"X-Hotline-Timestamp": timestamp, "X-Hotline-Signature": signature}

    assert channel.send(b"{}", "wechat", headers).status_code == 403


def test_a_changed_body_or_time_is_refused(channel: ChannelSide) -> None:
    channel.clock.at = NOW
    good = channel.post(json.dumps(MESSAGE).encode())
    headers = dict(good.request.headers)

    assert channel.send(json.dumps({**MESSAGE, "id": "m-2"}).encode(), "wechat", headers).status_code == 403
    headers["X-Hotline-Timestamp"] = str(int(NOW.timestamp()) + 1)
    assert channel.send(json.dumps(MESSAGE).encode(), "wechat", headers).status_code == 403


def test_a_body_that_is_too_large_is_refused(channel: ChannelSide) -> None:
    answer = channel.tell(text="米" * 70_000)

    assert (answer.status_code, orders(channel)) == (413, [])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"id": ""}, "id"),
        ({"id": 7}, "id"),
        ({"id": "m" * 65}, "id"),
        ({"id": "m\n1"}, "id"),
        ({"sender": None}, "sender"),
        ({"text": ["米"]}, "text"),
        ({"sent_at": "yesterday"}, "sent_at"),
        ({"sent_at": "2026-03-02T10:00:00"}, "sent_at"),
    ],
)
def test_a_message_that_says_not_what_it_must_names_the_field(
    channel: ChannelSide, changes: dict[str, object], field: str
) -> None:
    answer = channel.tell(**changes)

    assert answer.status_code == 422
    assert list((answer.json or {})["errors"]) == [field]
    assert orders(channel) == []


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff"])
def test_a_body_that_is_no_record_is_refused(channel: ChannelSide, body: bytes) -> None:
    assert channel.post(body).status_code == 422


@given(text=st.text(max_size=50), sender=st.text(min_size=1, max_size=10))
@examples(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_written_is_kept_or_refused(channel: ChannelSide, text: str, sender: str) -> None:
    assert channel.tell(id=f"m-{hash((text, sender))}", text=text, sender=sender).status_code in {200, 422}


def test_a_message_of_tomorrow_is_received_now(channel: ChannelSide) -> None:
    channel.tell(sent_at=(NOW + timedelta(days=1)).isoformat())

    assert [order.received_at for order in orders(channel)] == [NOW]


@pytest.mark.parametrize("sent_at", [(NOW - timedelta(days=7, seconds=1)).isoformat(), "0001-01-01T00:00:00+14:00"])
def test_a_message_of_long_ago_is_received_now(channel: ChannelSide, sent_at: str) -> None:
    assert channel.tell(sent_at=sent_at).status_code == 200

    assert [order.received_at for order in orders(channel)] == [NOW]


def test_a_message_of_this_week_is_received_when_it_was_sent(channel: ChannelSide) -> None:
    channel.tell(sent_at=(NOW - timedelta(days=7)).isoformat())

    assert [order.received_at for order in orders(channel)] == [NOW - timedelta(days=7)]


def test_a_body_that_is_nested_too_deeply_is_refused(channel: ChannelSide) -> None:
    assert channel.post(b"[" * 60_000).status_code == 400


def test_a_channel_that_is_off_takes_nothing(channel: ChannelSide) -> None:
    assert channel.sessions is not None
    with channel.sessions.begin() as session:
        message_channels.switch_off(session, "wechat", SYSTEM, NOW)

    assert channel.tell().status_code == 404
    assert orders(channel) == []


def test_while_the_database_is_away_the_gateway_is_asked_to_come_again(cut_off: ChannelSide) -> None:
    assert cut_off.tell().status_code == 503
    assert cut_off.post(b"{}", secret="x" * 40).status_code == 403


@pytest.mark.parametrize(
    "reply_url",
    [
        "http://gateway.example/replies",
        "ftp://gateway.example/replies",
        "https://",
        "https://user:word@gateway.example",
        "http://127.0.0.1.example/replies",
        "http://169.254.169.254/latest",
        "https://gateway.example:99999",
        "gateway.example",
        "https://gateway.example/\n",
    ],
)
def test_replies_go_to_no_address_that_anybody_could_read_or_that_is_inside(
    channel: ChannelSide, reply_url: str
) -> None:
    assert channel.sessions is not None
    with channel.sessions() as session, pytest.raises(UnusableChannelError):
        message_channels.set_channel(session, "weibo", channel.street, reply_url, SYSTEM, NOW)


@pytest.mark.parametrize("name", ["", "W", "twilio", "page", "微信", "a" * 21, "we chat"])
def test_a_channel_has_a_name_that_is_nobody_elses(channel: ChannelSide, name: str) -> None:
    assert channel.sessions is not None
    with channel.sessions() as session, pytest.raises(UnusableChannelError):
        message_channels.set_channel(session, name, channel.street, "https://gateway.example", SYSTEM, NOW)


def test_a_channel_is_changed_under_its_name_and_on_again(channel: ChannelSide) -> None:
    assert channel.sessions is not None
    with channel.sessions.begin() as session:
        message_channels.switch_off(session, "wechat", SYSTEM, NOW)
        changed = message_channels.set_channel(session, "wechat", channel.street, "http://localhost:9000", SYSTEM, NOW)

        assert message_channels.by_name(session, "wechat") is changed
        assert changed.reply_url == "http://localhost:9000"
        assert session.scalar(select(func.count()).select_from(type(changed))) == 1
