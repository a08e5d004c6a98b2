"""`flask roster`: who is on duty when, and when nobody is."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from hotline.commands.surroundings import plain_errors, read_settings, transaction
from hotline.models import Shift, Unit
from hotline.rules.roster import Post, Span
from hotline.services import organisation, roster
from hotline.services.access import SYSTEM

group = AppGroup("roster", help="Who is on duty when.")
_DAYS = 7
_Told = dict[str, object]


@group.command("import")
@click.argument("plan", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def _import(plan: Path) -> None:
    """Bring in PLAN, a CSV file: unit, login, date, from, to, post; local times, over midnight where `to` is earlier.

    A row that cannot be used is named with its line and the reason, and then nothing is brought in. The same file
    again changes nothing.
    """
    zone = read_settings().zone
    with transaction() as (session, now), plain_errors():
        brought = roster.import_shifts(session, plan.name, plan.read_bytes(), SYSTEM, now, zone)
    click.echo(f"{brought.added} shifts, {brought.kept} as before")
    for login in brought.cannot_be_rung:
        click.echo(f"{login} has no telephone and cannot be rung: `flask users phone {login} NUMBER`", err=True)


@group.command("show")
@click.argument("unit_code")
@click.option("--days", type=click.IntRange(1, 60), default=_DAYS, show_default=True)
@click.option("--json", "as_json", is_flag=True)
def _show(unit_code: str, days: int, as_json: bool) -> None:
    """List the shifts of a unit, from today on."""
    zone = read_settings().zone
    with transaction() as (session, now):
        unit = _unit(session, unit_code)
        midnight = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
        found = [_shift(shift, zone) for shift in roster.shifts(session, unit, Span(now, midnight + timedelta(days)))]
    _tell(found, as_json=as_json)


@group.command("now")
@click.argument("unit_code")
@click.option("--post", type=click.Choice([post.value for post in Post]), help="Only who is on duty for this.")
@click.option("--json", "as_json", is_flag=True)
def _now(unit_code: str, post: str | None, as_json: bool) -> None:
    """Tell who is on duty for a unit now, or for the nearest one above it."""
    zone = read_settings().zone
    posts = (Post(post),) if post else ()
    with transaction() as (session, now):
        found: list[_Told] = [
            {
                "unit": on.unit.code,
                "login": on.user.login,
                "name": on.user.name,
                "post": on.post.value,
                "until": _local(on.until, zone),
                "can_be_rung": on.user.phone is not None,
            }
            for on in roster.who_is_on(session, _unit(session, unit_code), now, *posts)
        ]
    _tell(found, as_json=as_json)


@group.command("gaps")
@click.option("--unit", "unit_code", help="One unit; every unit that keeps a roster when left out.")
@click.option("--json", "as_json", is_flag=True)
def _gaps(unit_code: str | None, as_json: bool) -> None:
    """List the hours to come in which nobody is on duty."""
    zone = read_settings().zone
    with transaction() as (session, now):
        units = [_unit(session, unit_code)] if unit_code else roster.rostered_units(session, now)
        found = list(_gaps_of(session, units, now, zone))
    _tell(found, as_json=as_json)


def _gaps_of(session: Session, units: Sequence[Unit], now: datetime, zone: ZoneInfo) -> Iterator[_Told]:
    for unit in units:
        for gap in roster.gaps_of(session, unit, now, zone):
            begins, ends = _local(gap.span.begins_at, zone), _local(gap.span.ends_at, zone)
            yield {"unit": unit.code, "from": begins, "to": ends}


def _shift(shift: Shift, zone: ZoneInfo) -> _Told:
    return {
        "id": shift.id,
        "login": shift.user.login,
        "name": shift.user.name,
        "post": shift.post.value,
        "from": _local(shift.begins_at, zone),
        "to": _local(shift.ends_at, zone),
    }


def _local(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def _unit(session: Session, code: str) -> Unit:
    unit = organisation.unit_by_code(session, code)
    if unit is None:
        raise click.ClickException(f"there is no unit {code}")
    return unit


def _tell(rows: list[_Told], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
    for row in [] if as_json else rows:
        click.echo("\t".join(str(value) for value in row.values()))
