"""`flask clock`: the time that every process goes by."""

from datetime import datetime
from pathlib import Path

import click
from flask.cli import AppGroup

from hotline.clock import FileClock, SystemClock, clock_for, freeze_clock, move_clock
from hotline.commands.surroundings import plain_errors, read_settings

clock = AppGroup("clock", help="The time that every process goes by, when CLOCK_FILE is set.")


@clock.command("show")
def _show_clock() -> None:
    """Show the time."""
    click.echo(clock_for(read_settings().clock_file).now().isoformat())


@clock.command("advance", context_settings={"ignore_unknown_options": True})
@click.argument("seconds", type=float)
def _advance_clock(seconds: float) -> None:
    """Move the time forward by so many SECONDS, or back by a negative number."""
    file = _clock_file()
    with plain_errors():
        move_clock(file, seconds)
    click.echo(FileClock(file).now().isoformat())


@clock.command("freeze")
@click.argument("at", default="")
def _freeze_clock(at: str) -> None:
    """Let the time stand still, now or AT an ISO time with its zone."""
    file = _clock_file()
    try:
        moment = datetime.fromisoformat(at) if at else SystemClock().now()
    except ValueError as error:
        raise click.ClickException(f"{at!r} is no time, as 2026-01-02T08:00:00+08:00 is one") from error
    with plain_errors():
        freeze_clock(file, moment)
    click.echo(FileClock(file).now().isoformat())


@clock.command("reset")
def _reset_clock() -> None:
    """Go by the machine's time again."""
    _clock_file().unlink(missing_ok=True)


def _clock_file() -> Path:
    file = read_settings().clock_file
    if file is None:
        raise click.ClickException("CLOCK_FILE is not set: this service goes by the machine's time")
    return file
