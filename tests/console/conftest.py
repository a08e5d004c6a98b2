"""The console as people meet it in their browsers; all that a test does is undone at its end."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import factories
import pytest
from flask import Flask
from site_under_test import Site
from sqlalchemy import Engine

from hotline import web
from hotline.app import create_app
from hotline.db import Sessions


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory, database_url: str) -> Flask:
    return create_app(factories.settings(tmp_path_factory.mktemp("console"), database_url=database_url))


@pytest.fixture
def site(
    app: Flask, engine: Engine, undone: Callable[[], AbstractContextManager[Sessions]], tmp_path: Path
) -> Iterator[Site]:
    """The whole application; its clock stands where the test sets it."""
    clock = factories.SetClock()
    settings = factories.settings(tmp_path)
    with undone() as sessions:
        web.install(app, web.Runtime(settings, engine, sessions, clock))
        yield Site(app, sessions, clock, tmp_path / "recordings")
