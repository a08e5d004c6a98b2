"""The outline of a recording for drawing it: the loudest sample of each short stretch, in constant memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from speech.audio import Samples

MAX_BINS = 8192
_FINEST_PER_SECOND = 50
_FULL_SCALE = 32768
_LOUDEST = 255

_Bins = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Peaks:
    """`channels` hold one byte for each of `per_second` stretches of a second, 0 to 255 of full scale."""

    per_second: float
    channels: tuple[bytes, ...]


class PeakMeter:
    """Takes a recording block by block; where its bins run out, every two become one of twice the length."""

    def __init__(self) -> None:
        self._rate_hz = 0
        self._width = 0
        self._bins: list[_Bins] = []
        self._count = 0
        self._rest: Samples | None = None

    def add(self, block: Samples, rate_hz: int) -> None:
        """The next samples, of shape (frames, channels); all blocks of a recording have the same rate."""
        if not self._width:
            self._rate_hz, self._width = rate_hz, max(round(rate_hz / _FINEST_PER_SECOND), 1)
            self._bins = [np.zeros(MAX_BINS, np.uint8) for _ in range(block.shape[1])]
        if self._rest is not None:
            block = np.concatenate([self._rest, block])
        self._rest = self._taken(block)

    def peaks(self) -> Peaks:
        """The outline of what came so far; a last stretch that isn't full counts as one."""
        per_second = self._rate_hz / self._width if self._width else float(_FINEST_PER_SECOND)
        whole = [bins[: self._count].tobytes() for bins in self._bins]
        if self._rest is None or not len(self._rest):
            return Peaks(per_second, tuple(whole))
        last = _loudest(self._rest[None])[0]
        return Peaks(per_second, tuple(bins + bytes([peak]) for bins, peak in zip(whole, last, strict=True)))

    def _taken(self, block: Samples) -> Samples:
        """Fill the bins; what is left doesn't fill one."""
        while count := min(len(block) // self._width, MAX_BINS - self._count):
            used = count * self._width
            found = _loudest(block[:used].reshape(count, self._width, -1))
            for bins, peaks in zip(self._bins, found.T, strict=True):
                bins[self._count : self._count + count] = peaks
            self._count += count
            block = block[used:]
            if self._count == MAX_BINS:
                self._merge()
        return block.copy()

    def _merge(self) -> None:
        self._count //= 2
        self._width *= 2
        for bins in self._bins:
            bins[: self._count] = bins.reshape(-1, 2).max(axis=1)


def _loudest(stretches: npt.NDArray[np.int16]) -> _Bins:
    """The peak of each stretch and channel, of samples of shape (stretches, frames, channels)."""
    highest = stretches.max(axis=1).astype(np.int32)
    lowest = stretches.min(axis=1).astype(np.int32)
    level: _Bins = (np.maximum(highest, -lowest) * _LOUDEST // _FULL_SCALE).astype(np.uint8)
    return level
