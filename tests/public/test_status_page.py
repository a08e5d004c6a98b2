"""The page on which whoever wrote follows the matter, adds to it, and answers the callback."""

import re
from datetime import timedelta
from pathlib import Path

import factories
import pytest
from factories import NOW, ZONE
from site_under_test import Browser, Site

from hotline.app import create_app
from hotline.models import AnswerKind, Order, SurveyRound
from hotline.rules.facts import FactName
from hotline.rules.order_states import Move, OrderState, Remark
from hotline.rules.roles import Role
from hotline.rules.survey_states import RoundState
from hotline.services import correspondence, facts, surveys

WORK = (Move.TRIAGE, Move.DISPATCH, Move.ACCEPT, Move.CONTACT)


@pytest.fixture
def token(site: Site, visitor: Browser) -> str:
    """The page of a request for help that was sent without a telephone number."""
    visitor.get("/help/street")
    visitor.send('id="help"', text="我听不见，家里没有米了", address="云景花园九号四楼")
    with site.sessions() as session:
        return site.all(session, Order)[-1].status_token or ""


def step(site: Site, *moves: Move) -> None:
    """People of ours go on with the order."""
    with site.sessions.begin() as session:
        order = site.all(session, Order)[0]
        for move in moves:
            factories.step(session, order, move, at=site.clock.at)


def ask(site: Site) -> None:
    """The callback's question is written."""
    with site.sessions.begin() as session:
        attempt = site.all(session, Order)[0].survey_rounds[-1].attempts[-1]
        surveys.begin(session, attempt.id, "twilio", site.clock.at, ZONE)


def state(site: Site) -> OrderState:
    with site.sessions() as session:
        found: OrderState = site.all(session, Order)[0].state
        return found


def test_it_tells_how_the_matter_stands_and_what_has_happened(site: Site, visitor: Browser, token: str) -> None:
    step(site, *WORK)

    text = visitor.get(f"/s/{token}").text

    assert 'data-state="in_progress"' in text
    assert "正在办理" in text
    assert re.findall(r'data-step="(\w+)"', text) == ["contact", "accept", "dispatch", "triage", "received"]
    assert "家里没有米了" in text


def test_it_names_nobody_of_ours_and_no_reason(site: Site, visitor: Browser, token: str) -> None:
    step(site, *WORK[:2], Move.RETURN, *WORK[1:], Move.RESOLVE)
    with site.sessions() as session:
        names = [event.user.name for event in site.all(session, Order)[0].history if event.user]
        reasons = [event.reason for event in site.all(session, Order)[0].history if event.reason]

    text = visitor.get(f"/s/{token}").text

    assert names
    assert reasons
    assert not any(said in text for said in (*names, *reasons, factories.REPORT.done))
    assert "return" not in re.findall(r'data-step="(\w+)"', text)


def test_it_tells_no_telephone_number_and_no_door(site: Site, visitor: Browser) -> None:
    visitor.get("/help/street")
    visitor.send(
        'id="help"', text="我住云景花园九号四楼，电话13912345678", address="云景花园九号四楼", phone="13900139000"
    )
    with site.sessions.begin() as session:
        order = site.all(session, Order)[0]
        taker = factories.actor(session, order.unit, Role.CALL_TAKER)
        facts.confirm(session, order, FactName.ADDRESS, "云景花园九号四楼", taker, NOW, ZONE)
        correspondence.write(session, order, "我们到了，请接13900139000", taker, NOW)
        token = order.status_token

    text = visitor.get(f"/s/{token}").text

    assert "我住" in text
    assert "我们到了" in text
    for hidden in ("13912345678", "13900139000", "九号四楼"):
        assert hidden not in text


def test_a_wrong_address_is_answered_alike_whatever_it_is(site: Site, visitor: Browser, token: str) -> None:
    wrong = ("x", "a" * 43, token[:-1] + ("a" if token[-1] != "a" else "b"), token + "a", "%00", "救")
    answers = [visitor.get(f"/s/{each}") for each in wrong]

    assert {each.status_code for each in answers} == {404}
    csrf = re.compile(r'name="(csrf_token|next)" value="[^"]*"')
    assert len({csrf.sub("", each.text) for each in answers}) == 1
    assert "noindex" in answers[0].headers["X-Robots-Tag"]


def test_nothing_is_written_under_a_wrong_address(site: Site, visitor: Browser, token: str) -> None:
    visitor.get(f"/s/{token}")
    page = visitor.page
    assert page is not None
    fields = {"csrf_token": re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1], "text": "在吗"}  # type: ignore[index]

    answer = visitor.client.post(
        f"/s/{'a' * 43}", data=fields, base_url=factories.BASE_URL, headers={"Referer": f"{factories.BASE_URL}/"}
    )

    assert answer.status_code == 404


