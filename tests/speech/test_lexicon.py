"""The lexicons hold what the domain knows, and nothing that contradicts itself."""

from pathlib import Path
from typing import Any

import pytest

from speech.understand import lexicon
from speech.understand.lexicon import LexiconError, Phrases, phrases, table

FILES = sorted(path.stem for path in (Path(lexicon.__file__).parent / "lexicon").glob("*.toml"))
NEEDS = (
    "food water gas medicine milk_powder diapers clothing quilt cash shelter care transport power network doctor"
    " companionship"
)
GROUPS = (
    "elderly_alone elderly child left_behind_child orphan disabled hearing_impaired visually_impaired pregnant"
    " infant serious_illness low_income destitute homeless unemployed"
)
CATEGORIES = (
    "supplies medical housing income elderly children disability homeless utilities complaint other"  # and policy
)


def phrase_lists(entry: Any, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], list[str]]]:
    if isinstance(entry, dict):
        return [found for key, value in entry.items() for found in phrase_lists(value, (*path, key))]
    is_list = isinstance(entry, list) and entry and all(isinstance(each, str) for each in entry)
    return [(path, entry)] if is_list else []


def test_needs_groups_and_categories_are_those_of_the_domain():
    assert set(table("needs")) == set(NEEDS.split())
    assert set(table("groups")) == set(GROUPS.split())
    rules = {"first", "asking", "by_need", "by_group", "by_emergency", "question"}
    assert set(table("category")) - rules == set(CATEGORIES.split())


def test_rules_between_lexicons_name_what_there_is():
    category = table("category")
    assert set(category["by_need"]) <= set(table("needs"))
    assert set(category["by_group"]) <= set(table("groups"))
    assert set(category["by_emergency"]) == set(table("urgency")["emergency"])
    assert {broad for entry in table("groups").values() for broad in entry["covers"]} <= set(table("groups"))


@pytest.mark.parametrize("name", FILES)
def test_every_phrase_can_be_read_and_stands_once(name):
    for path, listed in phrase_lists(table(name)):
        Phrases(listed)
        twice = {phrase for phrase in listed if listed.count(phrase) > 1}
        assert not twice, (path, twice)


@pytest.mark.parametrize("name", ["needs", "groups", "urgency"])
def test_no_phrase_is_said_and_excused_at_once(name):
    def entries(entry: dict[str, Any]) -> list[dict[str, Any]]:
        nested = [found for value in entry.values() if isinstance(value, dict) for found in entries(value)]
        return [entry, *nested] if "say" in entry else nested

    for entry in entries(dict(table(name))):
        assert not set(entry["say"]) & set(entry.get("unless", []))


def test_misheard_words_do_not_sound_alike_among_themselves():
    words = table("hearing")["words"]
    assert len(words) == len(set(words))


def test_phrase_signs_mean_what_the_lexicon_says():
    assert Phrases(["没…米"]).first("没有一粒米") is not None
    assert Phrases(["没…米"]).first("没有一个人来给我们送过米") is None
    assert Phrases(["送(米|油)了?"]).first("送油了").end == 3
    assert Phrases(["{谁}病了"]).first("我妈病了") is not None


def test_what_lies_in_an_exception_is_not_found():
    assert Phrases(["没气"], ["煤气没气"]).first("煤气没气了") is None
    assert Phrases(["没气"], ["煤气没气"]).first("人没气了") is not None


def test_unknown_list_and_broken_phrase_are_named():
    with pytest.raises(LexiconError, match="nosuch"):
        Phrases(["{nosuch}"])
    with pytest.raises(LexiconError, match="没"):
        Phrases(["没(米"])


def test_phrases_of_a_file_are_read_once():
    assert phrases("phone", "cues") is phrases("phone", "cues")
