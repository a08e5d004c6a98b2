"""`flask catalogue`: which unit gets which orders, brought in, shown, asked beforehand and put back."""

import json
from collections.abc import Mapping
from pathlib import Path

import click
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from hotline.commands.surroundings import plain_errors, transaction
from hotline.models import CatalogueVersion, Unit
from hotline.rules.catalogue import CATEGORY_WORDS, Ground, category_of
from hotline.services import catalogue as catalogues
from hotline.services import organisation, policies
from hotline.services.access import SYSTEM
from hotline.services.catalogue import Recipient, Sample

_NONE = "none"
_UNIT = click.option("--unit", "unit_code", required=True, help="The code of the unit whose catalogue it is.")
_NOTE = click.option("--note", required=True, help="Why; kept with the change.")
_JSON = click.option("--json", "as_json", is_flag=True)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)

catalogue = AppGroup("catalogue", help="Which unit gets which orders, by category and place.")


@catalogue.command("import")
@click.argument("file", type=_FILE)
@_UNIT
@_NOTE
def _import(file: Path, unit_code: str, note: str) -> None:
    """Make FILE the unit's next version: CSV with the columns category, place, unit, assisting (`|` between them)."""
    with transaction() as (session, now), plain_errors():
        owner = _unit(session, unit_code)
        brought = catalogues.bring_in(session, owner, file.name, file.read_bytes(), note, SYSTEM, now)
        number, count = brought.version.number, len(brought.version.rows)
        unstaffed = [f"{unit.code} {unit.name}" for unit in brought.unstaffed]
    click.echo(f"version {number} is in use: {count} rows")
    for told in unstaffed:
        click.echo(f"nobody could sign for an order at {told}", err=True)


