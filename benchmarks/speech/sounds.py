"""Sounds on a line that are no speech, made of sums and chance: music, noises, a crowd, tones, machines.

The demo model learns from sounds of its own making; these are made in other ways, so that it doesn't know them.
"""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import soundfile
from numpy.random import Generator
from numpy.typing import NDArray

Sound = NDArray[np.float64]

RATE_HZ = 8000
SECONDS = 6.0
_MINOR = (0, 3, 5, 7, 10, 12, 15)
_KEYS_HZ = tuple((row, column) for row in (697, 770, 852, 941) for column in (1209, 1336, 1477))


def sounds(seed: int) -> Iterator[tuple[str, Sound]]:
    """One of each kind, by name; another seed plays other tunes."""
    for number, (name, make) in enumerate(_KINDS.items()):
        yield name, make(np.random.default_rng((seed, number)))


def recording(sound: Sound) -> io.BytesIO:
    """The sound as a telephone line delivers it: G.711, a little below full scale."""
    file = io.BytesIO()
    loud = 0.4 * sound / (np.abs(sound).max() + 1e-9)
    soundfile.write(file, loud.astype(np.float32), RATE_HZ, format="WAV", subtype="ULAW")
    file.seek(0)
    return file


def crowd(voices: Sequence[Sound]) -> Sound:
    """Everybody at once, equally loud, for as long as the longest voice."""
    size = max(map(len, voices))
    return np.asarray(sum(np.resize(voice / (voice.std() + 1e-9), size) for voice in voices), np.float64)


def _times() -> Sound:
    return np.arange(int(SECONDS * RATE_HZ)) / RATE_HZ


def _melody(chance: Generator, note: Callable[[float, Sound, Generator], Sound]) -> Sound:
    """Notes of a minor scale, each of them as long as it takes and over the end of the one before."""
    sound = np.zeros(int(SECONDS * RATE_HZ))
    root_hz, beat_s = chance.uniform(130, 260), chance.uniform(0.18, 0.4)
    at = 0.0
    while at < SECONDS - 1:
        hertz = root_hz * 2 ** (chance.choice(_MINOR) / 12)
        played = note(hertz, np.arange(int(1.0 * RATE_HZ)) / RATE_HZ, chance)
        first = int(at * RATE_HZ)
        sound[first : first + len(played)] += played
        at += beat_s * chance.choice([1, 1, 2])
    return sound


