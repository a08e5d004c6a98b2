"""Tells how well labelled cases are understood, read or, with --spoken, said by a synthetic caller and heard.

    python -m tests.speech.evaluate [FOLDER] [--ids odd|even|all] [--spoken]

FOLDER holds units.csv, places.csv and any of requests.jsonl (or transcripts.jsonl), survey.jsonl, outreach.jsonl.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from speech.recognizer import Recognizer
from speech.understand import Gazetteer, understand, understand_outreach, understand_survey

ROOT = Path(__file__).parents[2]
REQUEST_FACTS = ("category", "urgency", "phone", "place", "people", "caller_name", "address")
SURVEY_FACTS = ("resolved", "satisfied", "reason", "wants_human", "opt_out")
OUTREACH_FACTS = ("problem", "urgency", "wants_human")
Case = dict[str, Any]


def main() -> None:
    arguments = _arguments()
    gazetteer = Gazetteer.from_csv(arguments.folder / "units.csv", arguments.folder / "places.csv")
    understood: dict[str, tuple[Callable[[str], Any], tuple[str, ...]]] = {
        "requests": (lambda text: understand(text, gazetteer), REQUEST_FACTS),
        "transcripts": (lambda text: understand(text, gazetteer), REQUEST_FACTS),
        "survey": (understand_survey, SURVEY_FACTS),
        "outreach": (understand_outreach, OUTREACH_FACTS),
    }
    for name, (answer, facts) in understood.items():
        file = arguments.folder / f"{name}.jsonl"
        if file.exists():
            cases = [case for case in _cases(file) if _is_chosen(case, arguments.ids)]
            texts = _heard(cases) if arguments.spoken else [case["text"] for case in cases]
            _report(name, cases, [answer(text).as_dict() for text in texts], facts)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=Path(__file__).parent / "samples")
    parser.add_argument("--ids", choices=["odd", "even", "all"], default="all")
    parser.add_argument("--spoken", action="store_true")
    return parser.parse_args()


def _cases(file: Path) -> list[Case]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def _is_chosen(case: Case, ids: str) -> bool:
    is_odd = int("".join(filter(str.isdigit, case["id"]))) % 2 == 1
    return ids == "all" or is_odd == (ids == "odd")


def _heard(cases: Iterable[Case]) -> list[str]:
    """What the demo model hears when a synthetic caller says it over a telephone line."""
    recognizer = Recognizer.load(ROOT / "speech/demo_model")
    texts = []
    with tempfile.TemporaryDirectory() as folder:
        for case in cases:
            recording = Path(folder) / f"{case['id']}.wav"
            python = ROOT / ".venv-sandbox/bin/python"
            command = [python, "-m", "sandbox.voice", "--text", case["text"], "--out", recording, "--snr", "20"]
            subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
            texts.append(recognizer.transcribe(recording).text)
    return texts


def _report(name: str, cases: list[Case], answers: list[Case], facts: tuple[str, ...]) -> None:
    pairs = list(zip(cases, answers, strict=True))
    sys.stdout.write(f"{name}: {len(cases)} cases\n")
    for fact in facts:
        labelled = [(case, answer) for case, answer in pairs if fact in case]
        right = sum(case[fact] == answer[fact] for case, answer in labelled)
        if labelled:
            sys.stdout.write(f"  {fact:12} {right:3} of {len(labelled):3}  {right / len(labelled):.3f}\n")
    for fact in ("needs", "groups"):
        if fact in cases[0]:
            sys.stdout.write(f"  {fact:12} F1 {_f1(pairs, fact):.3f}\n")
    if "phone" in cases[0]:
        invented = sum(answer["phone"] not in (None, case["phone"]) for case, answer in pairs)
        sys.stdout.write(f"  phone numbers that weren't said: {invented}\n")
    dangers = [answer["urgency"] for case, answer in pairs if case.get("urgency") == "emergency"]
    alarms = sum(answer.get("urgency") == "emergency" for answer in answers) - dangers.count("emergency")
    if dangers:
        found = dangers.count("emergency")
        sys.stdout.write(f"  emergencies found {found} of {len(dangers)}, false alarms {alarms}\n")


def _f1(pairs: list[tuple[Case, Case]], fact: str) -> float:
    both = sum(len(set(case[fact]) & set(answer[fact])) for case, answer in pairs)
    either = sum(len(case[fact]) + len(answer[fact]) for case, answer in pairs)
    return 2 * both / either if either else 1.0


if __name__ == "__main__":
    main()
