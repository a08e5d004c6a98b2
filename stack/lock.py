"""A file that says who is at work in a directory, let go by the kernel itself when the last holder has died.

The lock belongs to the open file. A program that inherits it goes on holding it, together with everything
it forks, whatever became of the process that started it: so a held lock means "still running", and a free one
that pid and socket files left in the directory are stale, without guessing whose a process id is.
"""

import fcntl
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from stack.errors import StackError

_POLL_S = 0.02


class HeldError(StackError):
    """Somebody else is at work in the directory."""

    def __init__(self, path: Path, holder: int | None) -> None:
        super().__init__(f"{path.parent} is in use by process {holder or '(unknown)'}")
        self.holder = holder


@contextmanager
def held(path: Path) -> Iterator[int]:
    """Hold the lock while the block runs, or raise `HeldError`; gives the descriptor, for a child."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HeldError(path, _holder(path)) from None
        note_holder(descriptor, os.getpid())
        yield descriptor
    finally:
        os.close(descriptor)


def note_holder(descriptor: int, pid: int) -> None:
    """Write down which process holds the lock, for whoever finds it held."""
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(pid).encode(), 0)


def end_holder(path: Path, stop_signal: signal.Signals, patience_s: float) -> None:
    """End the process that holds the lock, if there is one: gently first, then for good.

    Raises `HeldError` if somebody holds it still.
    """
    for number, wait_s in ((stop_signal, patience_s), (signal.SIGKILL, 5.0)):
        if _is_free(path):
            return
        holder = _holder(path)
        if holder is not None:
            with suppress(ProcessLookupError):
                os.kill(holder, number)
        _wait_until_free(path, wait_s)
    if not _is_free(path):
        raise HeldError(path, _holder(path))


def _is_free(path: Path) -> bool:
    if not path.exists():
        return True
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _wait_until_free(path: Path, wait_s: float) -> None:
    deadline = time.monotonic() + wait_s
    while not _is_free(path) and time.monotonic() < deadline:
        time.sleep(_POLL_S)


def _holder(path: Path) -> int | None:
    written = path.read_text()
    return int(written) if written.isdigit() else None
