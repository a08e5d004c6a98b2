"""The whole service, started once: every process, real data services, and the stand-in carrier at full speed."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, NullPool, create_engine

from stack.stack import Stack
from stack.telephone import Telephone


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    directory = Path(tempfile.mkdtemp(prefix="hotline-"))
    settings = {"CLOCK_FILE": str(directory / "clock")}
    with Stack(directory, settings, speed=0, calls_per_second=0) as running:
        yield running
    shutil.rmtree(directory)


@pytest.fixture(scope="session")
def telephone(stack: Stack) -> Telephone:
    return Telephone(stack.sandbox_url)


@pytest.fixture(scope="session")
def database(stack: Stack) -> Iterator[Engine]:
    engine = create_engine(stack.database_url, poolclass=NullPool)
    yield engine
    engine.dispose()
