"""The page of supervision: what waits for a person, decisions from there, and the lists of the days."""

import csv
import io
from datetime import timedelta

import factories
import pytest
from factories import NOW, ZONE
from site_under_test import Site

from hotline.models import Level, NoticeReader, Order, Pause, Unit
from hotline.rules.order_states import Move, OrderState
from hotline.rules.roles import Role
from hotline.rules.supervision import PauseState
from hotline.services import extensions, pauses, supervision, uncleared
from hotline.services.orders import needs_appointment

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def made(site: Site, state: OrderState) -> str:
    with site.sessions.begin() as session:
        return factories.order(session, session.merge(site.line), state).number


def look(site: Site, after: timedelta) -> None:
    """The clock process looks."""
    with site.sessions.begin() as session:
        while supervision.look(session, NOW + after, ZONE):
            pass
    site.clock.at = NOW + after


def returned(site: Site, times: int) -> str:
    with site.sessions.begin() as session:
        order = factories.order(session, session.merge(site.line), OrderState.TRIAGED)
        for _ in range(times):
            factories.step(session, order, Move.DISPATCH)
            factories.step(session, order, Move.RETURN)
        return order.number


def asked(site: Site, number: str, *, by: Role = Role.HANDLER) -> None:
    """Somebody of the street has asked for a pause."""
    with site.sessions.begin() as session:
        order = session.query(Order).filter_by(number=number).one()
        actor = factories.actor(session, session.merge(site.street), by)
        pauses.ask(session, order, NOW + DAY, "等医院开证明", actor, NOW, ZONE)


def asked_for_more(site: Site, number: str) -> None:
    with site.sessions.begin() as session:
        order = session.query(Order).filter_by(number=number).one()
        handler = factories.actor(session, session.merge(site.street), Role.HANDLER)
        extensions.ask(session, order, NOW + 2 * DAY, "材料还没有齐", handler, NOW)


def test_nothing_waits_and_the_page_says_so(site: Site) -> None:
    text = site.browser(Role.SUPERVISOR).get("/supervision").text

    assert "没有待办事项" in text
    assert "还没有清单" in text


def test_red_comes_before_yellow_and_each_says_what_is_late(site: Site) -> None:
    site.person(Role.SUPERVISOR)
    first, second = made(site, OrderState.DISPATCHED), made(site, OrderState.ACCEPTED)
    look(site, 2 * HOUR + MINUTE)
    supervisor = site.browser(Role.SUPERVISOR)

    text = supervisor.get("/supervision").text

    assert text.index('data-notice="red"') < text.index('data-notice="yellow"')
    assert "红色督办" in text
    assert f"/orders/{first}#clocks" in text
    assert f"/orders/{second}#clocks" in text
    assert "超时" in text


def test_a_reminder_is_the_handlers(site: Site) -> None:
    number = made(site, OrderState.DISPATCHED)
    look(site, 25 * MINUTE)

    assert number in site.browser(Role.HANDLER).get("/supervision").text
    assert number not in site.browser(Role.SUPERVISOR).get("/supervision").text
    assert number not in site.browser(Role.HANDLER, unit=site.other).get("/supervision").text


def test_one_notice_is_seen_and_then_all_the_others(site: Site) -> None:
    supervisor = site.browser(Role.SUPERVISOR)
    for _ in range(3):
        made(site, OrderState.DISPATCHED)
    look(site, 31 * MINUTE)
    assert supervisor.get("/supervision").text.count('data-notice="yellow"') == 3

    with site.sessions() as session:
        first = min(each.id for each in site.all(session, NoticeReader) if each.role == Role.SUPERVISOR)
    page = supervisor.send(f'data-seen="{first}"')
    assert page.text.count('data-notice="yellow"') == 2
    page = supervisor.send('data-seen="all"')

    assert "data-notice" not in page.text
    assert "已标记为已阅" in page.text


def test_a_notice_that_is_not_there_is_not_marked(site: Site) -> None:
    browser = site.browser(Role.SUPERVISOR)
    made(site, OrderState.DISPATCHED)
    look(site, 31 * MINUTE)
    browser.get("/supervision")

    assert browser.send("data-seen=", reader="999999").status_code == 404
    browser.get("/supervision")
    assert browser.send("data-seen=", reader="x").status_code == 200
    with site.sessions() as session:
        assert all(each.seen_at is None for each in site.all(session, NoticeReader))


