"""On an order's page: whom the catalogue names, and the units that assist."""

import factories
import pytest
from site_under_test import Browser, Site

from hotline.models import CatalogueRow, Order, OrderEvent
from hotline.rules.facts import Category
from hotline.rules.order_states import OrderState, Remark
from hotline.rules.roles import Role


def make(site: Site, state: OrderState = OrderState.TRIAGED, assisted_by: str = "") -> str:
    with site.sessions.begin() as session:
        order = factories.order(session, session.merge(site.line), state)
        order.category, order.place = Category.MEDICAL, session.merge(site.street)
        if assisted_by:
            factories.assist(session, order, session.merge(getattr(site, assisted_by)))
        return order.number


def remarks(site: Site) -> list[tuple[Remark, str | None]]:
    with site.sessions() as session:
        return [(event.remark, event.reason) for event in site.all(session, OrderEvent) if event.remark]


@pytest.fixture
def dispatcher(site: Site) -> Browser:
    return site.browser(Role.DISPATCHER)


def follow_catalogue(site: Site) -> int:
    with site.sessions.begin() as session:
        street, other, city = (session.merge(each) for each in (site.street, site.other, site.city))
        factories.user(session, other, Role.HANDLER)
        row = CatalogueRow(category=Category.MEDICAL, place=street, unit=other, assisting=[city])
        return factories.catalogue(session, street, row).number


def test_the_unit_of_the_catalogue_is_chosen_beforehand_with_the_reason(site: Site, dispatcher: Browser) -> None:
    version = follow_catalogue(site)
    text = dispatcher.get(f"/orders/{make(site)}").text

    assert 'data-recommended="other"' in text
    assert f"按京溪街道的派单目录第 {version} 版：就医用药，京溪街道 → 同和街道" in text
    assert "协办单位：广州市" in text
    assert '<option selected value="other">' in text


def test_who_follows_the_catalogue_has_its_assistants_assist(site: Site, dispatcher: Browser) -> None:
    follow_catalogue(site)
    number = make(site)
    dispatcher.get(f"/orders/{number}")

    dispatcher.send('data-move="dispatch"')

    with site.sessions() as session:
        found = session.query(Order).one()
        assert (found.unit.code, [each.unit.code for each in found.assistants]) == ("other", ["city"])
        assert "catalogue:row" in [event.reason for event in found.history]


def test_who_knows_better_dispatches_elsewhere_without_them(site: Site, dispatcher: Browser) -> None:
    follow_catalogue(site)
    dispatcher.get(f"/orders/{make(site)}")

    dispatcher.send('data-move="dispatch"', unit="street", note="病人住在本街道")

    with site.sessions() as session:
        found = session.query(Order).one()
        assert (found.unit.code, list(found.assistants)) == ("street", [])


def test_without_a_row_the_reason_says_so(site: Site, dispatcher: Browser) -> None:
    with site.sessions.begin() as session:
        factories.user(session, session.merge(site.street), Role.HANDLER)

    text = dispatcher.get(f"/orders/{make(site)}").text

    assert 'data-recommended="street"' in text
    assert "目录中没有适用的行" in text


def test_a_unit_is_asked_to_assist_and_released(site: Site, dispatcher: Browser) -> None:
    dispatcher.get(f"/orders/{make(site)}")

    page = dispatcher.send('data-assist="add"', unit="other", note="送药上门")

    assert 'data-assistant="other"' in page.text
    page = dispatcher.send('data-assist="release-other"', note="已送到")
    assert "没有协办单位" in page.text
    assert remarks(site) == [(Remark.ASSISTANT_ADDED, "送药上门"), (Remark.ASSISTANT_REMOVED, "已送到")]


@pytest.mark.parametrize(("unit", "said"), [("", "请选择"), ("nosuch", "没有这个选项"), ("street", "正在主办这张工单")])
def test_a_unit_that_cannot_assist_is_told_at_the_field(site: Site, dispatcher: Browser, unit: str, said: str) -> None:
    dispatcher.get(f"/orders/{make(site)}")

    page = dispatcher.send('data-assist="add"', unit=unit, note="送药上门")

    assert page.status_code == 422
    assert said in page.text
    assert 'value="送药上门"' in page.text
    assert remarks(site) == []


def test_of_two_who_release_a_unit_the_second_is_told(site: Site, dispatcher: Browser) -> None:
    number = make(site, assisted_by="other")
    dispatcher.get(f"/orders/{number}")
    supervisor = site.browser(Role.SUPERVISOR)
    supervisor.get(f"/orders/{number}")
    supervisor.send('data-assist="release-other"')

    page = dispatcher.send('data-assist="release-other"', note="已送到")

    assert page.status_code == 409
    assert "data-outdated" in page.text


def test_who_assists_says_what_was_done_and_nothing_else(site: Site) -> None:
    number = make(site, OrderState.IN_PROGRESS, assisted_by="other")
    browser = site.browser(Role.HANDLER, unit=site.other)
    text = browser.get(f"/orders/{number}").text
    assert 'data-assist="add"' not in text
    assert 'data-assist="release-other"' not in text

    page = browser.send('data-assist="report-other"', done="药已送到病人手上")

    assert "药已送到病人手上" in page.text
    assert remarks(site) == [(Remark.ASSISTED, "药已送到病人手上")]


def test_a_report_without_a_word_is_none(site: Site) -> None:
    browser = site.browser(Role.HANDLER, unit=site.other)
    browser.get(f"/orders/{make(site, OrderState.IN_PROGRESS, assisted_by='other')}")

    assert browser.send('data-assist="report-other"', done=" ").status_code == 422
    assert remarks(site) == []


def test_a_report_counts_though_the_order_was_moved_meanwhile(site: Site) -> None:
    number = make(site, OrderState.ACCEPTED, assisted_by="other")
    browser = site.browser(Role.HANDLER, unit=site.other)
    browser.get(f"/orders/{number}")
    handler = site.browser(Role.HANDLER)
    handler.get(f"/orders/{number}")
    handler.send('data-move="contact"', how="电话联系")

    assert browser.send('data-assist="report-other"', done="药已送到").status_code == 200
    assert remarks(site) == [(Remark.ASSISTED, "药已送到")]


@pytest.mark.parametrize("role", [Role.CALL_TAKER, Role.HANDLER, Role.ADMINISTRATOR])
def test_others_neither_choose_nor_report(site: Site, dispatcher: Browser, role: Role) -> None:
    number = make(site)
    browser = site.browser(role)

    assert "data-assist=" not in browser.get(f"/orders/{number}").text
    dispatcher.get(f"/orders/{number}")
    dispatcher.client = browser.client
    assert dispatcher.send('data-assist="add"', unit="other").status_code in {400, 403}
    assert remarks(site) == []


def test_a_closed_order_gets_no_more_assistants_nor_reports(site: Site, dispatcher: Browser) -> None:
    text = dispatcher.get(f"/orders/{make(site, OrderState.CLOSED, assisted_by='other')}").text

    assert 'data-assist="add"' not in text
    assert 'data-assist="report-other"' not in text
