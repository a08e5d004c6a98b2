"""An emergency alarm on a real database: who is told, in which order, until when, and what ends it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import factories
import pytest
from factories import DUTY, LINE, NOW, ZONE
from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline.models import (
    Action,
    Alarm,
    AlarmAttempt,
    AuditEntry,
    Call,
    Line,
    Order,
    OutboxEntry,
    OutboxState,
    TextMessage,
    Unit,
    User,
    Work,
)
from hotline.rules.alarms import AlarmState, RingEvent, RingState, Say, Way
from hotline.rules.facts import FactName, Urgency
from hotline.rules.order_states import Move
from hotline.rules.roles import Role
from hotline.rules.roster import Post
from hotline.services import alarms, facts, intake, orders, outbox, replay
from hotline.services.access import SYSTEM, actor_for, contents_seen
from hotline.services.desk import orders as order_desk
from hotline.services.surveys import Dial

SPACING = timedelta(minutes=3)
FIRST, SECOND, ABOVE, TOP = "+8613900000001", "+8613900000002", "+8613900000003", "+8613900000004"


@dataclass
class Emergency:
    """An emergency of a street below a district, with its alarm; time passes as the steps come due."""

    session: Session
    line: Line
    now: datetime = NOW
    numbers: list[str] = field(default_factory=list)

    def begin(self) -> "Emergency":
        factories.alarm(self.session, self.line)
        return self

    @property
    def alarm(self) -> Alarm:
        return self.session.scalars(select(Alarm)).one()

    @property
    def order(self) -> Order:
        return self.alarm.order

    def attempts(self) -> list[AlarmAttempt]:
        return list(self.session.scalars(select(AlarmAttempt).order_by(AlarmAttempt.id)))

    def tell(self, attempt: AlarmAttempt | None = None) -> Dial | alarms.Unanswered | None:
        """Do the next step that is planned, at its time."""
        planned = attempt or next(each for each in self.attempts() if each.state == RingState.PLANNED)
        self.now = max(self.now, planned.due_at)
        told = alarms.ring(self.session, planned.id, "twilio", self.now)
        if isinstance(told, Dial):
            self.numbers.append(told.to_number)
            alarms.dialled(self.session, planned.id, factories.call_sid())
        return told

    def last(self) -> AlarmAttempt:
        return max((each for each in self.attempts() if each.rung_at), key=lambda each: each.id)

    def press(self, key: str, attempt: AlarmAttempt | None = None, **more: str) -> alarms.Heard:
        rung = attempt or self.last()
        told = factories.told(dialled=rung.number or "", number=LINE, **more)
        return alarms.keyed(self.session, rung, told, key, self.now)


def on_duty(session: Session, unit: Unit, phone: str | None, post: Post = Post.DUTY) -> User:
    person = factories.user(session, unit, Role.HANDLER, phone=phone)
    factories.shift(session, person, NOW - timedelta(hours=1), NOW + timedelta(days=1), post)
    return person


@pytest.fixture
def district(session: Session) -> Unit:
    return factories.unit(session)


@pytest.fixture
def emergency(session: Session, district: Unit) -> Emergency:
    street = factories.unit(session, parent=district)
    return Emergency(session, factories.line(session, street))


# Who is told


def test_without_a_roster_the_lines_duty_number_is_rung_and_texted(emergency: Emergency) -> None:
    told = emergency.begin().tell()

    assert isinstance(told, Dial)
    assert (told.from_number, told.to_number) == (LINE, DUTY)
    text = emergency.session.query(TextMessage).filter_by(purpose="emergency_alarm").one()
    assert (text.number, emergency.order.number in text.body) == (DUTY, True)
    assert all(number in text.body for number in ("110", "119", "120"))
    assert factories.CALLER not in text.body
    assert emergency.last().message_id == text.id


def test_the_next_is_told_every_three_minutes_up_the_tree_and_round_again(emergency: Emergency, district: Unit) -> None:
    session, street = emergency.session, emergency.line.unit
    on_duty(session, street, SECOND, Post.BACKUP)
    on_duty(session, street, FIRST)
    on_duty(session, street, None)
    on_duty(session, district, ABOVE)
    emergency.begin()

    for _ in range(5):
        emergency.tell()

    assert emergency.numbers == [FIRST, SECOND, ABOVE, DUTY, FIRST]
    assert emergency.now == NOW + 4 * SPACING
    assert [each.round for each in emergency.attempts()] == [1, 1, 1, 1, 2, None]


def test_who_is_on_the_roster_and_cannot_act_is_rung_after_who_can(emergency: Emergency, district: Unit) -> None:
    session, street = emergency.session, emergency.line.unit
    beside = factories.user(session, factories.unit(session, parent=district), Role.HANDLER, phone=FIRST)
    clerk = factories.user(session, street, Role.ADMINISTRATOR, phone=SECOND)
    for guest in (beside, clerk):
        factories.shift(session, guest, NOW - timedelta(hours=1), NOW + timedelta(days=1), unit=street)
    on_duty(session, district, ABOVE, Post.LEADER)
    emergency.begin()

    for _ in range(4):
        emergency.tell()

    assert emergency.numbers == [ABOVE, FIRST, SECOND, DUTY]


def test_whoever_comes_on_in_the_middle_is_told_and_who_went_home_is_not(emergency: Emergency) -> None:
    session, street = emergency.session, emergency.line.unit
    going, coming = (factories.user(session, street, phone=phone) for phone in (FIRST, SECOND))
    factories.shift(session, going, NOW - timedelta(hours=8), NOW + timedelta(minutes=2))
    factories.shift(session, coming, NOW + timedelta(minutes=2), NOW + timedelta(hours=8))
    emergency.begin()

    for _ in range(3):
        emergency.tell()

    assert emergency.numbers == [FIRST, SECOND, DUTY]


def test_calls_leave_at_any_hour_whatever_the_policy_says_for_callers(session: Session) -> None:
    night = factories.unit(session, policy={"calls_from": "12:00", "calls_until": "12:01", "alarm_spacing": 60})
    emergency = Emergency(session, factories.line(session, night)).begin()

    assert isinstance(emergency.tell(), Dial)
    emergency.tell()
    assert emergency.now == NOW + timedelta(minutes=1)


def test_after_the_last_round_the_tops_supervisors_are_told_and_a_person_finds_it(
    emergency: Emergency, district: Unit
) -> None:
    factories.user(emergency.session, district, Role.SUPERVISOR, phone=TOP)
    factories.user(emergency.session, district, Role.SUPERVISOR)
    emergency.begin()
    for _ in range(3):
        emergency.tell()

    assert isinstance(emergency.tell(), alarms.Unanswered)

    assert emergency.alarm.state == AlarmState.UNANSWERED
    assert emergency.numbers == [DUTY, DUTY, DUTY]
    in_vain, supervisor = emergency.attempts()[-2:]
    assert isinstance(emergency.tell(in_vain), alarms.Unanswered)
    assert isinstance(emergency.tell(supervisor), Dial)
    assert emergency.numbers[-1] == TOP
    assert emergency.press("1").say == Say.THANKS
    assert emergency.alarm.state == AlarmState.ACKNOWLEDGED
    assert len(emergency.attempts()) == 5


def test_told_again_by_a_person_everybody_gets_all_rounds_again(emergency: Emergency) -> None:
    emergency.begin()
    for _ in range(4):
        emergency.tell()
    attempt = emergency.attempts()[-1]
    entry = emergency.session.scalars(
        select(OutboxEntry).where(OutboxEntry.work == Work.RING_ALARM, OutboxEntry.subject_id == attempt.id)
    ).one()
    outbox.bury(entry, "nobody acknowledged the alarm")

    replay.replay(
        emergency.session, entry, factories.actor(emergency.session, emergency.line.unit, Role.SUPERVISOR), NOW
    )
    for _ in range(3):
        emergency.tell()

    assert emergency.numbers == [DUTY] * 6
    assert isinstance(emergency.tell(), alarms.Unanswered)


def test_an_emergency_on_no_line_at_all_is_given_up_at_once(session: Session) -> None:
    order = factories.order(session)
    line = order.calls[0].line
    assert line is not None
    order.calls[0].line = None
    line.is_active = False
    order.urgency = Urgency.EMERGENCY
    alarms.begin(session, order, NOW, is_new=True)

    assert isinstance(Emergency(session, line).tell(), alarms.Unanswered)


def test_a_number_that_cannot_be_rung_is_passed_over_at_once_in_the_first_round(emergency: Emergency) -> None:
    on_duty(emergency.session, emergency.line.unit, FIRST)
    emergency.begin().tell()

    alarms.refused_by_carrier(emergency.session, emergency.last().id, "the carrier refused with code 21211", NOW)

    following = emergency.attempts()[-1]
    entry = emergency.session.scalars(
        select(OutboxEntry).where(OutboxEntry.work == Work.RING_ALARM, OutboxEntry.subject_id == following.id)
    ).one()
    assert entry.due_at == NOW
    assert emergency.attempts()[0].state == RingState.FAILED


# What ends it


def test_one_pressed_by_whoever_was_rung_takes_it_on_and_nobody_else_is_told(emergency: Emergency) -> None:
    person = on_duty(emergency.session, emergency.line.unit, FIRST)
    emergency.begin().tell()

    assert emergency.press("1").say == Say.THANKS

    alarm = emergency.alarm
    assert (alarm.state, alarm.way, alarm.acknowledged_by) == (AlarmState.ACKNOWLEDGED, Way.KEY, person)
    assert emergency.tell() is None
    assert [each.state for each in emergency.attempts()] == [RingState.CONFIRMED, RingState.CANCELLED]
    noted = emergency.session.query(AuditEntry).filter_by(action=Action.ALARM_ACKNOWLEDGED).one()
    assert (noted.user_id, noted.subject_id, noted.detail) == (person.id, alarm.order_id, "key")


def test_the_key_of_a_guest_who_cannot_open_the_order_is_noted_and_the_next_is_told_at_once(
    emergency: Emergency, district: Unit
) -> None:
    session, street = emergency.session, emergency.line.unit
    guest = factories.user(session, factories.unit(session, parent=district), Role.HANDLER, phone=FIRST)
    factories.shift(session, guest, NOW - timedelta(hours=1), NOW + timedelta(days=1), unit=street)
    emergency.begin().tell()

    assert emergency.press("1").say == Say.NOT_CONFIRMED

    assert emergency.alarm.state == AlarmState.RINGING
    pressed, following = emergency.attempts()
    assert (pressed.user, pressed.trouble, pressed.state) == (guest, alarms.UNSEEN, RingState.DIALLING)
    emergency.tell(following)
    assert emergency.press("1").say == Say.THANKS


@pytest.mark.parametrize("key", ["", "2", "0", "#"])
def test_no_other_key_takes_it_on_and_it_is_asked_three_times(emergency: Emergency, key: str) -> None:
    emergency.begin().tell()

    assert [emergency.press(key).say for _ in range(3)] == [Say.ASK_AGAIN, Say.ASK_LAST, Say.NOT_CONFIRMED]
    assert emergency.alarm.state == AlarmState.RINGING


def test_a_key_that_arrives_after_the_line_went_dead_counts(emergency: Emergency) -> None:
    emergency.begin().tell()
    alarms.progressed(emergency.session, emergency.last(), RingEvent.HANG_UP, NOW, duration_s=20)
    emergency.tell()

    assert emergency.press("1", emergency.attempts()[0]).say == Say.THANKS
    assert emergency.alarm.state == AlarmState.ACKNOWLEDGED
    assert emergency.attempts()[0].state == RingState.CONFIRMED


def test_the_second_to_press_hears_that_somebody_has_it(emergency: Emergency) -> None:
    first = on_duty(emergency.session, emergency.line.unit, FIRST)
    emergency.begin().tell()
    emergency.tell()
    emergency.press("1", emergency.attempts()[0])

    assert emergency.press("1", emergency.attempts()[1]).say == Say.OVER
    assert emergency.alarm.acknowledged_by == first


def test_a_repeated_key_changes_nothing(emergency: Emergency) -> None:
    emergency.begin().tell()

    sid = factories.call_sid()
    said = [emergency.press("2", call_id=sid, event="key:1").say for _ in range(3)]

    assert said == [Say.ASK_AGAIN] * 3


def test_another_telephone_than_the_one_that_was_rung_takes_nothing_on(emergency: Emergency) -> None:
    emergency.begin().tell()
    told = factories.told(dialled=FIRST, number=LINE)

    with pytest.raises(alarms.WrongNumberError):
        alarms.keyed(emergency.session, emergency.last(), told, "1", NOW)
    assert emergency.alarm.state == AlarmState.RINGING


def test_opening_the_order_takes_it_on_for_those_who_can_act_on_it(emergency: Emergency, district: Unit) -> None:
    session = emergency.session
    emergency.begin().tell()
    elsewhere = factories.unit(session, parent=district)
    for looks_on in (
        SYSTEM,
        factories.actor(session, district, Role.ADMINISTRATOR),
        factories.actor(session, elsewhere, Role.HANDLER),
    ):
        assert not alarms.acknowledge(session, emergency.order, looks_on, NOW)
    opener = factories.actor(session, district, Role.SUPERVISOR)

    assert alarms.acknowledge(session, emergency.order, opener, NOW)
    assert not alarms.acknowledge(session, emergency.order, opener, NOW)
    assert (emergency.alarm.way, emergency.alarm.acknowledged_by_id) == (Way.CONSOLE, opener.user_id)


def test_a_secret_emergency_is_taken_on_by_whoever_reads_it(emergency: Emergency, district: Unit) -> None:
    session = emergency.session
    emergency.begin().tell()
    emergency.order.is_secret = True
    session.flush()
    reader = factories.actor(session, emergency.order.unit, Role.SUPERVISOR)

    assert not alarms.acknowledge(session, emergency.order, factories.actor(session, district, Role.DISPATCHER), NOW)
    assert emergency.alarm.state == AlarmState.RINGING
    assert alarms.acknowledge(session, emergency.order, reader, NOW)


def reads(session: Session, person: User, order: Order) -> bool:
    """Whether the order's page shows the person what it holds; lists say the same."""
    found = order_desk.one(session, actor_for(person), order.number, NOW)
    seen = select(Order.id).where(Order.id == order.id, contents_seen(actor_for(person)))
    is_found = session.scalar(seen) is not None
    assert found is not None
    assert found.shows_contents == is_found
    return is_found


