"""Pauses, extensions, emergency mode and supervision: the traps that other systems fell into, each by its name."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import factories
import pytest
from factories import NOW, ZONE
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from hotline.models import CalendarDay, Level, Notice, NoticeReader, Order, Pause, Unit, User
from hotline.rules.calendar import DayKind
from hotline.rules.clocks import Step
from hotline.rules.facts import FactName, Urgency
from hotline.rules.order_states import Move, OrderState, Remark
from hotline.rules.policy import LIMITS
from hotline.rules.roles import Role
from hotline.rules.supervision import Colour, ExtensionState, PauseState, Why
from hotline.services import clocks, emergency_mode, extensions, facts, orders, pauses, supervision, uncleared
from hotline.services.access import SYSTEM, Actor, NotAllowedError, actor_for
from hotline.services.desk import orders as desk
from hotline.services.extensions import CannotExtendError
from hotline.services.orders import ReasonMissingError
from hotline.services.pauses import CannotPauseError

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass
class City:
    """A city, a district and a street, a supervisor in each, and a handler in the street's grid."""

    session: Session
    city: Unit
    district: Unit
    street: Unit
    grid: Unit

    def actor(self, unit: Unit, *roles: Role) -> Actor:
        return factories.actor(self.session, unit, *roles)

    def order(self, state: OrderState = OrderState.IN_PROGRESS) -> Order:
        """An order that came in at the street, held by the grid as soon as it was dispatched."""
        line = factories.line(self.session, self.street, f"+8620{self._next():08d}")
        made = factories.order(self.session, line, state)
        if state not in {OrderState.RECEIVED, OrderState.TRIAGED}:
            made.unit_id = self.grid.id
            self.session.flush()
        return made

    def _next(self) -> int:
        self._count = getattr(self, "_count", 0) + 1
        return self._count

    def look(self, at: datetime) -> None:
        while supervision.look(self.session, at, ZONE):
            pass

    def told(self, order: Order) -> list[tuple[Step, Colour]]:
        return [(each.step, each.colour) for each in supervision.of_order(self.session, order)]

    def pause(self, order: Order, at: datetime, until: datetime) -> Pause:
        return pauses.ask(self.session, order, until, "等医院开证明", SYSTEM, at, ZONE)


@pytest.fixture
def city(session: Session) -> City:
    top = factories.unit(session, level=Level.CITY)
    district = factories.unit(session, parent=top, level=Level.DISTRICT)
    street = factories.unit(session, parent=district, level=Level.STREET)
    grid = factories.unit(session, parent=street, level=Level.GRID)
    for unit in (top, district, street):
        factories.user(session, unit, Role.SUPERVISOR)
    factories.user(session, grid, Role.HANDLER)
    return City(session, top, district, street, grid)


def due(order: Order) -> datetime:
    assert order.resolve_by is not None
    return order.resolve_by


# Pauses


def test_a_pause_stops_contact_and_resolve_and_what_was_left_runs_on(city: City) -> None:
    order = city.order(OrderState.ACCEPTED)

    city.pause(order, NOW + HOUR, NOW + 3 * DAY)
    assert desk.clock_of(order) is None
    pauses.resume(city.session, order, SYSTEM, NOW + DAY)

    assert (order.contact_by, order.resolve_by) == (NOW + DAY + HOUR, NOW + DAY + 23 * HOUR)
    assert order.paused_at is None
    assert [row.remark for row in order.history[-2:]] == [Remark.PAUSED, Remark.RESUMED]


def test_a_handlers_pause_waits_for_a_supervisor(city: City) -> None:
    order, handler = city.order(), city.actor(city.grid, Role.HANDLER)

    pause = pauses.ask(city.session, order, NOW + DAY, "等医院开证明", handler, NOW, ZONE)
    assert (pause.state, order.paused_at) == (PauseState.ASKED, None)
    with pytest.raises(NotAllowedError):
        pauses.decide(city.session, pause, handler, NOW, granted=True)
    supervisor = city.actor(city.district, Role.SUPERVISOR)
    assert list(pauses.to_decide(city.session, supervisor)) == [pause]
    pauses.decide(city.session, pause, supervisor, NOW + HOUR, granted=True)

    assert (pause.state, order.paused_at, pause.resolve_left) == (PauseState.RUNNING, NOW + HOUR, 23 * HOUR)
    with pytest.raises(pauses.NotAskedError):
        pauses.decide(city.session, pause, supervisor, NOW + HOUR, granted=True)


