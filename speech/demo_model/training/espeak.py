"""espeak-ng behind its C interface: sound, and when each phoneme of it begins."""

import ctypes
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import espeakng_loader
import numpy as np
from numpy.typing import NDArray

_SYNCHRONOUS = 2
_WITH_PHONEMES = 1
_DONT_EXIT = 1 << 15
_AT_CHARACTER = 1
_UTF8 = 1
_END_OF_EVENTS = 0
_PHONEME = 7
_PARTED_BY_SPACES = ord(" ") << 8
_RATE, _PITCH, _RANGE = 1, 3, 4


class EspeakError(RuntimeError):
    """espeak-ng refused a voice or a text."""


@dataclass(frozen=True)
class Manner:
    """How something is said: a language, a variant of its voice, words a minute, pitch 0 to 99."""

    language: str = "cmn"
    variant: str = ""
    rate: int = 170
    pitch: int = 50
    pitch_range: int = 50

    @property
    def voice(self) -> str:
        return f"{self.language}+{self.variant}" if self.variant else self.language


@dataclass(frozen=True)
class Phoneme:
    """A phoneme in espeak's own letters, and the sample at which it begins."""

    name: str
    start: int


@dataclass(frozen=True)
class Speech:
    """What was said, as 16-bit samples."""

    samples: NDArray[np.int16]
    phonemes: tuple[Phoneme, ...]


class _Id(ctypes.Union):
    _fields_: ClassVar = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    _fields_: ClassVar = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    ]


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(_Event))


class Espeak:
    """The synthesiser; there is one in a process, and it keeps state from one sentence to the next."""

    def __init__(self, data_path: Path | str | None = None) -> None:
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        self._library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        path = str(data_path or espeakng_loader.get_data_path()).encode()
        self.rate_hz: int = self._library.espeak_Initialize(_SYNCHRONOUS, 0, path, _WITH_PHONEMES | _DONT_EXIT)
        if self.rate_hz <= 0:
            raise EspeakError(f"espeak-ng does not start with its data in {path!r}")
        self._sound = bytearray()
        self._phonemes: list[Phoneme] = []
        self._collector = _Callback(self._collect)
        self._library.espeak_SetSynthCallback(self._collector)
        self._voice = ""

    def say(self, text: str, manner: Manner) -> Speech:
        """Raises EspeakError where there is no such voice."""
        self._use(manner.voice)
        for parameter, value in ((_RATE, manner.rate), (_PITCH, manner.pitch), (_RANGE, manner.pitch_range)):
            self._library.espeak_SetParameter(parameter, value, 0)
        self._sound.clear()
        self._phonemes.clear()
        data = text.encode() + b"\0"
        self._library.espeak_Synth(data, len(data), 0, _AT_CHARACTER, 0, _UTF8, None, None)
        return Speech(np.frombuffer(bytes(self._sound), np.int16), tuple(self._phonemes))

    def spell(self, text: str, language: str = "cmn") -> list[str]:
        """The phonemes of `text` with the marks of its tones, which the events of `say` leave out."""
        self._use(language)
        pointer = ctypes.c_char_p(text.encode())
        spelt: list[str] = []
        while pointer.value:
            clause = self._library.espeak_TextToPhonemes(ctypes.byref(pointer), _UTF8, _PARTED_BY_SPACES)
            spelt += clause.decode().split()
        return spelt

    def _use(self, voice: str) -> None:
        if voice != self._voice and self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise EspeakError(f"espeak-ng has no voice {voice}")
        self._voice = voice

    def _collect(self, address: int | None, count: int, events: Any) -> int:
        if address and count > 0:
            self._sound.extend(ctypes.string_at(address, count * 2))
        number = 0
        while events[number].type != _END_OF_EVENTS:
            if events[number].type == _PHONEME:
                name = events[number].id.string.decode(errors="replace")
                self._phonemes.append(Phoneme(name, events[number].sample))
            number += 1
        return 0
