"""What the processes are told: what was given stays, what was left open is filled in."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from stack.environment import ROOT, Ports, as_shell, compose, given_settings, needs_stand_in

PORTS = Ports(web=8001, sandbox=5081)


def composed(directory: Path, settings: Mapping[str, str]) -> dict[str, str]:
    return compose(directory, settings, PORTS, {"DATABASE_URL": "ours", "REDIS_URL": "ours"})


def test_environment_goes_before_the_file_and_empty_says_nothing(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("LOG_LEVEL=DEBUG\nTIME_ZONE=Asia/Urumqi\nDATABASE_URL=\nSECRET_KEY='a # $b'\n")
    given = given_settings(file, {"LOG_LEVEL": "ERROR", "REDIS_URL": ""})
    assert given == {"LOG_LEVEL": "ERROR", "TIME_ZONE": "Asia/Urumqi", "SECRET_KEY": "a # $b"}


def test_missing_file_says_nothing(tmp_path: Path) -> None:
    assert given_settings(tmp_path / ".env", {"LOG_LEVEL": "DEBUG"}) == {"LOG_LEVEL": "DEBUG"}


def test_what_a_shell_holds_besides_settings_is_not_taken_over(tmp_path: Path) -> None:
    given = given_settings(tmp_path / ".env", {"PORT": "8300", "SOME_SECRET": "of another program", "OLDPWD": "/"})
    assert given == {"PORT": "8300"}


def test_example_file_as_it_is_leaves_everything_to_us() -> None:
    given = given_settings(ROOT / ".env.example", {})
    assert needs_stand_in(given)
    assert not {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "PUBLIC_BASE_URL", "PORT"} & given.keys()


def test_secrets_are_the_same_at_the_next_start(tmp_path: Path) -> None:
    first = composed(tmp_path, {})
    assert composed(tmp_path, {}) == first
    assert len(first["SECRET_KEY"]) >= 32
    assert first["TWILIO_ACCOUNT_SID"].startswith("AC")


def test_everything_that_is_kept_lies_below_the_directory(tmp_path: Path) -> None:
    told = composed(tmp_path, {})
    kept = [told[name].removeprefix("file://") for name in ("RECORDINGS_URL", "JOURNAL_DIR", "MODELS_PATH")]
    assert all(Path(each).is_relative_to(tmp_path) for each in kept)


def test_what_is_given_is_not_replaced(tmp_path: Path) -> None:
    given = {
        "DATABASE_URL": "theirs",
        "SECRET_KEY": "s" * 40,
        "TWILIO_ACCOUNT_SID": f"AC{'0' * 32}",
        "RECORDINGS_URL": "s3://bucket",
    }
    told = composed(tmp_path, given)
    assert {name: told[name] for name in given} == given
    assert not needs_stand_in(given)
    assert "TWILIO_API_BASE" not in told


@pytest.mark.parametrize(
    ("public", "secure"), [("https://hotline.example", "true"), ("http://127.0.0.1:8001", "false")]
)
def test_cookies_are_kept_to_https_where_there_is_https(tmp_path: Path, public: str, secure: str) -> None:
    assert composed(tmp_path, {"PUBLIC_BASE_URL": public})["SESSION_COOKIE_SECURE"] == secure


def test_a_shell_reads_what_a_process_is_told(tmp_path: Path) -> None:
    awkward = "a b'c\"d$e # f"
    file = tmp_path / "env"
    file.write_text(as_shell({"AWKWARD": awkward}))
    read = subprocess.run(
        ["/bin/sh", "-c", '. "$0"; printf %s "$AWKWARD"', str(file)], capture_output=True, text=True, check=True
    )
    assert read.stdout == awkward
