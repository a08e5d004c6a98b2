"""The caller's name and the words that lead to the door."""

from __future__ import annotations

import re
from functools import cache

from speech.understand.lexicon import Phrases, Span, phrases, table

_GIVEN_MOST = 2
_AFTER_PLACE = 3


def find_name(text: str) -> Span | None:
    """What the caller calls themselves; None where it is no name that people here have."""
    for cue in phrases("names", "cues").find(text):
        length = _name_length(text[cue.end : cue.end + 5])
        if length:
            return Span(cue.end, cue.end + length)
    return None


def _name_length(words: str) -> int:
    if nickname := _nickname().match(words):
        return nickname.end()
    surname = next((each for each in _surnames() if words.startswith(each)), "")
    if not surname:
        return 0
    title = _titles().match(words, len(surname))
    if title:
        return title.end()
    return len(surname) + _given(words[len(surname) :])


def _given(words: str) -> int:
    """How many characters belong to the given name: up to two, and none that starts what comes next."""
    stops = table("names")["stops"]
    for length in range(min(_GIVEN_MOST, len(words)) + 1):
        if length == _GIVEN_MOST or length == len(words) or words[length] in stops:
            return length
    return 0


@cache
def _surnames() -> tuple[str, ...]:
    return tuple(sorted(table("names")["surnames"].split(), key=len, reverse=True))


@cache
def _titles() -> re.Pattern[str]:
    return re.compile("|".join(table("names")["titles"]))


@cache
def _nickname() -> re.Pattern[str]:
    stops = "".join(table("names")["stops"])
    return re.compile(f"(?:阿|小|老)(?:{'|'.join(_surnames())}|[^{stops}])(?:{'|'.join(table('names')['titles'])})?")


def find_address(text: str, place: Span | None) -> Span | None:
    """The door: house, storey and room numbers, or a landmark right behind the place's name."""
    doors = list(_doors().find(text))
    if place:
        behind = [door for door in doors if 0 <= door.start - place.end <= _AFTER_PLACE]
        landmark = phrases("address", "landmark").first(text[place.end : place.end + 12])
        if behind:
            return behind[0]
        if landmark and landmark.start == 0:
            return _without_particle(text, Span(place.end, place.end + landmark.end))
    return next((door for door in doors if not place or door.start > place.end), doors[0] if doors else None)


def _without_particle(text: str, span: Span) -> Span:
    start = span.start
    while start < span.end and text[start] in table("address")["particles"]:
        start += 1
    return Span(start, span.end)


@cache
def _doors() -> Phrases:
    lists = table("address")
    return Phrases(lists["door"], lists["not_a_door"])
