"""Orders moved on by the forms of their page."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import factories
import pytest
from flask_babel import force_locale
from site_under_test import Browser, Site
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from hotline import web
from hotline.app import create_app
from hotline.console.moves import MOVES
from hotline.console.words import word
from hotline.db import Sessions
from hotline.models import Action, AuditEntry, Channel, Fact, Level, Order, OrderEvent, Origin, Outcome, Result
from hotline.rules import order_states
from hotline.rules.facts import Category, FactName
from hotline.rules.order_states import ORDER, Move, OrderState
from hotline.rules.roles import Role
from hotline.services import facts, intake, orders
from speech.understand import Gazetteer, understand

FILLED_IN = {
    Move.INVALIDATE: {"reason": "打错了"},
    Move.DISPATCH: {"note": "请尽快"},
    Move.ANSWER: {"reason": "到社区办理"},
    Move.RETURN: {"reason": "不在本辖区"},
    Move.CONTACT: {"how": "电话联系本人"},
    Move.RESOLVE: {"outcome": "solved", "done": "送去米面", "aid": "大米10千克", "evidence": "走访记录"},
    Move.REPORT_BACK: {"outcome": "referred", "done": "已由医院接诊", "evidence": "回执"},
    Move.REFER: {"unit": "hospital", "note": "需要住院"},
    Move.TAKE_BACK: {"reason": "对方不受理"},
    Move.CLOSE: {"reason": "本人确认"},
    Move.REOPEN: {"reason": "事情没有解决"},
    Move.MERGE: {"reason": "同一件事"},
}


def made(site: Site, state: OrderState) -> str:
    with site.sessions.begin() as session:
        city = session.merge(site.city)
        if not session.query(type(city)).filter_by(code="hospital").count():
            factories.unit(session, "hospital", parent=city, level=Level.DEPARTMENT, name="第一人民医院")
        return factories.order(session, session.merge(site.line), state).number


def order_of(site: Site, number: str) -> Order:
    with site.sessions() as session:
        return session.query(Order).filter(Order.number == number).one()


def handler_leaves(site: Site, number: str) -> None:
    with site.sessions.begin() as session:
        factories.handler_leaves(session, session.query(Order).filter(Order.number == number).one())


def state_on(text: str) -> str:
    found = re.search(r'<main[^>]* data-state="(\w+)"', text)
    assert found is not None
    return found[1]


def moves_on(text: str) -> list[str]:
    return re.findall(r'data-move="(\w+)"', text)


@pytest.mark.parametrize(("state", "move"), [(state, move) for state, moves in ORDER.items() for move in moves])
def test_every_move_of_the_table_is_made_by_its_form(site: Site, state: OrderState, move: Move) -> None:
    number = made(site, state)
    filled_in = dict(FILLED_IN.get(move, {}))
    if move == Move.MERGE:
        filled_in["number"] = made(site, OrderState.RECEIVED)
    if move == Move.TAKE_BACK:
        handler_leaves(site, number)
    browser = site.browser(*Role)
    browser.get(f"/orders/{number}")

    page = browser.send(f'data-move="{move}"', **filled_in)

    assert page.status_code == 200
    after = OrderState.TRIAGED if move == Move.UNMERGE else ORDER[state][move]
    assert state_on(page.text) == after
    with site.sessions() as session:
        event = session.query(OrderEvent).order_by(OrderEvent.id.desc()).first()
        noted = site.all(session, AuditEntry)[-1]
        assert event is not None
        assert (event.move, event.to_state) == (move, after)
        assert (noted.action, noted.detail) == (Action.ORDER_MOVED, move.value)


@pytest.mark.parametrize("state", OrderState)
@pytest.mark.parametrize("role", Role)
def test_page_offers_just_the_moves_of_the_role(site: Site, state: OrderState, role: Role) -> None:
    number = made(site, state)

    text = site.browser(role).get(f"/orders/{number}").text

    # What a handler goes on with is taken back by nobody.
    in_hand = {Move.TAKE_BACK} if state in {OrderState.ACCEPTED, OrderState.IN_PROGRESS} else set()
    offered = [each for each in order_states.moves(state, frozenset({role})) if each not in in_hand]
    assert moves_on(text) == [each.value for each in offered]


def test_every_move_has_a_form() -> None:
    assert set(MOVES) == set(Move)


def test_move_that_is_not_offered_is_refused(site: Site) -> None:
    number = made(site, OrderState.TRIAGED)
    browser = site.browser(Role.CALL_TAKER, Role.DISPATCHER)
    handler = site.browser(Role.HANDLER)
    browser.get(f"/orders/{number}")
    version = order_of(site, number).version

    page = post(handler, f"/orders/{number}/moves/dispatch", unit="street", version=version)

    assert page.status_code == 403
    assert order_of(site, number).state == OrderState.TRIAGED
    assert post(handler, f"/orders/{number}/moves/fly", version=version).status_code == 404


def post(browser: Browser, path: str, **fields: object):  # type: ignore[no-untyped-def]
    """Send what no form of a page would send."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/orders").text)
    assert token is not None
    return browser.client.post(
        path,
        data={"csrf_token": token[1], **fields},
        base_url=factories.BASE_URL,
        headers={"Referer": f"{factories.BASE_URL}/"},
    )


