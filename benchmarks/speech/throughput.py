"""Calls an hour through the worker, beside vosk-transcriber run once for each file."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.figures import Figure, at_least
from benchmarks.speech import calls
from benchmarks.speech.workplace import workplace

CALLS, ROUNDS, SECONDS = 100, 5, 20
_TRANSCRIBER = Path(sys.executable).with_name("vosk-transcriber")


def figures() -> Iterator[Figure]:
    cores = os.cpu_count() or 1
    each = CALLS // ROUNDS
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as folder, workplace() as place, place.processes(cores):
        call = Path(folder) / "call.wav"
        call.write_bytes(calls.file_of(calls.speech(SECONDS)).getvalue())
        place.transcribe(call, cores)
        for _ in range(ROUNDS):
            ours.append(_an_hour(place.transcribe(call, each), each))
            if shutil.which("ffmpeg"):
                theirs.append(_an_hour(_by_transcriber(call, each), each))
    what = f"calls of {SECONDS} s an hour, {CALLS} through {cores} speech processes"
    if not theirs:
        yield Figure(what, median(ours), "", None, {}, "vosk-transcriber needs ffmpeg, which is not on this machine.")
        return
    beside = {"ours an hour": median(ours), "vosk-transcriber, once for each file, an hour": median(theirs)}
    yield Figure(what, median(ours) / median(theirs), "x", at_least(3), beside)


def _an_hour(taken_s: float, count: int) -> float:
    return 3600 * count / taken_s


def _by_transcriber(call: Path, count: int) -> float:
    """Seconds for so many runs, one after the other, each with one file."""
    text = call.with_suffix(".txt")
    start = time.perf_counter()
    for _ in range(count):
        subprocess.run(
            [str(_TRANSCRIBER), "--model", str(calls.MODEL), "--input", str(call), "--output", str(text)],
            check=True,
            capture_output=True,
        )
        if not text.read_text(encoding="utf-8").strip():
            raise RuntimeError("vosk-transcriber heard nothing.")
        text.unlink()
    return time.perf_counter() - start
