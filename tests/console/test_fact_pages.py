"""Facts as reviewers confirm and correct them, on the page of the order."""

import re
from typing import Any

import factories
import pytest
from site_under_test import Browser, Site

from hotline.models import Action, AuditEntry, Fact, Order, Origin, Recording, RecordingState, Transcript
from hotline.rules.facts import FactName, Urgency
from hotline.rules.roles import REVIEWERS, Role
from hotline.services import facts, recordings
from speech.transcript import Transcript as Heard
from speech.transcript import Word
from speech.understand import Gazetteer, understand

SAID = "我姓陈家里没有米了"


@pytest.fixture
def number(site: Site) -> str:
    """An order whose caller said `SAID`, understood by the machine."""
    with site.sessions.begin() as session:
        order = factories.order(session, session.merge(site.line))
        recording = factories.recording(session, order.calls[0])
        words = tuple(Word(char, i * 0.2, i * 0.2 + 0.2, 0.4 if char == "陈" else 0.95) for i, char in enumerate(SAID))
        heard = Heard(2.0, words, "model", "zh-CN")
        recordings.transcribed(session, recording, heard, factories.NOW, delete_at_carrier=False)
        propose(site, order.number, session)
        return order.number


def propose(site: Site, number: str, session: Any) -> None:
    """Let the machine understand the latest version of the transcript."""
    order = session.query(Order).filter(Order.number == number).one()
    transcript = session.query(Transcript).order_by(Transcript.id.desc()).first()
    words = tuple(Word(**word) for word in transcript.words)
    understood = understand(transcript.text, Gazetteer.from_rows([], []), words=words)
    facts.propose(session, order, transcript, understood, factories.NOW, factories.ZONE)


def shown(text: str, name: FactName) -> str:
    """The value that stands in the table."""
    row = text.split(f'<tr data-fact="{name}"')[1].split("</tr>", maxsplit=1)[0]
    found = re.search(r"data-value>([^<]*)<", row)
    assert found is not None
    return found[1]


def origin(text: str, name: FactName) -> str:
    found = re.search(rf'<tr data-fact="{name}" data-origin="(\w*)"', text)
    assert found is not None
    return found[1]


def latest(site: Site, name: FactName) -> Fact:
    with site.sessions() as session:
        return session.query(Fact).filter(Fact.name == name).order_by(Fact.id.desc()).first() or pytest.fail("no fact")


def reviewer(site: Site, number: str) -> Browser:
    browser = site.browser(Role.CALL_TAKER)
    browser.get(f"/orders/{number}")
    return browser


def test_facts_stand_with_their_words_and_how_sure_they_are(site: Site, number: str) -> None:
    text = reviewer(site, number).get(f"/orders/{number}").text

    assert shown(text, FactName.CATEGORY) == "生活物资"
    assert shown(text, FactName.PLACE) == "未提及"
    assert "没有米" in text.split('<tr data-fact="needs"')[1].split("</tr>")[0]
    assert re.search(r'data-fact="category".*?可信度 \d+%', text, re.DOTALL)


def test_one_click_confirms_what_was_shown(site: Site, number: str) -> None:
    browser = reviewer(site, number)

    page = browser.send('data-confirm-fact="category"', button="confirm")

    assert origin(page.text, FactName.CATEGORY) == "person"
    assert 'data-confirm-fact="category"' not in page.text
    fact = latest(site, FactName.CATEGORY)
    assert (fact.origin, fact.value) == (Origin.PERSON, "supplies")
    with site.sessions() as session:
        noted = site.all(session, AuditEntry)[-1]
        assert (noted.action, noted.detail) == (Action.FACT_CONFIRMED, "category")


