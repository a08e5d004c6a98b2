"""The clock that is set from outside: what is no time changes nothing, and ends no process."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result

from hotline.clock import FileClock, UnusableTimeError, freeze_clock, move_clock

Flask = Callable[..., Result]
MACHINE = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
GARBAGE = [
    b"",
    b"\xff\xfe",
    b"soon",
    b"[]",
    b"7",
    b'{"offset_s": "1"}',
    b'{"offset_s": NaN}',
    b'{"offset_s": 1e18}',
    b'{"frozen_at": "x"}',
    b'{"frozen_at": null}',
    b'{"frozen_at": "2026-03-02T08:00:00"}',
    b'{"frozen_at": "9999-12-31T23:59:59+00:00"}',
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "clock.json"


def replace(file: Path, content: bytes) -> None:
    fresh = file.with_suffix(".new")
    fresh.write_bytes(content)
    fresh.replace(file)


@pytest.mark.parametrize("content", GARBAGE)
def test_garbage_leaves_the_clock_as_it_was_last_set(file: Path, content: bytes) -> None:
    replace(file, b'{"offset_s": 3600}')
    clock = FileClock(file, lambda: MACHINE)
    assert clock.now() == MACHINE + timedelta(hours=1)

    replace(file, content)

    assert clock.now() == MACHINE + timedelta(hours=1)


@pytest.mark.parametrize("content", GARBAGE)
def test_without_anything_better_the_machines_time_counts(
    file: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    file.write_bytes(content)
    clock = FileClock(file, lambda: MACHINE)

    assert [clock.now(), clock.now()] == [MACHINE, MACHINE]
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_a_good_file_after_garbage_counts(file: Path) -> None:
    file.write_bytes(b"soon")
    clock = FileClock(file, lambda: MACHINE)
    clock.now()

    replace(file, b'{"offset_s": -60}')

    assert clock.now() == MACHINE - timedelta(minutes=1)


def test_a_folder_in_the_files_place_is_garbage_too(file: Path) -> None:
    file.mkdir()

    assert FileClock(file, lambda: MACHINE).now() == MACHINE


def test_a_time_without_a_zone_is_not_written(file: Path) -> None:
    with pytest.raises(UnusableTimeError):
        freeze_clock(file, datetime(2026, 3, 2))  # noqa: DTZ001 - that is the point
    assert not file.exists()


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), 1e18, -1e11])
def test_a_move_out_of_the_calendar_is_not_written(file: Path, seconds: float) -> None:
    with pytest.raises(UnusableTimeError):
        move_clock(file, seconds)
    assert not file.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("freeze", "x"),
        ("freeze", "2026-03-02T08:00:00"),
        ("freeze", "9999-01-01T00:00:00Z"),
        ("advance", "nan"),
        ("advance", "1e18"),
        ("advance", "-1e18"),
        ("advance", "soon"),
    ],
)
def test_a_command_with_no_time_says_so(flask_command: Flask, arguments: tuple[str, ...]) -> None:
    done = flask_command("clock", *arguments)

    assert done.exit_code in {1, 2}
    assert "Error: " in done.output


def test_the_clock_goes_back_as_well(flask_command: Flask) -> None:
    flask_command("clock", "freeze", "2026-03-02T10:00:00+08:00")

    assert flask_command("clock", "advance", "-60").output == "2026-03-02T01:59:00+00:00\n"
    assert flask_command("clock", "show").output == "2026-03-02T01:59:00+00:00\n"
