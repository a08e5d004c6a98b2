"""`flask calendar`: holidays, and the days that are worked to make up for them."""

import json
from datetime import datetime
from pathlib import Path

import click
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from hotline.clock import YEARS
from hotline.commands.surroundings import plain_errors, transaction
from hotline.models import Unit
from hotline.services import calendar, organisation
from hotline.services.access import SYSTEM

group = AppGroup("calendar", help="Holidays, and the days that are worked to make up for them.")
_UNIT = click.option("--unit", "unit_code", help="For this unit and all below it; for everybody when left out.")


@group.command("import")
@click.argument("days", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_UNIT
def _import(days: Path, unit_code: str | None) -> None:
    """Bring in DAYS, a CSV file: day (2026-01-01), kind (holiday or workday), name.

    A row that cannot be used is named with its line and the reason, and then nothing is brought in. Days that are
    there already are replaced, others stay.
    """
    with transaction() as (session, now), plain_errors():
        brought = calendar.import_days(session, days.name, days.read_bytes(), _unit(session, unit_code), SYSTEM, now)
    click.echo(f"{brought.added} added, {brought.changed} changed, {brought.same} as before")


@group.command("list")
@_UNIT
@click.option("--year", type=click.IntRange(YEARS[0], YEARS[-1]))
@click.option("--json", "as_json", is_flag=True)
def _list(unit_code: str | None, year: int | None, as_json: bool) -> None:
    """List the special days."""
    with transaction() as (session, _now):
        found = [
            {"day": each.day.isoformat(), "kind": each.kind.value, "name": each.name}
            for each in calendar.days(session, _unit(session, unit_code), year)
        ]
    click.echo(json.dumps(found, ensure_ascii=False) if as_json else "\n".join(map("\t".join, map(dict.values, found))))


@group.command("remove")
@click.argument("day", type=click.DateTime(["%Y-%m-%d"]))
@_UNIT
def _remove(day: datetime, unit_code: str | None) -> None:
    """Make DAY an ordinary one again."""
    with transaction() as (session, now):
        if not calendar.remove_day(session, day.date(), _unit(session, unit_code), SYSTEM, now):
            raise click.ClickException(f"{day.date()} is an ordinary day")


def _unit(session: Session, code: str | None) -> Unit | None:
    unit = organisation.unit_by_code(session, code) if code else None
    if code and unit is None:
        raise click.ClickException(f"there is no unit {code}")
    return unit
