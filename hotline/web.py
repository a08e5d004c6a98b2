"""What a web process holds from start to end, and how a view reaches it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from ipaddress import ip_address, ip_network
from typing import Any

from flask import Flask, abort, current_app, request
from flask_limiter import Limiter
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from hotline.clock import Clock
from hotline.db import Sessions
from hotline.settings import Settings

_KEY = "hotline"
# What the server puts into a request's environment: to be called with the seconds that the request may take to arrive.
MORE_TIME = "hotline.more_time"
_IPV6 = 6
_OF_ONE_HOUSE = 64


@dataclass(frozen=True)
class Runtime:
    """Made once by `create_app`."""

    settings: Settings
    engine: Engine
    sessions: Sessions
    clock: Clock

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One transaction: committed at the end, rolled back when something is raised."""
        with self.sessions.begin() as session:
            yield session

    def now(self) -> datetime:
        """The one clock's present."""
        return self.clock.now()

    def status_page(self, token: str) -> str:
        """The address of the page on which whoever wrote sees how the matter stands."""
        return f"{self.settings.base_url}/s/{token}"


def install(app: Flask, runtime: Runtime) -> None:
    """Give the app its runtime."""
    app.extensions[_KEY] = runtime


def make_limiter(app: Flask, settings: Settings, name: str) -> Limiter:
    """Counts requests under `name` by address: in Redis, or in each process while Redis is away."""
    return Limiter(
        address_of_sender,
        app=app,
        storage_uri=settings.redis_url.get_secret_value().replace("unix://", "redis+unix://", 1),
        storage_options={"socket_connect_timeout": 1, "socket_timeout": 1},
        key_prefix=name,
        in_memory_fallback_enabled=True,
    )


def address_of_sender() -> str:
    """Where a request comes from; of an IPv6 address the network, since whoever has one has all in it."""
    address = ip_address(request.remote_addr or "127.0.0.1")
    return str(ip_network((address, _OF_ONE_HOUSE), strict=False)) if address.version == _IPV6 else str(address)


def json_body() -> Any:
    """What the request's body holds; None when it is no JSON. Nested deeper than can be read, it is answered 400."""
    try:
        return request.get_json(force=True, silent=True)
    except RecursionError:
        abort(HTTPStatus.BAD_REQUEST)


def runtime() -> Runtime:
    """The runtime of the app that is serving this request."""
    held: Runtime = current_app.extensions[_KEY]
    return held
