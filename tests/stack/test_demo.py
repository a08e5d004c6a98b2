"""The demo: its instruments, which count errors and read pages, and the whole of it."""

import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import ClassVar
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stack.demo import error_rate
from stack.environment import ROOT
from stack.errors import StackError
from stack.visitor import Visitor


@pytest.mark.parametrize(
    ("said", "heard", "rate"),
    [
        ("你好，家里没米。", "你好 家里没米", 0.0),
        ("家里没米", "家里没水", 0.25),
        ("家里没米", "家里没有米", 0.25),
        ("家里没米", "家没米", 0.25),
        ("家里没米", "", 1.0),
        ("１２", "12", 0.0),
        ("", "", 0.0),
    ],
)
def test_error_rate_counts_characters_that_are_heard(said: str, heard: str, rate: float) -> None:
    assert error_rate(said, heard) == rate


@given(st.text(), st.text())
def test_error_rate_is_a_rate(said: str, heard: str) -> None:
    assert error_rate(said, said) == 0
    assert error_rate(said, heard) >= 0


LOGIN = """
<form method="post" action="/login">
 <input name="csrf_token" value="t1"><input name="login"><input name="password" type="password">
</form>
"""
ORDER = """
<main data-order-number="1" data-state="triaged">
<form method="post" action="/language"><button>en</button></form>
<form method="post" action="/orders/1/dispatch" data-move="dispatch">
 <input type="hidden" name="csrf_token" value="t2"><input type="hidden" name="version" value="3">
 <select name="unit"><option value="">choose</option><option value="a">A</option><option value="b">B</option></select>
 <select name="kind"><option value="x">X</option><option value="y" selected>Y</option></select>
 <input type="radio" name="how" value="1"><input type="radio" name="how" value="2" checked>
 <textarea name="note"></textarea>
</form></main>
"""


class Console(BaseHTTPRequestHandler):
    """Answers with two pages and keeps what is sent."""

    sent: ClassVar[dict[str, dict[str, list[str]]]] = {}

    def do_GET(self) -> None:
        self._answer(ORDER if self.path.startswith("/orders") else LOGIN)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.sent[self.path] = parse_qs(body, keep_blank_values=True)
        self._answer("<p>done</p>")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's word
        pass

    def _answer(self, page: str) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(page.encode())


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Console) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield Visitor(f"http://127.0.0.1:{server.server_port}", "wangge", "secret")
        server.shutdown()
        thread.join()


def test_signing_in_sends_the_form_with_its_token(visitor: Visitor) -> None:
    assert Console.sent["/login"] == {"csrf_token": ["t1"], "login": ["wangge"], "password": ["secret"]}


def test_form_is_sent_as_it_lies_there_with_what_was_filled_in(visitor: Visitor) -> None:
    assert visitor.order("1").state == "triaged"

    visitor.make("1", "dispatch", {"note": "快"})

    assert Console.sent["/orders/1/dispatch"] == {
        "csrf_token": ["t2"], "version": ["3"], "unit": ["a"], "kind": ["y"], "how": ["2"], "note": ["快"],
    }  # fmt: skip


def test_move_that_the_page_does_not_offer_is_named(visitor: Visitor) -> None:
    with pytest.raises(StackError, match="offers no 'resolve'"):
        visitor.make("1", "resolve", {})


def test_whatever_the_caller_says_comes_all_the_way_round() -> None:
    # A street of another district, which the people of the sample's own street do not see.
    said = "我住在龙津东路五号，家里停电了，老人用着呼吸机。"
    done = subprocess.run(
        [sys.executable, "-m", "stack", "demo", "--text", said], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for shown in (said, "Vosk heard", "resolve -> resolved", "resolved yes", "The order is closed."):
        assert shown in done.stdout