def test_place_of_the_facts_is_chosen_beforehand(site: Site) -> None:
    with site.sessions.begin() as session:
        street = session.merge(site.street)
        factories.unit(session, "meihuayuan", parent=street, name="梅花园社区", level=Level.COMMUNITY)
    number = made(site, OrderState.RECEIVED)
    with site.sessions.begin() as session:
        order = session.query(Order).filter(Order.number == number).one()
        facts.confirm(
            session, order, FactName.PLACE, "meihuayuan",
            factories.actor(session, session.merge(site.street), Role.CALL_TAKER), factories.NOW, factories.ZONE,
        )  # fmt: skip
        orders.triage(session, order, factories.SYSTEM, factories.NOW)
    browser = site.browser(Role.DISPATCHER)
    browser.get(f"/orders/{number}")

    browser.send('data-move="dispatch"')

    with site.sessions() as session:
        assert session.query(Order).filter(Order.number == number).one().unit.code == "meihuayuan"


def test_unit_above_the_own_one_does_not_hide_the_order_until_it_is_theirs(site: Site) -> None:
    number = made(site, OrderState.DISPATCHED)
    with site.sessions.begin() as session:
        order = session.query(Order).filter(Order.number == number).one()
        order.unit_id, order.intake_unit_id = site.street.id, site.city.id
    browser = site.browser(Role.HANDLER)
    browser.get(f"/orders/{number}")

    page = browser.send('data-move="return"', reason="不在本辖区")

    assert page.status_code == 200
    assert page.request.path == "/orders"
    assert browser.get(f"/orders/{number}").status_code == 404


def test_accepting_makes_the_person_the_handler(site: Site) -> None:
    number = made(site, OrderState.DISPATCHED)
    handler = site.person(Role.HANDLER)
    browser = site.browser_of(handler)
    browser.get(f"/orders/{number}")

    browser.send('data-move="accept"')

    assert order_of(site, number).handler_id == handler.id


@pytest.mark.parametrize(
    ("move", "state", "field"),
    [
        (Move.INVALIDATE, OrderState.RECEIVED, "reason"),
        (Move.RETURN, OrderState.DISPATCHED, "reason"),
        (Move.CONTACT, OrderState.ACCEPTED, "how"),
        (Move.CLOSE, OrderState.RESOLVED, "reason"),
        (Move.MERGE, OrderState.RECEIVED, "number"),
    ],
)
def test_what_is_missing_is_named_and_what_was_written_is_kept(
    site: Site, move: Move, state: OrderState, field: str
) -> None:
    number = made(site, state)
    browser = site.browser(*Role)
    browser.get(f"/orders/{number}")
    filled_in = {**FILLED_IN[move], field: "  "}

    page = browser.send(f'data-move="{move}"', **filled_in)

    assert page.status_code == 422
    assert "请填写此项" in page.text
    assert f'id="move-{move}-{field}-error"' in page.text
    for name, value in filled_in.items():
        assert name == field or value in page.text
    assert order_of(site, number).state == state


def test_closing_elements_that_are_missing_are_each_named(site: Site) -> None:
    number = made(site, OrderState.IN_PROGRESS)
    with site.sessions.begin() as session:
        order = session.query(Order).filter(Order.number == number).one()
        order.category, order.contacted_at = Category.ELDERLY, None
    browser = site.browser(Role.HANDLER)
    browser.get(f"/orders/{number}")

    page = browser.send('data-move="resolve"', outcome="not_solved", aid="棉被一床")

    assert page.status_code == 422
    for said in ("还没有人联系过求助人", "请填写办理情况", "请填写未解决的原因", "须有走访记录", "棉被一床"):
        assert said in page.text
    assert order_of(site, number).state == OrderState.IN_PROGRESS
    with site.sessions() as session:
        assert session.query(Result).count() == 0


def test_result_is_shown_with_its_elements(site: Site) -> None:
    number = made(site, OrderState.IN_PROGRESS)
    browser = site.browser(Role.HANDLER)
    browser.get(f"/orders/{number}")

    text = browser.send('data-move="resolve"', **FILLED_IN[Move.RESOLVE]).text

    assert 'data-outcome="solved"' in text
    for said in ("送去米面", "大米10千克", "走访记录"):
        assert said in text
    with site.sessions() as session:
        assert session.query(Result).one().outcome == Outcome.SOLVED


