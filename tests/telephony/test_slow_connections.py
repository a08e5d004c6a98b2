"""Connections that send slowly, or nothing, do not keep the carrier waiting for its document."""

import os
import shlex
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import factories
import pytest
import requests
from carrier_side import voice_form
from twilio.request_validator import RequestValidator

from stack.ports import free_port

_ROOT = Path(__file__).parents[2]
_CARRIERS_PATIENCE_S = 15


@pytest.fixture
def port(tmp_path: Path, own_database_url: str) -> Iterator[int]:
    """Where the Procfile's `web` process listens."""
    port = free_port()
    told = factories.settings(tmp_path, database_url=own_database_url)
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "DATABASE_URL": own_database_url,
        "REDIS_URL": told.redis_url.get_secret_value(),
        "SECRET_KEY": told.secret_key.get_secret_value(),
        "PUBLIC_BASE_URL": f"http://127.0.0.1:{port}",
        "TWILIO_ACCOUNT_SID": told.twilio_account_sid,
        "TWILIO_AUTH_TOKEN": told.twilio_auth_token.get_secret_value(),
        "JOURNAL_DIR": str(tmp_path / "journal"),
        "RECORDINGS_URL": told.recordings_url,
        "SESSION_COOKIE_SECURE": "false",
    }
    (command,) = [line for line in (_ROOT / "Procfile").read_text().splitlines() if line.startswith("web:")]
    shell = ["/bin/sh", "-c", f"exec {command.removeprefix('web: ')}"]
    with (tmp_path / "web.log").open("wb") as log:
        process = subprocess.Popen(shell, cwd=_ROOT, env=environment, stdout=log, stderr=log)
        _wait_for(port, process)
        yield port
        process.terminate()
        process.wait(20)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    pause, ends_at = threading.Event(), time.monotonic() + 90
    while process.poll() is None and time.monotonic() < ends_at:
        try:
            assert requests.get(f"http://127.0.0.1:{port}/healthz", timeout=5).ok
        except (requests.ConnectionError, requests.Timeout):
            pause.wait(0.05)
        else:
            return
    pytest.fail(f"the web process does not answer: {shlex.join(map(str, process.args))}")


def _signed(port: int) -> requests.Response:
    form = voice_form(factories.call_sid())
    address = f"http://127.0.0.1:{port}/voice/inbound"
    signature = RequestValidator(factories.AUTH_TOKEN).compute_signature(address, form)
    return requests.post(address, form, headers={"X-Twilio-Signature": signature}, timeout=_CARRIERS_PATIENCE_S)


# A good signature's shape, so that the form is waited for, and a form that never comes whole.
_HALF_A_FORM = (
    b"POST /voice/inbound HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Twilio-Signature: " + b"A" * 27 + b"=\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 60000\r\n\r\nCallSid="
)


@pytest.mark.parametrize(
    "sent", [_HALF_A_FORM, b"POST /voice/inbound HTTP/1.1\r\nHost: 127", b""], ids=["body", "headers", "nothing"]
)
def test_slow_connections_do_not_keep_the_carrier_waiting(port: int, sent: bytes) -> None:
    slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(48)]
    for connection in slow:
        connection.sendall(sent)

    answer = _signed(port)

    assert answer.status_code == 200, answer.text
    assert "<Say" in answer.text
    for connection in slow:
        connection.close()


def test_a_form_that_comes_byte_by_byte_is_not_waited_for(port: int) -> None:
    ended = threading.Event()
    with socket.create_connection(("127.0.0.1", port)) as slow:
        slow.sendall(_HALF_A_FORM)
        threading.Thread(target=_drip, args=(slow, ended), daemon=True).start()
        slow.settimeout(_CARRIERS_PATIENCE_S)
        answered = slow.recv(100)
        ended.set()

    assert answered.startswith((b"HTTP/1.1 400", b"HTTP/1.1 403"))


def _drip(connection: socket.socket, ended: threading.Event) -> None:
    while not ended.wait(0.5):
        try:
            connection.sendall(b"A")
        except OSError:
            return
