"""The real services that the tests run on: one embedded PostgreSQL and Redis for each session of pytest."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from uuid import uuid4

import factories
import hypothesis
import pytest
from alembic import command
from alembic.config import Config
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import Engine, NullPool, create_engine
from sqlalchemy.orm import Session

from hotline.db import Sessions, make_engine, make_sessions
from hotline.logs import configure_logs
from hotline.settings import Settings
from stack.postgres import Postgres
from stack.redis import Redis

_ROOT = Path(__file__).parent.parent
_TEMPLATE = "migrated"

# How long an example takes says more about what else the machine does than about the code.
hypothesis.settings.register_profile("hotline", deadline=None)
# Continuous integration has a quarter of an hour for everything.
hypothesis.settings.register_profile("continuous", deadline=None, max_examples=25)
hypothesis.settings.load_profile("continuous" if os.environ.get("CI") == "true" else "hotline")


# Where single tests take longest: begun last, one of them would keep one worker busy and all others waiting.
_LONGEST_FIRST = ("scenarios", "walkthrough", "stack", "services", "migrations", "sandbox")


# What continuous integration leaves to `make test`: whole stacks, lost processes, the stand-in carrier, tools of
# training and measuring, every pair of moves at once, and pages in a browser beyond the walkthrough's.
_LONG = (
    "benchmarks",
    "sandbox",
    "stack",
    "console/test_in_browser.py",
    "services/test_moves_at_once.py",
    "speech/test_any_text.py",
    "speech/test_calibrate.py",
    "speech/test_cer.py",
    "speech/test_figures.py",
    "speech/test_training_graph.py",
    "speech/test_training_text.py",
    "telephony/test_large_uploads.py",
    "telephony/test_slow_connections.py",
    "walkthrough/test_bad_input.py",
    "walkthrough/test_losses.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the folders whose tests take longest, and mark what is long."""
    places = {name: place for place, name in enumerate(_LONGEST_FIRST)}
    where = {item: item.path.relative_to(_ROOT / "tests").as_posix() for item in items}
    items.sort(key=lambda item: places.get(where[item].partition("/")[0], len(places)))
    for item in items:
        if where[item].startswith(_LONG):
            item.add_marker(pytest.mark.long)


@pytest.fixture(scope="session", autouse=True)
def logs() -> None:
    """Logs as a server process writes them; a failing test shows them."""
    configure_logs("INFO")


@pytest.fixture(scope="session")
def services_directory() -> Iterator[Path]:
    """A short path, since sockets lie below it; pytest's own directories are long."""
    directory = Path(tempfile.mkdtemp(prefix="hotline-"))
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="session")
def postgres(services_directory: Path) -> Iterator[Postgres]:
    """A PostgreSQL of this session's own, as real as any but for the power failure it would not survive."""
    with Postgres(services_directory / "postgres", durable=False) as server:
        yield server


@pytest.fixture(scope="session")
def redis_server(services_directory: Path) -> Iterator[Redis]:
    with Redis(services_directory / "redis") as server:
        yield server


@pytest.fixture(scope="session")
def redis_url(redis_server: Redis) -> str:
    return redis_server.url


@pytest.fixture(scope="session")
def migrated_template(postgres: Postgres) -> str:
    """The name of a database at the newest migration, to which nobody stays connected."""
    postgres.create_database(_TEMPLATE)
    engine = create_engine(postgres.url(_TEMPLATE), poolclass=NullPool)
    config = Config(_ROOT / "alembic.ini")
    config.set_main_option("script_location", str(_ROOT / "migrations"))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return _TEMPLATE


@pytest.fixture(scope="session")
def database_url(postgres: Postgres, migrated_template: str) -> str:
    """A migrated, empty database for the tests that roll back what they write."""
    postgres.create_database("session", template=migrated_template)
    return postgres.url("session")


@pytest.fixture
def own_database_url(postgres: Postgres, migrated_template: str) -> Iterator[str]:
    """A migrated, empty database of this test's own, for what commits or runs in several processes."""
    name = f"test_{uuid4().hex[:12]}"
    postgres.create_database(name, template=migrated_template)
    yield postgres.url(name)
    postgres.drop_database(name)


@pytest.fixture(scope="session")
def engine(database_url: str) -> Iterator[Engine]:
    """The engine of the tests that roll back; nothing is ever committed through it."""
    engine = make_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def undone(engine: Engine) -> Callable[[], AbstractContextManager[Sessions]]:
    """A block whose sessions commit into one outer transaction, which is rolled back at the end of the block."""

    @contextmanager
    def block() -> Iterator[Sessions]:
        with engine.connect() as connection, connection.begin() as outer:
            sessions = make_sessions(engine)
            sessions.configure(bind=connection, join_transaction_mode="create_savepoint")
            yield sessions
            outer.rollback()

    return block


@pytest.fixture
def sessions(undone: Callable[[], AbstractContextManager[Sessions]]) -> Iterator[Sessions]:
    """Sessions whose commits are real to each other, and gone after the test."""
    with undone() as sessions:
        yield sessions


@pytest.fixture
def session(sessions: Sessions) -> Iterator[Session]:
    """One session, for the tests of what happens inside a transaction."""
    with sessions() as session:
        yield session


@pytest.fixture
def own_sessions(own_database_url: str) -> Iterator[Sessions]:
    """Sessions of a database of this test's own, for what happens in several transactions at once."""
    engine = create_engine(own_database_url, poolclass=NullPool)
    yield make_sessions(engine)
    engine.dispose()


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """Settings with everything that is written to disk below the test's own directory."""
    return factories.settings(tmp_path, database_url=database_url)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium as this machine has it. Without one the tests of pages fail, since they must not be skipped silently."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    assert path, "pages are tested in Chromium, and there is none: run `make browser`"
    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", *quiet])
        yield chromium
        chromium.close()
