"""Who it is about: old people, children, disabled people and others, by words and by age."""

from __future__ import annotations

from functools import cache

from speech.numbers import Number, numbers
from speech.understand.lexicon import Phrases, Span, phrases, table

_ELDERLY_FROM = 60
_OLDEST = 115
_ADULT_FROM = 18
# Younger children are called by their years: 我五了 counts something else.
_TOLD_WITHOUT_YEARS_FROM = 6
_OWNER_REACH = 14


def find_groups(text: str) -> list[Span]:
    """Where each group is named; a broader group goes when a narrower one speaks of the same person."""
    found = [span for group in table("groups") for span in _named(group).find(text)] + _by_age(text)
    if not any(span.says == "elderly" for span in found):
        # Living alone makes nobody old.
        found = [span for span in found if span.says != "elderly_alone"]
    covered = {broad for group in {span.says for span in found} for broad in _covered(group, text)}
    kept = [span for span in found if span.says not in covered]
    return sorted(kept, key=lambda span: (span.start, -span.end))


def of_somebody(text: str, found: list[Span]) -> list[Span]:
    """Only the groups that a certain person belongs to, not those that a question is about."""
    whose = phrases("groups_of", "somebody")
    return [span for span in found if whose.occur(text[max(0, span.start - _OWNER_REACH) : span.end])]


@cache
def _named(group: str) -> Phrases:
    entry = table("groups")[group]
    return Phrases(entry["say"], entry["unless"], group)


def _covered(group: str, text: str) -> list[str]:
    covers = table("groups")[group]["covers"]
    return [broad for broad in covers if not _beside(group, broad).occur(text)]


@cache
def _beside(group: str, broad: str) -> Phrases:
    """Words that tell of another person of the broader group."""
    return Phrases(table("groups")[group]["covers"][broad])


def _by_age(text: str) -> list[Span]:
    return [
        Span(number.start, number.end, group)
        for number in numbers(text)
        if (group := _group_of_age(number.value, _is_said_with_years(text, number)))
        and (_is_said_with_years(text, number) or _is_said_of_somebody(text, number))
    ]


def _is_said_with_years(text: str, number: Number) -> bool:
    return phrases("ages", "years").occur(text[number.end : number.end + 3])


def _is_said_of_somebody(text: str, number: Number) -> bool:
    before, after = text[max(0, number.start - 6) : number.start], text[number.end : number.end + 4]
    if phrases("ages", "unit").occur(after):
        return False
    of_whom, become = phrases("ages", "of_whom").occur(before), phrases("ages", "become").occur(after)
    return (of_whom and become) if number.value < _ELDERLY_FROM else (of_whom or become)


def _group_of_age(years: int, says_years: bool) -> str | None:
    if _ELDERLY_FROM <= years <= _OLDEST:
        return "elderly"
    youngest = 1 if says_years else _TOLD_WITHOUT_YEARS_FROM
    return "child" if youngest <= years < _ADULT_FROM else None
