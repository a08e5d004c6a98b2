"""Errors are counted by character, and each voice says its part."""

import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.speech.cer import Score, cases, characters, distance, main, said_by

TEXTS = st.text("米面油水", max_size=8)


@pytest.mark.parametrize(
    ("said", "heard", "wrong"),
    [
        ("没有米了", "没有米了", 0),
        ("没有米了", "没有你了", 1),
        ("没有米了", "没有米", 1),
        ("没有米了", "也没有米了", 1),
        ("没有米了", "", 4),
        ("", "没有", 2),
        ("一二三四", "二三四一", 2),
    ],
)
def test_changes_omissions_and_additions_count_one_each(said: str, heard: str, wrong: int) -> None:
    assert distance(said, heard) == wrong


@given(TEXTS, TEXTS, TEXTS)
def test_the_distance_is_one(first: str, second: str, third: str) -> None:
    assert distance(first, second) == distance(second, first)
    assert (distance(first, second) == 0) == (first == second)
    assert distance(first, third) <= distance(first, second) + distance(second, third)
    assert abs(len(first) - len(second)) <= distance(first, second) <= max(len(first), len(second))


def test_only_characters_are_counted() -> None:
    assert characters("喂，家里没有 rice 了！2袋") == "喂家里没有了袋"


def test_a_score_adds_up() -> None:
    score = Score()
    assert score.rate == 0
    score.add("没有米了。", "没有 你了")
    score.add("好的谢谢", "好的")
    assert (score.said, score.wrong, score.rate) == (8, 3, 0.375)


def test_each_sentence_is_said_by_four_voices_and_each_voice_says_as_much() -> None:
    sentences, voices = [f"第{number}句" for number in range(24)], [f"v{number}" for number in range(8)]
    said = said_by(sentences, voices)
    assert all(len({case.voice for case in said if case.text == sentence}) == 4 for sentence in sentences)
    assert set(Counter(case.voice for case in said).values()) == {12}


def test_cases_are_read_from_their_folder(tmp_path: Path) -> None:
    (tmp_path / "voices.txt").write_text("m7\nf5\n", encoding="utf-8")
    (tmp_path / "free.txt").write_text("没有米了\n", encoding="utf-8")
    assert [(case.text, case.voice) for case in cases(tmp_path, "free")] == [("没有米了", "m7"), ("没有米了", "f5")]


def test_what_is_held_out_is_not_shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["cer", "--show"])
    with pytest.raises(SystemExit):
        main()
    assert "not looked" in capsys.readouterr().err
