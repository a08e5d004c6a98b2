"""`flask orders` and `flask emergency-mode`: what is not cleared, and limits for a time of need."""

import csv
import sys
from datetime import datetime
from zoneinfo import ZoneInfo

import click
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from hotline.commands.surroundings import plain_errors, read_settings, transaction
from hotline.models import UnclearedOrder, Unit
from hotline.services import csv_files, emergency_mode, organisation, uncleared
from hotline.services.access import SYSTEM

orders = AppGroup("orders", help="Work orders.")
mode = AppGroup("emergency-mode", help="Sharper limits for a unit and all below it, for a time.")
_UNIT = click.option("--unit", "unit_code", required=True, help="The unit's code.")
_COLUMNS = ("day", "unit", "order", "state", "handler", "since", "resolve_by", "overdue", "why", "words")


@orders.command("uncleared")
@_UNIT
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="The last one of which there is a list when left out.")
def _uncleared(unit_code: str, day: datetime | None) -> None:
    """Write as CSV what a unit and all below it had not cleared at the end of a day, and why."""
    zone = read_settings().zone
    with transaction() as (session, _now):
        unit = _unit(session, unit_code)
        wanted = day.date() if day else uncleared.last_day(session, unit)
        found = uncleared.listed(session, SYSTEM, unit, wanted) if wanted else []
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows(_row(each, zone) for each in found)


def _row(each: UnclearedOrder, zone: ZoneInfo) -> list[str]:
    return [
        each.list.day.isoformat(),
        each.list.unit.code,
        each.order.number,
        each.state.value,
        each.handler.login if each.handler else "",
        _local(each.since, zone),
        _local(each.resolve_by, zone) if each.resolve_by else "",
        "yes" if each.is_overdue else "no",
        each.why.value,
        csv_files.harmless(each.words or ""),
    ]


def _local(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M")


@mode.command("on")
@_UNIT
@click.option("--reason", required=True)
@click.option("--until", "ends", required=True, type=click.DateTime(["%Y-%m-%dT%H:%M", "%Y-%m-%d"]), help="Local time.")
@click.option("--open-too", is_flag=True, help="Also for what is open already, counted from now.")
def _on(unit_code: str, reason: str, ends: datetime, open_too: bool) -> None:
    """Let the emergency limits count for whatever comes in until a time."""
    zone = read_settings().zone
    with transaction() as (session, now), plain_errors():
        unit, ends_at = _unit(session, unit_code), ends.replace(tzinfo=zone)
        emergency_mode.switch_on(session, unit, reason, ends_at, SYSTEM, now, zone, includes_open=open_too)


@mode.command("off")
@_UNIT
def _off(unit_code: str) -> None:
    """End it before its time."""
    with transaction() as (session, now), plain_errors():
        emergency_mode.switch_off(session, _unit(session, unit_code), SYSTEM, now)


@mode.command("list")
def _list() -> None:
    """List the units in emergency mode, until when and why."""
    zone = read_settings().zone
    with transaction() as (session, now):
        for each in emergency_mode.modes(session, SYSTEM, now):
            click.echo(f"{each.unit.code}\t{_local(each.ends_at, zone)}\t{each.reason}")


def _unit(session: Session, code: str) -> Unit:
    unit = organisation.unit_by_code(session, code)
    if unit is None:
        raise click.ClickException(f"there is no unit {code}")
    return unit
