"""`flask db`: the database's migrations."""

from collections.abc import Callable

import click
from alembic import command as alembic
from alembic.config import Config
from flask.cli import AppGroup

from hotline.commands.surroundings import ROOT, read_settings
from hotline.db import make_engine

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


def _alembic(run: Callable[[Config], None]) -> None:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    engine = make_engine(read_settings().sqlalchemy_url)
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        run(config)
        connection.commit()
    engine.dispose()
