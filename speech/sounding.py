"""Tells what of a channel may be speech from silence, the noise of the line and pure tones, without any model.

Everything is decided for frames of 30 ms. A frame sounds when it is louder than the quietest moment of the last ten
seconds. What sounds and is no tone may be speech: it is passed on with a margin before and after it, the rest is not.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from numpy.fft import rfft, rfftfreq

from speech.tones import EDGE, SHORTEST_KEY, SHORTEST_TONE, Flags, Floats, ToneFinder

Mono = npt.NDArray[np.int16]

FRAME_S: Final = 0.03
# Kept around what may be speech: a soft beginning; a fading end, and time for the model to see that it is over.
_BEFORE, _AFTER = 10, 36

# Powers, of full scale. No noise is thought quieter than -70 dB: a mu-law line on which nobody speaks toggles at -72.
_QUIETEST = 10**-7.0
_ABOVE_NOISE = 2.0
# As loud as that even a noise that goes on and on is no silence.
_LOUD = 10**-4.0
_NOTHING = np.float32(1e-12)
# The noise is known by the quietest moment in so many units of frames, and only where there are a few of them.
_UNIT, _UNITS_KNOWN, _UNITS_REMEMBERED = 16, 6, 20
# What the mains hum isn't listened to.
_LOWEST_HZ = 150.0

# From here on nothing that comes later can change what a frame is.
_REACH = EDGE + SHORTEST_TONE
_LOOK_AHEAD, _LOOK_BACK = _BEFORE + _REACH, _AFTER + _REACH


@dataclass(frozen=True)
class Passage:
    """A stretch that may hold speech; `start` is its first sample, counted from the beginning of the channel."""

    start: int
    samples: Mono


class Sieve:
    """One channel, taken as it comes; gives its passages, late by a second, and counts what it saw.

    `sounding_s` is what is louder than the noise of the line, or loud; the other two are parts of it.
    """

    def __init__(self, rate_hz: int) -> None:
        self._ear = _Ear(rate_hz)
        self._width = self._ear.width
        self._rest = np.zeros(0, np.int16)
        # Of each frame whether it is above the noise, loud, going on as a tone, a key.
        self._frames: Flags = np.zeros((4, 0), np.bool_)
        # The frames that are remembered begin with this one, and are decided before that one.
        self._first = self._decided = 0
        self._wanted = _UNITS_KNOWN * _UNIT * self._width
        self._pending: Mono = np.zeros(0, np.int16)
        self.sounding_s = self.tone_s = self.possible_speech_s = 0.0

    def add(self, samples: Mono) -> Iterator[Passage]:
        """The passages that can be told apart by now."""
        self._rest = np.concatenate([self._rest, samples])
        if len(self._rest) >= self._wanted:
            self._wanted = _UNIT * self._width
            yield from self._sifted(len(self._rest) // self._wanted * _UNIT, _LOOK_AHEAD)

    def finish(self) -> Iterator[Passage]:
        """What is left at the end."""
        count = -(-len(self._rest) // self._width)
        yield from self._sifted(count, 0)

    def _sifted(self, count: int, look_ahead: int) -> Iterator[Passage]:
        taken, self._rest = self._rest[: count * self._width], self._rest[count * self._width :]
        self._pending = np.concatenate([self._pending, taken])
        if count:
            self._frames = np.concatenate([self._frames, self._ear.hear(taken)], axis=1)
        above_noise, loud, steady, key = self._frames
        sounding = above_noise | loud
        tone = sounding & (_run(steady, SHORTEST_TONE) | _run(key, SHORTEST_KEY))
        possible = above_noise & ~tone
        new = slice(self._decided - self._first, max(len(possible) - look_ahead, self._decided - self._first))
        self._count(sounding[new], tone[new], possible[new])
        yield from self._passages(_widened(possible, _BEFORE, _AFTER)[new])
        self._forget(new.stop)

    def _count(self, sounding: Flags, tone: Flags, possible: Flags) -> None:
        self.sounding_s += float(np.count_nonzero(sounding)) * FRAME_S
        self.tone_s += float(np.count_nonzero(tone)) * FRAME_S
        self.possible_speech_s += float(np.count_nonzero(possible)) * FRAME_S

    def _passages(self, kept: Flags) -> Iterator[Passage]:
        """The stretches of pending samples whose frames are kept."""
        turns = np.flatnonzero(np.diff(kept, prepend=False, append=False))
        for begin, end in turns.reshape(-1, 2) * self._width:
            samples = self._pending[begin:end]
            yield Passage(self._decided * self._width + int(begin), samples)

    def _forget(self, decided: int) -> None:
        self._pending = self._pending[(self._first + decided - self._decided) * self._width :].copy()
        self._decided = self._first + decided
        old = max(decided - _LOOK_BACK, 0)
        self._frames = self._frames[:, old:]
        self._first += old


class _Ear:
    """Looks at each frame and at what came before it."""

    def __init__(self, rate_hz: int) -> None:
        self.width = round(rate_hz * FRAME_S)
        window = np.hanning(self.width)
        # So that the power of a full-scale square wave is 1.
        self._window = (window / np.sqrt(self.width / 2 * np.sum(window**2)) / 32768).astype(np.float32)
        hz = rfftfreq(self.width, 1 / rate_hz).astype(np.float32)
        self._lowest = int(np.searchsorted(hz, _LOWEST_HZ))
        self._tones = ToneFinder(hz[self._lowest :])
        self._quietest: deque[float] = deque(maxlen=_UNITS_REMEMBERED)
        self._powers: Floats | None = None

    def hear(self, samples: Mono) -> Flags:
        """Four rows: whether each frame is above the noise, is loud, goes on as a tone, and is a key."""
        missing = -len(samples) % self.width
        frames = np.pad(samples, (0, missing)).reshape(-1, self.width)
        found = rfft(frames * self._window)[:, self._lowest :]
        spectrum = found.real**2 + found.imag**2
        powers = spectrum.sum(axis=1) + _NOTHING
        level = self._smoothed(powers)
        noise = np.repeat(self._noise(level), _UNIT)[: len(level)]
        return np.vstack([level > noise * _ABOVE_NOISE, level > _LOUD, self._tones.find(spectrum, powers, noise)])

    def _smoothed(self, powers: Floats) -> Floats:
        """The mean of three frames each."""
        before = self._powers if self._powers is not None else powers[:1].repeat(2)
        row = np.concatenate([before, powers])
        self._powers = row[-2:]
        smoothed: Floats = (row[2:] + row[1:-1] + row[:-2]) / 3
        return smoothed

    def _noise(self, level: Floats) -> list[float]:
        """For each unit. The first units know of each other, so that a noisy line isn't sound until it is known."""
        quietest = [float(level[first : first + _UNIT].min()) for first in range(0, len(level), _UNIT)]
        if not self._quietest:
            known = len(quietest) >= _UNITS_KNOWN
            self._quietest.extend(quietest[:_UNITS_KNOWN] if known else [_QUIETEST])
        noise = []
        for unit in quietest:
            self._quietest.append(unit)
            noise.append(max(min(self._quietest), _QUIETEST))
        return noise


def _widened(flags: Flags, before: int, after: int) -> Flags:
    """True wherever one of the flags is, and so many places before and after it."""
    count = np.concatenate([[0], np.cumsum(flags)])
    places = np.arange(len(flags))
    found: Flags = count[np.minimum(places + before + 1, len(flags))] > count[np.maximum(places - after, 0)]
    return found


def _run(flags: Flags, shortest: int) -> Flags:
    """The runs of at least so many, and their edges."""
    count = np.concatenate([np.zeros(shortest, np.intp), np.cumsum(flags)])
    ends: Flags = count[shortest:] - count[:-shortest] == shortest
    return _widened(ends, shortest - 1 + EDGE, EDGE)
