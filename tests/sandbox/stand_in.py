"""A real stand-in carrier in a process of its own, and a small web service that answers its webhooks."""

import json
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

ROOT = Path(__file__).parents[2]
ACCOUNT_SID = "AC" + "0" * 32
AUTH_TOKEN = "0123456789abcdef" * 2
HOTLINE = "+862012345678"
CALLER = "+8613800138000"
_DEADLINE_S = 20.0


def until(condition: Callable[[], Any], what: str, within_s: float = _DEADLINE_S) -> Any:
    """The first true value of a condition; a clear failure when it does not come true in time."""
    ends_at = time.monotonic() + within_s
    pause = threading.Event()
    while time.monotonic() < ends_at:
        if value := condition():
            return value
        pause.wait(0.02)
    pytest.fail(f"within {within_s} s this did not happen: {what}")


@dataclass(frozen=True)
class Reply:
    """What the test's web service answers."""

    body: str | bytes = "<Response/>"
    status: int = 200
    content_type: str = "text/xml"
    headers: dict[str, str] = field(default_factory=dict)
    before: Callable[[], object] = lambda: None


@dataclass(frozen=True)
class Hit:
    """A request that the test's web service got."""

    method: str
    path: str
    url: str
    form: dict[str, str]
    headers: dict[str, str]

    @property
    def is_signed(self) -> bool:
        """The signature fits the address and the form."""
        params = self.form if self.method == "POST" else {}
        signature = self.headers.get("X-Twilio-Signature", "")
        return bool(RequestValidator(AUTH_TOKEN).validate(self.url, params, signature))


class Service:
    """Answers each path with what the test said; the last reply of a list stays."""

    def __init__(self) -> None:
        self.hits: list[Hit] = []
        self._replies: dict[str, list[Reply | str]] = {}
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.base_url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def on(self, path: str, *replies: Reply | str) -> str:
        """Say what a path answers, one reply after the other; gives the whole address."""
        self._replies[path] = list(replies) or [Reply()]
        return self.base_url + path

    def at(self, path: str) -> list[Hit]:
        """The requests that a path got."""
        with self._lock:
            return [hit for hit in self.hits if hit.path == path]

    def reset(self) -> None:
        """Forget everything."""
        with self._lock:
            self.hits.clear()
        self._replies.clear()

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()

    def _reply(self, path: str) -> Reply:
        with self._lock:
            waiting = self._replies.get(path, [Reply("not here", 404, "text/plain")])
            reply = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return Reply(f"<Response>{reply}</Response>") if isinstance(reply, str) else reply

    def _handler(service) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - `self` is the handler below
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self._answer()

            def do_GET(self) -> None:
                self._answer()

            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                path = urlsplit(self.path).path
                form = dict(parse_qsl(body, keep_blank_values=True))
                hit = Hit(self.command, path, service.base_url + self.path, form, dict(self.headers))
                with service._lock:
                    service.hits.append(hit)
                reply = service._reply(path)
                reply.before()
                content = reply.body if isinstance(reply.body, bytes) else reply.body.encode()
                # a test may let the carrier lose its patience, and then nobody reads the answer
                with suppress(ConnectionError):
                    self.send_response(reply.status)
                    self.send_header("Content-Type", reply.content_type)
                    self.send_header("Content-Length", str(len(content)))
                    for name, value in reply.headers.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(content)

            def log_message(self, *_args: object) -> None:
                """Keep the test output quiet."""

        return Handler


class _ToCarrier(TwilioHttpClient):
    """Twilio's own client, sent to the stand-in instead."""

    def __init__(self, base_url: str) -> None:
        super().__init__()
        self._base_url = base_url

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        return super().request(method, url.replace("https://api.twilio.com", self._base_url), *args, **kwargs)


class Sandbox:
    """One running stand-in carrier."""

    def __init__(self, directory: Path, **settings: Any) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        config = {
            "account_sid": ACCOUNT_SID,
            "auth_token": AUTH_TOKEN,
            "port": port,
            "data_dir": str(directory / "media"),
            "speed": 0,
            "calls_per_second": 0,
            **settings,
        }
        file = directory / "sandbox.json"
        file.write_text(json.dumps(config))
        self._log = (directory / "sandbox.log").open("wb")
        self._process = subprocess.Popen(
            [ROOT / ".venv-sandbox/bin/python", "-m", "sandbox", "--config", file],
            cwd=ROOT,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        until(self._is_up, f"the stand-in carrier answers at {self.url}")

    def _is_up(self) -> bool:
        assert self._process.poll() is None, "the stand-in carrier ended at once"
        try:
            return requests.get(f"{self.url}/sandbox/health", timeout=2).ok
        except requests.ConnectionError:
            return False

    def close(self, within_s: float = 10) -> None:
        """Stop it as a supervisor would."""
        self._process.terminate()
        self._process.wait(within_s)
        self._log.close()

    def control(self, method: str, path: str, body: Any = None) -> requests.Response:
        """A request to the control interface."""
        return requests.request(method, f"{self.url}/sandbox{path}", json=body, timeout=60)

    def set(self, path: str, body: Any) -> None:
        """PUT something that must be accepted."""
        response = self.control("PUT", path, body)
        assert response.ok, response.text

    def ring(self, script: list[dict[str, Any]] | None = None, **more: Any) -> dict[str, Any]:
        """Somebody rings the hotline; the call when it is over and all was told."""
        asked = {"from": CALLER, "to": HOTLINE, "script": script or [], **more}
        response = self.control("POST", "/calls", asked)
        assert response.status_code == 201, response.text
        return self.settled(response.json()["call_sid"])

    def settled(self, call_sid: str) -> dict[str, Any]:
        """A call when it is over and all was told."""
        call: dict[str, Any] = self.control("GET", f"/calls/{call_sid}?wait_s=30").json()
        assert call["settled"], call
        return call

    def sign(self, token: str, url: str, form: dict[str, str]) -> str:
        """What the carrier's own code makes of a form, with another token than this carrier has."""
        code = "import json, sys; from sandbox.webhooks import Webhooks; token, url, form = json.load(sys.stdin)"
        done = subprocess.run(
            [ROOT / ".venv-sandbox/bin/python", "-c", f"{code}; print(Webhooks(token, 1).signature(url, form))"],
            cwd=ROOT,
            input=json.dumps([token, url, form]),
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def client(self, token: str = AUTH_TOKEN) -> Client:
        """Twilio's official client for this carrier."""
        return Client(ACCOUNT_SID, token, http_client=_ToCarrier(self.url))


def events(call: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The lines of a call's log about one thing."""
    return [line for line in call["log"] if line["event"] == name]
