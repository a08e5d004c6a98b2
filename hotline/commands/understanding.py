"""`flask understanding`: what the service has learned, and which of it understands."""

import json

import click
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from hotline.commands.surroundings import transaction
from hotline.models import LearningRound
from hotline.services import learning
from hotline.services.access import SYSTEM
from hotline.services.learning import NotUsableError

_BASE = "base"

understanding = AppGroup("understanding", help="What was learned from reviewed orders.")


@understanding.command("list")
@click.option("--json", "as_json", is_flag=True)
def _list(as_json: bool) -> None:
    """List the rounds of learning, newest first, with how often each model was right."""
    with transaction() as (session, _now):
        in_use = learning.in_use(session)
        found = [_told(each, is_in_use=each.id == in_use) for each in learning.rounds(session)]
    found.append({"round": _BASE, "is_in_use": in_use is None})
    click.echo(json.dumps(found, ensure_ascii=False) if as_json else "\n".join(map(_line, found)))


@understanding.command("learn")
def _learn() -> None:
    """Ask for a round of learning now; workers do it when no recording waits."""
    with transaction() as (session, now):
        asked = learning.ask(session, SYSTEM, now)
        click.echo(f"round {asked.id} is asked for: `flask understanding list` tells what came of it")


@understanding.command("use")
@click.argument("round_name", metavar="ROUND")
def _use(round_name: str) -> None:
    """Understand with the model of ROUND, a number of the list, or with `base`, the one that comes with the service."""
    with transaction() as (session, now):
        try:
            learning.put_in_use(session, None if round_name == _BASE else _round(session, round_name), SYSTEM, now)
        except NotUsableError as error:
            raise click.ClickException(str(error)) from error
    click.echo(f"in use: {round_name}")


def _round(session: Session, round_name: str) -> LearningRound:
    found = learning.round_by_id(session, int(round_name)) if round_name.isdecimal() else None
    if found is None:
        raise click.ClickException(f"there is no round {round_name}: `flask understanding list` shows what there is")
    return found


def _told(each: LearningRound, *, is_in_use: bool) -> dict[str, object]:
    return {
        "round": str(each.id),
        "is_in_use": is_in_use,
        "asked_at": each.asked_at.isoformat(),
        "ending": each.ending.value if each.ending else None,
        "examples": each.examples,
        "exam": each.exam,
        "figures": each.figures,
    }


def _line(entry: dict[str, object]) -> str:
    marks = ["in use"] if entry["is_in_use"] else []
    if "ending" not in entry:
        return f"{_BASE:>6}  {'; '.join(marks)}".rstrip()
    figures: dict[str, dict[str, int]] = entry["figures"]  # type: ignore[assignment]
    right = [f"{fact} {told['before']} -> {told['after']} of {told['of']}" for fact, told in figures.items()]
    return f"{entry['round']:>6}  {entry['ending'] or 'under way':11} {'; '.join([*right, *marks])}".rstrip()
