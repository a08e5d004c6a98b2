"""Free ports of this machine's own address."""

import socket

from stack.errors import StackError

_TRIES = 100


def free_port(preferred: int = 0) -> int:
    """The preferred port or the next above it that is free; any if none is preferred."""
    for candidate in range(preferred, preferred + _TRIES) if preferred else (0,):
        found = _bound(candidate)
        if found is not None:
            return found
    raise StackError(f"no free port from {preferred} to {preferred + _TRIES - 1}")


def is_free(port: int) -> bool:
    """Whether a server could listen on the port now."""
    return _bound(port) is not None


def _bound(port: int) -> int | None:
    with socket.socket() as probe:
        # As the servers themselves do, so that a port that is merely cooling down counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return None
        return int(probe.getsockname()[1])
