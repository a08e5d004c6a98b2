"""What is measured of the pages of a large city's orders, at 10,000, 100,000 and 1,000,000 of them.

Two people ask at a time. Beside what a page takes stands what the same process takes in the same minute to say that it
is well: one round trip through gunicorn, Flask and PostgreSQL, which shows how busy the machine was with other things.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import select

from benchmarks.figures import Bound, Figure, at_most
from benchmarks.orders import plans
from benchmarks.orders.city import PASSWORD, VIEWERS
from benchmarks.orders.pages import Pages, pages_of
from benchmarks.orders.visitor import Visitor, percentile
from benchmarks.orders.workplace import Workplace, filled, workplace
from hotline.db import Sessions, make_engine, make_sessions
from hotline.models import Order
from hotline.rules.order_states import OrderState
from hotline.services import supervision

SIZES = (10_000, 100_000, 1_000_000)
_REQUESTS = 200
_SLOWEST_MS = 150
_MB = 2**20


@dataclass
class Measured:
    """What one size gave: by what was asked, the milliseconds; and how the queries of the pages were planned."""

    times: dict[str, list[float]] = field(default_factory=dict)
    # Of supervision, for which no person waits.
    looks: dict[str, list[float]] = field(default_factory=dict)
    bare: dict[str, float] = field(default_factory=dict)
    read_whole: set[str] = field(default_factory=set)
    nodes: dict[str, set[str]] = field(default_factory=dict)
    generated_in_s: float = 0
    size_mb: float = 0


def figures() -> Iterable[Figure]:
    """95 in 100 pages of each kind and level, with the growth from the first size to the last; and the plans."""
    measured = {size: _measured(size) for size in SIZES}
    largest = measured[SIZES[-1]]
    yield Figure(f"time to make {SIZES[-1]:,} orders", largest.generated_in_s, "s")
    yield Figure(f"database of {SIZES[-1]:,} orders", largest.size_mb, "MB")
    for what, times in largest.times.items():
        yield _figure(what, times, measured, at_most(_SLOWEST_MS))
    for what, times in largest.looks.items():
        yield _figure(what, times, measured)
    queries = sum(len(nodes) for nodes in largest.nodes.values())
    yield Figure(
        "large tables that a query of a page reads from end to end",
        len(largest.read_whole),
        bound=at_most(0),
        beside={"queries": queries},
        note="; ".join(sorted(largest.read_whole)),
    )


def _figure(what: str, times: list[float], measured: Mapping[int, Measured], bound: Bound | None = None) -> Figure:
    taken = {size: of.times | of.looks for size, of in measured.items()}
    # A small city may have too few for a share of a hundred.
    slow = {size: percentile(of[what], 95) for size, of in taken.items() if len(of.get(what, ())) > 1}
    first, last = slow[min(slow)], slow[max(slow)]
    beside = {f"95 % of {size:,}": value for size, value in slow.items() if size != max(slow)}
    bare = measured[max(slow)].bare.get(what)
    return Figure(
        f"{what}: 95 in 100 below",
        last,
        "ms",
        bound,
        {"half": percentile(times, 50), **({"bare": bare} if bare else {}), **beside, "growth": last / first},
    )


def _measured(size: int) -> Measured:
    print(f"  {size:,} orders", flush=True)
    measured = Measured()
    made = filled(size)
    measured.generated_in_s = made.generated_in_s
    with workplace(made) as place:
        measured.size_mb = place.size_bytes / _MB
        engine = make_engine(place.database_url)
        sessions = make_sessions(engine)
        for level in VIEWERS:
            with sessions() as session:
                pages = pages_of(session, level)
            _visit(place, pages, measured)
            _explain(place, pages, measured)
        _move(place, sessions, measured)
        _sweep(place, sessions, measured)
        engine.dispose()
    return measured


def _visit(place: Workplace, pages: Pages, measured: Measured) -> None:
    visitor = Visitor(place.port, pages.login, PASSWORD)
    for kind, addresses in pages.addresses.items():
        what = f"{pages.viewer}: {kind}"
        # The first visit finds cold what every other finds warm.
        visitor.times_of(addresses, len(addresses))
        bare = visitor.times_of(["/healthz"], _REQUESTS)
        measured.times[what] = visitor.times_of(addresses, _REQUESTS)
        measured.bare[what] = percentile(bare, 95)
        print(
            f"    {what}: {percentile(measured.times[what], 95):.0f} ms, bare {measured.bare[what]:.0f} ms", flush=True
        )


def _explain(place: Workplace, pages: Pages, measured: Measured) -> None:
    """How each query is planned that a page runs; what reads a large table whole is noted with the page."""
    for kind, found in plans.of_pages(place.settings, pages).items():
        for plan in found:
            measured.nodes.setdefault(plan.first_words, set()).update(plan.nodes)
            measured.read_whole.update(f"{pages.viewer}, {kind}: {table}" for table in plan.whole)
            if plan.whole:
                print(f"    {pages.viewer}: {kind} reads {', '.join(plan.whole)}: {plan.first_words}", flush=True)
    if pages.viewer == VIEWERS[-1]:
        for words, nodes in sorted(measured.nodes.items()):
            print(f"    {words}: {', '.join(sorted(nodes))}", flush=True)


def _move(place: Workplace, sessions: Sessions, measured: Measured) -> None:
    """Sign for orders that wait, one after the other."""
    visitor = Visitor(place.port, VIEWERS[0].value, PASSWORD)
    waiting = select(Order.number, Order.version).where(Order.state == OrderState.DISPATCHED).limit(_REQUESTS)
    with sessions() as session:
        found = session.execute(waiting).all()
    measured.times["signing for an order"] = [
        _timed(
            lambda order=order: visitor.send(f"/orders/{order.number}/moves/accept", {"version": str(order.version)})
        )
        for order in found
    ]


def _sweep(place: Workplace, sessions: Sessions, measured: Measured) -> None:
    """Supervision's look at all that is open, a hundred orders at a time, and then at nothing."""
    zone, now = place.settings.zone, datetime.now(UTC)
    times: list[float] = []
    looked = 1
    while looked:
        begun = time.perf_counter()
        with sessions.begin() as session:
            looked = supervision.look(session, now, zone)
        times.append((time.perf_counter() - begun) * 1000)
    measured.looks["supervision's look at a hundred orders"] = times[:-1]
    measured.looks["supervision's look when nothing is due"] = [
        _timed(lambda: _look(sessions, now, place)) for _ in range(_REQUESTS)
    ]


def _look(sessions: Sessions, now: datetime, place: Workplace) -> None:
    with sessions.begin() as session:
        supervision.look(session, now, place.settings.zone)


def _timed(act: Callable[[], None]) -> float:
    begun = time.perf_counter()
    act()
    return (time.perf_counter() - begun) * 1000


MEASUREMENTS: Mapping[str, Callable[[], Iterable[Figure]]] = {"pages": figures}
