"""Synthetic calls of any length, for what is measured in seconds and bytes rather than in words."""

import io
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from benchmarks.speech import cer

Samples = npt.NDArray[np.int16]

RATE_HZ = cer.RATE_HZ
MODEL = cer.ROOT / "speech/demo_model"
_SENTENCES = 40
_TELEPHONE = cer.Condition("telephone")


def speech(seconds: float) -> Samples:
    """Somebody who goes on and on, pausing between sentences as people do."""
    told = _told()
    times = -(-round(seconds * RATE_HZ) // len(told))
    return np.tile(told, times)[: round(seconds * RATE_HZ)]


def half_silent(seconds: float, turn_s: float = 10.0) -> Samples:
    """Turns of speech and of a line on which nobody speaks, each half of the time."""
    turns = round(seconds / (2 * turn_s))
    spoken = speech(turns * turn_s).reshape(turns, -1)
    noise = np.random.default_rng(1).normal(0, 20, spoken.shape).astype(np.int16)
    return np.concatenate([spoken, noise], axis=1).ravel()


def file_of(samples: Samples, kind: str = "WAV", subtype: str | None = None) -> io.BytesIO:
    """A recording of them in memory."""
    file = io.BytesIO()
    _write(file, [samples], kind, subtype)
    file.seek(0)
    return file


def write(path: Path, samples: Samples, times: int = 1) -> Path:
    """A telephone's recording (mu-law) of them on disk, so many times over."""
    with path.open("wb") as file:
        _write(file, (samples for _ in range(times)), "WAV", "ULAW")
    return path


def _write(file: object, parts: Iterator[Samples] | list[Samples], kind: str, subtype: str | None) -> None:
    with soundfile.SoundFile(file, "w", RATE_HZ, 1, subtype, format=kind) as sound:
        for samples in parts:
            # libsndfile's Vorbis encoder dies of more at once.
            for first in range(0, len(samples), RATE_HZ):
                sound.write(samples[first : first + RATE_HZ])


@cache
def _told() -> Samples:
    cases = cer.cases(Path(__file__).parent / "development", "free")[:_SENTENCES]
    return np.concatenate([soundfile.read(sentence, dtype="int16")[0] for sentence in cer.spoken(cases, _TELEPHONE)])
