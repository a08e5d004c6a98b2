"""What a person types in: a matter told at a desk, on another telephone, or at an outreach event."""

from datetime import timedelta

import factories
import pytest
from factories import NOW
from site_under_test import Browser, Site

from hotline.models import (
    Action,
    Alarm,
    AuditEntry,
    Channel,
    Direction,
    Fact,
    Order,
    Origin,
    OutreachEvent,
    TextMessage,
)
from hotline.rules.facts import Category, FactName, Urgency
from hotline.rules.order_states import OrderState
from hotline.rules.roles import REVIEWERS, Role
from hotline.services import facts, outreach

LOCAL = "%Y-%m-%dT%H:%M"
MOBILE = "13900139000"


def at(moment_before_now: timedelta) -> str:
    return f"{(NOW - moment_before_now).astimezone(factories.ZONE):{LOCAL}}"


def only_order(site: Site) -> Order:
    with site.sessions() as session:
        (order,) = site.all(session, Order)
        _ = order.intake_unit, [each.user for each in order.statements], facts.present(order), order.outreach_event
        return order


def orders(site: Site) -> int:
    with site.sessions() as session:
        return session.query(Order).count()


def event(site: Site, *, days_ago: int = 0, other: bool = False) -> str:
    with site.sessions.begin() as session:
        unit = session.merge(site.other if other else site.street)
        day = NOW.astimezone(factories.ZONE).date() - timedelta(days=days_ago)
        made = outreach.add(session, "民政政策赶集日", day, unit, factories.actor(session, unit, Role.CALL_TAKER), NOW)
        return str(made.id)


@pytest.fixture
def taker(site: Site) -> Browser:
    browser = site.browser(Role.CALL_TAKER)
    browser.get("/orders/new")
    return browser


def test_what_is_typed_in_becomes_an_order_and_its_page_opens(site: Site, taker: Browser) -> None:
    page = taker.send(
        'id="entry"',
        text="老人独居，断粮两天",
        phone=MOBILE,
        caller_name="陈秀英",
        place="street",
        category="supplies",
        urgency="urgent",
        received_at=at(timedelta(minutes=20)),
    )

    order = only_order(site)
    assert page.request.path == f"/orders/{order.number}"
    assert (order.channel, order.state, order.intake_unit.code) == (Channel.DESK, OrderState.RECEIVED, "street")
    assert (order.category, order.urgency) == (Category.SUPPLIES, Urgency.URGENT)
    assert order.number_to_ring == f"+86{MOBILE}"
    assert order.received_at == NOW - timedelta(minutes=20)
    assert order.resolve_by == NOW - timedelta(minutes=20) + timedelta(days=1)
    (said,) = order.statements
    assert said.text == "老人独居，断粮两天"
    assert said.user is not None
    assert said.user.name in page.text
    assert facts.present(order)[FactName.CALLER_NAME].now.value == "陈秀英"  # type: ignore[union-attr]


def test_who_typed_it_in_is_written_down(site: Site, taker: Browser) -> None:
    taker.send('id="entry"', text="断粮两天")

    with site.sessions() as session:
        (entry,) = session.query(AuditEntry).filter_by(action=Action.ORDER_ENTERED).all()
        assert (entry.subject, entry.subject_id) == ("orders", site.all(session, Order)[0].id)
        assert entry.user_id is not None


def test_an_emergency_alarms_at_once(site: Site, taker: Browser) -> None:
    taker.send('id="entry"', text="老人晕倒在门口", urgency="emergency")

    with site.sessions() as session:
        assert len(site.all(session, Alarm)) == 1


def test_a_second_click_makes_no_second_order(site: Site, taker: Browser) -> None:
    form = taker.page
    taker.send('id="entry"', text="断粮两天")
    taker.page = form
    taker.send('id="entry"', text="断粮两天")
    assert orders(site) == 1

    taker.page = form
    taker.send('id="entry"', text="另一位老人断粮两天")
    assert orders(site) == 2


@pytest.mark.parametrize(
    "other",
    [
        {"phone": "13900139001"},
        {"caller_name": "李桂兰"},
        {"address": "静溪新村9号402"},
        {"by_text": "y"},
        {"category": "medical"},
        {"received_at": at(timedelta(minutes=21))},
    ],
)
def test_two_people_who_ask_for_the_same_at_once_have_an_order_each(
    site: Site, taker: Browser, other: dict[str, str]
) -> None:
    first = {
        "text": "断粮两天",
        "phone": MOBILE,
        "caller_name": "陈秀英",
        "address": "静溪新村9号401",
        "category": "supplies",
        "received_at": at(timedelta(minutes=20)),
    }
    form = taker.page
    for fields in (first, first, {**first, **other}, first):
        taker.page = form
        taker.send('id="entry"', **fields)

    assert orders(site) == 2


