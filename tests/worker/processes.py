"""Worker processes as they are started in earnest, and how tests wait for what they do."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import factories
import psutil
from workshop import Workshop

from hotline.clock import freeze_clock

ROOT = Path(__file__).parents[2]


def until(look: Callable[[], Any], what: str, timeout_s: float = 20) -> Any:
    """What `look` finds as soon as it finds something."""
    end, pause = time.monotonic() + timeout_s, threading.Event()
    while not (found := look()):
        assert time.monotonic() < end, f"waited {timeout_s:.0f} s for {what}"
        pause.wait(0.05)
    return found


@contextmanager
def process(
    workshop: Workshop, kind: str, redis_url: str, carrier: str, tmp_path: Path, **more: str
) -> Iterator[subprocess.Popen]:
    """A worker process with settings of the workshop and `more`, of which nothing is left afterwards."""
    settings = workshop.context.settings
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "REDIS_URL": redis_url,
        "SECRET_KEY": "x" * 32,
        "PUBLIC_BASE_URL": factories.BASE_URL,
        "TWILIO_ACCOUNT_SID": factories.ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": factories.AUTH_TOKEN,
        "TWILIO_API_BASE": carrier,
        "RECORDINGS_URL": settings.recordings_url,
        "JOURNAL_DIR": str(settings.journal_dir),
        "IO_PROCESSES": "1",
        "CLOCK_FILE": str(tmp_path / "clock"),
        **more,
    }
    freeze_clock(tmp_path / "clock", workshop.clock.now())
    command = [sys.executable, "-m", "worker.main", kind]
    with (tmp_path / f"{kind}.log").open("wb") as log:
        started = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
        try:
            yield started
        finally:
            kill_all(started)


def kill_all(started: subprocess.Popen) -> None:
    """As if the machine had lost its power: the parent, its worker and the worker's child at once."""
    if started.poll() is None:
        parent = psutil.Process(started.pid)
        for each in [parent, *parent.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                each.kill()
    started.wait(10)
