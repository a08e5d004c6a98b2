"""A model is known by its own card, or else by its folder's published name."""

import hashlib
import json
from pathlib import Path

import pytest

from speech.registry import NotAModelError, describe

DEMO = Path(__file__).parents[2] / "speech/demo_model"


def a_model(folder: Path, name: str, mfcc: str | None = None) -> Path:
    model = folder / name
    (model / "am").mkdir(parents=True)
    (model / "am/final.mdl").touch()
    if mfcc is not None:
        (model / "conf").mkdir()
        (model / "conf/mfcc.conf").write_text(mfcc)
    return model


def test_demo_model_tells_of_itself():
    info = describe(DEMO)
    assert (info.label, info.language, info.sample_rate_hz) == ("relief-demo-cn-0.2", "zh-CN", 8000)


def test_demo_model_is_as_its_card_says():
    card = json.loads((DEMO / "model.json").read_text())
    sums = {name: hashlib.sha256((DEMO / name).read_bytes()).hexdigest() for name in card["sha256"]}
    assert sums == card["sha256"]
    kept = {str(path.relative_to(DEMO)) for path in DEMO.rglob("*") if path.is_file() and "training" not in path.parts}
    assert kept == sums.keys() | {"README.md", "model.json"}


@pytest.mark.parametrize(
    ("name", "version", "language"),
    [
        ("vosk-model-small-cn-0.22", "0.22", "zh-CN"),
        ("vosk-model-cn-0.22", "0.22", "zh-CN"),
        ("vosk-model-small-en-us-0.15", "0.15", "en-US"),
        ("somebodys-model", "unknown", "und"),
    ],
)
def test_published_name_tells_version_and_language(tmp_path, name, version, language):
    info = describe(a_model(tmp_path, name))
    assert (info.name, info.version, info.language) == (name, version, language)


def test_label_of_a_published_model_is_its_name(tmp_path):
    assert describe(a_model(tmp_path, "vosk-model-small-cn-0.22")).label == "vosk-model-small-cn-0.22"


def test_rate_is_read_from_the_models_settings(tmp_path):
    model = a_model(tmp_path, "vosk-model-cn-0.22", "--num-ceps=40\n--sample-frequency=16000 # wide band\n")
    assert describe(model).sample_rate_hz == 16000


def test_missing_folder_is_no_model(tmp_path):
    with pytest.raises(NotAModelError):
        describe(tmp_path / "nowhere")


def test_card_that_cannot_be_read_is_no_model(tmp_path):
    model = a_model(tmp_path, "mine")
    (model / "model.json").write_text('{"name": "mine"}')
    with pytest.raises(NotAModelError):
        describe(model)
