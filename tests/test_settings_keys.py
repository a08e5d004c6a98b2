"""The keys that are set from outside: each is in `.env.example`, and nothing else is."""

from pathlib import Path

import factories
import pytest
from dotenv import dotenv_values

from hotline.settings import Settings, SettingsError

EXAMPLE = Path(__file__).parents[1] / ".env.example"
_NOT_THE_SERVICES = "# Read by the Procfile and by `make run`, not by the service itself."
REQUIRED = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "PUBLIC_BASE_URL", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN")


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def test_the_example_has_every_key_of_the_service_and_no_other() -> None:
    service, _, others = EXAMPLE.read_text().partition(_NOT_THE_SERVICES)
    keys = set(dotenv_values(EXAMPLE))
    own = {key for key in keys if f"\n{key}=" in service}

    assert own == {name.upper() for name in Settings.model_fields}
    assert others, "the example no longer tells which keys are read by others"


def test_every_key_of_the_example_is_explained() -> None:
    unexplained, comment = [], False
    for line in EXAMPLE.read_text().splitlines():
        if line.startswith("#"):
            comment = True
        elif not line:
            comment = False
        elif not comment:
            unexplained.append(line)

    assert unexplained == []


def test_every_missing_key_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_env()

    assert [key for key in REQUIRED if f"{key}: " in str(refused.value)] == list(REQUIRED)


WRONG = {
    "DATABASE_URL": "mysql://hidden-word@host/db",
    "SECRET_KEY": "hidden-word",
    "SECRET_KEY_FALLBACKS": "hidden-word",
    "PUBLIC_BASE_URL": "hidden-word",
    "TRUSTED_HOSTS": '["hidden-word',
    "PROXY_HOPS": "hidden-word",
    "CHANNEL_SECRETS": '{"wechat": "hidden-word',
    "SESSION_COOKIE_SECURE": "hidden-word",
    "TWILIO_ACCOUNT_SID": "hidden-word",
    "TWILIO_AUTH_TOKEN": "hidden-word",
    "TWILIO_API_BASE": "hidden-word",
    "DELETE_AT_CARRIER": "hidden-word",
    "RECORDING_LIMIT_BYTES": "-1",
    "SPEECH_MODELS_URL": "hidden-word",
    "SPEECH_PROCESSES": "-1",
    "IO_PROCESSES": "0",
    "PUBLIC_FORM_LIMITS": "hidden-word",
    "TIME_ZONE": "hidden-word",
    "LOG_LEVEL": "hidden-word",
}


def test_every_wrong_key_is_named_at_once_and_no_value_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    for key, value in WRONG.items():
        monkeypatch.setenv(key, value)

    with pytest.raises(SettingsError) as refused:
        Settings.from_env()

    assert [key for key in WRONG if f"{key}: " not in str(refused.value)] == []
    assert "hidden-word" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


@pytest.mark.parametrize(("value", "hosts"), [('["a.example", "b.example"]', ("a.example", "b.example")), ("[]", ())])
def test_a_list_is_written_as_json(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str, hosts: tuple[str, ...]
) -> None:
    monkeypatch.setenv("TRUSTED_HOSTS", value)

    assert factories.settings(tmp_path).trusted_hosts == hosts


def test_secrets_are_never_shown(tmp_path: Path) -> None:
    settings = factories.settings(tmp_path, database_url="postgresql://hidden-word@host/db")

    for shown in (repr(settings), str(settings), repr(settings.model_dump()), settings.model_dump_json()):
        assert "hidden-word" not in shown
        assert factories.AUTH_TOKEN not in shown


def test_settings_do_not_change_once_they_are_read(tmp_path: Path) -> None:
    settings = factories.settings(tmp_path)

    with pytest.raises(ValueError, match="frozen"):
        settings.proxy_hops = 1  # type: ignore[misc]  # that is what is tested


@pytest.mark.parametrize("given", ["postgresql://u@h/d", "postgresql+psycopg://u@h/d"])
def test_the_database_is_asked_through_one_driver(tmp_path: Path, given: str) -> None:
    assert factories.settings(tmp_path, database_url=given).sqlalchemy_url == "postgresql+psycopg://u@h/d"


def test_addresses_are_made_without_a_double_slash(tmp_path: Path) -> None:
    assert factories.settings(tmp_path, public_base_url="https://a.example/").base_url == "https://a.example"
    assert factories.settings(tmp_path, public_base_url="https://a.example/b/").base_url == "https://a.example/b"
