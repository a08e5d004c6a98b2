"""What is missing: things that are spoken of as wanted or run out, not those that are there."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from speech.understand.lexicon import Phrases, Span, phrases, table

_REACH = 14


def find_needs(text: str) -> list[Span]:
    """Where each need is said, as spans that say the need's name; in the order of the text."""
    found = [span for need in table("needs") for span in _of(need, text)]
    return sorted(found, key=lambda span: (span.start, -span.end))


def _of(need: str, text: str) -> Iterator[Span]:
    yield from _said(need).find(text)
    for thing in _things(need).find(text):
        yield from _missing(text, thing)


@cache
def _said(need: str) -> Phrases:
    entry = table("needs")[need]
    return Phrases(entry["say"], entry.get("unless", []), need)


@cache
def _things(need: str) -> Phrases:
    entry = table("needs")[need]
    return Phrases(entry["things"], [*entry.get("unless", []), *table("lack")["other_words"]], need)


def _missing(text: str, thing: Span) -> Iterator[Span]:
    """The thing with the words that say it is missing."""
    first = max(0, thing.start - _REACH)
    before, after = text[first : thing.start], text[thing.end : thing.end + _REACH]
    # That there is enough of it is said closer to the thing than that something is missing.
    if phrases("lack", "had_after").occur(after) or phrases("lack", "had_before").occur(before):
        return
    if gone := phrases("lack", "missing_after").first(after):
        yield Span(thing.start, thing.end + gone.end, thing.says)
    elif wanted := phrases("lack", "missing_before").first(before):
        yield Span(first + wanted.start, thing.end, thing.says)
