"""The service's commands: `flask COMMAND`. Each reads the settings only when it needs them."""

import csv
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from alembic import command as alembic
from alembic.config import Config
from flask import Flask
from flask.cli import AppGroup
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from hotline.clock import FileClock, SystemClock, UnusableTimeError, clock_for, freeze_clock, move_clock
from hotline.db import make_engine, make_sessions
from hotline.rules import call_flow, order_states, survey_states
from hotline.rules.call_flow import CallState
from hotline.rules.machine import diagram
from hotline.rules.order_states import OrderState
from hotline.rules.roles import Role
from hotline.rules.survey_states import AttemptState, RoundState, Step
from hotline.rules.wording import DEFAULT
from hotline.services import accounts, organisation, sample, unit_files
from hotline.services.access import SYSTEM
from hotline.settings import Settings, SettingsError
from speech.audio import AudioError
from speech.recognizer import Recognizer
from speech.understand import (
    Gazetteer,
    RecordError,
    understand_outreach_record,
    understand_record,
    understand_survey_record,
)

_ROOT = Path(__file__).parent.parent
_MODEL = _ROOT / "speech" / "demo_model"


def create_app() -> Flask:
    """An application that has nothing but commands, so that those without a database need no settings."""
    app = Flask("hotline")
    for part in (db, users, lines, organisation_files, sample_organisation, clock, docs):
        app.cli.add_command(part)
    for single in (transcribe, understand, understand_survey, understand_outreach):
        app.cli.add_command(single)
    return app


# The database


db = AppGroup("db", help="The database's migrations.")


@db.command("upgrade")
@click.argument("revision", default="head")
def _upgrade(revision: str) -> None:
    """Bring the database up to date."""
    _alembic(lambda config: alembic.upgrade(config, revision))


@db.command("downgrade")
@click.argument("revision")
def _downgrade(revision: str) -> None:
    """Take the database back to a revision; what newer ones hold is lost."""
    _alembic(lambda config: alembic.downgrade(config, revision))


@db.command("current")
def _current() -> None:
    """Show the revision that the database is at."""
    _alembic(lambda config: alembic.current(config, verbose=False))


# People


users = AppGroup("users", help="The people who sign in.")


@users.command("create")
@click.argument("login")
@click.option("--name", required=True, help="How colleagues call the person.")
@click.option("--unit", "unit_code", required=True, help="The unit's code; the person sees it and all below it.")
@click.option("--role", "roles", type=click.Choice([role.value for role in Role]), multiple=True, required=True)
@click.password_option(help=f"At least {accounts.SHORTEST_PASSWORD} characters; asked for when left out.")
def _create_user(login: str, name: str, unit_code: str, roles: tuple[str, ...], password: str) -> None:
    """Make a person who can sign in."""
    with _transaction() as (session, now):
        _make_user(session, login, name, unit_code, frozenset(map(Role, roles)), password, now)


@users.command("create-admin")
@click.argument("login")
@click.option("--name", default="管理员", show_default=True)
@click.option("--unit", "unit_code", help="The unit's code; the topmost unit when left out.")
@click.password_option(help=f"At least {accounts.SHORTEST_PASSWORD} characters; asked for when left out.")
def _create_admin(login: str, name: str, unit_code: str | None, password: str) -> None:
    """Make the first administrator, who makes everybody else."""
    with _transaction() as (session, now):
        top = unit_code or organisation.topmost(session)
        if top is None:
            raise click.ClickException("there is no unit yet: `flask import units UNITS PLACES` first")
        _make_user(session, login, name, top, frozenset({Role.ADMINISTRATOR}), password, now)


@users.command("set-password")
@click.argument("login")
@click.password_option()
def _set_password(login: str, password: str) -> None:
    """Give a person a new password and end all of their sign-ins."""
    with _transaction() as (session, now):
        user = accounts.by_login(session, login)
        if user is None:
            raise click.ClickException(f"nobody is called {login}")
        with _plain_errors():
            accounts.set_password(session, user, password, SYSTEM, now)