def test_whoever_tries_many_addresses_is_slowed_down(site: Site, tmp_path: Path) -> None:
    app = create_app(factories.settings(tmp_path))
    app.extensions["hotline"] = site.app.extensions["hotline"]
    guesser = Browser(app)

    answers = [guesser.get(f"/s/{'a' * 43}").status_code for _ in range(62)]

    assert answers == [404] * 60 + [429] * 2


def test_no_cache_and_no_search_engine_keeps_it_and_no_other_site_learns_its_address(
    visitor: Browser, token: str
) -> None:
    headers = visitor.get(f"/s/{token}").headers

    assert headers["Cache-Control"] == "no-store"
    assert "noindex" in headers["X-Robots-Tag"]
    assert headers["Referrer-Policy"] == "same-origin"


def test_what_is_added_stands_on_the_order_once_however_often_it_is_sent(
    site: Site, visitor: Browser, token: str
) -> None:
    form = visitor.get(f"/s/{token}")
    visitor.send('id="write"', text="还缺孩子的奶粉")
    visitor.page = form
    page = visitor.send('id="write"', text="还缺孩子的奶粉")

    assert page.status_code == 200
    assert page.text.count("还缺孩子的奶粉") == 1
    with site.sessions() as session:
        order = site.all(session, Order)[0]
        assert [each.text for each in order.statements][1:] == ["还缺孩子的奶粉"]
        assert [row.remark for row in order.history if row.remark] == [Remark.SUPPLEMENTED]


def test_whoever_asks_how_it_stands_is_seen_to_ask(site: Site, visitor: Browser, token: str) -> None:
    visitor.get(f"/s/{token}")
    visitor.send('id="write"', text="怎么还没有人来")

    with site.sessions() as session:
        assert [row.remark for row in site.all(session, Order)[0].history if row.remark] == [Remark.CHASED]


@pytest.mark.parametrize("text", ["", "   ", "长" * 5001])
def test_words_that_cannot_be_taken_are_told_so(site: Site, visitor: Browser, token: str, text: str) -> None:
    visitor.get(f"/s/{token}")
    page = visitor.send('id="write"', text=text)

    assert page.status_code == 422
    assert 'id="write-text-error"' in page.text


def test_without_the_token_nothing_is_sent_and_nothing_lost(site: Site, visitor: Browser, token: str) -> None:
    visitor.get(f"/s/{token}")
    page = visitor.send('id="write"', text="还缺孩子的奶粉", csrf_token="")

    assert page.status_code == 400
    assert "还缺孩子的奶粉" in page.text
    visitor.send('id="write"')
    with site.sessions() as session:
        assert len(site.all(session, Order)[0].statements) == 2


def test_a_letter_of_ours_stands_there(site: Site, visitor: Browser, token: str) -> None:
    with site.sessions.begin() as session:
        order = site.all(session, Order)[0]
        taker = factories.actor(session, order.unit, Role.CALL_TAKER)
        correspondence.write(session, order, "工作人员今晚七点到", taker, NOW)

    assert re.search(r'class="ours">.*?工作人员今晚七点到', visitor.get(f"/s/{token}").text, re.DOTALL)


class TestCallback:
    """The two questions on the page, for who left no telephone."""

    @pytest.fixture(autouse=True)
    def asked(self, site: Site, token: str) -> None:
        assert token
        step(site, *WORK, Move.RESOLVE)
        ask(site)

    def click(self, visitor: Browser, figure: str) -> None:
        visitor.send("data-question", figure=figure)

    def test_two_clicks_close_the_order(self, site: Site, visitor: Browser, token: str) -> None:
        assert "您反映的事情解决了吗" in visitor.get(f"/s/{token}").text
        self.click(visitor, "1")
        assert state(site) == OrderState.RESOLVED
        self.click(visitor, "1")

        assert state(site) == OrderState.CLOSED
        assert visitor.page is not None
        assert "data-question" not in visitor.page.text
        assert 'id="write"' not in visitor.page.text

    def test_a_double_click_answers_one_question(self, site: Site, visitor: Browser, token: str) -> None:
        form = visitor.get(f"/s/{token}")
        self.click(visitor, "1")
        visitor.page = form
        self.click(visitor, "1")

        assert state(site) == OrderState.RESOLVED
        assert 'data-question="ask_satisfied"' in visitor.page.text

    def test_another_answer_to_a_question_that_was_answered_is_not_taken_for_the_next(
        self, site: Site, visitor: Browser, token: str
    ) -> None:
        form = visitor.get(f"/s/{token}")
        self.click(visitor, "1")
        visitor.page = form
        self.click(visitor, "3")

        assert visitor.page.status_code == 409
        assert "data-notice" in visitor.page.text
        self.click(visitor, "1")
        assert state(site) == OrderState.CLOSED

    def test_unhappy_clicks_open_the_order_again_and_ask_why(self, site: Site, visitor: Browser, token: str) -> None:
        visitor.get(f"/s/{token}")
        self.click(visitor, "3")
        self.click(visitor, "3")

        assert state(site) == OrderState.REOPENED
        assert visitor.page is not None
        assert "请告诉我们哪里没有办好" in visitor.page.text
        visitor.send('id="write"', text="根本没有人来过")
        with site.sessions() as session:
            answers = site.all(session, SurveyRound)[0].attempts[0].answers
            assert [each.kind for each in answers] == [AnswerKind.KEY, AnswerKind.KEY, AnswerKind.TEXT]

    def test_whoever_wants_a_person_gets_one(self, site: Site, visitor: Browser, token: str) -> None:
        visitor.get(f"/s/{token}")
        self.click(visitor, "0")

        with site.sessions() as session:
            assert site.all(session, SurveyRound)[0].state == RoundState.PERSON

    def test_words_are_understood_later(self, site: Site, visitor: Browser, token: str) -> None:
        visitor.get(f"/s/{token}")
        page = visitor.send('id="write"', text="米收到了，都解决了，很满意")

        assert page.status_code == 200
        assert state(site) == OrderState.RESOLVED
        with site.sessions() as session:
            assert site.all(session, SurveyRound)[0].attempts[0].answers[0].kind == AnswerKind.TEXT

    def test_a_page_that_was_opened_before_the_question_is_shown_anew(self, visitor: Browser, token: str) -> None:
        visitor.get(f"/s/{token}")
        page = visitor.send('id="write"', text="东西还没有收到", asked="")

        assert page.status_code == 409
        assert "东西还没有收到" in page.text
        assert visitor.send('id="write"').status_code == 200


