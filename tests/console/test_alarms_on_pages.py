"""An emergency that rings at people stops when one of them opens it."""

import factories
import pytest
from site_under_test import Site

from hotline.models import Alarm, AlarmAttempt, Order
from hotline.rules.alarms import AlarmState
from hotline.rules.facts import FactName
from hotline.rules.roles import Role
from hotline.rules.roster import Post
from hotline.services import alarms, facts


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


def test_a_page_that_refreshes_itself_takes_nothing_on_but_offers_to(site: Site, number: str) -> None:
    browser = site.browser(Role.CALL_TAKER)

    refreshed = browser.get(f"/orders/{number}", headers={"X-Refresh": "1"})

    assert state(site) == AlarmState.RINGING
    assert 'data-alarm="ringing"' in refreshed.text
    assert "您已接手这张特急工单" in browser.send("data-take-on").text
    assert state(site) == AlarmState.ACKNOWLEDGED


def test_who_only_looks_on_is_not_offered_to_take_it_on(site: Site, number: str) -> None:
    text = site.browser(Role.ADMINISTRATOR, unit=site.city).get(f"/orders/{number}").text

    assert 'data-alarm="ringing"' in text
    assert "data-take-on" not in text


def test_the_page_names_who_took_it_on_and_whom_to_ring(site: Site, number: str) -> None:
    with site.sessions.begin() as session:
        street = session.merge(site.street)
        factories.shift(session, factories.user(session, street, Role.HANDLER, login="wang", phone="+8613900139000"))
        factories.shift(session, factories.user(session, street, Role.HANDLER, login="li"), post=Post.BACKUP)
    taker = site.person(Role.CALL_TAKER)

    text = site.browser_of(taker).get(f"/orders/{number}").text

    assert f"{taker.name}已接手（打开工单确认）" in text
    assert 'href="tel:+8613900139000"' in text
    assert f'href="tel:{factories.DUTY}"' in text
    assert text.index('data-on-duty="wang"') < text.index('data-on-duty="li"') < text.index("data-duty-number")
    assert "未登记电话" in text


def test_who_only_looks_on_sees_no_numbers_of_people(site: Site, number: str) -> None:
    with site.sessions.begin() as session:
        person = factories.user(session, session.merge(site.street), Role.HANDLER, phone="+8613900139000")
        factories.shift(session, person)

    text = site.browser(Role.ADMINISTRATOR).get(f"/orders/{number}").text

    assert "•••• 9000" in text
    assert "+8613900139000" not in text
    assert factories.DUTY not in text


def test_who_was_told_and_what_came_of_it_stands_in_the_chain(site: Site, number: str) -> None:
    with site.sessions.begin() as session:
        person = factories.user(session, session.merge(site.street), Role.HANDLER, phone="+8613900139000")
        factories.shift(session, person)
        attempt = session.query(AlarmAttempt).one()
        alarms.ring(session, attempt.id, "twilio", factories.NOW)
        name = person.name

    text = site.browser(Role.ADMINISTRATOR).get(f"/orders/{number}").text

    assert 'data-attempt="dialling"' in text
    assert 'data-attempt="planned"' in text
    assert f"<strong>{name}</strong>" in text
    assert "短信" in text


def test_an_order_that_is_no_emergency_says_nothing_of_alarms(site: Site) -> None:
    with site.sessions.begin() as session:
        number = factories.order(session, session.merge(site.line)).number

    text = site.browser(Role.CALL_TAKER).get(f"/orders/{number}").text

    assert "特急告警" not in text


def test_other_orders_are_opened_as_ever(site: Site) -> None:
    with site.sessions.begin() as session:
        number = factories.order(session, session.merge(site.line)).number

    assert "您已接手" not in site.browser(Role.CALL_TAKER).get(f"/orders/{number}").text


def test_an_alarm_folds_once_it_was_taken_on_and_the_order_is_no_emergency(site: Site, number: str) -> None:
    browser = site.browser(Role.CALL_TAKER)
    assert '<section class="card alarm" data-alarm="acknowledged">' in browser.get(f"/orders/{number}").text

    with site.sessions.begin() as session:
        order = session.query(Order).filter_by(number=number).one()
        reviewer = factories.actor(session, session.merge(site.street), Role.CALL_TAKER)
        facts.confirm(session, order, FactName.URGENCY, "urgent", reviewer, factories.NOW, factories.ZONE)
    text = browser.get(f"/orders/{number}").text

    assert '<details class="card alarm" data-alarm="acknowledged"><summary>特急告警' in text
    assert '<section class="card alarm' not in text
