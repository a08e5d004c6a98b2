"""The list of orders, their clocks, and who sees which."""

import re
from datetime import timedelta

import factories
import pytest
from site_under_test import Site, turn

from hotline.models import Level, Order
from hotline.rules.clocks import Step
from hotline.rules.facts import Category, Urgency
from hotline.rules.order_states import OPEN, Move, OrderState
from hotline.rules.policy import LIMITS
from hotline.rules.roles import Role
from hotline.services import orders
from hotline.services.access import actor_for
from hotline.services.desk import orders as desk
from hotline.services.desk import start
from hotline.services.desk.orders import OrdersWanted
from hotline.services.desk.start import Waiting
from hotline.services.desk.stretches import ROWS


def numbers_in(text: str) -> list[str]:
    return re.findall(r'<tr data-order="(\d+)"', text)


def test_open_orders_of_the_unit_are_listed(site: Site) -> None:
    with site.sessions.begin() as session:
        line = session.merge(site.line)
        made = {state: factories.order(session, line, state).number for state in OrderState}
        foreign = factories.line(session, session.merge(site.other), number="+862011112222")
        hidden = factories.order(session, foreign).number
    browser = site.browser(Role.SUPERVISOR)

    listed = set(numbers_in(browser.get("/orders").text))

    assert {number for state, number in made.items() if state in OPEN} <= listed
    assert not listed & {made[OrderState.CLOSED], made[OrderState.INVALID], made[OrderState.MERGED], hidden}
    assert made[OrderState.CLOSED] in numbers_in(browser.get("/orders?ended=1").text)
    assert numbers_in(browser.get("/orders?state=closed").text) == [made[OrderState.CLOSED]]
    assert numbers_in(browser.get(f"/orders?number={made[OrderState.INVALID]}").text) == [made[OrderState.INVALID]]


def test_a_category_without_a_summary_stands_alone(site: Site) -> None:
    with site.sessions.begin() as session:
        bare, told = (factories.order(session, session.merge(site.line)) for _ in range(2))
        bare.category = told.category = Category.OTHER
        told.summary = "家里没有米了"

    text = site.browser(Role.CALL_TAKER).get("/orders").text

    assert '<span class="category">其他</span> </td>' in text
    assert '<span class="category">其他 ·</span> 家里没有米了</td>' in text


def test_list_can_be_narrowed_to_ones_own_and_by_kind(site: Site) -> None:
    handler = site.person(Role.HANDLER)
    with site.sessions.begin() as session:
        line = session.merge(site.line)
        mine = factories.order(session, line, OrderState.DISPATCHED)
        orders.accept(session, mine, handler, actor_for(session.merge(handler)), factories.NOW)
        urgent = factories.order(session, line)
        orders.set_urgency(urgent, Urgency.URGENT, LIMITS[Urgency.URGENT], factories.ZONE)
        urgent.category = Category.SUPPLIES
    browser = site.browser_of(handler)

    assert numbers_in(browser.get("/orders?mine=1").text) == [mine.number]
    assert numbers_in(browser.get("/orders?urgency=urgent").text) == [urgent.number]
    assert numbers_in(browser.get("/orders?category=supplies").text) == [urgent.number]
    assert set(numbers_in(browser.get("/orders?urgency=none-such&state=x").text)) == {mine.number, urgent.number}


def test_emergencies_come_first_then_what_ends_next(site: Site) -> None:
    with site.sessions.begin() as session:
        line = session.merge(site.line)
        normal, urgent, emergency = (factories.order(session, line) for _ in range(3))
        for order, urgency in ((urgent, Urgency.URGENT), (emergency, Urgency.EMERGENCY)):
            orders.set_urgency(order, urgency, LIMITS[urgency], factories.ZONE)

    listed = numbers_in(site.browser(Role.DISPATCHER).get("/orders").text)

    assert listed == [emergency.number, urgent.number, normal.number]


