"""A plan as a file: brought in as a whole or not at all, and the same plan again changes nothing."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline.models import Action, Shift, Unit, User
from hotline.rules.roster import POST_WORDS, NoSuchHoursError, Post, Span, hours
from hotline.services import audit, csv_files
from hotline.services.access import Actor, require_role
from hotline.services.csv_files import Row, UnusableRowsError
from hotline.services.roster.plan import PLANNERS, clash_of, lock_people, make

COLUMNS = ("unit", "login", "date", "from", "to", "post")
_DATE = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
_TIME = re.compile(r"(\d{1,2})[:：](\d{2})")


@dataclass(frozen=True)
class Imported:
    """How many shifts are new and how many were there; `cannot_be_rung` names people on duty without a telephone."""

    added: int
    kept: int
    cannot_be_rung: tuple[str, ...]


@dataclass(frozen=True)
class _Planned:
    """A row that says something."""

    where: str
    unit: Unit
    user: User
    post: Post
    span: Span

    @property
    def key(self) -> tuple[int, int, Post, datetime, datetime]:
        """What makes it the same shift when the file is read again."""
        return self.unit.id, self.user.id, self.post, self.span.begins_at, self.span.ends_at


@dataclass
class _Reading:
    """A file while it is read: what it names, and all that is wrong with it."""

    units: Mapping[str, Unit]
    people: Mapping[str, User]
    zone: ZoneInfo
    actor: Actor
    rows: list[_Planned] = field(default_factory=list)
    by_person: dict[int, list[_Planned]] = field(default_factory=lambda: defaultdict(list))
    troubles: list[str] = field(default_factory=list)


def import_shifts(session: Session, name: str, content: bytes, actor: Actor, now: datetime, zone: ZoneInfo) -> Imported:
    """Bring in the plan of a file called `name`: unit, login, date, from, to, post.

    Times are local; `to` not after `from` is the next day's.

    What was planned before stays as it became: a swapped shift with whoever took it, a cancelled one cancelled.

    Raises:
        UnusableRowsError: with every row that cannot be used; nothing was changed then.
        NotAllowedError
    """
    require_role(actor, *PLANNERS)
    reading = _Reading(_units(session), _people(session), zone, actor)
    for cells in csv_files.rows(name, content, COLUMNS, reading.troubles):
        _take(reading, cells)
    lock_people(session, [row.user.id for row in reading.rows])
    known = _known(session, reading.rows)
    new = [row for row in reading.rows if row.key not in known]
    _check_clashes(session, reading, new)
    if reading.troubles:
        raise UnusableRowsError(reading.troubles)
    for planned in new:
        make(session, planned.unit, planned.user, planned.post, planned.span, actor, now)
    session.flush()
    audit.note(session, actor, Action.ROSTER_IMPORTED, now, detail=f"{len(new)} shifts")
    silent = sorted({row.user.login for row in reading.rows if row.user.phone is None})
    return Imported(len(new), len(reading.rows) - len(new), tuple(silent))


def _units(session: Session) -> dict[str, Unit]:
    return {unit.code: unit for unit in session.scalars(select(Unit))}


def _people(session: Session) -> dict[str, User]:
    return {user.login: user for user in session.scalars(select(User))}


def _take(reading: _Reading, row: Row) -> None:
    if not any(row[column] for column in COLUMNS):
        return  # a line of commas below a table is what spreadsheets leave
    troubles: list[str] = []
    unit, user = _unit(reading, row, troubles), _person(reading, row, troubles)
    post = POST_WORDS.get(row["post"]) or next((post for post in Post if post == row["post"].lower()), None)
    if post is None:
        troubles.append(f"{row['post']!r} is no post: {', '.join(POST_WORDS)} or {', '.join(Post)}")
    span = _span(row, reading.zone, troubles)
    reading.troubles += [f"{row.where}: {trouble}" for trouble in troubles]
    if unit is not None and user is not None and post is not None and span is not None and not troubles:
        _add(reading, _Planned(row.where, unit, user, post, span))


def _unit(reading: _Reading, row: Row, troubles: list[str]) -> Unit | None:
    unit = reading.units.get(row["unit"])
    if unit is None:
        troubles.append(f"there is no unit {row['unit']!r}")
    elif not unit.path.startswith(reading.actor.unit_path):
        troubles.append(f"{row['unit']!r} is not below the unit of whoever imports")
    return unit


def _person(reading: _Reading, row: Row, troubles: list[str]) -> User | None:
    user = reading.people.get(row["login"].lower())
    if user is None:
        troubles.append(f"nobody is called {row['login']!r}")
    elif not user.is_active:
        troubles.append(f"{row['login']!r} is out of service")
    return user


def _span(cells: Row, zone: ZoneInfo, troubles: list[str]) -> Span | None:
    day, begins, ends = _date(cells["date"]), _time(cells["from"]), _time(cells["to"], is_end=True)
    if day is None:
        troubles.append(f"{cells['date']!r} is no date: 2026-03-02")
    for column, at in (("from", begins), ("to", ends)):
        if at is None:
            troubles.append(f"{cells[column]!r} is no time of day: 20:00")
    if day is None or begins is None or ends is None:
        return None
    try:
        return hours(day, begins, ends, zone)
    except (NoSuchHoursError, OverflowError) as error:
        troubles.append(str(error))
        return None


def _date(text: str) -> date | None:
    found = _DATE.fullmatch(text)
    try:
        return date(*(int(part) for part in found.groups())) if found else None
    except ValueError:
        return None


def _time(text: str, *, is_end: bool = False) -> time | None:
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    hour, minute = int(found[1]), int(found[2])
    if is_end and (hour, minute) == (24, 0):
        return time(0)  # as a duty plan writes midnight at the end of a day
    try:
        return time(hour, minute)
    except ValueError:
        return None


def _add(reading: _Reading, row: _Planned) -> None:
    for before in reading.by_person[row.user.id]:
        if not before.span.overlaps(row.span):
            continue
        same = "the same shift stands in" if before.key == row.key else f"{row.user.login} is on duty then by"
        reading.troubles.append(f"{row.where}: {same} {before.where}")
    reading.rows.append(row)
    reading.by_person[row.user.id].append(row)


def _known(session: Session, rows: list[_Planned]) -> set[tuple[int, int, Post, datetime, datetime]]:
    if not rows:
        return set()
    earliest, latest = min(row.span.begins_at for row in rows), max(row.span.begins_at for row in rows)
    found = session.execute(
        select(Shift.unit_id, Shift.planned_user_id, Shift.post, Shift.begins_at, Shift.ends_at).where(
            Shift.planned_user_id.in_({row.user.id for row in rows}), Shift.begins_at.between(earliest, latest)
        )
    )
    return {(unit_id, user_id, post, begins, ends) for unit_id, user_id, post, begins, ends in found}


def _check_clashes(session: Session, reading: _Reading, new: list[_Planned]) -> None:
    for row in new:
        clash = clash_of(session, row.user.id, row.span)
        if clash is not None:
            begins = clash.begins_at.astimezone(reading.zone)
            told = f"{row.user.login} is on duty for {clash.unit.code} from {begins:%Y-%m-%d %H:%M} already"
            reading.troubles.append(f"{row.where}: {told}")
