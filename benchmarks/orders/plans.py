"""What the database does for a page: every query that the page runs, and how it was planned at this size."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from sqlalchemy import Connection, Engine, event, select

from benchmarks.orders.pages import Pages
from hotline.app import create_app
from hotline.models import User
from hotline.settings import Settings
from hotline.web import Runtime

# From so many rows on, to read a table from end to end is what no page may do.
LARGE = 10_000
_BASE_URL = "http://127.0.0.1"
# Addresses of each kind of page whose queries are looked at.
_OF_A_KIND = 8
_ORGANISATION = frozenset({"units", "users", "user_roles", "places"})


@dataclass(frozen=True)
class Query:
    """A statement as it went to the database."""

    statement: str
    parameters: Any

    @property
    def key(self) -> tuple[str, str]:
        """The same for the same statement with the same values."""
        return self.statement, repr(self.parameters)


@dataclass(frozen=True)
class Plan:
    """How a statement is done: its nodes, each with what it reads, as `Index Scan orders by ix_orders_open`."""

    query: Query
    nodes: tuple[str, ...]
    whole: tuple[str, ...]

    @property
    def first_words(self) -> str:
        """Enough of the statement to know it by: what it reads from."""
        text = " ".join(self.query.statement.split())
        return text[text.find(" FROM ") + 1 :][:70]


@contextmanager
def listening(engine: Engine) -> Iterator[list[Query]]:
    """Everything that is read or changed through the engine within the block."""
    heard: list[Query] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if not many:
            heard.append(Query(statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield heard
    finally:
        event.remove(engine, "before_cursor_execute", note)


def of_pages(settings: Settings, pages: Pages, large: int = LARGE, *, unless: str = "") -> dict[str, list[Plan]]:
    """How each query is planned that the pages run, by the kind of page; they are opened within this process.

    Tables of `large` rows are large. `unless` is a setting for the planner: a small database shows by
    `enable_seqscan = off` whether an index could serve, where reading the whole is as quick.
    """
    app = create_app(settings)
    held: Runtime = app.extensions["hotline"]
    with held.sessions() as session:
        user = session.scalars(select(User).where(User.login == pages.login)).one()
        sign_in = {"_user_id": f"{user.id}.{user.session_key}", "_fresh": True}
    browser = app.test_client()
    with browser.session_transaction(base_url=_BASE_URL) as kept:
        kept.update(sign_in, signed_in_at=held.now().isoformat())
    found: dict[str, list[Plan]] = {}
    for kind, addresses in pages.addresses.items():
        with listening(held.engine) as heard:
            for address in addresses[:_OF_A_KIND]:
                answer = browser.get(address, base_url=_BASE_URL)
                assert answer.status_code == HTTPStatus.OK, address  # noqa: S101 - or nothing was measured
        with held.engine.connect() as connection:
            if unless:
                connection.exec_driver_sql(f"set local {unless}")
            tables = large_tables(connection, large)
            plans = (plan_of(connection, query, tables) for query in {query.key: query for query in heard}.values())
            found[kind] = [plan for plan in plans if plan is not None]
            connection.rollback()
    held.engine.dispose()
    return found


def large_tables(connection: Connection, rows: int = LARGE) -> frozenset[str]:
    """The tables that hold as many rows, as the planner knows; units and their people do not grow with orders."""
    known = "select relname from pg_class where relkind = 'r' and reltuples >= %(rows)s"
    found = connection.exec_driver_sql(known, {"rows": rows}).scalars()
    return frozenset(found) - _ORGANISATION


def plan_of(connection: Connection, query: Query, large: frozenset[str]) -> Plan | None:
    """How the database would do it; None for what is not planned, as the end of a transaction."""
    if query.statement.lstrip().split(maxsplit=1)[0].upper() not in {"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"}:
        return None
    told = connection.exec_driver_sql(f"explain (format json) {query.statement}", query.parameters).scalar_one()
    tree = (json.loads(told) if isinstance(told, str) else told)[0]["Plan"]
    nodes = tuple(_nodes(tree))
    return Plan(query, tuple(map(_told, nodes)), tuple(_read_whole(nodes, large)))


def _nodes(tree: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield tree
    for below in tree.get("Plans", ()):
        yield from _nodes(below)


def _told(node: Mapping[str, Any]) -> str:
    by = f" by {node['Index Name']}" if "Index Name" in node else ""
    relation = f" {node['Relation Name']}" if "Relation Name" in node else ""
    return f"{node['Node Type']}{relation}{by}"


def _read_whole(nodes: Sequence[Mapping[str, Any]], large: frozenset[str]) -> Iterator[str]:
    for node in nodes:
        if node["Node Type"] == "Seq Scan" and node["Relation Name"] in large:
            yield node["Relation Name"]
