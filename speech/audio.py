"""Recordings of any usual kind, read in constant memory as 16-bit samples at the rate a model wants."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

Samples = npt.NDArray[np.int16]
Source = str | os.PathLike[str] | BinaryIO

_BLOCK_S = 2.0
_RATES_HZ = range(4000, 192001)


class AudioError(Exception):
    """A recording that can't be transcribed; the message is a sentence for whoever has to look at it."""


class NotAudioError(AudioError):
    """The bytes are no recording of a kind that is known here."""


class EmptyAudioError(AudioError):
    """A recording, but without any sound in it."""


class AudioTooLargeError(AudioError):
    """More bytes than are taken."""


class AudioTooLongError(AudioError):
    """More seconds than are taken."""


class UnsupportedAudioError(AudioError):
    """A recording, but with a rate or a number of channels that no telephone line delivers."""


class DamagedAudioError(AudioError):
    """A recording that stops making sense half-way."""


@dataclass(frozen=True)
class Limits:
    """What is taken; checked before anything is decoded, and the length again while decoding."""

    max_bytes: int = 2 * 1024**3
    max_duration_s: float = 3 * 3600 + 60
    max_channels: int = 2


@dataclass(frozen=True)
class Sound:
    """A recording opened for reading: what its header says, and its samples in blocks."""

    kind: str
    source_rate_hz: int
    channels: int
    rate_hz: int
    blocks: Iterator[Samples]


@contextmanager
def open_sound(source: Source, rate_hz: int, limits: Limits | None = None) -> Iterator[Sound]:
    """Open a recording given as a path or as a seekable binary file.

    Blocks are arrays of shape (frames, channels) at `rate_hz`. Raises an AudioError: at once for what can
    be seen from outside, while the blocks are taken for what shows only then.
    """
    limits = limits or Limits()
    with _opened(source) as raw:
        _check_size(raw, limits)
        with _decoder(raw) as decoder:
            _check_header(decoder, limits)
            kind = f"{decoder.format}/{decoder.subtype}"
            blocks = _resampled(_decoded(decoder, limits), decoder, rate_hz)
            yield Sound(kind, decoder.samplerate, decoder.channels, rate_hz, blocks)


class _Nameless:
    """A file without its name, so that its kind is told by its bytes alone and never by its ending."""

    def __init__(self, file: BinaryIO) -> None:
        self.read = file.read
        self.seek = file.seek
        self.tell = file.tell


@contextmanager
def _opened(source: Source) -> Iterator[BinaryIO]:
    if isinstance(source, (str, os.PathLike)):
        with Path(source).open("rb") as file:
            yield file
    else:
        yield source


def _check_size(raw: BinaryIO, limits: Limits) -> None:
    size = raw.seek(0, os.SEEK_END)
    raw.seek(0)
    if not size:
        raise EmptyAudioError("The recording is an empty file.")
    if size > limits.max_bytes:
        raise AudioTooLargeError(f"The recording has {size} bytes; {limits.max_bytes} are taken.")


@contextmanager
def _decoder(raw: BinaryIO) -> Iterator[soundfile.SoundFile]:
    try:
        decoder = soundfile.SoundFile(_Nameless(raw))
    except soundfile.LibsndfileError as error:
        raise NotAudioError("The file is no recording of a known kind.") from error
    with decoder:
        yield decoder


def _check_header(decoder: soundfile.SoundFile, limits: Limits) -> None:
    if decoder.samplerate not in _RATES_HZ:
        raise UnsupportedAudioError(f"The recording says it has {decoder.samplerate} samples a second.")
    if not 1 <= decoder.channels <= limits.max_channels:
        raise UnsupportedAudioError(f"The recording has {decoder.channels} channels.")
    _check_length(decoder.frames, decoder.samplerate, limits)


def _check_length(frames: int, rate_hz: int, limits: Limits) -> None:
    if frames > limits.max_duration_s * rate_hz:
        raise AudioTooLongError(
            f"The recording lasts {frames / rate_hz:.0f} s or more; {limits.max_duration_s:.0f} s are taken."
        )


def _decoded(decoder: soundfile.SoundFile, limits: Limits) -> Iterator[npt.NDArray[np.float32]]:
    size = math.ceil(decoder.samplerate * _BLOCK_S)
    frames = 0
    while len(block := _read(decoder, size)):
        frames += len(block)
        # A header may lie, so what really comes is counted as well.
        _check_length(frames, decoder.samplerate, limits)
        yield block
    if not frames:
        raise EmptyAudioError("The recording holds no sound.")


def _read(decoder: soundfile.SoundFile, size: int) -> npt.NDArray[np.float32]:
    try:
        block: npt.NDArray[np.float32] = decoder.read(size, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise DamagedAudioError("The recording can't be read to its end.") from error
    return block


def _resampled(
    blocks: Iterator[npt.NDArray[np.float32]], decoder: soundfile.SoundFile, rate_hz: int
) -> Iterator[Samples]:
    if decoder.samplerate == rate_hz:
        yield from map(_as_samples, blocks)
        return
    resampler = soxr.ResampleStream(decoder.samplerate, rate_hz, decoder.channels, dtype="float32")
    for block in blocks:
        yield _as_samples(resampler.resample_chunk(block))
    yield _as_samples(resampler.resample_chunk(np.zeros((0, decoder.channels), np.float32), last=True))


def _as_samples(block: npt.NDArray[np.float32]) -> Samples:
    # A float recording may hold anything at all, infinities included.
    finite = np.nan_to_num(block * 32768, nan=0.0, posinf=32767, neginf=-32768)
    return np.clip(np.rint(finite), -32768, 32767).astype(np.int16)