def test_merging_needs_another_open_order_that_one_sees(site: Site) -> None:
    number, closed = made(site, OrderState.RECEIVED), made(site, OrderState.CLOSED)
    with site.sessions.begin() as session:
        foreign_line = factories.line(session, session.merge(site.other), number="+862011112222")
        foreign = factories.order(session, foreign_line).number
    browser = site.browser(Role.CALL_TAKER)

    for wrong, said in ((foreign, "没有这个工单"), (number, "就是本工单"), (closed, "已经办结"), ("x", "没有这个工单")):
        browser.get(f"/orders/{number}")
        page = browser.send('data-move="merge"', number=wrong, reason="同一件事")
        assert page.status_code == 422, wrong
        assert said in page.text
    assert order_of(site, number).state == OrderState.RECEIVED


def test_whoever_was_slower_is_told_who_did_what_and_keeps_the_text(site: Site) -> None:
    number = made(site, OrderState.RECEIVED)
    slow, quick = site.browser(Role.CALL_TAKER), site.person(Role.CALL_TAKER)
    slow.get(f"/orders/{number}")
    site.browser_of(quick)
    with site.sessions.begin() as session:
        order = session.query(Order).filter(Order.number == number).one()
        orders.triage(session, order, factories.actor_for(session.merge(quick)), site.clock.now())

    page = slow.send('data-move="invalidate"', reason="听起来像是恶作剧")

    assert page.status_code == 409
    assert "data-outdated" in page.text
    assert f"{quick.name}：审核通过" in page.text
    assert "听起来像是恶作剧" in page.text
    assert order_of(site, number).state == OrderState.TRIAGED


@pytest.mark.parametrize("state", sorted(OrderState))
def test_whatever_was_done_meanwhile_is_shown_to_the_slower_person_who_overwrites_nothing(
    site: Site, state: OrderState
) -> None:
    slow = site.browser(Role.CALL_TAKER, Role.DISPATCHER, Role.HANDLER, Role.SUPERVISOR)
    for move in sorted(ORDER[state]):
        number = made(site, state)
        if move == Move.TAKE_BACK:
            handler_leaves(site, number)
        slow.get(f"/orders/{number}")
        with site.sessions.begin() as session:
            order = session.query(Order).filter(Order.number == number).one()
            factories.step(session, order, move, at=site.clock.now())
            stands, rows = order.state, len(order.history)

        beside = {"number": made(site, OrderState.RECEIVED)} if move == Move.MERGE else {}
        page = slow.send(f'data-move="{move}"', **FILLED_IN.get(move, {}), **beside)

        assert page.status_code == 409, move
        told = page.text.split("data-outdated")[1].split("</section>")[0]
        with site.app.test_request_context(), force_locale("zh_Hans_CN"):
            assert f"：{word(move)}，" in told
        with site.sessions() as session:
            order = session.query(Order).filter(Order.number == number).one()
            assert (order.state, len(order.history)) == (stands, rows)


def test_text_of_a_move_that_is_gone_is_still_shown(site: Site) -> None:
    number = made(site, OrderState.DISPATCHED)
    slow = site.browser(Role.HANDLER)
    slow.get(f"/orders/{number}")
    quick = site.browser(Role.HANDLER)
    quick.get(f"/orders/{number}")
    quick.send('data-move="accept"')
    quick.send('data-move="contact"', how="已联系")

    page = slow.send('data-move="return"', reason="这是别的街道的事")

    assert page.status_code == 409
    assert "这是别的街道的事" in page.text
    assert moves_on(page.text) == ["contact", "resolve", "refer"]


def test_fact_stated_meanwhile_counts_as_a_change(site: Site) -> None:
    number = made(site, OrderState.RECEIVED)
    slow, reviewer = site.browser(Role.CALL_TAKER), site.person(Role.CALL_TAKER)
    slow.get(f"/orders/{number}")
    with site.sessions.begin() as session:
        order = session.query(Order).filter(Order.number == number).one()
        actor = factories.actor_for(session.merge(reviewer))
        facts.confirm(session, order, FactName.URGENCY, "emergency", actor, site.clock.now(), factories.ZONE)
        assert session.query(Fact).one().origin == Origin.PERSON

    page = slow.send('data-move="triage"')

    assert page.status_code == 409
    assert f"{reviewer.name}：要素“紧急程度”" in page.text


