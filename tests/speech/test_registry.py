"""A model is known by its own card, or else by its folder's published name."""

import errno
import hashlib
import json
import os
from pathlib import Path

import pytest

from speech.registry import NotAModelError, describe, installed, state_of_files, state_of_model

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
    assert (info.label, info.language, info.sample_rate_hz) == ("relief-demo-cn-0.4", "zh-CN", 8000)


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


@pytest.mark.parametrize("odd", ["settings not in UTF-8", "links in a ring", "a card not in UTF-8"])
def test_folder_that_cannot_be_read_is_no_model_and_hides_no_other(tmp_path, odd):
    sound = a_model(tmp_path, "vosk-model-cn-0.22")
    folder = tmp_path / "vosk-model-cn-0.1"
    if odd == "settings not in UTF-8":
        a_model(tmp_path, folder.name, "")
        (folder / "conf/mfcc.conf").write_bytes(b"\xff\xfe")
    elif odd == "links in a ring":
        folder.symlink_to(folder)
    else:
        a_model(tmp_path, folder.name)
        (folder / "model.json").write_bytes(b"\xff\xfe")
    with pytest.raises(NotAModelError):
        describe(folder)
    assert [info.path for info in installed(tmp_path)] == [sound]


class GoneDisk(type(Path())):
    """A folder on a card that is pulled out just after it was looked whether the folder is there."""

    def is_dir(self):
        return True

    def iterdir(self):
        raise OSError(errno.EIO, os.strerror(errno.EIO))


def test_disk_that_goes_away_holds_no_models(tmp_path):
    assert installed(GoneDisk(tmp_path)) == ()
    assert state_of_files(tmp_path / "gone") == state_of_model(tmp_path / "gone") == frozenset()


def changes(look, folder: Path, change) -> bool:
    before = look(folder)
    change()
    return look(folder) != before


@pytest.mark.parametrize(
    "name", ["am/final.mdl", "conf/mfcc.conf", "graph/phones/word_boundary.int", "model.json", "HCLG.fst"]
)
def test_file_that_is_read_as_part_of_a_model_is_watched(tmp_path, name):
    model = a_model(tmp_path, "mine")
    (model / name).parent.mkdir(parents=True, exist_ok=True)
    assert changes(state_of_model, model, lambda: (model / name).write_text("one"))
    assert changes(state_of_model, model, lambda: (model / name).write_text("three"))
    assert changes(state_of_model, model, (model / name).unlink)
    assert not changes(state_of_model, model, lambda: None)


def test_what_only_lies_beside_a_model_is_not_watched(tmp_path):
    model = a_model(tmp_path, "mine")
    (model / "training/text").mkdir(parents=True)
    assert not changes(state_of_model, model, lambda: (model / "training/text/words.txt").write_text("one"))
    assert changes(state_of_files, model, lambda: (model / "training/text/more.txt").write_text("one"))