def test_who_is_served_in_writing_gets_the_page(site: Site, taker: Browser) -> None:
    taker.send('id="entry"', text="听不见，没有米了", phone=MOBILE, by_text="y")

    order = only_order(site)
    assert order.is_by_text
    with site.sessions() as session:
        (told,) = session.query(TextMessage).filter_by(direction=Direction.OUTBOUND).all()
        assert f"/s/{order.status_token}" in told.body


@pytest.mark.parametrize(
    ("filled_in", "error"),
    [
        ({"text": " "}, "entry-text-error"),
        ({"text": "长" * 5001}, "entry-text-error"),
        ({"phone": "12345"}, "entry-phone-error"),
        ({"channel": "event"}, "entry-event-error"),
        ({"channel": "web"}, "entry-channel"),
        ({"received_at": "2026-03-02T10:05"}, "entry-received_at-error"),
        ({"received_at": "2026-02-20T10:00"}, "entry-received_at-error"),
        ({"received_at": "gestern"}, "entry-received_at-error"),
        ({"place": "nowhere"}, "entry-place-error"),
    ],
)
def test_what_cannot_be_is_named_and_nothing_typed_is_lost(
    site: Site, taker: Browser, filled_in: dict[str, str], error: str
) -> None:
    page = taker.send('id="entry"', **{"text": "断粮两天", "caller_name": "陈秀英", **filled_in})

    assert page.status_code == 422
    assert error in page.text
    assert "陈秀英" in page.text
    assert orders(site) == 0


def test_an_event_is_chosen_beforehand_and_its_unit_has_the_order(site: Site) -> None:
    number = event(site)
    browser = site.browser(Role.CALL_TAKER, unit=site.city)
    browser.get(f"/orders/new?event={number}")
    browser.send('id="entry"', text="问高龄津贴")

    order = only_order(site)
    assert (order.channel, order.intake_unit.code) == (Channel.EVENT, "street")
    assert order.outreach_event is not None
    assert order.outreach_event.name == "民政政策赶集日"


def test_events_of_others_and_of_long_ago_are_not_offered(site: Site, taker: Browser) -> None:
    foreign, old = event(site, other=True), event(site, days_ago=8)
    text = taker.get("/orders/new").text

    assert f'<option value="{foreign}"' not in text
    assert f'<option value="{old}"' not in text
    for number in (foreign, old):
        assert taker.send('id="entry"', text="问津贴", channel="event", event=number).status_code == 422
    assert orders(site) == 0


@pytest.mark.parametrize("role", Role)
def test_reviewers_type_in(site: Site, role: Role) -> None:
    browser = site.browser(role)

    assert browser.get("/orders/new").status_code == (200 if role in REVIEWERS else 403)
    assert ('href="/orders/new"' in browser.get("/orders").text) == (role in REVIEWERS)


def test_events_are_listed_with_what_was_taken_in_at_each(site: Site, taker: Browser) -> None:
    number = event(site)
    for text in ("问津贴", "没有米了"):
        taker.get(f"/orders/new?event={number}")
        taker.send('id="entry"', text=text)

    text = taker.get("/events").text

    assert "民政政策赶集日" in text
    assert "2 张工单" in text
    assert f'href="/orders/new?event={number}"' in text
    assert "民政政策赶集日" not in site.browser(Role.CALL_TAKER, unit=site.other).get("/events").text


def test_an_event_is_added_once(site: Site, taker: Browser) -> None:
    taker.get("/events")
    told = {"name": "敬老院义诊", "held_on": "2026-03-05", "unit": "street"}
    assert "敬老院义诊" in taker.send('id="add-event"', **told).text
    page = taker.send('id="add-event"', **told)

    assert page.status_code == 422
    assert 'id="event-name-error"' in page.text
    with site.sessions() as session:
        assert [each.name for each in site.all(session, OutreachEvent)] == ["敬老院义诊"]
        assert session.query(AuditEntry).filter_by(action=Action.EVENT_ADDED).count() == 1


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"name": "长" * 121}, {"held_on": "x"}, {"held_on": "0001-01-01"}, {"unit": "other"}]
)
def test_an_event_that_cannot_be_is_not_added(site: Site, taker: Browser, wrong: dict[str, str]) -> None:
    taker.get("/events")
    told = {"name": "敬老院义诊", "held_on": "2026-03-05", "unit": "street", **wrong}

    assert taker.send('id="add-event"', **told).status_code == 422
    with site.sessions() as session:
        assert site.all(session, OutreachEvent) == []


