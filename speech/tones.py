"""Tells the telephone's own tones from everything else: ringing, busy, a fax that calls, keys that are pressed.

A tone is one or two lines of the spectrum and nothing beside them but the noise of the line. A voice that hums nearly
is one too, so a tone must also lie above where voices have their pitch, and stay exactly as it is for a fifth of a
second; the tones of keys are shorter, but known by their frequencies (ITU-T Q.23).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
Flags = npt.NDArray[np.bool_]

# In frames of 30 ms: the shortest of either kind, and how far a tone reaches beyond the frames that it fills.
SHORTEST_TONE: Final = 6
SHORTEST_KEY: Final = 1
EDGE: Final = 3

# The window makes a line five bins wide. The squares of the bins' shares of one line add up to a half, of two lines as
# strong to at least 0.22, and less with noise: what is spread further needs no closer look.
_LINE = np.arange(-2, 3)
_CONCENTRATED = 0.17
_REST = 0.004
_REST_IN_NOISE, _MOST_NOISE = 3.0, 0.1
_LOWEST_HZ = 340.0
_STEADY_HZ, _STEADY_DB = 12.0, 1.5

_LOW_KEYS_HZ = np.array([697.0, 770.0, 852.0, 941.0])
_HIGH_KEYS_HZ = np.array([1209.0, 1336.0, 1477.0, 1633.0])
_KEY_TOLERANCE = 0.025
# The weaker of a key's two lines has at least this part of the stronger one's power.
_KEY_TWIST = 0.1


class ToneFinder:
    """One channel's frames as they come; what it remembers is the last of them."""

    def __init__(self, hz: Floats) -> None:
        self._hz = hz
        self._last = np.full((1, 2), np.nan)

    def find(self, spectrum: Floats, powers: Floats, noise: Floats) -> Flags:
        """Which frames are part of a tone; `hz` names the columns of `spectrum`, `noise` is a power as `powers` are.

        Gives two rows: a frame that goes on as the one before it, and one that is a key.
        """
        found = np.zeros((2, len(powers)), np.bool_)
        # The centre of its lines and the level of each frame that is a tone.
        tones = np.full((len(powers), 2), np.nan)
        frames = np.flatnonzero(np.einsum("ij,ij->i", spectrum, spectrum) >= _CONCENTRATED * powers**2)
        if frames.size:
            line_hz, line_power = self._lines(spectrum[frames])
            power = powers[frames]
            rest = power - line_power.sum(axis=1)
            allowed = _REST * power + np.minimum(_REST_IN_NOISE * noise[frames], _MOST_NOISE * power)
            is_pure = (rest <= allowed) & (line_hz[:, 0] >= _LOWEST_HZ)
            tones[frames, 0] = np.where(is_pure, (line_hz * line_power).sum(axis=1) / line_power.sum(axis=1), np.nan)
            tones[frames, 1] = 10 * np.log10(power)
            found[1, frames] = is_pure & _is_key(line_hz, line_power)
        change = np.abs(np.diff(tones, axis=0, prepend=self._last))
        self._last = tones[-1:]
        found[0] = (change[:, 0] < _STEADY_HZ) & (change[:, 1] < _STEADY_DB)
        return found

    def _lines(self, spectrum: Floats) -> tuple[Floats, Floats]:
        """Where each frame's two strongest lines are, and their power; the stronger one comes first."""
        others = np.pad(spectrum, ((0, 0), (2, 2)))
        hz = np.pad(self._hz, 2)
        rows = np.arange(len(spectrum))[:, None]
        line_hz, line_power = [], []
        for _ in range(2):
            bins = np.clip(others.argmax(axis=1), 2, len(hz) - 3)[:, None] + _LINE
            line = others[rows, bins]
            line_power.append(line.sum(axis=1))
            line_hz.append((line * hz[bins]).sum(axis=1) / np.maximum(line_power[-1], np.float32(1e-20)))
            others[rows, bins] = 0
        return np.stack(line_hz, axis=1), np.stack(line_power, axis=1)


def _is_key(line_hz: Floats, line_power: Floats) -> Flags:
    low, high = line_hz.min(axis=1)[:, None], line_hz.max(axis=1)[:, None]
    is_low = (np.abs(low / _LOW_KEYS_HZ - 1) < _KEY_TOLERANCE).any(axis=1)
    is_high = (np.abs(high / _HIGH_KEYS_HZ - 1) < _KEY_TOLERANCE).any(axis=1)
    found: Flags = is_low & is_high & (line_power[:, 1] > _KEY_TWIST * line_power[:, 0])
    return found
