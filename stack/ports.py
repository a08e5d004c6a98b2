"""Free ports of this machine's own address, kept from other stacks that look for theirs at the same moment."""

import random
import socket
import tempfile
from contextlib import ExitStack
from pathlib import Path

from stack.errors import StackError
from stack.lock import HeldError, held

# Below those that the kernel gives to outgoing connections: while a server there is down, a client that tries to
# reach it again and again would in the end be given the very port, and be connected to itself.
_ANY = range(20_000, 32_000)
_TRIES = 100


def free_port() -> int:
    """Any port that is free now."""
    for candidate in random.sample(_ANY, _TRIES):
        if _is_free(candidate):
            return candidate
    raise StackError("this machine has no free port")


def claim(port: int, undo: ExitStack) -> bool:
    """Whether the port is ours, until `undo` is closed; it isn't if it is in use or another stack has claimed it."""
    try:
        undo.enter_context(held(Path(tempfile.gettempdir()) / f"relief-hotline-port-{port}"))
    except (HeldError, PermissionError):
        return False
    return _is_free(port)


def claim_from(first: int, undo: ExitStack) -> int:
    """The first port from there on that can be claimed."""
    for candidate in range(first, first + _TRIES):
        if claim(candidate, undo):
            return candidate
    raise StackError(f"no free port from {first} to {first + _TRIES - 1}")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As the servers themselves do, so that a port that is merely cooling down counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
