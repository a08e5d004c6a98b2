"""What the statistical model sees of a text: its characters, its sounds, kinds of words, and what the rules found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import sqrt

from speech.pronunciation import folded
from speech.understand.category import Category, Found, rules_for
from speech.understand.groups import find_groups
from speech.understand.lexicon import Span, phrases, table
from speech.understand.needs import find_gone, find_needs
from speech.understand.urgency import find_emergencies

# How much each kind of sign counts, chosen on the labelled cases: strong enough rules lead where few examples are.
_GRAMS, _KINDS, _PLACED, _PAIRS, _RULES = 5.0, 0.25, 0.5, 0.35, 0.16
_MOST_OF_A_KIND = 3
_CHARACTERS = (1, 2, 3)
_SOUNDS = (2, 3)
# As many as a text of sixty characters has.
_USUAL_RUNS = 300
# What is asked for is often said at the very end, and what it is about at the beginning.
_BEGINNING, _END = 14, 22
_PAIR_REACH = 4
# A talk of an hour is about what its first minutes say; beyond that it would only cost time.
_LONGEST = 2000


Place = tuple[int, int]
Sign = tuple[str, float, Place]
_NOWHERE = (0, 0)


@dataclass(frozen=True)
class Signs:
    """What was seen in a text, how strongly, and where (begin, end; equal where in the text as a whole)."""

    names: Sequence[str]
    weights: Sequence[float]
    spans: Sequence[Place]

    @classmethod
    def of(cls, seen: Sequence[Sign]) -> Signs:
        names, weights, spans = zip(*seen, strict=True) if seen else ((), (), ())
        return cls(names, weights, spans)


def find_by_rules(text: str) -> Found:
    """What the rules find in a text that is put right already."""
    return Found(tuple(find_needs(text)), tuple(find_groups(text)), tuple(find_emergencies(text)))


def signs(text: str, found: Found, category: Category) -> Signs:
    """All signs of `text`, each name once or more; `found` and `category` are what the rules say of it."""
    text = text[:_LONGEST]
    return Signs.of([*_grams(text), *_kinds(text), *_rules(text, found, category)])


def signs_of_answer(text: str) -> Signs:
    """What there is to see in an answer to a call of ours, without what rules find in it."""
    text = text[:_LONGEST]
    return Signs.of([*_grams(text), *_kinds(text)])


def _grams(text: str) -> Iterator[Sign]:
    """Runs of characters and of sounds: each once, and together no stronger in a long text than in one of a few lines.

    In a word or two there is less to go by, and each run says no more than elsewhere.
    """
    places: dict[str, Place] = {}
    for name, begin, end in _runs(text):
        if name not in places:
            places[name] = (begin, end)
    weight = _GRAMS / sqrt(max(len(places), _USUAL_RUNS))
    return ((name, weight, place) for name, place in places.items())


def _runs(text: str) -> Iterator[tuple[str, int, int]]:
    size = len(text)
    sounds = [folded(character) for character in text]
    for length in _CHARACTERS:
        for start in range(size - length + 1):
            yield "c:" + text[start : start + length], start, start + length
    for length in _SOUNDS:
        for start in range(size - length + 1):
            yield "s:" + "|".join(sounds[start : start + length]), start, start + length
    for start in range(max(0, size - _END), size - 1):
        yield "e:" + text[start : start + 2], start, start + 2
    for start in range(min(size, _BEGINNING) - 1):
        yield "b:" + text[start : start + 2], start, start + 2


def _kinds(text: str) -> Iterator[Sign]:
    """Kinds of words: that they occur, near the beginning or the end, and which stand beside each other."""
    words = list(_words(text))
    counted: dict[str, int] = {}
    for begin, end, kinds in words:
        for kind in kinds:
            counted[kind] = counted.get(kind, 0) + 1
            if counted[kind] <= _MOST_OF_A_KIND:
                yield f"k:{kind}", _KINDS, (begin, end)
    yield from _once(_placed(text, words))
    yield from _once(_pairs(words))


Word = tuple[int, int, tuple[str, ...]]


def _placed(text: str, words: Iterable[Word]) -> Iterator[Sign]:
    for begin, end, kinds in words:
        for kind in kinds:
            if begin >= len(text) - _END:
                yield f"ke:{kind}", _PLACED, (begin, end)
            if begin < _BEGINNING:
                yield f"kb:{kind}", _PLACED, (begin, end)


def _pairs(words: Sequence[Word]) -> Iterator[Sign]:
    for at, (begin, end, kinds) in enumerate(words):
        for other_begin, other_end, other_kinds in words[at + 1 : at + 3]:
            if other_begin - end <= _PAIR_REACH:
                for one in kinds:
                    for other in other_kinds:
                        yield f"kk:{one}>{other}", _PAIRS, (begin, other_end)


def _once(found: Iterable[Sign]) -> Iterable[Sign]:
    kept: dict[str, Sign] = {}
    for sign in found:
        kept.setdefault(sign[0], sign)
    return kept.values()


def _words(text: str) -> Iterator[Word]:
    """The words of concepts.toml, the longest at each spot, with their kinds."""
    kinds, lengths = _concepts()
    at = 0
    while at < len(text):
        word = next((word for n in lengths.get(text[at], ()) if (word := text[at : at + n]) in kinds), "")
        if word:
            yield at, at + len(word), kinds[word]
        at += len(word) or 1


@cache
def _concepts() -> tuple[Mapping[str, tuple[str, ...]], Mapping[str, tuple[int, ...]]]:
    """Words with their kinds; and how long the words are that begin with a character, longest first."""
    kinds: dict[str, list[str]] = {}
    lengths: dict[str, set[int]] = {}
    for kind, listed in table("concepts").items():
        for word in listed.split():
            kinds.setdefault(word, []).append(kind)
            lengths.setdefault(word[0], set()).add(len(word))
    return (
        {word: tuple(said) for word, said in kinds.items()},
        {first: tuple(sorted(known, reverse=True)) for first, known in lengths.items()},
    )


def _rules(text: str, found: Found, category: Category) -> Iterable[Sign]:
    """What rules say, each rule once."""
    by_category = (
        (f"r:{name}", _RULES * weight, _place(span)) for name, weight, span in rules_for(text, found, category)
    )
    return _once([*by_category, *_by_lists(text, found)])


def _by_lists(text: str, found: Found) -> Iterator[Sign]:
    lists = {"need": found.needs, "gone": find_gone(text), "group": found.groups, "danger": found.emergencies}
    for name, spans in lists.items():
        yield from ((f"r:{name}={span.says}", _RULES, _place(span)) for span in spans)
    yield from (("r:danger", _RULES, _place(span)) for span in found.emergencies)
    for rule in table("urgency")["urgent"]:
        for span in phrases("urgency", "urgent", rule).find(text):
            yield f"r:urgent={rule}", _RULES, _place(span)
            yield "r:urgent", _RULES, _place(span)
    for kind in ("calm", "soon", "cold"):
        yield from ((f"r:{kind}", _RULES, _place(span)) for span in phrases("urgency", kind).find(text))


def _place(span: Span) -> Place:
    return (span.start, min(span.end, _LONGEST)) if span.start < _LONGEST else _NOWHERE