def test_where_no_approval_is_asked_a_handlers_pause_begins_at_once(city: City) -> None:
    city.street.policy = {"pause_needs_approval": False}
    order = city.order()

    pause = pauses.ask(city.session, order, NOW + DAY, "等", city.actor(city.grid, Role.HANDLER), NOW, ZONE)

    assert pause.state == PauseState.RUNNING


def test_a_refusal_needs_a_word_and_stops_nothing(city: City) -> None:
    order, supervisor = city.order(), city.actor(city.street, Role.SUPERVISOR)
    handler = city.actor(city.grid, Role.HANDLER)
    pause = pauses.ask(city.session, order, NOW + DAY, "等", handler, NOW, ZONE)

    with pytest.raises(ReasonMissingError):
        pauses.decide(city.session, pause, supervisor, NOW, granted=False)
    pauses.decide(city.session, pause, supervisor, NOW, granted=False, word="请先联系家属")

    assert (pause.state, order.paused_at, due(order)) == (PauseState.REFUSED, None, NOW + DAY)


@pytest.mark.parametrize("state", [OrderState.RECEIVED, OrderState.DISPATCHED, OrderState.RESOLVED, OrderState.CLOSED])
def test_only_what_is_worked_on_can_stand_still(city: City, state: OrderState) -> None:
    with pytest.raises(CannotPauseError):
        city.pause(city.order(state), NOW, NOW + HOUR)


def test_pauses_are_refused_without_reason_end_or_measure(city: City) -> None:
    order = city.order()
    for until, reason, refused in (
        (NOW + HOUR, " ", ReasonMissingError),
        (NOW, "等", CannotPauseError),
        (NOW + 8 * DAY, "等", CannotPauseError),
    ):
        with pytest.raises(refused):
            pauses.ask(city.session, order, until, reason, SYSTEM, NOW, ZONE)
    with pytest.raises(NotAllowedError):
        pauses.ask(city.session, order, NOW + HOUR, "等", city.actor(city.grid, Role.DISPATCHER), NOW, ZONE)


def test_many_short_pauses_are_one_long_one(city: City) -> None:
    order = city.order()
    city.pause(order, NOW, NOW + 4 * DAY)
    city.look(NOW + 4 * DAY)

    with pytest.raises(CannotPauseError, match="at most"):
        city.pause(order, NOW + 4 * DAY, NOW + 8 * DAY)


def test_a_pause_ends_by_itself_when_its_time_has_come_however_late_anybody_looks(city: City) -> None:
    order = city.order()
    pause = city.pause(order, NOW + HOUR, NOW + DAY)
    city.look(NOW + DAY - MINUTE)
    assert order.paused_at is not None

    city.look(NOW + DAY + HOUR)

    assert (pause.state, pause.ended_at) == (PauseState.EXPIRED, NOW + DAY)
    assert due(order) == NOW + DAY + 23 * HOUR


def test_a_pause_ends_with_a_move_out_of_the_state(city: City) -> None:
    order = city.order()
    pause = city.pause(order, NOW + HOUR, NOW + DAY)

    factories.step(city.session, order, Move.RESOLVE, at=NOW + 30 * HOUR)

    assert (pause.state, order.paused_at, pause.ended_at) == (PauseState.MOVED_ON, None, NOW + DAY)
    assert order.resolved_at is not None
    assert order.resolved_at < due(order)  # in the time that was left


def test_who_speaks_with_the_caller_in_a_pause_did_so_in_time(city: City) -> None:
    order = city.order(OrderState.REFERRED)
    order.contacted_at = None  # as after a reopening in the middle
    pause = city.pause(order, NOW + HOUR, NOW + 3 * DAY)

    orders.contact(city.session, order, SYSTEM, NOW + 5 * HOUR, "电话联系")

    assert (pause.state, order.contact_by) == (PauseState.RUNNING, NOW + 6 * HOUR)


