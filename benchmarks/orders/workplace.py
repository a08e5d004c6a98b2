"""The web process as it is started in earnest, before a copy of a database of generated orders."""

import hashlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import NullPool, create_engine

from benchmarks.orders.generate import generate
from hotline.settings import Settings
from stack.postgres import Postgres
from stack.redis import Redis

ROOT = Path(__file__).parents[2]
# The filled databases; whoever wants the room removes the folder.
KEPT = ROOT / "var/bench/orders"
_COPY = "measured"
# These only look at what was generated.
_MEASURES = frozenset({"measurements.py", "pages.py", "plans.py", "visitor.py", "workplace.py"})
_PATIENCE_S = 60


@dataclass(frozen=True)
class Workplace:
    """A city with so many orders, and its web process at `port`."""

    orders: int
    database_url: str
    port: int
    settings: Settings
    size_bytes: int


@dataclass(frozen=True)
class Filled:
    """A database with so many orders that was made, now or in an earlier run, and how long that took."""

    orders: int
    name: str
    generated_in_s: float


def filled(orders: int) -> Filled:
    """Fill a database, which takes minutes for a million; one that the same generator made is taken as it is.

    It is brought to the newest migration, as a city's would be.
    """
    name = f"filled_{orders}_{_recipe()}"
    note = KEPT / f"{name}.json"
    with Postgres(KEPT, durable=False) as postgres:
        if not note.exists():
            for outdated in (each for each in postgres.databases() if each.startswith(f"filled_{orders}_")):
                (KEPT / f"{outdated}.json").unlink(missing_ok=True)
                postgres.drop_database(outdated)
            postgres.create_database(name)
            _migrate(postgres.url(name))
            generated = generate(postgres.url(name), orders, tell=lambda told: print(f"    {told}", flush=True))
            note.write_text(json.dumps({"generated_in_s": generated.seconds}), encoding="utf-8")
        _migrate(postgres.url(name))
    return Filled(orders, name, json.loads(note.read_text(encoding="utf-8"))["generated_in_s"])


@contextmanager
def workplace(of: Filled) -> Iterator[Workplace]:
    """Start the web process on a copy of the database, which is thrown away: what is measured may change it."""
    directory = Path(tempfile.mkdtemp(prefix="hotline-"))
    try:
        # Only filled without care for a crash of the machine: what is measured is a database that survives one.
        with Postgres(KEPT) as postgres, Redis(directory / "redis") as redis:
            if _COPY in postgres.databases():
                postgres.drop_database(_COPY)  # of a run that was killed
            postgres.create_database(_COPY, template=of.name)
            port = _free_port()
            told = _settings(directory, postgres.url(_COPY), redis.url, port)
            try:
                with _web(directory, told, port):
                    settings = Settings.from_env(**{name.lower(): value for name, value in told.items()})
                    yield Workplace(of.orders, postgres.url(_COPY), port, settings, _size_of(postgres.url(_COPY)))
            finally:
                postgres.drop_database(_COPY)
    finally:
        shutil.rmtree(directory)


def _recipe() -> str:
    """Changes with the generator."""
    sources = (source for source in sorted(Path(__file__).parent.glob("*.py")) if source.name not in _MEASURES)
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:12]


def _size_of(url: str) -> int:
    with create_engine(url, poolclass=NullPool).connect() as connection:
        size: int = connection.exec_driver_sql("select pg_database_size(current_database())").scalar_one()
        return size


def _settings(directory: Path, database_url: str, redis_url: str, port: int) -> dict[str, str]:
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SECRET_KEY": secrets.token_hex(32),
        "SESSION_COOKIE_SECURE": "false",
        "PUBLIC_BASE_URL": f"http://127.0.0.1:{port}",
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "TWILIO_AUTH_TOKEN": "0" * 32,
        "RECORDINGS_URL": f"file://{directory / 'recordings'}",
        "JOURNAL_DIR": str(directory / "journal"),
        "LOG_LEVEL": "WARNING",
        "WEB_CONCURRENCY": "2",  # as `make run` has it
    }


@contextmanager
def _web(directory: Path, settings: dict[str, str], port: int) -> Iterator[None]:
    """The line of the Procfile that starts it."""
    lines = (ROOT / "Procfile").read_text(encoding="utf-8").splitlines()
    started = next(line.partition(":")[2].strip() for line in lines if line.startswith("web:"))
    path = f"{ROOT / '.venv/bin'}:{os.environ['PATH']}"
    environment = {**settings, "PATH": path, "HOST": "127.0.0.1", "PORT": str(port)}
    with (directory / "web.log").open("wb") as log:
        process = subprocess.Popen(["sh", "-c", f"exec {started}"], cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            _wait_for(port)
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(_PATIENCE_S)


def _wait_for(port: int) -> None:
    end = time.monotonic() + _PATIENCE_S
    while time.monotonic() < end:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:  # noqa: PLR2004 - it is well
                return
        except (ConnectionError, TimeoutError):
            time.sleep(0.2)
        finally:
            connection.close()
    raise TimeoutError(f"the web process did not answer within {_PATIENCE_S} s")


def _migrate(url: str) -> None:
    config = Config(ROOT / "alembic.ini")
    config.set_main_option("script_location", str(ROOT / "migrations"))
    with create_engine(url, poolclass=NullPool).connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
