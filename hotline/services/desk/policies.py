"""What a unit's work goes by, as people read it: each figure with the unit that set it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline.models import CalendarDay, EmergencyMode, Unit
from hotline.rules.facts import Category, Urgency
from hotline.rules.policy import Limits, Policy
from hotline.services import calendar, emergency_mode, policies
from hotline.services.access import Actor
from hotline.services.desk import units
from hotline.services.desk.orders import UnitChoice
from hotline.services.organisation import policy_for

TABLES = ("limits", "emergency_mode")
# What of a unit's limits is set by itself; `counting` follows from the calendar.
PARTS = tuple(each.name for each in fields(Limits) if each.name != "counting")


@dataclass(frozen=True)
class LimitsDesk:
    """The limits of one urgency, who set each part of them (nobody: the usual figure), and what the unit itself set."""

    urgency: Urgency
    limits: Limits
    set_by: Mapping[str, Unit | None]
    own: Mapping[str, Any]
    # What would count if the unit set nothing of them.
    above: Limits

    @property
    def setters(self) -> list[Unit]:
        """The units above that set any of them, each once."""
        found = [unit for part, unit in self.set_by.items() if unit is not None and part not in self.own]
        return list(dict.fromkeys(found))


@dataclass(frozen=True)
class SettingDesk:
    """One figure, and who set it; nobody: the usual one."""

    key: str
    value: Any
    set_by: Unit | None
    is_own: bool


@dataclass(frozen=True)
class PolicyDesk:
    """Everything that a unit's work goes by."""

    unit: Unit
    units: Sequence[UnitChoice]
    policy: Policy
    tables: Mapping[str, Sequence[LimitsDesk]]
    settings: Mapping[str, SettingDesk]
    # What a result needs besides, by category.
    closing: Mapping[Category, SettingDesk]
    version: str


@dataclass(frozen=True)
class CalendarDesk:
    """The special days of a year that count for a unit."""

    unit: Unit
    units: Sequence[UnitChoice]
    year: int
    days: Sequence[CalendarDay]


@dataclass(frozen=True)
class EmergencyDesk:
    """The emergency modes of a unit: those that are on, and those that were."""

    unit: Unit
    units: Sequence[UnitChoice]
    on: Sequence[EmergencyMode]
    over: Sequence[EmergencyMode]
    # Those that the actor may switch off.
    own: frozenset[int]

    @property
    def is_on_here(self) -> bool:
        """Whether the unit itself has one on; a second one is refused."""
        return any(mode.unit_id == self.unit.id for mode in self.on)


def of_unit(session: Session, actor: Actor, unit: Unit, keys: Sequence[str]) -> PolicyDesk:
    """The limits, and the other figures named by `keys`."""
    chain = _chain(session, unit)
    policy = policy_for(session, unit)
    above = policy_for(session, chain[-2]) if len(chain) > 1 else Policy()
    return PolicyDesk(
        unit,
        units.choices(session, actor),
        policy,
        {table: [_limits(table, urgency, policy, above, chain) for urgency in Urgency] for table in TABLES},
        {key: _setting(key, policy, chain) for key in keys},
        {category: _closing(category, policy, chain) for category in Category},
        policies.version(unit),
    )


def calendar_of(session: Session, actor: Actor, unit: Unit, year: int) -> CalendarDesk:
    """The special days of a year that count for the unit."""
    return CalendarDesk(unit, units.choices(session, actor), year, calendar.special_days(session, unit, year))


def emergency_of(session: Session, actor: Actor, unit: Unit, now: datetime) -> EmergencyDesk:
    """What was switched on for the unit, by itself or above it."""
    found = emergency_mode.history(session, unit)
    on = [mode for mode in found if (mode.ended_at or mode.ends_at) > now]
    own = frozenset(mode.id for mode in on if mode.unit.path.startswith(actor.unit_path))
    return EmergencyDesk(unit, units.choices(session, actor), on, [mode for mode in found if mode not in on], own)


def _limits(table: str, urgency: Urgency, policy: Policy, above: Policy, chain: Sequence[Unit]) -> LimitsDesk:
    set_by: dict[str, Unit | None] = dict.fromkeys(PARTS)
    for unit in chain:
        set_by.update(dict.fromkeys(_told(unit, table, urgency), unit))
    now: Mapping[Urgency, Limits] = getattr(policy, table)
    before: Mapping[Urgency, Limits] = getattr(above, table)
    return LimitsDesk(urgency, now[urgency], set_by, _told(chain[-1], table, urgency), before[urgency])


def _told(unit: Unit, table: str, urgency: Urgency) -> Mapping[str, Any]:
    told: Mapping[str, Any] = unit.policy.get(table, {}).get(urgency.value, {})
    return told


def _setting(key: str, policy: Policy, chain: Sequence[Unit]) -> SettingDesk:
    return _set_by(key, getattr(policy, key), [unit for unit in chain if key in unit.policy], chain)


def _closing(category: Category, policy: Policy, chain: Sequence[Unit]) -> SettingDesk:
    setters = [unit for unit in chain if category in unit.policy.get("closing", {})]
    return _set_by(f"closing-{category}", policy.closing.get(category, frozenset()), setters, chain)


def _set_by(key: str, value: Any, setters: Sequence[Unit], chain: Sequence[Unit]) -> SettingDesk:
    set_by = setters[-1] if setters else None
    return SettingDesk(key, value, set_by, set_by is not None and set_by is chain[-1])


def _chain(session: Session, unit: Unit) -> Sequence[Unit]:
    """The unit and those above it, the topmost first."""
    ids = [int(part) for part in unit.path.strip("/").split("/")]
    found = {each.id: each for each in session.scalars(select(Unit).where(Unit.id.in_(ids)))}
    return [found[each] for each in ids]
