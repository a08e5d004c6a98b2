"""The service's commands, as somebody types them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import factories
import pytest
from click.testing import Result

from hotline.cli import create_app
from hotline.settings import Settings
from stack.postgres import Postgres

Flask = Callable[..., Result]
_SAMPLED = "sampled"


@pytest.fixture
def flask_command(tmp_path: Path, own_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """Runs `flask ARGUMENTS` on a database and a clock file of this test's own; no command may end in a traceback."""
    return _flask(tmp_path, own_database_url, monkeypatch)


@pytest.fixture
def with_sample(tmp_path: Path, sampled_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The same where the sample organisation is loaded."""
    return _flask(tmp_path, sampled_database_url, monkeypatch)


@pytest.fixture
def sampled_database_url(postgres: Postgres, sampled_template: str) -> Iterator[str]:
    """A database of this test's own that holds the sample organisation."""
    name = f"test_{uuid4().hex[:12]}"
    postgres.create_database(name, template=sampled_template)
    yield postgres.url(name)
    postgres.drop_database(name)


@pytest.fixture(scope="session")
def sampled_template(postgres: Postgres, migrated_template: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a database with the sample organisation, loaded once: that takes longer than most of these tests."""
    postgres.create_database(_SAMPLED, template=migrated_template)
    with pytest.MonkeyPatch.context() as patch:
        done = _flask(tmp_path_factory.mktemp("sampled"), postgres.url(_SAMPLED), patch)("sample", "load")
    assert done.exit_code == 0, done.output
    return _SAMPLED


def _flask(directory: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Flask:
    settings = factories.settings(directory, database_url=database_url, clock_file=directory / "clock.json")
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
