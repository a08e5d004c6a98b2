"""`flask policy`: what a unit sets for itself and all below it."""

import json

import click
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from hotline.commands.surroundings import plain_errors, transaction
from hotline.models import Unit
from hotline.services import organisation, policies
from hotline.services.access import SYSTEM

group = AppGroup("policy", help="What a unit sets for itself and all below it.")
_UNIT = click.option("--unit", "unit_code", required=True, help="The unit's code.")


@group.command("show")
@_UNIT
def _show(unit_code: str) -> None:
    """Show what the unit set itself, as JSON; the rest is inherited."""
    with transaction() as (session, _now):
        click.echo(json.dumps(_unit(session, unit_code).policy, ensure_ascii=False, indent=2, sort_keys=True))


@group.command("set")
@_UNIT
@click.argument("key")
@click.argument("value")
def _set(unit_code: str, key: str, value: str) -> None:
    """Set KEY to VALUE, as JSON: `limits '{"normal": {"contact": 1800}}'`, `quiet_from '"23:00"'`."""
    try:
        told = json.loads(value)
    except ValueError as error:
        raise click.ClickException(f"{value!r} is no JSON: a time is written '\"22:00\"'") from error
    with transaction() as (session, now), plain_errors():
        policies.set_policy(session, _unit(session, unit_code), key, told, SYSTEM, now)


@group.command("unset")
@_UNIT
@click.argument("key")
def _unset(unit_code: str, key: str) -> None:
    """Let what the unit above set for KEY count again."""
    with transaction() as (session, now), plain_errors():
        policies.unset_policy(session, _unit(session, unit_code), key, SYSTEM, now)


def _unit(session: Session, code: str) -> Unit:
    unit = organisation.unit_by_code(session, code)
    if unit is None:
        raise click.ClickException(f"there is no unit {code}")
    return unit