def test_a_pause_revives_no_limit_that_had_passed(city: City) -> None:
    order = city.order(OrderState.ACCEPTED)
    city.pause(order, NOW + 3 * HOUR, NOW + DAY)

    assert desk.clock_of(order) == (Step.CONTACT, NOW + 2 * HOUR)
    pauses.resume(city.session, order, SYSTEM, NOW + 20 * HOUR)

    assert order.contact_by == NOW + 2 * HOUR
    with pytest.raises(CannotPauseError, match="no limit is left"):
        city.pause(order, NOW + 10 * DAY, NOW + 11 * DAY)


def test_a_priority_changed_while_paused_counts_from_the_start_less_the_pause(city: City) -> None:
    order = city.order(OrderState.ACCEPTED)
    city.pause(order, NOW + 10 * MINUTE, NOW + DAY)

    orders.set_urgency(order, Urgency.URGENT, LIMITS[Urgency.URGENT], ZONE)
    assert order.paused_at is not None
    pauses.resume(city.session, order, SYSTEM, NOW + 10 * HOUR)

    assert order.contact_by == NOW + 10 * HOUR + 20 * MINUTE
    assert order.resolve_by == NOW + 10 * HOUR + 24 * HOUR - 10 * MINUTE


def test_a_priority_changed_after_a_pause_leaves_the_pause_out(city: City) -> None:
    order = city.order(OrderState.ACCEPTED)
    city.pause(order, NOW + 10 * MINUTE, NOW + DAY)
    pauses.resume(city.session, order, SYSTEM, NOW + 70 * MINUTE)

    orders.set_urgency(order, Urgency.URGENT, LIMITS[Urgency.URGENT], ZONE)

    assert order.contact_by == NOW + 90 * MINUTE


def test_a_priority_raised_while_paused_whose_limit_had_passed_is_a_breach(city: City) -> None:
    order = city.order(OrderState.ACCEPTED)
    city.pause(order, NOW + HOUR, NOW + DAY)

    orders.set_urgency(order, Urgency.EMERGENCY, LIMITS[Urgency.EMERGENCY], ZONE)
    pauses.resume(city.session, order, SYSTEM, NOW + 10 * HOUR)

    assert order.contact_by == NOW + 15 * MINUTE
    assert order.resolve_by == NOW + 11 * HOUR


def test_page_and_database_reckon_the_same_clock_of_a_paused_order(city: City) -> None:
    for at in (NOW + HOUR, NOW + 3 * HOUR):
        order = city.order(OrderState.ACCEPTED)
        city.pause(order, at, NOW + DAY)
        city.session.flush()

        reckoned = city.session.scalar(select(Order.due_at).select_from(Order).where(Order.id == order.id))

        clock = desk.clock_of(order)
        assert reckoned == (clock[1] if clock else None)


# Extensions


def test_more_time_is_granted_by_a_supervisor_and_moves_the_limit(city: City) -> None:
    order, handler = city.order(), city.actor(city.grid, Role.HANDLER)
    asked = extensions.ask(city.session, order, NOW + 3 * DAY, "等街道审批", handler, NOW + HOUR)
    assert due(order) == NOW + DAY
    with pytest.raises(NotAllowedError):
        extensions.decide(city.session, asked, "同意", handler, NOW, granted=True)

    supervisor = city.actor(city.street, Role.SUPERVISOR)
    assert list(extensions.to_decide(city.session, supervisor)) == [asked]
    extensions.decide(city.session, asked, "同意", supervisor, NOW + 2 * HOUR, granted=True)

    assert (due(order), asked.state, asked.resolve_by) == (NOW + 3 * DAY, ExtensionState.GRANTED, NOW + DAY)


def test_refused_time_moves_nothing(city: City) -> None:
    order = city.order()
    asked = extensions.ask(city.session, order, NOW + 3 * DAY, "等", SYSTEM, NOW)

    with pytest.raises(ReasonMissingError):
        extensions.decide(city.session, asked, "", SYSTEM, NOW, granted=False)
    extensions.decide(city.session, asked, "请尽快", SYSTEM, NOW, granted=False)

    assert due(order) == NOW + DAY


def test_past_the_limit_no_time_is_asked_for_nor_granted(city: City) -> None:
    order = city.order()
    asked = extensions.ask(city.session, order, NOW + 3 * DAY, "等", SYSTEM, NOW)

    with pytest.raises(CannotExtendError, match="passed"):
        extensions.decide(city.session, asked, "同意", SYSTEM, NOW + DAY, granted=True)
    with pytest.raises(CannotExtendError, match="passed"):
        extensions.ask(city.session, order, NOW + 3 * DAY, "等", SYSTEM, NOW + DAY)
    assert due(order) == NOW + DAY


