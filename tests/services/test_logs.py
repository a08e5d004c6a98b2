"""Logs tell what went wrong and where, and never what was in it."""

import io
import json
import logging
import sys
from collections.abc import Iterator

import pytest

from hotline.logs import configure_logs, get_log

NUMBER = "+8613800138000"


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What a process writes to its log."""
    root = logging.getLogger()
    before = list(root.handlers)
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    configure_logs("INFO")
    yield written
    root.handlers[:] = before


def fail() -> None:
    try:
        {}[NUMBER]
    except KeyError as error:
        raise ValueError(f"row (number)=({NUMBER})") from error


def test_an_exception_is_logged_as_its_kind_and_place(written: io.StringIO) -> None:
    try:
        fail()
    except ValueError:
        get_log("ours").exception("it failed", call_id=7)

    told = json.loads(written.getvalue())["exception"]
    assert NUMBER not in written.getvalue()
    assert "ValueError" in told
    assert "KeyError" in told
    assert "test_logs.py" in told


def test_a_librarys_exception_is_logged_in_the_same_way(written: io.StringIO) -> None:
    try:
        fail()
    except ValueError:
        logging.getLogger("a.library").exception("it failed")

    assert NUMBER not in written.getvalue()
    assert "ValueError" in json.loads(written.getvalue())["exception"]
