"""A known caller on the page of an order: what the new order is to the earlier one, decided with one click."""

import re
from datetime import timedelta

import factories
import pytest
from site_under_test import Site

from hotline.models import Order
from hotline.rules.order_states import OrderState
from hotline.rules.roles import Role
from hotline.services import intake


@pytest.fixture
def numbers(site: Site) -> tuple[str, str]:
    """An order that is worked on, and a new one of the same caller."""
    with site.sessions.begin() as session:
        line = session.merge(site.line)
        earlier = factories.order(session, line, OrderState.IN_PROGRESS)
        at = factories.NOW + timedelta(minutes=1)
        new = intake.receive_call(session, factories.call(session, line, ended_at=at), at, factories.ZONE)
        return earlier.number, new.number


def state_of(site: Site, number: str) -> OrderState:
    with site.sessions() as session:
        return session.query(Order).filter_by(number=number).one().state


def test_the_earlier_order_stands_on_the_page_of_the_new_one(site: Site, numbers: tuple[str, str]) -> None:
    earlier, new = numbers
    browser = site.browser(Role.CALL_TAKER)

    assert f'data-known="{earlier}"' in browser.get(f"/orders/{new}").text
    assert 'id="known"' not in browser.get(f"/orders/{earlier}").text


def test_one_click_lets_it_go_into_the_earlier_one(site: Site, numbers: tuple[str, str]) -> None:
    _earlier, new = numbers
    browser = site.browser(Role.CALL_TAKER)
    browser.get(f"/orders/{new}")

    page = browser.send(f"/orders/{new}/known", meaning="chase")

    assert state_of(site, new) == OrderState.MERGED
    assert f'data-absorbed="{new}"' in page.text
    assert "催办" in page.text


def test_a_handler_sees_it_and_decides_nothing(site: Site, numbers: tuple[str, str]) -> None:
    _, new = numbers
    page = site.browser(Role.HANDLER).get(f"/orders/{new}").text

    assert 'id="known"' in page
    assert f"/orders/{new}/known" not in page


def test_two_at_once_the_second_is_told(site: Site, numbers: tuple[str, str]) -> None:
    earlier, new = numbers
    first, second = site.browser(Role.CALL_TAKER), site.browser(Role.CALL_TAKER)
    second.get(f"/orders/{new}")
    first.get(f"/orders/{new}")
    first.send(f"/orders/{new}/known", meaning="chase")

    answer = second.send(f"/orders/{new}/known", meaning="repeat")

    assert answer.status_code == 409
    assert "data-outdated" in answer.text
    with site.sessions() as session:
        history = session.query(Order).filter_by(number=earlier).one().history
        assert [row.remark for row in history if row.reason == new] == ["chased"]


@pytest.mark.parametrize("meaning", ["", "nothing", "again"])
def test_what_it_cannot_be_is_refused(site: Site, numbers: tuple[str, str], meaning: str) -> None:
    _, new = numbers
    browser = site.browser(Role.CALL_TAKER)
    browser.get(f"/orders/{new}")

    assert browser.send(f"/orders/{new}/known", meaning=meaning).status_code in {400, 409}
    assert state_of(site, new) == OrderState.RECEIVED


def test_the_words_of_it_are_no_codes(site: Site, numbers: tuple[str, str]) -> None:
    _, new = numbers
    browser = site.browser(Role.CALL_TAKER)
    browser.get(f"/orders/{new}")
    browser.send(f"/orders/{new}/known", meaning="repeat")

    assert not re.search(r"\brepeat:", browser.get(f"/orders/{new}").text)