def test_what_a_pause_gave_meanwhile_is_not_granted_again(city: City) -> None:
    order = city.order()
    asked = extensions.ask(city.session, order, NOW + DAY + HOUR, "等", SYSTEM, NOW)
    city.pause(order, NOW, NOW + 4 * HOUR)
    pauses.resume(city.session, order, SYSTEM, NOW + 4 * HOUR)

    with pytest.raises(CannotExtendError, match="later than what was asked"):
        extensions.decide(city.session, asked, "同意", SYSTEM, NOW + 4 * HOUR, granted=True)

    assert due(order) == NOW + DAY + 4 * HOUR


def test_who_asks_again_withdraws_what_was_asked_before(city: City) -> None:
    order = city.order()
    first = extensions.ask(city.session, order, NOW + 3 * DAY, "等", SYSTEM, NOW)
    second = extensions.ask(city.session, order, NOW + 4 * DAY, "再等", SYSTEM, NOW)

    assert (first.state, second.state) == (ExtensionState.WITHDRAWN, ExtensionState.ASKED)
    with pytest.raises(extensions.NotAskedError):
        extensions.decide(city.session, first, "同意", SYSTEM, NOW, granted=True)


def test_requests_end_with_the_work_that_they_were_for(city: City) -> None:
    order = city.order(OrderState.ACCEPTED)
    handler = city.actor(city.grid, Role.HANDLER)
    pause = pauses.ask(city.session, order, NOW + DAY, "等", handler, NOW, ZONE)
    asked = extensions.ask(city.session, order, NOW + 3 * DAY, "等", handler, NOW)

    factories.step(city.session, order, Move.RETURN)

    assert (pause.state, asked.state) == (PauseState.WITHDRAWN, ExtensionState.WITHDRAWN)


def test_the_limit_of_a_reopened_order_knows_nothing_of_the_run_before(city: City) -> None:
    order = city.order()
    asked = extensions.ask(city.session, order, NOW + 3 * DAY, "等", SYSTEM, NOW)
    extensions.decide(city.session, asked, "同意", SYSTEM, NOW, granted=True)
    city.pause(order, NOW, NOW + HOUR)

    for move in (Move.RESOLVE, Move.REOPEN):
        factories.step(city.session, order, move, at=NOW + DAY)
    orders.set_urgency(order, Urgency.URGENT, LIMITS[Urgency.URGENT], ZONE)

    assert due(order) == NOW + 2 * DAY
    assert order.past_clocks[0].resolve_by is not None
    assert order.past_clocks[0].resolve_by > NOW + 2 * DAY


# Limits, calendar and emergency mode


def test_an_order_is_given_the_limits_of_its_unit(city: City) -> None:
    city.district.policy = {"limits": {"normal": {"contact": 1800}}}

    assert city.order().contact_by == NOW + 30 * MINUTE


def test_working_time_of_the_nearest_calendar_counts(city: City) -> None:
    friday_evening = NOW + 4 * DAY + 7 * HOUR  # 17:00 there
    city.city.policy = {"limits": {"normal": {"resolve": 7200, "in_working_time": True}}}
    saturday = (friday_evening + DAY).date()
    city.session.add(CalendarDay(day=saturday, kind=DayKind.WORKDAY, name="调休"))
    city.session.flush()

    def reckoned() -> datetime | None:
        limits = clocks.limits_for(city.session, city.street, Urgency.NORMAL, friday_evening, ZONE)
        return limits.counting.add(friday_evening, 2 * HOUR)

    assert reckoned() == friday_evening + 17 * HOUR
    city.session.add(CalendarDay(unit=city.street, day=saturday, kind=DayKind.HOLIDAY, name="休息"))
    city.session.flush()
    assert reckoned() == friday_evening + 2 * DAY + 17 * HOUR


def test_emergency_mode_tightens_what_comes_in_while_it_is_on(city: City) -> None:
    supervisor = city.actor(city.district, Role.SUPERVISOR)
    emergency_mode.switch_on(city.session, city.district, "寒潮", NOW + DAY, supervisor, NOW - HOUR, ZONE)

    assert city.order().contact_by == NOW + 30 * MINUTE
    emergency_mode.switch_off(city.session, city.district, supervisor, NOW)
    assert city.order().contact_by == NOW + 2 * HOUR


