"""Vosk, the one place that knows it: a loaded model that turns recordings into transcripts."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from speech.audio import Limits, Sound, Source, UnsupportedAudioError, open_sound
from speech.registry import ModelInfo, NotAModelError, describe
from speech.transcript import Transcript, Word, in_time_order

# Vosk's matrix library asks for its number of threads once, when it is loaded, and a fork must not find
# any running. Every core has a process of its own, so one thread is also the fastest.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import vosk

CHANNELS: Final = ("caller", "agent")
_SILENT_LOG = -1
# Vosk's models write this where somebody or something is heard, but no word that they know.
_UNKNOWN_WORD = "[unk]"


class Recognizer:
    """A model in memory; it may be used in forked children of the process that loaded it."""

    def __init__(self, model: vosk.Model, info: ModelInfo) -> None:
        self.info = info
        self._model = model

    @classmethod
    def load(cls, path: Path | str) -> Recognizer:
        """Load the model in this folder. Raises NotAModelError where there is none or it is broken."""
        info = describe(path)
        vosk.SetLogLevel(_SILENT_LOG)
        try:
            # Always by path: by language Vosk would download, unchecked, and end the process on failure.
            model = vosk.Model(str(info.path))
        except Exception as error:
            raise NotAModelError(f"The recognition model in {info.path} can't be loaded.") from error
        return cls(model, info)

    def transcribe(
        self, source: Source, channels: Sequence[str] = CHANNELS, *, limits: Limits | None = None
    ) -> Transcript:
        """Transcribe a recording, each of its channels apart.

        `channels` names the parties from left to right; a recording with fewer channels has the first
        ones. Raises an AudioError for what can't be transcribed; silence gives a transcript without words.
        """
        with open_sound(source, self.info.sample_rate_hz, limits) as sound:
            if sound.channels > len(channels):
                raise UnsupportedAudioError(
                    f"The recording has {sound.channels} channels, but {len(channels)} were expected."
                )
            return self._transcribe(sound, channels[: sound.channels])

    def _transcribe(self, sound: Sound, channels: Sequence[str]) -> Transcript:
        listeners = [_Listener(self._model, sound.rate_hz, name) for name in channels]
        words: list[Word] = []
        frames = 0
        for block in sound.blocks:
            frames += len(block)
            for number, listener in enumerate(listeners):
                words.extend(listener.hear(block[:, number].tobytes()))
        for listener in listeners:
            words.extend(listener.finish())
        duration_s = round(frames / sound.rate_hz, 3)
        return Transcript(duration_s, in_time_order(words), self.info.label, self.info.language)


class _Listener:
    """Vosk's recogniser for one channel."""

    def __init__(self, model: vosk.Model, rate_hz: int, channel: str) -> None:
        self._channel = channel
        self._kaldi = vosk.KaldiRecognizer(model, rate_hz)
        self._kaldi.SetWords(True)

    def hear(self, pcm: bytes) -> Iterator[Word]:
        if self._kaldi.AcceptWaveform(pcm):
            yield from self._words(self._kaldi.Result())

    def finish(self) -> Iterator[Word]:
        yield from self._words(self._kaldi.FinalResult())

    def _words(self, result: str) -> Iterator[Word]:
        found: list[dict[str, Any]] = json.loads(result).get("result", [])
        for item in found:
            if item["word"] == _UNKNOWN_WORD:
                continue
            conf = min(round(item["conf"], 4), 1.0)
            yield Word(item["word"], round(item["start"], 3), round(item["end"], 3), conf, self._channel)
