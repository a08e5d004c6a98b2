"""Recordings of any usual kind, read in constant memory as 16-bit samples at the rate a model wants."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal, TypeVar

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

Samples = npt.NDArray[np.int16]
_Block = npt.NDArray[Any]
_Answer = TypeVar("_Answer")
Source = str | os.PathLike[str] | BinaryIO

_BLOCK_S = 5.0
_RATES_HZ = range(4000, 192001)
# A FLAC that was written into a pipe doesn't know how long it is, and libsndfile says something without end.
_UNTOLD_FRAMES = 2**62
# Bytes of a sample where every sample has as many, so that a file's size tells how much it holds.
_WIDTHS = {
    "PCM_S8": 1,
    "PCM_U8": 1,
    "ULAW": 1,
    "ALAW": 1,
    "PCM_16": 2,
    "PCM_24": 3,
    "PCM_32": 4,
    "FLOAT": 4,
    "DOUBLE": 8,
}
# Read as they are; more than that, and sums of waves, may be beyond full scale and are rounded here.
_SIXTEEN_BITS = frozenset({"PCM_S8", "PCM_U8", "PCM_16", "ULAW", "ALAW"})
_LONGEST_HEADER = 4096
# Beside its sound a WAV or AIFF file may hold pictures and texts of any length, each in a chunk with a name and a size.
_ORDERS: dict[bytes, Literal["little", "big"]] = {b"RIFF": "little", b"FORM": "big"}
_CHUNK = re.compile(rb"[ -~]{4}.{4}", re.DOTALL)
_SOUND_CHUNKS = frozenset({b"data", b"SSND"})
_MOST_CHUNKS = 100


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
    """A recording, but of a kind that can't be decoded here, or with a rate or channels that no line delivers."""


class DamagedAudioError(AudioError):
    """A recording that stops making sense half-way, or whose header can't be true."""


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
    be seen from outside, while the blocks are taken for what shows only then. What the file itself raises comes out as
    it is: a store that fails half-way is no recording that ends there.
    """
    limits = limits or Limits()
    with _opened(source) as raw:
        size = _check_size(raw, limits)
        tags = _size_of_tags(raw, size)
        with _decoder(raw) as decoder:
            _check_header(decoder, size, tags, limits)
            kind = f"{decoder.format}/{decoder.subtype}"
            yield Sound(kind, decoder.samplerate, decoder.channels, rate_hz, _samples(decoder, rate_hz, limits))


class _Nameless:
    """A file without its name, so that its kind is told by its bytes alone and never by its ending.

    It's read from within libsndfile, which takes an error for the end of the file: the error is kept, to be raised by
    `check`, and from then on the file does end.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._error: BaseException | None = None

    def read(self, size: int) -> bytes:
        return self._kept(self._file.read, size) or b""

    def seek(self, offset: int, whence: int) -> int:
        return self._kept(self._file.seek, offset, whence) or 0

    def tell(self) -> int:
        return self._kept(self._file.tell) or 0

    def check(self) -> None:
        """Raise what went wrong."""
        if self._error is not None:
            raise self._error

    def _kept(self, act: Callable[..., _Answer], *arguments: int) -> _Answer | None:
        if self._error is None:
            try:
                return act(*arguments)
            except BaseException as error:  # noqa: BLE001 - a worker's alarm too; raised again by check()
                self._error = error
        return None


class _Decoder(soundfile.SoundFile):  # type: ignore[misc] # soundfile has no types
    """Reads from front to end only, and so knows where it is; raises what its file raises."""

    def __init__(self, file: _Nameless) -> None:
        self._below = file
        try:
            super().__init__(file)
        finally:
            file.check()

    def seekable(self) -> bool:
        # Otherwise soundfile seeks to where it is after each block, and fails if a file doesn't tell its length.
        return False

    def read_block(self, frames: int, kind: str) -> _Block:
        """The next frames, fewer at the end."""
        try:
            block: _Block = self.read(frames, dtype=kind, always_2d=True)
        finally:
            self._below.check()
        return block


@contextmanager
def _opened(source: Source) -> Iterator[BinaryIO]:
    if isinstance(source, (str, os.PathLike)):
        with Path(source).open("rb") as file:
            yield file
    else:
        yield source


def _check_size(raw: BinaryIO, limits: Limits) -> int:
    size = raw.seek(0, os.SEEK_END)
    raw.seek(0)
    if not size:
        raise EmptyAudioError("The recording is an empty file.")
    if size > limits.max_bytes:
        raise AudioTooLargeError(f"The recording has {size} bytes; {limits.max_bytes} are taken.")
    return size


def _size_of_tags(raw: BinaryIO, size: int) -> int:
    """Bytes of a WAV or AIFF file that lie in chunks beside its sound, as far as well-formed ones follow each other."""
    order = _ORDERS.get(raw.read(12)[:4])
    at, tags = 12, 0
    for _ in range(_MOST_CHUNKS if order else 0):
        raw.seek(at)
        head = raw.read(8)
        length = 8 + int.from_bytes(head[4:], order or "little")
        if not _CHUNK.fullmatch(head) or at + length > size:
            break
        at += length + length % 2
        tags += 0 if head[:4] in _SOUND_CHUNKS else length
    raw.seek(0)
    return tags