@pytest.mark.parametrize(
    ("name", "value", "kept", "said"),
    [
        (FactName.SUMMARY, "家里断粮，要送米", "家里断粮，要送米", "家里断粮，要送米"),
        (FactName.CATEGORY, "medical", "medical", "就医用药"),
        (FactName.CATEGORY, "", None, "未提及"),
        (FactName.URGENCY, "emergency", "emergency", "特急"),
        (FactName.NEEDS, ["food", "quilt"], ["food", "quilt"], "食物、棉被"),
        (FactName.NEEDS, [], [], "未提及"),
        (FactName.GROUPS, ["elderly_alone"], ["elderly_alone"], "独居老人"),
        (FactName.PEOPLE, "3", 3, "3"),
        (FactName.PEOPLE, "", None, "未提及"),
        (FactName.PLACE, "street", "street", "京溪街道"),
        (FactName.ADDRESS, "九号四楼", "九号四楼", "九号四楼"),
        (FactName.CALLER_NAME, "陈伯", "陈伯", "陈伯"),
        (FactName.PHONE, "13812345678", "13812345678", "•••• 5678"),
        (FactName.CONTACT, "person_in_need", "person_in_need", "需要帮助的人"),
    ],
)
def test_each_fact_can_be_corrected(site: Site, number: str, name: FactName, value: Any, kept: Any, said: str) -> None:
    browser = reviewer(site, number)

    page = browser.send(f'data-correct-fact="{name}"', button="correct", value=value)

    assert page.status_code == 200
    assert shown(page.text, name) == said
    assert latest(site, name).value == kept


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        (FactName.PEOPLE, "0", "填写的内容无效"),
        (FactName.PEOPLE, "三个", "请填写数字"),
        (FactName.ADDRESS, "长" * 201, "最多填写 200 个字"),
        (FactName.PHONE, "1381234", "号码无效"),
        (FactName.CATEGORY, "magic", "没有这个选项"),
        (FactName.NEEDS, ["food", "gold"], "没有这个选项"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    site: Site, number: str, name: FactName, value: Any, said: str
) -> None:
    browser = reviewer(site, number)
    before = latest(site, name).id

    page = browser.send(f'data-correct-fact="{name}"', button="correct", value=value)

    assert page.status_code == 422
    assert f'id="fact-{name}-error"' in page.text
    assert latest(site, name).id == before


def test_what_a_person_said_stays_when_the_text_is_understood_again(site: Site, number: str) -> None:
    browser = reviewer(site, number)
    browser.send('data-correct-fact="category"', button="correct", value="medical")
    page = browser.send("data-correct-transcript", text="我姓陈家里没有米了")
    assert page.status_code == 200
    with site.sessions.begin() as session:
        propose(site, number, session)

    text = browser.get(f"/orders/{number}").text

    assert shown(text, FactName.CATEGORY) == "就医用药"
    assert "机器识别为：生活物资" in text
    assert "3 个版本" in text.split('<tr data-fact="category"')[1].split("</tr>")[0]


def test_corrected_transcript_becomes_the_present_version_and_the_old_one_stays(site: Site, number: str) -> None:
    browser = reviewer(site, number)

    page = browser.send("data-correct-transcript", text="我姓成家里没有米了")

    assert 'data-version="2"' in page.text
    assert "我姓成家里没有米了" in page.text.split('id="facts"')[0]
    assert "以前的版本" in page.text
    with site.sessions() as session:
        versions = session.query(Transcript).order_by(Transcript.version).all()
        assert [(each.version, each.origin) for each in versions] == [(1, Origin.MACHINE), (2, Origin.PERSON)]
        assert site.all(session, AuditEntry)[-1].action == Action.TRANSCRIPT_CORRECTED


def test_transcript_is_not_corrected_to_nothing(site: Site, number: str) -> None:
    page = reviewer(site, number).send("data-correct-transcript", text="  ")

    assert page.status_code == 422
    assert "请填写此项" in page.text


def test_correction_of_an_older_version_is_not_laid_over_the_newer_one(site: Site, number: str) -> None:
    slow, quick = reviewer(site, number), reviewer(site, number)
    quick.send("data-correct-transcript", text="快的人写的")

    page = slow.send("data-correct-transcript", text="慢的人写的")

    assert page.status_code == 409
    assert "慢的人写的" in page.text
    with site.sessions() as session:
        assert [each.text for each in site.all(session, Transcript)] == [SAID, "快的人写的"]


