"""Tells how many local names a model hears right before and after their correction, and whether other words suffer.

python -m benchmarks.speech.names [--half test|development] [--model FOLDER] [--show]
"""

import argparse
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np

from benchmarks.figures import Figure, at_least, at_most, line
from benchmarks.speech.cer import HELD_OUT, ROOT, Condition, Score, cases, said_by, spoken
from speech.local_names import LocalNames, drug_names
from speech.recognizer import Recognizer
from speech.transcript import Transcript, Word
from speech.understand import Gazetteer

FOLDER = Path(__file__).parent / "local_names"
VOICES = {"test": HELD_OUT, "development": HELD_OUT.parent / "development"}
TELEPHONE = Condition("telephone")
MANY = 10_000
LONG_WORDS = 300
ROUNDS = 7
_NAME = re.compile(r"\[(.+?)\]")
_CHARACTERS = (
    "金银玉龙凤云山水石林花园梅兰竹菊松柏桂荷莲江河湖海东西南北中上下新安康福寿和平光明永泰兴盛德仁义礼智信文华建国民富贵"
    "春夏秋冬阳月星辰天地青红白黄紫翠碧锦绣丽雅静怡景观望亭台楼阁桥塘湾洲岛岗坑涌溪泉井沙洞坪田"
)
_ENDINGS = ("路", "街", "大道", "社区", "小区", "花园", "村", "苑", "里", "巷", "新村", "大厦")


@dataclass(frozen=True)
class Said:
    """What was said, the names in it, and what the model heard."""

    text: str
    names: tuple[str, ...]
    heard: Transcript


@dataclass
class Count:
    """Names said, heard right before and after their correction, and names written that nobody said."""

    said: int = 0
    before: int = 0
    after: int = 0
    invented: int = 0

    def add(self, said: Said, corrected: Transcript) -> None:
        self.said += len(said.names)
        self.before += sum(name in said.heard.text for name in said.names)
        self.after += sum(name in corrected.text for name in said.names)
        self.invented += sum(word.heard is not None and word.word not in said.names for word in corrected.words)

    @property
    def gone(self) -> float:
        """The share of the names heard wrongly that the correction puts right, in per cent."""
        wrong = self.said - self.before
        return 100 * (self.after - self.before) / wrong if wrong else 0.0


def known_here() -> list[str]:
    """What an organisation would import: the sample's names, the made-up ones, and the medicines."""
    sample = ROOT / "hotline/sample"
    return [
        *Gazetteer.from_csv(sample / "units.csv", sample / "places.csv").names,
        *(FOLDER / "names.txt").read_text(encoding="utf-8").split(),
        *drug_names(),
    ]


def many_more() -> list[str]:
    """As many names as a large city's streets and estates, drawn by chance from what such names are made of."""
    chance = np.random.default_rng(1)
    found: dict[str, None] = {}
    while len(found) < MANY:
        own = "".join(chance.choice(list(_CHARACTERS), chance.choice([2, 2, 2, 3])))
        found[own + str(chance.choice(_ENDINGS))] = None
    return list(found)


def with_names(recognizer: Recognizer, half: str) -> list[Said]:
    """The half's sentences, spoken over the telephone and heard."""
    marked = (FOLDER / f"{half}.txt").read_text(encoding="utf-8").split()
    names = {_NAME.sub(r"\1", text): tuple(_NAME.findall(text)) for text in marked}
    voices = (VOICES[half] / "voices.txt").read_text(encoding="utf-8").split()
    said = said_by(list(names), voices)
    sounds = spoken(said, TELEPHONE)
    return [
        Said(case.text, names[case.text], recognizer.transcribe(sound))
        for case, sound in zip(said, sounds, strict=True)
    ]


def without_names(recognizer: Recognizer, half: str) -> list[Said]:
    """Sentences of the same voices that hold no names."""
    said = [case for name in ("free", "templates") for case in cases(VOICES[half], name)]
    sounds = spoken(said, TELEPHONE)
    return [Said(case.text, (), recognizer.transcribe(sound)) for case, sound in zip(said, sounds, strict=True)]


