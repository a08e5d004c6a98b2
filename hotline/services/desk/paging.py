"""Long lists, a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select
from sqlalchemy.orm import Session

Row = TypeVar("Row")
ROWS = 50


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows of a list; `number` counts from 1."""

    rows: Sequence[Row]
    number: int
    has_next: bool

    @property
    def has_previous(self) -> bool:
        """True from the second page on."""
        return self.number > 1


def page_of(session: Session, rows: Select[Any], number: int) -> Page[Any]:
    """The page; one row more than shown is read, to know whether there is a next page."""
    number = max(number, 1)
    found = session.scalars(rows.offset((number - 1) * ROWS).limit(ROWS + 1)).all()
    return Page(found[:ROWS], number, len(found) > ROWS)
