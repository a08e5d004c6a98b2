"""Learning from labelled texts: pure functions from examples to a model, and from a model to how often it is right.

Only who trains imports this: it needs scikit-learn, and to understand needs none of it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_array
from scipy.special import log_softmax
from sklearn.feature_extraction import DictVectorizer
from sklearn.model_selection import KFold
from sklearn.svm import LinearSVC

from speech.understand.answers import CheckAnswer, as_meant, as_meant_to_check, named
from speech.understand.category import find_category
from speech.understand.learned import CASES, EMERGENCY, Column, Learned, Weighing
from speech.understand.signs import Signs, find_by_rules, signs, signs_of_answer
from speech.understand.sound import correct

_STRENGTH = 0.3
_FOLDS = 5
_SEED = 0
# What was seen once says nothing about another text.
_SEEN_AT_LEAST = 2
_STEEPNESS = (0.2, 50.0)
# Fewer say nothing about when a value is meant; the rules alone decide about it then.
_VALUES_AT_LEAST = 4
# Of several values each is seldom meant: to miss one weighs more than to name one too many.
_MEANT = 1.5
# Chosen on cases that the rules were not written for: how far a sum must be above that of what is certainly not meant,
# with and without a rule's word.
_THRESHOLD = {"needs": (0.1, -0.7), "groups": (0.4, -0.9)}
# Likewise how much more weight the value of an answer has for which there is a rule's word.
_RULED = 0.6
_BY_RULE = ("r:need=", "r:gone=", "r:group=")

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Example:
    """A text and what a careful person took from it: by fact a value, or a list where there may be several.

    `weight` is how much the example counts beside others.
    """

    text: str
    labels: Mapping[str, Any]
    weight: float = 1.0


class TooFewExamplesError(ValueError):
    """Nothing can be learned from them: a fact has fewer than two values."""


@dataclass(frozen=True)
class Seen:
    """What a model sees of a text, and what the rules have found in it, by fact."""

    signs: Signs
    ruled: Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Kind:
    """A kind of text: what is learned of it, by the names of its cases, and how it is seen."""

    name: str
    single: tuple[str, ...]
    several: tuple[str, ...]
    see: Callable[[str], Seen]
    is_ruled: bool = True

    @property
    def facts(self) -> tuple[str, ...]:
        return (*self.single, *self.several)


def see(text: str) -> Seen:
    """What there is to learn from a request, and to weigh."""
    meant = correct(text)
    found = find_by_rules(meant)
    ruled = {"needs": frozenset(span.says for span in found.needs), "groups": frozenset(s.says for s in found.groups)}
    return Seen(signs(meant, found, find_category(meant, found)), ruled)


def _see_answer(text: str) -> Seen:
    return Seen(signs_of_answer(as_meant(text)), {})


def _see_check_answer(text: str) -> Seen:
    answer = CheckAnswer(as_meant_to_check(text))
    return Seen(signs_of_answer(answer.text), {"needs": frozenset(span.says for span in answer.needs)})


# Of a request the rules are signs among others; of an answer they have a weight of their own.
REQUESTS = Kind("requests", ("category", "urgency"), ("needs", "groups"), see, is_ruled=False)
SURVEY = Kind("survey", ("resolved", "satisfied", "reason"), (), _see_answer)
OUTREACH = Kind("outreach", ("problem", "urgency"), ("needs",), _see_check_answer)
KINDS = (REQUESTS, SURVEY, OUTREACH)


def train(examples: Sequence[Example], kind: Kind = REQUESTS) -> Learned:
    """The model that these examples make; the same examples make the same model.

    Raises:
        TooFewExamplesError
    """
    seen = [_sums(kind.see(example.text).signs) for example in examples]
    vectorizer = DictVectorizer(dtype=np.float64)
    matrix = _narrow(vectorizer.fit_transform(_frequent(seen)))
    names = [str(name) for name in vectorizer.get_feature_names_out()]
    # The rules were written for many of the examples, and look better there than they are.
    sighted = np.array([0.0 if name.startswith(_BY_RULE) else 1.0 for name in names])
    blind = _narrow(matrix.multiply(sighted).tocsr())
    made = {fact: _single(matrix, examples, fact, kind) for fact in kind.single}
    made |= {fact: _several(blind, examples, fact) for fact in kind.several}
    weights = np.hstack([weights for _, weights in made.values()]).astype(np.float32)
    columns = {fact: column for fact, (column, _) in made.items()}
    return Learned(columns, {name: row for row, name in enumerate(names)}, weights)


def _single(matrix: csr_array, examples: Sequence[Example], fact: str, kind: Kind) -> tuple[Column, Floats]:
    """A fact that has one value; so steep that of what is told as 0.8 likely about 0.8 is right elsewhere.

    Raises:
        TooFewExamplesError
    """
    labels = np.array([named(example.labels[fact]) for example in examples])
    values = sorted(set(labels.tolist()))
    if len(values) < 2:  # noqa: PLR2004 - a choice
        raise TooFewExamplesError(fact)
    task = _Task(matrix, labels[:, None] == np.array(values), _weights(examples))
    weights, intercepts = task.fit(np.arange(len(examples)))
    scores, truth = task.scores(), np.searchsorted(values, labels)

    def surprise(steepness: float) -> float:
        return -float(log_softmax(scores * steepness, axis=1)[np.arange(len(truth)), truth].mean())

    ruled = _RULED if kind.is_ruled else 0.0
    return Column(tuple(values), tuple(map(float, intercepts)), _least(surprise), ruled=ruled), weights


def _several(matrix: csr_array, examples: Sequence[Example], fact: str) -> tuple[Column, Floats]:
    """A fact that has any number of values; the threshold lies in the intercepts: above 0 is likelier than not."""
    counts = Counter(value for example in examples for value in example.labels[fact])
    values = tuple(sorted(value for value, count in counts.items() if count >= _VALUES_AT_LEAST))
    if not values:
        return Column((), (), 1.0, several=True), np.zeros((matrix.shape[1], 0))
    is_value = np.array([[value in example.labels[fact] for value in values] for example in examples])
    task = _Task(matrix, is_value, _weights(examples), _MEANT)
    weights, intercepts = task.fit(np.arange(len(examples)))
    above, above_by_rule = _THRESHOLD[fact]
    scores = np.where(is_value, 1.0, -1.0) * (task.scores() - above)

    def surprise(steepness: float) -> float:
        return float(np.logaddexp(0.0, -scores * steepness).mean())

    shifted = tuple(float(each - above) for each in intercepts)
    return Column(values, shifted, _least(surprise), several=True, ruled=above - above_by_rule), weights


def _weights(examples: Sequence[Example]) -> Floats:
    return np.array([example.weight for example in examples])


@dataclass(frozen=True)
class _Task:
    """A yes or no for each value of a fact (a column of `is_value`), learned apart from each other.

    To miss a yes weighs `meant` times as much as to miss a no.
    """

    matrix: csr_array
    is_value: NDArray[np.bool_]
    weights: Floats
    meant: float = 1.0

    def fit(self, rows: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """The weights of each sign for each value, and the values' intercepts, learned from some of the examples."""
        fitted = [self._fit_one(rows, is_value[rows]) for is_value in self.is_value.T]
        return np.column_stack([weights for weights, _ in fitted]), np.array([intercept for _, intercept in fitted])

    def _fit_one(self, rows: NDArray[np.int64], is_value: NDArray[np.bool_]) -> tuple[Floats, float]:
        if not is_value.any():
            return np.zeros(self.matrix.shape[1]), -1.0
        model = LinearSVC(C=_STRENGTH, max_iter=5000, random_state=_SEED, class_weight={True: self.meant})
        model.fit(_narrow(self.matrix[rows]), is_value, sample_weight=self.weights[rows])
        return model.coef_[0], float(model.intercept_[0])

    def scores(self) -> Floats:
        """For each example the sums of its values, by models that were not made from it."""
        scores = np.zeros(self.is_value.shape)
        folds = KFold(min(_FOLDS, len(scores)), shuffle=True, random_state=_SEED)
        for learned_from, others in folds.split(scores):
            weights, intercepts = self.fit(learned_from)
            scores[others] = self.matrix[others] @ weights + intercepts
        return scores


