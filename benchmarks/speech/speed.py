"""How fast a call of a minute is transcribed, beside a bare loop that gives the same samples to Vosk's recogniser."""

import json
from collections.abc import Iterator

import vosk

from benchmarks.figures import Bound, Figure, at_least
from benchmarks.speech import calls
from benchmarks.speech.turns import medians_s
from speech.recognizer import Recognizer

SECONDS = 60
# As in Vosk's own examples.
_PIECE_BYTES = 4000


def figures() -> Iterator[Figure]:
    recognizer = Recognizer.load(calls.MODEL)
    bare = vosk.Model(str(calls.MODEL))
    yield _compared(recognizer, bare, "speech throughout", calls.speech(SECONDS), at_least(0.97))
    yield _compared(recognizer, bare, "half of it silence", calls.half_silent(SECONDS), at_least(1.0))


def _compared(recognizer: Recognizer, bare: vosk.Model, name: str, samples: calls.Samples, bound: Bound) -> Figure:
    file, pcm = calls.file_of(samples), samples.tobytes()
    kept = _recognizer(bare)
    taken = medians_s(
        {
            "ours, s": lambda: (file.seek(0), recognizer.transcribe(file)),
            "bare loop, s": lambda: bare_loop(_recognizer(bare), pcm),
            "bare loop that keeps its recogniser, s": lambda: bare_loop(kept, pcm),
        }
    )
    ratio = taken["bare loop, s"] / taken["ours, s"]
    times = {**taken, "times real time": SECONDS / taken["ours, s"]}
    return Figure(f"speed beside a bare loop, 60 s, {name}", ratio, "x", bound, times)


def _recognizer(model: vosk.Model) -> vosk.KaldiRecognizer:
    made = vosk.KaldiRecognizer(model, calls.RATE_HZ)
    made.SetWords(True)
    return made


def bare_loop(kaldi: vosk.KaldiRecognizer, pcm: bytes) -> list[str]:
    """What Vosk needs at least: samples in pieces, and a parsed result where an utterance ends."""
    results = [
        kaldi.Result()
        for first in range(0, len(pcm), _PIECE_BYTES)
        if kaldi.AcceptWaveform(pcm[first : first + _PIECE_BYTES])
    ]
    return [json.loads(result)["text"] for result in [*results, kaldi.FinalResult()]]
