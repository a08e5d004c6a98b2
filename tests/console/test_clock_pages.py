"""The clocks on an order's page: limits at a glance, pauses, more time, notices, and a supervisor's note."""

from datetime import datetime, timedelta

import factories
import pytest
from factories import NOW, ZONE
from site_under_test import Browser, Site, forms_of

from hotline.models import Extension, Notice, NoticeReader, Order, OrderEvent, Pause
from hotline.rules.order_states import Move, OrderState, Remark
from hotline.rules.roles import Role
from hotline.rules.supervision import ExtensionState, PauseState
from hotline.services import extensions, pauses, supervision
from hotline.services.access import SYSTEM
from hotline.services.desk.clocks import ClockRequest

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def local(at: datetime) -> str:
    """As a browser sends a moment."""
    return at.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M")


@pytest.fixture
def number(site: Site) -> str:
    """An order of the street that somebody works on."""
    return made(site, OrderState.IN_PROGRESS)


def made(site: Site, state: OrderState) -> str:
    with site.sessions.begin() as session:
        return factories.order(session, session.merge(site.line), state).number


def order_of(site: Site, number: str) -> Order:
    with site.sessions() as session:
        return session.query(Order).filter_by(number=number).one()


def remarks(site: Site) -> list[Remark | None]:
    with site.sessions() as session:
        return [event.remark for event in site.all(session, OrderEvent) if event.remark]


def offered(browser: Browser, number: str) -> set[str]:
    browser.get(f"/orders/{number}")
    return {request for request in ClockRequest for form in forms_of(browser.page) if has(form.marks, request)}


def has(marks: str, request: str) -> bool:
    return f'data-clocks="{request}"' in marks


def asked(site: Site, number: str, kind: type[Pause] | type[Extension]) -> None:
    """A handler has asked for a day."""
    with site.sessions.begin() as session:
        order = session.query(Order).filter_by(number=number).one()
        handler = factories.actor(session, session.merge(site.street), Role.HANDLER)
        if kind is Pause:
            pauses.ask(session, order, NOW + DAY, "等医院开证明", handler, NOW, ZONE)
        else:
            extensions.ask(session, order, NOW + 2 * DAY, "材料还没有齐", handler, NOW)


# How the limits stand


def test_limits_that_run_and_that_were_kept_are_told(site: Site) -> None:
    number = made(site, OrderState.ACCEPTED)
    site.clock.at = NOW + HOUR

    text = site.browser(Role.HANDLER).get(f"/orders/{number}").text

    assert 'data-step="accept" data-standing="in_time"' in text
    assert 'data-step="contact" data-standing="running"' in text
    assert "还剩 1 小时" in text
    assert "还剩 23 小时" in text


def test_a_limit_that_passed_says_by_how_much(site: Site) -> None:
    number = made(site, OrderState.DISPATCHED)
    site.clock.at = NOW + HOUR

    text = site.browser(Role.SUPERVISOR).get(f"/orders/{number}").text

    assert 'data-step="accept" data-standing="overdue"' in text
    assert "已超时 30 分钟" in text


def test_what_was_done_late_stays_late(site: Site) -> None:
    number = made(site, OrderState.ACCEPTED)
    with site.sessions.begin() as session:
        order = session.query(Order).filter_by(number=number).one()
        factories.step(session, order, Move.CONTACT, at=NOW + 3 * HOUR)

    text = site.browser(Role.HANDLER).get(f"/orders/{number}").text

    assert 'data-step="contact" data-standing="late"' in text
    assert "超时 1 小时完成" in text


