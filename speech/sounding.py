"""Tells what of a channel may be speech from silence, the noise of the line and pure tones, without any model.

Everything is decided for frames of 30 ms. A frame sounds when it is louder than the quietest moment of the last ten
seconds. A tone is one or two lines of the spectrum that stay as they are; no voice does that for long. What may be
speech is passed on with a margin before and after it, everything else is dropped.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Mono = npt.NDArray[np.int16]
_Floats = npt.NDArray[np.floating]
_Flags = npt.NDArray[np.bool_]

FRAME_S: Final = 0.03
# Kept around what may be speech: a soft beginning; a fading end, and time for the model to see that it is over.
_BEFORE, _AFTER = 10, 24

# Nothing quieter is sound: a mu-law line on which nobody speaks toggles at -72 dB of full scale.
_QUIETEST_DB = -70.0
_ABOVE_NOISE_DB = 3.0
# The noise is known by the quietest moment in so many units of frames, and only where there are a few of them.
_UNIT, _UNITS_KNOWN, _UNITS_REMEMBERED = 16, 6, 20
# What the mains hum isn't listened to.
_LOWEST_HZ = 150.0

# The window makes a line of the spectrum five bins wide.
_LINE = np.arange(-2, 3)
_PURE = 0.97
_STEADY_HZ, _STEADY_DB = 12.0, 1.5
_SHORTEST_TONE = 8
# Where a tone begins and ends it is no line; besides, levels are smoothed over three frames.
_EDGE = 3
# From here on nothing that comes later can change what a frame is.
_LOOK_AHEAD = _BEFORE + _EDGE + _SHORTEST_TONE
_LOOK_BACK = _AFTER + _EDGE + _SHORTEST_TONE


@dataclass(frozen=True)
class Passage:
    """A stretch that may hold speech; `start` is its first sample, counted from the beginning of the channel."""

    start: int
    samples: Mono


class Sieve:
    """One channel, taken as it comes; gives its passages, late by less than a second, and counts what it saw."""

    def __init__(self, rate_hz: int) -> None:
        self._ear = _Ear(rate_hz)
        self._width = self._ear.width
        self._rest = np.zeros(0, np.int16)
        self._sounding: _Flags = np.zeros(0, np.bool_)
        self._steady: _Flags = np.zeros(0, np.bool_)
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
        sounding, steady = self._ear.hear(taken)
        self._sounding = np.concatenate([self._sounding, sounding])
        self._steady = np.concatenate([self._steady, steady])
        tone = self._sounding & _widened(_lasting(self._steady, _SHORTEST_TONE), _EDGE, _EDGE)
        possible = self._sounding & ~tone
        new = slice(self._decided - self._first, max(len(possible) - look_ahead, self._decided - self._first))
        self._count(self._sounding[new], tone[new], possible[new])
        kept = _widened(possible, _BEFORE, _AFTER)[new]
        yield from self._passages(kept)
        self._forget(new.stop)

    def _count(self, sounding: _Flags, tone: _Flags, possible: _Flags) -> None:
        self.sounding_s += float(np.count_nonzero(sounding)) * FRAME_S
        self.tone_s += float(np.count_nonzero(tone)) * FRAME_S
        self.possible_speech_s += float(np.count_nonzero(possible)) * FRAME_S

    def _passages(self, kept: _Flags) -> Iterator[Passage]:
        """The stretches of pending samples whose frames are kept."""
        turns = np.flatnonzero(np.diff(kept, prepend=False, append=False))
        for begin, end in turns.reshape(-1, 2) * self._width:
            samples = self._pending[begin:end]
            yield Passage(self._decided * self._width + int(begin), samples)

    def _forget(self, decided: int) -> None:
        self._pending = self._pending[(self._first + decided - self._decided) * self._width :].copy()
        self._decided = self._first + decided
        old = max(decided - _LOOK_BACK, 0)
        self._sounding, self._steady = self._sounding[old:], self._steady[old:]
        self._first += old


class _Ear:
    """Looks at each frame and at the ones before it: does it sound, and does it go on as a pure tone?"""

    def __init__(self, rate_hz: int) -> None:
        self.width = round(rate_hz * FRAME_S)
        self._window = np.hanning(self.width).astype(np.float32) / 32768
        self._hz = np.fft.rfftfreq(self.width, 1 / rate_hz).astype(np.float32)
        self._lowest = int(np.searchsorted(self._hz, _LOWEST_HZ))
        self._full_scale = self.width / 2 * float(np.sum(self._window**2)) * 32768**2
        self._quietest: deque[float] = deque(maxlen=_UNITS_REMEMBERED)
        self._powers: _Floats | None = None
        self._last_tone = (np.float32(0), np.float32(0), np.False_)

    def hear(self, samples: Mono) -> tuple[_Flags, _Flags]:
        """For each frame whether it sounds, and whether it is the same tone as the one before it."""
        if not len(samples):
            return np.zeros(0, np.bool_), np.zeros(0, np.bool_)
        spectrum = self._spectrum(samples)
        powers = spectrum.sum(axis=1)
        return self._sounding(powers), self._steady(spectrum, powers)

    def _spectrum(self, samples: Mono) -> _Floats:
        missing = -len(samples) % self.width
        frames = np.pad(samples, (0, missing)).reshape(-1, self.width) * self._window
        found = np.fft.rfft(frames)[:, self._lowest :]
        power: _Floats = (found.real**2 + found.imag**2) / self._full_scale
        return power + np.float32(1e-12)

    def _sounding(self, powers: _Floats) -> _Flags:
        before = self._powers if self._powers is not None else powers[:1].repeat(2)
        row = np.concatenate([before, powers])
        self._powers = row[-2:]
        level_db = 10 * np.log10((row[2:] + row[1:-1] + row[:-2]) / 3)
        noise_db = np.repeat(self._noise_db(level_db), _UNIT)[: len(level_db)]
        sounding: _Flags = level_db > noise_db + _ABOVE_NOISE_DB
        return sounding

    def _noise_db(self, level_db: _Floats) -> list[float]:
        """For each unit. The first units know of each other, so that a noisy line isn't sound until it is known."""
        quietest = [float(level_db[first : first + _UNIT].min()) for first in range(0, len(level_db), _UNIT)]
        if not self._quietest:
            known = len(quietest) >= _UNITS_KNOWN
            self._quietest.extend(quietest[:_UNITS_KNOWN] if known else [_QUIETEST_DB])
        noise_db = []
        for level in quietest:
            self._quietest.append(level)
            noise_db.append(max(min(self._quietest), _QUIETEST_DB))
        return noise_db

    def _steady(self, spectrum: _Floats, powers: _Floats) -> _Flags:
        centre_hz = spectrum @ self._hz[self._lowest :] / powers
        level_db = 10 * np.log10(powers)
        pure = _in_two_lines(spectrum) >= _PURE * powers
        hz, db, was_pure = self._last_tone
        self._last_tone = centre_hz[-1], level_db[-1], pure[-1]
        steady: _Flags = (
            pure
            & np.concatenate([[was_pure], pure[:-1]])
            & (np.abs(np.diff(centre_hz, prepend=hz)) < _STEADY_HZ)
            & (np.abs(np.diff(level_db, prepend=db)) < _STEADY_DB)
        )
        return steady


