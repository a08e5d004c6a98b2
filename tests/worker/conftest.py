"""One database for all tests of the workers, emptied after each: work commits, and looks at itself from outside."""

from collections.abc import Iterator
from pathlib import Path

import factories
import pytest
from pydantic import SecretStr
from redis import Redis
from scripted_carrier import ScriptedCarrier
from sqlalchemy import Engine, NullPool, create_engine, text
from workshop import CHANNEL_SECRET, Workshop

from hotline.db import Base, make_sessions
from hotline.store import RecordingStore
from hotline.telephony.message_sender import SignedHttpChannel
from speech.local_names import LocalNames
from speech.recognizer import Recognizer
from speech.understand import Gazetteer
from speech.understand.learned import base
from stack.postgres import Postgres
from worker.context import Context
from worker.ears import Ears

_ROOT = Path(__file__).parents[2]
_EVERYTHING = ", ".join(Base.metadata.tables)


@pytest.fixture(scope="session")
def model() -> Recognizer:
    return Recognizer.load(_ROOT / "speech/demo_model")


@pytest.fixture(scope="session")
def workers_database(postgres: Postgres, migrated_template: str) -> Iterator[Engine]:
    postgres.create_database("workers", template=migrated_template)
    engine = create_engine(postgres.url("workers"), poolclass=NullPool)
    yield engine
    engine.dispose()


@pytest.fixture
def workshop(workers_database: Engine, tmp_path: Path, model: Recognizer) -> Iterator[Workshop]:
    url = workers_database.url.render_as_string(hide_password=False)
    settings = factories.settings(tmp_path, database_url=url, recording_limit_bytes=1_000_000)
    carrier, clock = ScriptedCarrier(), factories.SetClock()
    channels = SignedHttpChannel({"wechat": SecretStr(CHANNEL_SECRET)}, clock)
    store = RecordingStore(settings.recordings_url)
    sessions = make_sessions(workers_database)
    ears = Ears({model.info.label: model}, model.info.label, Gazetteer(), LocalNames.from_names(()), base())
    yield Workshop(Context(settings, workers_database, sessions, clock, carrier, channels, store, ears), carrier, clock)
    with workers_database.begin() as connection:
        connection.execute(text(f"truncate {_EVERYTHING} restart identity"))


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    """A Redis with nothing in it."""
    connection = Redis.from_url(redis_url)
    connection.flushall()
    yield connection
    connection.flushall()
    connection.close()
