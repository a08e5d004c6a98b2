"""The units that a person may choose from: the own one and all below it."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hotline.models import Unit
from hotline.services.access import Actor
from hotline.services.desk.orders import UnitChoice

# More than these nobody reads; the others are found by name.
_MOST = 300


def choices(session: Session, actor: Actor, also: str | None = None) -> list[UnitChoice]:
    """The actor's own unit and those below it, each below the names of those between; of many the upper ones.

    The one of the code `also` is among them wherever it is, if the actor sees it.
    """
    below = select(Unit).where(Unit.path.startswith(actor.unit_path, autoescape=True))
    # Whatever is above a unit has a shorter path.
    found = set(session.scalars(below.order_by(func.length(Unit.path), Unit.path).limit(_MOST)))
    named = one(session, actor, also) if also else None
    units = sorted(found | ({named} if named else set()), key=lambda unit: unit.path)
    names = {unit.id: unit.name for unit in units}
    return [UnitChoice(unit.code, " › ".join(_chain(unit, names)), unit.level) for unit in units]


def _chain(unit: Unit, names: dict[int, str]) -> Sequence[str]:
    known = [names[int(part)] for part in unit.path.strip("/").split("/") if int(part) in names]
    # The own unit is above them all, and says nothing.
    return known[1:] or known


def one(session: Session, actor: Actor, code: str | None) -> Unit | None:
    """The unit of that code, the own one without a code; None where the actor sees none."""
    seen = Unit.path.startswith(actor.unit_path, autoescape=True)
    which = Unit.code == code if code else Unit.path == actor.unit_path
    return session.scalars(select(Unit).where(seen, which)).one_or_none()