# The organisation


lines = AppGroup("lines", help="The numbers that people dial.")


@lines.command("add")
@click.argument("number")
@click.option("--name", required=True, help="What the greeting calls the hotline.")
@click.option("--unit", "unit_code", required=True)
@click.option("--duty-number", help="Rung when a caller presses 0; without it the caller is asked for a message.")
@click.option("--language", default=DEFAULT, show_default=True)
def _add_line(number: str, name: str, unit_code: str, duty_number: str | None, language: str) -> None:
    """Add a number, or bring up to date the one that is there."""
    with _transaction() as (session, _now):
        unit = organisation.unit_by_code(session, unit_code)
        if unit is None:
            raise click.ClickException(f"there is no unit {unit_code}")
        with _plain_errors():
            organisation.add_line(session, number, name, unit, duty_number, language)


@lines.command("list")
@click.option("--json", "as_json", is_flag=True)
def _list_lines(as_json: bool) -> None:
    """List the numbers."""
    with _transaction() as (session, _now):
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
    with _transaction() as (session, now), _plain_errors():
        brought = unit_files.import_units(session, units, places, SYSTEM, now)
    click.echo(f"{brought.units} units, {brought.places} places")


sample_organisation = AppGroup("sample", help="A sample organisation to try the service with.")


@sample_organisation.command("load")
@click.option("--password", help="The same for each of the people; each gets one of their own when left out.")
@click.option("--json", "as_json", is_flag=True)
def _load_sample(password: str | None, as_json: bool) -> None:
    """Bring in the sample organisation, its number and its people; tells the passwords that it made."""
    with _transaction() as (session, now), _plain_errors():
        people = sample.load(session, password, now)
    if as_json:
        click.echo(json.dumps([asdict(person) for person in people], ensure_ascii=False))
    for person in [] if as_json else people:
        click.echo(f"{person.login:10} {person.password or '(as before)':14} {', '.join(person.roles)}  {person.name}")


# Speech


@click.command("transcribe")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--model", type=click.Path(path_type=Path), default=_MODEL, help="A recognition model's folder.")
def transcribe(files: tuple[Path, ...], model: Path) -> None:
    """Transcribe recordings: a line of JSON for each FILE, with `error` for those that are none."""
    recognizer = Recognizer.load(model)
    failed = False
    for file in files:
        try:
            said: dict[str, Any] = {"file": str(file), **recognizer.transcribe(file).as_dict()}
        except (AudioError, OSError) as error:
            said, failed = {"file": str(file), "error": str(error)}, True
        click.echo(json.dumps(said, ensure_ascii=False))
    sys.exit(1 if failed else 0)


@click.command("understand")
@click.option("--units", type=click.Path(exists=True, path_type=Path), help="units.csv of the organisation.")
@click.option("--places", type=click.Path(exists=True, path_type=Path), help="places.csv of the organisation.")
def understand(units: Path | None, places: Path | None) -> None:
    """Take facts from transcripts: JSON lines (id, text) in, JSON lines out."""
    try:
        gazetteer = Gazetteer.from_csv(units, places) if units else Gazetteer()
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise click.ClickException("UNITS and PLACES cannot be read: UTF-8 CSV files with their headings?") from error
    _each_line(lambda record: understand_record(record, gazetteer))


@click.command("understand-survey")
def understand_survey() -> None:
    """The same for spoken answers to a callback."""
    _each_line(understand_survey_record)


@click.command("understand-outreach")
def understand_outreach() -> None:
    """The same for spoken answers to a check call."""
    _each_line(understand_outreach_record)


# Time and docs


clock = AppGroup("clock", help="The time that every process goes by, when CLOCK_FILE is set.")


@clock.command("show")
def _show_clock() -> None:
    """Show the time."""
    click.echo(clock_for(_settings().clock_file).now().isoformat())


