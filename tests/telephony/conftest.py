"""The web process as the carrier meets it: signed requests in, spoken documents out."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import factories
import pytest
from carrier_side import CarrierSide, application
from sqlalchemy import Engine

from hotline import web
from hotline.db import Sessions, make_engine, make_sessions
from hotline.settings import Settings

Undone = Callable[[], AbstractContextManager[Sessions]]


@pytest.fixture
def connected(settings: Settings, engine: Engine, undone: Undone) -> Callable[[], AbstractContextManager[CarrierSide]]:
    """A block in which the carrier talks to the service; all that it leads to is undone at the end of the block."""

    @contextmanager
    def block() -> Iterator[CarrierSide]:
        with undone() as sessions:
            clock = factories.SetClock()
            web.install(application(), web.Runtime(settings, engine, sessions, clock))
            yield CarrierSide(settings, sessions, clock)

    return block


@pytest.fixture
def carrier(connected: Callable[[], AbstractContextManager[CarrierSide]]) -> Iterator[CarrierSide]:
    """A carrier that knows our one line."""
    with connected() as carrier:
        with carrier.sessions.begin() as session:
            factories.line(session)
        yield carrier


@pytest.fixture
def cut_off(tmp_path: Path) -> CarrierSide:
    """A carrier that reaches a web process whose database is away: nobody listens at its port."""
    settings = factories.settings(tmp_path)
    engine = make_engine(settings.sqlalchemy_url)
    clock = factories.SetClock()
    web.install(application(), web.Runtime(settings, engine, make_sessions(engine), clock))
    return CarrierSide(settings, clock=clock)
