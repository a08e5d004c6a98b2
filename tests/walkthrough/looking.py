"""Looking at a running service from outside: its database, and waiting for what must happen."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

import requests
from sqlalchemy import Engine, text

SERVICE = "+862012345678"
Found = TypeVar("Found")


def until(look: Callable[[], Found | None], what: str, timeout_s: float = 30) -> Found:
    """What `look` finds, as soon as it finds something; naming `what` when it never does."""
    end = time.monotonic() + timeout_s
    while not (found := look()):
        assert time.monotonic() < end, f"waited {timeout_s:.0f} s for {what}"
        time.sleep(0.05)
    return found


def rows(database: Engine, query: str, **values: Any) -> list[Any]:
    """Every row of a query."""
    with database.connect() as connection:
        return list(connection.execute(text(query), values).all())


def answers(url: str) -> bool:
    """Whether somebody is there and well; one who is only just starting may take a connection and not yet answer."""
    try:
        return requests.get(url, timeout=5).ok
    except (requests.ConnectionError, requests.Timeout):
        return False