@clock.command("advance", context_settings={"ignore_unknown_options": True})
@click.argument("seconds", type=float)
def _advance_clock(seconds: float) -> None:
    """Move the time forward by so many SECONDS, or back by a negative number."""
    file = _clock_file()
    with _plain_errors():
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
    with _plain_errors():
        freeze_clock(file, moment)
    click.echo(FileClock(file).now().isoformat())


@clock.command("reset")
def _reset_clock() -> None:
    """Go by the machine's time again."""
    _clock_file().unlink(missing_ok=True)


docs = AppGroup("docs", help="What the docs draw from the code.")


@docs.command("states")
def _print_states() -> None:
    """Print every state table as a Mermaid diagram."""
    click.echo(state_diagrams())


def state_diagrams() -> str:
    """The text of docs/states.md."""
    drawn = [
        ("A work order", diagram(order_states.ORDER, OrderState.RECEIVED)),
        ("An inbound call", diagram(call_flow.CALL, CallState.GREETED)),
        ("A survey round", diagram(survey_states.ROUND, RoundState.WAITING)),
        ("A survey attempt", diagram(survey_states.ATTEMPT, AttemptState.PLANNED)),
        ("The talk of a survey call", diagram(survey_states.TALK, Step.ASK_RESOLVED)),
    ]
    parts = [f"## {title}\n\n```mermaid\n{picture}\n```" for title, picture in drawn]
    return "# States\n\nDrawn from the tables in `hotline/rules/` by `flask docs states`.\n\n" + "\n\n".join(parts)


def _settings() -> Settings:
    try:
        return Settings.from_env()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


@contextmanager
def _transaction() -> Iterator[tuple[Session, datetime]]:
    settings = _settings()
    engine = make_engine(settings.sqlalchemy_url)
    try:
        with make_sessions(engine).begin() as session:
            yield session, clock_for(settings.clock_file).now()
    except OperationalError as error:
        raise click.ClickException("the database of DATABASE_URL cannot be reached") from error
    finally:
        engine.dispose()


@contextmanager
def _plain_errors() -> Iterator[None]:
    try:
        yield
    except (
        accounts.LoginTakenError,
        accounts.UnusableNameError,
        accounts.WeakPasswordError,
        organisation.UnusableLineError,
        unit_files.UnusableRowsError,
        UnusableTimeError,
    ) as error:
        raise click.ClickException(str(error) or type(error).__name__) from error


def _make_user(
    session: Session, login: str, name: str, unit_code: str, roles: frozenset[Role], password: str, now: datetime
) -> None:
    unit = organisation.unit_by_code(session, unit_code)
    if unit is None:
        raise click.ClickException(f"there is no unit {unit_code}")
    with _plain_errors():
        accounts.create_user(session, login, name, password, unit, roles, SYSTEM, now)


def _alembic(run: Callable[[Config], None]) -> None:
    config = Config()
    config.set_main_option("script_location", str(_ROOT / "migrations"))
    engine = make_engine(_settings().sqlalchemy_url)
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        run(config)
        connection.commit()
    engine.dispose()


def _clock_file() -> Path:
    file = _settings().clock_file
    if file is None:
        raise click.ClickException("CLOCK_FILE is not set: this service goes by the machine's time")
    return file


def _each_line(answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """One line of JSON for each that comes; one that cannot be read ends with its `error`, and holds up no other."""
    said = [_said(line, answer) for line in sys.stdin.buffer if line.strip()]
    sys.exit(0 if all(said) else 1)


def _said(line: bytes, answer: Callable[[dict[str, Any]], dict[str, Any]]) -> bool:
    record: Any = None
    try:
        record = json.loads(line.decode("utf-8-sig"))
        told = json.dumps(answer(record), ensure_ascii=False).encode()
    except (RecordError, ValueError, TypeError, AttributeError, RecursionError) as error:
        known = record.get("id") if isinstance(record, dict) else None
        trouble = str(error) if isinstance(error, RecordError) else f"no usable record: {type(error).__name__}"
        click.echo(json.dumps({"id": known, "error": trouble}))
        return False
    click.echo(told)
    return True
