"""Lists that grow without end, a page at a time: from one row on or back, the last page as fast as the first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from sqlalchemy import BigInteger, ColumnElement, Select, func, literal, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from hotline.db import UtcDateTime

Row = TypeVar("Row")
ROWS = 50
# How far rows are counted: beyond, nobody reads the number, and the database would have to go through all of them.
COUNTED = 1000
# So many digits of a number are its day.
_DAY = 6
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Place:
    """Where a page begins: behind the row that has these values in the columns of the order, or before it.

    Times are microseconds since 1970.
    """

    values: tuple[int, ...]
    is_before: bool = False


@dataclass(frozen=True)
class Stretch(Generic[Row]):
    """Some rows of a list, and where the pages beside them begin.

    `count` is how many rows the list has, `COUNTED` + 1 for more; None where nobody counted.
    """

    rows: Sequence[Row]
    previous: Place | None
    next: Place | None
    count: int | None

    @property
    def is_counted(self) -> bool:
        """Whether `count` is all."""
        return self.count is not None and self.count <= COUNTED


def stretch_of(
    session: Session,
    rows: Select[Any],
    keys: Sequence[InstrumentedAttribute[Any]],
    place: Place | None,
    *,
    counts: bool = False,
    is_rising: bool = False,
) -> Stretch[Any]:
    """The page at a place, of rows by `keys`, which tell them apart, the highest first, or the lowest if it rises.

    The keys are columns of the rows. Without a place, or where nothing is any more, it is the first page. One row more
    than shown is read, to know whether there is a further page.
    What is counted is so for each page, which takes longer where few of many rows are the right ones.
    """
    order = _Order(keys, is_rising)
    values = _values(keys, place) if place else None
    if place is None or values is None:
        return _first(session, rows, order, counts=counts)
    if place.is_before:
        found = _some(session, rows.where(order.is_before(values)).order_by(*order.backwards))
        # Back at the top: the first page is always a full one.
        if len(found) <= ROWS:
            return _first(session, rows, order, counts=counts)
        shown = found[:ROWS][::-1]
        return Stretch(shown, _before(shown, keys), _behind(shown, keys), _count(session, rows, order, counts=counts))
    found = _some(session, rows.where(order.is_behind(values)).order_by(*order.forwards))
    shown = found[:ROWS]
    if not shown:
        return _first(session, rows, order, counts=counts)
    following = _behind(shown, keys) if len(found) > ROWS else None
    return Stretch(shown, _before(shown, keys), following, _count(session, rows, order, counts=counts))


@dataclass(frozen=True)
class _Order:
    """By which columns a list goes, and which way."""

    keys: Sequence[InstrumentedAttribute[Any]]
    is_rising: bool

    @property
    def forwards(self) -> list[ColumnElement[Any]]:
        return [key.asc() if self.is_rising else key.desc() for key in self.keys]

    @property
    def backwards(self) -> list[ColumnElement[Any]]:
        return [key.desc() if self.is_rising else key.asc() for key in self.keys]

    def is_behind(self, values: ColumnElement[Any]) -> ColumnElement[bool]:
        return tuple_(*self.keys) > values if self.is_rising else tuple_(*self.keys) < values

    def is_before(self, values: ColumnElement[Any]) -> ColumnElement[bool]:
        return tuple_(*self.keys) < values if self.is_rising else tuple_(*self.keys) > values


def begins_like(number: InstrumentedAttribute[Any], wanted: str) -> ColumnElement[bool]:
    """A condition on an order's number: it begins like that, once that names a day.

    What is shorter is in the numbers of months or years of orders, and finds nothing.
    """
    return number.startswith(wanted, autoescape=True) if len(wanted) >= _DAY else number == wanted


def _first(session: Session, rows: Select[Any], order: _Order, *, counts: bool) -> Stretch[Any]:
    found = _some(session, rows.order_by(*order.forwards))
    shown = found[:ROWS]
    if len(found) <= ROWS:
        return Stretch(shown, None, None, len(found))
    return Stretch(shown, None, _behind(shown, order.keys), _count(session, rows, order, counts=counts))


def _some(session: Session, rows: Select[Any]) -> Sequence[Any]:
    return session.scalars(rows.limit(ROWS + 1)).all()


def _count(session: Session, rows: Select[Any], order: _Order, *, counts: bool) -> int | None:
    if not counts:
        return None
    # In the order of the list, whose index the database will use for it then.
    some = rows.with_only_columns(literal(1)).order_by(*order.forwards).limit(COUNTED + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def _before(shown: Sequence[Any], keys: Sequence[InstrumentedAttribute[Any]]) -> Place:
    return Place(_numbers(shown[0], keys), is_before=True)


def _behind(shown: Sequence[Any], keys: Sequence[InstrumentedAttribute[Any]]) -> Place:
    return Place(_numbers(shown[-1], keys))


def _numbers(row: Any, keys: Sequence[InstrumentedAttribute[Any]]) -> tuple[int, ...]:
    values = [getattr(row, key.key) for key in keys]
    return tuple((each - _EPOCH) // _MICROSECOND if isinstance(each, datetime) else each for each in values)


def _values(keys: Sequence[InstrumentedAttribute[Any]], place: Place) -> ColumnElement[Any] | None:
    """The row to compare with; None when there can be none such."""
    if len(place.values) != len(keys):
        return None
    try:
        return tuple_(*(_value(key, number) for key, number in zip(keys, place.values, strict=True)))
    except OverflowError:
        return None


def _value(key: InstrumentedAttribute[Any], number: int) -> ColumnElement[Any]:
    if isinstance(key.type, UtcDateTime):
        return literal(_EPOCH + number * _MICROSECOND, key.type)
    # Wider than most ids are, or a number that no id has would be an error.
    return literal(number, BigInteger())