def counted(sentences: Iterable[Said], local: LocalNames) -> Count:
    count = Count()
    for said in sentences:
        count.add(said, local.correct(said.heard))
    return count


def error_rates(sentences: Iterable[Said], local: LocalNames) -> tuple[Score, Score]:
    """Characters wrong before and after."""
    before, after = Score(), Score()
    for said in sentences:
        before.add(said.text, said.heard.text)
        after.add(said.text, local.correct(said.heard).text)
    return before, after


def figures(half: str = "test", model: Path = ROOT / "speech/demo_model") -> Iterator[Figure]:
    """Both before and after the correction: sentences with names, and sentences without."""
    recognizer = Recognizer.load(model)
    few = LocalNames.from_names(known_here())
    many = LocalNames.from_names([*known_here(), *many_more()])
    named = with_names(recognizer, half)
    yield _gone("local names: errors gone", counted(named, few), must=True)
    yield _gone(f"the same among {MANY:,} more names", counted(named, many), must=False)
    nameless = without_names(recognizer, half)
    yield _harm("sentences without names: CER added", error_rates(nameless, few), must=True)
    yield _harm(f"the same among {MANY:,} more names", error_rates(nameless, many), must=False)
    yield _speed([said.heard for said in (*named, *nameless)], many)


def _gone(what: str, count: Count, *, must: bool) -> Figure:
    beside = {"names said": count.said, "right before": count.before, "right after": count.after}
    note = "A corrected name is right only where it is the one that was said, character for character."
    beside |= {"written but not said": count.invented}
    return Figure(what, count.gone, "%", at_least(50) if must else None, beside, note if must else "")


def _harm(what: str, rates: tuple[Score, Score], *, must: bool) -> Figure:
    before, after = rates
    beside = {"CER before %": 100 * before.rate, "after %": 100 * after.rate, "characters": before.said}
    return Figure(what, 100 * (after.rate - before.rate), "points", at_most(0) if must else None, beside)


def _speed(heard: Sequence[Transcript], local: LocalNames) -> Figure:
    """Long transcripts, each corrected for the first time: nobody says the same twice."""
    times = []
    for text in _long(heard)[:ROUNDS]:
        begun = perf_counter()
        local.correct(text)
        times.append(1000 * (perf_counter() - begun))
    note = f"The median of {len(times)} transcripts, among {len(local.names):,} names."
    return Figure(f"correcting {LONG_WORDS} words", median(times), "ms", at_most(50), {"slowest ms": max(times)}, note)


def _long(heard: Sequence[Transcript]) -> list[Transcript]:
    """The transcripts one after the other, cut into long ones."""
    words: list[Word] = []
    begins_s = 0.0
    for one in heard:
        words += [Word(word.word, begins_s + word.start, begins_s + word.end, word.conf) for word in one.words]
        begins_s += one.duration_s
    first = heard[0]
    parts = [words[start : start + LONG_WORDS] for start in range(0, len(words) - LONG_WORDS + 1, LONG_WORDS)]
    return [Transcript(begins_s, tuple(part), first.model, first.language) for part in parts]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", default="test", choices=VOICES)
    parser.add_argument("--model", type=Path, default=ROOT / "speech/demo_model")
    parser.add_argument("--show", action="store_true", help="print what stays wrong; never of the test half")
    chosen = parser.parse_args()
    if chosen.show and chosen.half == "test":
        parser.error("what is recognised of the test half is not looked at")
    if chosen.show:
        _show(Recognizer.load(chosen.model), chosen.half)
        return
    for figure in figures(chosen.half, chosen.model):
        print(line(figure), flush=True)


def _show(recognizer: Recognizer, half: str) -> None:
    local = LocalNames.from_names(known_here())
    for said in (*with_names(recognizer, half), *without_names(recognizer, half)):
        after = local.correct(said.heard)
        was_changed = after != said.heard
        if not all(name in after.text for name in said.names) or (was_changed and not said.names):
            words = " ".join(f"{word.word} {word.conf:.2f}" for word in said.heard.words)
            print(f"{said.text} ({', '.join(said.names)})\n    {words}\n    {after.text}")


if __name__ == "__main__":
    main()
