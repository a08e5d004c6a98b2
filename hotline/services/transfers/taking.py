"""Orders that other platforms pass on become orders here, once each, under a number of ours beside theirs."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, joinedload

from hotline.models import Action, Channel, Order, Transfer, TransferFile, Unit
from hotline.rules.roles import Role
from hotline.rules.transfers import Column, Trouble
from hotline.services import audit, intake
from hotline.services.access import Actor, NotAllowedError, require_role
from hotline.services.intake import Matter
from hotline.services.transfers import tables
from hotline.services.transfers.reading import PassedOn, Units, UnusableOrderError, read
from hotline.services.transfers.sources import known_as, spellings, wait_for_others
from hotline.services.transfers.tables import Row, Wrong

TAKERS = frozenset({Role.DISPATCHER, Role.SUPERVISOR, Role.ADMINISTRATOR})
_LONGEST_FILE_NAME, _LONGEST_SHOWN = 200, 64
# The day's numbers are held until a transaction ends, and callers wait for theirs: so many rows at a time.
ROWS_AT_ONCE = 20


@dataclass(frozen=True)
class Taken:
    """The order, and whether it is new here."""

    order: Order
    is_new: bool


def take(
    session: Session,
    source: str,
    unit: Unit,
    passed: PassedOn,
    now: datetime,
    zone: ZoneInfo,
    file: TransferFile | None = None,
) -> Taken:
    """The order under the number of the platform that passes orders on to `unit`; made when it is not there yet.

    Its clocks start when it was passed on, since before that nobody here could do anything; when the caller rang is
    kept beside it. Whoever brings in orders of the same platform at this moment waits until the transaction ends.
    """
    wait_for_others(session, source)
    known = order_of(session, source, unit, passed.number, file)
    if known is not None:
        return Taken(known, is_new=False)
    return Taken(_make(session, source, unit, passed, now, zone, file), is_new=True)


def order_of(session: Session, source: str, unit: Unit, number: str, file: TransferFile | None = None) -> Order | None:
    """The order that the platform knows under that number which passed it on to `unit`, or to one above or below.

    Others may have a platform of the same name, whose numbers are none of these. But who asks by machine, without a
    file, is one wherever its orders come in: what it passed on itself before it was moved to `unit` is known too.
    """
    above = [int(part) for part in unit.path.strip("/").split("/")]
    known = or_(Unit.id.in_(above), Unit.path.startswith(unit.path))
    if file is None:
        known = or_(known, and_(Transfer.file_id.is_(None), Transfer.source == source))
    theirs = select(Order).join(Transfer, Transfer.order_id == Order.id).join(Transfer.unit)
    same = theirs.where(Transfer.source.in_(spellings(session, source)), Transfer.foreign_number == number)
    return session.scalars(same.where(known).order_by(Unit.id != unit.id, Transfer.id).limit(1)).one_or_none()


def of_order(session: Session, order: Order) -> Transfer | None:
    """What the platform knows that passed the order on, if one did."""
    found = select(Transfer).where(Transfer.order_id == order.id).options(joinedload(Transfer.file))
    return session.scalars(found).one_or_none()


def _make(
    session: Session,
    source: str,
    unit: Unit,
    passed: PassedOn,
    now: datetime,
    zone: ZoneInfo,
    file: TransferFile | None,
) -> Order:
    order = intake.receive(session, Matter(Channel.TRANSFER, passed.unit, now, passed.telephone), now, zone)
    kept = Transfer(
        order_id=order.id,
        source=source,
        unit_id=unit.id,
        foreign_number=passed.number,
        file_id=file.id if file else None,
        rang_at=passed.rang_at,
        due_at=passed.due_at,
        contact_name=passed.name,
        category_words=passed.category,
        urgency_words=passed.urgency,
        passed_on_at=now,
    )
    session.add(kept)
    intake.state(session, order, Channel.TRANSFER, passed.text, now)
    return order


@dataclass(frozen=True)
class Upload:
    """A file that has been read, and the row of the database that tells what became of it."""

    file_id: int
    batches: Iterator[Sequence[Row]] = field(repr=False)


def begin(session: Session, source: str, name: str, content: bytes, unit: Unit, actor: Actor, now: datetime) -> Upload:
    """Read a file of orders for `unit` and all below it; `take_rows` then takes each of its batches.

    Each batch wants a transaction of its own, so that no caller waits for the whole file.

    Raises:
        NotAllowedError, UnusableSourceError
        UnusableTableError: nothing of it can be used.
    """
    require_role(actor, *TAKERS)
    if not unit.path.startswith(actor.unit_path):
        raise NotAllowedError("the unit is not below the person's own")
    rows = tables.rows_of(content)
    file = TransferFile(
        source=known_as(session, source),
        name=_shown(name)[-_LONGEST_FILE_NAME:] or "?",
        sha256=hashlib.sha256(content).hexdigest(),
        unit_id=unit.id,
        user_id=actor.user_id,
        taken=0,
        known=[],
        refused=_not_reached(rows[0].number, rows[-1].number),
        came_at=now,
    )
    session.add(file)
    session.flush()
    audit.note(session, actor, Action.TRANSFERS_TAKEN, now, subject="transfer_files", subject_id=file.id)
    return Upload(file.id, iter(tables.rows_in(rows, ROWS_AT_ONCE)))


def take_rows(session: Session, file_id: int, rows: Sequence[Row], now: datetime, zone: ZoneInfo) -> TransferFile:
    """Take the good rows, each once, and write down for every other what it is: known, or what is wrong with it.

    Of a file that is cut off between two batches, what was written down last says from which row on nothing was read.
    """
    file = session.get_one(TransferFile, file_id, with_for_update=True)
    units = Units(session, file.unit, _units_named(rows))
    known, refused = list(file.known), [each for each in file.refused if not _is_not_reached(each)]
    last = max((each["last"] for each in file.refused if _is_not_reached(each)), default=0)
    for row in rows:
        number = _shown(row.cells.get(Column.NUMBER, ""))[:_LONGEST_SHOWN]
        try:
            passed = _read(row, units, now, zone)
        except UnusableOrderError as error:
            refused += [_refusal(row.number, number, wrong) for wrong in error.wrong]
            continue
        taken = take(session, file.source, file.unit, passed, now, zone, file)
        if taken.is_new:
            file.taken += 1
        else:
            known.append({"row": row.number, "number": passed.number, "order": taken.order.number})
    file.known, file.refused = known, refused + _not_reached(rows[-1].number + 1, last)
    session.flush()
    return file


def _read(row: Row, units: Units, now: datetime, zone: ZoneInfo) -> PassedOn:
    if row.wrong:
        raise UnusableOrderError(list(row.wrong))
    return read(row.cells, units, now, zone)


def _units_named(rows: Iterable[Row]) -> list[str]:
    return [row.cells.get(Column.UNIT, "") for row in rows]


def _refusal(row: int, number: str, wrong: Wrong) -> dict[str, int | str | None]:
    """As it is kept: what stands in the other cells may be somebody's name or number."""
    said = wrong.said if wrong.column in _TELLABLE else ""
    column = wrong.column.value if wrong.column else None
    return {"row": row, "number": number, "column": column, "trouble": wrong.trouble.value, "said": said}


def _not_reached(row: int, last: int) -> list[dict[str, int | str | None]]:
    """One entry for all rows from `row` to the `last` of the file; none when there is none."""
    return [{**_refusal(row, "", Wrong(Trouble.NOT_REACHED)), "last": last}] if row <= last else []


def _is_not_reached(refusal: Mapping[str, object]) -> bool:
    return refusal["trouble"] == Trouble.NOT_REACHED


_TELLABLE = frozenset({Column.NUMBER, Column.RANG_AT, Column.DUE_AT, Column.UNIT})


def _shown(name: str) -> str:
    """Without what a page cannot show."""
    return "".join(letter for letter in name if letter.isprintable())
