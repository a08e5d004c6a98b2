"""Each query of the pages that a growing city opens all day has an index that serves it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import factories
import pytest
from factories import NOW
from sqlalchemy import Connection, Engine, NullPool, create_engine, select

from benchmarks.orders import plans
from benchmarks.orders.city import VIEWERS, Size
from benchmarks.orders.generate import generate
from benchmarks.orders.pages import pages_of
from benchmarks.orders.plans import Query
from hotline.db import make_sessions
from hotline.models import Level, User
from hotline.rules.roles import Role
from hotline.services.access import Actor, actor_for
from hotline.services.desk import log, surveys

_SIZE = Size(districts=3, streets=12, communities=60, grids=120)
_ORDERS = 6_000
_LARGE = 1_000


@pytest.fixture(scope="module")
def filled(postgres, migrated_template) -> Iterator[str]:  # type: ignore[no-untyped-def]  # as conftest has them
    name = "plans"
    postgres.create_database(name, template=migrated_template)
    generate(postgres.url(name), _ORDERS, _SIZE, NOW)
    yield postgres.url(name)
    postgres.drop_database(name)


@pytest.fixture
def connection(filled: str) -> Iterator[Connection]:
    engine: Engine = create_engine(filled, poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


@pytest.mark.parametrize("level", VIEWERS)
def test_no_query_of_a_page_reads_a_large_table_from_end_to_end(filled: str, level: Level, tmp_path: Path) -> None:
    settings = factories.settings(tmp_path, database_url=filled, public_base_url="http://127.0.0.1")
    with make_sessions(create_engine(filled, poolclass=NullPool))() as session:
        pages = pages_of(session, level)

    found = plans.of_pages(settings, pages, _LARGE, unless="enable_seqscan = off")

    assert found.keys() == pages.addresses.keys()
    assert all(found.values())
    whole = {(kind, plan.whole, plan.first_words) for kind, of_kind in found.items() for plan in of_kind if plan.whole}
    assert not whole


def test_sums_of_surveys_look_up_the_orders_of_the_period_alone(filled: str, connection: Connection) -> None:
    engine = create_engine(filled, poolclass=NullPool)
    with make_sessions(engine)() as session:
        viewer = actor_for(session.scalars(select(User).where(User.login == Level.DISTRICT.value)).one())
        with plans.listening(engine) as heard:
            sums = surveys.sums(session, viewer, NOW)
    connection.exec_driver_sql("set local enable_seqscan = off")
    connection.exec_driver_sql("set local enable_nestloop = off")

    (plan,) = filter(None, (plans.plan_of(connection, query, frozenset()) for query in heard))

    assert sums.opened
    assert "Index Scan orders by pk_orders" in plan.nodes
    assert not [node for node in plan.nodes if "Join" in node]


def test_the_log_of_a_unit_with_nothing_in_it_is_not_gone_through(filled: str, connection: Connection) -> None:
    nobody = Actor(user_id=-1, roles=frozenset({Role.ADMINISTRATOR}), unit_path="/1/999999/")
    engine = create_engine(filled, poolclass=NullPool)
    with make_sessions(engine)() as session, plans.listening(engine) as heard:
        assert log.listed(session, nobody, None).rows == []
    (query,) = heard

    told = connection.exec_driver_sql(f"explain (analyze, format json) {query.statement}", query.parameters)

    entries = connection.exec_driver_sql("select count(*) from audit_log").scalar_one()
    passed_over = [int(each) for each in re.findall(r'"Rows Removed by Filter": (\d+)', json.dumps(told.scalar_one()))]
    assert entries > _LARGE
    assert sum(passed_over) < entries / 10


def test_what_no_index_serves_is_noticed(connection: Connection) -> None:
    large = plans.large_tables(connection, _LARGE)
    connection.exec_driver_sql("set local enable_seqscan = off")

    bad = plans.plan_of(
        connection, Query("select id from orders where summary like %(words)s", {"words": "%水%"}), large
    )
    good = plans.plan_of(connection, Query("select id from orders where number = %(number)s", {"number": "1"}), large)

    assert {"orders", "order_events", "facts", "calls", "transcripts", "audit_log", "survey_rounds"} <= large
    assert bad is not None
    assert bad.whole == ("orders",)
    assert good is not None
    assert good.whole == ()
    assert any("uq_orders_number" in node for node in good.nodes)
    assert plans.plan_of(connection, Query("commit", {}), large) is None
