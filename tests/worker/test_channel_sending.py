"""Replies by a message channel: signed, to the gateway that the documentation shows, running beside the web process."""

import importlib.util
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any, Self
from urllib.error import HTTPError

import factories
import pytest
from pydantic import SecretStr
from sqlalchemy.orm import Session
from werkzeug.serving import make_server
from workshop import CHANNEL_SECRET, Workshop

from hotline import web
from hotline.app import create_app
from hotline.models import Channel, Direction, MessageState, Order, OutboxState, TextMessage, Work
from hotline.services import message_channels
from hotline.services.access import SYSTEM
from hotline.telephony.message_sender import SignedHttpChannel

GATEWAY = Path(__file__).parents[2] / "docs" / "examples" / "message_gateway.py"


@pytest.fixture(scope="session")
def gateways() -> ModuleType:
    """The example, as somebody runs it who has nothing of ours."""
    spec = importlib.util.spec_from_file_location("message_gateway", GATEWAY)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def workshop(workshop: Workshop) -> Workshop:
    """At the time that the gateway's own clock shows."""
    workshop.clock.at = datetime.now(UTC)
    return workshop


@pytest.fixture
def hotline_url(workshop: Workshop, tmp_path: Path) -> Iterator[str]:
    """The web process on a port of this machine."""
    context = workshop.context
    told = {"channel_secrets": {"wechat": CHANNEL_SECRET}, "trusted_hosts": ["127.0.0.1"]}
    settings = factories.settings(tmp_path, **told)
    app = create_app(settings)
    web.install(app, web.Runtime(settings, context.engine, context.sessions, context.clock))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(10)
    server.server_close()


def add_channel(workshop: Workshop, reply_url: str) -> None:
    with workshop.context.sessions.begin() as session:
        street = factories.unit(session, "street", name="京溪街道")
        message_channels.set_channel(session, "wechat", street, reply_url, SYSTEM, workshop.clock.now())


def reply(session: Session, carrier: str = "wechat") -> TextMessage:
    """A reply that waits to be sent."""
    told: dict[str, Any] = {"direction": Direction.OUTBOUND, "purpose": "letter", "state": MessageState.WAITING}
    made = TextMessage(
        carrier=carrier, number="wx-zhang", body="您好，您反映的事项已受理。", made_at=factories.NOW, **told
    )
    session.add(made)
    session.flush()
    return made


def test_a_message_becomes_an_order_and_its_receipt_comes_back(
    workshop: Workshop, hotline_url: str, gateways: ModuleType
) -> None:
    replies: list[tuple[str, str]] = []
    gateway = gateways.Gateway(hotline_url, "wechat", CHANNEL_SECRET, lambda to, text: replies.append((to, text)))
    server = gateway.serve(0)
    add_channel(workshop, f"http://127.0.0.1:{server.server_port}/replies")

    gateway.bring("wx-zhang", "家里没有米了", "m-1")
    gateway.bring("wx-zhang", "家里没有米了", "m-1")
    order = workshop.one(Order)
    receipt = workshop.one(TextMessage, TextMessage.direction == Direction.OUTBOUND)
    done = workshop.do(Work.SEND_MESSAGE, receipt.id)

    server.shutdown()
    server.server_close()
    sent = workshop.get(TextMessage, receipt.id)
    assert (order.channel, done.state, sent.state) == (Channel.SOCIAL, OutboxState.DONE, MessageState.SENT)
    assert replies == [("wx-zhang", sent.body)]
    assert order.number in sent.body


def test_what_another_signs_is_refused_on_either_side(
    workshop: Workshop, hotline_url: str, gateways: ModuleType
) -> None:
    stranger = gateways.Gateway(hotline_url, "wechat", CHANNEL_SECRET[::-1], print)
    server = stranger.serve(0)
    add_channel(workshop, f"http://127.0.0.1:{server.server_port}/replies")

    with pytest.raises(HTTPError) as refused:
        stranger.bring("wx-zhang", "家里没有米了")
    message_id = workshop.make(reply)
    workshop.do(Work.SEND_MESSAGE, message_id)

    server.shutdown()
    server.server_close()
    refused.value.close()
    sent = workshop.get(TextMessage, message_id)
    assert refused.value.code == HTTPStatus.FORBIDDEN
    assert (sent.state, sent.trouble) == (MessageState.FAILED, "the carrier refused with code 403")


def test_a_gateway_knows_a_reply_that_it_was_told_before(workshop: Workshop, gateways: ModuleType) -> None:
    replies: list[tuple[str, str]] = []
    gateway = gateways.Gateway(
        "http://127.0.0.1:1", "wechat", CHANNEL_SECRET, lambda to, text: replies.append((to, text))
    )
    server = gateway.serve(0)
    sender = SignedHttpChannel({"wechat": SecretStr(CHANNEL_SECRET)}, workshop.clock)

    for _ in range(2):
        sender.send("wechat", f"http://127.0.0.1:{server.server_port}", 7, "wx-zhang", "已受理")

    server.shutdown()
    server.server_close()
    assert replies == [("wx-zhang", "已受理")]


class Answering:
    """A gateway that answers everything with one status."""

    def __init__(self, status: int) -> None:
        asked = self.asked = []  # type: list[str]

        class Answer(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked.append(self.path)
                self.send_response(status)
                self.send_header("Location", "/elsewhere")
                self.end_headers()

            def do_GET(self) -> None:
                self.do_POST()

            def log_message(self, *_of_request: object) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_of_error: object) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.mark.parametrize("status", [400, 404, 410, 302, 307])
def test_what_the_gateway_will_never_take_has_failed_and_leads_nowhere_else(workshop: Workshop, status: int) -> None:
    with Answering(status) as gateway:
        add_channel(workshop, f"http://127.0.0.1:{gateway.server.server_port}/replies")
        message_id = workshop.make(reply)

        done = workshop.do(Work.SEND_MESSAGE, message_id)

        assert gateway.asked == ["/replies"]
    sent = workshop.get(TextMessage, message_id)
    assert done.state == OutboxState.DONE
    assert (sent.state, sent.trouble) == (MessageState.FAILED, f"the carrier refused with code {status}")


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_gateway_that_cannot_now_is_asked_again(workshop: Workshop, status: int) -> None:
    with Answering(status) as gateway:
        add_channel(workshop, f"http://127.0.0.1:{gateway.server.server_port}/replies")
        message_id = workshop.make(reply)

        waiting = workshop.do(Work.SEND_MESSAGE, message_id)

    assert (waiting.state, waiting.waits, waiting.tries) == (OutboxState.WAITING, 1, 0)
    assert workshop.get(TextMessage, message_id).state == MessageState.WAITING


def test_a_gateway_that_is_not_there_is_asked_again(workshop: Workshop) -> None:
    add_channel(workshop, "http://127.0.0.1:1/replies")

    assert workshop.do(Work.SEND_MESSAGE, workshop.make(reply)).state == OutboxState.WAITING


def test_what_a_channel_that_is_off_should_carry_has_failed(workshop: Workshop) -> None:
    message_id = workshop.make(lambda session: reply(session, "weibo"))

    workshop.do(Work.SEND_MESSAGE, message_id)

    sent = workshop.get(TextMessage, message_id)
    assert (sent.state, sent.trouble) == (MessageState.FAILED, "the carrier refused with code channel_off")
