"""The demo model's sounds: every syllable is made of them, and each knows its place in the word."""

import pytest

from speech.demo_model.training.phones import (
    FIRST_PDF,
    INITIALS,
    LOOP_PDF,
    PDF_COUNT,
    PHONE_ID,
    PHONES,
    SOUNDS,
    in_word,
    sound_of,
    split_syllable,
)


@pytest.mark.parametrize(
    ("pinyin", "parts"),
    [
        ("zhuang", ("zh", "uang")),
        ("yi", ("", "i")),
        ("yuan", ("", "van")),
        ("quan", ("q", "van")),
        ("xiong", ("x", "iong")),
        ("shi", ("sh", "iii")),
        ("si", ("s", "ii")),
        ("xi", ("x", "i")),
        ("er", ("", "er")),
        ("nv", ("n", "v")),
        ("weng", ("", "ueng")),
        ("hm", None),
        ("", None),
    ],
)
def test_a_syllable_is_an_initial_and_a_final(pinyin: str, parts: tuple[str, str] | None) -> None:
    assert split_syllable(pinyin) == parts


@pytest.mark.parametrize(
    ("sounds", "phones"),
    [
        (["a1"], ["a1_S"]),
        (["m", "i3"], ["m_B", "i3_E"]),
        (["m", "ei2", "iu3"], ["m_B", "ei2_I", "iu3_E"]),
    ],
)
def test_sounds_know_their_place_in_the_word(sounds: list[str], phones: list[str]) -> None:
    assert in_word(sounds) == phones
    assert [sound_of(phone) for phone in phones] == sounds


def test_every_phone_is_numbered_once_from_one() -> None:
    assert sorted(PHONE_ID.values()) == list(range(1, len(PHONES) + 1))


def test_every_sound_has_both_its_scores() -> None:
    assert set(FIRST_PDF) == set(LOOP_PDF) == set(SOUNDS)
    assert set(FIRST_PDF.values()) | set(LOOP_PDF.values()) == set(range(PDF_COUNT))


def test_tones_are_heard_after_the_first_step() -> None:
    assert FIRST_PDF["er2"] == FIRST_PDF["er4"]
    assert LOOP_PDF["er2"] != LOOP_PDF["er4"]
    assert not set(FIRST_PDF.values()) & {LOOP_PDF[sound] for sound in INITIALS}