def test_time_left_and_time_overdue_are_told_in_words(site: Site) -> None:
    with site.sessions.begin() as session:
        factories.order(session, session.merge(site.line))
    browser = site.browser(Role.DISPATCHER)

    assert "签收还剩 30 分钟" in browser.get("/orders").text
    site.clock.at += timedelta(minutes=95)
    assert "签收超时 1 小时 5 分钟" in browser.get("/orders").text
    assert len(numbers_in(browser.get("/orders?overdue=1").text)) == 1


@pytest.mark.parametrize("state", OrderState)
@pytest.mark.parametrize("urgency", Urgency)
def test_database_and_page_reckon_the_same_clock(site: Site, state: OrderState, urgency: Urgency) -> None:
    with site.sessions.begin() as session:
        order = factories.order(session, session.merge(site.line), state)
        orders.set_urgency(order, urgency, LIMITS[urgency], factories.ZONE)
        session.flush()

        reckoned = session.query(Order.due_at).select_from(Order).filter(Order.id == order.id).scalar()

        clock = desk.clock_of(order)
        assert reckoned == (clock[1] if clock else None)


def test_clock_that_runs_is_that_of_the_first_step_not_done(site: Site) -> None:
    with site.sessions.begin() as session:
        line = session.merge(site.line)
        steps = {
            state: desk.clock_of(factories.order(session, line, state))
            for state in (OrderState.DISPATCHED, OrderState.ACCEPTED, OrderState.IN_PROGRESS, OrderState.RESOLVED)
        }

    assert [clock[0] if clock else None for clock in steps.values()] == [Step.ACCEPT, Step.CONTACT, Step.RESOLVE, None]


def test_order_of_another_street_is_not_there(site: Site) -> None:
    with site.sessions.begin() as session:
        foreign = factories.line(session, session.merge(site.other), number="+862011112222")
        number = factories.order(session, foreign).number
        held = factories.order(session, foreign, OrderState.TRIAGED)
        orders.dispatch(session, held, session.merge(site.street), factories.SYSTEM, factories.NOW)
    browser = site.browser(Role.SUPERVISOR)

    assert browser.get(f"/orders/{number}").status_code == 404
    assert browser.get(f"/orders/{held.number}").status_code == 200
    assert site.browser(Role.SUPERVISOR, unit=site.city).get(f"/orders/{number}").status_code == 200


def test_emergency_names_whom_to_ring(site: Site) -> None:
    with site.sessions.begin() as session:
        order = factories.order(session, session.merge(site.line))
    browser = site.browser(Role.CALL_TAKER)
    assert "tel:120" not in browser.get(f"/orders/{order.number}").text
    with site.sessions.begin() as session:
        session.get_one(Order, order.id).urgency = Urgency.EMERGENCY

    text = browser.get(f"/orders/{order.number}").text

    assert [number in text for number in ("tel:110", "tel:119", "tel:120")] == [True, True, True]


def test_counts_of_the_first_page_are_those_of_the_lists_they_lead_to(site: Site) -> None:
    with site.sessions.begin() as session:
        line = session.merge(site.line)
        for state in OrderState:
            factories.order(session, line, state)
    for role in Role:
        browser = site.browser(role)
        links = re.findall(r'href="([^"]+)" data-waiting="(\w+)"><strong>(\d+)', browser.get("/").text)
        assert {kind for _, kind, _ in links} == {kind for kind, roles in start.FOR.items() if role in roles}
        for address, _kind, count in links:
            if address.startswith("/orders"):
                assert len(numbers_in(browser.get(address.replace("&amp;", "&")).text)) == int(count), address


def test_first_page_says_when_nothing_waits(site: Site) -> None:
    assert "没有待办事项" in site.browser(Role.HANDLER).get("/").text


