"""Somebody at a browser: signs in, opens pages, sends forms; how long each answer takes."""

import re
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPResponse
from statistics import quantiles
from threading import local
from urllib.parse import urlencode

_FOUND, _LED_ON = 200, 302
# As many at a time as there are cores.
AT_ONCE = 2


class WrongAnswerError(Exception):
    """The answer was not what a page or a form that was sent gets."""


class Visitor:
    """One person, signed in; used by several threads, each with a connection of its own."""

    def __init__(self, port: int, login: str, password: str) -> None:
        self._port = port
        self._connections = local()
        self._cookie = self._token = ""
        _answer, page = self._exchange("GET", "/login")
        self._token = _token_of(page)
        answer, _page = self._exchange("POST", "/login", {"login": login, "password": password})
        _expect(answer, _LED_ON, "/login")
        self._token = _token_of(self.open("/"))

    def open(self, address: str) -> str:
        """A page."""
        answer, page = self._exchange("GET", address)
        _expect(answer, _FOUND, address)
        return page

    def send(self, address: str, fields: dict[str, str]) -> None:
        """A form, which leads on to a page."""
        answer, _page = self._exchange("POST", address, fields)
        _expect(answer, _LED_ON, address)

    def times_of(self, addresses: Sequence[str], count: int) -> list[float]:
        """Milliseconds of so many pages, the addresses one after the other, `AT_ONCE` at a time."""

        def one(number: int) -> float:
            begun = time.perf_counter()
            self.open(addresses[number % len(addresses)])
            return (time.perf_counter() - begun) * 1000

        with ThreadPoolExecutor(AT_ONCE) as people:
            return list(people.map(one, range(count)))

    def _exchange(self, method: str, address: str, fields: dict[str, str] | None = None) -> tuple[HTTPResponse, str]:
        headers = {"Cookie": self._cookie}
        body = None
        if fields is not None:
            body = urlencode({**fields, "csrf_token": self._token})
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = self._connection()
        connection.request(method, address, body, headers)
        answer = connection.getresponse()
        # A page with a form may be the first that needs a token kept.
        self._cookie = answer.getheader("Set-Cookie", self._cookie).partition(";")[0]
        return answer, answer.read().decode()

    def _connection(self) -> HTTPConnection:
        # Opened anew each time: a browser's own is closed by the server after two seconds, and not all ask that often.
        if hasattr(self._connections, "held"):
            self._connections.held.close()
        self._connections.held = HTTPConnection("127.0.0.1", self._port, timeout=60)
        return self._connections.held  # type: ignore[no-any-return]


def percentile(times: Iterable[float], share: int) -> float:
    """So many of a hundred are below it."""
    return quantiles(times, n=100, method="inclusive")[share - 1]


def _token_of(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    if not found:
        raise WrongAnswerError("a page without a form's token")
    return found[1]


def _expect(answer: HTTPResponse, status: int, address: str) -> None:
    if answer.status != status:
        raise WrongAnswerError(f"{address} was answered with {answer.status}")
