"""Keeps programs running from one thread of its own: starts them, passes on what they say, starts the dead again.

All of its state belongs to that thread, to which callers hand their requests. It also has to be one thread for
the kernel's sake, which tells the programs to stop when the thread that started them is gone.
"""

import os
import queue
import selectors
import signal
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from types import TracebackType
from typing import IO, Any, Protocol, Self, TypeVar

from stack.errors import StackError
from stack.process import Process

Say = Callable[[str, str], None]
"""Takes a line of output and the name of the program that wrote it: `say(name, line)`."""

_TICK_S = 0.1
_FIRST_DELAY_S, _LONGEST_DELAY_S = 0.2, 15.0
# Whoever ran for so long is well again, and its next death begins a new count.
_WELL_AFTER_S = 30.0
_LONGEST_LINE = 64 * 1024
_LINES_KEPT = 60

_Result = TypeVar("_Result")


class Program(Protocol):
    """Something that can be started, as often as it must be."""

    @property
    def name(self) -> str: ...

    def launch(self, output: IO[bytes]) -> Process: ...


@dataclass
class _Watched:
    program: Program
    process: Process | None = None
    is_wanted: bool = True
    started_at: float = 0.0
    delay_s: float = _FIRST_DELAY_S
    start_at: float = 0.0
    kill_at: float = 0.0
    gone: threading.Event = field(default_factory=threading.Event)