def test_whoever_is_told_of_a_secret_emergency_reads_it_until_somebody_has_it(emergency: Emergency) -> None:
    session, street = emergency.session, emergency.line.unit
    first, second, third = (on_duty(session, street, phone) for phone in (FIRST, SECOND, ABOVE))
    emergency.begin()
    other = factories.order(session, emergency.line)
    emergency.order.is_secret = other.is_secret = True
    session.flush()
    assert not any(reads(session, each, emergency.order) for each in (first, second, third))

    emergency.tell()
    emergency.tell()
    assert [reads(session, each, emergency.order) for each in (first, second, third)] == [True, True, False]
    assert not reads(session, first, other)

    emergency.press("1")
    assert [reads(session, each, emergency.order) for each in (first, second, third)] == [False, True, False]
    orders.move(session, emergency.order, Move.TRIAGE, SYSTEM, NOW)
    assert reads(session, second, emergency.order)


def test_whoever_is_told_takes_a_secret_emergency_on_by_opening_it(emergency: Emergency) -> None:
    session = emergency.session
    told = on_duty(session, emergency.line.unit, FIRST)
    emergency.begin()
    emergency.order.is_secret = True
    emergency.tell()

    assert alarms.acknowledge(session, emergency.order, actor_for(told), NOW)
    assert emergency.alarm.acknowledged_by == told


