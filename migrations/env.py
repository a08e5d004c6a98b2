"""How Alembic reaches the database: the address comes from whoever calls, else from DATABASE_URL."""

from alembic import context
from sqlalchemy import Connection, create_engine, pool

import hotline.models  # noqa: F401 - fills Base.metadata
from hotline.db import Base
from hotline.settings import Settings


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_type=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def _run() -> None:
    given = context.config.attributes.get("connection")
    if given is not None:
        _migrate(given)
        return
    engine = create_engine(Settings.from_env().sqlalchemy_url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        _migrate(connection)


_run()
