"""The audit log as administrators read it."""

from collections.abc import Iterator, Mapping

from sqlalchemy import BigInteger, ColumnElement, CompoundSelect, Select, and_, literal, select, union
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload

from hotline.models import (
    Attachment,
    AuditEntry,
    Call,
    CatalogueVersion,
    EmergencyMode,
    HandoverNote,
    MessageChannel,
    Notice,
    Order,
    OutboxEntry,
    OutreachEvent,
    Recording,
    ResultFile,
    Shift,
    Statement,
    TransferFile,
    TransferPlatform,
    Unit,
    User,
)
from hotline.rules.roles import Role
from hotline.services.access import Actor, require_role, sees_call, sees_order, units_below
from hotline.services.desk.stretches import ROWS, Place, Stretch, stretch_of
from hotline.services.desk.troubles import sees_work


def listed(session: Session, actor: Actor, place: Place | None) -> Stretch[AuditEntry]:
    """What the people of the actor's unit and of those below did, and what anybody did with what the actor sees.

    What is about nothing, as an attempt to sign in under a name that nobody has, is for the topmost unit.

    Raises:
        NotAllowedError
    """
    require_role(actor, Role.ADMINISTRATOR)
    found = _page(session, actor, place)
    # Where nothing is before, or nothing behind, it is the first page.
    return found if place is None or found.previous else _page(session, actor, None)


def order_numbers(session: Session, actor: Actor, found: Stretch[AuditEntry]) -> Mapping[int, str]:
    """The numbers of the orders that the entries are about, by their ids; of those that the actor sees."""
    ids = {entry.subject_id for entry in found.rows if entry.subject == "orders"}
    rows = session.execute(select(Order.id, Order.number).where(Order.id.in_(ids), sees_order(actor)))
    return {row.id: row.number for row in rows}


# Of what is a unit's, or of an order or call: the columns that name the row and what it belongs to.
_Columns = tuple[InstrumentedAttribute[int], InstrumentedAttribute[int]]
_OF_UNITS: Mapping[str, _Columns] = {
    "units": (Unit.id, Unit.id),
    "users": (User.id, User.unit_id),
    "shifts": (Shift.id, Shift.unit_id),
    "handover_notes": (HandoverNote.id, HandoverNote.unit_id),
    "emergency_modes": (EmergencyMode.id, EmergencyMode.unit_id),
    "outreach_events": (OutreachEvent.id, OutreachEvent.unit_id),
    "catalogue_versions": (CatalogueVersion.id, CatalogueVersion.unit_id),
    "message_channels": (MessageChannel.id, MessageChannel.unit_id),
    "transfer_files": (TransferFile.id, TransferFile.unit_id),
    "result_files": (ResultFile.id, ResultFile.unit_id),
    "transfer_platforms": (TransferPlatform.id, TransferPlatform.unit_id),
}
_OF_ORDERS: Mapping[str, _Columns] = {
    "orders": (Order.id, Order.id),
    "statements": (Statement.id, Statement.order_id),
    "attachments": (Attachment.id, Attachment.order_id),
    "notices": (Notice.id, Notice.order_id),
}
_OF_CALLS: Mapping[str, _Columns] = {"calls": (Call.id, Call.id), "recordings": (Recording.id, Recording.call_id)}
# What a model learned and which words it knows is for all, and for the topmost unit to read of.
OF_THE_WHOLE = frozenset({"learning_rounds", "local_words"})


def _page(session: Session, actor: Actor, place: Place | None) -> Stretch[AuditEntry]:
    found = select(AuditEntry).options(joinedload(AuditEntry.user))
    if not actor.is_at_the_top:
        found = found.where(AuditEntry.id.in_(_nearest(actor, place)))
    return stretch_of(session, found, (AuditEntry.id,), place)


def _nearest(actor: Actor, place: Place | None) -> CompoundSelect[int]:
    """The ids of more entries than a page has that follow the place, or come before it.

    Some of each kind by itself: for each the database finds the shorter way, down the log where much of it is in sight,
    by what is in sight where that is little. For all at once it would go through the whole log.
    """
    is_before = place is not None and place.is_before
    kinds = [select(AuditEntry.id).where(each) for each in _kinds(actor)]
    if place is not None:
        at = literal(place.values[0], BigInteger())
        kinds = [each.where(AuditEntry.id > at if is_before else AuditEntry.id < at) for each in kinds]
    order = AuditEntry.id.asc() if is_before else AuditEntry.id.desc()
    return union(*(select(each.order_by(order).limit(ROWS + 1).subquery().c.id) for each in kinds))


def _kinds(actor: Actor) -> Iterator[ColumnElement[bool]]:
    """Conditions of which each entry in sight meets one: what one's people did, and by what the others are about."""
    units, orders, calls = (
        units_below(actor),
        select(Order.id).where(sees_order(actor)),
        select(Call.id).where(sees_call(actor)),
    )
    yield AuditEntry.user_id.in_(select(User.id).where(User.unit_id.in_(units)))
    for of, holders in ((_OF_UNITS, units), (_OF_ORDERS, orders), (_OF_CALLS, calls)):
        for subject, (row_id, holder_id) in of.items():
            yield _about(subject, select(row_id).where(holder_id.in_(holders)))
    yield _about("outbox", select(OutboxEntry.id).where(sees_work(actor)))


def _about(subject: str, rows: Select[int]) -> ColumnElement[bool]:
    return and_(AuditEntry.subject == subject, AuditEntry.subject_id.in_(rows))
