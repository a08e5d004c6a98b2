"""Callbacks that wait for a person, and what the page says of the others."""

import re

import factories
import pytest
from site_under_test import Site

from hotline.models import Order, SurveyRound
from hotline.rules.order_states import OrderState
from hotline.rules.roles import Role
from hotline.rules.survey_states import Reason, Resolved, RoundEvent, RoundState, Satisfied, round_after
from hotline.services import surveys
from hotline.services.access import SYSTEM
from hotline.services.desk import surveys as desk


@pytest.fixture
def waiting(site: Site) -> SurveyRound:
    """A round that the machine could not finish."""
    with site.sessions.begin() as session:
        order = factories.order(session, session.merge(site.line), OrderState.RESOLVED)
        survey = order.survey_rounds[-1]
        survey.state = round_after(survey.state, RoundEvent.HAND_OVER)
        return survey


def of(site: Site, survey: SurveyRound) -> tuple[SurveyRound, Order]:
    with site.sessions() as session:
        found = session.get_one(SurveyRound, survey.id)
        return found, found.order


def test_satisfied_caller_closes_the_order(site: Site, waiting: SurveyRound) -> None:
    browser = site.browser(Role.CALL_TAKER)
    browser.get("/surveys")

    page = browser.send('data-survey="answers"', resolved="yes", satisfied="satisfied", note="说谢谢")

    survey, order = of(site, waiting)
    assert "回访结果已保存" in page.text
    assert "没有待人工回访的工单" in page.text
    assert (survey.state, survey.resolved, survey.satisfied) == (RoundState.ANSWERED, Resolved.YES, Satisfied.SATISFIED)
    assert order.state == OrderState.CLOSED


def test_unhappy_caller_opens_it_again_with_the_reason(site: Site, waiting: SurveyRound) -> None:
    browser = site.browser(Role.SUPERVISOR)
    browser.get("/surveys")

    browser.send('data-survey="answers"', resolved="no", satisfied="dissatisfied", reason="not_contacted")

    survey, order = of(site, waiting)
    assert survey.reason == Reason.NOT_CONTACTED
    assert order.state == OrderState.REOPENED
    text = browser.get(f"/orders/{order.number}").text
    assert "没有人联系" in text
    assert "回访：未解决、不满意" in text


def test_whoever_was_not_reached_is_closed_as_that(site: Site, waiting: SurveyRound) -> None:
    browser = site.browser(Role.CALL_TAKER)
    browser.get("/surveys")

    page = browser.send('data-survey="given-up"', note="三次无人接听")

    survey, order = of(site, waiting)
    assert (survey.state, survey.note) == (RoundState.NOT_REACHED, "三次无人接听")
    assert order.state == OrderState.CLOSED
    assert "已登记为未联系上" in page.text


@pytest.mark.parametrize(("form", "filled_in"), [("answers", {"resolved": "yes"}), ("given-up", {"note": " "})])
def test_what_is_missing_is_named(site: Site, waiting: SurveyRound, form: str, filled_in: dict[str, str]) -> None:
    browser = site.browser(Role.CALL_TAKER)
    browser.get("/surveys")

    page = browser.send(f'data-survey="{form}"', **filled_in)

    assert page.status_code == 422
    assert "请选择一项" in page.text or "请填写此项" in page.text
    assert of(site, waiting)[0].state == RoundState.PERSON


@pytest.mark.parametrize("form", ["answers", "given-up"])
def test_round_that_somebody_else_finished_is_left_as_it_is(site: Site, waiting: SurveyRound, form: str) -> None:
    slow, quick = site.browser(Role.CALL_TAKER), site.browser(Role.CALL_TAKER)
    for browser in (slow, quick):
        browser.get("/surveys")
    quick.send('data-survey="answers"', resolved="yes", satisfied="neutral")

    page = slow.send(f'data-survey="{form}"', resolved="no", satisfied="dissatisfied", note="没有人接")

    survey, order = of(site, waiting)
    assert page.status_code == 409
    kept = page.text.split("data-outdated")[1].split("</section>")[0]
    assert "没有人接" in kept
    assert ("未解决" in kept) == ("不满意" in kept) == (form == "answers")
    assert (survey.resolved, survey.satisfied) == (Resolved.YES, Satisfied.NEUTRAL)
    assert order.state == OrderState.CLOSED


def test_who_speaks_with_nobody_is_offered_no_form(site: Site, waiting: SurveyRound) -> None:
    text = site.browser(Role.DISPATCHER).get("/surveys").text

    assert f'data-round="{waiting.id}"' in text
    assert "data-survey" not in text


def test_round_of_another_street_is_not_there(site: Site, waiting: SurveyRound) -> None:
    stranger = site.browser(Role.SUPERVISOR, unit=site.other)
    assert "data-round" not in stranger.get("/surveys").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', stranger.get("/orders").text)
    assert token is not None

    answer = stranger.client.post(
        f"/surveys/{waiting.id}/given-up",
        data={"csrf_token": token[1], "note": "x"},
        base_url=factories.BASE_URL,
        headers={"Referer": f"{factories.BASE_URL}/"},
    )

    assert answer.status_code == 404
    assert of(site, waiting)[0].state == RoundState.PERSON


def test_sums_count_nobody_as_satisfied_who_did_not_say_so(site: Site) -> None:
    with site.sessions.begin() as session:
        line = session.merge(site.line)
        person = factories.actor(session, session.merge(site.street), Role.CALL_TAKER)
        rounds = [factories.order(session, line, OrderState.RESOLVED).survey_rounds[-1] for _ in range(4)]
        for survey in rounds[:3]:
            survey.state = round_after(survey.state, RoundEvent.HAND_OVER)
        surveys.answer_by_person(
            session, rounds[0], Resolved.YES, Satisfied.SATISFIED, None, None, person, factories.NOW, factories.ZONE
        )
        surveys.give_up_by_person(session, rounds[1], "无人接听", person, factories.NOW)
        cancelled = factories.order(session, line, OrderState.RESOLVED)
        factories.orders.close(session, cancelled, SYSTEM, factories.NOW, "现场确认")

        sums = desk.sums(session, person, factories.LATER)

    assert (sums.opened, sums.answered, sums.under_way) == (4, 1, 2)
    assert sums.by_state[RoundState.NOT_REACHED] == 1
    assert sum(sums.by_satisfied.values()) == sums.by_satisfied[Satisfied.SATISFIED] == 1
    assert sum(sums.by_resolved.values()) == sums.by_resolved[Resolved.YES] == 1


def test_attempts_and_answers_stand_on_the_page_of_the_order(site: Site) -> None:
    with site.sessions.begin() as session:
        attempt = factories.talking(session, factories.attempt(session, session.merge(site.line)))
        told = factories.told(attempt.call.carrier_call_id if attempt.call else "")
        surveys.keyed(session, attempt, told, "8", factories.NOW, factories.ZONE)
        number = attempt.round.order.number

    text = site.browser(Role.SUPERVISOR).get(f"/orders/{number}").text.split('id="surveys"')[1]

    assert 'data-attempt-state="talking"' in text
    assert "错误按键 8" in text
