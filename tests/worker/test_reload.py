"""Speech processes at work: they tell how far they have come, and take up what has changed with no job lost."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from time import monotonic

import factories
import psutil
import pytest
import soundfile
from factories import NOW
from processes import process, until
from redis import Redis
from sqlalchemy.orm import Session
from workshop import Workshop

from hotline.models import Line, OutboxEntry, OutboxState, Recording, RecordingState, Transcript, Work
from hotline.services import outbox, speech_models
from speech.recognizer import Recognizer
from speech.trial import RECORDING
from worker.perform import alone
from worker.sweep import send_due, send_lost_again

OTHER = "another-9"
LONG = 180
PATIENCE_S = 180

pytestmark = pytest.mark.timeout(600)


@dataclass(frozen=True)
class Parent:
    """A speech parent at work, as it looks from outside."""

    process: subprocess.Popen
    log: Path

    @property
    def children(self) -> set[int]:
        """The workers, without a trial."""
        found: set[int] = set()
        for child in psutil.Process(self.process.pid).children():
            with suppress(psutil.NoSuchProcess):  # a zombie is none
                if "--try" not in child.cmdline():
                    found.add(child.pid)
        return found

    @contextmanager
    def halted(self) -> Iterator[None]:
        """The workers stand still where they are meanwhile, so that nothing depends on how fast they are."""
        workers = [psutil.Process(child) for child in self.children]
        for worker in workers:
            worker.suspend()
        try:
            yield
        finally:
            for worker in workers:
                with suppress(psutil.NoSuchProcess):
                    worker.resume()

    def said(self, words: str) -> bool:
        return words in self.log.read_text()


@pytest.fixture
def models(tmp_path: Path, model: Recognizer) -> Path:
    """A folder with a second model: the demo's under another name."""
    folder = tmp_path / "models"
    other = shutil.copytree(model.info.path, folder / OTHER, ignore=shutil.ignore_patterns("training"))
    card = json.loads((other / "model.json").read_text())
    (other / "model.json").write_text(json.dumps({**card, "name": OTHER, "version": "9"}))
    return folder


@pytest.fixture
def start(workshop: Workshop, redis_url: str, models: Path, tmp_path: Path) -> Callable[..., object]:
    """Starts a speech parent and waits until its workers are there."""

    @contextmanager
    def started(count: int = 1) -> Iterator[Parent]:
        more = {"SPEECH_PROCESSES": str(count), "MODELS_PATH": str(models), "SPEECH_MODEL_PATH": "speech/demo_model"}
        connection = Redis.from_url(redis_url)
        with process(workshop, "speech", redis_url, "http://127.0.0.1:1", tmp_path, **more) as running:
            parent = Parent(running, tmp_path / "speech.log")
            until(lambda: len(connection.smembers("rq:workers")) == count, "the workers to be at work", PATIENCE_S)
            yield parent
        connection.close()

    return started


def a_line(session: Session) -> Line:
    return session.query(Line).filter(Line.number == factories.LINE).first() or factories.line(session)


def ask_to_hear(workshop: Workshop, redis: Redis, times: int = 1) -> int:
    """Somebody has left a message, which is said so many times over."""

    def stored(session: Session) -> Recording:
        call = factories.call(session, a_line(session))
        return factories.recording(session, call, store_key=f"said-{times}.wav", duration_s=5 * times)

    recording_id = workshop.make(stored)
    workshop.context.store.put(f"said-{times}.wav", spoken(times))
    with workshop.context.sessions.begin() as session:
        outbox.ask(session, Work.TRANSCRIBE_RECORDING, recording_id, workshop.clock.now())
    send_due(workshop.context, redis)
    return recording_id


def spoken(times: int) -> BytesIO:
    sound, rate = soundfile.read(RECORDING, dtype="int16")
    file = BytesIO()
    with soundfile.SoundFile(file, "w", rate, 1, format="WAV", subtype="PCM_16") as written:
        for _ in range(times):
            written.write(sound)
    file.seek(0)
    return file


def choose(workshop: Workshop, label: str, line: Callable[[Session], Line] | None = None) -> None:
    with workshop.context.sessions.begin() as session:
        speech_models.choose(session, label, line(session) if line else None, NOW)


def heard(workshop: Workshop, redis: Redis, recording_id: int) -> Transcript:
    """The only transcript of a recording, once it is there; meanwhile what is due or lost is sent, as by the clock."""
    began, now = monotonic(), workshop.clock.at

    def is_over() -> bool:
        workshop.clock.at = now + timedelta(seconds=monotonic() - began)
        send_lost_again(workshop.context, redis)
        return workshop.get(Recording, recording_id).state == RecordingState.TRANSCRIBED

    until(is_over, "the transcript", PATIENCE_S)
    return workshop.one(Transcript, Transcript.recording_id == recording_id)


