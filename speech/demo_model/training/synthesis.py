"""The training set: utterances are said, carried over a line, and labelled with what sounds when.

espeak-ng keeps state from one sentence to the next and crashes with some odd voices. So each batch of
utterances is said by a process of its own: the same seed gives the same bytes, and a crash costs one batch.
"""

import multiprocessing
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from speech.demo_model.training import voices
from speech.demo_model.training.dictionary import Dictionary
from speech.demo_model.training.espeak import Espeak, Manner
from speech.demo_model.training.features import RATE_HZ, STEP_SAMPLES, WINDOW_SAMPLES, Features, cepstra
from speech.demo_model.training.line import Noise, carry, resample
from speech.demo_model.training.music import a_piece
from speech.demo_model.training.phones import FIRST_PDF, LOOP_PDF, SILENCE, UNKNOWN
from speech.demo_model.training.reading import Reader, Sound
from speech.demo_model.training.utterances import Author, Utterance

BATCH = 100
VOICE_SETS = 3
# The network hears a step each 30 ms, so no sound may be shorter.
_SHORTEST_STEPS = 3
_SHORTEST_SAMPLES = 4000
_BABBLE_SPEAKERS = 6
_BABBLE_S = 20
_PAUSES = ("_:", "_")

Labels = NDArray[np.uint16]


@dataclass(frozen=True)
class Heard:
    """Features, and for each of their rows the number of the score that should be high."""

    features: Features
    labels: Labels


@dataclass(frozen=True)
class _Studio:
    """What a batch is made with."""

    espeak: Espeak
    reader: Reader
    noise: Noise


def make(folder: Path, count: int, seed: int, *, is_odd: bool = False) -> Heard:
    """Say `count` utterances, by odd voices or not; batches that were made before are taken as they are."""
    folder.mkdir(parents=True, exist_ok=True)
    dictionary = Dictionary.load()
    utterances = Author(dictionary, seed, is_odd=is_odd).utterances(count)
    for number in range(VOICE_SETS):
        voices.prepare(folder, seed + number, is_odd=is_odd)
    batches = [utterances[start : start + BATCH] for start in range(0, count, BATCH)]
    files = [folder / f"batch-{number:04}.npz" for number in range(len(batches))]
    _run([(batch, file, seed) for batch, file in zip(batches, files, strict=True) if not file.exists()], dictionary)
    return join([_read(file) for file in files if file.exists()])


def join(parts: Sequence[Heard]) -> Heard:
    return Heard(np.concatenate([part.features for part in parts]), np.concatenate([part.labels for part in parts]))


def _read(file: Path) -> Heard:
    with np.load(file) as stored:
        return Heard(stored["features"], stored["labels"])


def _run(jobs: list[tuple[list[Utterance], Path, int]], dictionary: Dictionary) -> None:
    """Each job in a process of its own, as many at once as there are cores."""
    context = multiprocessing.get_context("fork")
    waiting = [context.Process(target=_say_batch, args=(*job, dictionary)) for job in jobs]
    running: list[multiprocessing.process.BaseProcess] = []
    while waiting or running:
        while waiting and len(running) < multiprocessing.cpu_count():
            running.append(waiting.pop(0))
            running[-1].start()
        first = running.pop(0)
        first.join()


def _say_batch(utterances: list[Utterance], file: Path, seed: int, dictionary: Dictionary) -> None:
    voice_set = int(file.stem.rsplit("-", 1)[1]) % VOICE_SETS
    espeak = Espeak(file.parent / f"voices-{seed + voice_set}")
    studio = _Studio(espeak, Reader(espeak, dictionary.characters), _babble(espeak, utterances))
    made = [heard for utterance in utterances if (heard := _say(utterance, studio))]
    whole = join(made)
    unfinished = file.with_suffix(".part.npz")
    np.savez(unfinished, features=whole.features.astype(np.float16), labels=whole.labels)
    unfinished.rename(file)


def _say(utterance: Utterance, studio: _Studio) -> Heard | None:
    chance = np.random.default_rng(utterance.seed)
    if utterance.kind == "music":
        sound, rate_hz = a_piece(chance), float(RATE_HZ)
        sounds: list[Sound] | None = [Sound(UNKNOWN, 0)]
    else:
        speech = studio.espeak.say(utterance.text, utterance.manner)
        sound, rate_hz = speech.samples, float(studio.espeak.rate_hz)
        if utterance.kind == "mandarin":
            sounds = studio.reader.align(utterance.text, speech)
        else:
            sounds = _not_understood([(part.name, part.start) for part in speech.phonemes])
        if utterance.kind == "backwards":
            sound, sounds = sound[::-1], [Sound(UNKNOWN, 0)]
    if sounds is None or len(sound) < _SHORTEST_SAMPLES:
        return None
    before, after = (int(chance.exponential(mean) * rate_hz) for mean in (0.25, 0.3))
    padded = np.concatenate([np.zeros(before, np.int16), sound, np.zeros(after, np.int16)])
    # As a tape that runs too fast or slow: another pitch and another vocal tract in one.
    warped_hz = rate_hz * (chance.uniform(0.88, 1.14) if chance.random() < 0.6 else 1.0)
    shifted = [Sound(SILENCE, 0), *(Sound(part.name, part.start + before) for part in sounds)]
    shifted.append(Sound(SILENCE, before + len(sound)))
    features = cepstra(carry(padded, warped_hz, studio.noise, chance))
    return Heard(features, _labels(shifted, warped_hz, len(features)))


def _not_understood(phonemes: Sequence[tuple[str, int]]) -> list[Sound]:
    return [Sound(SILENCE if name in _PAUSES else UNKNOWN, start) for name, start in phonemes]


def _labels(sounds: Sequence[Sound], rate_hz: float, steps: int) -> Labels:
    """A step belongs to the sound at the middle of its window; the first 30 ms have a score of their own."""
    begins = np.array([sound.start for sound in sounds], float) * RATE_HZ / rate_hz
    first = np.clip(np.ceil((begins - WINDOW_SAMPLES / 2) / STEP_SAMPLES), 0, steps).astype(int)
    for number in range(1, len(first)):
        first[number] = max(first[number], min(first[number - 1] + _SHORTEST_STEPS, steps))
    labels = np.zeros(steps, np.uint16)
    for sound, start in zip(sounds, first, strict=True):
        labels[start:] = LOOP_PDF[sound.name]
        labels[start : start + _SHORTEST_STEPS] = FIRST_PDF[sound.name]
    return labels


def _babble(espeak: Espeak, utterances: Sequence[Utterance]) -> Noise:
    """Several people talking at once, saying what others of this batch say."""
    whole = np.zeros(RATE_HZ * _BABBLE_S)
    texts = [utterance.text for utterance in utterances if utterance.kind == "mandarin"]
    for speaker in range(_BABBLE_SPEAKERS):
        manner = Manner(variant=voices.SHIPPED[speaker * 7 % len(voices.SHIPPED)], pitch=20 + 10 * speaker)
        spoken = espeak.say("，".join(texts[speaker::_BABBLE_SPEAKERS][:6]), manner).samples
        piece = resample(spoken.astype(np.float64), espeak.rate_hz, 100, 3600)
        whole += np.resize(piece, len(whole))
    return Noise(whole)
