"""Voices for people who do not exist: text becomes the sound that a telephone would carry."""

import argparse
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import espeakng_loader
import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

SAMPLE_RATE_HZ = 8000
BAND_HZ = (300, 3400)
SILENCE_AROUND_S = 0.3
LANGUAGES = (
    *("cmn", "yue", "hak", "en", "ar", "de", "es", "fi", "fr", "hi", "id", "it"),
    *("ja", "ko", "nl", "pl", "pt", "ru", "sw", "tr", "uk", "vi"),
)

Samples = NDArray[np.int16]

_SYNTHESIS_LIMIT_S = 60
# Digits, in groups parted by a hyphen or a space or not, unless they count something: 15000元.
_DIGITS = re.compile(r"(?<![\d.])\d+(?:[- ]\d{4,})*(?![.\d]|\s*[元块万亿个人户])")
_LONG = 5
_TELEPHONE_DIGITS = 7
_NUMERALS = {"cmn": "零一二三四五六七八九", "yue": "零一二三四五六七八九"}
_FULL_SCALE = 32768.0
_MU = 255.0
_MU_CLIP = 32635
_MU_BIAS = 132


class VoiceError(ValueError):
    """The synthesiser could not say this."""


@dataclass(frozen=True)
class Manner:
    """How somebody speaks, and what the line adds to it; `snr_db` None means a quiet line."""

    language: str = "cmn"
    voice: str = ""
    rate: int = 170
    pitch: int = 50
    snr_db: float | None = None
    seed: int = 1


def speak(text: str, manner: Manner | None = None) -> Samples:
    """The words of `text` as they come out of a telephone: 8 kHz, one channel, 16 bit."""
    manner = manner or Manner()
    padded = between_silences(synthesise(text, manner))
    return over_the_telephone(padded, snr_db=manner.snr_db, seed=manner.seed)


@lru_cache(maxsize=256)
def synthesise(text: str, manner: Manner) -> Samples:
    """The words of `text` at 8 kHz before the telephone line touches them."""
    name = _voice_name(manner)
    request = {"text": digit_by_digit(text, manner.language), "voice": name, "rate": manner.rate, "pitch": manner.pitch}
    done = subprocess.run(
        [sys.executable, "-m", "sandbox.espeak"],
        input=json.dumps(request).encode(),
        capture_output=True,
        timeout=_SYNTHESIS_LIMIT_S,
        check=False,
        cwd=Path(__file__).parent.parent,
    )
    if done.returncode != 0:
        reason = done.stderr.decode(errors="replace").strip().splitlines() or [f"exit {done.returncode}"]
        raise VoiceError(f"voice {name} could not say {text!r}: {reason[-1]}")
    rate_hz = int.from_bytes(done.stdout[:4], "little")
    spoken = np.frombuffer(done.stdout[4:], dtype="<i2").astype(np.float32)
    return _to_int16(soxr.resample(spoken, rate_hz, SAMPLE_RATE_HZ))


def digit_by_digit(text: str, language: str) -> str:
    """The text as it is read aloud: 13912345678 is no quantity, and a one in it is yāo on the telephone."""

    def read(number: re.Match[str]) -> str:
        digits = [str(int(character)) for character in number[0] if character.isdecimal()]
        if len(digits) < _LONG:
            return number[0]
        if language not in _NUMERALS:
            return " ".join(digits)
        spoken = "".join(_NUMERALS[language][int(digit)] for digit in digits)
        is_telephone = language == "cmn" and len(digits) >= _TELEPHONE_DIGITS
        return spoken.replace("一", "幺") if is_telephone else spoken

    return _DIGITS.sub(read, text)


def between_silences(samples: Samples) -> Samples:
    """The same sound with the short silence that a speaker leaves before and after."""
    quiet = np.zeros(int(SILENCE_AROUND_S * SAMPLE_RATE_HZ), np.int16)
    return np.concatenate([quiet, samples, quiet])


def over_the_telephone(samples: Samples, *, snr_db: float | None = None, seed: int = 1) -> Samples:
    """What is left of a sound after a telephone line: band-pass, noise if asked for, G.711 mu-law."""
    sound = _band_pass(samples.astype(np.float64))
    if snr_db is not None:
        sound = sound + _noise(sound, snr_db, seed)
    return mu_law_decode(mu_law_encode(_to_int16(sound)))


