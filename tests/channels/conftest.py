"""The web process as the gateway of a message channel meets it; all that a test does is undone at its end."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import factories
import pytest
from channel_side import SECRET, ChannelSide
from sqlalchemy import Engine

from hotline import web
from hotline.app import create_app
from hotline.db import Sessions, make_engine, make_sessions


@pytest.fixture
def channel(
    engine: Engine, undone: Callable[[], AbstractContextManager[Sessions]], tmp_path: Path
) -> Iterator[ChannelSide]:
    """A gateway whose channel is on, for a street."""
    settings = factories.settings(tmp_path, channel_secrets={"wechat": SECRET, "weibo": SECRET[::-1]})
    app, clock = create_app(settings), factories.SetClock()
    with undone() as sessions:
        web.install(app, web.Runtime(settings, engine, sessions, clock))
        yield ChannelSide(app, sessions, clock)


@pytest.fixture
def cut_off(tmp_path: Path) -> ChannelSide:
    """A gateway that reaches a web process whose database is away: nobody listens at its port."""
    settings = factories.settings(tmp_path, channel_secrets={"wechat": SECRET})
    app, clock, engine = create_app(settings), factories.SetClock(), make_engine(settings.sqlalchemy_url)
    web.install(app, web.Runtime(settings, engine, make_sessions(engine), clock))
    return ChannelSide(app, None, clock)
