"""The public pages as people meet them in their browsers; all that a test does is undone at its end."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import count
from pathlib import Path

import factories
import pytest
from flask import Flask
from site_under_test import Browser, Site
from sqlalchemy import Engine

from hotline import web
from hotline.app import create_app
from hotline.db import Sessions

_next = count(1)


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory, database_url: str) -> Flask:
    return create_app(factories.settings(tmp_path_factory.mktemp("public"), database_url=database_url))


@pytest.fixture
def site(
    app: Flask, engine: Engine, undone: Callable[[], AbstractContextManager[Sessions]], tmp_path: Path
) -> Iterator[Site]:
    """The whole application; its clock stands where the test sets it."""
    clock = factories.SetClock()
    with undone() as sessions:
        web.install(app, web.Runtime(factories.settings(tmp_path), engine, sessions, clock))
        yield Site(app, sessions, clock, tmp_path / "recordings")


@pytest.fixture
def visitor(site: Site) -> Browser:
    """Somebody whom nobody knows, at an address on the net that nobody else has."""
    browser, number = Browser(site.app), next(_next)
    browser.client.environ_base["REMOTE_ADDR"] = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    return browser