def test_a_reopened_order_keeps_its_old_breach_in_sight(site: Site) -> None:
    number = made(site, OrderState.IN_PROGRESS)
    with site.sessions.begin() as session:
        order = session.query(Order).filter_by(number=number).one()
        factories.step(session, order, Move.RESOLVE, at=NOW + DAY + 2 * HOUR)
        factories.step(session, order, Move.REOPEN, at=NOW + 3 * DAY)
    site.clock.at = NOW + 3 * DAY

    text = site.browser(Role.SUPERVISOR).get(f"/orders/{number}").text

    past = text[text.index('data-past-run="1"') :]
    assert 'data-step="resolve" data-standing="late"' in past
    assert "超时 2 小时完成" in past
    assert 'data-step="accept"' not in past[: past.index("</div>")]


def test_a_run_that_was_kept_says_so_though_it_was_closed_long_ago(site: Site) -> None:
    number = made(site, OrderState.CLOSED)
    with site.sessions.begin() as session:
        order = session.query(Order).filter_by(number=number).one()
        factories.step(session, order, Move.REOPEN, at=NOW + 30 * DAY)
    site.clock.at = NOW + 30 * DAY

    assert "各时限均未超" in site.browser(Role.SUPERVISOR).get(f"/orders/{number}").text


def test_what_was_answered_at_once_needed_no_signature(site: Site) -> None:
    number = made(site, OrderState.ANSWERED)
    site.clock.at = NOW + 5 * DAY

    text = site.browser(Role.CALL_TAKER).get(f"/orders/{number}").text

    assert 'data-step="accept" data-standing="not_needed"' in text
    assert 'data-standing="overdue"' not in text


def test_who_never_signed_before_it_was_merged_has_missed_it(site: Site) -> None:
    number = made(site, OrderState.DISPATCHED)
    with site.sessions.begin() as session:
        order = session.query(Order).filter_by(number=number).one()
        factories.step(session, order, Move.MERGE, at=NOW + HOUR)
    site.clock.at = NOW + DAY

    text = site.browser(Role.SUPERVISOR).get(f"/orders/{number}").text

    assert 'data-step="accept" data-standing="missed"' in text
    assert "未完成，超时 30 分钟" in text


# What is offered to whom


@pytest.mark.parametrize(
    ("role", "requests"),
    [
        (Role.HANDLER, {"ask_pause", "ask_extension"}),
        (Role.SUPERVISOR, {"ask_pause", "note"}),
        (Role.CALL_TAKER, set()),
        (Role.DISPATCHER, set()),
        (Role.ADMINISTRATOR, set()),
    ],
)
def test_each_role_is_offered_what_it_may_do(site: Site, number: str, role: Role, requests: set[str]) -> None:
    assert offered(site.browser(role), number) == requests


def test_nothing_is_asked_about_what_nobody_works_on(site: Site) -> None:
    for state in (OrderState.RECEIVED, OrderState.DISPATCHED, OrderState.CLOSED):
        assert offered(site.browser(Role.HANDLER), made(site, state)) == set()


def test_a_unit_that_assists_sees_the_clocks_and_decides_nothing(site: Site, number: str) -> None:
    asked(site, number, Pause)
    with site.sessions.begin() as session:
        factories.assist(session, session.query(Order).filter_by(number=number).one(), session.merge(site.other))
    browser = site.browser(Role.SUPERVISOR, Role.HANDLER, unit=site.other)

    assert offered(browser, number) == set()
    assert "等医院开证明" in browser.page.text  # type: ignore[union-attr]
    assert f"{number}" not in browser.get("/supervision").text


def test_an_order_of_another_street_is_not_there(site: Site, number: str) -> None:
    browser = site.browser(Role.SUPERVISOR, unit=site.other)
    browser.get("/supervision")

    page = browser.client.post(
        f"/orders/{number}/clocks/note",
        data={"csrf_token": token_of(browser), "version": 1, "note": "x"},
        base_url=factories.BASE_URL,
        headers={"Referer": f"{factories.BASE_URL}/"},
    )

    assert page.status_code == 404
    assert remarks(site) == []


def token_of(browser: Browser) -> str:
    return next(str(form.fields["csrf_token"]) for form in forms_of(browser.page) if "csrf_token" in form.fields)


