"""How many people are affected, where the words say so."""

from __future__ import annotations

from functools import cache

from speech.numbers import numbers
from speech.understand.lexicon import Phrases, Span, table

_MOST = 200
# A number and its 个 said in one breath.
_CONTRACTED = str.maketrans("俩仨", "两三")


def find_people(text: str) -> tuple[int, Span] | None:
    """The first rule of people.toml that says a number decides; the last words that fit it are meant."""
    for rule in table("people")["rule"]:
        spans = [span for span in _phrases(rule["name"]).find(text) if _is_exact(text, span)]
        for span in reversed(spans):
            count = rule.get("count") or _counted(text[span.start : span.end], rule)
            if count and count <= _MOST:
                return count, span
    return None


@cache
def _phrases(name: str) -> Phrases:
    rule = next(rule for rule in table("people")["rule"] if rule["name"] == name)
    return Phrases(rule["say"], rule.get("unless", []))


def _is_exact(text: str, span: Span) -> bool:
    """十几个 and 几十个 count nobody."""
    around = text[max(0, span.start - 1) : span.end + 1]
    return "几" not in around and "多个" not in around


def _counted(words: str, rule: dict[str, object]) -> int | None:
    """The number in the words, and those whom the rule counts besides."""
    values = [number.value for number in numbers(words.translate(_CONTRACTED))]
    if not values:
        return None
    counted = sum(values) if rule.get("sum") else values[-1]
    return counted + int(str(rule.get("besides", 0)))
