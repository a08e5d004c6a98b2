"""How far a transcript can be trusted: confidences that mean what they say, and when a person has to listen.

Vosk says of nearly every word that it is sure. What a word, its neighbours and the whole channel look like together
tells more; how much each of it counts is fitted for a model, on sentences that are known, and kept in its card.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

from speech.hearing import Evidence, Hearing
from speech.registry import NotAModelError
from speech.transcript import FIRST_CHANNEL, Doubt, Transcript, Word

# A model without a calibration is believed less than it believes itself.
_HIGHEST_UNCALIBRATED = 0.95
# Surer than this no word is; and 1 - 0.9999 is as near to certain as a model's own numbers tell apart.
_NEVER_ABOVE, _LEAST_DOUBT = 0.99, 1e-4
# How many neighbours on each side tell what a word is worth.
_NEAR = 4
_SOUNDS_S = 0.3
# What is unknown for a shorter time is a breath, a blow, or noise before somebody begins.
_MOMENT_S = 0.45
# A party that was heard for less is doubted only where there is doubt about all of it together.
_ENOUGH_S = 1.5
# From this share on it is what is unknown that makes a transcript doubtful.
_MUCH_UNKNOWN = 0.25
_USUAL_SYLLABLE_S = 0.2


class CalibrationError(NotAModelError):
    """The calibration in a model's card isn't one."""


@dataclass(frozen=True)
class Calibration:
    """What was fitted for one model.

    `weights` says for each feature how much it speaks for a word being right. A transcript of which less than
    `doubt_below` is likely right is doubted.
    """

    weights: Mapping[str, float] | None = None
    doubt_below: float = 0.5

    @classmethod
    def of(cls, model: Path) -> Calibration:
        """The calibration of the model in this folder; a cautious one where its card has none.

        Raises CalibrationError for one that doesn't fit this version.
        """
        card = model / "model.json"
        data = json.loads(card.read_text(encoding="utf-8")).get("calibration") if card.is_file() else None
        return cls() if data is None else cls._from_card(data)

    @classmethod
    def _from_card(cls, data: Mapping[str, Any]) -> Calibration:
        try:
            weights = {name: float(weight) for name, weight in data["weights"].items()}
            calibration = cls(weights, float(data["doubt_below"]))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise CalibrationError(f"The calibration in the model's card can't be read: {error!r}.") from error
        if weights.keys() != set(FEATURES):
            raise CalibrationError("The calibration in the model's card has other features than those known here.")
        return calibration

    def as_dict(self) -> dict[str, Any]:
        """As it stands in a model's card."""
        return {"weights": dict(self.weights or {}), "doubt_below": self.doubt_below}

    def confidence(self, features: Features) -> float:
        """The probability that a word with these features is right."""
        if self.weights is None:
            raise CalibrationError("Nothing was fitted.")
        score = sum(weight * features[name] for name, weight in self.weights.items())
        return round(min(1 / (1 + math.exp(-max(min(score, 30), -30))), _NEVER_ABOVE), 4)


def judge(hearing: Hearing, calibration: Calibration, party: str = FIRST_CHANNEL) -> Transcript:
    """The transcript with calibrated confidences, and the doubt there is about what `party` said.

    Where that is too little to judge by, everybody's words count.
    """
    words = _calibrated(hearing, calibration)
    transcript = replace(hearing.transcript, words=words)
    return replace(transcript, doubt=_doubt(words, hearing.evidence, calibration, party))


def _calibrated(hearing: Hearing, calibration: Calibration) -> tuple[Word, ...]:
    words = hearing.transcript.words
    if calibration.weights is None:
        return tuple(replace(word, conf=min(word.conf, _HIGHEST_UNCALIBRATED)) for word in words)
    features = features_of(words, hearing.evidence)
    return tuple(replace(word, conf=calibration.confidence(each)) for word, each in zip(words, features, strict=True))


FEATURES = (
    *("always", "certainty", "own_doubt", "certainty_near", "certainty_of_channel"),
    *("unknown_near", "unknown_of_channel", "one_syllable", "syllables", "hurried", "drawn_out"),
)
Features = dict[str, float]
_Row = Sequence[tuple[Word, bool]]


