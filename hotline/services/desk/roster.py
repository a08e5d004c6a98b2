"""The duty roster as people read it: a week of days and posts, who is on now, gaps, swaps and hand-over notes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, joinedload

from hotline.models import HandoverNote, RosterWarning, Shift, ShiftSwap, Unit, User
from hotline.rules.roles import Role
from hotline.rules.roster import Post, Span, joined
from hotline.services import roster
from hotline.services.access import Actor
from hotline.services.desk import units
from hotline.services.desk.orders import UnitChoice
from hotline.services.roster import PLANNERS, Gap, OnDuty

_WEEK = timedelta(days=7)
_A_DAY = timedelta(days=1)
# How far ahead people ask for a swap, and how long ago somebody had to be on a roster to belong to it.
_AHEAD = timedelta(days=31)
# Whoever was on duty so lately still opens the roster, to leave a note.
_LATELY = timedelta(hours=12)
_WARNED = timedelta(days=7)
_NOTES = 20
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Turn:
    """A shift as one day shows it: begun on a day before, or going on after midnight."""

    shift: Shift
    began_before: bool
    goes_on: bool


@dataclass(frozen=True)
class Bar:
    """A stretch of a day in its minutes, in which somebody is on duty, or nobody although somebody should."""

    begins: int
    length: int
    is_gap: bool


@dataclass(frozen=True)
class Day:
    """A local day of the roster."""

    day: date
    is_today: bool
    turns: Mapping[Post, Sequence[Turn]]
    bars: Sequence[Bar]

    @property
    def is_empty(self) -> bool:
        """Whether nobody is on duty on that day."""
        return not any(self.turns.values())


@dataclass(frozen=True)
class OwnShift:
    """A shift to come of the person who looks, whom they can ask to take it, and what those could give in return."""

    shift: Shift
    swap: ShiftSwap | None
    colleagues: Sequence[User]
    others: Sequence[Shift]


@dataclass(frozen=True)
class RosterDesk:
    """A unit's roster; `on_now` may be of a unit above it."""

    unit: Unit
    units: Sequence[UnitChoice]
    days: Sequence[Day]
    posts: Sequence[Post]
    on_now: Sequence[OnDuty]
    gaps: Sequence[Gap]
    keeps_one: bool
    warnings: Sequence[RosterWarning]
    own: Sequence[OwnShift]
    swaps: Sequence[ShiftSwap]
    unread: Sequence[HandoverNote]
    notes: Sequence[HandoverNote]
    people: Sequence[User]
    may_plan: bool
    may_leave: bool
    may_read: bool

    @property
    def has_shifts(self) -> bool:
        """Whether anything stands in the week."""
        return not all(day.is_empty for day in self.days)


def unit_of(session: Session, actor: Actor, code: str | None, now: datetime) -> Unit | None:
    """The unit of that code, the own one without: below the actor's, or one for which the actor is on duty."""
    seen = units.one(session, actor, code)
    if seen is not None or code is None:
        return seen
    on_roster = select(Shift.unit_id).where(*_own(actor, now))
    return session.scalars(select(Unit).where(Unit.code == code, Unit.id.in_(on_roster))).one_or_none()


def overview(
    session: Session, actor: Actor, unit: Unit, first: date | None, now: datetime, zone: ZoneInfo
) -> RosterDesk:
    """Everything on the page, of the seven days from `first` on, from today on without."""
    today = now.astimezone(zone).date()
    gaps = roster.gaps_of(session, unit, now, zone)
    days = _days(session, unit, first or today, today, [gap.span for gap in gaps], zone)
    used = {post for day in days for post, turns in day.turns.items() if turns}
    return RosterDesk(
        unit=unit,
        units=_choices(session, actor, now),
        days=days,
        posts=[post for post in Post if post in used],
        on_now=roster.who_is_on(session, unit, now),
        gaps=gaps,
        keeps_one=unit in roster.rostered_units(session, now),
        warnings=warnings_for(session, actor, now),
        own=own_shifts(session, actor, now),
        swaps=_swaps(session, actor),
        unread=roster.unread_notes(session, unit),
        notes=[note for note in roster.notes(session, unit, _NOTES) if note.read_at],
        people=people_of(session, unit, now),
        may_plan=roster.may_plan(unit, actor),
        may_leave=roster.may_leave(session, unit, actor, now),
        may_read=roster.may_read(session, unit, actor, now),
    )


def people_of(session: Session, unit: Unit, now: datetime) -> Sequence[User]:
    """Who can be on duty for the unit: the people of it and below it, and who was or is on its roster."""
    below = select(Unit.id).where(Unit.path.startswith(unit.path, autoescape=True))
    known = select(Shift.user_id).where(Shift.unit_id == unit.id, Shift.ends_at > now - _AHEAD)
    return session.scalars(
        select(User)
        .join(User.unit)
        .where(or_(User.unit_id.in_(below), User.id.in_(known)), User.is_active)
        .order_by(Unit.path, User.name, User.id)
        .options(joinedload(User.unit))
    ).all()


def own_shifts(session: Session, actor: Actor, now: datetime) -> list[OwnShift]:
    """The actor's shifts that are not over, the next one first."""
    found = session.scalars(
        select(Shift).where(*_own(actor, now, timedelta(0))).order_by(Shift.begins_at).options(joinedload(Shift.unit))
    ).all()
    asked = {swap.shift_id: swap for swap in roster.swaps_for(session, actor) if swap.asker_id == actor.user_id}
    by_unit = {shift.unit_id: shift.unit for shift in found}
    colleagues = {
        unit_id: [user for user in people_of(session, unit, now) if user.id != actor.user_id]
        for unit_id, unit in by_unit.items()
    }
    others = {unit_id: _others(session, unit_id, actor, now) for unit_id in by_unit}
    return [OwnShift(each, asked.get(each.id), colleagues[each.unit_id], others[each.unit_id]) for each in found]


