"""What the address of a list or of one row says."""

import re

from flask import abort, request
from werkzeug.routing import IntegerConverter, Map

from hotline.services.desk.stretches import Place

# No list with numbers is that long, and the database counts no further than twice 2^62.
_LAST_PAGE = 1_000_000
_LAST_ID = 2**31 - 1
_NUMBER = r"\d{1,18}"  # fits what the database counts with
_VALUES = re.compile(rf"{_NUMBER}(\.{_NUMBER})*", re.ASCII)


class RowConverter(IntegerConverter):
    """The id of a row, as `<row:call_id>`; what no row can have as its id leads nowhere."""

    def __init__(self, rules: Map) -> None:
        super().__init__(rules, max=_LAST_ID)


def page_number() -> int:
    """Which page of a list is asked for; the first when that is nonsense."""
    number = request.args.get("page", 1, type=int)
    return number if number <= _LAST_PAGE else abort(404)


def asked_place() -> Place | None:
    """Where in a list that has no numbers, by `after` or `before`; None, its beginning, when that is nonsense."""
    for name in ("after", "before"):
        values = request.args.get(name, "")
        if _VALUES.fullmatch(values):
            return Place(tuple(map(int, values.split("."))), is_before=name == "before")
    return None


def leads_to(place: Place) -> dict[str, str]:
    """What an address says of a page: the other way round."""
    return {"before" if place.is_before else "after": ".".join(map(str, place.values))}
