"""Sentences with gaps, and what may fill them: the text of text/ before it is cut into words."""

import random
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import mean
from typing import Final

TEXT: Final = Path(__file__).parent / "text"
_GAP = re.compile(r"\{(\w+)\}")
_TIMES = re.compile(r"(\d+)\* (.+)$")
_SECTION = re.compile(r"\[(\w+)\]$")


def sentences() -> list[str]:
    """All that is written in text/sentences/, in the order of its files; `9* ...` stands there nine times."""
    lines = (line for file in sorted((TEXT / "sentences").glob("*.txt")) for line in _lines(file))
    found: list[str] = []
    for line in lines:
        times = _TIMES.match(line)
        found += [times[2]] * int(times[1]) if times else [line]
    return found


@dataclass(frozen=True)
class Grammar:
    """What may fill each gap: `{food}` is any line of the section `[food]`."""

    choices: Mapping[str, Sequence[str]]

    @classmethod
    def load(cls) -> "Grammar":
        """All of text/grammar/."""
        return cls.read(sorted((TEXT / "grammar").glob("*.txt")))

    @classmethod
    def read(cls, files: Iterable[Path]) -> "Grammar":
        """Files of sections; a line may hold several choices, parted by |. Sharp signs begin comments."""
        choices: dict[str, list[str]] = {}
        section: list[str] = []
        for file in files:
            for line in file.read_text(encoding="utf-8").splitlines():
                text = line.split("#", 1)[0].strip()
                heading = _SECTION.match(text)
                if heading:
                    section = choices.setdefault(heading[1], [])
                elif text:
                    section += [choice.strip() for choice in text.split("|")]
        return cls(choices)

    def fill(self, sentence: str, chance: random.Random) -> str:
        """The sentence with a choice in each gap, and in the gaps of those."""
        return _GAP.sub(lambda gap: self.fill(chance.choice(self.choices[gap[1]]), chance), sentence)

    def gaps(self, sentence: str) -> float:
        """How many gaps it has; those of what may fill them count half."""
        names = _GAP.findall(sentence)
        return len(names) + sum(self._gaps_within[name] for name in names) / 2

    @cached_property
    def _gaps_within(self) -> dict[str, float]:
        return {name: mean(len(_GAP.findall(choice)) for choice in choices) for name, choices in self.choices.items()}


def _lines(file: Path) -> list[str]:
    lines = (line.split("#", 1)[0].strip() for line in file.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line]
