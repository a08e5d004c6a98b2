"""Words of danger to life, rule by rule; what is over or only thought of is none."""

from __future__ import annotations

from functools import cache

from speech.understand.lexicon import Phrases, table

# Who speaks of dying is listened to, whenever it was.
_ALWAYS = {"suicide"}


@cache
def dangers(rule: str) -> Phrases:
    """The phrases of one rule of [emergency] in urgency.toml; what they find says the rule."""
    entry = table("urgency")["emergency"][rule]
    over = [] if rule in _ALWAYS else table("urgency")["not_now"]["say"]
    return Phrases(entry["say"], [*entry["unless"], *over], rule)
