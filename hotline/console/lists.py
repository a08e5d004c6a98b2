"""What the address of a list or of one row says."""

from flask import abort, request
from werkzeug.routing import IntegerConverter, Map

# No list of ours is that long, and the database counts no further than twice 2^62.
_LAST_PAGE = 1_000_000
_LAST_ID = 2**31 - 1


class RowConverter(IntegerConverter):
    """The id of a row, as `<row:call_id>`; what no row can have as its id leads nowhere."""

    def __init__(self, rules: Map) -> None:
        super().__init__(rules, max=_LAST_ID)


def page_number() -> int:
    """Which page of a list is asked for; the first when that is nonsense."""
    number = request.args.get("page", 1, type=int)
    return number if number <= _LAST_PAGE else abort(404)
