"""What is set from outside: the example says what the defaults are, and what cannot be right is named at once."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import factories
import pytest
from dotenv import dotenv_values

from hotline.settings import Settings, SettingsError

EXAMPLE = Path(__file__).parent.parent.parent / ".env.example"
# Those that a service cannot be without, and that only its owner knows.
REQUIRED = {
    "DATABASE_URL": "postgresql://hotline@127.0.0.1/hotline",
    "REDIS_URL": "redis://127.0.0.1/0",
    "SECRET_KEY": "a-key-of-at-least-thirty-two-characters",
    "PUBLIC_BASE_URL": "https://hotline.example",
    "TWILIO_ACCOUNT_SID": factories.ACCOUNT_SID,
    "TWILIO_AUTH_TOKEN": factories.AUTH_TOKEN,
}


@pytest.fixture
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


def put(environment: pytest.MonkeyPatch, values: dict[str, str]) -> None:
    for name, value in values.items():
        environment.setenv(name, value)


def test_the_example_as_it_stands_means_the_defaults(nothing_set: pytest.MonkeyPatch) -> None:
    put(nothing_set, REQUIRED)
    defaults = Settings.from_env()

    put(nothing_set, {name: value or "" for name, value in dotenv_values(EXAMPLE).items()} | REQUIRED)

    assert Settings.from_env().model_dump() == {
        **defaults.model_dump(),
        "speech_model_path": defaults.speech_model_path,
    }


def test_what_is_required_is_named_all_at_once(nothing_set: pytest.MonkeyPatch) -> None:
    put(nothing_set, dict.fromkeys(REQUIRED, ""))

    with pytest.raises(SettingsError) as refused:
        Settings.from_env()

    assert [name for name in REQUIRED if name not in str(refused.value)] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("twilio_auth_token", ""),
        ("twilio_auth_token", "short"),
        ("twilio_auth_token", "g" * 32),
        ("secret_key", "short"),
        ("secret_key_fallbacks", ("a-key-of-at-least-thirty-two-characters", "short")),
        ("database_url", "sqlite:///here.db"),
        ("time_zone", "Asia/Nowhere"),
    ],
)
def test_what_cannot_be_right_is_named_and_not_shown(tmp_path: Path, name: str, value: Any) -> None:
    with pytest.raises(SettingsError) as refused:
        factories.settings(tmp_path, **{name: value})

    assert name.upper() in str(refused.value)
    assert "short" not in str(refused.value)


def test_recordings_lie_below_the_directory_that_the_service_was_started_in(
    nothing_set: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    put(nothing_set, REQUIRED)
    nothing_set.chdir(tmp_path)

    settings = Settings.from_env()

    assert settings.recordings_url == f"file://{tmp_path}/var/recordings"
    assert settings.journal_dir == tmp_path / "var" / "journal"


def test_a_process_that_fetches_no_model_loads_nothing_to_fetch_one_with() -> None:
    loaded = "import sys, hotline.settings; print('speech.registry' in sys.modules, 'speech.download' in sys.modules)"

    told = subprocess.run(
        [sys.executable, "-c", loaded], cwd=EXAMPLE.parent, capture_output=True, text=True, check=True
    )

    assert told.stdout.split() == ["True", "False"]
