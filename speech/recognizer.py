"""Vosk, the one place that knows it: a loaded model that turns recordings into transcripts."""

from __future__ import annotations

import json
import os
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from speech.audio import Limits, Sound, Source, UnsupportedAudioError, open_sound
from speech.confidence import Calibration, judge
from speech.hearing import Evidence, Hearing
from speech.peaks import PeakMeter
from speech.registry import ModelInfo, NotAModelError, describe
from speech.sounding import Mono, Sieve
from speech.transcript import Transcript, Word, in_time_order

# Vosk's matrix library asks for its number of threads once, when it is loaded, and a fork must not find
# any running. Every core has a process of its own, so one thread is also the fastest.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import vosk

CHANNELS: Final = ("caller", "agent")
OnWords = Callable[[float, Sequence[Word]], None]
_WARM_UP = Path(__file__).with_name("warm_up.ogg")
_SILENT_LOG = -1
# Vosk looks for the end of an utterance after each piece that it is given; inside, it works in steps of half of this.
_PIECE_S = 0.4
_TELL_EVERY_S = 10.0


class Recognizer:
    """A model in memory; it may be used in forked children of the process that loaded it."""

    def __init__(self, model: vosk.Model, info: ModelInfo) -> None:
        self.info = info
        self._model = model
        self._calibration = Calibration.of(info.path)
        # Those that no recording is being heard with.
        self._kept: list[_Kaldi] = []

    @classmethod
    def load(cls, path: Path | str) -> Recognizer:
        """Load the model in this folder. Raises NotAModelError where there is none or it is broken."""
        info = describe(path)
        vosk.SetLogLevel(_SILENT_LOG)
        try:
            # Always by path: by language Vosk would download, unchecked, and end the process on failure.
            model = vosk.Model(str(info.path))
            # Only this finds a graph that is missing or damaged.
            vosk.KaldiRecognizer(model, info.sample_rate_hz)
        except Exception as error:
            raise NotAModelError(f"The recognition model in {info.path} can't be loaded.") from error
        return cls(model, info)

    def warm_up(self) -> None:
        """Hear some synthetic callers for nothing but what Vosk puts together of its graph on the way.

        Each recording finds what those before it put together; when this is called before a fork, the first one of
        each child does too.
        """
        self._kept = [_Kaldi(self._model, self.info.sample_rate_hz) for _ in CHANNELS]
        for kaldi in self._kept:
            with open_sound(_WARM_UP, self.info.sample_rate_hz) as sound:
                for block in sound.blocks:
                    kaldi.hear(block[:, 0])
            kaldi.finish()

    def transcribe(
        self,
        source: Source,
        channels: Sequence[str] = CHANNELS,
        *,
        limits: Limits | None = None,
        meter: PeakMeter | None = None,
        on_words: OnWords | None = None,
    ) -> Transcript:
        """Transcribe a recording, each of its channels apart.

        `channels` names the parties from left to right; a recording with fewer channels has the first ones. `meter`
        measures its outline on the way. `on_words` is told, every few seconds of the recording, up to where it was
        heard and which words came since the last time; their confidences are still the model's own. Raises an
        AudioError for what can't be transcribed; silence gives a transcript without words. A doubt is about what the
        first party said.
        """
        hearing = self.hear(source, channels, limits=limits, meter=meter, on_words=on_words)
        return judge(hearing, self._calibration, channels[0])

    def hear(
        self,
        source: Source,
        channels: Sequence[str] = CHANNELS,
        *,
        limits: Limits | None = None,
        meter: PeakMeter | None = None,
        on_words: OnWords | None = None,
    ) -> Hearing:
        """As `transcribe`, but not judged yet: the model's own confidences, and what else was in the recording."""
        with open_sound(source, self.info.sample_rate_hz, limits) as sound:
            if sound.channels > len(channels):
                raise UnsupportedAudioError(
                    f"The recording has {sound.channels} channels, but {len(channels)} were expected."
                )
            listeners = [_Listener(self._kaldi, self.info, name) for name in channels[: sound.channels]]
            duration_s = _listen(sound, listeners, meter, on_words)
        # One that was left in the middle of a recording is thrown away.
        self._kept += [listener.kaldi for listener in listeners if listener.kaldi]
        words = in_time_order([word for listener in listeners for word in listener.words])
        evidence = Evidence(
            round(sum(listener.sieve.sounding_s for listener in listeners), 3),
            round(sum(listener.sieve.tone_s for listener in listeners), 3),
            round(sum(listener.sieve.possible_speech_s for listener in listeners), 3),
            in_time_order([word for listener in listeners for word in listener.unknown]),
        )
        return Hearing(Transcript(duration_s, words, self.info.label, self.info.language), evidence)

    def _kaldi(self) -> _Kaldi:
        return self._kept.pop() if self._kept else _Kaldi(self._model, self.info.sample_rate_hz)


