"""`flask transfers`: orders that 12345 and other platforms pass on, brought in as files; results; tokens."""

from datetime import datetime, timedelta
from pathlib import Path

import click
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from hotline.commands.surroundings import plain_errors, read_settings, transaction
from hotline.models import TransferResult, Unit
from hotline.rules.transfers import HEADINGS, TROUBLES, USUAL_SOURCE, Column, Trouble
from hotline.services import organisation
from hotline.services import transfers as passed_on
from hotline.services.access import SYSTEM, Actor

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_UNIT = click.option("--unit", "unit_code", help="The unit's code; left out, the topmost one.")
_SOURCE = click.option("--source", default=USUAL_SOURCE, show_default=True, help="Which platform it is.")
_BEFORE_ALL = datetime(2000, 1, 1)  # noqa: DTZ001 - made local where it is used, as the days that are typed
_DAY = click.DateTime(["%Y-%m-%d"])

group = AppGroup("transfers", help="Orders that 12345 and other platforms pass on.")


@group.command("import")
@click.argument("file", type=_FILE)
@_UNIT
@_SOURCE
def _import(file: Path, unit_code: str | None, source: str) -> None:
    """Take the orders of FILE, CSV or .xlsx as 12345 exports it; each row that is not taken is named."""
    zone = read_settings().zone
    with transaction() as (session, now), plain_errors():
        unit = _unit(session, unit_code)
        upload = passed_on.begin(session, source, file.name, file.read_bytes(), unit, SYSTEM, now)
    taken, known, refused = 0, [], []
    for batch in upload.batches:
        with transaction() as (session, now):
            told = passed_on.take_rows(session, upload.file_id, batch, now, zone)
            taken, known, refused = told.taken, list(told.known), list(told.refused)
    click.echo(f"{taken} new, {len(known)} here before, {len({each['row'] for each in refused})} refused")
    for each in known:
        click.echo(f"{file.name}:{each['row']}: {each['number']} is here as order {each['order']}", err=True)
    for each in refused:
        column = HEADINGS[Column(each["column"])][0] if each["column"] else "the row"
        said = f" “{each['said']}”" if each["said"] else ""
        click.echo(f"{file.name}:{each['row']}: {column}{said} {TROUBLES[Trouble(each['trouble'])]}", err=True)


@group.command("results")
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@_UNIT
@_SOURCE
@click.option("--since", type=_DAY, help="Instead of new results, those written back from this day on.")
@click.option("--until", type=_DAY, help="To the end of this day.")
def _results(out: Path, unit_code: str | None, source: str, since: datetime | None, until: datetime | None) -> None:
    """Write the results that nobody was told yet to OUT, a workbook if it ends in .xlsx, else CSV.

    With --since or --until it is what was written back in that time, which is the same whenever it is asked for.
    """
    zone = read_settings().zone
    with transaction() as (session, now), plain_errors():
        unit = _unit(session, unit_code)
        actor, source = Actor(None, frozenset(), unit.path), passed_on.known_as(session, source)
        if since or until:
            begins = (since or _BEFORE_ALL).replace(tzinfo=zone)
            ends = until.replace(tzinfo=zone) + timedelta(days=1) if until else now + timedelta(seconds=1)
            between = passed_on.results_between(session, actor, begins, ends)
            found: list[TransferResult] = [each for each in between if each.transfer.source == source]
        else:
            found = list(passed_on.results_in(session, passed_on.write_back(session, source, unit, actor, now)))
        write = passed_on.as_workbook if out.suffix.lower() == ".xlsx" else passed_on.as_csv
        # Before the transaction ends: what could not be written to disk was not written back.
        out.write_bytes(write(found, zone))
    click.echo(f"{len(found)} results")


@group.command("token")
@click.argument("name")
@click.option("--unit", "unit_code", required=True, help="The code of the unit at which the orders come in.")
def _token(name: str, unit_code: str) -> None:
    """Give the platform NAME a token for the interface (docs/api.md); an earlier one counts no longer."""
    with transaction() as (session, now), plain_errors():
        token = passed_on.set_platform(session, name, _unit(session, unit_code), SYSTEM, now)
    click.echo(token)
    click.echo("This is shown once; keep it like a password.", err=True)


@group.command("off")
@click.argument("name")
def _off(name: str) -> None:
    """Let the platform's token count no longer."""
    with transaction() as (session, now):
        platform = passed_on.platform_by_name(session, name)
        if platform is None:
            raise click.ClickException(f"there is no platform {name}")
        passed_on.switch_off(session, platform, SYSTEM, now)
        click.echo(f"{platform.name} is off")


@group.command("platforms")
def _platforms() -> None:
    """List the platforms that have, or had, a token."""
    with transaction() as (session, _now):
        for each in passed_on.platforms(session):
            click.echo(f"{each.name}\t{each.unit.code}\t{'on' if each.is_active else 'off'}")


def _unit(session: Session, code: str | None) -> Unit:
    code = code or organisation.topmost(session)
    unit = organisation.unit_by_code(session, code) if code else None
    if unit is None:
        raise click.ClickException(f"there is no unit {code}" if code else "there is no unit yet")
    return unit
