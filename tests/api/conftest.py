"""The interface as another platform meets it; all that a test does is undone at its end."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import factories
import pytest
from platform_side import PlatformSide
from sqlalchemy import Engine

from hotline import web
from hotline.app import create_app
from hotline.db import Sessions


@pytest.fixture
def platform(
    engine: Engine, undone: Callable[[], AbstractContextManager[Sessions]], tmp_path: Path
) -> Iterator[PlatformSide]:
    settings = factories.settings(tmp_path)
    app, clock = create_app(settings), factories.SetClock()
    with undone() as sessions:
        web.install(app, web.Runtime(settings, engine, sessions, clock))
        yield PlatformSide(app, sessions)