def post(browser: Browser, path: str, **fields: object) -> int:
    """Send what no form of a page would send; the status of the answer."""
    browser.get("/orders")
    answer = browser.client.post(
        path,
        data={"csrf_token": token_of(browser), **fields},
        base_url=factories.BASE_URL,
        headers={"Referer": f"{factories.BASE_URL}/"},
    )
    return answer.status_code


@pytest.mark.parametrize("role", [Role.CALL_TAKER, Role.DISPATCHER, Role.ADMINISTRATOR])
def test_a_request_that_was_not_offered_is_refused(site: Site, number: str, role: Role) -> None:
    version = order_of(site, number).version
    address = f"/orders/{number}/clocks"
    moment = {"until": local(NOW + DAY), "reason": "等", "version": version}

    browser = site.browser(role)

    assert post(browser, f"{address}/ask_pause", **moment) == 403
    assert post(browser, f"{address}/ask_extension", **moment) == 403
    assert post(browser, f"{address}/note", note="快办", version=version) == 403
    assert post(browser, f"{address}/fly", version=version) == 404
    assert remarks(site) == []


def test_a_handler_does_not_decide_about_the_own_pause(site: Site, number: str) -> None:
    asked(site, number, Pause)
    version = order_of(site, number).version

    status = post(
        site.browser(Role.HANDLER), f"/orders/{number}/clocks/decide_pause", version=version, decision="grant"
    )

    assert status == 403
    assert order_of(site, number).paused_at is None


# Pauses


def test_a_pause_is_asked_granted_and_ended(site: Site, number: str) -> None:
    handler, supervisor = site.browser(Role.HANDLER), site.browser(Role.SUPERVISOR)
    handler.get(f"/orders/{number}")

    page = handler.send('data-clocks="ask_pause"', until=local(NOW + DAY), reason="等医院开证明")
    assert page.status_code == 200
    assert "等待督办员审批" in page.text
    assert offered(supervisor, number) == {"decide_pause", "ask_pause", "note"}
    page = supervisor.send('data-clocks="decide_pause"', decision="grant")

    assert "data-paused" in page.text
    assert "等医院开证明" in page.text
    assert 'data-step="resolve" data-standing="stopped"' in page.text
    assert "暂停计时，还剩 1 天" in page.text
    site.clock.at = NOW + HOUR
    assert offered(handler, number) == {"resume"}
    page = handler.send('data-clocks="resume"')
    assert "data-paused" not in page.text
    assert remarks(site) == [Remark.PAUSE_ASKED, Remark.PAUSED, Remark.RESUMED]


def test_a_supervisors_own_pause_begins_at_once_and_the_page_says_so(site: Site, number: str) -> None:
    browser = site.browser(Role.SUPERVISOR)
    assert "提交后立即暂停" in browser.get(f"/orders/{number}").text

    browser.send('data-clocks="ask_pause"', until=local(NOW + DAY), reason="等")

    assert order_of(site, number).paused_at == NOW


@pytest.mark.parametrize(
    ("filled_in", "field", "said"),
    [
        ({"until": local(NOW - HOUR)}, "until", "必须晚于现在"),
        ({"until": local(NOW + 8 * DAY)}, "until", "可以暂停的总时长"),
        ({"until": ""}, "until", "请填写日期和时间"),
        ({"until": "明天"}, "until", "请填写日期和时间"),
        ({"until": "0001-01-01T00:00"}, "until", "请填写日期和时间"),
        ({"until": "9999-12-31T23:59"}, "until", "请填写日期和时间"),
        ({"reason": "  "}, "reason", "请填写此项"),
        ({"reason": "等" * 2001}, "reason", "最多填写"),
    ],
)
def test_what_is_wrong_with_a_pause_is_named_at_its_field_and_kept(
    site: Site, number: str, filled_in: dict[str, str], field: str, said: str
) -> None:
    browser = site.browser(Role.HANDLER)
    browser.get(f"/orders/{number}")
    sent = {"until": local(NOW + DAY), "reason": "等医院开证明", **filled_in}

    page = browser.send('data-clocks="ask_pause"', **sent)

    assert page.status_code == 422
    assert f'id="clocks-ask_pause-{field}-error"' in page.text
    assert said in page.text
    assert all(value.strip() in page.text for value in sent.values())
    assert remarks(site) == []