def test_moving_the_order_takes_it_on(emergency: Emergency) -> None:
    emergency.begin()
    taker = factories.actor(emergency.session, emergency.line.unit, Role.CALL_TAKER)

    orders.triage(emergency.session, emergency.order, taker, NOW)

    assert (emergency.alarm.way, emergency.alarm.acknowledged_by_id) == (Way.MOVE, taker.user_id)


def test_what_the_system_does_takes_nothing_on_but_a_signature_does(emergency: Emergency) -> None:
    emergency.begin()
    order = emergency.order
    for move in (Move.TRIAGE, Move.DISPATCH):
        factories.step(emergency.session, order, move)
    assert emergency.alarm.state == AlarmState.RINGING
    handler = factories.user(emergency.session, order.unit, Role.HANDLER)

    orders.accept(emergency.session, order, handler, SYSTEM, NOW)

    assert (emergency.alarm.state, emergency.alarm.acknowledged_by) == (AlarmState.ACKNOWLEDGED, handler)


@pytest.mark.parametrize("move", [Move.INVALIDATE, Move.MERGE])
def test_an_order_that_is_none_any_more_alarms_nobody(emergency: Emergency, move: Move) -> None:
    emergency.begin().tell()
    factories.step(emergency.session, emergency.order, move)

    assert emergency.alarm.state == AlarmState.OVER
    assert emergency.tell() is None
    assert emergency.press("1").say == Say.OVER


