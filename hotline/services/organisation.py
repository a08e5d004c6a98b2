"""The organisation: its tree of units, their places and figures, and the lines people dial."""

import re
from collections.abc import Collection, Sequence

from sqlalchemy import Text, cast, func, literal, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session, aliased

from hotline.models import Line, Place, Unit
from hotline.rules.policy import Policy
from hotline.rules.wording import TEXTS
from speech.understand import Gazetteer, PlaceRow, UnitRow

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_LONGEST_NAME = 120


class UnusableLineError(ValueError):
    """Such a line could not be rung, or would have nothing to say."""


def policy_for(session: Session, unit: Unit) -> Policy:
    """The unit's figures: the defaults, then what each unit from the top down to it stored."""
    return policies_for(session, [unit])[unit.id]


def policies_for(session: Session, units: Collection[Unit]) -> dict[int, Policy]:
    """The figures of several units, by their ids."""
    chains = {unit.id: [int(part) for part in unit.path.strip("/").split("/")] for unit in units}
    above = {unit_id for chain in chains.values() for unit_id in chain}
    rows = session.execute(select(Unit.id, Unit.policy).where(Unit.id.in_(above)))
    stored = {row.id: row.policy for row in rows}
    policies = dict.fromkeys(chains, Policy())
    for unit_id, chain in chains.items():
        for each in chain:
            policies[unit_id] = policies[unit_id].with_overrides(stored[each])
    return policies


def add_line(session: Session, number: str, name: str, unit: Unit, duty_number: str | None, language: str) -> Line:
    """Add a number that people dial, or bring up to date the one that is there.

    Raises:
        UnusableLineError
    """
    _check_line(number, name, duty_number, language)
    line = line_by_number(session, number) or Line(number=number)
    line.name, line.unit, line.duty_number, line.language = name, unit, duty_number, language
    session.add(line)
    session.flush()
    return line


def _check_line(number: str, name: str, duty_number: str | None, language: str) -> None:
    for called in filter(None, (number, duty_number)):
        if not _E164.fullmatch(called):
            raise UnusableLineError(f"{called!r} is no number as the carrier writes it: +862012345678")
    if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
        raise UnusableLineError(f"a line's name has 1 to {_LONGEST_NAME} characters")
    if language not in TEXTS:
        raise UnusableLineError(f"{language!r} is none of {', '.join(TEXTS)}")


def numbers(session: Session) -> Sequence[str]:
    """Every number that people can dial."""
    return session.scalars(select(Line.number).where(Line.is_active).order_by(Line.id)).all()


def lines(session: Session) -> Sequence[Line]:
    """The numbers that people dial, oldest first."""
    return session.scalars(select(Line).order_by(Line.id)).all()


def line_by_number(session: Session, number: str) -> Line | None:
    """The line of that number."""
    return session.scalars(select(Line).where(Line.number == number)).one_or_none()


def line_written_to(session: Session, number: str) -> Line | None:
    """The line of that number, else the first one: whoever wrote to us is answered from one of ours."""
    first = select(Line).where(Line.is_active).order_by(Line.id).limit(1)
    return line_by_number(session, number) or session.scalars(first).one_or_none()


def unit_by_code(session: Session, code: str) -> Unit | None:
    """The unit of that code."""
    return session.scalars(select(Unit).where(Unit.code == code)).one_or_none()


def topmost(session: Session) -> str | None:
    """The code of the unit above all others; None while there is no unit."""
    return session.scalars(
        select(Unit.code).where(Unit.parent_id.is_(None)).order_by(func.length(Unit.path), Unit.id).limit(1)
    ).one_or_none()


def state_of_names(session: Session) -> tuple[str | None, str | None]:
    """Changes whenever what `gazetteer` gives would."""
    unit = func.concat_ws("|", Unit.id, Unit.code, Unit.parent_id, Unit.level, Unit.name, cast(Unit.aliases, Text))
    place = func.concat_ws("|", Place.unit_id, Place.name)
    return (
        session.scalar(select(func.md5(func.string_agg(unit, aggregate_order_by(literal("\n"), Unit.id))))),
        session.scalar(select(func.md5(func.string_agg(place, aggregate_order_by(literal("\n"), Place.id))))),
    )


def gazetteer(session: Session) -> Gazetteer:
    """All names of places that transcripts may hold."""
    parent = aliased(Unit)
    units = (
        select(Unit.code, parent.code, Unit.level, Unit.name, Unit.aliases)
        .outerjoin(parent, Unit.parent_id == parent.id)
        .order_by(Unit.path)
    )
    places = select(Unit.code, Place.name).join(Place, Place.unit_id == Unit.id).order_by(Place.id)
    # Row by row, for there may be a million.
    few = {"yield_per": 10_000}
    return Gazetteer.from_rows(
        (
            UnitRow(code, above or "", level.value, name, tuple(aliases))
            for code, above, level, name, aliases in session.execute(units, execution_options=few)
        ),
        (PlaceRow(code, name) for code, name in session.execute(places, execution_options=few)),
    )
