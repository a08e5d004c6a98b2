"""Generated sounds and files of them."""

import io
from collections.abc import Sequence

import numpy as np
import soundfile


def tone(seconds: float = 1.0, rate_hz: int = 8000, channels: int = 1, hz: float = 440) -> np.ndarray:
    """A sine at half of full scale, of shape (frames, channels)."""
    wave = 0.5 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate_hz)) / rate_hz)
    return np.tile(wave[:, None], (1, channels)).astype(np.float32)


def recording(samples: np.ndarray, rate_hz: int = 8000, kind: str = "WAV", subtype: str | None = None) -> io.BytesIO:
    """The samples as a file in memory."""
    file = io.BytesIO()
    soundfile.write(file, samples, rate_hz, format=kind, subtype=subtype)
    file.seek(0)
    return file


def line_noise(seconds: float, level: float, rate_hz: int = 8000) -> np.ndarray:
    """White noise of this level, the same each time."""
    noise = np.random.default_rng(7).normal(0, 1, (round(seconds * rate_hz), 1))
    return (level * noise).astype(np.float32)


def bursts(lines_hz: Sequence[float], on_s: float, off_s: float, seconds: float = 20) -> np.ndarray:
    """Tones on and off, as an exchange or a fax makes them."""
    whole = sum(tone(seconds, hz=hz) for hz in lines_hz) / len(lines_hz)
    at = np.arange(len(whole)) / 8000 % (on_s + off_s)
    return np.where(at[:, None] < on_s, whole, 0).astype(np.float32)


def keys(pressed: str, on_s: float, off_s: float) -> np.ndarray:
    """Keys of a telephone, one after the other."""
    pause = np.zeros((round(off_s * 8000), 1), np.float32)
    sounds = [pause] * 10
    for key in pressed:
        row, column = divmod("123A456B789C*0#D".index(key), 4)
        low, high = tone(on_s, hz=(697, 770, 852, 941)[row]), tone(on_s, hz=(1209, 1336, 1477, 1633)[column])
        sounds += [(low + high) / 2, pause]
    return np.concatenate(sounds + [pause] * 10)


def voice(seconds: float, pitch_hz: float = 120, wander: float = 0.1) -> np.ndarray:
    """Something like a voice: harmonics below three formants that change five times a second, with short closures."""
    at = np.arange(round(seconds * 8000)) / 8000
    phase = 2 * np.pi * np.cumsum(pitch_hz * (1 + wander * np.sin(2 * np.pi * 0.7 * at))) / 8000
    whole = np.zeros(len(at))
    for number in range(1, int(3400 / pitch_hz)):
        hz = number * pitch_hz
        gain = sum(
            1 / (1 + ((hz - middle * (1 + 0.3 * np.sin(2 * np.pi * turn * at))) / 90) ** 2)
            for middle, turn in ((500, 5), (1400, 3.1), (2500, 4.3))
        )
        whole += gain * np.sin(number * phase)
    whole *= np.where(at % 0.4 < 0.06, 0.03, 1)
    return (0.3 * whole / np.abs(whole).max())[:, None].astype(np.float32)
