"""Speech processes as they are started in earnest, on a database and a queue that are thrown away."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from redis import Redis as RedisClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from benchmarks.speech import calls
from hotline.models import (
    Call,
    Direction,
    Level,
    Line,
    Recording,
    RecordingKind,
    RecordingState,
    Transcript,
    Unit,
    Work,
)
from hotline.rules.call_flow import CallState
from hotline.services import outbox
from hotline.settings import Settings
from stack.postgres import Postgres
from stack.redis import Redis
from worker.context import Context, make_context
from worker.queue import connect
from worker.sweep import send_due

_PATIENCE_S = 900
# Each look costs the database as much as a small part of a job.
_LOOK_EVERY_S = 0.1


@dataclass
class Workplace:
    """Where calls are asked to be transcribed; `processes` starts the ones that do it."""

    directory: Path
    environment: dict[str, str]
    context: Context
    redis: RedisClient
    _calls: int = 0

    @contextmanager
    def processes(self, count: int) -> Iterator[None]:
        """So many speech processes, from when they are ready until the end of the block."""
        environment = {**self.environment, "SPEECH_PROCESSES": str(count)}
        with (self.directory / "worker.log").open("ab") as log:
            started = subprocess.Popen(
                [sys.executable, "-m", "worker.main", "speech"],
                cwd=calls.MODEL.parents[1],
                env=environment,
                stdout=log,
                stderr=log,
            )
        try:
            _until(lambda: len(self.redis.smembers("rq:workers")) == count, "the speech processes")
            yield
        finally:
            started.terminate()
            started.wait(30)
            _until(lambda: not self.redis.smembers("rq:workers"), "the end of the speech processes")

    def transcribe(self, recording: Path, count: int) -> float:
        """Ask for so many calls with this recording; the seconds until the last transcript is stored."""
        with self.context.sessions.begin() as session:
            asked = [self._call(session, recording) for _ in range(count)]
        start = time.perf_counter()
        with self.context.sessions.begin() as session:
            for recording_id in asked:
                outbox.ask(session, Work.TRANSCRIBE_RECORDING, recording_id, datetime.now(UTC))
        send_due(self.context, self.redis)
        _until(lambda: self._stored(asked) == count, "the transcripts")
        return time.perf_counter() - start

    def _call(self, session: Session, recording: Path) -> int:
        self._calls += 1
        now = datetime.now(UTC)
        call = Call(
            line=session.scalars(select(Line)).one(),
            direction=Direction.INBOUND,
            carrier="twilio",
            carrier_call_id=f"CA{self._calls:032x}",
            number="+8613800138000",
            state=CallState.THANKED,
            order_number=f"bench-{self._calls}",
            started_at=now,
            ended_at=now,
        )
        made = Recording(
            call=call,
            carrier="twilio",
            carrier_recording_id=f"RE{self._calls:032x}",
            kind=RecordingKind.MESSAGE,
            state=RecordingState.STORED,
            store_key=f"{self._calls}.wav",
            size_bytes=recording.stat().st_size,
            sha256="0" * 64,
            recorded_at=now,
            channels=1,
        )
        session.add_all([call, made])
        session.flush()
        shutil.copy(recording, self.directory / "recordings" / f"{self._calls}.wav")
        return made.id

    def _stored(self, recordings: list[int]) -> int:
        with self.context.sessions() as session:
            return session.scalars(
                select(func.count()).select_from(Transcript).where(Transcript.recording_id.in_(recordings))
            ).one()


@contextmanager
def workplace() -> Iterator[Workplace]:
    """A database at the newest migration with one line, a queue, and no process yet."""
    directory = Path(tempfile.mkdtemp(prefix="hotline-"))
    try:
        with Postgres(directory / "postgres", durable=False) as postgres, Redis(directory / "redis") as redis:
            postgres.create_database("bench")
            (directory / "recordings").mkdir()
            settings = _settings(directory, postgres.url("bench"), redis.url)
            made = Settings.from_env(**{name.lower(): value for name, value in settings.items()})
            context = make_context(made)
            _migrate(context)
            environment = {"PATH": os.environ["PATH"], "OPENBLAS_NUM_THREADS": "1", **settings}
            with connect(redis.url) as connection:
                yield Workplace(directory, environment, context, connection)
    finally:
        shutil.rmtree(directory)


def _settings(directory: Path, database_url: str, redis_url: str) -> dict[str, str]:
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SECRET_KEY": "x" * 32,
        "PUBLIC_BASE_URL": "https://hotline.example",
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "TWILIO_AUTH_TOKEN": "0" * 32,
        "RECORDINGS_URL": f"file://{directory / 'recordings'}",
        "JOURNAL_DIR": str(directory / "journal"),
        "SPEECH_MODEL_PATH": str(calls.MODEL),
    }


def _migrate(context: Context) -> None:
    config = Config(calls.MODEL.parents[1] / "alembic.ini")
    config.set_main_option("script_location", str(calls.MODEL.parents[1] / "migrations"))
    with context.engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    with context.sessions.begin() as session:
        unit = Unit(code="bench", name="街道", level=Level.STREET, path="/1/")
        session.add(Line(number="+862012345678", unit=unit, name="热线", duty_number="+862087654321", language="zh-CN"))


def _until(is_so: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + _PATIENCE_S
    while not is_so():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {_PATIENCE_S} s for {what}")
        time.sleep(_LOOK_EVERY_S)