class TestWritten:
    """What was written, on the page of an order."""

    @pytest.fixture
    def number(self, site: Site) -> str:
        with site.sessions.begin() as session:
            order = factories.wrote(session, session.merge(site.line), "我听不见，电话13912345678，没有米了")
            assert order is not None
            return order.number

    def test_it_stands_there_with_channel_and_delivery_and_hidden_numbers(self, site: Site, number: str) -> None:
        text = site.browser(Role.CALL_TAKER).get(f"/orders/{number}").text

        assert "没有米了" in text
        assert "13912345678" not in text
        assert 'data-message="receipt"' in text
        assert f'href="/s/{only_order(site).status_token}"' in text
        assert "待发送" in text

    def test_the_words_that_facts_rest_on_are_marked(self, site: Site, number: str) -> None:
        with site.sessions.begin() as session:
            order = site.all(session, Order)[0]
            said = order.statements[0]
            start = said.text.index("没有米")
            piece = {"text": "没有米", "start": start, "end": start + 3}
            known = {"content": {"value": ["food"]}, "evidence": [piece], "confidence": 0.9, "made_at": NOW}
            fact = Fact(name=FactName.NEEDS, origin=Origin.MACHINE, statement_id=said.id, **known)
            order.facts.append(fact)

        text = site.browser(Role.CALL_TAKER).get(f"/orders/{number}").text

        assert '<span class="piece" data-facts="needs">没有米</span>' in text

    def test_the_desk_writes_to_the_caller_once(self, site: Site, number: str) -> None:
        browser = site.browser(Role.CALL_TAKER)
        form = browser.get(f"/orders/{number}")
        assert "今晚七点到" in browser.send("data-letter", text="今晚七点到").text
        browser.page = form

        assert browser.send("data-letter", text="今晚七点到").status_code == 409
        with site.sessions() as session:
            assert session.query(TextMessage).filter_by(purpose="letter").count() == 1

    @pytest.mark.parametrize("text", ["", "！！", "长" * 501])
    def test_a_letter_without_words_is_none(self, site: Site, number: str, text: str) -> None:
        browser = site.browser(Role.CALL_TAKER)
        browser.get(f"/orders/{number}")
        page = browser.send("data-letter", text=text)

        assert page.status_code == 422
        assert 'id="letter-text-error"' in page.text

    def test_whoever_can_be_reached_by_no_message_is_not_written_to(self, site: Site) -> None:
        with site.sessions.begin() as session:
            number = factories.order(session, session.merge(site.line), number=factories.LANDLINE).number
        browser = site.browser(Role.CALL_TAKER)
        browser.get(f"/orders/{number}")
        page = browser.send("data-letter", text="您好")

        assert page.status_code == 422
        assert "无法用文字联系" in page.text

    def test_who_neither_sits_at_the_desk_nor_handles_it_is_offered_no_letter(self, site: Site, number: str) -> None:
        for role in (Role.DISPATCHER, Role.HANDLER, Role.ADMINISTRATOR):
            text = site.browser(role).get(f"/orders/{number}").text
            assert "data-letter" not in text
            assert "data-in-writing" not in text
            assert "data-callers-page" not in text

    def test_what_is_secret_is_read_and_answered_by_few(self, site: Site, number: str) -> None:
        browser = site.browser(Role.CALL_TAKER, unit=site.city)
        form = browser.get(f"/orders/{number}")
        with site.sessions.begin() as session:
            order = site.all(session, Order)[0]
            order.is_secret = True
            session.flush()
            version = order.version

        assert "没有米了" not in browser.get(f"/orders/{number}").text
        for mark in ("data-letter", "data-in-writing"):
            browser.page = form
            assert browser.send(mark, text="您好", version=version).status_code == 403

    def test_the_desk_chooses_whether_the_caller_is_served_in_writing(self, site: Site, number: str) -> None:
        browser = site.browser(Role.SUPERVISOR)
        assert "文字服务" in browser.get(f"/orders/{number}").text
        browser.send("data-in-writing")
        assert not only_order(site).is_by_text
        browser.send("data-in-writing")
        assert only_order(site).is_by_text