def test_recording_that_no_machine_could_read_is_written_down_by_a_person(site: Site) -> None:
    with site.sessions.begin() as session:
        order = factories.order(session, session.merge(site.line))
        recording = factories.recording(session, order.calls[0])
        trouble = "The recording can't be read to its end."
        recordings.spoiled(session, recording, RecordingState.UNREADABLE, trouble, factories.NOW, factories.ZONE)
    browser = reviewer(site, order.number)
    assert "录音已损坏" in browser.get(f"/orders/{order.number}").text

    page = browser.send("data-correct-transcript", text="家里没有米了")

    assert page.status_code == 200
    assert 'class="transcript" data-player="player-' in page.text
    with site.sessions() as session:
        assert [(each.version, each.text) for each in site.all(session, Transcript)] == [(1, "家里没有米了")]


def test_fact_that_changed_meanwhile_is_not_confirmed_unseen(site: Site, number: str) -> None:
    slow, quick = reviewer(site, number), reviewer(site, number)
    quick.send('data-correct-fact="category"', button="correct", value="medical")

    page = slow.send('data-confirm-fact="category"', button="confirm")

    assert page.status_code == 409
    assert latest(site, FactName.CATEGORY).value == "medical"


def test_confirmed_facts_are_what_the_order_is_listed_and_timed_by(site: Site, number: str) -> None:
    reviewer(site, number).send('data-correct-fact="urgency"', button="correct", value="emergency")

    with site.sessions() as session:
        assert session.query(Order).one().urgency == Urgency.EMERGENCY


@pytest.mark.parametrize("role", Role)
def test_reviewers_alone_are_offered_to_confirm(site: Site, number: str, role: Role) -> None:
    text = site.browser(role).get(f"/orders/{number}").text

    assert ("data-confirm-fact" in text) == (role in REVIEWERS)
    assert ("data-correct-transcript" in text) == (role in REVIEWERS)


def test_words_heard_badly_and_words_facts_rest_on_are_marked(site: Site, number: str) -> None:
    text = reviewer(site, number).get(f"/orders/{number}").text

    assert re.search(r'class="piece unsure"[^>]*>陈<', text)
    assert re.search(r'data-facts="[^"]*needs[^"]*"[^>]*>米<', text)
    assert "".join(re.findall(r'class="piece[^>]*>([^<]*)<', text)) == f"{SAID}。"


def test_telephone_number_is_masked_until_it_is_asked_for(site: Site, number: str) -> None:
    browser = reviewer(site, number)
    browser.send('data-correct-fact="phone"', button="correct", value="13812345678")
    text = browser.get(f"/orders/{number}").text
    assert "13812345678" not in text
    assert factories.CALLER not in text

    text = browser.send("data-show-number").text

    assert 'href="tel:+8613812345678"' in text
    assert factories.CALLER not in text
    with site.sessions() as session:
        noted = site.all(session, AuditEntry)[-1]
        assert (noted.action, noted.subject) == (Action.NUMBER_SEEN, "orders")


@pytest.mark.parametrize("role", Role)
def test_whoever_dials_is_offered_the_number(site: Site, number: str, role: Role) -> None:
    text = site.browser(role).get(f"/orders/{number}").text

    assert ("data-show-number" in text) == (role in {Role.CALL_TAKER, Role.HANDLER, Role.SUPERVISOR})


def test_order_that_is_not_heard_yet_refreshes_itself_until_it_is(site: Site, number: str) -> None:
    with site.sessions.begin() as session:
        waiting = factories.order(session, session.merge(site.line))
        factories.recording(session, waiting.calls[0])
    browser = site.browser(Role.CALL_TAKER)

    assert 'data-refresh="2"' in browser.get(f"/orders/{waiting.number}").text
    assert "正在转写" in browser.get(f"/orders/{waiting.number}").text
    assert "data-refresh" not in browser.get(f"/orders/{number}").text


def test_reading_the_page_is_one_look_however_often_it_refreshes(site: Site, number: str) -> None:
    browser = site.browser(Role.SUPERVISOR)
    for _ in range(3):
        browser.get(f"/orders/{number}")

    with site.sessions() as session:
        looks = session.query(AuditEntry).filter(AuditEntry.action == Action.TRANSCRIPT_SEEN).all()
        assert [look.subject_id for look in looks] == [session.query(Recording).one().id]
