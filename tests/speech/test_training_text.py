"""The text that the demo model's language is learnt from: well formed, and apart from what measures it."""

import ast
import random
import re
from itertools import product
from pathlib import Path

import pytest

from speech.demo_model.training.grammar import TEXT, Grammar, sentences

ROOT = Path(__file__).parents[2]
BENCHMARKS = ROOT / "benchmarks/speech"
LISTS = ("free", "templates", "numbers", "names")
GAP = re.compile(r"\{(\w+)\}")
WRITTEN = re.compile(r"(?:[一-鿿]|[，。？！、]|\{\w+\})+")
FILLED = re.compile(r"(?:[一-鿿]|[，。？！、])+")


@pytest.fixture(scope="module")
def grammar() -> Grammar:
    return Grammar.load()


@pytest.fixture(scope="module")
def text() -> list[str]:
    return sentences()


def characters(sentence: str) -> str:
    return re.sub(r"[^一-鿿]", "", sentence)


def said_in(folder: str) -> set[str]:
    """What is said in a set of benchmarks, as bare characters."""
    files = (BENCHMARKS / folder / f"{name}.txt" for name in LISTS)
    return {characters(line) for file in files for line in file.read_text(encoding="utf-8").split()}


def test_every_gap_can_be_filled(grammar: Grammar, text: list[str]) -> None:
    lines = [*text, *(choice for choices in grammar.choices.values() for choice in choices)]
    assert {gap for line in lines for gap in GAP.findall(line)} <= set(grammar.choices)


def test_every_choice_is_used(grammar: Grammar, text: list[str]) -> None:
    # These are put in by the corpus itself, or tell the cutter which words are one.
    by_name = {"link", "thanks", "word"}
    lines = [*text, *(choice for choices in grammar.choices.values() for choice in choices)]
    used = {gap for line in lines for gap in GAP.findall(line)}
    assert set(grammar.choices) - used == by_name


def test_nothing_but_chinese_and_its_punctuation_is_written(grammar: Grammar, text: list[str]) -> None:
    lines = [*text, *(choice for choices in grammar.choices.values() for choice in choices)]
    assert [line for line in lines if not WRITTEN.fullmatch(line)] == []


def test_filling_ends_and_leaves_no_gap(grammar: Grammar, text: list[str]) -> None:
    chance = random.Random(3)  # noqa: S311 - nothing is kept secret
    assert [line for line in text if not FILLED.fullmatch(grammar.fill(line, chance))] == []


def test_what_has_more_gaps_counts_as_more(grammar: Grammar) -> None:
    plain, one, many = (grammar.gaps(line) for line in ("没有人来", "缺{food}", "{clause}"))
    assert plain == 0 < one < many


def test_a_line_may_stand_for_several() -> None:
    written = (TEXT / "sentences/clauses.txt").read_text(encoding="utf-8")
    times = re.search(r"^(\d+)\* \{clause\}$", written, re.MULTILINE)
    assert times
    assert sentences().count("{clause}") == int(times[1])


def test_choices_come_from_their_section(tmp_path: Path) -> None:
    file = tmp_path / "grammar.txt"
    file.write_text("# of colours\n[colour]\n红 | 绿 # and blue?\n黑\n[thing]\n{colour}灯\n", encoding="utf-8")
    grammar = Grammar.read([file])
    assert grammar.choices == {"colour": ["红", "绿", "黑"], "thing": ["{colour}灯"]}
    chance = random.Random(1)  # noqa: S311 - nothing is kept secret
    assert grammar.fill("{thing}亮", chance) in {"红灯亮", "绿灯亮", "黑灯亮"}


@pytest.mark.parametrize("folder", ["held_out", "development"])
def test_what_measures_the_model_is_not_in_its_text(folder: str, text: list[str]) -> None:
    written = {characters(line) for line in text if not GAP.search(line)}
    # Short answers and plain numbers can't but be alike, and what is held out is not to be seen here either.
    known = [said for said in said_in(folder) if said in written]
    assert sum(len(said) > 6 for said in known) == 0


def test_the_sets_that_measure_share_nothing() -> None:
    assert len(said_in("held_out") & said_in("development")) == 0


@pytest.mark.parametrize(("folder", "name"), [*product(("held_out", "development"), LISTS)])
def test_sentences_are_said_as_they_are_written(folder: str, name: str) -> None:
    lines = (BENCHMARKS / folder / f"{name}.txt").read_text(encoding="utf-8").split()
    assert sum(not FILLED.fullmatch(line) for line in lines) == 0
    twice = len(lines) - len(set(lines))
    assert twice == 0


def test_the_voices_that_measure_are_not_trained_on() -> None:
    trained = _names_in(ROOT / "speech/demo_model/training/voices.py", "SHIPPED")
    assert len(trained) > 40
    for file in BENCHMARKS.glob("*/voices.txt"):
        assert trained.isdisjoint(file.read_text(encoding="utf-8").split())


def _names_in(module: Path, variable: str) -> set[str]:
    """The strings of an assignment; the module itself wants the synthesiser, which is not installed here."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == variable:
            return {part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and str(part.value)}
    raise AssertionError(f"{module.name} has no {variable}")
