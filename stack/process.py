"""One program and everything it forks: started so that it cannot outlive us, ended as a whole."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from stack.errors import StackError

_LAUNCHER = Path(__file__).with_name("launch.py")


@dataclass(frozen=True)
class Command:
    """What to run and how to end it. `user` is who runs it if we are root."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    directory: Path
    stop_signal: signal.Signals = signal.SIGTERM
    patience_s: float = 8.0
    user: str | None = None

    def launch(self, output: IO[bytes]) -> "Process":
        return Process(self, output)


class Process:
    """A started command, leader of a session of its own.

    The kernel sends it the stop signal when the thread that started it ends: start it from one that lives.
    """

    def __init__(self, command: Command, output: IO[bytes], inherit: tuple[int, ...] = ()) -> None:
        self.command = command
        self._popen = subprocess.Popen(
            [*_launcher(command), _resolved(command), *command.argv[1:]],
            cwd=command.directory,
            env=dict(command.env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=inherit,
        )

    @property
    def pid(self) -> int:
        return self._popen.pid

    def exit_code(self) -> int | None:
        """None while it runs. What it forked and left behind is ended as soon as it is found dead."""
        if self._popen.returncode is None and self._popen.poll() is not None:
            self._kill_session()
        return self._popen.returncode

    def ask_to_stop(self) -> None:
        """Send the stop signal to the program alone: it knows best in which order its children go."""
        self._popen.send_signal(self.command.stop_signal)

    def kill(self) -> None:
        """End the program at once, as the kernel does when memory runs out; see `exit_code`."""
        self._popen.kill()

    def wait(self, timeout_s: float) -> int | None:
        """The exit code, or None if it is still running after that time."""
        with suppress(subprocess.TimeoutExpired):
            self._popen.wait(timeout_s)
            self._kill_session()
        return self._popen.returncode

    def stop(self) -> int:
        """Ask it to stop, then see to it; the exit code."""
        self.ask_to_stop()
        code = self.wait(self.command.patience_s)
        if code is None:
            self.kill()
            self._popen.wait()
            self._kill_session()
        return self._popen.returncode

    def _kill_session(self) -> None:
        # A child may have made itself leader of a group, as RQ's do, but it is still of our session.
        for pid in _session_members(self.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)


def run_to_end(command: Command, timeout_s: float = 300.0) -> str:
    """Run a command that ends by itself; what it wrote. Raises `StackError` with its output if it fails."""
    done = subprocess.run(
        [*_launcher(command), _resolved(command), *command.argv[1:]],
        cwd=command.directory,
        env=dict(command.env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=timeout_s,
        check=False,
        text=True,
    )
    if done.returncode != 0:
        raise StackError(f"{command.name} failed ({done.returncode}):\n{done.stdout.rstrip()}")
    return done.stdout


def tail(log: Path, lines: int = 20) -> str:
    """The last lines of a log, for the text of an error."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""


def wait_for(what: str, is_there: Callable[[], bool], is_dead: Callable[[], bool], timeout_s: float) -> None:
    """Wait until something answers. Raises `StackError` if it died instead, or when time is up."""
    deadline = time.monotonic() + timeout_s
    while not is_there():
        if is_dead():
            raise StackError(f"{what} ended while it was starting")
        if time.monotonic() > deadline:
            raise StackError(f"{what} did not answer within {timeout_s:.0f} s")
        time.sleep(0.03)


def _launcher(command: Command) -> list[str]:
    return [
        sys.executable, "-I", "-S", str(_LAUNCHER),
        str(os.getpid()), str(int(command.stop_signal)), command.user or "-",
    ]  # fmt: skip


def _resolved(command: Command) -> str:
    program = shutil.which(command.argv[0], path=command.env.get("PATH"))
    if program is None:
        raise StackError(f"{command.name}: there is no program {command.argv[0]}")
    return program


def _session_members(session: int) -> list[int]:
    """The processes of a session, where /proc lists them; elsewhere the group must do."""
    members = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(ProcessLookupError):
            if os.getsid(int(entry.name)) == session:
                members.append(int(entry.name))
    return members
