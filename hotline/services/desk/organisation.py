"""The organisation as people read it: one unit, what is above and directly below it, its lines; or units by name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload

from hotline.models import Line, Place, Unit, User
from hotline.services.access import Actor, require_role
from hotline.services.desk.people import READERS
from hotline.services.desk.stretches import Place as PlaceInList
from hotline.services.desk.stretches import Stretch, stretch_of


@dataclass(frozen=True)
class UnitDesk:
    """A unit, and the units of a list: those directly below it, or all below it with the words that were asked for.

    `above` begins with the actor's own unit. What is counted is so for the unit and for those of the list, by their
    ids: the people who can sign in, and the units directly below.
    """

    unit: Unit
    above: Sequence[Unit]
    listed: Stretch[Unit]
    people: Mapping[int, int]
    below: Mapping[int, int]
    lines: Mapping[int, Sequence[Line]]
    places: int


def overview(session: Session, actor: Actor, unit: Unit, words: str, place: PlaceInList | None) -> UnitDesk:
    """Everything on the page of a unit that the actor sees.

    Raises:
        NotAllowedError
    """
    require_role(actor, *READERS)
    rows = select(Unit).where(*(_called(unit, words) if words else [Unit.parent_id == unit.id]))
    loaded = rows.options(joinedload(Unit.parent))
    listed = stretch_of(session, loaded, (Unit.id,), place, counts=True, is_rising=True)
    shown = [unit.id, *(each.id for each in listed.rows)]
    return UnitDesk(
        unit=unit,
        above=_above(session, actor, unit),
        listed=listed,
        people=_count(session, User.unit_id, shown, User.is_active.is_(True)),
        below=_count(session, Unit.parent_id, shown),
        lines=_lines(session, shown),
        places=_count(session, Place.unit_id, [unit.id]).get(unit.id, 0),
    )


def _called(unit: Unit, words: str) -> list[ColumnElement[bool]]:
    """Conditions on `Unit`: the one or below it, with the words in its name, its code or what else it is called."""
    columns = (Unit.name, Unit.code, func.array_to_string(Unit.aliases, " "))
    has_words = or_(*(column.icontains(words, autoescape=True) for column in columns))
    return [Unit.path.startswith(unit.path, autoescape=True), has_words]


def _above(session: Session, actor: Actor, unit: Unit) -> Sequence[Unit]:
    chain = [int(part) for part in unit.path.strip("/").split("/")][:-1]
    seen = Unit.path.startswith(actor.unit_path, autoescape=True)
    return session.scalars(select(Unit).where(Unit.id.in_(chain), seen).order_by(func.length(Unit.path))).all()


def _count(
    session: Session, by: InstrumentedAttribute[int] | InstrumentedAttribute[int | None], ids: Sequence[int],
    *conditions: ColumnElement[bool],
) -> Mapping[int, int]:  # fmt: skip
    rows = session.execute(select(by, func.count()).where(by.in_(ids), *conditions).group_by(by))
    return {unit_id: count for unit_id, count in rows if unit_id is not None}


def _lines(session: Session, ids: Sequence[int]) -> Mapping[int, Sequence[Line]]:
    found = session.scalars(select(Line).where(Line.unit_id.in_(ids)).order_by(Line.id)).all()
    return {unit_id: [line for line in found if line.unit_id == unit_id] for unit_id in ids}
