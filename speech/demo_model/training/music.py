"""Sounds on a line that are nobody's words: tunes, ringing, keys, machines."""

from collections.abc import Callable

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from speech.demo_model.training.features import RATE_HZ, Sound

_KEY_ROWS_HZ = (697, 770, 852, 941)
_KEY_COLUMNS_HZ = (1209, 1336, 1477, 1633)
_RINGING_HZ = ((450,), (440, 480), (425,), (400, 450))


def a_piece(chance: Generator) -> NDArray[np.int16]:
    """A few seconds of something; in the range of 16-bit samples, at 8 kHz."""
    kinds: tuple[Callable[[Generator], Sound], ...] = (_tune, _tune, _ringing, _keys, _machine)
    sound = kinds[chance.integers(len(kinds))](chance)
    return np.asarray(20000 * sound / (np.abs(sound).max() + 1e-9), np.int16)


def _tune(chance: Generator) -> Sound:
    """Chords whose notes decay, as of a piano or organ, each with its overtones."""
    beat_s = chance.uniform(0.15, 0.6)
    decay = chance.uniform(0.5, 6)
    overtones = int(chance.integers(2, 7))
    root = chance.uniform(110, 330)
    scale = np.array([0, 2, 4, 7, 9, 12, 14, 16])
    beats = []
    for _ in range(int(chance.uniform(2, 6) / beat_s)):
        time = np.arange(int(beat_s * RATE_HZ)) / RATE_HZ
        notes = root * 2 ** (chance.choice(scale, int(chance.integers(1, 4))) / 12)
        beat = sum((_note(note, time, overtones) for note in notes), np.zeros(len(time)))
        beats.append(beat * np.exp(-decay * time))
    return np.concatenate(beats)


def _note(hertz: float, time: Sound, overtones: int) -> Sound:
    parts = [np.sin(2 * np.pi * hertz * number * time) / number for number in range(1, overtones + 1)]
    return np.asarray(sum(parts), np.float64)


def _ringing(chance: Generator) -> Sound:
    tones = _RINGING_HZ[chance.integers(len(_RINGING_HZ))]
    on_s, off_s = chance.uniform(0.3, 1.5), chance.uniform(0.2, 2)
    one = np.concatenate([_tones(tones, on_s), np.zeros(int(off_s * RATE_HZ))])
    return np.tile(one, int(chance.integers(1, 4)))


def _keys(chance: Generator) -> Sound:
    presses = []
    for _ in range(chance.integers(2, 12)):
        pair = (int(chance.choice(_KEY_ROWS_HZ)), int(chance.choice(_KEY_COLUMNS_HZ)))
        presses += [_tones(pair, chance.uniform(0.06, 0.3)), np.zeros(int(chance.uniform(0.05, 0.3) * RATE_HZ))]
    return np.concatenate(presses)


def _machine(chance: Generator) -> Sound:
    """A fax or modem: a tone that is switched between two pitches, or sweeps."""
    steps = np.repeat(chance.choice([1100.0, 1300.0, 1650.0, 1850.0, 2100.0], 400), int(chance.integers(30, 200)))
    pitch = steps[: int(chance.uniform(1, 4) * RATE_HZ)] * chance.uniform(0.7, 1.3)
    if chance.random() < 0.4:
        pitch = np.linspace(chance.uniform(300, 3000), chance.uniform(300, 3000), len(pitch))
    return np.asarray(np.sin(2 * np.pi * np.cumsum(pitch) / RATE_HZ), np.float64)


def _tones(hertz: tuple[int, ...], seconds: float) -> Sound:
    time = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    return np.asarray(sum(np.sin(2 * np.pi * tone * time) for tone in hertz), np.float64)