@contextmanager
def _decoder(raw: BinaryIO) -> Iterator[_Decoder]:
    try:
        decoder = _Decoder(_Nameless(raw))
    except soundfile.LibsndfileError as error:
        raise _refusal(raw) from error
    with decoder:
        yield decoder


def _refusal(raw: BinaryIO) -> AudioError:
    """What to say of a file that isn't read: people send recordings as their telephones make them."""
    raw.seek(0)
    start = raw.read(32)
    for kind, at, sign in _KINDS_NOT_READ:
        if start[at : at + len(sign)] == sign:
            return UnsupportedAudioError(f"This is {kind}, which can't be read here: save it as WAV, MP3, OGG or FLAC.")
    for kind, sign in _KINDS_READ.items():
        if start.startswith(sign):
            return DamagedAudioError(f"This is {kind}, but it is broken at its beginning or encoded in an unusual way.")
    return NotAudioError("The file is no recording of a known kind.")


_KINDS_READ = {"a WAV file": b"RIFF", "an OGG file": b"OggS", "a FLAC file": b"fLaC", "an MP3 file": b"ID3"}
_KINDS_NOT_READ = (
    ("a video in AVI", 8, b"AVI "),
    ("an AMR recording of a mobile telephone", 0, b"#!AMR"),
    ("a SILK voice message, as WeChat and QQ keep them", 0, b"#!SILK"),
    ("a SILK voice message, as WeChat and QQ keep them", 1, b"#!SILK"),
    ("an MPEG-4 recording or video (m4a, mp4, 3gp)", 4, b"ftyp"),
    ("a Windows Media recording (wma, asf)", 0, bytes.fromhex("3026b2758e66cf11")),
    ("a Matroska or WebM recording", 0, bytes.fromhex("1a45dfa3")),
    ("a bare AAC recording", 0, bytes.fromhex("fff1")),
    ("a bare AAC recording", 0, bytes.fromhex("fff9")),
    ("a RealMedia recording", 0, b".RMF"),
)


def _check_header(decoder: _Decoder, size: int, tags: int, limits: Limits) -> None:
    if decoder.samplerate not in _RATES_HZ:
        raise UnsupportedAudioError(f"The recording says it has {decoder.samplerate} samples a second.")
    if not 1 <= decoder.channels <= limits.max_channels:
        raise UnsupportedAudioError(f"The recording has {decoder.channels} channels.")
    if decoder.frames < _UNTOLD_FRAMES:
        _check_length(decoder.frames, decoder.samplerate, limits)
    told = decoder.frames * decoder.channels * _WIDTHS.get(decoder.subtype, 0)
    if decoder.subtype in _WIDTHS and 2 * told < size - tags - _LONGEST_HEADER:
        raise DamagedAudioError(f"The recording's header tells of {told} bytes of sound, but the file has {size}.")


def _check_length(frames: int, rate_hz: int, limits: Limits) -> None:
    if frames > limits.max_duration_s * rate_hz:
        raise AudioTooLongError(
            f"The recording lasts {frames / rate_hz:.0f} s or more; {limits.max_duration_s:.0f} s are taken."
        )


def _decoded(decoder: _Decoder, kind: str, limits: Limits) -> Iterator[_Block]:
    size = math.ceil(decoder.samplerate * _BLOCK_S)
    frames = 0
    while len(block := _read(decoder, size, kind)):
        frames += len(block)
        # A header may lie, so what really comes is counted as well.
        _check_length(frames, decoder.samplerate, limits)
        yield block
    if not frames:
        raise EmptyAudioError("The recording holds no sound.")


def _read(decoder: _Decoder, size: int, kind: str) -> _Block:
    try:
        block = decoder.read_block(size, kind)
    except soundfile.LibsndfileError as error:
        raise DamagedAudioError("The recording can't be read to its end.") from error
    if kind == "float32":
        # A float recording may hold anything at all, infinities included, and the resampler would spread them.
        block[np.isnan(block)] = 0
        np.clip(block, -1, 1, out=block)
    return block


def _samples(decoder: _Decoder, rate_hz: int, limits: Limits) -> Iterator[Samples]:
    if decoder.samplerate != rate_hz:
        yield from map(_rounded, _resampled(_decoded(decoder, "float32", limits), decoder, rate_hz))
    elif decoder.subtype in _SIXTEEN_BITS:
        yield from _decoded(decoder, "int16", limits)
    else:
        yield from map(_rounded, _decoded(decoder, "float32", limits))


def _resampled(blocks: Iterator[_Block], decoder: _Decoder, rate_hz: int) -> Iterator[_Block]:
    resampler = soxr.ResampleStream(decoder.samplerate, rate_hz, decoder.channels, dtype="float32")
    for block in blocks:
        yield resampler.resample_chunk(block)
    yield resampler.resample_chunk(np.zeros((0, decoder.channels), np.float32), last=True)


def _rounded(block: _Block) -> Samples:
    rounded: Samples = np.clip(np.rint(block * 32768), -32768, 32767).astype(np.int16)
    return rounded
