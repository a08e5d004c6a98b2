"""A city that never was, in the size of a real one: its units, its lines, and the people who work there."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import md5

from argon2 import PasswordHasher
from psycopg import Cursor

from hotline.models import Level
from hotline.rules.roles import Role

PASSWORD = "benchmark-of-orders"  # noqa: S105 - of people in a database that is thrown away
# Who looks at the pages: at each level somebody of the unit with the most orders.
VIEWERS = (Level.CITY, Level.DISTRICT, Level.STREET, Level.GRID)
_DESK = (Role.CALL_TAKER, Role.DISPATCHER, Role.SUPERVISOR)
_BODIES = {Level.DEPARTMENT: 20, Level.CHARITY: 10}


@dataclass(frozen=True)
class Size:
    """How many units there are in all of each level."""

    districts: int
    streets: int
    communities: int
    grids: int


# As Guangzhou has it, three grids to a community.
LARGE = Size(districts=11, streets=170, communities=2_700, grids=8_100)


@dataclass(frozen=True)
class Post:
    """A grid, and whoever has to do with an order of it."""

    grid_id: int
    grid_name: str
    code: str
    street_id: int
    street_line_id: int
    handler_id: int
    street_desk_id: int


@dataclass
class City:
    """The rows of the organisation, numbered from 1 as an empty database would."""

    units: list[tuple[int, str, int | None, str, str, str]] = field(default_factory=list)
    lines: list[tuple[int, str, str, int]] = field(default_factory=list)
    users: list[tuple[int, str, str, int]] = field(default_factory=list)
    roles: list[tuple[int, str]] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    bodies: list[int] = field(default_factory=list)
    line_id: int = 0
    desk_id: int = 0


def city_of(size: Size) -> City:
    """The whole organisation; its first district, street and grid have the most orders."""
    made = City()
    top = _unit(made, "440100", None, Level.CITY, "广州市")
    made.line_id = _line(made, "12345 转办专线", top)
    made.desk_id = _user(made, "city", top, tuple(Role))
    districts = list(_below(made, [top], Level.DISTRICT, size.districts, "第{}区"))
    for unit_id in districts:
        _user(made, _login(Level.DISTRICT, unit_id == districts[0], unit_id), unit_id, _DESK)
    streets = list(_below(made, districts, Level.STREET, size.streets, "第{}街道"))
    lines = {unit_id: _line(made, "街道民政救助热线", unit_id) for unit_id in streets}
    desks = {
        unit_id: _user(made, _login(Level.STREET, unit_id == streets[0], unit_id), unit_id, _DESK)
        for unit_id in streets
    }
    communities = list(_below(made, streets, Level.COMMUNITY, size.communities, "第{}社区"))
    grids = list(_below(made, communities, Level.GRID, size.grids, "第{}网格"))
    known = {unit[0]: unit for unit in made.units}
    for grid_id in grids:
        handler = _user(made, _login(Level.GRID, grid_id == grids[0], grid_id), grid_id, (Role.HANDLER,))
        community = known[grid_id][2] or top
        street = known[community][2] or top
        _id, code, _parent, _level, name, _path = known[grid_id]
        made.posts.append(Post(grid_id, name, code, street, lines[street], handler, desks[street]))
    for level, count in _BODIES.items():
        bodies = list(_below(made, [top], level, count, "第{}机构"))
        made.bodies += bodies
        for unit_id in bodies:
            _user(made, f"{level}-{unit_id}", unit_id, (Role.DISPATCHER,))
    return made


def store(made: City, cursor: Cursor, at: datetime) -> None:
    """Write it into an empty database; the people are those of `PASSWORD`."""
    known = PasswordHasher().hash(PASSWORD)
    _copy(cursor, "units (id, code, parent_id, level, name, path)", made.units)
    _copy(
        cursor,
        "lines (id, number, name, unit_id, language)",
        ((*line, "zh-CN") for line in made.lines),
    )
    _copy(
        cursor,
        "users (id, login, name, unit_id, password_hash, session_key, created_at)",
        ((*user, known, md5(user[1].encode(), usedforsecurity=False).hexdigest(), at) for user in made.users),
    )
    _copy(cursor, "user_roles (user_id, role)", made.roles)


def _copy(cursor: Cursor, table: str, rows: Iterable[Sequence[object]]) -> None:
    with cursor.copy(f"copy {table} from stdin".encode()) as copy:
        for row in rows:
            copy.write_row(row)


def _below(made: City, parents: Sequence[int], level: Level, count: int, name: str) -> Iterator[int]:
    """Units below `parents`, as many below each as below any other; those of the first parent first."""
    for number in range(count):
        parent = parents[number * len(parents) // count]
        yield _unit(made, f"{level}-{number + 1}", parent, level, name.format(number + 1))


def _unit(made: City, code: str, parent: int | None, level: Level, name: str) -> int:
    unit_id = len(made.units) + 1
    above = made.units[parent - 1][5] if parent else "/"
    made.units.append((unit_id, code, parent, level.value, name, f"{above}{unit_id}/"))
    return unit_id


def _line(made: City, name: str, unit_id: int) -> int:
    line_id = len(made.lines) + 1
    made.lines.append((line_id, f"+8620{80_000_000 + line_id}", name, unit_id))
    return line_id


def _user(made: City, login: str, unit_id: int, roles: Sequence[Role]) -> int:
    user_id = len(made.users) + 1
    made.users.append((user_id, login, f"工作人员{user_id}", unit_id))
    made.roles += [(user_id, role.value) for role in roles]
    return user_id


def _login(level: Level, is_viewer: bool, unit_id: int) -> str:
    return level.value if is_viewer else f"{level}-{unit_id}"