def test_nobody_from_elsewhere_and_no_handler_ends_emergency_mode(city: City) -> None:
    mode = emergency_mode.switch_on(city.session, city.district, "寒潮", NOW + DAY, SYSTEM, NOW, ZONE)

    for nobody in (city.actor(city.street, Role.SUPERVISOR), city.actor(city.district, Role.HANDLER)):
        with pytest.raises(NotAllowedError):
            emergency_mode.switch_off(city.session, city.district, nobody, NOW + HOUR)

    assert mode.ended_at is None


def test_emergency_mode_takes_in_what_is_open_by_choice_and_counts_from_then(city: City) -> None:
    left_alone, order = city.order(OrderState.ACCEPTED), city.order(OrderState.ACCEPTED)
    standing = city.order(OrderState.ACCEPTED)
    city.pause(standing, NOW, NOW + DAY)
    left_alone.accept_by = left_alone.contact_by = left_alone.resolve_by = NOW + MINUTE
    city.session.flush()

    emergency_mode.switch_on(city.session, city.city, "寒潮", NOW + DAY, SYSTEM, NOW + HOUR, ZONE, includes_open=True)

    assert (order.contact_by, order.resolve_by) == (NOW + 90 * MINUTE, NOW + DAY)
    assert order.history[-1].remark == Remark.TIGHTENED
    assert left_alone.resolve_by == NOW + MINUTE
    assert standing.contact_by == NOW + 2 * HOUR


def test_a_priority_changed_in_emergency_mode_gets_its_sharper_limits(city: City) -> None:
    order = city.order(OrderState.ACCEPTED)
    emergency_mode.switch_on(city.session, city.city, "寒潮", NOW + DAY, SYSTEM, NOW + MINUTE, ZONE, includes_open=True)

    reviewer = city.actor(city.street, Role.CALL_TAKER)
    facts.confirm(city.session, order, FactName.URGENCY, "urgent", reviewer, NOW + 2 * MINUTE, ZONE)

    assert order.contact_by == NOW + 21 * MINUTE


def test_emergency_mode_is_refused_without_reason_end_or_right(city: City) -> None:
    def switch(actor: Actor, reason: str = "寒潮", ends_at: datetime = NOW + DAY) -> None:
        emergency_mode.switch_on(city.session, city.district, reason, ends_at, actor, NOW, ZONE)

    for actor in (city.actor(city.street, Role.SUPERVISOR), city.actor(city.city, Role.HANDLER)):
        with pytest.raises(NotAllowedError):
            switch(actor)
    with pytest.raises(ReasonMissingError):
        switch(SYSTEM, " ")
    for ends_at in (NOW, NOW + 32 * DAY):
        with pytest.raises(emergency_mode.UnusableEndError):
            switch(SYSTEM, ends_at=ends_at)
    switch(SYSTEM)
    with pytest.raises(emergency_mode.AlreadyOnError):
        switch(SYSTEM)


def test_emergency_mode_ends_by_itself_and_may_begin_anew(city: City) -> None:
    mode = emergency_mode.switch_on(city.session, city.city, "寒潮", NOW + HOUR, SYSTEM, NOW, ZONE)
    emergency_mode.end_what_is_over(city.session, NOW + 2 * HOUR)

    assert mode.ended_at == NOW + HOUR
    assert emergency_mode.modes(city.session, SYSTEM, NOW + 2 * HOUR) == []
    emergency_mode.switch_on(city.session, city.city, "又一次寒潮", NOW + DAY, SYSTEM, NOW + 2 * HOUR, ZONE)


# Notices


def test_notices_come_in_order_and_once(city: City) -> None:
    order = city.order()

    for at in (NOW + HOUR, NOW + 20 * HOUR, due(order), due(order) + MINUTE, due(order) + 2 * HOUR + MINUTE):
        city.look(at)
        city.look(at)

    assert city.told(order) == [(Step.RESOLVE, colour) for colour in (Colour.BLUE, Colour.YELLOW, Colour.RED)]
    assert order.look_at is None