def _least(surprise: Callable[[float], float]) -> float:
    return float(minimize_scalar(surprise, bounds=_STEEPNESS, method="bounded").x)


def _sums(seen: Signs) -> dict[str, float]:
    summed: dict[str, float] = {}
    for name, weight in zip(seen.names, seen.weights, strict=True):
        summed[name] = summed.get(name, 0.0) + weight
    return summed


def _frequent(seen: Sequence[Mapping[str, float]]) -> list[dict[str, float]]:
    counts = Counter(name for each in seen for name in each)
    return [{name: weight for name, weight in each.items() if counts[name] >= _SEEN_AT_LEAST} for each in seen]


def _narrow(matrix: csr_array) -> csr_array:
    """With the short indices that liblinear asks for."""
    matrix.indices, matrix.indptr = matrix.indices.astype(np.int32), matrix.indptr.astype(np.int32)
    return matrix


def base_examples(kind: Kind = REQUESTS) -> list[Example]:
    """The labelled cases that come with the service: what a young model still needs beside a few of its own."""
    return [
        Example(case["text"], {fact: case[fact] for fact in kind.facts})
        for file in sorted(CASES.glob(f"*/{kind.name}.jsonl"))
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
    """By fact of requests, how often model and rules say exactly what a person said; and emergencies found.

    What the rules alone find of emergencies is the same for every model, and left out.
    """
    right: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for example in examples:
        seen = see(example.text)
        weighing = model.weigh(seen.signs)
        right += Counter(fact for fact in REQUESTS.single if weighing.verdict(fact).value == example.labels[fact])
        right += Counter(f for f in REQUESTS.several if _found(weighing, f, seen) == set(example.labels[f]))
        counts.update(REQUESTS.facts)
        if example.labels["urgency"] == EMERGENCY:
            right[EMERGENCY] += weighing.verdict("urgency").is_like_an_emergency
            counts[EMERGENCY] += 1
    return {fact: Score(right[fact], counts[fact]) for fact in (*REQUESTS.facts, EMERGENCY)}


def _found(weighing: Weighing, fact: str, seen: Seen) -> set[str]:
    return {verdict.value for verdict in weighing.several(fact, seen.ruled[fact])}


def cross_validated(examples: Sequence[Example], folds: int = _FOLDS) -> dict[str, Score]:
    """By fact, how often models are right about examples of the same kind that they were not made from."""
    right, counts = Counter[str](), Counter[str]()
    for learned_from, others in KFold(folds, shuffle=True, random_state=_SEED).split(range(len(examples))):
        model = train([examples[row] for row in learned_from])
        for fact, found in score(model, [examples[row] for row in others]).items():
            right[fact] += found.right
            counts[fact] += found.count
    return {fact: Score(right[fact], counts[fact]) for fact in counts}
