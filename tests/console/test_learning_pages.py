"""What the service learns, as an administrator sees and steers it."""

import factories
import pytest
from site_under_test import Browser, Site

from hotline.models import LearningEnd, LearningRound, LocalWord, Place, UnderstandingUse, WordKind, WordState
from hotline.rules.learning import Figure
from hotline.rules.roles import Role
from hotline.services import learning
from hotline.services.access import SYSTEM


@pytest.fixture
def browser(site: Site) -> Browser:
    return site.browser(Role.ADMINISTRATOR, unit=site.city)


@pytest.fixture
def word(site: Site) -> int:
    with site.sessions.begin() as session:
        made = LocalWord(word="静溪北村", kind=WordKind.PLACE, state=WordState.PROPOSED, typed_at=factories.NOW)
        session.add(made)
        session.flush()
        return made.id


def learned(site: Site, after: int) -> int:
    with site.sessions.begin() as session:
        made = learning.ask(session, SYSTEM, factories.NOW)
        figures = {"category": Figure(40, 30, after), "urgency": Figure(40, 36, 36), "emergency": Figure(0, 0, 0)}
        learning.learned(session, made, "weights", figures, factories.NOW, examples=120)
        return made.id


def test_without_any_learning_the_page_says_what_understands(browser: Browser) -> None:
    text = browser.get("/learning").text

    assert "系统自带模型" in text
    assert "还没有学习过" in text
    assert "没有待处理的词语" in text


def test_a_round_is_asked_for_by_a_click(site: Site, browser: Browser) -> None:
    browser.get("/learning")

    page = browser.send('data-learning="ask"')

    assert "已安排一轮学习" in page.text
    assert "进行中" in page.text
    with site.sessions() as session:
        assert site.all(session, LearningRound)[0].user_id is not None


def test_figures_before_and_after_are_told_by_fact(site: Site, browser: Browser) -> None:
    learned(site, 38)

    text = browser.get("/learning").text

    assert "75% → <strong>95%</strong>" in text
    assert "90% → <strong>90%</strong>" in text
    assert "120 张，考题 40 张" in text
    assert "使用中" in text


def test_the_model_is_put_back_and_forth(site: Site, browser: Browser) -> None:
    round_id = learned(site, 38)
    browser.get("/learning")

    page = browser.send('action="/learning/base/use"')
    assert 'data-in-use="base"' in page.text
    page = browser.send(f'action="/learning/rounds/{round_id}/use"')

    assert f'data-in-use="{round_id}"' in page.text
    with site.sessions() as session:
        assert [use.round_id for use in site.all(session, UnderstandingUse)] == [round_id, None, round_id]


def test_a_round_that_made_nothing_offers_nothing_and_gives_nothing(site: Site, browser: Browser) -> None:
    with site.sessions.begin() as session:
        made = learning.ask(session, SYSTEM, factories.NOW)
        learning.ended(made, LearningEnd.TOO_FEW, factories.NOW, examples=3, exam=1)
        address = f"/learning/rounds/{made.id}/use"

    assert address not in browser.get("/learning").text
    page = browser.client.post(address, base_url=factories.BASE_URL, headers={"Referer": f"{factories.BASE_URL}/"})
    assert page.status_code in {400, 404}


def test_a_word_becomes_a_place_of_a_unit(site: Site, browser: Browser, word: int) -> None:
    assert "静溪北村" in browser.get("/learning").text

    page = browser.send('data-word="静溪北村"', names="street", word="静溪北新村")

    assert "不再询问" in page.text
    with site.sessions() as session:
        (place,) = site.all(session, Place)
        assert (place.name, place.unit_id) == ("静溪北新村", site.street.id)
        assert session.get_one(LocalWord, word).state == WordState.ACCEPTED


def test_a_word_is_turned_down(site: Site, browser: Browser, word: int) -> None:
    browser.get("/learning")

    page = browser.send('data-word="静溪北村"', decision="reject")

    assert page.status_code == 200
    with site.sessions() as session:
        assert session.get_one(LocalWord, word).state == WordState.REJECTED


@pytest.mark.parametrize(
    ("filled_in", "said"),
    [({"names": ""}, "请选择"), ({"names": "drug", "word": "abc"}, "2 至 40 个汉字"), ({"names": "nosuch"}, "")],
)
def test_what_cannot_be_taken_in_comes_back_with_the_reason(
    site: Site, browser: Browser, word: int, filled_in: dict[str, str], said: str
) -> None:
    browser.get("/learning")

    page = browser.send('data-word="静溪北村"', **filled_in)

    assert page.status_code == 422
    assert said in page.text
    with site.sessions() as session:
        assert session.get_one(LocalWord, word).state == WordState.PROPOSED


def test_of_two_administrators_the_second_is_told(site: Site, browser: Browser, word: int) -> None:
    browser.get("/learning")
    other = site.browser(Role.ADMINISTRATOR, unit=site.city)
    other.get("/learning")
    browser.send('data-word="静溪北村"', decision="reject")

    assert "已有别人处理" in other.send('data-word="静溪北村"', names="drug").text
