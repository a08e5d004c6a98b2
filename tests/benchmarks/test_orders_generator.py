"""The generated city: its orders are such as the service could have made, and it goes on from there."""

from collections.abc import Iterator
from datetime import timedelta

import factories
import pytest
from factories import NOW, ZONE
from sqlalchemy import Engine, NullPool, create_engine, func, select, text
from sqlalchemy.orm import Session, selectinload

from benchmarks.orders.city import PASSWORD, VIEWERS, Size
from benchmarks.orders.generate import YEARS, NotEmptyError, generate
from hotline.models import Line, Order, OrderNumberDay, Unit, User
from hotline.rules.order_states import ORDER, OrderState
from hotline.rules.roles import Role
from hotline.services import accounts, orders, supervision
from hotline.services.access import SYSTEM, actor_for

SMALL = Size(districts=2, streets=4, communities=8, grids=24)
COUNT = 400


@pytest.fixture
def engine(own_database_url: str) -> Iterator[Engine]:
    generate(own_database_url, COUNT, SMALL, NOW)
    engine = create_engine(own_database_url, poolclass=NullPool)
    yield engine
    engine.dispose()


@pytest.fixture
def filled(engine: Engine) -> Iterator[Session]:
    with Session(engine) as session:
        yield session


def test_each_history_leads_to_the_state_as_the_table_allows(filled: Session) -> None:
    found = filled.scalars(select(Order).options(selectinload(Order.history))).all()

    assert len(found) == COUNT
    for order in found:
        first, *moves = order.history
        assert (first.move, first.from_state, first.to_state) == (None, None, OrderState.RECEIVED)
        state = OrderState.RECEIVED
        for event in moves:
            assert event.from_state == state
            assert event.move is not None
            state = ORDER[state][event.move]
            assert event.to_state == state
        assert order.state == state
        assert order.version == len(order.history)
        times = [order.received_at, *(event.at for event in order.history)]
        assert times == sorted(times)
        assert times[-1] <= NOW


def test_what_an_order_says_of_itself_is_in_its_history(filled: Session) -> None:
    for order in filled.scalars(select(Order).options(selectinload(Order.history))):
        at = {event.move: event.at for event in order.history}
        assert order.resolutions == len(order.results) == len(order.survey_rounds)
        assert len(order.past_clocks) == sum(event.move == "reopen" for event in order.history)
        if order.state == OrderState.CLOSED:
            assert order.closed_at == at["close"]
        if order.handler is not None:
            assert order.handler.unit_id == order.unit_id
        if order.accept_by is not None:
            assert order.accept_by > order.clocks_started_at
        assert order.calls[0].order_number == order.number


def test_every_state_is_there_and_the_orders_lie_in_two_years(filled: Session) -> None:
    states = set(filled.scalars(select(Order.state)))
    first, last = filled.execute(select(func.min(Order.received_at), func.max(Order.received_at))).one()

    assert states == set(OrderState)
    assert YEARS - timedelta(days=10) < last - first <= YEARS


def test_numbers_are_those_of_their_days(filled: Session) -> None:
    for day in filled.scalars(select(OrderNumberDay)):
        numbers = sorted(filled.scalars(select(Order.number).where(Order.number.startswith(f"{day.day:%y%m%d}"))))
        assert numbers == [f"{day.day:%y%m%d}{number + 1:04d}" for number in range(day.last)]
    assert filled.scalar(select(func.sum(OrderNumberDay.last))) == COUNT


def test_the_service_goes_on_from_there(filled: Session) -> None:
    line = filled.scalars(select(Line).order_by(Line.id)).first()
    fresh = factories.order(filled, line, OrderState.TRIAGED)
    grid = filled.scalars(select(Unit).where(Unit.code == "grid-1")).one()
    orders.dispatch(filled, fresh, grid, SYSTEM, NOW)
    handler = filled.scalars(select(User).where(User.login == "grid")).one()
    orders.accept(filled, fresh, handler, actor_for(handler), NOW)

    assert fresh.id > COUNT
    assert supervision.look(filled, NOW, ZONE) > 0


def test_somebody_of_each_level_signs_in(filled: Session) -> None:
    for level in VIEWERS:
        user = accounts.sign_in(filled, level.value, PASSWORD, NOW)
        assert user is not None
        assert user.unit.level == level
        assert Role.HANDLER in user.roles or Role.SUPERVISOR in user.roles


def test_same_count_gives_the_same_orders(engine: Engine, own_database_url: str) -> None:
    told = text("select md5(string_agg(o::text, '|' order by id)) from orders o")
    with engine.begin() as connection:
        before = connection.scalar(told)
        tables = connection.scalars(text("select tablename from pg_tables where schemaname = 'public'")).all()
        names = ", ".join(name for name in tables if name != "alembic_version")
        connection.execute(text(f"truncate {names} restart identity"))
    generate(own_database_url, COUNT, SMALL, NOW)

    with engine.connect() as connection:
        assert connection.scalar(told) == before


def test_a_database_in_which_something_is_stays_as_it_is(engine: Engine, own_database_url: str) -> None:
    with pytest.raises(NotEmptyError):
        generate(own_database_url, 10, SMALL, NOW)

    with engine.connect() as connection:
        assert connection.scalar(select(func.count(Order.id))) == COUNT