def entry_of(workshop: Workshop, recording_id: int) -> OutboxEntry:
    return workshop.one(
        OutboxEntry, OutboxEntry.work == Work.TRANSCRIBE_RECORDING, OutboxEntry.subject_id == recording_id
    )


def is_at_work(workshop: Workshop, recording_id: int) -> bool:
    with alone(workshop.context.engine, entry_of(workshop, recording_id).id) as nobody_else:
        return not nobody_else


def test_a_model_that_is_chosen_is_loaded_and_each_worker_replaced(
    workshop: Workshop, redis: Redis, model: Recognizer, start: Callable[..., object]
) -> None:
    with start(2) as parent:  # type: ignore[attr-defined]  # a context manager
        first = heard(workshop, redis, ask_to_hear(workshop, redis))
        before = parent.children

        choose(workshop, OTHER)

        until(lambda: len(parent.children) == 2 and not parent.children & before, "other workers", PATIENCE_S)
        assert parent.process.poll() is None
        second = heard(workshop, redis, ask_to_hear(workshop, redis))
        assert [first.model, second.model] == [model.info.label, OTHER]


def test_names_that_are_imported_are_known(workshop: Workshop, redis: Redis, start: Callable[..., object]) -> None:
    with start() as parent:  # type: ignore[attr-defined]  # a context manager
        before = heard(workshop, redis, ask_to_hear(workshop, redis))
        workers = parent.children

        workshop.make(lambda session: factories.unit(session, name="请邦邦芒"))

        until(lambda: parent.children and not parent.children & workers, "other workers", PATIENCE_S)
        after = heard(workshop, redis, ask_to_hear(workshop, redis))
        assert (before.text[-4:], after.text[-4:]) == ("请帮帮忙", "请邦邦芒")


def test_the_first_words_of_a_long_recording_are_there_before_its_end(
    workshop: Workshop, redis: Redis, start: Callable[..., object]
) -> None:
    with start():  # type: ignore[attr-defined]  # a context manager
        recording_id = ask_to_hear(workshop, redis, LONG)

        until(lambda: workshop.get(Recording, recording_id).heard_text, "the first words", PATIENCE_S)

        recording = workshop.get(Recording, recording_id)
        assert (recording.heard_text or "").startswith("老人一个人在家")
        assert 0 < (recording.heard_until_s or 0) < 5 * LONG
        assert recording.state == RecordingState.STORED


def test_a_job_that_is_under_way_is_done_by_the_worker_that_has_it(
    workshop: Workshop, redis: Redis, model: Recognizer, start: Callable[..., object]
) -> None:
    with start() as parent:  # type: ignore[attr-defined]  # a context manager
        long = ask_to_hear(workshop, redis, LONG)
        until(lambda: workshop.get(Recording, long).heard_text, "the job to hear something", PATIENCE_S)
        before = parent.children
        with parent.halted():
            choose(workshop, OTHER)

            until(lambda: parent.said("are loaded anew"), "the new program", PATIENCE_S)
            assert is_at_work(workshop, long)
        assert heard(workshop, redis, long).model == model.info.label
        assert entry_of(workshop, long).tries == 1
        until(lambda: parent.children and not parent.children & before, "another worker", PATIENCE_S)
        assert heard(workshop, redis, ask_to_hear(workshop, redis)).model == OTHER


def test_a_worker_killed_at_work_while_others_are_loaded_leaves_one_transcript(
    workshop: Workshop, redis: Redis, start: Callable[..., object]
) -> None:
    with start() as parent:  # type: ignore[attr-defined]  # a context manager
        long = ask_to_hear(workshop, redis, LONG)
        until(lambda: workshop.get(Recording, long).heard_text, "the job to hear something", PATIENCE_S)
        with parent.halted():
            choose(workshop, OTHER)
            until(lambda: parent.said("they are tried"), "the trial", PATIENCE_S)
            assert is_at_work(workshop, long)
            for worker in map(psutil.Process, parent.children):
                worker.kill()

        assert heard(workshop, redis, long).model == OTHER
        assert entry_of(workshop, long).state == OutboxState.DONE
        assert entry_of(workshop, long).tries > 1


def test_a_damaged_model_is_told_and_everything_goes_on_as_before(
    workshop: Workshop, redis: Redis, models: Path, model: Recognizer, start: Callable[..., object]
) -> None:
    (models / OTHER / "graph" / "disambig_tid.int").write_text("")
    with start() as parent:  # type: ignore[attr-defined]  # a context manager
        before = parent.children

        choose(workshop, OTHER, lambda session: factories.line(session, number="+862087650000"))

        until(lambda: parent.said("everything goes on as before"), "the trial to fail", PATIENCE_S)
        choose(workshop, model.info.label, a_line)
        assert heard(workshop, redis, ask_to_hear(workshop, redis)).model == model.info.label
        assert parent.children == before
