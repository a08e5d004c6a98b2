"""Notices of supervision as text messages: to who must look and has a telephone, where the unit wants it.

A text holds the order's number and what is late, nothing of the caller: it is read by anybody. It is about an order but
no letter to its caller, so it hangs on none; its purpose names the notice and the person.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session, selectinload

from hotline.models import Line, Notice, NoticeReader, Order, TextMessage, User, UserRole
from hotline.rules.clocks import Step, next_texting_time
from hotline.rules.policy import Policy
from hotline.rules.supervision import Colour
from hotline.rules.wording import text_for
from hotline.services import clocks, text_messages

_COLOURS = tuple(Colour)


def tell(
    session: Session,
    order: Order,
    standing: Collection[tuple[Step, datetime]],
    policy: Policy,
    now: datetime,
    zone: ZoneInfo,
) -> datetime | None:
    """Write to who has not looked at a notice of the locked order whose limit is still `standing`, once for each.

    When to try again, where it is night: None when nothing waits. One look writes one text to a person, about the
    gravest of what they have not been told.
    """
    if not policy.notice_texts or not standing:
        return None
    line = text_messages.line_for(session, order)
    untold = _untold(session, order, standing) if line else {}
    if not untold or line is None:
        return None
    at = now if clocks.wakes(order) else next_texting_time(policy, now, zone)
    if at > now:
        return at
    for person, notices in untold.items():
        _write(session, order, line, person, notices, now)
    return None


def _untold(
    session: Session, order: Order, standing: Collection[tuple[Step, datetime]]
) -> Mapping[User, Sequence[Notice]]:
    """By person the notices that came since the last one they got a text about, oldest first."""
    found = select(Notice).where(Notice.order_id == order.id, Notice.run == clocks.run_of(order)).order_by(Notice.id)
    notices = session.scalars(found.options(selectinload(Notice.readers).joinedload(NoticeReader.user))).all()
    by_person: dict[User, list[Notice]] = {}
    for notice in notices:
        if (notice.step, notice.due_at) in standing:
            for person in _people(session, notice):
                by_person.setdefault(person, []).append(notice)
    wanted = {_purpose(notice, person): notice.id for person, each in by_person.items() for notice in each}
    written = set(session.scalars(select(TextMessage.purpose).where(_is_one_of(wanted))))
    since = {
        person: max((notice.id for notice in each if _purpose(notice, person) in written), default=0)
        for person, each in by_person.items()
    }
    untold = {person: [each for each in by_person[person] if each.id > last] for person, last in since.items()}
    return {person: each for person, each in untold.items() if each}


def _people(session: Session, notice: Notice) -> list[User]:
    """Who must look at the notice, has not, and can be written to."""
    people: list[User] = []
    for reader in notice.readers:
        if reader.seen_at is None:
            people += [reader.user] if reader.user else _holders(session, reader)
    return [each for each in people if each.is_active and each.phone and text_messages.takes_texts(each.phone)]


def _holders(session: Session, reader: NoticeReader) -> Sequence[User]:
    found = select(User).join(UserRole).where(User.unit_id == reader.unit_id, UserRole.role == reader.role)
    return session.scalars(found.where(User.phone.is_not(None)).order_by(User.id)).all()


def _write(session: Session, order: Order, line: Line, person: User, notices: Sequence[Notice], now: datetime) -> None:
    gravest = max(notices, key=lambda each: (_COLOURS.index(each.colour), each.id))
    step = text_for(line.language, f"step_{gravest.step}")
    body = text_for(line.language, f"sms_notice_{gravest.colour}", line=line.name, number=order.number, step=step)
    text_messages.tell_one_of_ours(session, line, _purpose(notices[-1], person), person.phone or "", body, now)


def _purpose(notice: Notice, person: User) -> str:
    return f"notice:{notice.id}:{person.id}"


def _is_one_of(purposes: Collection[str]) -> ColumnElement[bool]:
    # As the index on both has it.
    return and_(TextMessage.call_id.is_(None), TextMessage.purpose.in_(purposes))
