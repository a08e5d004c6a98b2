"""Words of danger to life, rule by rule; what is over or only thought of is none."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache

from speech.understand.lexicon import Phrases, Span, table

# Who speaks of dying is listened to, whenever it was.
_ALWAYS = {"suicide"}


@lru_cache(maxsize=1)
def dangers(text: str) -> Mapping[str, tuple[Span, ...]]:
    """By rule the words of danger in the text; kept, since needs follow from them as well."""
    return {rule: tuple(_phrases_of(rule).find(text)) for rule in table("urgency")["emergency"]}


@cache
def _phrases_of(rule: str) -> Phrases:
    """The phrases of one rule of [emergency] in urgency.toml; what they find says the rule."""
    entry = table("urgency")["emergency"][rule]
    over = [] if rule in _ALWAYS else table("urgency")["not_now"]["say"]
    return Phrases(entry["say"], [*entry["unless"], *over], rule)
