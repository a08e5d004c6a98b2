"""The sample organisation: marked as a sample wherever a person sees it, loaded twice without harm."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from hotline.models import Unit
from hotline.rules.roles import Role
from hotline.rules.wording import DEFAULT
from hotline.services import accounts, organisation, unit_files
from hotline.services.access import SYSTEM

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


@dataclass(frozen=True)
class LogIn:
    """A sample person's way in."""

    login: str
    name: str
    roles: tuple[str, ...]
    password: str | None


def load(session: Session, password: str | None, now: datetime) -> list[LogIn]:
    """Bring in the sample organisation, its line and its people; a person who is there keeps the password.

    Without `password` each new person gets one of their own; only a password made now can be told.
    """
    unit_files.import_units(session, _FILES / "units.csv", _FILES / "places.csv", SYSTEM, now)
    top = _unit(session, _TOP)
    top.policy = {**_POLICY, **top.policy}
    organisation.add_line(session, LINE_NUMBER, _LINE_NAME, _unit(session, _LINE_UNIT), DUTY_NUMBER, DEFAULT)
    return [_person(session, login, password, now) for login in _PEOPLE]


def _person(session: Session, login: str, password: str | None, now: datetime) -> LogIn:
    name, unit_code, roles = _PEOPLE[login]
    shown = tuple(sorted(role.value for role in roles))
    if accounts.by_login(session, login) is not None:
        return LogIn(login, name, shown, None)
    chosen = password or secrets.token_urlsafe(9)
    accounts.create_user(session, login, name, chosen, _unit(session, unit_code), roles, SYSTEM, now)
    return LogIn(login, name, shown, chosen)


def _unit(session: Session, code: str) -> Unit:
    unit = organisation.unit_by_code(session, code)
    if unit is None:
        raise LookupError(code)
    return unit