def mu_law_encode(samples: Samples) -> NDArray[np.uint8]:
    """G.711 mu-law, one byte a sample."""
    magnitude = np.minimum(np.abs(samples.astype(np.int32)), _MU_CLIP) + _MU_BIAS
    exponent = np.floor(np.log2(magnitude)).astype(np.int32) - 7
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    sign = np.where(samples < 0, 0x80, 0)
    coded: NDArray[np.uint8] = (~(sign | (exponent << 4) | mantissa) & 0xFF).astype(np.uint8)
    return coded


def mu_law_decode(coded: NDArray[np.uint8]) -> Samples:
    """The samples that a mu-law byte stands for."""
    bits = ~coded & 0xFF
    exponent = (bits >> 4).astype(np.int32) & 0x07
    magnitude = (((bits.astype(np.int32) & 0x0F) << 3) + _MU_BIAS << exponent) - _MU_BIAS
    return np.where(bits & 0x80, -magnitude, magnitude).astype(np.int16)


def _voice_name(manner: Manner) -> str:
    if manner.language not in LANGUAGES:
        raise VoiceError(f"language {manner.language} is none of {', '.join(LANGUAGES)}")
    if not manner.voice:
        return manner.language
    variants = Path(espeakng_loader.get_data_path()) / "voices" / "!v"
    if manner.voice not in {path.name for path in variants.iterdir()}:
        raise VoiceError(f"there is no voice {manner.voice}")
    return f"{manner.language}+{manner.voice}"


def _band_pass(sound: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cut what lies outside the telephone band, with soft edges so that nothing rings."""
    if not sound.size:
        return sound
    spectrum = np.fft.rfft(sound)
    frequency_hz = np.fft.rfftfreq(sound.size, 1 / SAMPLE_RATE_HZ)
    low, high = BAND_HZ
    gain = np.clip((frequency_hz - low / 2) / (low / 2), 0, 1) * np.clip((4000 - frequency_hz) / (4000 - high), 0, 1)
    return np.asarray(np.fft.irfft(spectrum * gain, sound.size), np.float64)


def _noise(sound: NDArray[np.float64], snr_db: float, seed: int) -> NDArray[np.float64]:
    """Band-limited white noise so far below the speech; pauses do not count as speech."""
    noise = _band_pass(np.random.default_rng(seed).standard_normal(sound.size))
    loud = sound[np.abs(sound) > 0.01 * np.abs(sound).max(initial=1.0)]
    power = float(np.mean(loud**2)) if loud.size else 1.0
    gain = float(np.sqrt(power / 10 ** (snr_db / 10) / max(float(np.mean(noise**2)), 1e-9)))
    return np.asarray(noise * gain, np.float64)


def _to_int16(sound: NDArray[np.floating]) -> Samples:
    return np.clip(np.round(sound), -_FULL_SCALE, _FULL_SCALE - 1).astype(np.int16)


def main(arguments: list[str] | None = None) -> int:
    """Write one sentence into a WAV file, as a caller would say it over the telephone."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.voice", description=main.__doc__)
    parser.add_argument("--text", required=True)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--language", default="cmn", choices=LANGUAGES)
    parser.add_argument("--voice", default="", help="a variant of espeak-ng, such as f2")
    parser.add_argument("--rate", type=int, default=170, help="words a minute")
    parser.add_argument("--pitch", type=int, default=50, help="0 to 99")
    parser.add_argument("--snr", type=float, help="noise so many dB below the speech")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--clean", action="store_true", help="leave the telephone line out")
    chosen = parser.parse_args(arguments)
    manner = Manner(chosen.language, chosen.voice, chosen.rate, chosen.pitch, chosen.snr, chosen.seed)
    try:
        spoken = synthesise(chosen.text, manner)
        samples = between_silences(spoken) if chosen.clean else speak(chosen.text, manner)
    except VoiceError as problem:
        parser.error(str(problem))
    soundfile.write(chosen.out, samples, SAMPLE_RATE_HZ, subtype="PCM_16", format="WAV")
    return 0


if __name__ == "__main__":
    sys.exit(main())
