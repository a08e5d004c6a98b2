"""What the carrier itself sounds on a line: read-aloud words, played files, the beep, keys."""

import io
import logging
from dataclasses import dataclass

import numpy as np
import soundfile
import soxr

from sandbox import twiml
from sandbox.twiml import TwimlError
from sandbox.voice import SAMPLE_RATE_HZ, Manner, Samples, VoiceError, speak
from sandbox.webhooks import Webhooks

_BEEP_HZ, _BEEP_S, _BEEP_LEVEL = 1000, 0.4, 6000
_KEY_S = 0.3
_HANZI_S, _LETTER_S = 0.22, 0.07
_VOICES = {"cmn": Manner("cmn", "f2"), "yue": Manner("yue", "f2"), "en": Manner("en", "f2")}
_FIRST_OF_CJK = "\u2e80"
_log = logging.getLogger(__name__)
_NOTHING = np.zeros(0, np.int16)


@dataclass(frozen=True)
class Sound:
    """Something heard: how long it lasts, and its samples where anybody can hear or record them."""

    length_s: float
    samples: Samples
    words: str = ""


def words_of(say: twiml.Say, *, is_heard: bool) -> Sound:
    """Words read aloud. When nobody hears them, only the time they take is worked out."""
    seconds = sum(_HANZI_S if character > _FIRST_OF_CJK else _LETTER_S for character in say.text)
    if not is_heard:
        return Sound(seconds, _NOTHING, say.text)
    try:
        samples = speak(say.text, _VOICES[say.language.partition("-")[0]])
    except VoiceError:
        # our voice failed, not the service: the call goes on, in silence for as long as the words would take
        _log.exception("words could not be said")
        return Sound(seconds, _NOTHING, say.text)
    return Sound(len(samples) / SAMPLE_RATE_HZ, samples, say.text)


def sound_from(webhooks: Webhooks, url: str, play: twiml.Play) -> Sound:
    """A sound file fetched from the service, or the time that keys take on the line."""
    if play.digits:
        return Sound(sum(0.5 if key in "wW" else _KEY_S for key in play.digits), _NOTHING)
    answer = webhooks.media(url)
    if not answer.content_type.startswith(("audio/", "application/octet-stream")):
        raise TwimlError(13420, f"{url} is {answer.content_type or 'of no kind'}, not sound")
    try:
        samples, rate_hz = soundfile.read(io.BytesIO(answer.body), dtype="int16", always_2d=True)
    except soundfile.LibsndfileError as problem:
        raise TwimlError(13420, f"{url} holds no sound: {problem}") from problem
    heard: Samples = soxr.resample(samples[:, 0], rate_hz, SAMPLE_RATE_HZ)
    return Sound(len(heard) / SAMPLE_RATE_HZ, heard, url)


def _beep() -> Sound:
    wave = np.sin(2 * np.pi * _BEEP_HZ * np.arange(int(_BEEP_S * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ)
    return Sound(_BEEP_S, (wave * _BEEP_LEVEL).astype(np.int16))


BEEP = _beep()