class Supervisor:
    """Given programs inside a `with` block; at its end everything that still runs is stopped."""

    def __init__(self, say: Say) -> None:
        self._hear = say
        self._last_words: dict[str, deque[str]] = {}
        self._watched: dict[str, _Watched] = {}
        self._requests: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._is_closing = False
        self._selector = selectors.DefaultSelector()
        self._wake_end, self._woken_end = os.pipe()
        self._selector.register(self._wake_end, selectors.EVENT_READ, lambda: os.read(self._wake_end, 4096))
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="supervisor")
        self._loop = self._thread.submit(self._run)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._loop.done():
            self.stop()
        self._is_closing = True
        self._wake()
        self._thread.shutdown()
        for descriptor in (self._wake_end, self._woken_end):
            os.close(descriptor)

    def start(self, program: Program) -> None:
        """Start a program and keep it running from now on; raises `StackError` if it can't even be started."""
        self._ask(lambda: self._begin(program))

    def names(self) -> set[str]:
        """The programs it was given."""
        return self._ask(lambda: set(self._watched))

    def last_words(self, name: str) -> str:
        """The last lines that the program wrote, for the text of an error."""
        return "\n".join(self._last_words.get(name, ()))

    def pid(self, name: str) -> int | None:
        """Its process id now; None while it is dead and waits to be started again."""
        return self._ask(lambda: self._pid(self._watched[name]))

    def kill(self, name: str) -> int:
        """End a program as `kill -9` does, to be started again; the id of the process that died."""
        return self._ask(lambda: self._kill(self._watched[name]))

    def resume(self, name: str) -> None:
        """Start a program again that was stopped."""
        self._ask(lambda: self._begin(self._watched[name].program))

    def stop(self, *names: str) -> None:
        """Stop these together, or everything, and wait until all they started is gone."""
        for watched in self._ask(lambda: self._dismiss(names)):
            watched.gone.wait()

    def check(self) -> None:
        """Raise what ended the supervisor itself, if anything did."""
        if self._loop.done():
            self._loop.result()

    def _ask(self, request: Callable[[], _Result]) -> _Result:
        answer: Future[_Result] = Future()
        self._requests.put(lambda: _fulfil(answer, request))
        self._wake()
        either: list[Future[Any]] = [answer, self._loop]
        wait(either, return_when=FIRST_COMPLETED)
        self.check()
        return answer.result()

    def _wake(self) -> None:
        os.write(self._woken_end, b".")

    # From here on everything runs in the thread.

    def _say(self, name: str, line: str) -> None:
        self._last_words.setdefault(name, deque(maxlen=_LINES_KEPT)).append(line)
        self._hear(name, line)

    def _run(self) -> None:
        with self._selector:
            while not self._is_closing:
                self._listen(_TICK_S)
                while not self._requests.empty():
                    self._requests.get()()
                now = time.monotonic()
                for watched in self._watched.values():
                    self._tend(watched, now)
            self._listen(0)

    def _listen(self, timeout_s: float) -> None:
        for key, _ in self._selector.select(timeout_s):
            key.data()

    def _begin(self, program: Program) -> None:
        watched = _Watched(program)
        self._launch(watched)
        self._watched[program.name] = watched

    def _pid(self, watched: _Watched) -> int | None:
        is_running = watched.process is not None and watched.process.exit_code() is None
        return watched.process.pid if watched.process is not None and is_running else None

    def _kill(self, watched: _Watched) -> int:
        if watched.process is None:
            raise StackError(f"{watched.program.name} is not running")
        watched.process.kill()
        return watched.process.pid

    def _dismiss(self, names: tuple[str, ...]) -> list[_Watched]:
        dismissed = [self._watched[name] for name in names or self._watched]
        for watched in dismissed:
            watched.is_wanted = False
            if watched.process is None:
                watched.gone.set()
            elif not watched.kill_at:
                watched.kill_at = time.monotonic() + watched.process.command.patience_s
                watched.process.ask_to_stop()
        return dismissed

    def _tend(self, watched: _Watched, now: float) -> None:
        if watched.process is None:
            if watched.is_wanted and now >= watched.start_at:
                self._relaunch(watched)
            return
        code = watched.process.exit_code()
        if code is not None:
            self._bury(watched, code, now)
        elif watched.kill_at and now >= watched.kill_at:
            watched.process.kill()

    def _bury(self, watched: _Watched, code: int, now: float) -> None:
        watched.process = None
        if not watched.is_wanted:
            watched.gone.set()
            return
        if now - watched.started_at > _WELL_AFTER_S:
            watched.delay_s = _FIRST_DELAY_S
        self._put_off(watched, _ending(code))

    def _put_off(self, watched: _Watched, why: str) -> None:
        self._say("stack", f"{watched.program.name} {why}; starting it again in {watched.delay_s:.1f} s")
        watched.start_at = time.monotonic() + watched.delay_s
        watched.delay_s = min(2 * watched.delay_s, _LONGEST_DELAY_S)

    def _relaunch(self, watched: _Watched) -> None:
        try:
            self._launch(watched)
        except (StackError, OSError) as error:
            self._put_off(watched, f"could not be started ({error})")

    def _launch(self, watched: _Watched) -> None:
        read_end, write_end = os.pipe()
        with os.fdopen(write_end, "wb") as output:
            lines = _Lines(read_end, lambda line: self._say(watched.program.name, line))
            self._selector.register(read_end, selectors.EVENT_READ, lambda: self._read(lines))
            watched.process = watched.program.launch(output)
        watched.started_at = time.monotonic()

    def _read(self, lines: "_Lines") -> None:
        if not lines.read():
            self._selector.unregister(lines.descriptor)
            os.close(lines.descriptor)


@dataclass
class _Lines:
    """Cuts what arrives on a pipe into lines."""

    descriptor: int
    say: Callable[[str], None]
    unfinished: bytes = b""

    def read(self) -> bool:
        """Pass on the lines that are complete; False when the last writer is gone."""
        chunk = os.read(self.descriptor, 65536)
        *lines, self.unfinished = (self.unfinished + chunk).split(b"\n")
        if self.unfinished and (not chunk or len(self.unfinished) > _LONGEST_LINE):
            lines.append(self.unfinished)
            self.unfinished = b""
        for line in lines:
            self.say(line.decode(errors="replace").rstrip())
        return bool(chunk)


def _fulfil(answer: Future[_Result], request: Callable[[], _Result]) -> None:
    try:
        answer.set_result(request())
    except Exception as error:  # noqa: BLE001 - handed on to whoever asked
        answer.set_exception(error)


def _ending(code: int) -> str:
    return f"was ended by signal {-code} ({signal.strsignal(-code)})" if code < 0 else f"ended by itself ({code})"