def test_once_taken_on_it_stays_so_whatever_is_said_of_the_urgency(emergency: Emergency) -> None:
    emergency.begin().tell()
    emergency.press("1")
    reviewer = factories.actor(emergency.session, emergency.line.unit, Role.CALL_TAKER)

    for urgency in ("normal", "emergency"):
        facts.confirm(emergency.session, emergency.order, FactName.URGENCY, urgency, reviewer, NOW, ZONE)

    assert emergency.alarm.state == AlarmState.ACKNOWLEDGED


def test_taking_it_on_late_takes_it_off_the_list_of_troubles(emergency: Emergency) -> None:
    emergency.begin()
    for _ in range(4):
        emergency.tell()
    entries = emergency.session.scalars(select(OutboxEntry).where(OutboxEntry.work == Work.RING_ALARM)).all()
    outbox.bury(entries[-1], "nobody acknowledged the alarm")

    alarms.acknowledge(
        emergency.session, emergency.order, factories.actor(emergency.session, emergency.line.unit, *Role), NOW
    )

    emergency.session.refresh(entries[-1])
    assert entries[-1].state == OutboxState.DONE


# Once for each run of work


def test_a_step_done_twice_rings_once_and_plans_one_next(emergency: Emergency) -> None:
    emergency.begin()
    first = emergency.attempts()[0]

    once, again = (alarms.ring(emergency.session, first.id, "twilio", NOW) for _ in range(2))

    assert isinstance(once, Dial)
    assert isinstance(again, Dial)
    assert (once.maybe_dialled, again.maybe_dialled) == (False, True)
    assert len(emergency.attempts()) == 2
    assert emergency.session.query(Call).filter_by(number=DUTY).count() == 1
    assert emergency.session.query(TextMessage).filter_by(purpose="emergency_alarm").count() == 1


