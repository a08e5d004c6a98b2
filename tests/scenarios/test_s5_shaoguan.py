"""S5, a county and its towns in a cold wave: several numbers on one system, and an emergency mode that tightens clocks.

Calls are answered, written down and accepted at once; who freezes outdoors rings at people. Source: docs/domain.md,
service S5. Its campaign and its aid ledger are played where these are.
"""

from datetime import datetime, timedelta

import factories
import pytest
from sqlalchemy.orm import Session
from town import ZONE, Town

from hotline.models import Level, Line, Order, Unit
from hotline.rules.facts import Urgency
from hotline.rules.order_states import OrderState, Remark
from hotline.rules.roles import Role
from hotline.services import access, emergency_mode, orders
from hotline.services.access import Actor

EVENING = datetime(2026, 1, 20, 18, 0, tzinfo=ZONE)
TOWNS = ("城口镇", "董塘镇", "长江镇", "周田镇", "大桥镇", "黄坑镇", "扶溪镇", "石塘镇", "红山镇", "闻韶镇")


class County:
    """A county's own number, and one in each of its ten towns."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.town = Town(session, EVENING)
        self.city = factories.unit(session, "sg", name="韶关市", level=Level.CITY)
        self.county = factories.unit(session, "sg-rh", name="仁化县", level=Level.DISTRICT, parent=self.city)
        self.towns = [
            factories.unit(session, f"sg-rh-{number}", name=name, level=Level.STREET, parent=self.county)
            for number, name in enumerate(TOWNS)
        ]
        self.lines: list[Line] = [
            factories.line(session, unit, f"+86751635{number:04d}", name=f"{unit.name}救助热线")
            for number, unit in enumerate([self.county, *self.towns])
        ]
        self.supervisor = self.town.person(self.county, Role.SUPERVISOR)

    def taker(self, unit: Unit) -> Actor:
        return self.town.person(unit, Role.CALL_TAKER, Role.DISPATCHER)

    def rings(self, line: Line, last: int) -> Order:
        return self.town.call(line, f"+861380013{last:04d}")


@pytest.fixture
def county(session: Session) -> County:
    return County(session)


def warn(county: County, hours: int = 48) -> None:
    """The cold wave is announced."""
    until = county.town.at + timedelta(hours=hours)
    emergency_mode.switch_on(
        county.session,
        county.county,
        "寒潮橙色预警",
        until,
        county.supervisor,
        county.town.at,
        ZONE,
        includes_open=True,
    )


def test_each_number_is_its_own_towns_and_the_county_sees_them_all(session: Session, county: County) -> None:
    made = [county.rings(line, number) for number, line in enumerate(county.lines)]

    assert [order.intake_unit for order in made] == [county.county, *county.towns]
    assert all(order.state == OrderState.RECEIVED for order in made)
    in_county = session.query(Order).filter(access.sees_order(county.supervisor)).count()
    in_town = session.query(Order).filter(access.sees_order(county.taker(county.towns[0]))).count()
    assert (in_county, in_town) == (11, 1)


def test_the_warning_tightens_the_clocks_of_all_towns_the_running_ones_too(session: Session, county: County) -> None:
    before = county.rings(county.lines[1], 1)
    county.town.review(before, county.taker(county.towns[0]), category="supplies", urgency="normal")
    assert before.contact_by == before.received_at + timedelta(hours=2)

    county.town.later(minutes=10)
    warn(county)
    after = county.rings(county.lines[5], 2)

    assert before.contact_by <= county.town.at + timedelta(minutes=30)
    assert Remark.TIGHTENED in {row.remark for row in before.history}
    assert after.accept_by == after.received_at + timedelta(minutes=15)
    assert after.contact_by == after.received_at + timedelta(minutes=30)


def test_outside_the_county_nothing_is_tightened(session: Session, county: County) -> None:
    other = factories.unit(session, "sg-lc", name="乐昌市", level=Level.DISTRICT, parent=county.city)
    line = factories.line(session, other, "+867516359999")
    warn(county)

    order = county.rings(line, 3)

    assert order.contact_by == order.received_at + timedelta(hours=2)


def test_when_it_is_over_new_orders_have_their_usual_time_again(session: Session, county: County) -> None:
    warn(county, hours=2)
    county.town.later(hours=3)
    emergency_mode.end_what_is_over(session, county.town.at)

    order = county.rings(county.lines[2], 4)

    assert order.contact_by == order.received_at + timedelta(hours=2)


def test_who_freezes_outdoors_rings_at_people_and_is_signed_for_within_five_minutes(
    session: Session, county: County
) -> None:
    warn(county)
    town_unit, town = county.towns[3], county.town
    keeper = town.person(town_unit, Role.HANDLER)
    order = factories.wrote(
        session, county.lines[4], "桥洞下面有个老人冻得不会动了，快来救人", town.at, number="+8613800135555"
    )
    assert order is not None
    town.understand(order)

    assert order.urgency == Urgency.EMERGENCY
    assert order.accept_by == order.received_at + timedelta(minutes=5)
    assert town.alarmed(order)

    town.later(minutes=3)
    town.review(order, county.taker(town_unit), category="homeless", place=town_unit.code)
    if order.state == OrderState.TRIAGED:
        orders.dispatch(session, order, town_unit, county.supervisor, town.at)
    town.sign(order, keeper)
    assert order.accepted_at is not None
    assert order.accepted_at <= order.accept_by


def test_a_whole_night_is_written_down_and_accepted_at_once(session: Session, county: County) -> None:
    """Ten calls to each of the ten towns between six in the evening and six in the morning; none waits for a limit."""
    warn(county)
    town, late = county.town, []
    staff = {unit.id: (county.taker(unit), town.person(unit, Role.HANDLER)) for unit in county.towns}
    for number in range(100):
        line = county.lines[1 + number % 10]
        taker, handler = staff[line.unit_id]
        order = county.rings(line, 100 + number)
        town.later(minutes=2)
        town.review(order, taker, category="supplies", place=line.unit.code, urgency="urgent")
        orders.dispatch(session, order, line.unit, taker, town.later(minutes=1))
        town.sign(order, handler)
        town.later(minutes=1)
        town.work(order, handler)
        if order.accepted_at > order.accept_by or order.contacted_at > order.contact_by:
            late.append(order.number)

    assert late == []
    assert town.in_state(OrderState.RESOLVED) == 100