def test_seen_leads_to_no_other_host(site: Site) -> None:
    browser = site.browser(Role.SUPERVISOR)
    made(site, OrderState.DISPATCHED)
    look(site, 31 * MINUTE)
    browser.get("/supervision")

    page = browser.send("data-seen=", next="https://elsewhere.example/")

    assert page.request.path == "/supervision"


def test_a_pause_is_decided_on_the_page_which_comes_back(site: Site) -> None:
    number = made(site, OrderState.IN_PROGRESS)
    asked(site, number)
    browser = site.browser(Role.SUPERVISOR)
    assert "等医院开证明" in browser.get("/supervision").text

    page = browser.send('data-clocks="decide_pause"', decision="grant")

    assert page.request.path == "/supervision"
    assert "data-to-decide" not in page.text
    with site.sessions() as session:
        assert site.all(session, Pause)[0].state == PauseState.RUNNING


def test_of_two_who_decide_from_the_page_the_second_sees_the_order_as_it_stands(site: Site) -> None:
    number = made(site, OrderState.IN_PROGRESS)
    asked_for_more(site, number)
    slow, quick = site.browser(Role.SUPERVISOR), site.browser(Role.SUPERVISOR)
    slow.get("/supervision")
    quick.get("/supervision")
    quick.send('data-clocks="decide_extension"', decision="refuse", word="今天必须办完")

    page = slow.send('data-clocks="decide_extension"', decision="grant", word="同意延期")

    assert page.status_code == 409
    assert "data-outdated" in page.text
    assert "同意延期" in page.text
    assert "今天必须办完" in page.text


def test_what_is_missing_in_a_decision_is_named_on_the_orders_page(site: Site) -> None:
    number = made(site, OrderState.IN_PROGRESS)
    asked_for_more(site, number)
    browser = site.browser(Role.SUPERVISOR)
    browser.get("/supervision")

    page = browser.send('data-clocks="decide_extension"', decision="grant", word="")

    assert page.status_code == 422
    assert 'id="clocks-decide_extension-word-error"' in page.text


@pytest.mark.parametrize("role", [Role.HANDLER, Role.CALL_TAKER, Role.DISPATCHER, Role.ADMINISTRATOR])
def test_only_supervisors_decide_and_appoint(site: Site, role: Role) -> None:
    number, often = made(site, OrderState.IN_PROGRESS), returned(site, 3)
    asked(site, number)

    text = site.browser(role).get("/supervision").text

    assert number not in text
    assert often not in text


def test_what_was_returned_three_times_waits_for_an_appointment(site: Site) -> None:
    seldom, often = returned(site, 2), returned(site, 3)
    browser = site.browser(Role.SUPERVISOR)

    text = browser.get("/supervision").text

    assert often in text
    assert seldom not in text
    assert often not in site.browser(Role.SUPERVISOR, unit=site.other).get("/supervision").text
    with site.sessions() as session:
        assert needs_appointment(session, session.query(Order).filter_by(number=often).one())


def test_another_street_sees_none_of_it(site: Site) -> None:
    number = made(site, OrderState.IN_PROGRESS)
    asked(site, number)
    site.person(Role.SUPERVISOR)
    look(site, 30 * HOUR)

    assert number in site.browser(Role.SUPERVISOR).get("/supervision").text
    assert number not in site.browser(Role.SUPERVISOR, unit=site.other).get("/supervision").text


# The first page


def test_the_first_page_counts_what_waits_and_leads_there(site: Site) -> None:
    asked(site, made(site, OrderState.IN_PROGRESS))
    returned(site, 3)
    made(site, OrderState.DISPATCHED)
    supervisor = site.person(Role.SUPERVISOR)
    look(site, 2 * HOUR + MINUTE)

    text = site.browser_of(supervisor).get("/").text

    assert 'href="/supervision" data-waiting="to_decide"><strong>1<' in text
    assert 'href="/supervision" data-waiting="to_appoint"><strong>1<' in text
    assert 'data-waiting="red"><strong>' in text
    assert 'data-waiting="red"><strong>0<' not in text
    assert "to_decide" not in site.browser(Role.HANDLER).get("/").text


