"""`flask lines`, `flask import` and `flask sample`: the numbers that people dial, and the units behind them."""

import json
from dataclasses import asdict
from pathlib import Path

import click
from flask.cli import AppGroup

from hotline.commands.surroundings import plain_errors, read_settings, transaction
from hotline.rules.wording import DEFAULT
from hotline.services import organisation, sample, unit_files
from hotline.services.access import SYSTEM

lines = AppGroup("lines", help="The numbers that people dial.")


@lines.command("add")
@click.argument("number")
@click.option("--name", required=True, help="What the greeting calls the hotline.")
@click.option("--unit", "unit_code", required=True)
@click.option("--duty-number", help="Rung when a caller presses 0; without it the caller is asked for a message.")
@click.option("--language", default=DEFAULT, show_default=True)
def _add_line(number: str, name: str, unit_code: str, duty_number: str | None, language: str) -> None:
    """Add a number, or bring up to date the one that is there."""
    with transaction() as (session, _now):
        unit = organisation.unit_by_code(session, unit_code)
        if unit is None:
            raise click.ClickException(f"there is no unit {unit_code}")
        with plain_errors():
            organisation.add_line(session, number, name, unit, duty_number, language)


@lines.command("list")
@click.option("--json", "as_json", is_flag=True)
def _list_lines(as_json: bool) -> None:
    """List the numbers."""
    with transaction() as (session, _now):
        found = [
            {"number": line.number, "name": line.name, "unit": line.unit.code, "duty_number": line.duty_number}
            for line in organisation.lines(session)
        ]
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    for row in [] if as_json else found:
        click.echo("\t".join(str(value or "-") for value in row.values()))


organisation_files = AppGroup("import", help="Bring in data from files.")


@organisation_files.command("units")
@click.argument("units", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("places", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def _import_units(units: Path, places: Path) -> None:
    """Bring in the organisation: UNITS (code, parent, level, name, aliases) and PLACES (unit, name), both CSV."""
    with transaction() as (session, now), plain_errors():
        brought = unit_files.import_units(session, units, places, SYSTEM, now)
    click.echo(f"{brought.units} units, {brought.places} places")


sample_organisation = AppGroup("sample", help="A sample organisation to try the service with.")


@sample_organisation.command("load")
@click.option("--password", help="The same for each of the people; each gets one of their own when left out.")
@click.option("--json", "as_json", is_flag=True)
def _load_sample(password: str | None, as_json: bool) -> None:
    """Bring in the sample organisation, its number, people and roster; tells the passwords that it made."""
    zone = read_settings().zone
    with transaction() as (session, now), plain_errors():
        people = sample.load(session, password, now, zone)
    if as_json:
        click.echo(json.dumps([asdict(person) for person in people], ensure_ascii=False))
    for person in [] if as_json else people:
        click.echo(f"{person.login:10} {person.password or '(as before)':14} {', '.join(person.roles)}  {person.name}")
