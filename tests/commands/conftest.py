"""The service's commands, as somebody types them."""

from collections.abc import Callable
from pathlib import Path

import factories
import pytest
from click.testing import Result

from hotline.cli import create_app
from hotline.settings import Settings

Flask = Callable[..., Result]


@pytest.fixture
def flask_command(tmp_path: Path, own_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """Runs `flask ARGUMENTS` on a database and a clock file of this test's own; no command may end in a traceback."""
    settings = factories.settings(tmp_path, database_url=own_database_url, clock_file=tmp_path / "clock.json")
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name in ("database_url", "redis_url", "secret_key", "twilio_auth_token"):
        monkeypatch.setenv(name.upper(), getattr(settings, name).get_secret_value())
    monkeypatch.setenv("PUBLIC_BASE_URL", factories.BASE_URL)
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", factories.ACCOUNT_SID)
    monkeypatch.setenv("CLOCK_FILE", str(settings.clock_file))

    def run(*arguments: str, given: str | bytes = "") -> Result:
        done = create_app().test_cli_runner().invoke(args=list(arguments), input=given)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done

    return run
