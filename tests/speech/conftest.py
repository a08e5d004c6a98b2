"""The recogniser with its demo model, and a synthetic caller over a telephone line."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from speech.recognizer import Recognizer

ROOT = Path(__file__).parents[2]
VOICE = (str(ROOT / ".venv-sandbox/bin/python"), "-m", "sandbox.voice")


@pytest.fixture(scope="session")
def recognizer() -> Recognizer:
    return Recognizer.load(ROOT / "speech/demo_model")


@pytest.fixture(scope="session")
def say(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """say("text", language="cmn", ...) -> an 8 kHz recording of it, made once for each text."""
    folder = tmp_path_factory.mktemp("voices")
    made: dict[tuple[object, ...], Path] = {}

    def spoken(text: str, **options: str) -> Path:
        key = (text, *sorted(options.items()))
        if key not in made:
            made[key] = folder / f"{len(made)}.wav"
            flags = [part for name, value in options.items() for part in (f"--{name}", value)]
            command = [*VOICE, "--text", text, "--out", str(made[key]), *flags]
            subprocess.run(command, check=True, cwd=ROOT, timeout=60)
        return made[key]

    return spoken
