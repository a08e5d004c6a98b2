"""A telephone line as it may be: band, handset, echo, noise, hum, level, G.711."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from speech.demo_model.training.features import RATE_HZ, Sound

_FULL_SCALE = 32768.0
_MU = 255.0
_A = 87.6
_EDGE_HZ = 120.0
_TINY = 1e-9
_ROUND_LENGTH = 2048


@dataclass(frozen=True)
class Noise:
    """A long piece of other people talking, for lines in busy rooms."""

    babble: Sound


def carry(samples: NDArray[np.int16], rate_hz: float, noise: Noise, chance: Generator) -> Sound:
    """The samples as some line delivers them at 8 kHz, in the range of 16-bit samples."""
    low = chance.uniform(60, 350) if chance.random() < 0.85 else 0.0
    sound = _normal(resample(samples.astype(np.float64), rate_hz, low, chance.uniform(3200, 3800)))
    if chance.random() < 0.5:
        sound = _normal(_tilt(sound, chance.uniform(-0.5, 0.5)))
    if chance.random() < 0.25:
        sound = _echo(sound, chance)
    power = float(np.sqrt(np.mean(sound**2))) + _TINY
    if chance.random() < 0.75:
        sound = sound + _background(len(sound), noise, chance) * power * 10 ** (-chance.uniform(3, 35) / 20)
    if chance.random() < 0.1:
        sound = sound + power * 0.1 * np.sin(2 * np.pi * 50 * chance.integers(1, 4) * np.arange(len(sound)) / RATE_HZ)
    return _coded(_normal(sound) * 10 ** (-chance.uniform(1, 26) / 20), chance)


def resample(sound: Sound, rate_hz: float, low_hz: float, high_hz: float) -> Sound:
    """To 8 kHz and this band, with soft edges and without delay."""
    # Fourier transforms of round lengths are several times faster.
    sound = np.pad(sound, (0, -len(sound) % _ROUND_LENGTH))
    size = round(len(sound) * RATE_HZ / rate_hz)
    spectrum = np.fft.rfft(sound)
    hertz = np.arange(len(spectrum)) * rate_hz / len(sound)
    inside = np.clip((hertz - low_hz) / _EDGE_HZ + 0.5, 0, 1) * np.clip((high_hz - hertz) / _EDGE_HZ + 0.5, 0, 1)
    spectrum = spectrum * (0.5 - 0.5 * np.cos(np.pi * inside))
    kept = np.zeros(size // 2 + 1, complex)
    kept[: len(spectrum)] = spectrum[: len(kept)]
    return np.asarray(np.fft.irfft(kept, size) * (size / len(sound)), np.float64)


def coloured(size: int, slope: float, chance: Generator) -> Sound:
    """Noise of power 1 whose spectrum falls with this power of the frequency."""
    spectrum = np.fft.rfft(chance.standard_normal(size))
    hertz = np.maximum(np.arange(len(spectrum)) * RATE_HZ / size, 20.0)
    return _of_power_one(np.fft.irfft(spectrum * hertz**slope, size))


def _background(size: int, noise: Noise, chance: Generator) -> Sound:
    kind = chance.integers(4)
    if kind == 0 and len(noise.babble) > size:
        start = int(chance.integers(len(noise.babble) - size))
        return _of_power_one(noise.babble[start : start + size])
    return coloured(size, (-0.5, 0.0, -0.5, -1.0)[kind], chance)


def _tilt(sound: Sound, slope: float) -> Sound:
    spectrum = np.fft.rfft(sound)
    kilohertz = np.maximum(np.arange(len(spectrum)) * RATE_HZ / len(sound), 50) / 1000
    return np.asarray(np.fft.irfft(spectrum * kilohertz**slope, len(sound)), np.float64)


def _echo(sound: Sound, chance: Generator) -> Sound:
    heard = sound.copy()
    for _ in range(chance.integers(1, 3)):
        delay = int(chance.uniform(0.004, 0.03) * RATE_HZ)
        heard[delay:] += chance.uniform(0.1, 0.4) * sound[:-delay]
    return heard


def _coded(sound: Sound, chance: Generator) -> Sound:
    """G.711 as it is in most of the world (mu-law at our carrier, A-law in China), or nothing."""
    kind = chance.random()
    if kind < 0.55:
        squeezed = np.log1p(_MU * np.abs(sound)) / np.log1p(_MU)
        steps = np.round(squeezed * 127) / 127
        coded = (np.power(1 + _MU, steps) - 1) / _MU
    elif kind < 0.85:
        coded = _a_law(np.abs(sound))
    else:
        coded = np.abs(sound)
    whole = np.round(np.sign(sound) * coded * _FULL_SCALE)
    return np.asarray(np.clip(whole, -_FULL_SCALE, _FULL_SCALE - 1), np.float64)


def _a_law(size: Sound) -> Sound:
    scale = 1 + np.log(_A)
    squeezed = np.where(size < 1 / _A, _A * size / scale, (1 + np.log(np.maximum(_A * size, 1.0))) / scale)
    steps = np.round(squeezed * 127) / 127
    return np.asarray(np.where(steps < 1 / scale, steps * scale / _A, np.exp(steps * scale - 1) / _A), np.float64)


def _normal(sound: Sound) -> Sound:
    return np.asarray(sound / (np.abs(sound).max(initial=0.0) + _TINY), np.float64)


def _of_power_one(sound: Sound) -> Sound:
    return np.asarray(sound / (sound.std() + _TINY), np.float64)
