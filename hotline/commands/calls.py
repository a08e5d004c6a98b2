"""`flask calls`: what can be done with calls that were heard long ago."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import click
from flask.cli import AppGroup

from hotline.commands.surroundings import read_settings, transaction
from hotline.services import hearing_anew, organisation, speech_models
from hotline.services.hearing_anew import Wanted

_DAY = click.DateTime(["%Y-%m-%d"])

calls = AppGroup("calls", help="Calls, and what was said in them.")


@calls.command("retranscribe")
@click.option("--model", help="What this model heard last; without it, what any but the present one did.")
@click.option("--line", "number", help="Calls on this number.")
@click.option("--since", type=_DAY, help="Recorded on this day or later.")
@click.option("--until", type=_DAY, help="Recorded on this day or earlier.")
@click.option("--recording", "recording_id", type=int, help="This one, whatever model heard it.")
@click.option("--dry-run", is_flag=True, help="Only say how many there are.")
def _retranscribe(
    model: str | None,
    number: str | None,
    since: datetime | None,
    until: datetime | None,
    recording_id: int | None,
    dry_run: bool,
) -> None:
    """Have old recordings heard by the models of today, when there is time for it.

    What people wrote and confirmed goes on counting.
    """
    if since and until and since > until:
        raise click.UsageError("--since lies after --until")
    settings = read_settings()
    fallback = speech_models.label_of_settings(settings)
    wanted = Wanted(model, number, _begin(since, 0, settings.zone), _begin(until, 1, settings.zone), recording_id)
    with transaction() as (session, now):
        if number and organisation.line_by_number(session, number) is None:
            raise click.ClickException(f"there is no line {number}")
        if model and model not in (known := hearing_anew.models_that_heard(session)):
            raise click.ClickException(f"{model} heard no recording; these did: {', '.join(known) or 'none yet'}")
        choices = speech_models.choices(session)
        found = hearing_anew.found(session, wanted, lambda line_id: choices.for_line(line_id) or fallback)
        if recording_id is not None and not found:
            raise click.ClickException(f"recording {recording_id} was never heard, or is none of these")
        asked = 0 if dry_run else hearing_anew.ask(session, found, now)
    click.echo(f"would be heard anew: {len(found)}" if dry_run else _told(len(found), asked))


def _told(found: int, asked: int) -> str:
    return f"asked for: {asked}" + (f"; asked for before: {found - asked}" if asked < found else "")


def _begin(day: datetime | None, later: int, zone: ZoneInfo) -> datetime | None:
    """When a day of the local calendar begins, so many days later."""
    if day is None:
        return None
    begins: date = day.date() + timedelta(days=later)
    return datetime.combine(begins, time(), zone)
