"""The lexicons: lists of phrases that a clerk can read, and how a phrase is found in a text.

A phrase is written as people say it, with four signs: … stands for up to six characters of any kind,
(甲|乙) for either, ? after a character or bracket for "perhaps", {名} for any word of the list of that name.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from speech.understand.beginnings import first_characters

FOLDER = Path(__file__).parent / "lexicon"
_GAP = ".{0,6}?"
_LIST = re.compile(r"\{(\w+)\}")


class LexiconError(Exception):
    """A lexicon file that can't be understood; names the file and the phrase."""


@dataclass(frozen=True)
class Span:
    """A stretch of the text, and what it was found to say."""

    start: int
    end: int
    says: str = ""

    def overlaps(self, other: Span) -> bool:
        return self.start < other.end and other.start < self.end

    def __len__(self) -> int:
        return self.end - self.start


@cache
def table(name: str) -> Mapping[str, Any]:
    """A lexicon file, read once."""
    path = FOLDER / f"{name}.toml"
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise LexiconError(f"{path.name}: {error}") from error


class Phrases:
    """A list of phrases, ready to be found; what lies within one of `unless` is not found."""

    def __init__(self, phrases: Iterable[str], unless: Iterable[str] = (), says: str = "") -> None:
        self._says = says
        self._any = _Matcher.of(phrases)
        self._unless = _Matcher.of(unless)

    def find(self, text: str) -> Iterator[Span]:
        """Where the phrases are, from left to right, none over another."""
        if not self._any:
            return
        # Most lists are found nowhere, so what excuses is looked for only where there is something to excuse.
        excuses = self._unless.find(text) if self._unless else iter(())
        excuse: re.Match[str] | None = None
        reached = -1
        for match in self._any.find(text):
            start, end = match.span()
            # Both run from left to right, so what ends before this one need not be looked at again.
            while reached <= start and (excuse := next(excuses, None)):
                reached = excuse.end()
            is_excused = reached > start and excuse is not None and excuse.start() < end
            if not is_excused:
                yield Span(start, end, self._says)

    def first(self, text: str) -> Span | None:
        return next(self.find(text), None)

    def occur(self, text: str) -> bool:
        return self.first(text) is not None


class _Matcher:
    """Phrases as expressions, and the characters that each begins with: most texts have few of these."""

    def __init__(self, expressions: Sequence[str]) -> None:
        self._expressions = [(expression, first_characters(expression)) for expression in expressions]
        known = [begin for _, begin in self._expressions if begin is not None]
        is_known = len(known) == len(expressions)
        self._begin = re.compile(f"[{re.escape(''.join(sorted(frozenset().union(*known))))}]") if is_known else None
        self._all = _any_of(expressions)
        # Put together when a text first has the character: most never do.
        self._with: dict[str, re.Pattern[str]] = {}

    @classmethod
    def of(cls, listed: Iterable[str]) -> _Matcher | None:
        # Longer phrases first, so that what is most specific is what is shown.
        ordered = sorted(listed, key=lambda phrase: (-len(phrase), phrase))
        return cls([_expression(phrase) for phrase in ordered]) if ordered else None

    def find(self, text: str) -> Iterator[re.Match[str]]:
        """What finditer finds, but for empty matches."""
        if self._begin is None:
            yield from (match for match in self._all.finditer(text) if match.end() > match.start())
            return
        at = 0
        while candidate := self._begin.search(text, at):
            at = candidate.start()
            match = self._beginning_with(text[at]).match(text, at)
            if match is not None and match.end() > at:
                yield match
                at = match.end()
            else:
                at += 1

    def _beginning_with(self, character: str) -> re.Pattern[str]:
        known = self._with.get(character)
        if known is None:
            known = _any_of(expression for expression, begin in self._expressions if begin and character in begin)
            self._with[character] = known
        return known


def _any_of(expressions: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{expression})" for expression in expressions))


def _expression(phrase: str) -> str:
    written = phrase.replace("…", _GAP)
    expression = _LIST.sub(lambda match: f"(?:{'|'.join(words(match[1]))})", written)
    try:
        re.compile(expression)
    except re.error as error:
        raise LexiconError(f"The phrase {phrase} can't be understood: {error}.") from error
    return expression


@cache
def words(name: str) -> tuple[str, ...]:
    """A named list of words.toml, or all lists of drugs.toml, longest first."""
    lists = table("words")
    if name == "drugs":
        listed: list[str] = [drug for kind in table("drugs").values() for drug in kind]
    elif name in lists:
        listed = lists[name]
    else:
        raise LexiconError(f"There is no list {name} in words.toml.")
    return tuple(sorted(listed, key=lambda word: (-len(word), word)))


@cache
def phrases(file: str, *keys: str) -> Phrases:
    """The phrases under these keys of a lexicon file: a plain list, or `say` with `unless`."""
    entry: Any = table(file)
    for key in keys:
        entry = entry[key]
    if isinstance(entry, list):
        return Phrases(entry, says=keys[-1])
    return Phrases(entry.get("say", []), entry.get("unless", []), says=keys[-1])
