"""Fits what a model's confidences mean, and when to doubt a transcript, and writes it into the model's card.

python -m benchmarks.speech.calibrate [--model FOLDER]

The last step after a model was made. It learns from benchmarks/speech/calibration/ alone.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.speech.examples import CALIBRATION, GOOD, Example, Other, others, sentences
from speech.confidence import FEATURES, Calibration, features_of, judge, lasting_unknown, trust
from speech.recognizer import Recognizer
from speech.registry import describe

ROOT = Path(__file__).parents[2]
# Of recordings in good conditions, so many in a hundred may be doubted, and none of which half is likely right.
_GOOD_DOUBTED_PERCENT, _DOUBT_AT_MOST = 2.0, 0.5
_RIDGE = 1.0
_ROUNDS = 100


def calibrated(examples: Sequence[Example], strangers: Sequence[Other]) -> Calibration:
    """What fits these examples: a logistic regression, in which all words of strangers are wrong."""
    hearings = [example.hearing for example in examples] + [stranger.hearing for stranger in strangers]
    features = [each for hearing in hearings for each in features_of(hearing.transcript.words, hearing.evidence)]
    right = [right for example in examples for right in example.are_right]
    right += [False] * (len(features) - len(right))
    rows = np.array([[each[name] for name in FEATURES] for each in features])
    weights = _regression(rows, np.array(right, np.float64))
    named = {name: round(float(weight), 4) for name, weight in zip(FEATURES, weights, strict=True)}
    return _with_limit(Calibration(named), [example for example in examples if example.condition in GOOD])


def _regression(features: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Newton's method, with a small ridge so that a feature that tells nothing stays near nothing."""
    weights = np.zeros(features.shape[1])
    for _ in range(_ROUNDS):
        expected = 1 / (1 + np.exp(-features @ weights))
        spread = features * (expected * (1 - expected))[:, None]
        slope = features.T @ (right - expected) - _RIDGE * weights
        step = np.linalg.solve(spread.T @ features + _RIDGE * np.eye(len(weights)), slope)
        weights = weights + step
        if np.abs(step).max() < 1e-9:  # noqa: PLR2004 - nothing moves any more
            break
    return weights


def _with_limit(calibration: Calibration, good: Sequence[Example]) -> Calibration:
    """Doubt as much as good Mandarin allows."""
    trusts = [
        trust(judge(example.hearing, calibration).words, lasting_unknown(example.hearing.evidence)) for example in good
    ]
    limit = min(float(np.percentile(trusts, _GOOD_DOUBTED_PERCENT)), _DOUBT_AT_MOST)
    return Calibration(calibration.weights, round(limit, 3))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=ROOT / "speech/demo_model")
    folder = parser.parse_args().model
    describe(folder)
    recognizer = Recognizer.load(folder)
    examples = list(sentences(recognizer, CALIBRATION, every=2))
    strangers = list(others(recognizer, CALIBRATION))
    calibration = calibrated(examples, strangers)
    card = folder / "model.json"
    data = json.loads(card.read_text(encoding="utf-8")) | {"calibration": calibration.as_dict()}
    card.write_text(json.dumps(data, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    words = sum(len(example.are_right) for example in examples)
    doubted = sum(judge(stranger.hearing, calibration).doubt is not None for stranger in strangers)
    print(f"{words} words of {len(examples)} recordings; {doubted} of {len(strangers)} others doubted")
    print(json.dumps(calibration.as_dict(), indent=2))


if __name__ == "__main__":
    main()
