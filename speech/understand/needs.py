"""What is missing: things that are spoken of as wanted or run out, not those that are there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from speech.understand.danger import dangers
from speech.understand.lexicon import Phrases, Span, phrases, table

_REACH = 20


def find_needs(text: str) -> list[Span]:
    """Where each need is said, as spans that say the need's name; in the order of the text.

    What is asked for or gone comes first; what merely lasts a few days, and a plight that nobody drew a
    conclusion from, is meant only where nothing clearer was said.
    """
    dangers = list(_by_danger(text))
    clear = [span for need in table("needs") for span in _said(need, "say").find(text)]
    clear += [span for each in _mentions(text) if (span := each.gone or each.wanted)]
    kept = [span for span in clear if not _gives_way(span.says, dangers)] + dangers
    found = kept or list(_hinted(text))
    return sorted(found, key=lambda span: (span.start, -span.end))


def find_gone(text: str) -> list[Span]:
    """Only where a thing is said to be gone, not where it is merely asked for."""
    return [each.gone for each in _mentions(text) if each.gone]


def _by_danger(text: str) -> Iterator[Span]:
    """A danger to life needs whoever can end it, whether or not the caller says so."""
    found = dangers(text)
    for need, entry in table("needs").items():
        spans = [span for rule in entry.get("danger", []) for span in found[rule]]
        if spans and not _said(need, "danger_unless").occur(text):
            yield from (Span(span.start, span.end, need) for span in spans)


def _gives_way(need: str, dangers: list[Span]) -> bool:
    """Beside a danger to life what else is spoken of only tells how it came about."""
    return bool(dangers) and bool(table("needs")[need].get("gives_way"))


def _hinted(text: str) -> Iterator[Span]:
    for need, entry in table("needs").items():
        yield from _said(need, "hint").find(text)
        if "hint_group" in entry:
            for span in phrases("groups", entry["hint_group"]).find(text):
                yield Span(span.start, span.end, need)
    for each in _mentions(text):
        lasting = _behind("lasting_after", each.thing, text[each.thing.end : each.thing.end + _REACH])
        if lasting:
            yield lasting


@dataclass(frozen=True)
class _Mention:
    """A thing that is spoken of, and the words that say it is gone or is asked for."""

    thing: Span
    gone: Span | None = None
    wanted: Span | None = None


@lru_cache(maxsize=1)
def _mentions(text: str) -> tuple[_Mention, ...]:
    """Every thing that is spoken of in the text; kept, since needs and urgency both ask for it."""
    return tuple(_mention(thing, text) for need in table("needs") for thing in _things(need).find(text))


def _mention(thing: Span, text: str) -> _Mention:
    """What is said right behind the thing counts before what is said ahead of it: 药还有 米没了."""
    before, after = text[max(0, thing.start - _REACH) : thing.start], text[thing.end : thing.end + _REACH]
    if phrases("lack", "had_after").occur(after):
        return _Mention(thing)
    is_had = phrases("lack", "had_before").occur(before)
    gone = _behind("gone_after", thing, after) or (None if is_had else _ahead("gone_before", thing, before))
    if gone or is_had or table("needs")[thing.says].get("never_wanted"):
        return _Mention(thing, gone)
    wanted = _behind("wanted_after", thing, after) or _ahead("wanted_before", thing, before)
    return _Mention(thing, wanted=wanted)


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
