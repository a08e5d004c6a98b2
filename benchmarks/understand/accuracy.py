"""Tells how well labelled cases are understood, read or, with --spoken, said by a synthetic caller and heard.

python -m benchmarks.understand.accuracy [FOLDER ...] [--spoken]

A FOLDER holds units.csv, places.csv and any of requests.jsonl, survey.jsonl, outreach.jsonl. Without any they are those
of held_out; of these only figures may be looked at.
"""

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.figures import Bound, Figure, at_least, at_most, line
from benchmarks.speech.cer import ROOT, Condition, said_by, spoken
from speech.local_names import LocalNames, drug_names
from speech.recognizer import Recognizer
from speech.understand import Gazetteer, understand, understand_outreach, understand_survey

HELD_OUT = tuple(sorted(path.parent for path in Path(__file__).parent.glob("held_out/*/units.csv")))
LISTS = ("requests", "survey", "outreach")
NOISY = Condition("15 dB", snr_db=15)
_SINGLE = {
    "requests": ("category", "urgency", "phone", "place", "people", "caller_name", "address"),
    "survey": ("resolved", "satisfied", "reason", "wants_human", "opt_out"),
    "outreach": ("problem", "urgency", "wants_human"),
}
_SETS = {"requests": ("needs", "groups"), "outreach": ("needs",)}
BOUNDS: Mapping[tuple[str, str], Bound] = {
    ("requests", "category"): at_least(0.85),
    ("requests", "urgency"): at_least(0.85),
    ("requests", "needs"): at_least(0.80),
    ("requests", "groups"): at_least(0.80),
    ("requests", "place"): at_least(0.85),
    ("requests", "people"): at_least(0.85),
    ("requests", "caller_name"): at_least(0.80),
    ("requests", "address"): at_least(0.80),
    ("survey", "resolved"): at_least(0.90),
    ("survey", "satisfied"): at_least(0.88),
    ("survey", "reason"): at_least(0.85),
    ("outreach", "problem"): at_least(0.92),
    ("outreach", "needs"): at_least(0.85),
    ("outreach", "urgency"): at_least(0.80),
}

Case = dict[str, Any]
Pairs = Sequence[tuple[Case, Case]]


@dataclass
class Results:
    """The cases of one list with what was understood of each, of one folder or of several."""

    name: str
    pairs: list[tuple[Case, Case]] = field(default_factory=list)

    def figures(self, title: str) -> Iterator[Figure]:
        """Every fact of the list."""
        for fact in _SINGLE[self.name]:
            yield self._share(title, fact)
        for fact in _SETS.get(self.name, ()):
            yield Figure(f"{title}: {fact}, F1", _f1(self.pairs, fact), "", BOUNDS.get((self.name, fact)))
        if self.name == "requests":
            yield from self._requests(title)

    def _share(self, title: str, fact: str) -> Figure:
        known = [(case, answer) for case, answer in self.pairs if fact in case]
        right = sum(case[fact] == answer[fact] for case, answer in known)
        return Figure(
            f"{title}: {fact}",
            right / len(known) if known else 0.0,
            "",
            BOUNDS.get((self.name, fact)),
            {"right": right, "of": len(known)},
        )

    def _requests(self, title: str) -> Iterator[Figure]:
        said = [(case, answer) for case, answer in self.pairs if case["phone"]]
        exact = sum(case["phone"] == answer["phone"] for case, answer in said)
        yield Figure(f"{title}: phone where one is said", exact / len(said), "", at_least(0.95), {"of": len(said)})
        invented = sum(answer["phone"] not in (None, case["phone"]) for case, answer in self.pairs)
        yield Figure(f"{title}: phones that nobody said", invented, "", at_most(0), {"of": len(self.pairs)})
        danger = [answer["urgency"] == "emergency" for case, answer in self.pairs if case["urgency"] == "emergency"]
        alarms = sum(answer["urgency"] == "emergency" for _, answer in self.pairs) - sum(danger)
        yield Figure(
            f"{title}: emergencies found",
            sum(danger) / len(danger),
            "",
            at_least(0.95),
            {"found": sum(danger), "of": len(danger), "false alarms": alarms},
        )
        told = [(case["text"], answer["summary"]) for case, answer in self.pairs if answer["summary"]]
        own = sum(all(part in text for part in summary.split("，")) for text, summary in told)
        yield Figure(f"{title}: summaries of nothing but what was said", own / len(told), "", at_least(1.0))


