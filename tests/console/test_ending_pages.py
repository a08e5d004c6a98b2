"""Results that wait for a supervisor, and confidential orders, as people see them."""

from datetime import timedelta

import factories
import pytest
from factories import NOW, ZONE
from site_under_test import Browser, Site
from test_reading import read

from hotline.models import Order
from hotline.rules.facts import Category
from hotline.rules.order_states import OrderState
from hotline.rules.roles import Role
from hotline.services import secrecy, supervision
from hotline.services.access import SYSTEM

REPORT = {"outcome": "solved", "done": "送去米面和菜", "aid": "大米10千克", "evidence": "入户记录"}
WORDS = "家里没有米了三个孩子"


@pytest.fixture
def number(site: Site) -> str:
    """An order in progress of a unit that approves results."""
    site.street.policy = {"results_need_approval": True}
    with site.sessions.begin() as session:
        line = session.merge(site.line)
        order = factories.order(session, line, OrderState.IN_PROGRESS)
        order.summary = WORDS
        factories.transcript(session, order.calls[0], WORDS)
        return order.number


def report(site: Site, number: str) -> Browser:
    handler = site.browser(Role.HANDLER)
    handler.get(f"/orders/{number}")
    assert handler.send('data-move="resolve"', **REPORT).status_code == 200
    return handler


# Approval


def test_a_result_to_approve_stands_among_what_waits_for_a_supervisor(site: Site, number: str) -> None:
    supervisor = site.browser(Role.SUPERVISOR)
    assert 'id="results"' not in supervisor.get("/supervision").text
    report(site, number)

    assert f'data-order="{number}"' in supervisor.get("/supervision").text


def test_a_word_that_is_late_stands_where_everything_late_does(site: Site, number: str) -> None:
    supervisor = site.browser(Role.SUPERVISOR)
    report(site, number)
    assert 'data-step="decide" data-standing="running"' in supervisor.get(f"/orders/{number}").text
    site.clock.at = NOW + timedelta(hours=8)
    with site.sessions.begin() as session:
        while supervision.look(session, site.clock.at, ZONE):
            pass

    assert 'data-step="decide" data-standing="overdue"' in supervisor.get(f"/orders/{number}").text
    page = supervisor.get("/supervision").text
    notices = page[page.index('id="notices"') : page.index('id="results"')]
    assert 'data-notice="yellow"' in notices
    assert "结果审核超时 2 小时" in read(notices)
    assert "结果审核超时 2 小时" in read(page[page.index('id="results"') :])
    assert number in supervisor.get("/orders?overdue=1").text.split("<main")[1]


def test_a_reported_result_waits_and_is_approved(site: Site, number: str) -> None:
    handler = report(site, number)
    assert handler.page is not None
    assert 'data-state="in_progress"' in handler.page.text
    assert "待审核" in read(handler.page.text)
    assert 'data-ending="approve"' not in handler.page.text
    supervisor = site.browser(Role.SUPERVISOR)
    start = supervisor.get("/").text
    assert "待审核结果" in start
    assert number in supervisor.get("/orders?to_approve=1").text

    supervisor.get(f"/orders/{number}")
    page = supervisor.send('data-ending="approve"', word="同意")

    assert page.status_code == 200
    assert 'data-state="resolved"' in page.text
    results = read(page.text.split('id="results"')[1])
    assert "送去米面和菜" in results
    assert "审核通过" in results
    assert number not in supervisor.get("/orders?to_approve=1").text.split("<main")[1]


def test_a_result_is_sent_back_with_a_reason(site: Site, number: str) -> None:
    report(site, number)
    supervisor = site.browser(Role.SUPERVISOR)
    supervisor.get(f"/orders/{number}")

    assert supervisor.send('data-ending="send_back"', word=" ").status_code == 422
    page = supervisor.send('data-ending="send_back"', word="请补拍照片")

    assert page.status_code == 200
    assert 'data-state="in_progress"' in page.text
    assert "请补拍照片" in page.text
    assert "结果退回补办" in page.text


def test_a_result_that_lacks_what_the_order_needs_by_now_cannot_be_approved(site: Site, number: str) -> None:
    report(site, number)
    with site.sessions.begin() as session:
        order = session.query(Order).filter_by(number=number).one()
        order.category = Category.SUPPLIES
        order.approvals[0].aid = None
    supervisor = site.browser(Role.SUPERVISOR)
    supervisor.get(f"/orders/{number}")

    page = supervisor.send('data-ending="approve"')

    assert page.status_code == 422
    assert "请退回补办" in page.text
    assert supervisor.send('data-ending="send_back"', word="补填发放的物资").status_code == 200


def test_whoever_decides_second_is_told(site: Site, number: str) -> None:
    report(site, number)
    slow, quick = site.browser(Role.SUPERVISOR), site.browser(Role.SUPERVISOR)
    slow.get(f"/orders/{number}")
    quick.get(f"/orders/{number}")
    quick.send('data-ending="approve"')

    page = slow.send('data-ending="send_back"', word="还缺签字")

    assert page.status_code == 409
    assert "data-outdated" in page.text
    assert "还缺签字" in page.text