def note_of(session: Session, actor: Actor, note_id: int, now: datetime) -> HandoverNote | None:
    """A note of a unit whose roster the actor opens."""
    note = session.get(HandoverNote, note_id)
    return note if note is not None and unit_of(session, actor, note.unit.code, now) is not None else None


def warning_of(session: Session, actor: Actor, warning_id: int) -> RosterWarning | None:
    """A warning of a unit that the actor sees."""
    warning = session.get(RosterWarning, warning_id)
    return warning if warning is not None and warning.unit.path.startswith(actor.unit_path) else None


def notes_for(session: Session, actor: Actor, now: datetime) -> list[HandoverNote]:
    """What waits to be read by the actor: of the units that they are on duty for now, or supervise as their own."""
    on_now = select(Shift.unit_id).where(*_own(actor, now, timedelta(0)), Shift.begins_at <= now)
    concerned: list[ColumnElement[bool]] = [Unit.id.in_(on_now)]
    if Role.SUPERVISOR in actor.roles:
        concerned.append(Unit.path == actor.unit_path)
    found = session.scalars(select(Unit).where(or_(*concerned)).order_by(Unit.path)).all()
    waiting = [note for unit in found for note in roster.unread_notes(session, unit)]
    return [note for note in waiting if note.author_id != actor.user_id]


def warnings_for(session: Session, actor: Actor, now: datetime) -> Sequence[RosterWarning]:
    """What was told lately of hours in which nobody is on duty for a unit below, and nobody has seen yet."""
    return roster.warnings(session, actor, now - _WARNED) if actor.roles & PLANNERS else ()


def _own(actor: Actor, now: datetime, lately: timedelta = _LATELY) -> list[ColumnElement[bool]]:
    return [
        Shift.user_id == actor.user_id,
        Shift.ends_at > now - lately,
        Shift.begins_at < now + _AHEAD,
        Shift.cancelled_at.is_(None),
    ]


def _others(session: Session, unit_id: int, actor: Actor, now: datetime) -> Sequence[Shift]:
    return session.scalars(
        select(Shift)
        .where(
            Shift.unit_id == unit_id,
            Shift.user_id != actor.user_id,
            Shift.begins_at.between(now, now + _AHEAD),
            Shift.cancelled_at.is_(None),
        )
        .order_by(Shift.begins_at, Shift.id)
        .options(joinedload(Shift.user))
    ).all()


def _choices(session: Session, actor: Actor, now: datetime) -> list[UnitChoice]:
    """Whoever plans chooses among all units below; the others among those that keep a roster, and where they serve."""
    below = units.choices(session, actor)
    if actor.roles & PLANNERS:
        return below
    kept = {unit.code for unit in roster.rostered_units(session, now)}
    served = session.scalars(select(Unit).where(Unit.id.in_(select(Shift.unit_id).where(*_own(actor, now)))))
    own = session.scalars(select(Unit.code).where(Unit.path == actor.unit_path)).one()
    seen = [choice for choice in below if choice.code in kept or choice.code == own]
    there = {choice.code for choice in seen}
    return [*seen, *(UnitChoice(unit.code, unit.name, unit.level) for unit in served if unit.code not in there)]


def _swaps(session: Session, actor: Actor) -> Sequence[ShiftSwap]:
    found = roster.swaps_for(session, actor)
    for swap in found:
        session.refresh(swap.shift, ["unit"])
        if swap.in_return is not None:
            session.refresh(swap.in_return, ["unit"])
    return found


def _days(session: Session, unit: Unit, first: date, today: date, gaps: Iterable[Span], zone: ZoneInfo) -> list[Day]:
    days = [first + timedelta(days=count) for count in range(_WEEK.days)]
    found = roster.shifts(session, unit, Span(_midnight(days[0], zone), _midnight(days[-1] + _A_DAY, zone)))
    gaps = list(gaps)
    return [_day(each, found, gaps, zone, is_today=each == today) for each in days]


def _day(day: date, found: Sequence[Shift], gaps: Sequence[Span], zone: ZoneInfo, *, is_today: bool) -> Day:
    span = Span(_midnight(day, zone), _midnight(day + _A_DAY, zone))
    here = [shift for shift in found if shift.span.overlaps(span)]
    turns: dict[Post, list[Turn]] = {post: [] for post in Post}
    for shift in here:
        turns[shift.post].append(Turn(shift, shift.begins_at < span.begins_at, shift.ends_at > span.ends_at))
    covered = joined(shift.span for shift in here)
    bars = [_bar(each, span, is_gap=False) for each in covered]
    bars += [_bar(gap, span, is_gap=True) for gap in gaps if gap.overlaps(span)]
    return Day(day, is_today, turns, bars)


def _bar(of: Span, day: Span, *, is_gap: bool) -> Bar:
    begins, ends = max(of.begins_at, day.begins_at), min(of.ends_at, day.ends_at)
    return Bar((begins - day.begins_at) // _MINUTE, max((ends - begins) // _MINUTE, 1), is_gap)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(0), zone).astimezone(ZoneInfo("UTC"))
