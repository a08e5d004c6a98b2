"""Tells how many characters a model gets wrong, on synthetic callers whose voices it never heard.

python -m benchmarks.speech.cer [--set held_out|development] [--model FOLDER ...] [--show]
"""

import argparse
import io
import json
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import soundfile

from benchmarks.figures import Figure, at_most
from speech.recognizer import Recognizer

ROOT = Path(__file__).parents[2]
PYTHON_WITH_VOICES = ROOT / ".venv-sandbox/bin/python"
RATE_HZ = 8000
VOICES_EACH = 4
HELD_OUT = Path(__file__).parent / "held_out"
LISTS = ("free", "templates", "numbers", "names")
BOUNDS = {("free", "telephone"): at_most(10), ("templates", "telephone"): at_most(4)}
_NOT_HAN = re.compile(r"[^一-鿿]")


@dataclass(frozen=True)
class Condition:
    """What lies between a speaker and the model; `snr_db` None is a quiet line."""

    name: str
    line: bool = True
    snr_db: float | None = None


CONDITIONS = (
    Condition("clean", line=False),
    Condition("telephone"),
    Condition("15 dB", snr_db=15),
    Condition("5 dB", snr_db=5),
)


@dataclass(frozen=True)
class Case:
    """A sentence, who says it, and the number that its noise is drawn from."""

    text: str
    voice: str
    seed: int


@dataclass
class Score:
    """Characters said, and characters that had to be changed, added or taken away."""

    said: int = 0
    wrong: int = 0

    def add(self, said: str, heard: str) -> int:
        wrong = distance(characters(said), characters(heard))
        self.said += len(characters(said))
        self.wrong += wrong
        return wrong

    @property
    def rate(self) -> float:
        return self.wrong / self.said if self.said else 0.0


def characters(text: str) -> str:
    """What is counted: Chinese characters alone."""
    return _NOT_HAN.sub("", text)


def distance(said: str, heard: str) -> int:
    """The fewest changes, additions and omissions of single characters between the two."""
    row = list(range(len(heard) + 1))
    for above, expected in enumerate(said, start=1):
        corner, row[0] = row[0], above
        for place, found in enumerate(heard, start=1):
            corner, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, corner + (expected != found))
    return row[-1]


def cases(folder: Path, name: str) -> list[Case]:
    """Each sentence of the list, said by several of the folder's voices."""
    return said_by(_lines(folder / f"{name}.txt"), _lines(folder / "voices.txt"))


def said_by(sentences: Sequence[str], voices: Sequence[str]) -> list[Case]:
    """Each sentence, said by several of the voices in turn."""
    turns = min(VOICES_EACH, len(voices))
    return [
        Case(text, voices[(number + turn * len(voices) // turns) % len(voices)], number)
        for number, text in enumerate(sentences)
        for turn in range(turns)
    ]


def spoken(said: Sequence[Case], condition: Condition, language: str = "cmn") -> Iterator[io.BytesIO]:
    """Each case as a recording, in order."""
    with subprocess.Popen(
        [PYTHON_WITH_VOICES, "-m", "benchmarks.say"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    ) as speaker:
        if speaker.stdin is None or speaker.stdout is None:
            raise RuntimeError("The speaker has no pipes.")
        for case in said:
            request = {"text": case.text, "voice": case.voice, "seed": case.seed, "language": language}
            request |= {"line": condition.line, "snr_db": condition.snr_db}
            speaker.stdin.write(json.dumps(request).encode() + b"\n")
            speaker.stdin.flush()
            size = int.from_bytes(speaker.stdout.read(4), "little")
            yield _recording(speaker.stdout.read(size))


def _recording(pcm: bytes) -> io.BytesIO:
    samples = memoryview(pcm).cast("h")
    file = io.BytesIO()
    with soundfile.SoundFile(file, "w", RATE_HZ, 1, "PCM_16", format="WAV") as wav:
        wav.buffer_write(samples, "int16")
    file.seek(0)
    return file


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").split()


@dataclass(frozen=True)
class Row:
    """The rate of each model, by label, on one list of sentences in one condition."""

    name: str
    condition: str
    characters: int
    rates: dict[str, float]


def measure(
    recognizers: Sequence[Recognizer], folder: Path, conditions: Sequence[Condition], *, show: bool = False
) -> Iterator[Row]:
    """A row for each list of sentences and condition, as soon as it is known."""
    for name in LISTS:
        said = cases(folder, name) if (folder / f"{name}.txt").exists() else []
        for condition in conditions if said else ():
            scores = [Score() for _ in recognizers]
            for case, recording in zip(said, spoken(said, condition), strict=True):
                for recognizer, score in zip(recognizers, scores, strict=True):
                    recording.seek(0)
                    heard = recognizer.transcribe(recording).text
                    if score.add(case.text, heard) and show:
                        print(f"  {case.voice}: {case.text}\n    {heard}")
            rates = {recognizer.info.label: score.rate for recognizer, score in zip(recognizers, scores, strict=True)}
            yield Row(name, condition.name, scores[0].said, rates)


def figures() -> Iterator[Figure]:
    """The demo model on the held-out set."""
    demo = Recognizer.load(ROOT / "speech/demo_model")
    for row in measure([demo], HELD_OUT, CONDITIONS):
        bound = BOUNDS.get((row.name, row.condition))
        rate = 100 * row.rates[demo.info.label]
        yield Figure(f"CER, {row.name}, {row.condition}", rate, "%", bound, {"characters": row.characters})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", default="held_out", choices=["held_out", "development"])
    parser.add_argument("--model", type=Path, action="append", help="default: the demo model; may be given again")
    parser.add_argument("--only", choices=[condition.name for condition in CONDITIONS], help="one condition alone")
    parser.add_argument("--show", action="store_true", help="print what was misheard; never of the held-out set")
    parser.add_argument("--json", type=Path, help="where the figures are written too")
    chosen = parser.parse_args()
    if chosen.show and chosen.set == "held_out":
        parser.error("what is recognised of the held-out set is not looked at")
    recognizers = [Recognizer.load(path) for path in chosen.model or [ROOT / "speech/demo_model"]]
    conditions = [condition for condition in CONDITIONS if chosen.only in (None, condition.name)]
    rows = []
    for row in measure(recognizers, Path(__file__).parent / chosen.set, conditions, show=chosen.show):
        rows.append(asdict(row))
        rates = "  ".join(f"{model} {rate:6.2%}" for model, rate in row.rates.items())
        print(f"{row.name:10} {row.condition:10} {row.characters:6} characters  {rates}", flush=True)
    if chosen.json:
        chosen.json.write_text(json.dumps(rows, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