def test_a_deaf_person_is_served_in_writing_to_the_end(site: Site, visitor: Browser, token: str) -> None:
    step(site, *WORK, Move.RESOLVE)
    ask(site)
    visitor.get(f"/s/{token}")
    visitor.send("data-question", figure="3")
    visitor.send("data-question", figure="3")
    visitor.send('id="write"', text="没有人来过")
    assert state(site) == OrderState.REOPENED

    site.clock.at = NOW + timedelta(hours=5)
    step(site, Move.REWORK, Move.CONTACT, Move.RESOLVE)
    ask(site)
    visitor.get(f"/s/{token}")
    visitor.send("data-question", figure="1")
    visitor.send("data-question", figure="1")

    assert state(site) == OrderState.CLOSED
    with site.sessions() as session:
        order = site.all(session, Order)[0]
        assert [each.call for survey in order.survey_rounds for each in survey.attempts] == [None, None]
        assert [each.state for each in order.survey_rounds] == [RoundState.ANSWERED] * 2
    assert visitor.page is not None
    assert "已办结" in visitor.page.text


def test_long_after_its_end_only_the_state_is_told(site: Site, visitor: Browser, token: str) -> None:
    step(site, *WORK, Move.RESOLVE, Move.CLOSE)
    site.clock.at = NOW + timedelta(days=29)
    assert "家里没有米了" in visitor.get(f"/s/{token}").text

    site.clock.at = NOW + timedelta(days=31)
    text = visitor.get(f"/s/{token}").text

    assert "已办结" in text
    assert "超过 30 天" in text
    assert "家里没有米了" not in text
    assert "data-step" not in text


def test_long_after_it_was_found_invalid_only_the_state_is_told(site: Site, visitor: Browser, token: str) -> None:
    site.clock.at = NOW + timedelta(days=10)
    step(site, Move.INVALIDATE)
    site.clock.at = NOW + timedelta(days=39)
    assert "家里没有米了" in visitor.get(f"/s/{token}").text

    site.clock.at = NOW + timedelta(days=41)
    text = visitor.get(f"/s/{token}").text

    assert "家里没有米了" not in text
    assert "data-step" not in text


def test_a_merge_that_was_undone_is_no_step(site: Site, visitor: Browser, token: str) -> None:
    step(site, Move.TRIAGE)
    with site.sessions.begin() as session:
        order = site.all(session, Order)[0]
        into = factories.order(session, session.merge(site.line))
        factories.orders.merge(session, order, into, factories.SYSTEM, NOW, "同一件事")
        factories.orders.unmerge(session, order, factories.SYSTEM, NOW)

    assert re.findall(r'data-step="(\w+)"', visitor.get(f"/s/{token}").text) == ["triage", "received"]


def test_of_a_merged_matter_it_tells_where_it_is_dealt_with(site: Site, visitor: Browser, token: str) -> None:
    with site.sessions.begin() as session:
        first = site.all(session, Order)[0]
        second, third = (factories.order(session, session.merge(site.line)) for _ in range(2))
        for order, into in ((first, second), (second, third)):
            factories.orders.merge(session, order, into, factories.SYSTEM, NOW, "同一件事")
        factories.step(session, third, Move.TRIAGE)
        number = third.number

    text = visitor.get(f"/s/{token}").text

    assert f"现合并到工单 {number} 办理" in text
    assert "已审核，等待派单" in text
    assert "家里没有米了" not in text
    assert 'id="write"' not in text