def _plucked(hertz: float, times: Sound, chance: Generator) -> Sound:
    """A string: noise that goes round and loses its edges."""
    period = int(RATE_HZ / hertz)
    string = chance.uniform(-1, 1, period)
    rounds = []
    for _ in range(len(times) // period + 1):
        rounds.append(string)
        string = 0.498 * (string + np.roll(string, 1))
    return np.concatenate(rounds)[: len(times)]


def _bell(hertz: float, times: Sound, _chance: Generator) -> Sound:
    depth = 4 * np.exp(-3 * times)
    return np.asarray(
        np.sin(2 * np.pi * hertz * times + depth * np.sin(2 * np.pi * 1.41 * hertz * times)) * np.exp(-2.5 * times)
    )


def _bowed(hertz: float, times: Sound, _chance: Generator) -> Sound:
    """A violin's saw with vibrato, softly begun and ended."""
    phase = hertz * times + 0.3 * np.sin(2 * np.pi * 5.5 * times)
    saw = 2 * (phase % 1) - 1
    return np.asarray(saw * np.minimum(1, np.minimum(times / 0.08, (times[-1] - times) / 0.1)))


def _flute(hertz: float, times: Sound, chance: Generator) -> Sound:
    breath = 0.05 * chance.standard_normal(len(times))
    tone = np.sin(2 * np.pi * 2 * hertz * times) + 0.2 * np.sin(2 * np.pi * 4 * hertz * times)
    return np.asarray((tone + breath) * np.minimum(1, np.minimum(times / 0.05, (times[-1] - times) / 0.2)))


def _sung(hertz: float, times: Sound, _chance: Generator) -> Sound:
    """A choir's vowel: overtones under two formants."""
    sound = np.zeros(len(times))
    for number in range(1, int(3400 / hertz)):
        height = np.exp(-(((number * hertz - 650) / 250) ** 2)) + 0.5 * np.exp(-(((number * hertz - 1100) / 300) ** 2))
        sound += (height + 0.02) * np.sin(2 * np.pi * number * hertz * times + number)
    return np.asarray(sound * np.sin(np.pi * times / times[-1]))


def _drums(chance: Generator) -> Sound:
    sound = np.zeros(int(SECONDS * RATE_HZ))
    beat_s = chance.uniform(0.2, 0.35)
    for beat in range(int((SECONDS - 0.5) / beat_s)):
        times = np.arange(int(0.3 * RATE_HZ)) / RATE_HZ
        low = np.sin(2 * np.pi * 70 * times * (1 + np.exp(-30 * times)))
        hit = low if beat % 2 == 0 else chance.standard_normal(len(times))
        first = int(beat * beat_s * RATE_HZ)
        sound[first : first + len(times)] += hit * np.exp(-15 * times)
    return sound


def _band(chance: Generator) -> Sound:
    """Strings over drums."""
    melody, drums = _melody(chance, _bowed), _drums(chance)
    return melody / melody.std() + 0.7 * drums / drums.std()


def _noise(slope: float) -> Callable[[Generator], Sound]:
    """Noise whose power goes with this power of the frequency."""

    def make(chance: Generator) -> Sound:
        spectrum = np.fft.rfft(chance.standard_normal(int(SECONDS * RATE_HZ)))
        hertz = np.maximum(np.fft.rfftfreq(int(SECONDS * RATE_HZ), 1 / RATE_HZ), 30)
        return np.asarray(np.fft.irfft(spectrum * hertz ** (slope / 2)))

    return make


def _gusts(chance: Generator) -> Sound:
    """Wind into a microphone: it swells and fades."""
    times = _times()
    swell = (
        1
        + np.sin(2 * np.pi * chance.uniform(0.2, 0.5) * times)
        + 0.5 * np.sin(2 * np.pi * chance.uniform(0.7, 1.5) * times)
    )
    return np.asarray(_noise(-1.5)(chance) * np.maximum(swell, 0.05))


def _crackle(chance: Generator) -> Sound:
    """A bad line: short clicks, now and then."""
    sound = 0.01 * chance.standard_normal(int(SECONDS * RATE_HZ))
    for first in chance.integers(0, len(sound) - 60, 90):
        sound[first : first + 40] += chance.standard_normal(40) * np.exp(-np.arange(40) / chance.uniform(3, 15))
    return sound


def _knocks(chance: Generator) -> Sound:
    """Somebody at work: dull blows, unevenly."""
    sound = 0.003 * chance.standard_normal(int(SECONDS * RATE_HZ))
    for first in np.cumsum(chance.uniform(0.25, 0.8, 9)) * RATE_HZ:
        times = np.arange(int(0.2 * RATE_HZ)) / RATE_HZ
        blow = np.exp(-25 * times) * np.sin(2 * np.pi * chance.uniform(150, 400) * times + chance.standard_normal())
        piece = sound[int(first) : int(first) + len(times)]
        piece += blow[: len(piece)]
    return sound


def _engine(chance: Generator) -> Sound:
    times = _times()
    turns = np.cumsum(chance.uniform(25, 40) + 8 * np.sin(2 * np.pi * 0.3 * times)) / RATE_HZ
    hum = sum(np.sin(2 * np.pi * number * turns) / number**0.7 for number in range(1, 25))
    return np.asarray(hum + 0.8 * _noise(-1)(chance))


def _siren(chance: Generator) -> Sound:
    times = _times()
    hertz = 900 + 400 * np.sin(2 * np.pi * chance.uniform(0.3, 0.8) * times)
    return np.asarray(np.sign(np.sin(2 * np.pi * np.cumsum(hertz) / RATE_HZ)))


def _dog(chance: Generator) -> Sound:
    """Barks: rough, falling, short."""
    sound = 0.002 * chance.standard_normal(int(SECONDS * RATE_HZ))
    for first in np.cumsum(chance.uniform(0.35, 0.9, 7)) * RATE_HZ:
        times = np.arange(int(0.18 * RATE_HZ)) / RATE_HZ
        phase = np.cumsum(chance.uniform(420, 560) * (1 - 1.8 * times)) / RATE_HZ
        bark = (2 * (phase % 1) - 1 + 0.5 * chance.standard_normal(len(times))) * np.sin(np.pi * times / times[-1])
        piece = sound[int(first) : int(first) + len(times)]
        piece += bark[: len(piece)]
    return sound


def _keys(chance: Generator) -> Sound:
    presses = []
    while sum(map(len, presses)) < SECONDS * RATE_HZ:
        times = np.arange(int(chance.uniform(0.08, 0.2) * RATE_HZ)) / RATE_HZ
        pair = _KEYS_HZ[chance.integers(len(_KEYS_HZ))]
        presses += [
            sum(np.sin(2 * np.pi * hertz * times) for hertz in pair),
            np.zeros(int(chance.uniform(0.06, 0.3) * RATE_HZ)),
        ]
    return np.concatenate(presses)


def _engaged(chance: Generator) -> Sound:
    """The busy tone."""
    times = _times()
    return np.asarray(
        np.sin(2 * np.pi * 450 * times) * (np.floor(times / 0.35) % 2 == 0) + 1e-3 * chance.standard_normal(len(times))
    )


def _fax(chance: Generator) -> Sound:
    """A call tone, then V.21: 300 bits a second between two pitches."""
    call = np.sin(2 * np.pi * 1100 * np.arange(int(0.5 * RATE_HZ)) / RATE_HZ)
    bits = np.repeat(chance.integers(0, 2, 900), round(RATE_HZ / 300))
    hertz = np.where(bits, 1650, 1850)
    return np.concatenate([call, np.zeros(RATE_HZ), np.sin(2 * np.pi * np.cumsum(hertz) / RATE_HZ)])


def _modem(chance: Generator) -> Sound:
    """A modem that sends with phases, four to a step."""
    phases = np.repeat(chance.integers(0, 4, int(SECONDS * 1200)), round(RATE_HZ / 1200)) * np.pi / 2
    times = np.arange(len(phases)) / RATE_HZ
    return np.asarray(np.sin(2 * np.pi * 1800 * times + phases))


_KINDS: Mapping[str, Callable[[Generator], Sound]] = {
    "music: guitar": lambda chance: _melody(chance, _plucked),
    "music: bells": lambda chance: _melody(chance, _bell),
    "music: violin": lambda chance: _melody(chance, _bowed),
    "music: flute": lambda chance: _melody(chance, _flute),
    "music: choir": lambda chance: _melody(chance, _sung),
    "music: drums": _drums,
    "music: band": _band,
    "noise: white": _noise(0),
    "noise: pink": _noise(-1),
    "noise: brown": _noise(-2),
    "noise: blue": _noise(1),
    "noise: wind": _gusts,
    "noise: crackling line": _crackle,
    "noise: hammering": _knocks,
    "noise: engine": _engine,
    "noise: barking": _dog,
    "tones: siren": _siren,
    "tones: keys": _keys,
    "tones: busy": _engaged,
    "tones: fax": _fax,
    "tones: modem": _modem,
}
