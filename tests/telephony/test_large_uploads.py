"""Large requests at the real server: refused with a page that arrives, in flat memory, and awaited where files come."""

import re
import threading
from collections.abc import Iterable, Iterator
from io import BytesIO
from itertools import chain
from pathlib import Path

import factories
import pytest
import requests
from PIL import Image
from sqlalchemy import NullPool, create_engine
from test_slow_connections import port  # noqa: F401 - the fixture

from hotline.db import make_sessions
from hotline.models import Attachment
from hotline.rules.order_states import OrderState
from hotline.rules.roles import Role
from hotline.services import accounts
from hotline.services.access import SYSTEM
from hotline.serving import RECEIVE_S

_BOUNDARY = "----a-photo"
_PASSWORD = "correct horse battery"


@pytest.fixture
def order_number(own_database_url: str) -> str:
    """An order, and a handler `li` of its unit who can sign in."""
    engine = create_engine(own_database_url, poolclass=NullPool)
    with make_sessions(engine).begin() as session:
        order = factories.order(session, state=OrderState.IN_PROGRESS)
        roles = frozenset({Role.HANDLER})
        accounts.create_user(session, "li", "李", _PASSWORD, order.unit, roles, SYSTEM, factories.NOW)
        return order.number


@pytest.fixture
def browser(port: int, order_number: str) -> Iterator[requests.Session]:  # noqa: F811 - as above
    """A session of the handler."""
    with requests.Session() as browser:
        page = browser.get(f"http://127.0.0.1:{port}/login", timeout=10)
        signed_in = {"csrf_token": _token(page.text), "login": "li", "password": _PASSWORD}
        assert "li" in browser.post(page.url, signed_in, headers={"Referer": page.url}, timeout=10).text
        yield browser


def _token(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def _send(browser: requests.Session, address: str, content: Iterator[bytes], size: int) -> requests.Response:
    """A form with one file, whose content comes piece by piece."""
    token = _token(browser.get(address, timeout=10).text)
    head = (
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{token}\r\n'
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="photo.jpg"\r\n'
        "Content-Type: image/jpeg\r\n\r\n"
    ).encode()
    tail = f"\r\n--{_BOUNDARY}--\r\n".encode()

    headers = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}", "Referer": address}
    body = _Body([head], content, [tail], size=len(head) + size + len(tail))
    return browser.post(f"{address}/attachments", data=body, headers=headers, timeout=60)


class _Body:
    """What is sent piece by piece, its length told beforehand as a browser tells it."""

    def __init__(self, *parts: Iterable[bytes], size: int) -> None:
        self._parts = parts
        self._size = size

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[bytes]:
        return chain.from_iterable(self._parts)


def _peak_kb() -> int:
    """The most memory that any server process of this test has held."""
    peaks = []
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            told, command = status.read_text(), (status.parent / "cmdline").read_bytes()
        except OSError:
            continue  # it has ended meanwhile
        if b"hotline.serving.PunctualWorker" in command and (found := re.search(r"VmHWM:\s+(\d+)", told)):
            peaks.append(int(found[1]))
    return max(peaks)


def test_a_hundred_megabytes_are_refused_in_words_and_not_held(
    browser: requests.Session,
    port: int,  # noqa: F811 - as above
    order_number: str,
) -> None:
    address = f"http://127.0.0.1:{port}/orders/{order_number}"
    piece = bytes(1 << 20)
    before = _peak_kb()

    answer = _send(browser, address, (piece for _ in range(100)), 100 << 20)

    assert answer.status_code == 413
    assert "内容过大" in answer.text
    assert _peak_kb() - before < 30_000


def test_a_photo_that_comes_slowly_is_waited_for(
    browser: requests.Session,
    port: int,  # noqa: F811 - as above
    order_number: str,
    own_database_url: str,
) -> None:
    address = f"http://127.0.0.1:{port}/orders/{order_number}"
    written, never = BytesIO(), threading.Event()
    Image.new("RGB", (300, 200), "green").save(written, "JPEG")
    content = written.getvalue()
    pieces = [content[start : start + len(content) // 8] for start in range(0, len(content), len(content) // 8)]

    def slowly() -> Iterator[bytes]:
        for piece in pieces:
            never.wait((RECEIVE_S + 2) / len(pieces))
            yield piece

    answer = _send(browser, address, slowly(), len(content))

    assert answer.status_code == 200, answer.text
    with make_sessions(create_engine(own_database_url, poolclass=NullPool))() as session:
        assert [each.name for each in session.query(Attachment)] == ["photo.jpg"]