def test_each_colour_has_its_readers_with_copies_up_the_tree(city: City) -> None:
    order = city.order()
    for at in (NOW + 21 * HOUR, NOW + 30 * HOUR):
        city.look(at)

    blue, yellow, red = supervision.of_order(city.session, order)

    def readers(notice: Notice) -> list[tuple[int, Role, bool]]:
        return [(reader.unit_id, reader.role, reader.is_copy) for reader in notice.readers]

    assert readers(blue) == [(city.grid.id, Role.HANDLER, False)]
    assert blue.readers[0].user_id == order.handler_id
    assert readers(yellow) == [
        (city.street.id, Role.SUPERVISOR, False),
        (city.district.id, Role.SUPERVISOR, True),
    ]
    assert readers(red) == [(city.district.id, Role.SUPERVISOR, False), (city.city.id, Role.SUPERVISOR, True)]


def test_without_a_supervisor_the_nearest_one_above_is_told(city: City) -> None:
    city.session.execute(update(User).where(User.unit_id == city.street.id).values(is_active=False))
    order = city.order()
    city.look(NOW + 30 * HOUR)

    yellow, red = supervision.of_order(city.session, order)
    assert [notice.readers[0].unit_id for notice in (yellow, red)] == [city.district.id, city.city.id]


def test_no_reminder_at_midnight_but_at_the_end_of_the_quiet_hours(city: City) -> None:
    order = city.order()
    order.resolve_by = NOW + 22 * HOUR  # eight in the morning; the reminder falls on four
    city.session.flush()
    for hours in (12, 16, 18, 20):
        city.look(NOW + hours * HOUR)
    assert city.told(order) == []

    city.look(NOW + 21 * HOUR)  # seven

    assert city.told(order) == [(Step.RESOLVE, Colour.BLUE)]


def test_what_passed_in_the_quiet_hours_is_supervised_and_not_reminded_of(city: City) -> None:
    order = city.order()
    order.resolve_by = NOW + 18 * HOUR  # four in the morning
    city.session.flush()
    for hours in (17, 18.5, 21):
        city.look(NOW + hours * HOUR)

    assert city.told(order)[0] == (Step.RESOLVE, Colour.YELLOW)


def test_an_emergency_is_reminded_of_at_night(city: City) -> None:
    order = city.order()
    facts.confirm(
        city.session, order, FactName.URGENCY, "emergency", city.actor(city.street, Role.CALL_TAKER), NOW, ZONE
    )
    order.resolve_by = NOW + 18 * HOUR
    city.session.flush()

    city.look(NOW + 17 * HOUR)

    assert (Step.RESOLVE, Colour.BLUE) in city.told(order)


def test_no_clock_runs_on_after_resolution(city: City) -> None:
    order = city.order()
    factories.step(city.session, order, Move.RESOLVE, at=NOW + HOUR)

    city.look(NOW + 5 * DAY)

    assert city.told(order) == []
    assert order.look_at is None


@pytest.mark.parametrize(
    "state", [OrderState.RESOLVED, OrderState.CLOSED, OrderState.ANSWERED, OrderState.MERGED, OrderState.INVALID]
)
def test_nobody_is_told_of_what_waits_for_nobody(city: City, state: OrderState) -> None:
    order = city.order(state)

    city.look(NOW + 5 * DAY)

    assert city.told(order) == []


def test_nobody_is_told_of_what_stands_still(city: City) -> None:
    order = city.order(OrderState.ACCEPTED)
    city.pause(order, NOW + 3 * HOUR, NOW + 5 * DAY)

    city.look(NOW + 2 * DAY)

    assert city.told(order) == []
    city.look(NOW + 5 * DAY)
    assert city.told(order)[0] == (Step.CONTACT, Colour.YELLOW)


def test_a_merge_while_overdue_keeps_the_breach_and_unmerged_the_clocks_run_on_as_they_stood(city: City) -> None:
    order = city.order()
    city.look(NOW + 25 * HOUR)
    before = clocks.until(order)

    factories.step(city.session, order, Move.MERGE, at=NOW + 25 * HOUR)
    city.look(NOW + 5 * DAY)
    assert city.told(order) == [(Step.RESOLVE, Colour.YELLOW)]
    assert (clocks.until(order), order.resolved_at, desk.clock_of(order)) == (before, None, None)

    factories.step(city.session, order, Move.UNMERGE, at=NOW + 5 * DAY)
    city.look(NOW + 5 * DAY)
    assert clocks.until(order) == before
    assert city.told(order) == [(Step.RESOLVE, Colour.YELLOW), (Step.RESOLVE, Colour.RED)]


