"""What one side of a call sounds like over time, and where in it somebody is heard."""

from dataclasses import dataclass
from threading import Lock

import numpy as np

from sandbox.voice import SAMPLE_RATE_HZ, Samples

_FRAME = SAMPLE_RATE_HZ // 50
_VOICE_LEVEL = 200.0
_KEPT_AROUND_VOICE_S = 0.25


@dataclass(frozen=True)
class _Piece:
    start_s: float
    samples: Samples

    @property
    def end_s(self) -> float:
        return self.start_s + len(self.samples) / SAMPLE_RATE_HZ


class Track:
    """Pieces of sound at their moments of a call; pieces may still be added while others listen."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._pieces: list[_Piece] = []
        self._voice: list[tuple[float, float]] = []

    def add(self, start_s: float, samples: Samples) -> float:
        """Lay a sound down at `start_s`; the moment when it ends."""
        piece = _Piece(start_s, samples)
        with self._lock:
            self._pieces.append(piece)
            self._voice.extend((start_s + a, start_s + b) for a, b in _voiced(samples))
            self._voice.sort()
        return piece.end_s

    def silence_from(self, start_s: float, timeout_s: float) -> float:
        """When nothing will have been heard for `timeout_s`, as far as is known now."""
        heard_until = start_s
        with self._lock:
            for begins, ends in self._voice:
                if begins - heard_until >= timeout_s:
                    break
                heard_until = max(heard_until, ends)
        return heard_until + timeout_s

    def is_voiced(self, start_s: float, end_s: float) -> bool:
        """Whether anybody is heard between two moments."""
        with self._lock:
            return any(begins < end_s and ends > start_s for begins, ends in self._voice)

    def cut(self, start_s: float, end_s: float) -> Samples:
        """The sound between two moments; where nothing was laid down there is silence."""
        length = max(0, round((end_s - start_s) * SAMPLE_RATE_HZ))
        mixed = np.zeros(length, np.int32)
        with self._lock:
            pieces = list(self._pieces)
        for piece in pieces:
            offset = round((piece.start_s - start_s) * SAMPLE_RATE_HZ)
            first, last = max(0, offset), min(length, offset + len(piece.samples))
            if first < last:
                mixed[first:last] += piece.samples[first - offset : last - offset]
        return np.clip(mixed, -32768, 32767).astype(np.int16)


def trim_silence(samples: Samples) -> Samples:
    """A sound without the silence before the first and after the last voice; empty if there is none."""
    runs = _voiced(samples)
    if not runs:
        return samples[:0]
    first = max(0, int((runs[0][0] - _KEPT_AROUND_VOICE_S) * SAMPLE_RATE_HZ))
    last = int((runs[-1][1] + _KEPT_AROUND_VOICE_S) * SAMPLE_RATE_HZ)
    return samples[first:last]


def _voiced(samples: Samples) -> list[tuple[float, float]]:
    """The stretches (in seconds) in which the sound is louder than a quiet line."""
    frames = len(samples) // _FRAME
    if not frames:
        return []
    power = np.square(samples[: frames * _FRAME].astype(np.float64)).reshape(frames, _FRAME).mean(axis=1)
    loud = np.concatenate([[False], np.sqrt(power) > _VOICE_LEVEL, [False]]).astype(np.int8)
    edges = np.flatnonzero(np.diff(loud)) * _FRAME / SAMPLE_RATE_HZ
    return [(float(begin), float(end)) for begin, end in zip(edges[::2], edges[1::2], strict=True)]
