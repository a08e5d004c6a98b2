"""What the statistical model sees of a text: its characters, its sounds, kinds of words, and what the rules found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from math import sqrt

from speech.pronunciation import folded
from speech.understand.category import Signs as Found
from speech.understand.category import rules_for
from speech.understand.groups import find_groups
from speech.understand.lexicon import Span, phrases, table
from speech.understand.needs import find_gone, find_needs
from speech.understand.urgency import find_emergencies

# How much each kind of sign counts, chosen on the labelled cases: strong enough rules lead where few examples are.
_GRAMS, _KINDS, _RULES = 5.0, 0.25, 0.25
_MOST_OF_A_KIND = 3
_CHARACTERS = (1, 2, 3)
_SOUNDS = (2, 3)
# What is asked for is often said at the very end, and what it is about at the beginning.
_BEGINNING, _END = 14, 22
_PAIR_REACH = 4
# A talk of an hour is about what its first minutes say; beyond that it would only cost time.
_LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Sign:
    """Something seen in a text, how strongly, and where; `span` is empty where it is seen in the text as a whole."""

    name: str
    weight: float
    span: Span


def find_by_rules(text: str) -> Found:
    """What the rules find in a text that is put right already."""
    return Found(tuple(find_needs(text)), tuple(find_groups(text)), tuple(find_emergencies(text)))


def signs(text: str, found: Found) -> list[Sign]:
    """All signs of `text`, each name once or more; `found` is what the rules have found in it."""
    text = text[:_LONGEST]
    return [*_grams(text), *_kinds(text), *_rules(text, found)]


def _grams(text: str) -> list[Sign]:
    """Runs of characters and of sounds: each once, and together as strong in a long text as in a short one."""
    spans: dict[str, Span] = {}
    for name, span in _runs(text):
        spans.setdefault(name, span)
    weight = _GRAMS / sqrt(len(spans)) if spans else 0.0
    return [Sign(name, weight, span) for name, span in spans.items()]


def _runs(text: str) -> Iterator[tuple[str, Span]]:
    for length in _CHARACTERS:
        for start, end in _windows(0, len(text), length):
            yield f"c:{text[start:end]}", Span(start, end)
    sounds = [folded(character) for character in text]
    for length in _SOUNDS:
        for start, end in _windows(0, len(text), length):
            yield f"s:{'|'.join(sounds[start:end])}", Span(start, end)
    for start, end in _windows(max(0, len(text) - _END), len(text), 2):
        yield f"e:{text[start:end]}", Span(start, end)
    for start, end in _windows(0, min(len(text), _BEGINNING), 2):
        yield f"b:{text[start:end]}", Span(start, end)


def _windows(first: int, end: int, length: int) -> Iterator[tuple[int, int]]:
    return ((start, start + length) for start in range(first, end - length + 1))


def _kinds(text: str) -> Iterator[Sign]:
    """Kinds of words: that they occur, near the beginning or the end, and which stand beside each other."""
    words = list(_words(text))
    counted: dict[str, int] = {}
    for span in words:
        for kind in span.says.split():
            counted[kind] = counted.get(kind, 0) + 1
            if counted[kind] <= _MOST_OF_A_KIND:
                yield Sign(f"k:{kind}", _KINDS, span)
    yield from _once(_placed(text, words))
    yield from _once(_pairs(words))


def _placed(text: str, words: Iterable[Span]) -> Iterator[Sign]:
    for span in words:
        for kind in span.says.split():
            if span.start >= len(text) - _END:
                yield Sign(f"ke:{kind}", 2 * _KINDS, span)
            if span.start < _BEGINNING:
                yield Sign(f"kb:{kind}", 2 * _KINDS, span)


def _pairs(words: list[Span]) -> Iterator[Sign]:
    for at, first in enumerate(words):
        for second in words[at + 1 : at + 3]:
            if second.start - first.end <= _PAIR_REACH:
                span = Span(first.start, second.end)
                for one in first.says.split():
                    for other in second.says.split():
                        yield Sign(f"kk:{one}>{other}", 1.4 * _KINDS, span)


def _once(found: Iterable[Sign]) -> Iterable[Sign]:
    kept: dict[str, Sign] = {}
    for sign in found:
        kept.setdefault(sign.name, sign)
    return kept.values()


def _words(text: str) -> Iterator[Span]:
    """The words of concepts.toml, the longest at each spot; each says its kinds."""
    kinds, longest = _concepts()
    at = 0
    while at < len(text):
        length = next((n for n in range(min(longest, len(text) - at), 0, -1) if text[at : at + n] in kinds), 0)
        if length:
            yield Span(at, at + length, kinds[text[at : at + length]])
        at += length or 1


@cache
def _concepts() -> tuple[Mapping[str, str], int]:
    kinds: dict[str, list[str]] = {}
    for kind, listed in table("concepts").items():
        for word in listed.split():
            kinds.setdefault(word, []).append(kind)
    return {word: " ".join(said) for word, said in kinds.items()}, max(map(len, kinds))


def _rules(text: str, found: Found) -> Iterable[Sign]:
    """What rules say, each rule once."""
    by_category = (Sign(f"r:{name}", _RULES * weight, span) for name, weight, span in rules_for(text, found))
    return _once([*by_category, *_by_lists(text, found)])


def _by_lists(text: str, found: Found) -> Iterator[Sign]:
    lists = {"need": found.needs, "gone": find_gone(text), "group": found.groups, "danger": found.emergencies}
    for name, spans in lists.items():
        yield from (Sign(f"r:{name}={span.says}", _RULES, span) for span in spans)
    yield from (Sign("r:danger", _RULES, span) for span in found.emergencies)
    for rule in table("urgency")["urgent"]:
        for span in phrases("urgency", "urgent", rule).find(text):
            yield Sign(f"r:urgent={rule}", _RULES, span)
            yield Sign("r:urgent", _RULES, span)
    for kind in ("calm", "soon", "cold"):
        yield from (Sign(f"r:{kind}", _RULES, span) for span in phrases("urgency", kind).find(text))
