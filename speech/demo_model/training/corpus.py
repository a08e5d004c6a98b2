"""The text that the language model learns from: sentences of text/, their gaps filled, cut into words."""

import logging
import random
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import jieba

from speech.demo_model.training.dictionary import is_number

TEXT: Final = Path(__file__).parent / "text"
_GAP = re.compile(r"\{(\w+)\}")
_BETWEEN_CLAUSES = re.compile(r"[，。？！、；：,.?! ]+")
_SECTION = re.compile(r"\[(\w+)\]$")
_STARTS, _LINKS = "opening", "link"
_ALONE_SHARE, _LINKED_SHARE = 0.45, 0.25
_LONGEST_NAME = 6

Words = tuple[str, ...]


@dataclass(frozen=True)
class Grammar:
    """What may fill each gap: `{food}` is any line of the section `[food]`."""

    choices: Mapping[str, Sequence[str]]

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

    def names(self) -> list[str]:
        """Choices that are one word each, so that they are never cut: foods, streets, illnesses."""
        found = [choice for section in self.choices.values() for choice in section]
        return sorted({name for name in found if 1 < len(name) <= _LONGEST_NAME and not _GAP.search(name)})


class Corpus:
    """Sentences cut into words."""

    def __init__(self, grammar: Grammar, sentences: Mapping[str, Sequence[str]]) -> None:
        self._grammar = grammar
        self._sentences = [sentence for lines in sentences.values() for sentence in lines]
        self._cutter = jieba.Tokenizer()
        jieba.setLogLevel(logging.ERROR)
        for name in grammar.choices.get("word", ()):
            self._cutter.add_word(name, 20000)

    @classmethod
    def load(cls) -> "Corpus":
        files = sorted((TEXT / "sentences").glob("*.txt"))
        return cls(Grammar.read(sorted((TEXT / "grammar").glob("*.txt"))), {file.stem: _lines(file) for file in files})

    def cut(self, text: str) -> Words:
        """Words; numbers are always cut into single numerals, or there would be too many."""
        words: list[str] = []
        for clause in _BETWEEN_CLAUSES.split(text):
            for word in self._cutter.cut(clause, HMM=False):
                words += list(word) if is_number(word) else [word]
        return tuple(words)

    def compose(self, count: int, seed: int) -> list[Words]:
        """So many utterances: a sentence alone, or with an opening or a link and others after it."""
        chance = random.Random(seed)
        utterances = [self.cut(self._grammar.fill(sentence, chance)) for sentence in self._sentences]
        utterances += [self.cut(self._utterance(chance)) for _ in range(count)]
        return utterances

    def _utterance(self, chance: random.Random) -> str:
        parts = [chance.choice(self._sentences)]
        if chance.random() > _ALONE_SHARE:
            if chance.random() < _LINKED_SHARE:
                parts.append("{" + _LINKS + "}")
            parts.append(chance.choice(self._sentences))
        if chance.random() < _LINKED_SHARE:
            parts.insert(0, "{" + _STARTS + "}")
        return self._grammar.fill("，".join(parts), chance)


def _lines(file: Path) -> list[str]:
    lines = (line.split("#", 1)[0].strip() for line in file.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line]
