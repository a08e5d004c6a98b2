"""A model is used only after it heard the known recording; what is broken in it ends a process that nobody needs."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from difflib import SequenceMatcher
from pathlib import Path

import psutil
import pytest

from speech.recognizer import Recognizer
from speech.registry import NotAModelError, describe
from speech.trial import RECORDING, CutShortError, TrialError, try_out

DEMO = Path(__file__).parents[2] / "speech/demo_model"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return shutil.copytree(DEMO, tmp_path / "model", ignore=shutil.ignore_patterns("training"))


def cut(file: Path, share: float) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * share)])


def say_of_itself(model: Path, **more: object) -> None:
    card = model / "model.json"
    card.write_text(json.dumps({**json.loads(card.read_text()), **more}))


def test_a_good_model_is_told_by_what_it_hears(model: Path) -> None:
    heard = try_out(model)

    assert heard == Recognizer.load(model).transcribe(RECORDING)
    assert SequenceMatcher(None, heard.text, describe(model).trial_text).ratio() > 0.9
    assert heard.model == describe(model).label


BROKEN = {
    "graph/HCLr.fst": (0.5, "can't be used"),
    "am/final.mdl": (0.5, "can't be loaded"),
    "conf/model.conf": (0, "SIGABRT"),
    "graph/disambig_tid.int": (0.5, "SIGSEGV"),
    "graph/words.txt": (0, "words that are none"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_damaged_model_is_refused_and_told_why(model: Path, name: str) -> None:
    share, trouble = BROKEN[name]
    cut(model / name, share)

    with pytest.raises(TrialError, match=trouble):
        try_out(model)


def test_a_model_that_hears_something_else_than_its_card_says_is_refused(model: Path) -> None:
    say_of_itself(model, trial_text="今天天气很好我们去公园散步")

    with pytest.raises(TrialError, match="should have heard"):
        try_out(model)


def test_a_model_whose_card_says_nothing_may_hear_anything(model: Path) -> None:
    say_of_itself(model, trial_text="", unknown_word="老人")

    assert "一个人在家" in try_out(model).text


def test_a_model_that_does_not_come_to_an_end_is_refused(model: Path) -> None:
    with pytest.raises(CutShortError, match="not done"):
        try_out(model, limit_s=0.01)


def trials() -> list[psutil.Process]:
    """Those at work for this process."""
    return [child for child in psutil.Process().children() if "speech.trial" in child.cmdline()]


def test_a_trial_that_is_killed_says_nothing_against_the_model() -> None:
    with ThreadPoolExecutor() as pool:
        trial = pool.submit(try_out, DEMO)
        while not (children := trials()) and not trial.done():
            pass
        children[0].kill()

        with pytest.raises(CutShortError, match="killed"):
            trial.result()


def test_a_folder_without_a_model_is_none(tmp_path: Path) -> None:
    with pytest.raises(NotAModelError):
        try_out(tmp_path)