def understood(
    folders: Iterable[Path], hear: Callable[[Path, list[Case]], Iterable[str]] | None = None
) -> list[Results]:
    """Each list of all the folders; `hear` gives the texts that are understood instead of the cases' own."""
    results = {name: Results(name) for name in LISTS}
    for folder in folders:
        gazetteer = Gazetteer.from_csv(folder / "units.csv", folder / "places.csv")
        answer = _answering(gazetteer)
        for name in LISTS:
            cases = read(folder / f"{name}.jsonl")
            texts = hear(folder, cases) if hear else (case["text"] for case in cases)
            results[name].pairs += [
                ({**case, "text": text}, answer[name](text)) for case, text in zip(cases, texts, strict=True)
            ]
    return [each for each in results.values() if each.pairs]


def _answering(gazetteer: Gazetteer) -> Mapping[str, Callable[[str], Case]]:
    return {
        "requests": lambda text: understand(text, gazetteer).as_dict(),
        "survey": lambda text: understand_survey(text).as_dict(),
        "outreach": lambda text: understand_outreach(text).as_dict(),
    }


def read(file: Path) -> list[Case]:
    """The cases of a list; none where there is no such file."""
    return [json.loads(case) for case in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []


def _f1(pairs: Pairs, fact: str) -> float:
    """Over all values of all cases together."""
    counted = Counter[str]()
    for case, answer in pairs:
        said, found = set(case[fact]), set(answer[fact])
        counted += Counter(both=len(said & found), either=len(said) + len(found))
    return 2 * counted["both"] / counted["either"] if counted["either"] else 1.0


def heard(folder: Path, cases: list[Case]) -> Iterator[str]:
    """What is heard of the cases, said over a noisy line by voices new to the model; local names put right."""
    voices = (ROOT / "benchmarks/speech/held_out/voices.txt").read_text(encoding="utf-8").split()
    gazetteer = Gazetteer.from_csv(folder / "units.csv", folder / "places.csv")
    names = LocalNames.from_names([*gazetteer.names, *drug_names()])
    # One voice each, in turn.
    said = [said_by([case["text"]], [voices[number % len(voices)]])[0] for number, case in enumerate(cases)]
    for recording in spoken(said, NOISY):
        yield names.correct(_recognizer().transcribe(recording)).text


@cache
def _recognizer() -> Recognizer:
    return Recognizer.load(ROOT / "speech/demo_model")


def figures() -> Iterator[Figure]:
    """What is understood of the held-out cases."""
    for results in understood(HELD_OUT):
        yield from results.figures(results.name)


def figures_spoken() -> Iterator[Figure]:
    """How much of what is right on paper is still right when it was said and heard; nobody promised that."""
    on_paper, by_ear = understood(HELD_OUT), understood(HELD_OUT, heard)
    for read_, heard_ in zip(on_paper, by_ear, strict=True):
        for fact in (*_SINGLE[read_.name], *_SETS.get(read_.name, ())):
            yield _kept(read_, heard_, fact)


def _kept(on_paper: Results, by_ear: Results, fact: str) -> Figure:
    pairs = [
        (_same(case[fact], read_[fact]), _same(case[fact], heard_[fact]))
        for (case, read_), (_, heard_) in zip(on_paper.pairs, by_ear.pairs, strict=True)
        if fact in case
    ]
    right = [kept for was_right, kept in pairs if was_right]
    said = {"right on paper": len(right), "right by ear": sum(kept for _, kept in pairs), "of": len(pairs)}
    return Figure(f"{on_paper.name}: {fact}, still right when heard", sum(right) / max(1, len(right)), "", None, said)


def _same(label: Any, value: Any) -> bool:
    return set(label) == set(value) if isinstance(label, list) else label == value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="*", help="those of held_out when left out")
    parser.add_argument("--spoken", action="store_true", help="said over a noisy line, and heard by the demo model")
    chosen = parser.parse_args()
    for results in understood(chosen.folder or HELD_OUT, heard if chosen.spoken else None):
        for figure in results.figures(results.name):
            print(line(figure))


if __name__ == "__main__":
    main()