def test_what_the_machine_read_meanwhile_is_told_as_the_machines_and_sent_again_it_goes(site: Site) -> None:
    number = made(site, OrderState.RECEIVED)
    browser = site.browser(Role.CALL_TAKER)
    browser.get(f"/orders/{number}")
    with site.sessions.begin() as session:
        order = session.query(Order).filter(Order.number == number).one()
        statement = intake.state(session, order, Channel.PHONE, "家里没有米了", site.clock.now())
        understood = understand(statement.text, Gazetteer.from_rows([], []))
        facts.propose(session, order, statement, understood, site.clock.now(), factories.ZONE)

    page = browser.send('data-move="triage"')

    assert page.status_code == 409
    told = page.text.split("data-outdated")[1].split("</section>")[0]
    assert "data-read" in told
    assert "其他人" not in told
    assert "机器识别出：摘要、类别、紧急程度、需求" in told
    assert browser.send('data-move="triage"').status_code == 200
    assert order_of(site, number).state == OrderState.TRIAGED


@pytest.mark.parametrize(
    ("version", "code"), [("", 422), ("0", 409), ("99999999999999999999", 409), ("x", 400), ("²", 400)]
)
def test_version_that_nobody_was_shown_moves_nothing(site: Site, version: str, code: int) -> None:
    number = made(site, OrderState.RECEIVED)
    browser = site.browser(Role.CALL_TAKER)

    page = post(browser, f"/orders/{number}/moves/triage", version=version)

    assert page.status_code == code
    assert order_of(site, number).state == OrderState.RECEIVED


def test_of_two_who_merge_two_orders_into_each_other_one_is_second(
    own_database_url: str, own_sessions: Sessions, tmp_path: Path
) -> None:
    app, clock = create_app(factories.settings(tmp_path, database_url=own_database_url)), factories.SetClock()
    web.install(app, replace(app.extensions["hotline"], clock=clock))
    site = Site(app, own_sessions, clock, tmp_path)
    numbers = [made(site, OrderState.RECEIVED) for _ in range(2)]
    browsers = [site.browser(Role.CALL_TAKER) for _ in numbers]
    for browser, number in zip(browsers, numbers, strict=True):
        browser.get(f"/orders/{number}")

    def merge(which: int) -> TestResponse:
        return browsers[which].send('data-move="merge"', number=numbers[1 - which], reason="同一件事")

    waiting = text("select count(*) from pg_stat_activity where wait_event_type = 'Lock'")
    with ThreadPoolExecutor(2) as pool, own_sessions() as first, own_sessions() as looking:
        first.execute(select(Order.id).where(Order.number == numbers[0]).with_for_update())
        merged = [pool.submit(merge, which) for which in range(2)]
        while looking.scalar(waiting) != 2:
            looking.rollback()
        first.rollback()
        pages = sorted((each.result() for each in merged), key=lambda page: page.status_code)

    assert [page.status_code for page in pages] == [200, 409]
    assert "data-outdated" in pages[1].text
    assert "同一件事" in pages[1].text
    states = sorted(order_of(site, number).state for number in numbers)
    assert states == [OrderState.MERGED, OrderState.RECEIVED]


def test_nobody_is_led_to_what_ends_an_order_unheard(site: Site) -> None:
    number = made(site, OrderState.RECEIVED)

    text = site.browser(Role.DISPATCHER).get(f"/orders/{number}").text

    assert moves_on(text) == ["merge"]
    assert not re.search(r'<details class="move" open', text)


def test_moves_of_a_handler_are_not_offered_on_what_another_unit_holds(site: Site) -> None:
    number = made(site, OrderState.TRIAGED)
    with site.sessions.begin() as session:
        order = session.query(Order).filter(Order.number == number).one()
        orders.dispatch(session, order, session.merge(site.other), factories.SYSTEM, factories.NOW)

    text = site.browser(Role.HANDLER).get(f"/orders/{number}").text

    assert moves_on(text) == []
    assert "目前没有需要您办理的" in text


def test_history_tells_every_move_with_its_reason(site: Site) -> None:
    number = made(site, OrderState.REOPENED)

    text = site.browser(Role.SUPERVISOR).get(f"/orders/{number}").text

    history = text.split('id="history"')[1]
    assert re.findall(r'data-event="(\w+)"', history) == [
        "reopen", "resolve", "contact", "accept", "dispatch", "triage", "received",
    ]  # fmt: skip
    assert "没有办好" in history
    assert "电话说明情况" in history


def test_reason_that_the_callback_wrote_is_put_into_words(site: Site) -> None:
    number = made(site, OrderState.RESOLVED)
    with site.sessions.begin() as session:
        order = session.query(Order).filter(Order.number == number).one()
        orders.close(session, order, factories.SYSTEM, factories.NOW, "callback:yes/satisfied")

    assert "回访：已解决、满意" in site.browser(Role.SUPERVISOR).get(f"/orders/{number}").text
