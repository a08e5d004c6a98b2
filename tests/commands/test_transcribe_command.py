"""`flask transcribe`: a line of JSON for each file, whatever the file is."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

ROOT = Path(__file__).parents[2]
Flask = Callable[..., Result]
STABLE = {"file", "duration_s", "text", "words", "confidence"}


def spoken(text: str, file: Path) -> Path:
    command = [ROOT / ".venv-sandbox/bin/python", "-m", "sandbox.voice", "--text", text, "--out", file]
    subprocess.run(command, check=True, cwd=ROOT, timeout=60)
    return file


def test_each_file_has_its_line(flask_command: Flask, tmp_path: Path) -> None:
    good = spoken("我住在九号四楼，家里没有米了", tmp_path / "good.wav")
    (tmp_path / "bad.wav").write_text("没有声音", encoding="utf-8")

    done = flask_command("transcribe", str(good), str(tmp_path / "bad.wav"))

    heard, bad = [json.loads(line) for line in done.stdout.splitlines()]
    assert heard.keys() >= STABLE | {"display", "segments", "doubt", "model", "language"}
    assert heard["text"] == "我住在九号四楼家里没有米了"
    assert heard["display"] == "我住在9号4楼，家里没有米了。"
    assert heard["doubt"] is None
    assert "".join(segment["text"] for segment in heard["segments"]) == heard["display"]
    assert heard["segments"][-1]["last"] == len(heard["words"]) - 1
    assert bad.keys() == {"file", "error"}
    assert done.exit_code == 1


def test_folder_without_a_model_is_told(flask_command: Flask, tmp_path: Path) -> None:
    done = flask_command("transcribe", "--model", str(tmp_path), "any.wav")

    assert done.exit_code == 1
    assert "no recognition model" in done.output
