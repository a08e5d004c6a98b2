"""Mandarin at large: which words there are, and how often they are used, from jieba's dictionary."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import jieba

DIGITS = frozenset("零一二三四五六七八九十百千万两幺半点")


@dataclass(frozen=True)
class Dictionary:
    """Words of Chinese characters alone, the most frequent first."""

    frequency_of: dict[str, int]

    @classmethod
    def load(cls) -> "Dictionary":
        lines = (Path(jieba.__file__).parent / "dict.txt").read_text(encoding="utf-8").splitlines()
        entries = [(word, int(count)) for word, count, *_ in map(str.split, lines) if is_chinese(word)]
        return cls(dict(sorted(entries, key=lambda entry: (-entry[1], entry[0]))))

    @cached_property
    def words(self) -> list[str]:
        return list(self.frequency_of)

    @cached_property
    def characters(self) -> list[str]:
        """Those of the words that are used at all often."""
        return sorted({character for word in self.words if self.frequency_of[word] > 100 for character in word})


def is_chinese(word: str) -> bool:
    return all("一" <= character <= "鿿" for character in word)


def is_number(word: str) -> bool:
    return all(character in DIGITS for character in word)