def test_more_time_brings_a_reminder_before_the_new_limit(city: City) -> None:
    order = city.order()
    city.look(NOW + 21 * HOUR)
    asked = extensions.ask(city.session, order, NOW + 3 * DAY, "等", SYSTEM, NOW + 21 * HOUR)
    extensions.decide(city.session, asked, "同意", SYSTEM, NOW + 21 * HOUR, granted=True)
    city.look(NOW + 30 * HOUR)
    assert city.told(order) == [(Step.RESOLVE, Colour.BLUE)]

    city.look(NOW + 3 * DAY - HOUR)

    assert city.told(order) == [(Step.RESOLVE, Colour.BLUE)] * 2


def test_a_reopened_order_is_supervised_anew(city: City) -> None:
    order = city.order()
    city.look(NOW + 25 * HOUR)
    factories.step(city.session, order, Move.RESOLVE, at=NOW + 26 * HOUR)
    factories.step(city.session, order, Move.REOPEN, at=NOW + 27 * HOUR)

    city.look(NOW + 27 * HOUR + 31 * MINUTE)

    assert city.told(order)[-1] == (Step.ACCEPT, Colour.YELLOW)
    assert [notice.run for notice in supervision.of_order(city.session, order)][-1] == 1


def test_looking_at_an_order_makes_no_new_version_of_it(city: City) -> None:
    order = city.order()
    seen = order.version

    city.look(NOW + 30 * HOUR)

    orders.check_unchanged(order, seen)
    city.session.refresh(order)
    orders.check_unchanged(order, seen)


def test_a_policy_that_makes_no_sense_leaves_nobody_unwatched(city: City) -> None:
    order, other = city.order(), city.order()
    city.grid.policy = {"reminder": "soon"}
    city.street.policy = {"reminder": "soon"}
    city.session.flush()

    city.look(NOW + 25 * HOUR)

    assert city.told(order) == city.told(other) == [(Step.RESOLVE, Colour.YELLOW)]


def test_who_must_look_sees_what_still_stands_and_says_so(city: City) -> None:
    order, done = city.order(), city.order()
    city.look(NOW + 25 * HOUR)
    factories.step(city.session, done, Move.RESOLVE, at=NOW + 25 * HOUR)
    supervisor = city.actor(city.street, Role.SUPERVISOR)

    (reader,) = supervision.waiting(city.session, supervisor)
    assert reader.notice.order == order
    for nobody in (city.actor(city.grid, Role.SUPERVISOR), city.actor(city.street, Role.HANDLER)):
        with pytest.raises(NotAllowedError):
            supervision.mark_seen(city.session, reader, nobody, NOW + 26 * HOUR)
    for hours in (26, 27):
        supervision.mark_seen(city.session, reader, supervisor, NOW + hours * HOUR)

    assert (reader.seen_at, reader.seen_by_id) == (NOW + 26 * HOUR, supervisor.user_id)
    assert supervision.waiting(city.session, supervisor) == []
    copies = supervision.waiting(city.session, city.actor(city.district, Role.SUPERVISOR))
    assert [copy.is_copy for copy in copies] == [True]


def test_a_reminder_is_for_the_handler_who_signed(city: City) -> None:
    order = city.order()
    city.look(NOW + 21 * HOUR)
    handler = order.handler
    assert handler is not None
    handler.unit = city.grid
    city.session.flush()

    assert len(supervision.waiting(city.session, actor_for(handler))) == 1
    assert supervision.waiting(city.session, city.actor(city.grid, Role.HANDLER)) == []


def test_a_reminder_of_what_nobody_has_any_more_is_for_every_handler_of_the_unit(city: City) -> None:
    order = city.order()
    factories.handler_leaves(city.session, order)
    city.look(NOW + 21 * HOUR)

    assert len(supervision.waiting(city.session, city.actor(city.grid, Role.HANDLER))) == 1


