"""The demo model's words, made anew from three sentences: the real recogniser hears them, and nothing else."""

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from speech.recognizer import Recognizer

ROOT = Path(__file__).parents[2]
TRAINER = ROOT / ".venv-train/bin/python"

pytestmark = [
    pytest.mark.skipif(not TRAINER.exists(), reason="needs the environment that `make demo-model` sets up"),
    pytest.mark.skipif(not shutil.which("fstconvert"), reason="needs OpenFst's fstconvert"),
]


@dataclass(frozen=True)
class Made:
    """A model of three sentences, and what its maker saw on the way."""

    folder: Path
    cut: list[str]
    is_same_again: bool
    pronunciations: list[tuple[str, tuple[str, ...]]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("model")
    for part in ("am", "conf"):
        shutil.copytree(ROOT / "speech/demo_model" / part, folder / part)
    shutil.copy(ROOT / "speech/demo_model/model.json", folder)
    command = [TRAINER, "-m", "tests.speech.tiny_graph", folder / "graph"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    seen = json.loads(done.stdout)
    spoken = [(word, tuple(phones)) for word, phones in seen["pronunciations"]]
    return Made(folder, seen["cut"], seen["same"], spoken)


def test_names_stay_whole_and_numbers_come_apart(made: Made) -> None:
    assert made.cut == ["家里", "没有", "尿不湿", "了", "一", "二", "三", "四", "五"]


def test_the_same_seed_gives_the_same_text(made: Made) -> None:
    assert made.is_same_again


def test_a_word_is_known_as_it_is_said_among_others(made: Made) -> None:
    said = {phones for word, phones in made.pronunciations if word == "没有"}
    # After 月, espeak-ng reads its first character as it is read in 沉没.
    assert said == {("m_B", "ei2_I", "iu3_E"), ("m_B", "o4_I", "iu3_E")}


def test_sound_that_is_no_mandarin_has_a_word(made: Made) -> None:
    assert ("[unk]", ("SPN_S",)) in made.pronunciations


@pytest.mark.parametrize("text", ["家里没有大米了", "我的电话是一二三四五", "家里没有尿不湿了谢谢"])
def test_what_was_written_is_heard(made: Made, say: Callable[..., Path], text: str) -> None:
    assert Recognizer.load(made.folder).transcribe(say(text)).text == text


def test_words_that_were_not_written_are_never_heard(made: Made, say: Callable[..., Path]) -> None:
    heard = Recognizer.load(made.folder).transcribe(say("老人发高烧请派救护车"))
    assert {word.word for word in heard.words} <= {word for word, _ in made.pronunciations}
