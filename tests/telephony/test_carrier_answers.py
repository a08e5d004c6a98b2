"""What Twilio's answers mean to us, read by its official client from an HTTP server that gives them."""

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import factories
import pytest

from hotline.telephony.carrier import CarrierRefusedError, CarrierUnavailableError, NotThereError
from hotline.telephony.twilio_carrier import TwilioCarrier

Answering = Callable[[int, dict[str, object]], TwilioCarrier]


@pytest.fixture
def answering(tmp_path: Path) -> Iterator[Answering]:
    """A carrier that gives one answer to everything."""
    servers: list[ThreadingHTTPServer] = []

    def start(status: int, body: dict[str, object]) -> TwilioCarrier:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(status, body))
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{server.server_port}"
        return TwilioCarrier(factories.settings(tmp_path, twilio_api_base=base))

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def _handler(status: int, body: dict[str, object]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.do_GET()

        def do_GET(self) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Nothing."""

    return Handler


def place(carrier: TwilioCarrier) -> None:
    carrier.place_survey_call("0" * 32, factories.LINE, factories.CALLER)


def send(carrier: TwilioCarrier) -> None:
    carrier.send_text(1, factories.LINE, factories.CALLER, "您好")


def problem(code: int) -> dict[str, object]:
    return {"code": code, "message": f"The 'To' number {factories.CALLER} is not valid", "more_info": "", "status": 400}


@pytest.mark.parametrize("ask", [place, send])
@pytest.mark.parametrize("code", [21211, 21210, 21214, 21217, 21401, 13223, 13224, 13225, 13226, 21408, 21610, 21614])
def test_a_known_refusal_is_final(answering: Answering, ask: Callable[[TwilioCarrier], None], code: int) -> None:
    with pytest.raises(CarrierRefusedError) as refused:
        ask(answering(400, problem(code)))

    assert refused.value.code == str(code)


@pytest.mark.parametrize(
    ("status", "code"), [(401, 20003), (403, 20005), (408, 0), (400, 99999), (500, 0), (503, 20503)]
)
@pytest.mark.parametrize("ask", [place, send])
def test_every_other_error_may_pass_and_tells_its_code(
    answering: Answering, ask: Callable[[TwilioCarrier], None], status: int, code: int
) -> None:
    with pytest.raises(CarrierUnavailableError) as away:
        ask(answering(status, problem(code)))

    assert str(status) in str(away.value)
    assert not code or str(code) in str(away.value)


def test_what_is_not_there_is_no_refusal(answering: Answering) -> None:
    with pytest.raises(NotThereError):
        answering(404, problem(20404)).fetch_call("CA" + "0" * 32)


@pytest.mark.parametrize(("status", "code"), [(400, 21211), (401, 20003), (500, 0)])
def test_the_carriers_own_words_stay_behind(answering: Answering, status: int, code: int) -> None:
    with pytest.raises((CarrierRefusedError, CarrierUnavailableError)) as raised:
        place(answering(status, problem(code)))

    assert raised.value.__suppress_context__
    assert factories.CALLER not in str(raised.value)


def test_a_list_that_cannot_be_had_is_no_empty_list(answering: Answering) -> None:
    with pytest.raises(CarrierUnavailableError):
        list(answering(500, problem(0)).recordings_since(datetime(2026, 3, 1, tzinfo=UTC)))


def test_nobody_listening_is_unavailable(tmp_path: Path) -> None:
    carrier = TwilioCarrier(factories.settings(tmp_path, twilio_api_base="http://127.0.0.1:1"))

    with pytest.raises(CarrierUnavailableError):
        place(carrier)
