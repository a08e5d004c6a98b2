"""`flask users`: the people who sign in."""

from datetime import datetime

import click
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from hotline.commands.surroundings import plain_errors, transaction
from hotline.models import User
from hotline.rules.roles import Role
from hotline.services import accounts, organisation, people
from hotline.services.access import SYSTEM

users = AppGroup("users", help="The people who sign in.")


@users.command("create")
@click.argument("login")
@click.option("--name", required=True, help="How colleagues call the person.")
@click.option("--unit", "unit_code", required=True, help="The unit's code; the person sees it and all below it.")
@click.option("--role", "roles", type=click.Choice([role.value for role in Role]), multiple=True, required=True)
@click.password_option(help=f"At least {accounts.SHORTEST_PASSWORD} characters; asked for when left out.")
def _create_user(login: str, name: str, unit_code: str, roles: tuple[str, ...], password: str) -> None:
    """Make a person who can sign in."""
    with transaction() as (session, now):
        _make_user(session, login, name, unit_code, frozenset(map(Role, roles)), password, now)


@users.command("create-admin")
@click.argument("login")
@click.option("--name", default="管理员", show_default=True)
@click.option("--unit", "unit_code", help="The unit's code; the topmost unit when left out.")
@click.password_option(help=f"At least {accounts.SHORTEST_PASSWORD} characters; asked for when left out.")
def _create_admin(login: str, name: str, unit_code: str | None, password: str) -> None:
    """Make the first administrator, who makes everybody else."""
    with transaction() as (session, now):
        top = unit_code or organisation.topmost(session)
        if top is None:
            raise click.ClickException("there is no unit yet: `flask import units UNITS PLACES` first")
        _make_user(session, login, name, top, frozenset({Role.ADMINISTRATOR}), password, now)


@users.command("set-password")
@click.argument("login")
@click.password_option()
def _set_password(login: str, password: str) -> None:
    """Give a person a new password and end all of their sign-ins."""
    with transaction() as (session, now):
        user = _user(session, login)
        with plain_errors():
            people.set_password(session, user, password, SYSTEM, now)


@users.command("end")
@click.argument("login")
def _end(login: str) -> None:
    """Put a person out of service: signed in nowhere any more, orders and shifts as they are."""
    with transaction() as (session, now):
        people.end(session, _user(session, login), SYSTEM, now)


@users.command("let-in")
@click.argument("login")
def _let_in(login: str) -> None:
    """Let a person who was put out of service sign in again, with the password of before."""
    with transaction() as (session, now):
        people.let_in(session, _user(session, login), SYSTEM, now)


@users.command("phone")
@click.argument("login")
@click.argument("number", required=False)
def _set_phone(login: str, number: str | None) -> None:
    """Set where a person is rung when on duty; without NUMBER, nowhere."""
    with transaction() as (session, now):
        user = _user(session, login)
        with plain_errors():
            people.set_phone(session, user, number, SYSTEM, now)


def _user(session: Session, login: str) -> User:
    user = accounts.by_login(session, login)
    if user is None:
        raise click.ClickException(f"nobody is called {login}")
    return user


def _make_user(
    session: Session, login: str, name: str, unit_code: str, roles: frozenset[Role], password: str, now: datetime
) -> None:
    unit = organisation.unit_by_code(session, unit_code)
    if unit is None:
        raise click.ClickException(f"there is no unit {unit_code}")
    with plain_errors():
        accounts.create_user(session, login, name, password, unit, roles, SYSTEM, now)
