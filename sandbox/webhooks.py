"""How the carrier asks the service: signed requests, with the limits, retries and error numbers of Twilio."""

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

import requests
from twilio.request_validator import RequestValidator

from sandbox.twiml import MAX_DOCUMENT_BYTES

_MAX_REDIRECTS = 5
_MAX_MEDIA = 16 * 1024 * 1024
_REDIRECTS_THAT_KEEP_THE_BODY = (307, 308)
_REDIRECTS = (301, 302, 303, *_REDIRECTS_THAT_KEEP_THE_BODY)


class WebhookError(RuntimeError):
    """The service gave no usable answer; `code` is Twilio's number for the reason."""

    def __init__(self, code: int, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


@dataclass(frozen=True)
class Answer:
    """What the service said to a webhook."""

    url: str
    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True)
class _RetryRules:
    """How often, and on which failures, a request is made again; the address itself may say so."""

    count: int = 1
    policies: frozenset[str] = frozenset({"ct"})

    @classmethod
    def of(cls, url: str) -> "_RetryRules":
        override = dict(parse_qsl(urlsplit(url).fragment))
        count = override.get("rc", "1")
        policies = override.get("rp", "ct").split(",")
        return cls(min(int(count), 5) if count.isdigit() else 1, frozenset(policies))

    def allow(self, reason: str) -> bool:
        return bool(self.policies & {reason, "all"})


class Webhooks:
    """Sends requests to the service in the name of one account."""

    def __init__(self, auth_token: str, timeout_s: float) -> None:
        self._validator = RequestValidator(auth_token)
        self._timeout_s = timeout_s

    def ask(self, url: str, params: Mapping[str, str], method: str = "POST") -> Answer:
        """The service's answer with a 2xx status; WebhookError otherwise.

        All retries of one request carry one idempotency token, and together they have the one time limit.
        """
        if urlsplit(url).scheme not in ("http", "https"):
            raise WebhookError(11100, f"{url!r} is no web address")
        token = str(uuid.uuid4())
        rules = _RetryRules.of(url)
        ends_at = time.monotonic() + self._timeout_s
        for attempt in range(rules.count + 1):
            try:
                return self._follow(_without_fragment(url), params, method, token, ends_at)
            except _Failure as failure:
                if attempt == rules.count or not rules.allow(failure.reason) or time.monotonic() > ends_at:
                    raise failure.error from failure
        raise AssertionError("the last attempt returns or raises")

    def media(self, url: str) -> Answer:
        """A sound file of the service; WebhookError when it cannot be had."""
        ends_at = time.monotonic() + self._timeout_s
        try:
            answer = _exchange(lambda left_s: _request("GET", url, None, {}, left_s), url, ends_at, _MAX_MEDIA)
            return _usable(answer, _MAX_MEDIA)
        except _Failure as failure:
            raise failure.error from failure

    def signature(self, url: str, params: Mapping[str, str]) -> str:
        """What X-Twilio-Signature holds for a form posted to `url`."""
        return str(self._validator.compute_signature(url, dict(params)))

    def _follow(self, url: str, params: Mapping[str, str], method: str, token: str, ends_at: float) -> Answer:
        for _ in range(_MAX_REDIRECTS):
            response = self._send(url, params, method, token, ends_at)
            if response.status not in _REDIRECTS:
                return _usable(response)
            url = _without_fragment(urljoin(url, response.location))
            if response.status not in _REDIRECTS_THAT_KEEP_THE_BODY:
                params, method = {}, "GET"
        raise _Failure("4xx", WebhookError(11200, f"{url} redirects for ever"))

    def _send(self, url: str, params: Mapping[str, str], method: str, token: str, ends_at: float) -> "_Response":
        form: Mapping[str, str] | None = params
        if method == "GET":
            url, form = _with_query(url, params), None
        headers = {
            "X-Twilio-Signature": self.signature(url, form or {}),
            "I-Twilio-Idempotency-Token": token,
            "User-Agent": "TwilioProxy/1.1",
            "Accept": "*/*",
            "Connection": "close",
        }
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
        body = urlencode(form).encode() if form is not None else None
        return _exchange(lambda left_s: _request(method, url, body, headers, left_s), url, ends_at)


@dataclass(frozen=True)
class _Response:
    url: str
    status: int
    content_type: str
    location: str
    body: bytes


class _Failure(Exception):  # noqa: N818 - carries the error and decides on a retry
    def __init__(self, reason: str, error: WebhookError) -> None:
        super().__init__(str(error))
        self.reason = reason
        self.error = error


def _request(method: str, url: str, body: bytes | None, headers: Mapping[str, str], left_s: float) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.request(
            method,
            url,
            data=body,
            headers=dict(headers),
            timeout=(min(10.0, left_s), left_s),
            allow_redirects=False,
            stream=True,
        )


def _exchange(
    send: Callable[[float], requests.Response], url: str, ends_at: float, limit: int = MAX_DOCUMENT_BYTES
) -> _Response:
    """One request and its whole answer before `ends_at`."""
    try:
        with send(max(ends_at - time.monotonic(), 0.001)) as response:
            body = _read(response, ends_at, limit)
            kind, location = response.headers.get("Content-Type", ""), response.headers.get("Location", "")
            return _Response(url, response.status_code, kind, location, body)
    except (requests.ReadTimeout, TimeoutError) as problem:
        raise _Failure("rt", WebhookError(11200, f"{url} did not answer in time")) from problem
    except requests.RequestException as problem:
        raise _Failure("ct", WebhookError(11205, f"no connection with {url}: {problem}")) from problem


def _read(response: requests.Response, ends_at: float, limit: int) -> bytes:
    """The body as far as it matters: one byte beyond the limit already proves it too long."""
    body = b""
    for chunk in response.iter_content(8192):
        body += chunk
        if len(body) > limit:
            break
        if time.monotonic() > ends_at:
            raise TimeoutError
    return body


def _usable(response: _Response, limit: int = MAX_DOCUMENT_BYTES) -> Answer:
    if response.status >= HTTPStatus.BAD_REQUEST:
        problem = WebhookError(11200, f"{response.url} answered {response.status}", status=response.status)
        raise _Failure("5xx" if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR else "4xx", problem)
    if len(response.body) > limit:
        message = f"{response.url} answered with more than {limit} bytes"
        raise _Failure("size", WebhookError(11750, message, status=response.status))
    return Answer(response.url, response.status, response.content_type, response.body)


def _without_fragment(url: str) -> str:
    return urlunsplit(urlsplit(url)._replace(fragment=""))


def _with_query(url: str, params: Mapping[str, str]) -> str:
    parts = urlsplit(url)
    query = "&".join(part for part in (parts.query, urlencode(params)) if part)
    return urlunsplit(parts._replace(query=query))
