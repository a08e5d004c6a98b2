"""The demo model as it lies there: whole, small, and aware of the words that the demo needs."""

import json
from hashlib import sha256
from pathlib import Path

import pytest

from speech.demo_model.training.grammar import Grammar

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "speech/demo_model"
CARD = json.loads((MODEL / "model.json").read_text(encoding="utf-8"))
PARTS = ("am", "conf", "graph")
LARGEST_BYTES = 10_000_000


def files() -> list[Path]:
    return [file for part in PARTS for file in (MODEL / part).rglob("*") if file.is_file()]


def words() -> set[str]:
    lines = (MODEL / "graph/words.txt").read_text(encoding="utf-8").splitlines()
    return {line.split()[0] for line in lines}


def test_the_card_has_the_checksum_of_every_file() -> None:
    assert {str(file.relative_to(MODEL)): sha256(file.read_bytes()).hexdigest() for file in files()} == CARD["sha256"]


def test_the_model_is_small() -> None:
    beside = [MODEL / "model.json", MODEL / "README.md"]
    assert sum(file.stat().st_size for file in [*files(), *beside]) <= LARGEST_BYTES


def test_the_model_writes_its_unknown_word() -> None:
    assert CARD["unknown_word"] in words()


@pytest.mark.parametrize("section", ["street", "community", "road", "district"])
def test_the_places_of_the_sample_organisation_can_be_said(section: str) -> None:
    known = {character for word in words() for character in word}
    missing = [name for name in Grammar.load().choices[section] if set(name) - known]
    assert missing == []


def test_local_names_are_words() -> None:
    assert set(Grammar.load().choices["word"]) <= words()


def test_the_readme_speaks_of_this_version() -> None:
    readme = (MODEL / "README.md").read_text(encoding="utf-8")
    assert readme.startswith(f"# {CARD['name']} {CARD['version']}\n")
