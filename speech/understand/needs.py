"""What is missing: things that are spoken of as wanted or run out, not those that are there."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from speech.understand.danger import dangers
from speech.understand.lexicon import Phrases, Span, phrases, table

_REACH = 20


def find_needs(text: str) -> list[Span]:
    """Where each need is said, as spans that say the need's name; in the order of the text.

    What is asked for or gone comes first; what merely lasts a few days, and a plight that nobody drew a
    conclusion from, is meant only where nothing clearer was said.
    """
    dangers = list(_by_danger(text))
    clear = [span for need in table("needs") for span in (*_said(need, "say").find(text), *_missing(need, text))]
    kept = [span for span in clear if not _gives_way(span.says, dangers)] + dangers
    found = kept or list(_hinted(text))
    return sorted(found, key=lambda span: (span.start, -span.end))


def find_gone(text: str) -> list[Span]:
    """Only where a thing is said to be gone, not where it is merely asked for."""
    return [span for need in table("needs") for span in _missing(need, text, gone_only=True)]


def _by_danger(text: str) -> Iterator[Span]:
    """A danger to life needs whoever can end it, whether or not the caller says so."""
    for need, entry in table("needs").items():
        for rule in entry.get("danger", []):
            if not _said(need, "danger_unless").occur(text):
                for span in dangers(rule).find(text):
                    yield Span(span.start, span.end, need)


def _gives_way(need: str, dangers: list[Span]) -> bool:
    """Beside a danger to life what else is spoken of only tells how it came about."""
    return bool(dangers) and bool(table("needs")[need].get("gives_way"))


def _hinted(text: str) -> Iterator[Span]:
    for need, entry in table("needs").items():
        yield from _said(need, "hint").find(text)
        if "hint_group" in entry:
            for span in phrases("groups", entry["hint_group"]).find(text):
                yield Span(span.start, span.end, need)
        for thing in _things(need).find(text):
            after = text[thing.end : thing.end + _REACH]
            lasting = _behind("lasting_after", thing, after)
            if lasting:
                yield lasting


def _missing(need: str, text: str, *, gone_only: bool = False) -> Iterator[Span]:
    """Each missing thing together with the words that say it is missing."""
    for thing in _things(need).find(text):
        first = max(0, thing.start - _REACH)
        before, after = text[first : thing.start], text[thing.end : thing.end + _REACH]
        span = _gone(thing, before, after) or (None if gone_only else _wanted(thing, before, after))
        if span:
            yield span


def _gone(thing: Span, before: str, after: str) -> Span | None:
    """What is said right behind the thing counts before what is said ahead of it: 药还有 米没了."""
    if phrases("lack", "had_after").occur(after):
        return None
    behind = _behind("gone_after", thing, after)
    if behind or phrases("lack", "had_before").occur(before):
        return behind
    return _ahead("gone_before", thing, before)


def _wanted(thing: Span, before: str, after: str) -> Span | None:
    if phrases("lack", "had_after").occur(after) or phrases("lack", "had_before").occur(before):
        return None
    return _behind("wanted_after", thing, after) or _ahead("wanted_before", thing, before)


def _behind(key: str, thing: Span, after: str) -> Span | None:
    found = phrases("lack", key).first(after)
    return Span(thing.start, thing.end + found.end, thing.says) if found else None


def _ahead(key: str, thing: Span, before: str) -> Span | None:
    found = phrases("lack", key).first(before)
    return Span(thing.start - len(before) + found.start, thing.end, thing.says) if found else None


@cache
def _said(need: str, key: str) -> Phrases:
    entry = table("needs")[need]
    return Phrases(entry.get(key, []), entry.get("unless", []), need)


@cache
def _things(need: str) -> Phrases:
    entry = table("needs")[need]
    return Phrases(entry["things"], [*entry.get("unless", []), *table("lack")["other_words"]], need)
