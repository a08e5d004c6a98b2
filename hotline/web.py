"""What a web process holds from start to end, and how a view reaches it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from flask import Flask, current_app
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from hotline.clock import Clock
from hotline.db import Sessions
from hotline.settings import Settings

_KEY = "hotline"


@dataclass(frozen=True)
class Runtime:
    """Made once by `create_app`."""

    settings: Settings
    engine: Engine
    sessions: Sessions
    clock: Clock

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One transaction: committed at the end, rolled back when something is raised."""
        with self.sessions.begin() as session:
            yield session

    def now(self) -> datetime:
        """The one clock's present."""
        return self.clock.now()


def install(app: Flask, runtime: Runtime) -> None:
    """Give the app its runtime."""
    app.extensions[_KEY] = runtime


def runtime() -> Runtime:
    """The runtime of the app that is serving this request."""
    held: Runtime = current_app.extensions[_KEY]
    return held