# The lists of the days


@pytest.fixture
def lists(site: Site) -> tuple[str, str]:
    """An order of the street and one of its grid on the list of the day; the day after only the grid's."""
    with site.sessions.begin() as session:
        street = session.merge(site.street)
        grid = factories.unit(session, "grid", parent=street, name="京溪网格", level=Level.GRID)
        line = session.merge(site.line)
        first = factories.order(session, line, OrderState.TRIAGED)
        second = factories.order(session, line, OrderState.IN_PROGRESS)
        second.unit_id = grid.id
        session.flush()
        uncleared.make_due(session, NOW + 11 * HOUR, ZONE)
        factories.step(session, first, Move.ANSWER, at=NOW + 12 * HOUR)
        uncleared.make_due(session, NOW + 35 * HOUR, ZONE)
    site.clock.at = NOW + 36 * HOUR
    return first.number, second.number


def test_the_latest_list_is_shown_with_who_holds_what_and_why(site: Site, lists: tuple[str, str]) -> None:
    browser = site.browser(Role.SUPERVISOR)
    assert "2026-03-03" in browser.get("/supervision").text

    text = browser.get("/supervision/uncleared").text

    assert f'data-uncleared="{lists[1]}"' in text
    assert f'data-uncleared="{lists[0]}"' not in text
    assert "京溪网格" in text
    assert "工作人员" in text


def test_an_earlier_day_and_a_unit_below_are_chosen(site: Site, lists: tuple[str, str]) -> None:
    browser = site.browser(Role.SUPERVISOR)

    both = browser.get("/supervision/uncleared?day=2026-03-02").text
    grid = browser.get("/supervision/uncleared?day=2026-03-02&unit=grid").text

    assert [f'data-uncleared="{number}"' in both for number in lists] == [True, True]
    assert [f'data-uncleared="{number}"' in grid for number in lists] == [False, True]


def test_a_day_without_a_list_says_so(site: Site, lists: tuple[str, str]) -> None:
    assert "当天没有清单" in site.browser(Role.SUPERVISOR).get("/supervision/uncleared?day=2020-01-01").text


@pytest.mark.parametrize("address", ["/supervision/uncleared", "/supervision/uncleared.csv"])
@pytest.mark.parametrize("asked_for", ["unit=city", "unit=street", "unit=nosuch", "day=yesterday", "day=2026-02-30"])
def test_foreign_units_and_days_that_are_none_are_not_there(
    site: Site, lists: tuple[str, str], address: str, asked_for: str
) -> None:
    browser = site.browser(Role.SUPERVISOR, unit=site.other)

    assert browser.get(f"{address}?{asked_for}").status_code == 404
    assert lists[1] not in browser.get(address).text


def rows_of(content: bytes) -> list[dict[str, str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_the_file_holds_one_day_or_all_of_the_last_week(site: Site, lists: tuple[str, str]) -> None:
    browser = site.browser(Role.SUPERVISOR)

    week = browser.get("/supervision/uncleared.csv")
    day = browser.get("/supervision/uncleared.csv?day=2026-03-02&unit=grid")

    assert week.mimetype == "text/csv"
    assert "attachment" in week.headers["Content-Disposition"]
    assert [(row["日期"], row["工单编号"]) for row in rows_of(week.data)] == [
        ("2026-03-03", lists[1]),
        ("2026-03-02", lists[0]),
        ("2026-03-02", lists[1]),
    ]
    (row,) = rows_of(day.data)
    assert (row["承办单位"], row["状态"], row["已超时"]) == ("京溪网格", "办理中", "否")


def test_words_that_a_spreadsheet_would_reckon_with_are_made_harmless(site: Site) -> None:
    number = made(site, OrderState.IN_PROGRESS)
    with site.sessions.begin() as session:
        order = session.query(Order).filter_by(number=number).one()
        supervisor = factories.actor(session, session.get_one(Unit, order.unit_id), Role.SUPERVISOR)
        supervision.note(session, order, "=1+1", supervisor, NOW)
        uncleared.make_due(session, NOW + 11 * HOUR, ZONE)

    (row,) = rows_of(site.browser(Role.SUPERVISOR).get("/supervision/uncleared.csv").data)

    assert row["说明"] == "'=1+1"
