"""Learning from labelled texts: pure functions from examples to a model, and from a model to how often it is right.

Only who trains imports this: it needs scikit-learn, and to understand needs none of it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_array
from scipy.special import log_softmax
from sklearn.feature_extraction import DictVectorizer
from sklearn.model_selection import KFold
from sklearn.svm import LinearSVC

from speech.understand.learned import BASE, EMERGENCY, Column, Learned
from speech.understand.signs import Sign, find_by_rules, signs
from speech.understand.sound import correct

FACTS = ("category", "urgency")
CASES = BASE.parent / "cases"
_STRENGTH = 0.3
_FOLDS = 5
_SEED = 0
# What was seen once says nothing about another text.
_SEEN_AT_LEAST = 2
_STEEPNESS = (0.2, 50.0)

Seen = Sequence[Sign]


@dataclass(frozen=True)
class Example:
    """A text and what a careful person took from it; `weight` is how much it counts beside others."""

    text: str
    labels: Mapping[str, str]
    weight: float = 1.0


class TooFewExamplesError(ValueError):
    """Nothing can be learned from them: a fact has fewer than two values."""


def see(text: str) -> Seen:
    """What a model sees of a text."""
    meant = correct(text)
    return signs(meant, find_by_rules(meant))


def train(examples: Sequence[Example]) -> Learned:
    """The model that these examples make; the same examples make the same model.

    Raises:
        TooFewExamplesError
    """
    seen = [_sums(see(example.text)) for example in examples]
    vectorizer = DictVectorizer(dtype=np.float64)
    matrix = _narrow(vectorizer.fit_transform(_frequent(seen)))
    columns: dict[str, Column] = {}
    parts: list[NDArray[np.float64]] = []
    for fact in FACTS:
        task = _Task(matrix, examples, fact)
        weights, intercepts = task.fit(np.arange(len(examples)))
        columns[fact] = Column(task.values, tuple(map(float, intercepts)), task.steepness())
        parts.append(weights)
    rows = {str(name): row for row, name in enumerate(vectorizer.get_feature_names_out())}
    return Learned(columns, rows, np.hstack(parts).astype(np.float32))


class _Task:
    """One fact of all examples: a yes or no for each of its values."""

    def __init__(self, matrix: csr_array, examples: Sequence[Example], fact: str) -> None:
        self._matrix = matrix
        self._labels = np.array([example.labels[fact] for example in examples])
        self._weights = np.array([example.weight for example in examples])
        self.values = tuple(sorted(set(self._labels)))
        if len(self.values) < 2:  # noqa: PLR2004 - a choice
            raise TooFewExamplesError(fact)

    def fit(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The weights of each sign for each value, and the values' intercepts, learned from some of the examples."""
        fitted = [self._fit_one(rows, value) for value in self.values]
        return np.column_stack([weights for weights, _ in fitted]), np.array([intercept for _, intercept in fitted])

    def _fit_one(self, rows: NDArray[np.int64], value: str) -> tuple[NDArray[np.float64], float]:
        is_value = self._labels[rows] == value
        if not is_value.any():
            return np.zeros(self._matrix.shape[1]), -1.0
        model = LinearSVC(C=_STRENGTH, max_iter=5000, random_state=_SEED)
        model.fit(_narrow(self._matrix[rows]), is_value, sample_weight=self._weights[rows])
        return model.coef_[0], float(model.intercept_[0])

    def steepness(self) -> float:
        """So steep that of what is told as 0.8 likely about 0.8 is right, where it was not learned from."""
        scores = np.zeros((len(self._labels), len(self.values)))
        folds = KFold(min(_FOLDS, len(self._labels)), shuffle=True, random_state=_SEED)
        for learned_from, others in folds.split(scores):
            weights, intercepts = self.fit(learned_from)
            scores[others] = self._matrix[others] @ weights + intercepts
        truth = np.searchsorted(np.array(self.values), self._labels)

        def surprise(steepness: float) -> float:
            return -float(log_softmax(scores * steepness, axis=1)[np.arange(len(truth)), truth].mean())

        return float(minimize_scalar(surprise, bounds=_STEEPNESS, method="bounded").x)


def _sums(seen: Seen) -> dict[str, float]:
    summed: dict[str, float] = {}
    for sign in seen:
        summed[sign.name] = summed.get(sign.name, 0.0) + sign.weight
    return summed


def _frequent(seen: Sequence[Mapping[str, float]]) -> list[dict[str, float]]:
    counts = Counter(name for each in seen for name in each)
    return [{name: weight for name, weight in each.items() if counts[name] >= _SEEN_AT_LEAST} for each in seen]


def _narrow(matrix: csr_array) -> csr_array:
    """With the short indices that liblinear asks for."""
    matrix.indices, matrix.indptr = matrix.indices.astype(np.int32), matrix.indptr.astype(np.int32)
    return matrix


def base_examples() -> list[Example]:
    """The labelled cases that come with the service: what a young model still needs beside a few of its own."""
    return [
        Example(case["text"], {fact: case[fact] for fact in FACTS})
        for file in sorted(CASES.glob("*/requests.jsonl"))
        for case in map(json.loads, file.read_text(encoding="utf-8").splitlines())
    ]


@dataclass(frozen=True)
class Score:
    """How often a model is right about a fact."""

    right: int
    count: int

    @property
    def share(self) -> float:
        return self.right / self.count if self.count else 0.0


def score(model: Learned, examples: Iterable[Example]) -> dict[str, Score]:
    """By fact, how often the model alone says what a person said; and how many emergencies it takes for one."""
    told = [(example.labels, see(example.text)) for example in examples]
    found = [model.is_like_an_emergency(seen) for labels, seen in told if labels["urgency"] == EMERGENCY]
    right = {
        fact: Score(sum(model.verdict(fact, seen).value == labels[fact] for labels, seen in told), len(told))
        for fact in FACTS
    }
    return {**right, EMERGENCY: Score(sum(found), len(found))}


def cross_validated(examples: Sequence[Example], folds: int = _FOLDS) -> dict[str, Score]:
    """By fact, how often models are right about examples of the same kind that they were not made from."""
    right = Counter[str]()
    for learned_from, others in KFold(folds, shuffle=True, random_state=_SEED).split(range(len(examples))):
        model = train([examples[row] for row in learned_from])
        for fact, found in score(model, [examples[row] for row in others]).items():
            right[fact] += found.right
    counts = Counter({fact: len(examples) for fact in FACTS})
    counts[EMERGENCY] = sum(example.labels["urgency"] == EMERGENCY for example in examples)
    return {fact: Score(right[fact], count) for fact, count in counts.items()}