def test_a_refusal_needs_a_word(site: Site, number: str) -> None:
    asked(site, number, Pause)
    browser = site.browser(Role.SUPERVISOR)
    browser.get(f"/orders/{number}")

    assert browser.send('data-clocks="decide_pause"').status_code == 422
    page = browser.send('data-clocks="decide_pause"', decision="refuse", word=" ")
    assert page.status_code == 422
    assert 'id="clocks-decide_pause-word-error"' in page.text
    page = browser.send('data-clocks="decide_pause"', decision="refuse", word="请先联系家属")

    assert "请先联系家属" in page.text
    with site.sessions() as session:
        assert site.all(session, Pause)[0].state == PauseState.REFUSED


def test_a_pause_whose_end_has_passed_is_not_granted_any_more(site: Site, number: str) -> None:
    asked(site, number, Pause)
    site.clock.at = NOW + DAY
    browser = site.browser(Role.SUPERVISOR)
    browser.get(f"/orders/{number}")

    page = browser.send('data-clocks="decide_pause"', decision="grant")

    assert page.status_code == 422
    assert "必须晚于现在" in page.text


@pytest.mark.parametrize(("kind", "request_"), [(Pause, "decide_pause"), (Extension, "decide_extension")])
def test_of_two_supervisors_who_decide_the_second_is_told(
    site: Site, number: str, kind: type[Pause] | type[Extension], request_: str
) -> None:
    asked(site, number, kind)
    slow, quick = site.browser(Role.SUPERVISOR), site.browser(Role.SUPERVISOR, unit=site.city)
    slow.get(f"/orders/{number}")
    quick.get(f"/orders/{number}")
    quick.send(f'data-clocks="{request_}"', decision="grant", word="同意")

    page = slow.send(f'data-clocks="{request_}"', decision="refuse", word="请再想想办法")

    assert page.status_code == 409
    assert "data-outdated" in page.text
    assert "请再想想办法" in page.text
    with site.sessions() as session:
        assert site.all(session, kind)[0].state in {PauseState.RUNNING, ExtensionState.GRANTED}


def test_a_decision_about_what_was_asked_anew_meanwhile_decides_nothing(site: Site, number: str) -> None:
    asked(site, number, Pause)
    supervisor = site.browser(Role.SUPERVISOR)
    supervisor.get(f"/orders/{number}")
    asked(site, number, Pause)

    assert supervisor.send('data-clocks="decide_pause"', decision="grant").status_code == 409
    with site.sessions() as session:
        assert [each.state for each in site.all(session, Pause)] == [PauseState.WITHDRAWN, PauseState.ASKED]


# More time


def test_more_time_is_asked_and_granted_with_a_word(site: Site, number: str) -> None:
    handler, supervisor = site.browser(Role.HANDLER), site.browser(Role.SUPERVISOR)
    handler.get(f"/orders/{number}")
    handler.send('data-clocks="ask_extension"', until=local(NOW + 2 * DAY), reason="材料还没有齐")
    page = supervisor.get(f"/orders/{number}")
    assert "材料还没有齐" in page.text

    assert supervisor.send('data-clocks="decide_extension"', decision="grant", word="").status_code == 422
    page = supervisor.send('data-clocks="decide_extension"', decision="grant", word="抓紧办理")

    assert order_of(site, number).resolve_by == NOW + 2 * DAY
    assert "抓紧办理" in page.text


def test_more_time_must_be_more(site: Site, number: str) -> None:
    browser = site.browser(Role.HANDLER)
    browser.get(f"/orders/{number}")

    page = browser.send('data-clocks="ask_extension"', until=local(NOW + HOUR), reason="等")

    assert page.status_code == 422
    assert "必须晚于现在的时限" in page.text


