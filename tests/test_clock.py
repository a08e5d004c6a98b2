"""The one clock: the machine's time, moved or stopped through a file that every process reads."""

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from hotline.clock import FileClock, SystemClock, clock_for, freeze_clock, move_clock

MACHINE = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "not" / "there" / "clock"


def clock(file: Path) -> FileClock:
    return FileClock(file, lambda: MACHINE)


def test_without_a_file_it_is_the_machines_time(file: Path) -> None:
    assert clock(file).now() == MACHINE
    assert not clock(file).is_frozen


def test_a_moved_clock_goes_on(file: Path) -> None:
    move_clock(file, 3600)

    moved = FileClock(file)
    first = moved.now()

    assert timedelta(minutes=59) < first - SystemClock().now() < timedelta(minutes=61)
    assert moved.now() >= first


def test_moves_add_up(file: Path) -> None:
    move_clock(file, 3600)
    move_clock(file, 3600)
    move_clock(file, -1800)

    assert abs((FileClock(file).now() - SystemClock().now()).total_seconds() - 5400) < 60


def test_a_clock_that_stands_still_stands_in_every_zone_at_one_moment(file: Path) -> None:
    there = timezone(timedelta(hours=8))

    freeze_clock(file, MACHINE.astimezone(there))

    assert clock(file).is_frozen
    assert clock(file).now() == MACHINE
    assert clock(file).now().tzinfo == UTC


def test_a_clock_that_stands_still_is_moved_and_goes_on_standing(file: Path) -> None:
    freeze_clock(file, MACHINE)

    move_clock(file, 90)

    assert FileClock(file).now() == FileClock(file).now() == MACHINE + timedelta(seconds=90)


def test_a_process_that_runs_sees_every_change(file: Path) -> None:
    running = clock(file)
    assert running.now() == MACHINE

    freeze_clock(file, MACHINE + timedelta(days=1))
    assert running.now() == MACHINE + timedelta(days=1)

    freeze_clock(file, MACHINE + timedelta(days=2))
    assert running.now() == MACHINE + timedelta(days=2)

    file.unlink()
    assert running.now() == MACHINE


def test_a_reader_never_meets_half_a_file(file: Path) -> None:
    freeze_clock(file, MACHINE)

    assert json.loads(file.read_text()) == {"frozen_at": MACHINE.isoformat()}
    assert [path.name for path in file.parent.iterdir()] == ["clock"]


def test_the_setting_says_which_clock(file: Path) -> None:
    assert isinstance(clock_for(None), SystemClock)
    assert isinstance(clock_for(file), FileClock)
    assert clock_for(None).now().tzinfo == UTC
