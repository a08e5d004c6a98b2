"""Recordings of which it is known what was said, as a model hears them: Mandarin in every condition, other things."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from benchmarks.speech.cer import CONDITIONS, Case, Condition, spoken
from benchmarks.speech.sounds import Sound, crowd, recording, sounds
from benchmarks.speech.truth import are_right
from speech.hearing import Hearing
from speech.recognizer import Recognizer

FOLDER = Path(__file__).parent
# What is learnt from, and what is measured with: other sentences, other voices, other tunes.
CALIBRATION, JUDGED = FOLDER / "calibration", FOLDER / "judged"
_SEEDS = {CALIBRATION: 1, JUDGED: 2}
# The conditions of which speech is hard to hear, but should be heard.
GOOD = ("clean", "telephone", "15 dB")
_TELEPHONE = Condition("telephone")
_VOICES_ON = 3


@dataclass(frozen=True)
class Example:
    """A sentence of Mandarin, what was made of it, and which of the words are right."""

    condition: str
    hearing: Hearing
    are_right: tuple[bool, ...]


@dataclass(frozen=True)
class Other:
    """Something that isn't Mandarin, and what was made of it all the same."""

    name: str
    hearing: Hearing


def sentences(recognizer: Recognizer, folder: Path, every: int = 1) -> Iterator[Example]:
    """Each sentence of the folder in each condition, every time by another voice.

    With `every` 2, each condition has half of the sentences, in turns; it takes half the time.
    """
    said, voices = _lines(folder / "sentences.txt"), _lines(folder / "voices.txt")
    for turn, condition in enumerate(CONDITIONS):
        cases = [
            Case(text, voices[(number + turn * _VOICES_ON) % len(voices)], number)
            for number, text in enumerate(said)
            if (number + turn) % every == 0
        ]
        for case, sound in zip(cases, spoken(cases, condition), strict=True):
            hearing = recognizer.hear(sound)
            yield Example(condition.name, hearing, tuple(are_right(case.text, hearing.transcript.words)))


def others(recognizer: Recognizer, folder: Path) -> Iterator[Other]:
    """Other languages over the telephone, crowds, and sounds that are no speech."""
    for name, sound in [*_foreign(folder), *_crowds(folder), *_sounds(folder)]:
        yield Other(name, recognizer.hear(sound))


def _foreign(folder: Path) -> Iterator[tuple[str, io.BytesIO]]:
    voices = _lines(folder / "voices.txt")
    with (folder / "other_languages.tsv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    for language in dict.fromkeys(row[0] for row in rows):
        cases = [
            Case(text, voices[number % len(voices)], number)
            for number, (spoken_in, text) in enumerate(rows)
            if spoken_in == language
        ]
        for case, sound in zip(cases, spoken(cases, _TELEPHONE, language), strict=True):
            yield f"{language}: {case.text}", sound


def _crowds(folder: Path) -> Iterator[tuple[str, io.BytesIO]]:
    """Four, six and eight people who all speak Mandarin at once."""
    said, voices = _lines(folder / "sentences.txt"), _lines(folder / "voices.txt")
    for first, people in ((0, 4), (10, 6), (20, 8)):
        cases = [Case(said[first + each], voices[each % len(voices)], each) for each in range(people)]
        heard = [_samples(sound) for sound in spoken(cases, _TELEPHONE)]
        yield f"crowd of {people}", recording(crowd(heard))


def _sounds(folder: Path) -> Iterator[tuple[str, io.BytesIO]]:
    for name, sound in sounds(_SEEDS[folder]):
        yield name, recording(sound)


def _samples(sound: io.BytesIO) -> Sound:
    samples, _ = soundfile.read(sound)
    return np.asarray(samples, np.float64)


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").split()