def _listen(sound: Sound, listeners: Sequence[_Listener], meter: PeakMeter | None, on_words: OnWords | None) -> float:
    """Take the recording to its end; how long it is."""
    told_s, frames = 0.0, 0
    for block in sound.blocks:
        frames += len(block)
        if meter is not None:
            meter.add(block, sound.rate_hz)
        for number, listener in enumerate(listeners):
            listener.hear(block[:, number])
        heard_s = frames / sound.rate_hz
        if on_words is not None and heard_s >= told_s + _TELL_EVERY_S:
            told_s = heard_s
            on_words(heard_s, _new_words(listeners))
    for listener in listeners:
        listener.finish()
    duration_s = round(frames / sound.rate_hz, 3)
    if on_words is not None:
        on_words(duration_s, _new_words(listeners))
    return duration_s


def _new_words(listeners: Sequence[_Listener]) -> tuple[Word, ...]:
    return in_time_order([word for listener in listeners for word in listener.new_words()])


class _Kaldi:
    """Vosk's recogniser; each recording that it hears begins at second 0 again."""

    def __init__(self, model: vosk.Model, rate_hz: int) -> None:
        self._kaldi = vosk.KaldiRecognizer(model, rate_hz)
        self._kaldi.SetWords(True)
        self._rate_hz = rate_hz
        # Vosk goes on counting from one recording to the next.
        self._earlier = self._heard = 0

    def hear(self, samples: Mono) -> list[dict[str, Any]]:
        """The words of the utterances that ended meanwhile, with `word`, `start`, `end` and `conf`."""
        self._heard += len(samples)
        found: list[dict[str, Any]] = []
        step = int(self._rate_hz * _PIECE_S)
        for first in range(0, len(samples), step):
            if self._kaldi.AcceptWaveform(samples[first : first + step].tobytes()):
                found += self._words(self._kaldi.Result())
        return found

    def finish(self) -> list[dict[str, Any]]:
        """The words that are left at the end of the recording."""
        found = self._words(self._kaldi.FinalResult())
        self._earlier = self._heard
        return found

    def _words(self, result: str) -> list[dict[str, Any]]:
        earlier_s = self._earlier / self._rate_hz
        found: list[dict[str, Any]] = json.loads(result).get("result", [])
        # Vosk counts with fewer digits than we do.
        return [
            word | {"start": max(word["start"] - earlier_s, 0.0), "end": max(word["end"] - earlier_s, 0.0)}
            for word in found
        ]


class _Listener:
    """Vosk's recogniser for one channel, given only what may be speech; it tells times as if it had heard all."""

    def __init__(self, make: Callable[[], _Kaldi], info: ModelInfo, channel: str) -> None:
        self.words: list[Word] = []
        self.unknown: list[Word] = []
        self.sieve = Sieve(info.sample_rate_hz)
        self._channel = channel
        self._rate_hz = info.sample_rate_hz
        self._unknown_word = info.unknown_word
        self._make = make
        # Taken when there is something to hear: a silent channel needs none.
        self.kaldi: _Kaldi | None = None
        self._told = 0
        self._fed = 0
        # From which second of what was fed on something was left out, and how much until then.
        self._cuts_s: list[float] = [0.0]
        self._left_out_s: list[float] = [0.0]

    def hear(self, samples: Mono) -> None:
        for passage in self.sieve.add(samples):
            self._feed(passage.start, passage.samples)

    def finish(self) -> None:
        for passage in self.sieve.finish():
            self._feed(passage.start, passage.samples)
        if self.kaldi is not None:
            self._take(self.kaldi.finish())

    def new_words(self) -> list[Word]:
        """Those that came since the last time."""
        new = self.words[self._told :]
        self._told = len(self.words)
        return new

    def _feed(self, start: int, samples: Mono) -> None:
        if self.kaldi is None:
            self.kaldi = self._make()
        left_out_s = (start - self._fed) / self._rate_hz
        if left_out_s != self._left_out_s[-1]:
            self._cuts_s.append(self._fed / self._rate_hz)
            self._left_out_s.append(left_out_s)
        self._fed += len(samples)
        self._take(self.kaldi.hear(samples))

    def _take(self, found: Sequence[Mapping[str, Any]]) -> None:
        for word in map(self._word, found):
            (self.unknown if word.word == self._unknown_word else self.words).append(word)

    def _word(self, item: Mapping[str, Any]) -> Word:
        # A word that reaches over a cut lies where most of it was heard.
        middle_s = (item["start"] + item["end"]) / 2
        later_s = self._left_out_s[bisect_right(self._cuts_s, middle_s) - 1]
        conf = min(round(item["conf"], 4), 1.0)
        return Word(
            item["word"], round(item["start"] + later_s, 3), round(item["end"] + later_s, 3), conf, self._channel
        )
