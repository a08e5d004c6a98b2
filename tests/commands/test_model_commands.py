"""Models from the published list to a line, as somebody types it."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from model_server import NAME, ModelServer, zipped

from hotline.cli import create_app
from hotline.settings import Settings
from speech.registry import describe

Flask = Callable[..., Result]
DEMO = Path(__file__).parents[2] / "speech/demo_model"
LINE = "+862012345678"


@pytest.fixture(scope="module")
def archive() -> bytes:
    """The demo's model, as somebody might publish it."""
    files = [path for path in DEMO.rglob("*") if path.is_file() and "training" not in path.parts]
    return zipped({f"{NAME}/{path.relative_to(DEMO)}": path.read_bytes() for path in files if path.suffix != ".json"})


@pytest.fixture
def server(archive: bytes) -> Iterator[ModelServer]:
    with ModelServer(content=archive).serving() as server:
        yield server


@pytest.fixture
def flask(with_sample: Flask, server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Flask:
    monkeypatch.setenv("MODELS_PATH", str(tmp_path / "models"))
    monkeypatch.setenv("SPEECH_MODEL_PATH", str(DEMO))
    monkeypatch.setenv("SPEECH_MODELS_URL", server.list_url)
    return with_sample


@pytest.fixture
def with_line(flask: Flask) -> Flask:
    unit = ("--unit", "440100", "--duty-number", "+862012349999")
    assert flask("lines", "add", LINE, "--name", "静溪街道民政救助热线", *unit).exit_code == 0
    return flask


def listed(flask: Flask, *more: str) -> dict[str, dict[str, Any]]:
    done = flask("models", "list", "--json", *more)
    assert done.exit_code == 0, done.output
    return {entry["name"]: entry for entry in json.loads(done.stdout)}


def test_the_list_shows_what_there_is_and_what_is_here(flask: Flask) -> None:
    demo = describe(DEMO).label

    entries = listed(flask)

    assert list(entries) == [demo, NAME, "old"]
    assert (entries[demo]["is_installed"], entries[demo]["used_by"]) == (True, ["all lines"])
    assert (entries[NAME]["is_installed"], entries[NAME]["used_by"]) == (False, [])
    assert [entry["is_obsolete"] for entry in entries.values()] == [False, False, True]


def test_the_list_can_be_of_one_language(flask: Flask) -> None:
    assert NAME in listed(flask, "--language", "zh")
    assert listed(flask, "--language", "fr") == {}


def test_the_list_is_read_by_people_too(flask: Flask) -> None:
    lines = flask("models", "list").stdout.splitlines()

    assert lines[0].startswith(describe(DEMO).label)
    assert lines[0].endswith("in use: all lines; installed")
    assert lines[-1].endswith("obsolete")


def test_without_a_network_the_list_shows_what_is_here(flask: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPEECH_MODELS_URL", "http://127.0.0.1:1/list.json")

    done = flask("models", "list")

    assert done.exit_code == 0
    assert describe(DEMO).label in done.stdout
    assert "Is there a network" in done.stderr


def test_a_machine_without_the_service_lists_and_fetches_models(
    server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("MODELS_PATH", str(tmp_path / "models"))
    monkeypatch.setenv("SPEECH_MODELS_URL", server.list_url)
    runner = create_app().test_cli_runner()

    fetched, shown = (runner.invoke(args=["models", *more]) for more in (["fetch", NAME], ["list"]))

    assert (fetched.exit_code, shown.exit_code) == (0, 0), fetched.output + shown.output
    assert (tmp_path / "models" / NAME / "am/final.mdl").exists()
    assert "it can't be seen what is in use" in shown.stderr


def test_a_model_is_fetched_tried_and_used(with_line: Flask, tmp_path: Path) -> None:
    fetched = with_line("models", "fetch", NAME)
    assert fetched.exit_code == 0, fetched.output
    assert str(tmp_path / "models" / NAME) in fetched.output

    used = with_line("models", "use", NAME, "--line", LINE)

    assert used.exit_code == 0, used.output
    assert "It heard: " in used.output
    assert f"{LINE}: {NAME}" in used.output
    assert listed(with_line)[NAME]["used_by"] == [LINE]


def test_the_last_choice_counts_and_can_be_taken_back(with_line: Flask) -> None:
    with_line("models", "fetch", NAME)
    demo = describe(DEMO).label

    for arguments in ((NAME,), (demo, "--line", LINE), (NAME, "--line", LINE)):
        assert with_line("models", "use", *arguments).exit_code == 0
    assert listed(with_line)[NAME]["used_by"] == ["all lines", LINE]

    assert with_line("models", "use", "--no-choice", "--line", LINE).exit_code == 0
    assert listed(with_line)[NAME]["used_by"] == ["all lines"]

    assert with_line("models", "use", "--no-choice").exit_code == 0
    assert listed(with_line)[demo]["used_by"] == ["all lines"]


def test_a_model_in_use_that_is_gone_is_still_listed(with_line: Flask, tmp_path: Path, server: ModelServer) -> None:
    with_line("models", "fetch", NAME)
    with_line("models", "use", NAME, "--line", LINE)
    shutil.rmtree(tmp_path / "models" / NAME)

    entry = listed(with_line)[NAME]

    assert (entry["is_installed"], entry["used_by"]) == (False, [LINE])


def test_a_damaged_model_is_not_used(with_line: Flask, tmp_path: Path) -> None:
    with_line("models", "fetch", NAME)
    (tmp_path / "models" / NAME / "graph/disambig_tid.int").write_text("")

    used = with_line("models", "use", NAME)

    assert used.exit_code == 1
    assert "It is not used." in used.output
    assert listed(with_line)[NAME]["used_by"] == []


def test_a_wrong_checksum_is_told(flask: Flask, server: ModelServer, tmp_path: Path) -> None:
    server.claims = {"md5": "0" * 32}

    done = flask("models", "fetch", NAME)

    assert done.exit_code == 1
    assert "It was thrown away" in done.output
    assert list((tmp_path / "models").iterdir()) == []


REFUSED = {
    ("fetch", "nothing-of-the-kind"): "flask models list",
    ("use", "nothing-of-the-kind"): "flask models fetch",
    ("use", "relief-demo-cn"): "flask models fetch",
    ("use",): "either NAME or --no-choice",
    ("use", "--no-choice", "--line", "+8620000"): "there is no line",
}


@pytest.mark.parametrize("arguments", REFUSED)
def test_what_cannot_be_done_is_told(flask: Flask, arguments: tuple[str, ...]) -> None:
    done = flask("models", *arguments)

    assert done.exit_code != 0
    assert REFUSED[arguments] in done.output
