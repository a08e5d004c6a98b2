"""Generated sounds and files of them."""

import io

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
