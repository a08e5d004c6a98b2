"""Whether speech that the model doesn't know, and what isn't speech, goes to a person; and Mandarin doesn't."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Figure, at_least, at_most
from benchmarks.speech.examples import GOOD, JUDGED, others, sentences
from speech.confidence import Calibration, judge
from speech.recognizer import Recognizer
from speech.transcript import Transcript
from speech.understand import Gazetteer, understand

DEMO = Path(__file__).parents[2] / "speech/demo_model"


def figures() -> Iterator[Figure]:
    """The demo model on 100 clips that are no Mandarin of its kind, and on Mandarin."""
    recognizer, calibration = Recognizer.load(DEMO), Calibration.of(DEMO)
    judged = [(other.name, judge(other.hearing, calibration)) for other in others(recognizer, JUDGED)]
    passed = [(name, transcript) for name, transcript in judged if transcript.doubt is None]
    kinds = dict(Counter(transcript.doubt.value for _, transcript in judged if transcript.doubt))
    note = "not marked: " + "; ".join(f"{name} -> {transcript.text}" for name, transcript in passed) if passed else ""
    bound = at_least(0.95 * len(judged))
    yield Figure(
        "clips that aren't Mandarin, marked", len(judged) - len(passed), f"of {len(judged)}", bound, kinds, note
    )
    taken = sum(facts_in(transcript) for _, transcript in passed)
    yield Figure("facts taken from those that aren't marked", taken, "", at_most(0))
    yield from _mandarin(recognizer, calibration)


def _mandarin(recognizer: Recognizer, calibration: Calibration) -> Iterator[Figure]:
    marked: dict[str, list[bool]] = {}
    for example in sentences(recognizer, JUDGED):
        doubt = judge(example.hearing, calibration).doubt
        marked.setdefault(example.condition, []).append(doubt is not None)
    for condition, marks in marked.items():
        bound = at_most(5) if condition in GOOD else None
        yield Figure(f"Mandarin marked, {condition}", 100 * sum(marks) / len(marks), "%", bound, {"clips": len(marks)})


def facts_in(transcript: Transcript) -> int:
    """How many facts would be taken from it, beyond its mere kind and a summary of its words."""
    facts = understand(transcript.text, Gazetteer(), words=transcript.words)
    always = {"category", "urgency", "summary"}
    return sum(fact.is_said for name, fact in facts.items() if name not in always) + len(facts.emergencies)
