"""Ports: found free, and not found twice."""

import socket
from contextlib import ExitStack

import pytest

from stack.environment import Ports
from stack.errors import StackError
from stack.ports import claim, claim_from, free_port


def test_two_that_look_at_the_same_moment_get_different_ports() -> None:
    start = free_port()
    with ExitStack() as one, ExitStack() as other:
        first = claim_from(start, one)
        assert claim_from(start, other) > first
    with ExitStack() as later:
        assert claim(first, later)


def test_port_in_use_is_passed_over() -> None:
    with socket.create_server(("127.0.0.1", free_port())) as server, ExitStack() as undo:
        port = server.getsockname()[1]
        assert not claim(port, undo)
        assert claim_from(port, undo) > port


def test_asking_for_what_is_no_port_is_an_error() -> None:
    with pytest.raises(StackError, match="SANDBOX_PORT is no port: x"), ExitStack() as undo:
        Ports.choose({"SANDBOX_PORT": "x"}, None, undo)