# Confidential orders


@pytest.fixture
def secret(site: Site, number: str) -> Order:
    with site.sessions.begin() as session:
        order = session.query(Order).filter(Order.number == number).one()
        order.unit = session.merge(site.street)
        factories.recording(session, order.calls[0])
        factories.attachment(session, order, name="孩子.jpg")
        secrecy.set_secret(session, order, "不想让邻居知道", SYSTEM, factories.NOW, is_secret=True)
        session.flush()
        _ = [call.recordings for call in order.calls], order.attachments
        return order


def above(site: Site) -> Browser:
    """Somebody of a district between the city and the street, with every role."""
    with site.sessions.begin() as session:
        city, street = session.merge(site.city), session.merge(site.street)
        district = factories.unit(session, parent=city, name="白云区")
        street.parent, street.path = district, f"{district.path}{street.id}/"
    return site.browser(*Role, unit=district)


def test_a_call_taker_makes_an_order_confidential_and_lifts_it(site: Site, number: str) -> None:
    browser = site.browser(Role.CALL_TAKER)
    browser.get(f"/orders/{number}")

    page = browser.send('data-ending="make_secret"', reason="来电人要求保密")

    assert page.status_code == 200
    assert "设为保密" in page.text
    assert WORDS in page.text
    page = browser.send('data-ending="lift_secrecy"', reason="本人同意公开")
    assert "解除保密" in page.text


def test_a_handler_is_not_asked_about_it(site: Site, number: str) -> None:
    assert 'id="secrecy"' not in site.browser(Role.HANDLER).get(f"/orders/{number}").text


def test_the_page_of_a_confidential_order_tells_others_that_there_is_one(site: Site, secret: Order) -> None:
    browser = above(site)

    page = browser.get(f"/orders/{secret.number}")

    assert page.status_code == 200
    assert "data-secret" in page.text
    for hidden in (WORDS, "不想让邻居知道", "孩子.jpg", "送去米面", "电话说明情况", "data-show-number", "<audio"):
        assert hidden not in page.text
    for shown in (secret.number, "保密", "办理中", secret.unit.name):
        assert shown in page.text


@pytest.mark.parametrize("path", ["/", "/orders", "/orders?ended=1", "/calls", "/surveys", "/troubles", "/supervision"])
def test_no_list_tells_what_it_holds(site: Site, secret: Order, path: str) -> None:
    text = above(site).get(path).text

    for hidden in (WORDS, factories.CALLER[-4:], "不想让邻居知道"):
        assert hidden not in text
    if path.startswith("/orders"):
        assert secret.number in text
        assert "保密" in text


def test_whoever_reads_it_sees_it_in_the_lists(site: Site, secret: Order) -> None:
    browser = site.browser(Role.SUPERVISOR)

    assert WORDS in browser.get("/orders").text
    assert WORDS in browser.get(f"/orders/{secret.number}").text


def test_every_other_road_is_closed(site: Site, secret: Order) -> None:
    browser = above(site)
    (call,) = secret.calls
    recording = call.recordings[-1].id

    page = browser.get(f"/calls/{call.id}")
    assert page.status_code == 200
    assert WORDS not in page.text
    assert factories.CALLER[-4:] not in page.text
    assert browser.get(f"/recordings/{recording}/audio").status_code == 404
    assert browser.get(f"/attachments/{secret.attachments[0].id}").status_code == 404
    for path, fields in (
        (f"/orders/{secret.number}/number", {}),
        (f"/orders/{secret.number}/facts/summary", {"do": "correct", "value": "x", "seen": ""}),
        (f"/calls/{call.id}/number", {}),
        (f"/calls/{call.id}/handled", {"note": "x"}),
        (f"/orders/{secret.number}/moves/contact", {"how": "x", "version": secret.version}),
        (f"/orders/{secret.number}/ending/lift_secrecy", {"reason": "x", "version": secret.version}),
    ):
        assert _post(browser, path, **fields).status_code == 403, path
    assert _post(browser, f"/recordings/{recording}/transcript", text="x", version=0).status_code == 404


def test_who_signs_for_it_reads_it(site: Site, secret: Order) -> None:
    with site.sessions.begin() as session:
        order = session.merge(secret)
        order.state, order.handler_id, order.accepted_at = OrderState.DISPATCHED, None, None
    browser = site.browser(Role.HANDLER)
    page = browser.get(f"/orders/{secret.number}")
    assert WORDS not in page.text

    page = browser.send('data-move="accept"')

    assert WORDS in page.text


def _post(browser: Browser, path: str, **fields: object):  # type: ignore[no-untyped-def]
    """Send what no form of a page would send."""
    token = browser.get("/orders").text.split('name="csrf_token" value="')[1].split('"')[0]
    return browser.client.post(
        path,
        data={"csrf_token": token, **fields},
        base_url=factories.BASE_URL,
        headers={"Referer": f"{factories.BASE_URL}/"},
    )
