"""The working calendar: special days of a unit and all below it, brought in from a file, and how time counts then."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from hotline.models import Action, CalendarDay, Unit
from hotline.rules.calendar import DayKind, WorkingTime
from hotline.rules.policy import Policy
from hotline.rules.roles import Role
from hotline.services import audit, csv_files
from hotline.services.access import Actor, NotAllowedError, reaches, require_role, require_top
from hotline.services.csv_files import Row, UnusableRowsError

_LONGEST_NAME = 60
# Before a clock starts nothing counts, but a day of the calendar begins earlier in some zones.
_MARGIN = timedelta(days=1)


@dataclass(frozen=True)
class Imported:
    """How many days an import added, changed and left as they were."""

    added: int
    changed: int
    same: int


def working_time(session: Session, unit: Unit, policy: Policy, since: datetime, zone: ZoneInfo) -> WorkingTime:
    """How working time counts for a unit from `since` on; of several units above it the nearest one's day counts."""
    chain = [int(part) for part in unit.path.strip("/").split("/")]
    found = session.execute(
        select(CalendarDay.unit_id, CalendarDay.day, CalendarDay.kind).where(
            or_(CalendarDay.unit_id.is_(None), CalendarDay.unit_id.in_(chain)),
            CalendarDay.day >= (since - _MARGIN).astimezone(zone).date(),
        )
    ).all()
    nearest_last = sorted(found, key=lambda row: chain.index(row.unit_id) + 1 if row.unit_id else 0)
    special = {row.day: row.kind for row in nearest_last}
    return WorkingTime(zone, policy.working_hours, policy.working_weekdays, special)


def days(session: Session, unit: Unit | None, year: int | None = None) -> Sequence[CalendarDay]:
    """The special days stored for exactly this unit, or for everybody, oldest first."""
    wanted = select(CalendarDay).where(
        CalendarDay.unit_id == unit.id if unit is not None else CalendarDay.unit_id.is_(None)
    )
    if year is not None:
        wanted = wanted.where(CalendarDay.day.between(date(year, 1, 1), date(year, 12, 31)))
    return session.scalars(wanted.order_by(CalendarDay.day)).all()


def import_days(
    session: Session, file_name: str, content: bytes, unit: Unit | None, actor: Actor, now: datetime
) -> Imported:
    """Bring in special days out of a file: `day` (2026-01-01), `kind` (holiday or workday), `name`.

    A day that is there is replaced.

    Deadlines that run already stay as they were given; those reckoned from now on go by the new days.

    Raises:
        UnusableRowsError: with every row that cannot be used; nothing was changed then.
        NotAllowedError
    """
    _check_allowed(session, unit, actor)
    troubles: list[str] = []
    rows = csv_files.rows(file_name, content, ("day", "kind", "name"), troubles)
    troubles += _wrong(rows)
    if troubles:
        raise UnusableRowsError(troubles)
    before = {each.day: each for each in days(session, unit)}
    wanted = {date.fromisoformat(row["day"]): (DayKind(row["kind"]), row["name"]) for row in rows}
    for day, (kind, name) in wanted.items():
        known = before.get(day)
        if known is None:
            session.add(CalendarDay(unit_id=unit.id if unit else None, day=day, kind=kind, name=name))
        else:
            known.kind, known.name = kind, name
    changed = sum(session.is_modified(before[day]) for day in wanted if day in before)
    added = len(wanted.keys() - before.keys())
    session.flush()
    _note(session, unit, f"{added} added, {changed} changed", actor, now)
    return Imported(added, changed, len(wanted) - added - changed)


def remove_day(session: Session, day: date, unit: Unit | None, actor: Actor, now: datetime) -> bool:
    """Make a day an ordinary one again; False when it was one.

    Raises:
        NotAllowedError
    """
    _check_allowed(session, unit, actor)
    known = next((each for each in days(session, unit, day.year) if each.day == day), None)
    if known is None:
        return False
    session.delete(known)
    _note(session, unit, f"{day} removed", actor, now)
    return True


def special_days(session: Session, unit: Unit, year: int) -> Sequence[CalendarDay]:
    """The special days of a year that count for the unit: of several for one day the nearest unit's."""
    chain = [int(part) for part in unit.path.strip("/").split("/")]
    of_us = or_(CalendarDay.unit_id.is_(None), CalendarDay.unit_id.in_(chain))
    of_year = CalendarDay.day.between(date(year, 1, 1), date(year, 12, 31))
    found = session.scalars(select(CalendarDay).where(of_us, of_year).options(joinedload(CalendarDay.unit)))
    nearest_last = sorted(found, key=lambda each: chain.index(each.unit_id) + 1 if each.unit_id else 0)
    return sorted({each.day: each for each in nearest_last}.values(), key=lambda each: each.day)


def _check_allowed(session: Session, unit: Unit | None, actor: Actor) -> None:
    """What counts for everybody is the topmost unit's to say."""
    if unit is None:
        require_top(actor, Role.ADMINISTRATOR)
        return
    require_role(actor, Role.ADMINISTRATOR)
    if not reaches(session, actor, unit.id):
        raise NotAllowedError("the unit is none of the person's")


def _note(session: Session, unit: Unit | None, detail: str, actor: Actor, now: datetime) -> None:
    unit_id = unit.id if unit else None
    audit.note(session, actor, Action.CALENDAR_CHANGED, now, subject="units", subject_id=unit_id, detail=detail)


def _wrong(rows: Sequence[Row]) -> Iterator[str]:
    seen: dict[str, str] = {}
    for row in rows:
        if not _is_day(row["day"]):
            yield f"{row.where}: {row['day']!r} is no day, as 2026-01-01 is one"
        if row["kind"] not in set(DayKind):
            yield f"{row.where}: {row['kind']!r} is neither holiday nor workday"
        if not row["name"] or len(row["name"]) > _LONGEST_NAME or not row["name"].isprintable():
            yield f"{row.where}: a day's name has 1 to {_LONGEST_NAME} characters"
        if first := seen.get(row["day"]):
            yield f"{row.where}: {row['day']} stands in {first} already"
        seen.setdefault(row["day"], row.where)


def _is_day(said: str) -> bool:
    try:
        return date.fromisoformat(said).isoformat() == said
    except ValueError:
        return False