def _in_two_lines(spectrum: _Floats) -> _Floats:
    """How much of each frame's power lies in its two strongest lines."""
    others = spectrum.copy()
    rows = np.arange(len(spectrum))[:, None]
    found = np.zeros(len(spectrum), spectrum.dtype)
    for _ in range(2):
        line = np.clip(others.argmax(axis=1)[:, None] + _LINE, 0, spectrum.shape[1] - 1)
        line_power = others[rows, line]
        # At the rim a bin is named twice.
        line_power[:, 1:][line[:, 1:] == line[:, :-1]] = 0
        found += line_power.sum(axis=1)
        others[rows, line] = 0
    return found


def _widened(flags: _Flags, before: int, after: int) -> _Flags:
    """True wherever one of the flags is, and so many places before and after it."""
    count = np.concatenate([[0], np.cumsum(flags)])
    places = np.arange(len(flags))
    found: _Flags = count[np.minimum(places + before + 1, len(flags))] > count[np.maximum(places - after, 0)]
    return found


def _lasting(flags: _Flags, shortest: int) -> _Flags:
    """Only the runs of at least that many."""
    count = np.concatenate([np.zeros(shortest, np.intp), np.cumsum(flags)])
    ends: _Flags = count[shortest:] - count[:-shortest] == shortest
    return _widened(ends, shortest - 1, 0)