def test_a_supervisors_note_stands_in_the_history(city: City) -> None:
    order, supervisor = city.order(), city.actor(city.district, Role.SUPERVISOR)

    supervision.note(city.session, order, "今天必须上门", supervisor, NOW + HOUR)

    row = order.history[-1]
    assert (row.remark, row.reason, row.user_id) == (Remark.SUPERVISED, "今天必须上门", supervisor.user_id)
    with pytest.raises(ReasonMissingError):
        supervision.note(city.session, order, " ", supervisor, NOW)
    for nobody in (city.actor(city.street, Role.HANDLER), city.actor(factories.unit(city.session), Role.SUPERVISOR)):
        with pytest.raises(NotAllowedError):
            supervision.note(city.session, order, "督办", nobody, NOW)


# The list of the day


EVENING = NOW + 10 * HOUR  # eight there


def test_the_list_of_the_day_says_what_is_not_cleared_and_why(city: City) -> None:
    waiting, standing, asking = city.order(OrderState.DISPATCHED), city.order(), city.order()
    new = city.order(OrderState.RECEIVED)
    city.order(OrderState.RESOLVED)
    city.pause(standing, NOW, NOW + DAY)
    extensions.ask(city.session, asking, NOW + 3 * DAY, "等街道审批", SYSTEM, NOW)

    assert uncleared.make_due(city.session, EVENING, ZONE) == 2  # the street's and the grid's
    assert uncleared.make_due(city.session, EVENING + HOUR, ZONE) == 0

    found = {each.order_id: each for each in uncleared.listed(city.session, SYSTEM, city.city, NOW.date())}
    assert set(found) == {new.id, waiting.id, standing.id, asking.id}
    assert (found[new.id].why, found[new.id].words) == (Why.NOTHING_SAID, None)
    assert (found[waiting.id].why, found[waiting.id].words) == (Why.LAST_WORD, "理由")
    assert (found[waiting.id].state, found[waiting.id].is_overdue) == (OrderState.DISPATCHED, True)
    assert (found[standing.id].why, found[standing.id].words) == (Why.PAUSED, "等医院开证明")
    assert found[standing.id].handler_id == standing.handler_id
    assert found[asking.id].why == Why.EXTENSION_ASKED
    assert found[asking.id].since == NOW
    stranger = city.actor(factories.unit(city.session), Role.SUPERVISOR)
    assert uncleared.listed(city.session, stranger, city.city, NOW.date()) == []


def test_the_last_word_in_the_history_is_why_when_nothing_else_was_said(city: City) -> None:
    order = city.order(OrderState.ACCEPTED)
    factories.step(city.session, order, Move.RETURN)

    uncleared.make_due(city.session, EVENING, ZONE)

    (each,) = uncleared.listed(city.session, SYSTEM, city.street, NOW.date())
    assert (each.why, each.words) == (Why.LAST_WORD, "不归本街道管")


def test_a_list_that_was_missed_is_made_later_for_its_day_and_without_what_came_in_after(city: City) -> None:
    city.order()
    late = city.order()
    late.received_at = EVENING + MINUTE
    city.session.flush()

    assert uncleared.make_due(city.session, EVENING + 5 * HOUR, ZONE) == 1  # one in the morning

    assert len(uncleared.listed(city.session, SYSTEM, city.city, NOW.date())) == 1
    assert uncleared.last_day(city.session, city.city) == NOW.date()


def test_each_unit_sets_when_its_day_ends(city: City) -> None:
    city.city.policy = {"uncleared_at": "17:30"}
    city.order()

    uncleared.make_due(city.session, NOW + 7 * HOUR, ZONE)
    assert uncleared.last_day(city.session, city.city) == (NOW - DAY).date()
    uncleared.make_due(city.session, NOW + 7.5 * HOUR, ZONE)
    assert uncleared.last_day(city.session, city.city) == NOW.date()


def test_what_is_due_is_found_by_an_index(city: City) -> None:
    city.session.execute(text("set local enable_seqscan = off"))
    uncleared_ones = "state not in ('resolved', 'answered', 'closed', 'merged', 'invalid')"
    for query, index in (
        ("select id from orders where look_at <= now() order by look_at limit 100", "ix_orders_look_at"),
        (f"select distinct unit_id from orders where {uncleared_ones}", "ix_orders_uncleared"),  # noqa: S608 - our own
    ):
        assert index in "\n".join(city.session.scalars(text(f"explain {query}")))


def test_readers_are_of_one_kind_each(city: City) -> None:
    city.order()
    city.look(NOW + 30 * HOUR)

    assert {reader.role for reader in city.session.scalars(select(NoticeReader))} == {Role.SUPERVISOR}
