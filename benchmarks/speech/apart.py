"""Runs a function in a forked child and tells what became of it: its answer, its memory, its end."""

import json
import os
import resource
import select
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_MIB = 1024**2


@dataclass(frozen=True)
class Outcome:
    """`answer` is None when the child died of `signal` or ran out of time; `peak_mib` is its resident memory."""

    answer: Any
    peak_mib: float
    signal: int


def run(function: Callable[[], Any], limit_s: float, room_mib: int | None = None) -> Outcome:
    """Call it in a child that is killed after `limit_s`, and may take `room_mib` more memory than it begins with."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _answer(function, writer, room_mib)
    os.close(writer)
    answer = _read(reader, child, limit_s)
    _, status, usage = os.wait4(child, 0)
    ended_by = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    return Outcome(json.loads(answer) if answer else None, usage.ru_maxrss / 1024, ended_by)


def _answer(function: Callable[[], Any], writer: int, room_mib: int | None) -> None:
    """What the child does; it never comes back."""
    code = 1
    try:
        if room_mib is not None:
            limit = _address_space() + room_mib * _MIB
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        answer = json.dumps(function()).encode()
        while answer:
            answer = answer[os.write(writer, answer) :]
        code = 0
    finally:
        os._exit(code)


def _address_space() -> int:
    with open("/proc/self/statm") as file:  # noqa: PTH123 - a path of the kernel
        return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")


def _read(reader: int, child: int, limit_s: float) -> bytes:
    answer = b""
    with os.fdopen(reader, "rb", buffering=0) as pipe:
        while select.select([pipe], [], [], limit_s)[0]:
            if not (part := pipe.read(65536)):
                return answer
            answer += part
    os.kill(child, signal.SIGKILL)
    return b""