def test_past_the_limit_no_time_is_asked_for_or_granted(site: Site, number: str) -> None:
    asked(site, number, Extension)
    site.clock.at = NOW + DAY + HOUR

    assert "ask_extension" not in offered(site.browser(Role.HANDLER), number)
    supervisor = site.browser(Role.SUPERVISOR)
    supervisor.get(f"/orders/{number}")
    page = supervisor.send('data-clocks="decide_extension"', decision="grant", word="同意")
    assert page.status_code == 422
    assert "时限已过" in page.text
    assert order_of(site, number).resolve_by == NOW + DAY


def test_more_time_is_not_decided_about_while_the_clocks_stand_still(site: Site, number: str) -> None:
    asked(site, number, Pause)
    asked(site, number, Extension)
    supervisor = site.browser(Role.SUPERVISOR)
    assert {"decide_pause", "decide_extension"} <= offered(supervisor, number)

    page = supervisor.send('data-clocks="decide_pause"', decision="grant")

    assert "暂停计时期间不审批延期" in page.text
    assert offered(supervisor, number) == {"resume", "note"}
    supervisor.send('data-clocks="resume"')
    assert "decide_extension" in offered(supervisor, number)


# Notes and notices


def test_a_supervisors_note_stands_in_the_history(site: Site, number: str) -> None:
    browser = site.browser(Role.SUPERVISOR)
    browser.get(f"/orders/{number}")

    assert browser.send('data-clocks="note"', note="").status_code == 422
    page = browser.send('data-clocks="note"', note="今天必须上门")

    assert 'data-event="supervised"' in page.text
    assert "今天必须上门" in page.text


def test_a_notice_is_shown_with_who_looked_and_marked_by_who_must(site: Site) -> None:
    number = made(site, OrderState.DISPATCHED)
    supervisor = site.person(Role.SUPERVISOR)
    with site.sessions.begin() as session:
        supervision.look(session, NOW + 31 * MINUTE, ZONE)
    site.clock.at = NOW + HOUR
    browser = site.browser_of(supervisor)
    page = browser.get(f"/orders/{number}")
    assert 'data-notice="yellow"' in page.text
    assert "未阅" in page.text
    assert "data-seen=" not in site.browser(Role.CALL_TAKER).get(f"/orders/{number}").text

    page = browser.send("data-seen=")

    assert page.request.path == f"/orders/{number}"
    assert f"{supervisor.name}已阅" in page.text
    with site.sessions() as session:
        yellow = [each for each in site.all(session, Notice) if each.colour == "yellow"]
        (seen,) = [each for each in site.all(session, NoticeReader) if each.notice_id == yellow[0].id]
        assert (seen.seen_by_id, seen.seen_at) == (supervisor.id, NOW + HOUR)


def test_a_handlers_notice_is_not_another_streets_to_mark(site: Site) -> None:
    made(site, OrderState.DISPATCHED)
    site.person(Role.SUPERVISOR)
    with site.sessions.begin() as session:
        supervision.look(session, NOW + 31 * MINUTE, ZONE)
        reader = session.query(NoticeReader).first()
        assert reader is not None

    status = post(site.browser(*Role, unit=site.other), "/supervision/seen", reader=reader.id)

    assert status == 403
    with site.sessions() as session:
        assert all(each.seen_at is None for each in site.all(session, NoticeReader))


def test_the_system_acts_on_clocks_without_a_name(site: Site, number: str) -> None:
    with site.sessions.begin() as session:
        order = session.query(Order).filter_by(number=number).one()
        pauses.ask(session, order, NOW + DAY, "停电", SYSTEM, NOW, ZONE)

    text = site.browser(Role.HANDLER).get(f"/orders/{number}").text
    assert "系统" in text[text.index("data-paused") : text.index('data-clocks="resume"')]
