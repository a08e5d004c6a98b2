"""S1, the emergency help desk of a city's civil affairs: by message and telephone, to whoever is responsible at once.

First contact within 30 minutes and settled within a day; who cannot hear is served in writing to the end.
Source: docs/domain.md, service S1.
"""

from datetime import datetime, timedelta

import factories
import pytest
from sqlalchemy.orm import Session
from town import ZONE, Town

from hotline.models import CatalogueRow, Level, Line, Outcome, Unit
from hotline.rules.facts import Category, Urgency
from hotline.rules.order_states import OrderState
from hotline.rules.roles import Role
from hotline.rules.survey_states import Resolved, Satisfied
from hotline.services import correspondence, orders, policies, results, supervision, surveys
from hotline.services.access import Actor
from hotline.services.results import Report

MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=ZONE)
DEAF = "+8613800138201"
WITHIN = {"contact": 30 * 60, "resolve": 24 * 3600}


class Desk:
    """The city's desk, one district, the department for shelters, and a charity."""

    def __init__(self, session: Session) -> None:
        self.town = Town(session, MORNING)
        self.city = factories.unit(session, "sz", name="深圳市民政局", level=Level.CITY)
        self.district = factories.unit(session, "sz-futian", name="福田区", level=Level.DISTRICT, parent=self.city)
        self.shelter = factories.unit(
            session, "sz-shelter", name="市救助管理站", level=Level.DEPARTMENT, parent=self.city
        )
        self.line: Line = factories.line(session, self.city, name="深圳市民政应急求助热线")
        self.taker = self.town.person(self.city, Role.CALL_TAKER)
        self.dispatcher = self.town.person(self.city, Role.DISPATCHER)
        self.supervisor = self.town.person(self.city, Role.SUPERVISOR)
        administrator = self.town.person(self.city, Role.ADMINISTRATOR)
        limits = {urgency.value: WITHIN for urgency in (Urgency.URGENT, Urgency.NORMAL)}
        limits[Urgency.CONSULTATION] = {"contact": 30 * 60}
        policies.set_policy(session, self.city, "limits", limits, administrator, MORNING)
        policies.set_policy(session, self.city, "auto_dispatch", True, administrator, MORNING)
        rows = (
            CatalogueRow(category=Category.HOMELESS, unit=self.shelter),
            CatalogueRow(category=Category.HOUSING, unit=self.shelter),
            CatalogueRow(category=None, unit=self.district),
        )
        factories.catalogue(session, self.city, *rows)

    def handler(self, unit: Unit) -> Actor:
        return self.town.person(unit, Role.HANDLER)


@pytest.fixture
def desk(session: Session) -> Desk:
    return Desk(session)


def test_a_deaf_resident_asks_by_text_for_a_roof_and_is_served_in_writing_to_the_end(
    session: Session, desk: Desk
) -> None:
    town, keeper = desk.town, desk.handler(desk.shelter)

    order = factories.wrote(
        session, desk.line, "我是聋人，被房东赶出来了，今晚没有地方住，人在福田区", town.at, number=DEAF
    )
    assert order is not None
    town.understand(order)
    assert order.category == Category.HOUSING
    assert order.urgency == Urgency.URGENT
    assert order.contact_by == order.received_at + timedelta(minutes=30)
    assert order.resolve_by == order.received_at + timedelta(days=1)

    # Reviewed, it goes to whoever is responsible without waiting for a dispatcher.
    town.later(minutes=4)
    town.review(order, desk.taker, category="housing", place=desk.district.code)
    assert (order.state, order.unit) == (OrderState.DISPATCHED, desk.shelter)

    town.later(minutes=5)
    town.sign(order, keeper)
    correspondence.write(session, order, "您好，我是市救助管理站，半小时内来接您，请在原地等候", keeper, town.at)
    town.later(minutes=1)
    orders.contact(session, order, keeper, town.at, "短信联系，约定半小时内接站")
    assert order.contacted_at is not None
    assert order.contact_by is not None
    assert order.contacted_at <= order.contact_by

    town.later(hours=2)
    helped = Report(
        Outcome.SOLVED, "接到站内临时安置，安排床位与晚餐", aid="临时住宿一晚，晚餐一份", evidence="入站登记表"
    )
    results.report(session, order, helped, keeper, town.at, ZONE)
    assert order.resolved_at is not None
    assert order.resolved_at - order.received_at < timedelta(days=1)

    # Nobody rings: the two questions come by text, and are answered by text.
    asked = order.survey_rounds[-1].attempts[-1]
    town.at = asked.due_at
    assert surveys.begin(session, asked.id, "twilio", town.at, ZONE) is None
    assert asked.call is None
    for figure in ("1", "1"):
        factories.wrote(session, desk.line, figure, town.later(minutes=3), number=DEAF)
    assert order.state == OrderState.CLOSED
    assert (order.survey_rounds[-1].resolved, order.survey_rounds[-1].satisfied) == (
        Resolved.YES,
        Satisfied.SATISFIED,
    )


def test_message_and_call_alike_go_at_once_to_the_district_or_department_that_is_responsible(
    session: Session, desk: Desk
) -> None:
    town = desk.town
    for unit in (desk.district, desk.shelter):
        desk.handler(unit)
    posted = factories.wrote(
        session, desk.line, "孩子没有奶粉了", town.at, carrier="weibo", number="小区业主", channel="social"
    )
    assert posted is not None
    rang = town.call(desk.line, "+8613800138202")

    town.review(posted, desk.taker, category="supplies", place=desk.district.code)
    town.review(rang, desk.taker, category="homeless", place=desk.district.code)

    assert (posted.state, posted.unit) == (OrderState.DISPATCHED, desk.district)
    assert (rang.state, rang.unit) == (OrderState.DISPATCHED, desk.shelter)


@pytest.mark.parametrize("urgency", [Urgency.URGENT, Urgency.NORMAL, Urgency.CONSULTATION])
def test_whatever_the_matter_first_contact_is_within_thirty_minutes_and_supervised(
    session: Session, desk: Desk, urgency: Urgency
) -> None:
    town = desk.town
    order = town.call(desk.line, "+8613800138203")
    town.review(order, desk.taker, category="supplies", place=desk.district.code, urgency=urgency)
    assert order.contact_by == order.received_at + timedelta(minutes=30)

    town.at = order.received_at + timedelta(minutes=31)
    supervision.look(session, town.at, ZONE)

    told = {(notice.step, notice.colour) for notice in supervision.of_order(session, order)}
    assert ("contact", "yellow") in told
