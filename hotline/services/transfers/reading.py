"""One order of another platform, out of a row of its file or a record of its request, or what is wrong with it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import phonenumbers
from sqlalchemy import String, any_, cast, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from hotline.models import Unit
from hotline.rules.transfers import LONGEST, REQUIRED, Column, Trouble
from hotline.services.transfers.tables import Wrong, in_plain_characters, wrong_characters

_HOME = "CN"  # where a number without a country code is dialled
_BETWEEN_NUMBERS = re.compile(r"[/,，、;；\n]")
_TIMES = (
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d",
    "%Y年%m月%d日 %H:%M:%S",
    "%Y年%m月%d日 %H:%M",
    "%Y年%m月%d日 %H时%M分",
    "%Y年%m月%d日",
    "%Y%m%d%H%M%S",
)
# The clocks of two platforms are not the same.
_CLOCKS_DIFFER_BY = timedelta(hours=1)
_YEARS = range(2000, 2100)


class UnusableOrderError(ValueError):
    """It cannot be taken; `wrong` says all that is wrong with it."""

    def __init__(self, wrong: list[Wrong]) -> None:
        super().__init__("; ".join(map(str, wrong)))
        self.wrong = wrong


@dataclass(frozen=True)
class PassedOn:
    """An order as another platform passed it on. `telephone` is as carriers take it, if there is one that can ring."""

    number: str
    text: str
    rang_at: datetime | None
    due_at: datetime | None
    telephone: str | None
    name: str | None
    category: str | None
    urgency: str | None
    unit: Unit


class Units:
    """The units that are named, by code, by name or by an alias; of a long tree only these are read."""

    def __init__(self, session: Session, own: Unit, named: Iterable[str]) -> None:
        said = literal(sorted({each for each in named if each.isprintable()}), ARRAY(String))
        by_alias = Unit.aliases.op("&&", is_comparison=True)(cast(said, ARRAY(String(120))))
        units = session.scalars(
            select(Unit).where(or_(Unit.code == any_(said), Unit.name == any_(said), by_alias))
        ).all()
        self.own = own
        self._by_code = {unit.code: unit for unit in units}
        self._by_name: dict[str, list[Unit]] = {}
        for unit in units:
            for name in {unit.name, *unit.aliases}:
                self._by_name.setdefault(name, []).append(unit)

    def of(self, said: str) -> Unit | Trouble:
        """The unit that is meant, the own one where none is named; else what is wrong with the name."""
        if not said:
            return self.own
        named = [self._by_code[said]] if said in self._by_code else self._by_name.get(said, [])
        within = [unit for unit in named if unit.path.startswith(self.own.path)]
        if len(within) == 1:
            return within[0]
        if within:
            return Trouble.SEVERAL_UNITS
        return Trouble.OUTSIDE if named else Trouble.UNKNOWN_UNIT


def read(cells: Mapping[Column, str], units: Units, now: datetime, zone: ZoneInfo) -> PassedOn:
    """The order that the cells tell of; times are local unless they say otherwise.

    Raises:
        UnusableOrderError: with everything that is wrong.
    """
    plain = in_plain_characters(cells)
    wrong = wrong_characters(plain)
    told = {column: cell.strip() for column, cell in plain.items()}
    wrong += [Wrong(Trouble.EMPTY, column) for column in REQUIRED if not told.get(column)]
    wrong += [Wrong(Trouble.TOO_LONG, column) for column, cell in told.items() if len(cell) > LONGEST[column]]
    reading = _Reading(told, zone, wrong)
    rang_at, due_at, unit = reading.time(Column.RANG_AT), reading.time(Column.DUE_AT), reading.unit(units)
    if rang_at is not None and rang_at > now + _CLOCKS_DIFFER_BY:
        reading.refuse(Trouble.AHEAD, Column.RANG_AT)
    if unit is None or reading.wrong:
        raise UnusableOrderError(reading.wrong)
    telephone = _telephone(told.get(Column.PHONE, "")) or _telephone(told.get(Column.CALLER_NUMBER, ""))
    return PassedOn(
        number=told[Column.NUMBER],
        text=_statement(told, telephone),
        rang_at=rang_at,
        due_at=due_at,
        telephone=telephone,
        name=told.get(Column.NAME) or None,
        category=told.get(Column.CATEGORY) or None,
        urgency=told.get(Column.URGENCY) or None,
        unit=unit,
    )


class _Reading:
    """Cells as times and units; what is wrong with them is collected."""

    def __init__(self, told: Mapping[Column, str], zone: ZoneInfo, wrong: list[Wrong]) -> None:
        spoiled = {each.column for each in wrong}
        self._told = {column: cell for column, cell in told.items() if column not in spoiled}
        self._zone, self.wrong = zone, wrong

    def refuse(self, trouble: Trouble, column: Column) -> None:
        self.wrong.append(Wrong(trouble, column, self._told[column]))

    def time(self, column: Column) -> datetime | None:
        said = self._told.get(column)
        if not said:
            return None
        found = _time(said, self._zone)
        if found is None:
            self.refuse(Trouble.NO_TIME, column)
        return found

    def unit(self, units: Units) -> Unit | None:
        found = units.of(self._told.get(Column.UNIT, ""))
        if isinstance(found, Trouble):
            self.refuse(found, Column.UNIT)
            return None
        return found


def _time(said: str, zone: ZoneInfo) -> datetime | None:
    plain = re.sub(r"\s+|(?<=日)(?=\d)", " ", said.replace("/", "-").replace("：", ":"))
    for pattern in _TIMES:
        try:
            found = datetime.strptime(plain, pattern).replace(tzinfo=zone)
        except ValueError:
            continue
        return found if found.year in _YEARS else None
    try:
        told = datetime.fromisoformat(plain)
    except ValueError:
        return None
    found = told if told.tzinfo else told.replace(tzinfo=zone)
    return found if found.year in _YEARS else None


def _telephone(said: str) -> str | None:
    """The first number that can be rung."""
    for part in _BETWEEN_NUMBERS.split(said):
        try:
            parsed = phonenumbers.parse(part, _HOME)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(parsed):
            return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return None


# What stands beside the request itself, as a person would have said it: facts are taken from it too.
_BESIDE = ((Column.ADDRESS, "地址"), (Column.NAME, "联系人"))
_NUMBERS = ((Column.PHONE, "联系电话"), (Column.CALLER_NUMBER, "来电号码"))


def _statement(told: Mapping[Column, str], telephone: str | None) -> str:
    """The request with what stands beside it. A number that nobody can ring is kept as it was written."""
    beside = _BESIDE if telephone else (*_BESIDE, *_NUMBERS)
    lines = [f"{label}：{told[column]}" for column, label in beside if told.get(column)]
    return "\n".join([told[Column.TEXT], *lines])