def test_each_kind_of_waiting_is_somebodys(site: Site) -> None:
    assert set(start.FOR) == set(Waiting)
    with site.sessions.begin() as session:
        actor = factories.actor(session, session.merge(site.street), *Role)
        assert set(start.waiting(session, actor, factories.NOW)) == set(Waiting)


def test_wanted_state_beats_the_open_ones(site: Site) -> None:
    with site.sessions.begin() as session:
        factories.order(session, session.merge(site.line), OrderState.INVALID)
        actor = factories.actor(session, session.merge(site.street), Role.SUPERVISOR)

        found = desk.listed(session, actor, OrdersWanted(state=OrderState.INVALID), factories.NOW)

        assert [order.state for order in found.rows] == [OrderState.INVALID]


def test_list_is_turned_page_by_page_and_back_while_orders_move_on(site: Site) -> None:
    with site.sessions.begin() as session:
        line = session.merge(site.line)
        made = [factories.order(session, line).number for _ in range(ROWS + 3)]
    browser = site.browser(Role.SUPERVISOR)
    first = browser.get("/orders?urgency=normal").text
    assert f"共 {ROWS + 3} 条" in first
    with site.sessions.begin() as session:
        last_shown = session.query(Order).filter_by(number=numbers_in(first)[-1]).one()
        orders.move(session, last_shown, Move.INVALIDATE, factories.SYSTEM, factories.NOW, "not ours")

    second = browser.get(turn(first, "next")).text

    assert sorted(numbers_in(first) + numbers_in(second)) == sorted(made)
    assert (
        numbers_in(browser.get(turn(second, "prev")).text)
        == [number for number in (*numbers_in(first), *numbers_in(second)) if number != last_shown.number][:ROWS]
    )


def test_number_is_found_by_its_beginning(site: Site) -> None:
    with site.sessions.begin() as session:
        line = session.merge(site.line)
        order = factories.order(session, line, OrderState.CLOSED)
    browser = site.browser(Role.SUPERVISOR)

    assert numbers_in(browser.get(f"/orders?number={order.number[:7]}").text) == [order.number]
    for other in (order.number[:5], order.number[1:], f"{order.number}0"):
        assert numbers_in(browser.get(f"/orders?number={other}").text) == []
    assert numbers_in(browser.get("/orders?number=%25").text) == []


def test_large_organisation_offers_what_is_near_and_finds_the_rest_by_name(site: Site) -> None:
    with site.sessions.begin() as session:
        street, other = session.merge(site.street), session.merge(site.other)
        grid = factories.unit(session, parent=street, name="河边网格", level=Level.GRID)
        far = [
            factories.unit(session, f"far-{number}", parent=other, name=f"山上{number}网格") for number in range(310)
        ]
        body = factories.unit(session, parent=session.merge(site.city), name="慈善会", level=Level.CHARITY)
        order = factories.order(session, session.merge(site.line), OrderState.TRIAGED)
    browser = site.browser(Role.DISPATCHER)
    page = browser.get(f"/orders/{order.number}").text

    assert [f'value="{unit.code}"' in page for unit in (grid, body, other, far[7])] == [True, True, True, False]
    found = browser.get("/orders/units?words=山上7").json
    assert {"code": "far-7", "name": "同和街道 › 山上7网格"} in found
    assert len(browser.get("/orders/units?words=山上").json) < len(far)
    assert browser.get("/orders/units?words=%20").json == []

    browser.get(f"/orders/{order.number}")
    browser.send('data-move="dispatch"', unit="far-7")

    with site.sessions() as session:
        assert session.get_one(Order, order.id).unit_id == far[7].id


def test_unit_that_nobody_has_is_no_choice(site: Site) -> None:
    with site.sessions.begin() as session:
        order = factories.order(session, session.merge(site.line), OrderState.TRIAGED)
    browser = site.browser(Role.DISPATCHER)
    browser.get(f"/orders/{order.number}")

    assert browser.send('data-move="dispatch"', unit="nowhere").status_code == 422
