"""What each further speech process costs in memory: the model must be shared, however large it is."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.figures import Figure, at_most
from benchmarks.speech import calls
from speech.recognizer import Recognizer
from worker.crew import JOBS_EACH

CHILDREN = 4
# Each takes about 150 bytes of the symbol table that Vosk keeps in memory.
_WORDS_FOR_100_MB = 700_000


def figures() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        recordings = _recordings(Path(folder))
        alone, children = _measured(calls.MODEL, recordings)
        stuffed_alone, stuffed = _measured(_stuffed(Path(folder) / "model"), recordings)
    yield Figure(
        f"memory of its own of each of {CHILDREN} forked children after {JOBS_EACH} calls, when they end",
        median(children),
        "MB",
        at_most(40),
        {"most": max(children), "the parent that loaded the model": alone},
    )
    yield Figure(
        "the same with a model larger by 100 MB",
        median(stuffed),
        "MB",
        at_most(40),
        {"most": max(stuffed), "the parent that loaded the model": stuffed_alone},
        "The larger model is the demo model with 700,000 words that are never said: their table is in the "
        "memory of whoever loads it.",
    )


def _recordings(folder: Path) -> list[Path]:
    """As many calls of 20 seconds as a child hears in its life."""
    told = calls.speech(JOBS_EACH * 20).reshape(JOBS_EACH, -1)
    paths = [folder / f"call-{number}.wav" for number in range(JOBS_EACH)]
    for path, samples in zip(paths, told, strict=True):
        path.write_bytes(calls.file_of(samples).getvalue())
    return paths


def _stuffed(folder: Path) -> Path:
    shutil.copytree(calls.MODEL, folder, ignore=shutil.ignore_patterns("training", "__pycache__"))
    with (folder / "graph/words.txt").open("r+", encoding="utf-8") as words:
        first = 1 + max(int(line.split()[1]) for line in words)
        words.writelines(f"never-said-{number} {number}\n" for number in range(first, first + _WORDS_FOR_100_MB))
    return folder


def _measured(model: Path, recordings: list[Path]) -> tuple[float, list[float]]:
    """The memory of its own, in MB, of a process that loads the model, and of each child that hears with it.

    In a process apart, so that nothing that was loaded before counts.
    """
    reader, writer = os.pipe()
    parent = os.fork()
    if parent == 0:
        _load_and_fork(model, recordings, writer)
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as pipe:
        alone, *children = json.load(pipe)
    os.waitpid(parent, 0)
    return alone, children


def _load_and_fork(model: Path, recordings: list[Path], writer: int) -> None:
    """What the parent does; it never comes back."""
    before = _own_mb()
    recognizer = Recognizer.load(model)
    alone = _own_mb() - before
    recognizer.warm_up()
    found = [alone, *_children(recognizer, recordings)]
    os.write(writer, json.dumps(found).encode())
    os._exit(0)


def _children(recognizer: Recognizer, recordings: list[Path]) -> list[float]:
    """All of them hear, and are measured while all of them are there."""
    ends, children = [], []
    reader, writer = os.pipe()
    for _ in range(CHILDREN):
        wait, end = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(end)
            for recording in recordings:
                recognizer.transcribe(recording)
            os.write(writer, b"h")
            # Nothing comes; it is closed when the measuring is over.
            os.read(wait, 1)
            os._exit(0)
        os.close(wait)
        ends.append(end)
        children.append(child)
    for _ in children:
        os.read(reader, 1)
    found = [_own_mb(child) for child in children]
    for end in ends:
        os.close(end)
    for child in children:
        os.waitpid(child, 0)
    return found


def _own_mb(process: int | str = "self") -> float:
    """What no other process shares with it."""
    rows = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return sum(int(row.split()[1]) for row in rows if row.startswith("Private_")) * 1024 / 1e6
