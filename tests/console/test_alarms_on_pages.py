"""An emergency that rings at people stops when one of them opens it."""

import factories
import pytest
from site_under_test import Site

from hotline.models import Alarm, Order
from hotline.rules.alarms import AlarmState
from hotline.rules.roles import Role


@pytest.fixture
def number(site: Site) -> str:
    with site.sessions.begin() as session:
        made = factories.alarm(session, session.merge(site.line))
        return session.get_one(Order, made.order_id).number


def state(site: Site) -> AlarmState:
    with site.sessions() as session:
        return site.all(session, Alarm)[0].state


def test_who_opens_it_takes_it_on_and_is_told_so_once(site: Site, number: str) -> None:
    browser = site.browser(Role.CALL_TAKER)

    assert "您已接手这张特急工单" in browser.get(f"/orders/{number}").text
    assert state(site) == AlarmState.ACKNOWLEDGED
    assert "您已接手这张特急工单" not in browser.get(f"/orders/{number}").text


def test_an_administrator_who_only_looks_on_takes_nothing_on(site: Site, number: str) -> None:
    page = site.browser(Role.ADMINISTRATOR, unit=site.city).get(f"/orders/{number}")

    assert page.status_code == 200
    assert "您已接手" not in page.text
    assert state(site) != AlarmState.ACKNOWLEDGED


def test_other_orders_are_opened_as_ever(site: Site) -> None:
    with site.sessions.begin() as session:
        number = factories.order(session, session.merge(site.line)).number

    assert "您已接手" not in site.browser(Role.CALL_TAKER).get(f"/orders/{number}").text