def features_of(words: Sequence[Word], evidence: Evidence) -> list[Features]:
    """What is known about each word, by the names of FEATURES."""
    found: dict[int, Features] = {}
    for channel in dict.fromkeys(word.channel for word in words):
        numbers = [number for number, word in enumerate(words) if word.channel == channel]
        unknown = [word for word in lasting_unknown(evidence) if word.channel == channel]
        features = _features_of_channel([words[number] for number in numbers], unknown)
        found.update(zip(numbers, features, strict=True))
    return [found[number] for number in range(len(words))]


def _features_of_channel(words: Sequence[Word], unknown: Sequence[Word]) -> Iterator[Features]:
    row = sorted([(word, False) for word in words] + [(word, True) for word in unknown], key=lambda each: each[0].start)
    of_all = {
        "always": 1.0,
        "certainty_of_channel": fmean(_certainty(word) for word in words),
        "unknown_of_channel": _share_of_unknown(row),
    }
    for place, (word, is_unknown) in enumerate(row):
        if not is_unknown:
            before, after = row[max(0, place - _NEAR) : place], row[place + 1 : place + _NEAR + 1]
            yield of_all | _of_word(word) | _of_neighbours([*before, *after], [*before, (word, False), *after])


def _of_word(word: Word) -> Features:
    syllables = max(len(word.word), 1)
    pace = (word.end - word.start) / syllables / _USUAL_SYLLABLE_S
    return {
        "certainty": _certainty(word),
        "own_doubt": 1 - word.conf,
        "one_syllable": float(syllables == 1),
        "syllables": min(syllables, 4) / 4,
        "hurried": max(1 - pace, 0.0),
        "drawn_out": min(max(pace - 1, 0.0), 3.0),
    }


def _of_neighbours(others: _Row, near: _Row) -> Features:
    certainties = [0.0 if is_unknown else _certainty(word) for word, is_unknown in others]
    return {
        "certainty_near": fmean(certainties) if certainties else 0.0,
        "unknown_near": _share_of_unknown(near),
    }


def _certainty(word: Word) -> float:
    """0 for a word of which nothing is believed, 1 for one that the model is certain of; nearly all lie near 1."""
    return math.log(1 - word.conf + _LEAST_DOUBT) / math.log(_LEAST_DOUBT)


def _share_of_unknown(row: _Row) -> float:
    """The share of the time in which something was heard, but no word that the model knows."""
    whole = sum(word.end - word.start for word, _ in row)
    return sum(word.end - word.start for word, is_unknown in row if is_unknown) / whole if whole > 0 else 0.0


def lasting_unknown(evidence: Evidence) -> tuple[Word, ...]:
    """Where the model heard what it doesn't know for long enough to mean something."""
    return tuple(word for word in evidence.unknown if word.end - word.start > _MOMENT_S)


def trust(words: Sequence[Word], unknown: Sequence[Word]) -> float:
    """How much of what was heard is likely right, by its length; of what is unknown, nothing."""
    heard_s = _seconds(words) + _seconds(unknown)
    return sum(word.conf * (word.end - word.start) for word in words) / heard_s if heard_s > 0 else 0.0


def _doubt(words: Sequence[Word], evidence: Evidence, calibration: Calibration, party: str) -> Doubt | None:
    if not words and evidence.sounding_s < _SOUNDS_S:
        return Doubt.SILENCE
    if not words:
        return Doubt.UNKNOWN_SPEECH if evidence.unknown_s >= _SOUNDS_S else Doubt.NO_SPEECH
    unknown = lasting_unknown(evidence)
    said, missed = ([word for word in kind if word.channel == party] for kind in (words, unknown))
    alone = _doubt_of(said, missed, calibration)
    if alone is None or _seconds(said) + _seconds(missed) >= _ENOUGH_S:
        return alone
    return _doubt_of(words, unknown, calibration)


def _doubt_of(words: Sequence[Word], unknown: Sequence[Word], calibration: Calibration) -> Doubt | None:
    if words and trust(words, unknown) >= calibration.doubt_below:
        return None
    is_unknown = _seconds(unknown) > _MUCH_UNKNOWN * (_seconds(words) + _seconds(unknown))
    return Doubt.UNKNOWN_SPEECH if is_unknown else Doubt.UNSURE


def _seconds(words: Sequence[Word]) -> float:
    return sum(word.end - word.start for word in words)
