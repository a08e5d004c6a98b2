"""The sample organisation: marked as a sample wherever a person sees it, loaded twice without harm."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session

from hotline.models import Action, Shift, Unit, User
from hotline.rules.roles import Role
from hotline.rules.roster import Post, Span, hours
from hotline.rules.wording import DEFAULT
from hotline.services import accounts, audit, organisation, unit_files
from hotline.services.access import SYSTEM
from hotline.services.roster.plan import make

_FILES = Path(__file__).parent.parent / "sample"
LINE_NUMBER = "+862012345678"
DUTY_NUMBER = "+862087654321"
_LINE_NAME = "民政救助热线（示例）"
_TOP, _LINE_UNIT = "440100", "440111-jingxi"

# Short waits, and calls at any hour: whoever tries the service shall not have to wait for the morning.
_POLICY = {"survey_delay": 5, "survey_spacing": 60, "calls_from": "00:00", "calls_until": "00:00"}

_PEOPLE: Mapping[str, tuple[str, str, frozenset[Role]]] = {
    "admin": ("示例管理员", _TOP, frozenset({Role.ADMINISTRATOR})),
    "jiexian": ("示例话务员", _LINE_UNIT, frozenset({Role.CALL_TAKER})),
    "paidan": ("示例派单员", _LINE_UNIT, frozenset({Role.DISPATCHER})),
    "wangge": ("示例网格员", _LINE_UNIT, frozenset({Role.HANDLER})),
    "duban": ("示例督办员", _LINE_UNIT, frozenset({Role.SUPERVISOR})),
}

# Two posts around the clock; by day and by night it is somebody else.
_ROSTER_DAYS = 14
_DAY, _NIGHT = (time(8), time(20)), (time(20), time(8))
_SHIFTS: Mapping[str, tuple[Post, time, time]] = {
    "jiexian": (Post.CALL_TAKER, *_DAY),
    "wangge": (Post.DUTY, *_DAY),
    "paidan": (Post.CALL_TAKER, *_NIGHT),
    "duban": (Post.DUTY, *_NIGHT),
}


@dataclass(frozen=True)
class LogIn:
    """A sample person's way in."""

    login: str
    name: str
    roles: tuple[str, ...]
    password: str | None


def load(session: Session, password: str | None, now: datetime, zone: ZoneInfo) -> list[LogIn]:
    """Bring in the sample organisation, its line, its people and their shifts; who is there keeps the password.

    The roster covers a fortnight from now on; what was swapped or cancelled stays as it became. Without `password`
    each new person gets one of their own; only a password made now can be told.
    """
    unit_files.import_units(session, _FILES / "units.csv", _FILES / "places.csv", SYSTEM, now)
    top = _unit(session, _TOP)
    top.policy = {**_POLICY, **top.policy}
    organisation.add_line(session, LINE_NUMBER, _LINE_NAME, _unit(session, _LINE_UNIT), DUTY_NUMBER, DEFAULT)
    people = [_person(session, login, password, now) for login in _PEOPLE]
    _fill_roster(session, now, zone)
    return people


def _fill_roster(session: Session, now: datetime, zone: ZoneInfo) -> None:
    unit, yesterday = _unit(session, _LINE_UNIT), now.astimezone(zone).date() - timedelta(days=1)
    days = [yesterday + timedelta(days=count) for count in range(1 + _ROSTER_DAYS)]
    new = 0
    for login, (post, begins, ends) in _SHIFTS.items():
        user = accounts.by_login(session, login)
        if user is None or not user.is_active:
            continue
        for span in (hours(day, begins, ends, zone) for day in days):
            if span.ends_at > now and _is_free(session, user, span):
                make(session, unit, user, post, span, SYSTEM, now)
                new += 1
    session.flush()
    if new:
        audit.note(session, SYSTEM, Action.ROSTER_IMPORTED, now, detail=f"{new} shifts")


def _is_free(session: Session, user: User, span: Span) -> bool:
    """Whether nothing was ever planned for the person then: neither swapped away, nor cancelled, nor another shift."""
    theirs = or_(Shift.user_id == user.id, Shift.planned_user_id == user.id)
    then = and_(Shift.begins_at < span.ends_at, Shift.ends_at > span.begins_at)
    return session.scalar(select(exists().where(theirs, then))) is False


def _person(session: Session, login: str, password: str | None, now: datetime) -> LogIn:
    name, unit_code, roles = _PEOPLE[login]
    shown = tuple(sorted(role.value for role in roles))
    if accounts.by_login(session, login) is not None:
        return LogIn(login, name, shown, None)
    chosen = password or accounts.made_up_password()
    accounts.create_user(session, login, name, chosen, _unit(session, unit_code), roles, SYSTEM, now)
    return LogIn(login, name, shown, chosen)


def _unit(session: Session, code: str) -> Unit:
    unit = organisation.unit_by_code(session, code)
    if unit is None:
        raise LookupError(code)
    return unit
