"""The caller's name and the words that lead to the door."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from speech.understand.lexicon import Phrases, Span, phrases, table

_GIVEN_MOST = 2
_SAID_AGAIN = 2
_SURNAMED = "姓"
_AFTER_PLACE = 3
_LANDMARK_REACH = 24
_AFTER_LANDMARK = 8
_SHORTEST_LANDMARK, _LAST_WORDS = 2, 10


def find_name(text: str) -> Span | None:
    """What the caller calls themselves; None where it is no name that people here have."""
    found = sorted(
        (Span(cue.end, cue.end + length) for cue, length in _named(text) if length), key=lambda name: name.start
    )
    if not found:
        return None
    # 姓何叫何建国: the whole of it right behind.
    whole = [name for name in found[1:] if name.start - found[0].end <= _SAID_AGAIN and len(name) > len(found[0])]
    return whole[0] if whole else found[0]


def _named(text: str) -> Iterator[tuple[Span, int]]:
    """Every cue, and how long the name behind it is; a cue that is weak needs a name that is clear."""
    for cue in phrases("names", "cues").find(text):
        doubled = _doubled().match(text, cue.end)
        if doubled:
            # 姓罗罗婆婆: the surname, then what they are called.
            yield Span(cue.start, cue.end + len(doubled["surname"])), len(doubled["called"])
        else:
            yield cue, _name_length(text[cue.end : cue.end + 6], is_surname=text[cue.end - 1] == _SURNAMED)
    for cue in (*phrases("names", "titled_cues").find(text), *phrases("names", "self_cues").find(text)):
        called = _called().match(text, cue.end)
        yield cue, len(called[0]) if called and called[0] not in table("names")["others"] else 0
    for cue in phrases("names", "full_cues").find(text):
        full = _full().match(text, cue.end)
        yield cue, len(full["name"]) if full else 0


def _name_length(words: str, *, is_surname: bool) -> int:
    """Behind 姓 no given name follows, whatever does: 我姓祝坤厚里的."""
    if words.startswith(tuple(table("names")["others"])):
        return 0
    if nickname := _nickname().match(words):
        return nickname.end()
    surname = next((each for each in _surnames() if words.startswith(each)), "")
    if not surname:
        return 0
    title = _titles().match(words, len(surname))
    if title:
        return title.end()
    return len(surname) + (0 if is_surname else _given(words[len(surname) :]))


def _given(words: str) -> int:
    """How many characters belong to the given name: up to two, and none that starts what comes next."""
    if phrases("names", "place").occur(words):
        return 0
    stops = table("names")["stops"]
    for length in range(min(_GIVEN_MOST, len(words)) + 1):
        if length == _GIVEN_MOST or length == len(words) or words[length] in stops:
            return length
    return 0


@cache
def _called() -> re.Pattern[str]:
    """老李, 余婶: how people call themselves."""
    surname = "|".join(_surnames())
    return re.compile(f"[老小](?:{surname})|(?:{surname})(?:{'|'.join(table('names')['titles'])})")


@cache
def _doubled() -> re.Pattern[str]:
    surname = "|".join(_surnames())
    return re.compile(f"(?P<surname>{surname})(?P<called>(?P=surname)(?:{'|'.join(table('names')['titles'])}))")


@cache
def _full() -> re.Pattern[str]:
    """A surname and a given name with nothing behind them but how to reach the caller."""
    lists = table("names")
    stops = "".join(lists["stops"])
    given = f"[^{stops}]?[^{stops}{''.join(lists['ends_of_words'])}]"
    return re.compile(f"(?P<name>(?:{'|'.join(_surnames())}){given})(?:{'|'.join(lists['behind_full'])})")


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
        if behind:
            return _to_the_end(text, behind[0])
        landmark = _landmarks().first(text[place.end : place.end + _LANDMARK_REACH])
        if landmark and landmark.start == 0:
            # 地铁站上面那个小区六栋: the door counts more than what is on the way to it.
            inner = (door for door in doors if 0 <= door.start - place.end - landmark.end <= _AFTER_LANDMARK)
            there = Span(place.end, place.end + landmark.end)
            return next(inner, None) or _to_the_end(text, _without_particle(text, there))
        last = _to_the_end(text, Span(place.end, place.end))
        if len(last) >= _SHORTEST_LANDMARK:
            return _without_particle(text, last)
    return next((door for door in doors if not place or door.start > place.end), doors[0] if doors else None)


def _to_the_end(text: str, span: Span) -> Span:
    """With all that is said last where nothing but a spot is: 柳溪街 桥头, 三楼 转角."""
    rest = text[span.end : span.end + _LAST_WORDS + 1]
    is_spot = 0 < len(rest) <= _LAST_WORDS and not phrases("address", "not_a_spot").occur(rest)
    return Span(span.start, span.end + len(rest)) if is_spot else span


def _without_particle(text: str, span: Span) -> Span:
    start = span.start
    while particle := next((each for each in table("address")["particles"] if text.startswith(each, start)), ""):
        start += len(particle)
    return Span(min(start, span.end), span.end)


@cache
def _doors() -> Phrases:
    lists = table("address")
    return Phrases(map(_filled, lists["door"]), lists["not_a_door"])


@cache
def _landmarks() -> Phrases:
    return Phrases(map(_filled, table("address")["landmark"]))


def _filled(phrase: str) -> str:
    return re.sub(r"<(\w+)>", lambda part: table("address")["parts"][part[1]], phrase)
