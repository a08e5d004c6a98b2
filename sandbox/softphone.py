"""The softphone: a page with a telephone on it, and the socket that carries its sound and its keys."""

import json
import re
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from pathlib import Path
from socket import SHUT_RD
from threading import Lock, Thread
from typing import Any

from flask import Blueprint, Response, abort, request, send_from_directory
from simple_websocket import ConnectionClosed, Server

from sandbox.carrier import Carrier
from sandbox.messages import Message, MessageCenter
from sandbox.office import Office
from sandbox.phones import Phone, PhoneError, Phones, samples_from
from sandbox.voice import SAMPLE_RATE_HZ, Samples

_PAGES = Path(__file__).parent / "pages"
_MAX_FRAME_BYTES = 64 * 1024
_MAX_WORDS = 500
_PING_S = 20
_NUMBER = re.compile(r"\+[1-9]\d{6,14}")
_POLICY = "default-src 'self'; connect-src 'self' ws: wss:; frame-ancestors 'none'"


class _Closed(Response):
    """The end of a socket's request: the server must not write an answer behind the closing frame.

    Nor wait for another request: the page would wait for the end of the connection meanwhile. What is on its way to
    the page still goes there.
    """

    def __call__(self, environ: dict[str, Any], *_: object) -> Iterable[bytes]:
        with suppress(OSError):  # the page was quicker
            environ["werkzeug.socket"].shutdown(SHUT_RD)
        raise ConnectionAbortedError


class _Socket:
    """The browser's end of the line; several threads write to it."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._lock = Lock()

    def tell(self, news: Any) -> None:
        """Send something to be shown."""
        self._send(json.dumps(news, ensure_ascii=False))

    def sound(self, samples: Samples) -> None:
        """Send something to be heard, a second at a time."""
        for start in range(0, len(samples), SAMPLE_RATE_HZ):
            self._send(samples[start : start + SAMPLE_RATE_HZ].astype("<i2").tobytes())

    def _send(self, content: str | bytes) -> None:
        try:
            with self._lock:
                self._server.send(content)
        except (ConnectionClosed, OSError):
            # the page was closed; the reading side notices and hangs up
            return


def blueprint(office: Office, carrier: Carrier, messages: MessageCenter, phones: Phones) -> Blueprint:
    """Routes of the page and of its socket."""
    routes = Blueprint("softphone", __name__)
    sockets: dict[str, _Socket] = {}

    def show_message(message: Message) -> None:
        if socket := sockets.get(message.recipient):
            socket.tell({"event": "message", "from": message.sender, "body": message.body})

    messages.on_delivery.append(show_message)

    @routes.get("/phone")
    def page() -> Response:
        response = send_from_directory(_PAGES, "phone.html")
        response.headers["Content-Security-Policy"] = _POLICY
        return response

    @routes.get("/phone/<path:name>")
    def page_part(name: str) -> Response:
        return send_from_directory(_PAGES, name)

    @routes.route("/phone/line", websocket=True)
    def line() -> Response:
        if request.origin not in (None, request.host_url.rstrip("/")):
            abort(HTTPStatus.FORBIDDEN, "a page of another site may not use this telephone")
        server = Server.accept(
            request.environ,
            ping_interval=_PING_S,
            max_message_size=_MAX_FRAME_BYTES,
            # an open page must not keep the carrier from ending
            thread_class=partial(Thread, daemon=True),
        )
        socket = _Socket(server)
        phone = Phone(request.args.get("number", ""), office, carrier, messages, socket.tell, socket.sound)
        try:
            _open(phones, phone)
        except PhoneError as problem:
            socket.tell(problem.news("refused"))
            _read_on(server)
            return _Closed()
        sockets[phone.number] = socket
        socket.tell({"event": "ready", "number": phone.number, "services": sorted(office.numbers)})
        try:
            _serve(server, socket, phone)
        finally:
            sockets.pop(phone.number, None)
            phones.close(phone)
        return _Closed()

    return routes


def _open(phones: Phones, phone: Phone) -> None:
    if not _NUMBER.fullmatch(phone.number):
        raise PhoneError("no_number", f"{phone.number or '(nothing)'} is no telephone number; write +86 and the rest")
    phones.open(phone)


def _read_on(server: Server) -> None:
    """Wait until the page closes the socket: the web server cannot part from one that is still open."""
    try:
        while True:
            server.receive()
    except ConnectionClosed:
        return


def _serve(server: Server, socket: _Socket, phone: Phone) -> None:
    """Do what the page asks, until it is closed."""
    while True:
        try:
            received = server.receive()
        except ConnectionClosed:
            return
        if isinstance(received, bytes):
            phone.microphone(samples_from(received))
        elif received is not None:
            _obey(received, socket, phone)


def _obey(received: str, socket: _Socket, phone: Phone) -> None:
    try:
        _do(json.loads(received), phone)
    except PhoneError as problem:
        socket.tell(problem.news("error"))
    except (KeyError, ValueError) as problem:
        socket.tell(PhoneError("nonsense", f"not understood: {problem}").news("error"))


def _do(asked: dict[str, str], phone: Phone) -> None:
    match asked["do"]:
        case "dial":
            phone.dial(asked["to"])
        case "pick_up":
            phone.pick_up()
        case "hang_up":
            phone.hang_up()
        case "press":
            phone.press(asked["key"])
        case "say":
            phone.say(asked["text"][:_MAX_WORDS])
        case "text":
            phone.text(asked["to"], asked["body"][:_MAX_WORDS])
        case other:
            raise PhoneError("nonsense", f"a telephone cannot {other}")
