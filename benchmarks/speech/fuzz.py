"""Breaks good recordings in every way that chance finds, and looks what becomes of those who hear them.

Each broken file is heard by a process of its own with little time and memory. It must end with a transcript or with a
typed error: anything else is a crash, a hang or a flood.
"""

import io
import os
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from benchmarks.figures import Figure, at_most
from benchmarks.speech import apart, calls
from speech.audio import AudioError, Limits
from speech.recognizer import Recognizer

FILES = 500
SEED = 20261122
KINDS = (
    ("WAV", "PCM_U8"),
    ("WAV", "PCM_16"),
    ("WAV", "PCM_24"),
    ("WAV", "PCM_32"),
    ("WAV", "FLOAT"),
    ("WAV", "ULAW"),
    ("WAV", "ALAW"),
    ("MP3", "MPEG_LAYER_III"),
    ("OGG", "VORBIS"),
    ("OGG", "OPUS"),
    ("FLAC", "PCM_16"),
)
_LIMIT_S = 60
_ROOM_MIB = 400
_MOST_MIB = 500
_HEADER = 64
_WILD = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\x80", b"\1\0\0\0", b"RIFF", b"OggS", b"data")


@dataclass(frozen=True)
class Broken:
    """A file that was a recording, and how it was broken."""

    kind: str
    how: str
    data: bytes


@dataclass(frozen=True)
class Ending:
    """What became of it: `state` is transcript, the name of a typed error, or what must not be."""

    broken: Broken
    state: str
    is_clear: bool
    peak_mib: float


def figures() -> Iterator[Figure]:
    seen = endings(FILES, SEED)
    unclear = [ending for ending in seen if not ending.is_clear]
    for ending in unclear:
        print(f"  {ending.state}: {ending.broken.kind}, {ending.broken.how}")
    states = Counter(ending.state for ending in seen)
    yield Figure(f"of {FILES} broken files, without a clear end", len(unclear), "", at_most(0), dict(states))
    most = max(ending.peak_mib for ending in seen)
    yield Figure("most memory that one of them took", most, "MiB", at_most(_MOST_MIB))


def endings(count: int, seed: int) -> list[Ending]:
    """What became of so many broken files.

    What the caller's process holds counts as theirs: it passes to the children that hear them.
    """
    recognizer = Recognizer.load(calls.MODEL)
    return [heard(recognizer, broken) for broken in broken_files(count, seed)]


def broken_files(count: int, seed: int) -> Iterator[Broken]:
    """So many of them, of each kind in turn; the same seed breaks them in the same way.

    OGG files have a number by chance that libsndfile writes into them, so their bytes differ from one run to the next.
    """
    chance = random.Random(seed)  # noqa: S311 - what is drawn must be drawn again
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        data, done = bytearray(_good(*kind)), []
        for _ in range(chance.choice((1, 1, 1, 2, 4))):
            how = chance.choice(list(_WAYS))
            _WAYS[how](data, chance)
            done.append(how)
        yield Broken("/".join(kind), ", then ".join(done), bytes(data))


def heard(recognizer: Recognizer, broken: Broken) -> Ending:
    """Let a process of its own hear it."""

    def hear() -> str:
        _be_silent()
        try:
            recognizer.transcribe(io.BytesIO(broken.data), limits=Limits(max_duration_s=600))
        except AudioError as error:
            return type(error).__name__
        return "transcript"

    outcome = apart.run(hear, _LIMIT_S, _ROOM_MIB)
    state = outcome.answer or f"ended by signal {outcome.signal}"
    is_clear = outcome.answer is not None and outcome.peak_mib < _MOST_MIB
    return Ending(broken, state, is_clear, outcome.peak_mib)


@cache
def _good(kind: str, subtype: str) -> bytes:
    return calls.file_of(calls.speech(3), kind, subtype).getvalue()


def _be_silent() -> None:
    """The decoder of MP3 says on standard error what it thinks of such files."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def _cut(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(len(data) + 1) :]


def _cut_early(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(_HEADER * 4) :]


def _flip(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 10, 200))):
        if data:
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _overwrite_header(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 3))):
        at = chance.randrange(_HEADER)
        data[at : at + 4] = chance.choice(_WILD)


def _overwrite(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data) + 1)
    data[at : at + 2000] = chance.randbytes(chance.randrange(1, 2000))


def _blank(data: bytearray, chance: random.Random) -> None:
    at, size = chance.randrange(len(data) + 1), chance.randrange(1, 5000)
    data[at : at + size] = bytes(len(data[at : at + size]))


def _remove(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data) + 1)
    del data[at : at + chance.randrange(1, 5000)]


def _repeat(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data) + 1)
    data[at:at] = data[at : at + chance.randrange(1, 5000)] * chance.randrange(1, 20)


def _behind_another(data: bytearray, chance: random.Random) -> None:
    data[:0] = chance.choice((b"ID3\4\0\0\x7f\x7f\x7f\x7f", b"\0" * 512, bytes(data[:_HEADER]), b"\xff\xfb"))


_WAYS: Mapping[str, Callable[[bytearray, random.Random], None]] = {
    "cut off": _cut,
    "cut off at its beginning": _cut_early,
    "bits turned over": _flip,
    "wild numbers in its header": _overwrite_header,
    "chance in its middle": _overwrite,
    "zeros in its middle": _blank,
    "a part missing": _remove,
    "a part repeated": _repeat,
    "something before it": _behind_another,
}
