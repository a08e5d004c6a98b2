"""Fill a database with the orders of a large city's two years: `python -m benchmarks.orders.generate N URL`.

The database is one at the newest migration in which nothing is yet; afterwards everybody in it signs in with
`benchmarks.orders.city.PASSWORD`. What is drawn depends on the numbers of the orders and nothing else, so that the same
count gives the same orders. Histories are those that the table of states allows; keys, checks and triggers are all in
force while it writes.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate, pairwise

import psycopg
from psycopg import Connection, Cursor, sql
from sqlalchemy import make_url

from benchmarks.orders import city, lives, statements, words
from benchmarks.orders.city import LARGE, Size
from benchmarks.orders.lives import Life
from hotline.rules.facts import Urgency
from hotline.rules.order_states import Move
from hotline.rules.policy import LIMITS
from hotline.rules.supervision import TIMED

YEARS = timedelta(days=730)
_AT_ONCE = 20_000
# One in so many is open, the youngest ones; never so few that a state would be missing.
_ONE_OPEN_IN = 200
_FEWEST_OPEN = 80
_OF_A_THOUSAND = {Urgency.EMERGENCY: 10, Urgency.URGENT: 150, Urgency.NORMAL: 700, Urgency.CONSULTATION: 140}


class NotEmptyError(Exception):
    """There is something in the database."""


@dataclass(frozen=True)
class Generated:
    """How many orders were made, and how long it took."""

    orders: int
    seconds: float


def generate(
    url: str,
    count: int,
    size: Size = LARGE,
    until: datetime | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Generated:
    """Make `count` orders, the last received shortly before `until`, which is now when left out.

    Raises:
        NotEmptyError
    """
    begun = time.monotonic()
    now = until or datetime.now(UTC)
    with _connect(url) as connection:
        with connection.transaction(), connection.cursor() as cursor:
            if cursor.execute("select 1 from units limit 1").fetchone():
                raise NotEmptyError("fill a database in which nothing is yet")
            made = city.city_of(size)
            city.store(made, cursor, now - YEARS)
            _prepare(cursor, made, count, now)
        tell(f"{len(made.units):,} units, {len(made.users):,} people")
        with _without_indexes(connection, tell):
            for first in range(1, count + 1, _AT_ONCE):
                last = min(first + _AT_ONCE - 1, count)
                with connection.transaction(), connection.cursor() as cursor:
                    for statement in statements.STATEMENTS:
                        cursor.execute(statement, {"first": first, "last": last, "now": now})
                tell(f"{last:,} orders after {time.monotonic() - begun:.0f} s")
        _finish(connection)
    return Generated(count, time.monotonic() - begun)


def _connect(url: str) -> Connection:
    address = make_url(url).set(drivername="postgresql")
    return psycopg.connect(
        address.render_as_string(hide_password=False),
        autocommit=True,
        options="-c timezone=UTC",
        cursor_factory=psycopg.ClientCursor,  # several statements at once
    )


@contextmanager
def _without_indexes(connection: Connection, tell: Callable[[str], None]) -> Iterator[None]:
    """Take away the indexes that hold nothing together, and make them again at the end: in a third of the time."""
    found = connection.execute(
        """
        select i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
        from pg_index i join pg_class c on c.oid = i.indexrelid
        where c.relnamespace = 'public'::regnamespace and not i.indisunique and not i.indisexclusion
        """
    ).fetchall()
    for name, _definition in found:
        connection.execute(sql.SQL("drop index {}").format(sql.Identifier(name)))
    try:
        yield
    finally:
        begun = time.monotonic()
        connection.execute("set maintenance_work_mem = '256MB'")
        for _name, definition in found:
            connection.execute(definition)
        tell(f"{len(found)} indexes in {time.monotonic() - begun:.0f} s")


def _prepare(cursor: Cursor, made: city.City, count: int, now: datetime) -> None:
    """The tables from which the orders are drawn; they live as long as the connection."""
    cursor.execute(statements.DRAWING)
    with cursor.copy("copy post from stdin") as copy:
        for place, post in enumerate(made.posts):
            copy.write_row((place, post.grid_id, post.grid_name, post.code, post.street_id, post.street_line_id,
                            post.handler_id, post.street_desk_id))  # fmt: skip
    cursor.executemany("insert into body values (%s, %s)", list(enumerate(made.bodies)))
    cursor.executemany("insert into said values (%s, %s, %s, %s, %s, %s, %s)", list(_said()))
    cursor.executemany("insert into limits values (%s, %s, %s, %s, %s, %s)", list(_limits()))
    for is_open, known in ((False, lives.ENDED), (True, lives.OPEN)):
        for life, (start, end) in zip(known, _portions([life.share for life in known]), strict=True):
            _store_life(cursor, life, start, end, is_open=is_open)
    cursor.execute("analyze post; analyze life; analyze life_step")
    count_open = max(count // _ONE_OPEN_IN, min(_FEWEST_OPEN, count // 2))
    cursor.execute(
        "insert into city values (%s, %s, %s, %s, %s, %s, %s, %s)",
        (made.line_id, made.desk_id, 1, len(made.posts), len(made.bodies), count, count - count_open, now),
    )
    cursor.execute(statements.PLAN, {"every_s": YEARS.total_seconds() / count, "zone": statements.ZONE})


def _said() -> Iterator[tuple[object, ...]]:
    rows = list(words.rows())
    shares = _portions([words.SHARES[category] for category in words.SHARES])
    portions = dict(zip(words.SHARES, shares, strict=True))
    for category, text, summary, spoken, evidence in rows:
        start, end = portions[category]
        yield category, text, summary, json.dumps(spoken), json.dumps(evidence), start, end


def _limits() -> Iterator[tuple[object, ...]]:
    for urgency, (start, end) in zip(_OF_A_THOUSAND, _portions(list(_OF_A_THOUSAND.values())), strict=True):
        limits = LIMITS[urgency]
        yield urgency.value, limits.accept, limits.contact, limits.resolve, start, end


def _portions(shares: Sequence[int]) -> list[tuple[float, float]]:
    """[0, 1) divided by the shares."""
    return [(start / sum(shares), end / sum(shares)) for start, end in pairwise(accumulate(shares, initial=0))]


def _store_life(cursor: Cursor, life: Life, start: float, end: float, *, is_open: bool) -> None:
    final = life.steps[-1]
    (made,) = cursor.execute(
        """
        insert into life (is_open, share_from, share_until, state, is_timed, is_held, is_signed, rows, returns,
          resolutions, reopened, accepted, contacted, resolved, closed, referred)
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) returning id
        """,
        (
            is_open, start, end, life.state.value, life.state in TIMED, final.is_held, final.is_signed, len(life.steps),
            life.count(Move.RETURN), life.count(Move.RESOLVE, Move.REPORT_BACK), life.last(Move.REOPEN),
            life.last(Move.ACCEPT, Move.REWORK), life.last(Move.CONTACT), life.last(Move.RESOLVE, Move.REPORT_BACK),
            life.last(Move.CLOSE), life.count(Move.REFER) > 0,
        ),
    ).fetchall()[0]  # fmt: skip
    for place, step in enumerate(life.steps):
        resolution = Life(0, life.steps[: place + 1]).count(Move.RESOLVE, Move.REPORT_BACK)
        cursor.execute(
            "insert into life_step values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (made, place, step.move, step.before, step.state, step.who, step.at, step.is_held, resolution),
        )


def _finish(connection: Connection) -> None:
    """Let the sequences go on where we stopped, and the planner know what there is."""
    owned = connection.execute(
        """
        select c.table_name from information_schema.columns c
        where c.table_schema = 'public' and c.column_name = 'id' and c.column_default like 'nextval%'
        """
    ).fetchall()
    for (table,) in owned:
        statement = "select setval(pg_get_serial_sequence(%s, 'id'), greatest((select max(id) from {}), 1))"
        connection.execute(sql.SQL(statement).format(sql.Identifier(table)), (table,))
    connection.execute("vacuum analyze")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", type=int, help="how many orders")
    parser.add_argument("url", help="postgresql://... at the newest migration, and empty")
    chosen = parser.parse_args()
    try:
        done = generate(chosen.url, chosen.count, tell=print)
    except NotEmptyError as error:
        sys.exit(str(error))
    print(f"{done.orders:,} orders in {done.seconds:.0f} s")


if __name__ == "__main__":
    main()
