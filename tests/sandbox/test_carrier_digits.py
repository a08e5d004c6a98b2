"""Typed digits: callers say a telephone number digit by digit, as people do."""

import json
import subprocess
from pathlib import Path

import pytest

from speech.recognizer import Recognizer

ROOT = Path(__file__).parents[2]
SAMPLES_OF = """
import hashlib, json, sys
from sandbox.voice import Manner, synthesise
for text, language in json.load(sys.stdin):
    print(hashlib.sha256(synthesise(text, Manner(language=language)).tobytes()).hexdigest())
"""


def sounds(*texts: str, language: str = "cmn") -> list[str]:
    """A fingerprint of what the synthesiser makes of each text."""
    request = json.dumps([(text, language) for text in texts])
    python = ROOT / ".venv-sandbox/bin/python"
    done = subprocess.run(
        [python, "-c", SAMPLES_OF], cwd=ROOT, input=request, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("我的电话是13912345678", "我的电话是幺三九幺二三四五六七八"),
        ("１３９１２３４５６７８", "幺三九幺二三四五六七八"),
        ("139-1234-5678", "幺三九幺二三四五六七八"),
        ("请打020 83331234", "请打零二零八三三三幺二三四"),
        ("热线是12345", "热线是一二三四五"),
    ],
)
def test_long_numbers_are_said_digit_by_digit(typed: str, said: str) -> None:
    heard, wanted = sounds(typed, said)
    assert heard == wanted


@pytest.mark.parametrize(
    ("typed", "digits"),
    [("欠了15000元", "欠了一五零零零元"), ("12000 户", "一二零零零户"), ("12345.6", "一二三四五点六")],
)
def test_what_counts_something_is_not(typed: str, digits: str) -> None:
    heard, one_by_one = sounds(typed, digits)
    assert heard != one_by_one


def test_a_one_is_not_said_as_on_the_telephone_in_cantonese() -> None:
    typed, plain, telephone = sounds("13912345678", "一三九一二三四五六七八", "幺三九幺二三四五六七八", language="yue")
    assert typed == plain != telephone


def test_a_typed_number_reaches_the_other_end(tmp_path: Path) -> None:
    file = tmp_path / "call.wav"
    command = [ROOT / ".venv-sandbox/bin/python", "-m", "sandbox.voice", "--text", "我的电话是13912345678"]
    subprocess.run([*command, "--out", file], cwd=ROOT, check=True)
    heard = Recognizer.load(ROOT / "speech/demo_model").transcribe(file).text
    assert heard.endswith("幺三九幺二三四五六七八")
