"""Whether confidences mean what they say: of words marked 0.9, nine in ten should be right."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from benchmarks.figures import Figure, at_most
from benchmarks.speech.cer import CONDITIONS, HELD_OUT, cases, spoken
from benchmarks.speech.examples import JUDGED, Example, sentences
from benchmarks.speech.truth import are_right
from speech.confidence import Calibration, judge
from speech.recognizer import Recognizer

DEMO = Path(__file__).parents[2] / "speech/demo_model"
BINS = 10


@dataclass(frozen=True)
class Claim:
    """What was said about some words, and the share of them that is right."""

    confidence: float
    right: float
    words: int = 1


@dataclass(frozen=True)
class Bin:
    """All claims between two tenths."""

    claimed: float
    right: float
    words: int


def figures() -> Iterator[Figure]:
    """The demo model on sentences and voices that it was neither trained nor calibrated with."""
    recognizer, calibration = Recognizer.load(DEMO), Calibration.of(DEMO)
    examples = list(sentences(recognizer, JUDGED))
    words = [claim for example in examples for claim in words_of(example, calibration)]
    raw = [claim for example in examples for claim in raw_words_of(example)]
    note = "ten bins, each weighted by its words; beside: the same for what Vosk says itself"
    beside = {"words": len(words), "Vosk's own": difference(raw)}
    yield Figure("confidence against truth, words", difference(words), "", at_most(0.05), beside, note)
    segments = [claim for example in examples for claim in segments_of(example, calibration)]
    yield Figure("confidence against truth, segments", difference(segments), "", None, {"segments": len(segments)})
    for condition in dict.fromkeys(example.condition for example in examples):
        chosen = [each for each in examples if each.condition == condition]
        claims = [claim for example in chosen for claim in words_of(example, calibration)]
        yield Figure(
            f"confidence against truth, words, {condition}", difference(claims), "", None, {"words": len(claims)}
        )
    claims = [claim for example in _held_out(recognizer) for claim in words_of(example, calibration)]
    what = "confidence against truth, words, held-out free sentences, telephone"
    yield Figure(what, difference(claims), "", None, {"words": len(claims)})
    for each in bins(words):
        beside = {"marked": each.claimed, "words": each.words}
        yield Figure(f"right of words marked about {each.claimed:.2f}", each.right, "", None, beside)


def _held_out(recognizer: Recognizer) -> list[Example]:
    """The free sentences that recognition itself is measured with; of them, as ever, only totals are looked at."""
    telephone = next(condition for condition in CONDITIONS if condition.name == "telephone")
    said = cases(HELD_OUT, "free")
    heard = [recognizer.hear(sound) for sound in spoken(said, telephone)]
    return [
        Example(telephone.name, hearing, tuple(are_right(case.text, hearing.transcript.words)))
        for case, hearing in zip(said, heard, strict=True)
    ]


def words_of(example: Example, calibration: Calibration) -> Iterator[Claim]:
    """A claim for each word."""
    for word, is_right in zip(judge(example.hearing, calibration).words, example.are_right, strict=True):
        yield Claim(word.conf, is_right)


def raw_words_of(example: Example) -> Iterator[Claim]:
    """The same with the model's own confidences."""
    for word, is_right in zip(example.hearing.transcript.words, example.are_right, strict=True):
        yield Claim(word.conf, is_right)


def segments_of(example: Example, calibration: Calibration) -> Iterator[Claim]:
    """A claim for each segment."""
    for segment in judge(example.hearing, calibration).segments:
        are_right = example.are_right[segment.first : segment.last + 1]
        yield Claim(segment.confidence, fmean(are_right), len(are_right))


def bins(claims: Sequence[Claim]) -> Iterator[Bin]:
    """The claims by tenths, those tenths that hold any."""
    for tenth in range(BINS):
        inside = [claim for claim in claims if min(int(claim.confidence * BINS), BINS - 1) == tenth]
        words = sum(claim.words for claim in inside)
        if words:
            claimed = sum(claim.confidence * claim.words for claim in inside) / words
            yield Bin(claimed, sum(claim.right * claim.words for claim in inside) / words, words)


def difference(claims: Sequence[Claim]) -> float:
    """How far claims and truth lie apart in the bins, each weighted by its words."""
    found = list(bins(claims))
    return sum(abs(each.claimed - each.right) * each.words for each in found) / sum(each.words for each in found)
