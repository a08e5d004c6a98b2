"""The database's common ground: the declarative base, how enums and times are stored, engine and sessions."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import DateTime, Dialect, Engine, Enum, MetaData, NullPool, create_engine
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.types import TypeDecorator

Sessions = sessionmaker[Session]


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware when stored, UTC when read."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Refuse a time whose zone nobody knows."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored")
        return value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """The instant in UTC, whatever zone the server speaks."""
        return value.astimezone(UTC) if value is not None else None


class Base(DeclarativeBase):
    """What every mapped class shares: predictable constraint names, UTC instants, JSON as JSONB."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime(), dict[str, Any]: JSONB(), list[Any]: JSONB()}  # noqa: RUF012 - read by SQLAlchemy as it stands


def text_enum(members: type[StrEnum], check: str = "") -> Enum:
    """A column type that stores the members' values as text, held to them by a check.

    `check` names the check where a table has two columns of one kind.
    """
    return Enum(
        members,
        native_enum=False,
        create_constraint=True,
        length=40,
        values_callable=lambda enum: [member.value for member in enum],
        name=check or _snake(members.__name__),
    )


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


def make_engine(url: str, *, is_pooled: bool = True) -> Engine:
    """An engine that notices a connection which died while it lay in the pool.

    Without a pool every use opens a connection of its own, so that nothing is shared across a fork.
    """
    pool: dict[str, Any] = {"pool_size": 10, "max_overflow": 20, "pool_pre_ping": True}
    return create_engine(
        url,
        **(pool if is_pooled else {"poolclass": NullPool}),
        hide_parameters=True,  # errors are logged, and parameters are numbers and names
        # Each statement is planned for the values it comes with: what is quick for a grid is slow for the whole city.
        connect_args={
            "connect_timeout": 3,
            "options": "-c timezone=UTC -c statement_timeout=30000 -c plan_cache_mode=force_custom_plan",
        },
    )


def make_sessions(engine: Engine) -> Sessions:
    """`with sessions.begin() as session:` is one transaction."""
    return sessionmaker(engine, expire_on_commit=False)
