"""Results: what they must hold, and the word of a supervisor that some of them wait for."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Barrier

import factories
import pytest
from factories import NOW, ZONE
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hotline.db import Sessions
from hotline.models import Action, Approval, AuditEntry, CalendarDay, Order, Outcome, Result, SurveyRound, Unit, User
from hotline.rules.calendar import DayKind
from hotline.rules.clocks import Step
from hotline.rules.closing import Element
from hotline.rules.facts import Category, Urgency
from hotline.rules.machine import ImpossibleMoveError
from hotline.rules.order_states import Move, OrderState, Remark
from hotline.rules.policy import LIMITS
from hotline.rules.roles import Role
from hotline.rules.supervision import ApprovalState, Colour, PauseState, Why
from hotline.services import orders, pauses, policies, results, supervision, uncleared
from hotline.services.access import SYSTEM, Actor, NotAllowedError, actor_for
from hotline.services.desk import orders as desk
from hotline.services.desk import start
from hotline.services.desk.orders import OrdersWanted
from hotline.services.orders import ReasonMissingError
from hotline.services.results import ClosingElementsMissingError, NotReportedError

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
REPORT = factories.REPORT


@dataclass
class Street:
    """A street below a district that approves results, its people, and an order in progress there."""

    session: Session
    district: Unit
    unit: Unit
    handler: Actor
    supervisor: Actor
    order: Order

    def report(self, at: datetime = NOW + HOUR) -> Approval:
        made = results.report(self.session, self.order, REPORT, self.handler, at, ZONE)
        assert isinstance(made, Approval)
        return made

    def approve(self, approval: Approval, at: datetime = NOW + 2 * HOUR) -> Result:
        return results.approve(self.session, approval, self.supervisor, at, ZONE, "同意")

    def look(self, at: datetime) -> None:
        while supervision.look(self.session, at, ZONE):
            pass

    def told(self) -> list[tuple[Step, Colour]]:
        return [(notice.step, notice.colour) for notice in supervision.of_order(self.session, self.order)]

    def events(self) -> list[object]:
        return [event.remark or event.move for event in self.order.history]


@pytest.fixture
def street(session: Session) -> Street:
    district = factories.unit(session, policy={"calls_from": "00:00", "calls_until": "00:00"})
    unit = factories.unit(session, parent=district, policy={"results_need_approval": True})
    order = factories.order(session, factories.line(session, unit), OrderState.IN_PROGRESS)
    handler, supervisor = (factories.actor(session, unit, role) for role in (Role.HANDLER, Role.SUPERVISOR))
    return Street(session, district, unit, handler, supervisor, order)


def in_progress(session: Session, category: Category | None, **policy: object) -> Order:
    unit = factories.unit(session, policy=policy)
    order = factories.order(session, factories.line(session, unit), OrderState.IN_PROGRESS)
    order.category = category
    session.flush()
    return order


def handler_of(session: Session, order: Order) -> Actor:
    return factories.actor(session, order.unit, Role.HANDLER)


# Closing elements


@pytest.mark.parametrize(
    ("category", "told", "missing"),
    [
        (Category.SUPPLIES, replace(REPORT, aid=None), [Element.AID]),
        (Category.ELDERLY, replace(REPORT, evidence=None), [Element.VISIT_RECORD]),
        (Category.HOMELESS, replace(REPORT, evidence=" ", done=""), [Element.DONE, Element.VISIT_RECORD]),
        (Category.MEDICAL, replace(REPORT, outcome=Outcome.NOT_SOLVED), [Element.WHY_NOT]),
    ],
)
def test_what_the_category_needs_and_is_not_there_is_named(
    session: Session, category: Category, told: results.Report, missing: list[Element]
) -> None:
    order = in_progress(session, category)

    with pytest.raises(ClosingElementsMissingError) as refused:
        results.report(session, order, told, handler_of(session, order), NOW, ZONE)

    assert refused.value.missing == missing
    assert (order.state, order.resolutions, order.results) == (OrderState.IN_PROGRESS, 0, [])


def test_a_photo_that_a_unit_asks_for_is_one_of_our_own_of_this_work(session: Session) -> None:
    order = in_progress(session, Category.ELDERLY, closing={"elderly": ["photo"]})
    handler = factories.user(session, order.unit, Role.HANDLER)
    factories.attachment(session, order)
    factories.attachment(session, order, handler, at=NOW - HOUR)
    pdf = {"kind": "pdf", "small_key": None, "content_type": "application/pdf"}
    factories.attachment(session, order, handler, **pdf)

    with pytest.raises(ClosingElementsMissingError) as refused:
        results.report(session, order, REPORT, actor_for(handler), NOW, ZONE)
    assert refused.value.missing == [Element.PHOTO]
    assert results.there_before(order) == {Element.CONTACT}

    taken = factories.attachment(session, order, handler)
    assert results.there_before(order) == {Element.CONTACT, Element.PHOTO}
    result = results.report(session, order, REPORT, actor_for(handler), NOW, ZONE)

    assert isinstance(result, Result)
    assert taken in result.attachments
    assert len(result.attachments) == 2
    assert order.state == OrderState.RESOLVED


def test_nothing_is_there_that_is_still_to_be_told(session: Session) -> None:
    order = factories.order(session, state=OrderState.ACCEPTED)

    assert results.there_before(order) == frozenset()


def test_the_photo_of_an_earlier_result_proves_nothing_again(session: Session) -> None:
    order = in_progress(session, Category.ELDERLY, closing={"elderly": ["photo"]})
    handler = factories.user(session, order.unit, Role.HANDLER)
    factories.attachment(session, order, handler)
    results.report(session, order, REPORT, actor_for(handler), NOW, ZONE)
    for move in (Move.REOPEN, Move.REWORK, Move.CONTACT):
        factories.step(session, order, move, at=NOW)

    with pytest.raises(ClosingElementsMissingError):
        results.report(session, order, REPORT, actor_for(handler), NOW, ZONE)


# Approval


def test_a_result_that_needs_a_word_waits_and_asks_nobody(street: Street) -> None:
    approval = street.report()

    assert (approval.state, approval.asked_at) == (ApprovalState.ASKED, NOW + HOUR)
    assert (street.order.state, street.order.resolutions, street.order.results) == (OrderState.IN_PROGRESS, 0, [])
    assert street.session.scalars(select(SurveyRound)).all() == []
    assert street.events()[-1] == Remark.RESULT_REPORTED


@pytest.mark.parametrize(
    ("policy", "waits"),
    [(False, False), (["children"], True), (["urgent"], False), (["normal"], True), (["elderly", "emergency"], False)],
)
def test_it_waits_only_where_the_unit_says_so(session: Session, policy: object, waits: bool) -> None:
    order = in_progress(session, Category.CHILDREN, results_need_approval=policy)

    made = results.report(session, order, REPORT, handler_of(session, order), NOW, ZONE)

    assert isinstance(made, Approval) == waits


def test_approved_the_order_is_resolved_as_of_when_it_was_reported(street: Street) -> None:
    taken = factories.attachment(street.session, street.order, street.session.get_one(User, street.handler.user_id))
    approval = street.report(NOW + 23 * HOUR)

    result = street.approve(approval, NOW + 30 * HOUR)

    assert street.order.resolve_by == NOW + DAY
    assert (street.order.state, street.order.resolved_at) == (OrderState.RESOLVED, NOW + 23 * HOUR)
    assert street.order.reported_at is None
    assert (result.at, result.user_id, result.done) == (NOW + 23 * HOUR, street.handler.user_id, REPORT.done)
    assert (result.approval, result.attachments) == (approval, [taken])
    round_ = street.session.scalars(select(SurveyRound)).one()
    assert (round_.opened_at, round_.resolution) == (NOW + 30 * HOUR, 1)
    assert street.order.history[-1].user_id == street.supervisor.user_id
    assert street.order.history[-1].reason == "同意"
    actions = street.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert {Action.RESULT_REPORTED, Action.RESULT_DECIDED, Action.ORDER_MOVED} <= set(actions)


def test_sent_back_the_clocks_run_as_if_nothing_had_been_reported(street: Street) -> None:
    before = (street.order.resolve_by, street.order.resolutions)
    approval = street.report(NOW + 23 * HOUR)
    assert desk.clock_of(street.order) == (Step.DECIDE, street.order.decide_by)

    with pytest.raises(ReasonMissingError):
        results.send_back(street.session, approval, " ", street.supervisor, NOW + 30 * HOUR)
    results.send_back(street.session, approval, "没有入户照片", street.supervisor, NOW + 30 * HOUR)

    assert (approval.state, approval.word) == (ApprovalState.SENT_BACK, "没有入户照片")
    assert (street.order.state, street.order.resolved_at) == (OrderState.IN_PROGRESS, None)
    assert (street.order.resolve_by, street.order.resolutions) == before
    assert desk.clock_of(street.order) == (Step.RESOLVE, street.order.resolve_by)
    assert street.order.history[-1].reason == "没有入户照片"
    again = street.report(NOW + 31 * HOUR)
    street.approve(again, NOW + 32 * HOUR)
    assert street.order.resolved_at == NOW + 31 * HOUR


def test_nobody_is_told_of_the_handlers_limit_while_a_result_waits(street: Street) -> None:
    approval = street.report(NOW + 12 * HOUR)
    street.look(NOW + 40 * HOUR)
    assert {step for step, _ in street.told()} == {Step.DECIDE}

    results.send_back(street.session, approval, "再去看看", street.supervisor, NOW + 40 * HOUR)
    street.look(NOW + 40 * HOUR)

    assert (Step.RESOLVE, Colour.YELLOW) in street.told()


def test_page_and_database_reckon_the_same_clock_of_a_result_that_waits(street: Street) -> None:
    street.report()

    reckoned = street.session.scalar(select(Order.due_at).select_from(Order).where(Order.id == street.order.id))

    assert reckoned == street.order.decide_by
    assert desk.clock_of(street.order) == (Step.DECIDE, reckoned)


@pytest.mark.parametrize(("reported_at", "is_overdue"), [(NOW + HOUR, True), (NOW + 5 * HOUR, False)])
def test_the_list_of_the_day_says_that_a_result_waits(street: Street, reported_at: datetime, is_overdue: bool) -> None:
    street.report(reported_at)
    uncleared.make_due(street.session, NOW + 12 * HOUR, ZONE)

    (row,) = uncleared.listed(street.session, SYSTEM, street.unit, NOW.date())

    assert (row.why, row.is_overdue) == (Why.APPROVAL_ASKED, is_overdue)


def test_nobody_approves_the_own_result_nor_whom_it_is_none_of_their_business(street: Street) -> None:
    both = factories.actor(street.session, street.unit, Role.HANDLER, Role.SUPERVISOR)
    approval = results.report(street.session, street.order, REPORT, both, NOW, ZONE)
    assert isinstance(approval, Approval)
    beside = factories.unit(street.session, parent=street.district)
    strangers = [
        both,
        street.handler,
        factories.actor(street.session, beside, Role.SUPERVISOR),
        factories.actor(street.session, street.unit, Role.DISPATCHER),
    ]

    for stranger in strangers:
        with pytest.raises(NotAllowedError):
            results.approve(street.session, approval, stranger, NOW, ZONE)
        with pytest.raises(NotAllowedError):
            results.send_back(street.session, approval, "不行", stranger, NOW)

    above = factories.actor(street.session, street.district, Role.SUPERVISOR)
    assert list(results.to_decide(street.session, above)) == [approval]
    assert results.to_decide(street.session, both) == []
    assert results.approve(street.session, approval, above, NOW, ZONE).approval == approval


def test_list_count_and_supervision_have_the_same_results_to_decide(street: Street) -> None:
    session = street.session
    both = factories.actor(session, street.unit, Role.HANDLER, Role.SUPERVISOR)
    results.report(session, street.order, REPORT, both, NOW, ZONE)
    beside, elsewhere = (factories.unit(session, parent=street.district) for _ in range(2))
    factories.assist(session, street.order, beside)
    people = {
        "reported it": (both, False),
        "supervises": (street.supervisor, True),
        "assists": (factories.actor(session, beside, Role.SUPERVISOR), False),
        "elsewhere": (factories.actor(session, elsewhere, Role.SUPERVISOR), False),
    }

    def told(actor: Actor) -> set[bool]:
        wanted = OrdersWanted(to_approve=True)
        return {
            bool(results.to_decide(session, actor)),
            bool(start.waiting(session, actor, NOW)[start.Waiting.TO_APPROVE]),
            bool(desk.listed(session, actor, wanted, NOW).rows),
        }

    assert {who: told(actor) for who, (actor, _) in people.items()} == {
        who: {does} for who, (_, does) in people.items()
    }
    street.order.is_secret = True
    session.flush()
    middle = factories.unit(session, parent=street.unit)
    street.order.unit_id = middle.id
    street.order.intake_unit_id = middle.id
    session.flush()
    assert told(street.supervisor) == {False}
    assert told(factories.actor(session, middle, Role.SUPERVISOR)) == {True}


def test_what_an_order_turned_out_to_need_is_missed_when_its_result_is_approved(street: Street) -> None:
    told = replace(REPORT, aid=None)
    approval = results.report(street.session, street.order, told, street.handler, NOW + HOUR, ZONE)
    assert isinstance(approval, Approval)
    street.order.category = Category.SUPPLIES

    with pytest.raises(ClosingElementsMissingError) as refused:
        street.approve(approval)

    assert refused.value.missing == [Element.AID]
    assert (approval.state, street.order.state) == (ApprovalState.ASKED, OrderState.IN_PROGRESS)
    results.send_back(street.session, approval, "补填发放的物资", street.supervisor, NOW + 2 * HOUR)


def test_who_reports_again_withdraws_what_was_reported_before(street: Street) -> None:
    first, second = street.report(NOW + HOUR), street.report(NOW + 2 * HOUR)

    assert (first.state, second.state) == (ApprovalState.WITHDRAWN, ApprovalState.ASKED)
    assert street.order.reported_at == NOW + 2 * HOUR
    with pytest.raises(NotReportedError):
        street.approve(first)


@pytest.mark.parametrize("move", [Move.MERGE, Move.REFER])
def test_a_move_meanwhile_withdraws_the_result(street: Street, move: Move) -> None:
    approval = street.report()

    factories.step(street.session, street.order, move, at=NOW + 2 * HOUR)

    assert (approval.state, street.order.reported_at) == (ApprovalState.WITHDRAWN, None)
    with pytest.raises(NotReportedError):
        street.approve(approval)
    assert results.to_decide(street.session, street.supervisor) == []


def test_a_talk_with_the_caller_meanwhile_withdraws_nothing(street: Street) -> None:
    approval = street.report()

    factories.step(street.session, street.order, Move.CONTACT, at=NOW + 2 * HOUR)

    assert street.approve(approval, NOW + 3 * HOUR).at == NOW + HOUR


def test_what_a_body_reports_waits_too(street: Street) -> None:
    factories.step(street.session, street.order, Move.REFER)

    street.approve(street.report())

    assert street.events()[-1] == Move.REPORT_BACK
    assert street.order.state == OrderState.RESOLVED


def test_a_pause_that_runs_takes_nothing_from_the_time_of_the_report(street: Street) -> None:
    pause = pauses.ask(street.session, street.order, NOW + 3 * DAY, "等证明", SYSTEM, NOW + HOUR, ZONE)
    approval = street.report(NOW + DAY)

    street.approve(approval, NOW + 2 * DAY)

    assert pause.state == PauseState.MOVED_ON
    assert street.order.resolved_at == NOW + DAY
    assert street.order.resolve_by is not None
    assert street.order.resolve_by > NOW + DAY


def test_another_priority_meanwhile_counts_if_the_result_is_sent_back(street: Street) -> None:
    approval = street.report()

    orders.set_urgency(street.order, Urgency.EMERGENCY, LIMITS[Urgency.EMERGENCY], ZONE)
    results.send_back(street.session, approval, "再去看看", street.supervisor, NOW + 2 * HOUR)

    assert street.order.resolve_by == NOW + 2 * HOUR


# The limit for the word


@pytest.mark.parametrize(
    ("reported_at", "decide_by"),
    [
        (NOW + HOUR, NOW + 7 * HOUR),  # eleven: an hour before noon, three from two on
        (NOW + 7 * HOUR, NOW + DAY + 2 * HOUR),  # five: an hour, and three in the morning
        (NOW + 14 * HOUR, NOW + DAY + 5 * HOUR),  # at midnight nobody works
        (NOW + 4 * DAY + 7 * HOUR, NOW + 7 * DAY + 2 * HOUR),  # Friday at five
    ],
)
def test_the_word_on_a_result_is_due_in_working_time(
    street: Street, reported_at: datetime, decide_by: datetime
) -> None:
    street.report(reported_at)

    assert street.order.decide_by == decide_by


def test_how_long_the_word_may_take_and_when_is_worked_are_the_units_to_say(street: Street) -> None:
    tuesday = (NOW + DAY).date()
    street.session.add(CalendarDay(unit=street.unit, day=tuesday, kind=DayKind.HOLIDAY, name="休息"))
    policies.set_policy(street.session, street.unit, "decide_within", 8 * 3600, SYSTEM, NOW)

    street.report(NOW)

    assert street.order.decide_by == NOW + 2 * DAY + HOUR


def test_who_may_decide_is_reminded_once_and_then_it_is_late(street: Street) -> None:
    factories.user(street.session, street.district, Role.SUPERVISOR)
    street.report()
    for minutes in (1, 250, 300, 359, 361, 400, 500, 600):
        street.look(NOW + HOUR + timedelta(minutes=minutes))
        street.look(NOW + HOUR + timedelta(minutes=minutes))

    assert street.told() == [(Step.DECIDE, colour) for colour in Colour]
    blue, yellow, _red = supervision.of_order(street.session, street.order)
    assert [(reader.unit, reader.role, reader.user_id) for reader in blue.readers] == [
        (street.unit, Role.SUPERVISOR, None)
    ]
    assert yellow.made_at == NOW + 7 * HOUR + timedelta(minutes=1)
    assert [reader.notice.colour for reader in supervision.waiting(street.session, street.supervisor)] == [
        Colour.YELLOW,
        Colour.BLUE,
    ]
    assert desk.listed(street.session, street.supervisor, OrdersWanted(overdue=True), NOW + 8 * HOUR).rows


def test_who_reported_it_is_not_the_one_reminded(street: Street) -> None:
    factories.user(street.session, street.district, Role.SUPERVISOR)
    street.session.execute(update(User).where(User.id == street.supervisor.user_id).values(is_active=False))
    both = factories.actor(street.session, street.unit, Role.HANDLER, Role.SUPERVISOR)
    results.report(street.session, street.order, REPORT, both, NOW + HOUR, ZONE)

    street.look(NOW + 6 * HOUR)

    (blue,) = supervision.of_order(street.session, street.order)
    assert [reader.unit for reader in blue.readers] == [street.district]


@pytest.mark.parametrize("urgency", [Urgency.NORMAL, Urgency.EMERGENCY])
def test_nobody_is_reminded_of_a_word_at_night(street: Street, urgency: Urgency) -> None:
    street.order.urgency = urgency
    policies.set_policy(street.session, street.unit, "working_hours", [["09:00", "09:30"]], SYSTEM, NOW)
    policies.set_policy(street.session, street.unit, "decide_within", 600, SYSTEM, NOW)
    street.report(NOW + HOUR)
    for hours in (12, 16, 20):  # the reminder falls on ten past five
        street.look(NOW + hours * HOUR)
    assert street.told() == []

    street.look(NOW + 21 * HOUR)

    assert street.told() == [(Step.DECIDE, Colour.BLUE)]


@pytest.mark.parametrize("is_approved", [True, False])
def test_once_decided_nothing_is_told_any_more(street: Street, is_approved: bool) -> None:
    approval = street.report()
    street.look(NOW + 7 * HOUR)
    assert supervision.count_waiting(street.session, street.supervisor) == 1

    if is_approved:
        street.approve(approval, NOW + 7 * HOUR)
    else:
        results.send_back(street.session, approval, "再去看看", street.supervisor, NOW + 7 * HOUR)
    street.look(NOW + 12 * HOUR)

    assert street.order.decide_by is None
    assert street.told() == [(Step.DECIDE, Colour.BLUE)]
    assert supervision.count_waiting(street.session, street.supervisor) == 0


def test_a_result_reported_anew_has_its_own_limit(street: Street) -> None:
    street.report(NOW + HOUR)
    street.look(NOW + 6 * HOUR)

    street.report(NOW + 6 * HOUR)
    street.look(NOW + DAY)

    assert street.told() == [(Step.DECIDE, Colour.BLUE)] * 2
    assert [notice.due_at for notice in supervision.of_order(street.session, street.order)] == [
        NOW + 7 * HOUR,
        NOW + DAY + HOUR,
    ]


def test_a_word_is_due_in_a_pause_too(street: Street) -> None:
    pauses.ask(street.session, street.order, NOW + 3 * DAY, "等证明", SYSTEM, NOW + HOUR, ZONE)
    street.report(NOW + HOUR)

    street.look(NOW + 8 * HOUR)

    assert (Step.DECIDE, Colour.YELLOW) in street.told()
    assert street.order.paused_at is not None


# At once


def decided_at_once(sessions: Sessions, order_id: int, *actions: Callable[[Session, Approval], object]) -> list[str]:
    """Each action in a transaction of its own on the locked order, all begun at one moment; what each came to."""
    start = Barrier(len(actions))

    def begin(action: Callable[[Session, Approval], object]) -> str:
        start.wait(10)
        try:
            with sessions.begin() as session:
                order = orders.lock(session, order_id)
                action(session, order.approvals[0])
        except (NotReportedError, ImpossibleMoveError) as error:
            return type(error).__name__
        return "done"

    with ThreadPoolExecutor(len(actions)) as pool:
        return sorted(done.result(30) for done in [pool.submit(begin, action) for action in actions])


@pytest.fixture
def reported(own_sessions: Sessions) -> tuple[int, list[Actor]]:
    """The id of an order whose result waits, and three supervisors."""
    with own_sessions.begin() as session:
        order = in_progress(session, None, results_need_approval=True)
        results.report(session, order, REPORT, handler_of(session, order), NOW, ZONE)
        return order.id, [factories.actor(session, order.unit, Role.SUPERVISOR) for _ in range(3)]


def test_two_who_approve_at_once_resolve_it_once(own_sessions: Sessions, reported: tuple[int, list[Actor]]) -> None:
    order_id, people = reported

    def approve(by: Actor) -> Callable[[Session, Approval], object]:
        return lambda session, approval: results.approve(session, approval, by, NOW + HOUR, ZONE)

    came_to = decided_at_once(own_sessions, order_id, *map(approve, people))

    assert came_to == ["NotReportedError", "NotReportedError", "done"]
    with own_sessions() as session:
        order = session.get_one(Order, order_id)
        assert (order.resolutions, len(order.results), len(order.survey_rounds)) == (1, 1, 1)


def test_approved_and_sent_back_at_once_is_one_of_both(
    own_sessions: Sessions, reported: tuple[int, list[Actor]]
) -> None:
    order_id, (one, other, _third) = reported

    came_to = decided_at_once(
        own_sessions,
        order_id,
        lambda session, approval: results.approve(session, approval, one, NOW, ZONE),
        lambda session, approval: results.send_back(session, approval, "不行", other, NOW),
    )

    assert came_to == ["NotReportedError", "done"]
    with own_sessions() as session:
        order = session.get_one(Order, order_id)
        approval = order.approvals[0]
        assert (order.state == OrderState.RESOLVED) == (approval.state == ApprovalState.APPROVED)
        assert order.reported_at is None
