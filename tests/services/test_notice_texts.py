"""Notices as text messages: to whom, when, and with nothing of the caller in them."""

from datetime import timedelta

import factories
import pytest
from factories import NOW, ZONE
from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline.models import Level, NoticeReader, Order, OutboxEntry, TextMessage, Unit, User, Work
from hotline.rules.facts import FactName
from hotline.rules.order_states import Move, OrderState
from hotline.rules.roles import Role
from hotline.services import facts, supervision
from hotline.services.access import actor_for

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
# Ten in the evening, local.
NIGHT = NOW + 12 * HOUR
MORNING = NOW + 23 * HOUR


class Street:
    """A street that wants texts, with a supervisor and a handler who have telephones."""

    def __init__(self, session: Session, **policy: object) -> None:
        self.session = session
        self.unit: Unit = factories.unit(session, level=Level.STREET, policy={"notice_texts": True, **policy})
        self.line = factories.line(session, self.unit)
        self.supervisor = factories.user(session, self.unit, Role.SUPERVISOR, phone="+8613900139000")
        self.handler = factories.user(session, self.unit, Role.HANDLER, phone="+8613900139001")

    def order(self, state: OrderState = OrderState.DISPATCHED) -> Order:
        return factories.order(self.session, self.line, state)

    def look(self, at: object) -> None:
        while supervision.look(self.session, at, ZONE):  # type: ignore[arg-type]  # a datetime
            pass

    def texts(self) -> list[TextMessage]:
        wanted = select(TextMessage).where(TextMessage.purpose.startswith("notice:")).order_by(TextMessage.id)
        return list(self.session.scalars(wanted))

    def told(self) -> list[tuple[str, str]]:
        return [(text.number[-1], text.body.partition("】")[2]) for text in self.texts()]


@pytest.fixture
def street(session: Session) -> Street:
    return Street(session)


def test_each_colour_is_texted_once_to_who_must_look(street: Street) -> None:
    order = street.order()

    for at in (25, 26, 31, 32, 46, 47):
        street.look(NOW + at * MINUTE)

    number = order.number
    assert street.told() == [
        ("1", f"提醒：工单{number}的签收时限快到了，请登录系统办理。"),
        ("0", f"黄色督办：工单{number}签收已超时，请登录系统督办。"),
        ("0", f"红色督办：工单{number}签收严重超时，请登录系统督办。"),
    ]
    sent = street.session.scalars(select(OutboxEntry.subject_id).where(OutboxEntry.work == Work.SEND_MESSAGE)).all()
    assert {text.id for text in street.texts()} <= set(sent)


def test_a_text_hangs_on_no_order_so_that_nobody_of_ours_is_taken_for_its_caller(street: Street) -> None:
    street.order()
    street.look(NOW + 31 * MINUTE)

    assert street.texts()
    assert all((text.order_id, text.call_id) == (None, None) for text in street.texts())


def test_one_look_writes_one_text_about_the_gravest(street: Street) -> None:
    street.order()

    street.look(NOW + 50 * MINUTE)
    street.look(NOW + 51 * MINUTE)

    (told,) = street.told()
    assert told[1].startswith("红色督办")


def test_no_unit_that_does_not_want_it_is_texted(session: Session) -> None:
    street = Street(session, notice_texts=False)
    street.order()
    street.look(NOW + 3 * HOUR)

    assert street.texts() == []


def test_at_night_it_waits_for_the_morning_and_is_left_out_when_it_was_done(street: Street) -> None:
    kept, done = (factories.order(street.session, street.line, OrderState.IN_PROGRESS) for _ in range(2))
    for order in (kept, done):
        order.resolve_by = order.look_at = NIGHT
    street.session.flush()

    street.look(NIGHT + MINUTE)
    assert street.texts() == []
    assert kept.look_at is not None
    assert kept.look_at <= MORNING
    factories.step(street.session, done, Move.RESOLVE, at=NIGHT + HOUR)
    street.look(MORNING)

    (told,) = street.told()
    assert kept.number in told[1]
    assert "办理" in told[1]


def test_an_emergency_is_texted_at_any_hour(street: Street) -> None:
    order = street.order(OrderState.RECEIVED)
    street.session.flush()
    reviewer = factories.actor(street.session, street.unit, Role.CALL_TAKER)
    facts.confirm(street.session, order, FactName.URGENCY, "emergency", reviewer, NOW, ZONE)
    order.accept_by = order.look_at = NIGHT
    street.session.flush()

    street.look(NIGHT + MINUTE)

    assert [number for number, _body in street.told()] == ["0"]


def test_who_has_looked_or_cannot_be_written_to_gets_none(street: Street) -> None:
    landline = factories.user(street.session, street.unit, Role.SUPERVISOR, phone=factories.LANDLINE)
    factories.user(street.session, street.unit, Role.SUPERVISOR)
    gone = factories.user(street.session, street.unit, Role.SUPERVISOR, phone="+8613900139002")
    gone.is_active = False
    street.session.flush()
    street.order()

    street.look(NOW + 31 * MINUTE)

    assert [text.number for text in street.texts()] == [street.supervisor.phone]
    assert landline.phone not in {text.number for text in street.texts()}


def test_what_was_seen_before_the_morning_is_not_texted(street: Street) -> None:
    order = street.order(OrderState.IN_PROGRESS)
    order.resolve_by = order.look_at = NIGHT
    street.session.flush()
    street.look(NIGHT + 3 * HOUR)
    for reader in street.session.scalars(select(NoticeReader)):
        supervision.mark_seen(street.session, reader, actor_for(street.supervisor), NIGHT + 4 * HOUR)

    street.look(MORNING)

    assert street.texts() == []


def test_a_handler_who_signed_is_the_one_reminded(street: Street) -> None:
    order = street.order(OrderState.ACCEPTED)
    signed = street.session.get_one(User, order.handler_id)
    signed.phone = "+8613900139005"
    street.session.flush()

    street.look(NOW + HOUR + 45 * MINUTE)

    assert [number for number, _body in street.told()] == ["5"]