def test_a_step_that_was_held_up_until_the_next_ones_time_is_not_done_any_more(emergency: Emergency) -> None:
    emergency.begin()
    first = emergency.attempts()[0]
    alarms.ring(emergency.session, first.id, "twilio", NOW)
    emergency.tell()

    assert alarms.ring(emergency.session, first.id, "twilio", emergency.now) is None
    assert first.state == RingState.CANCELLED


def test_a_step_that_failed_before_it_could_plan_is_followed_all_the_same(emergency: Emergency) -> None:
    emergency.begin()
    first = emergency.attempts()[0]

    for _ in range(2):
        alarms.not_rung(emergency.session, first.id, "OperationalError", NOW)

    assert [each.due_at for each in emergency.attempts()] == [NOW, NOW + SPACING]


def test_an_order_done_again_because_its_caller_was_unhappy_wakes_nobody(emergency: Emergency) -> None:
    emergency.begin()
    order = emergency.order
    for move in (Move.TRIAGE, Move.DISPATCH, Move.ACCEPT, Move.CONTACT, Move.RESOLVE, Move.REOPEN):
        factories.step(emergency.session, order, move)
    reviewer = factories.actor(emergency.session, emergency.line.unit, Role.CALL_TAKER)

    facts.confirm(emergency.session, order, FactName.SUMMARY, "老人晕倒", reviewer, NOW, ZONE)
    assert emergency.session.query(Alarm).count() == 1
    for urgency in ("normal", "emergency"):
        facts.confirm(emergency.session, order, FactName.URGENCY, urgency, reviewer, NOW, ZONE)

    assert [alarm.run for alarm in emergency.session.scalars(select(Alarm).order_by(Alarm.id))] == [0, 1]


def test_an_emergency_that_came_in_another_way_is_found(emergency: Emergency) -> None:
    session = emergency.session
    made = {
        hours: intake.receive_call(session, factories.call(session, emergency.line, ended_at=ended), NOW, ZONE)
        for hours, ended in ((0, NOW), (30, NOW - timedelta(hours=30)))
    }
    for order in made.values():
        order.urgency = Urgency.EMERGENCY
    session.flush()

    assert (alarms.begin_missing(session, NOW), alarms.begin_missing(session, NOW)) == (1, 0)
    assert emergency.order is made[0]


def test_what_nobody_has_taken_on_is_listed_for_those_who_see_it(emergency: Emergency, district: Unit) -> None:
    emergency.begin().tell()
    session = emergency.session
    above = factories.actor(session, district, Role.SUPERVISOR)
    elsewhere = factories.actor(session, factories.unit(session), Role.SUPERVISOR)

    assert list(alarms.unacknowledged(session, above)) == [emergency.alarm]
    assert list(alarms.unacknowledged(session, elsewhere)) == []
    alarms.acknowledge(session, emergency.order, actor_for(session.get_one(User, above.user_id)), NOW)
    assert list(alarms.unacknowledged(session, above)) == []
    assert alarms.of_order(session, emergency.order) is emergency.alarm