@catalogue.command("export")
@_UNIT
@click.option("--version", "number", type=int, help="An older version than the one in use.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="A file that spreadsheets can open.")
def _export(unit_code: str, number: int | None, output: Path | None) -> None:
    """Write a version as CSV, which `import` takes again."""
    with transaction() as (session, _now), plain_errors():
        text = catalogues.written(session, _version(session, _unit(session, unit_code), number))
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8-sig", newline="")


@catalogue.command("show")
@_UNIT
@click.option("--version", "number", type=int, help="An older version than the one in use.")
@_JSON
def _show(unit_code: str, number: int | None, as_json: bool) -> None:
    """Show the rows of a version."""
    with transaction() as (session, _now), plain_errors():
        shown = _version(session, _unit(session, unit_code), number)
        rows = [
            {
                "category": row.category.value if row.category else None,
                "place": row.place.code if row.place else None,
                "unit": row.unit.code,
                "assisting": [unit.code for unit in row.assisting],
            }
            for row in catalogues.rows_of(session, shown)
        ]
        heading = f"version {shown.number}, {shown.made_at:%Y-%m-%d %H:%M}Z: {shown.note}"
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    click.echo(heading)
    for row in rows:
        assisting = ", ".join(row["assisting"] or ())
        click.echo("\t".join([str(row["category"] or "any"), str(row["place"] or "any"), str(row["unit"]), assisting]))


@catalogue.command("versions")
@_UNIT
@_JSON
def _versions(unit_code: str, as_json: bool) -> None:
    """List the versions, newest first, with who made them, when and why."""
    with transaction() as (session, _now), plain_errors():
        owner = _unit(session, unit_code)
        current = catalogues.in_use(session, owner)
        found = [
            {
                "version": each.number,
                "is_in_use": current is not None and each.id == current.id,
                "made_at": each.made_at.isoformat(),
                "by": each.user.name if each.user else None,
                "note": each.note,
            }
            for each in catalogues.versions(session, owner)
        ]
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    for each in [] if as_json else found:
        mark = "*" if each["is_in_use"] else " "
        click.echo(f"{mark} {each['version']}\t{each['made_at']}\t{each['by'] or '-'}\t{each['note']}")


@catalogue.command("use")
@click.argument("number", metavar="VERSION")
@_UNIT
@_NOTE
def _use(number: str, unit_code: str, note: str) -> None:
    """Put VERSION back in use, a number of the list, or with `none` go without a catalogue of the unit's own."""
    with transaction() as (session, now), plain_errors():
        owner = _unit(session, unit_code)
        if number != _NONE and not number.isdecimal():
            raise click.ClickException(f"{number!r} is no number of a version")
        chosen = None if number == _NONE else _version(session, owner, int(number))
        catalogues.use(session, owner, chosen, note, SYSTEM, now)
    click.echo(f"in use: {number}")


@catalogue.command("preview")
@click.option("--unit", "unit_code", required=True, help="Where the order comes in; its code.")
@click.option("--category", default="", help="Code or Chinese word; left out, nobody knows it.")
@click.option("--place", "place_code", default="", help="The code of the place; left out, nobody knows it.")
@click.option("--samples", type=_FILE, help="CSV with the columns category and place, instead of one order.")
@_JSON
def _preview(unit_code: str, category: str, place_code: str, samples: Path | None, as_json: bool) -> None:
    """Tell who would get an order, and why."""
    with transaction() as (session, _now), plain_errors():
        intake = _unit(session, unit_code)
        if samples is not None:
            asked = catalogues.samples(session, samples.name, samples.read_bytes())
        else:
            asked = [_sample(session, category, place_code)]
        found = [
            _told(each, catalogues.recipient(session, intake, each.category, each.place), intake) for each in asked
        ]
    for told in found:
        click.echo(json.dumps(told, ensure_ascii=False) if as_json else _line(told))


@catalogue.command("automatic")
@click.argument("wanted", type=click.Choice(["on", "off"]))
@_UNIT
@click.option("--confidence", type=float, help="How sure category and place must be that no person confirmed: 0 to 1.")
def _automatic(wanted: str, unit_code: str, confidence: float | None) -> None:
    """Let reviewed orders that come in at the unit or below it be dispatched by themselves, or not."""
    with transaction() as (session, now), plain_errors():
        unit = _unit(session, unit_code)
        policies.set_automatic(session, unit, is_on=wanted == "on", confidence=confidence, actor=SYSTEM, now=now)
    click.echo(f"automatic dispatch is {wanted}")


_GROUNDS: Mapping[Ground, str] = {
    Ground.ROW: "by the row",
    Ground.PLACE: "no row fits; it is the unit of the place",
    Ground.ABOVE: "no row fits; it is the nearest unit above the place that has handlers",
    Ground.NO_PLACE: "nobody: no row fits, and the place is not known",
    Ground.NOBODY: "nobody: no row fits, and no unit at the place or above it has handlers",
}


def _unit(session: Session, code: str) -> Unit:
    unit = organisation.unit_by_code(session, code)
    if unit is None:
        raise click.ClickException(f"there is no unit {code}")
    return unit


def _version(session: Session, owner: Unit, number: int | None) -> CatalogueVersion:
    if number is not None:
        return catalogues.version(session, owner, number)
    current = catalogues.in_use(session, owner)
    if current is None:
        raise click.ClickException(f"{owner.name} has no catalogue of its own in use")
    return current


def _sample(session: Session, category: str, place_code: str) -> Sample:
    try:
        known = category_of(category)
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    return Sample(known, _unit(session, place_code) if place_code else None)


def _told(asked: Sample, found: Recipient, intake: Unit) -> dict[str, object]:
    row = found.row
    return {
        "category": asked.category.value if asked.category else None,
        "place": asked.place.code if asked.place else None,
        "taken_in_at": intake.code,
        "unit": found.unit.code if found.unit else None,
        "unit_name": found.unit.name if found.unit else None,
        "assisting": [unit.code for unit in row.assisting] if row else [],
        "ground": found.ground.value,
        "catalogue_of": row.version.unit.code if row else None,
        "version": row.version.number if row else None,
        "row": [CATEGORY_WORDS[row.category] if row.category else "*", row.place.code if row.place else "*"]
        if row
        else None,
        "has_signer": found.has_signer,
    }


def _line(told: dict[str, object]) -> str:
    why = _GROUNDS[Ground(str(told["ground"]))]
    if isinstance(told["row"], list):
        why += f" {' '.join(told['row'])} of version {told['version']} of {told['catalogue_of']}"
    assisting = told["assisting"]
    if isinstance(assisting, list) and assisting:
        why += f"; assisting: {', '.join(assisting)}"
    if told["unit"] is not None and not told["has_signer"]:
        why += "; nobody there could sign for it"
    who = f"{told['unit']} {told['unit_name']}" if told["unit"] is not None else "-"
    return f"{told['category'] or '?'}\t{told['place'] or '?'}\t{who}\t{why}"
