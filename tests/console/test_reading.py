"""Telephone numbers in what callers said: hidden on every page until somebody who may dial asks for them."""

import re
from html import unescape

import factories
import pytest
from hypothesis import given
from hypothesis import strategies as st
from site_under_test import Browser, Site

from hotline.models import Action, AuditEntry, Fact, Order, Origin, Recording, Transcript
from hotline.rules.facts import FactName
from hotline.rules.roles import DIALLERS, REVIEWERS, Role
from hotline.rules.survey_states import RoundEvent, round_after
from hotline.services import facts, recordings
from hotline.services.hiding import without_numbers
from speech.transcript import Transcript as Heard
from speech.transcript import Word
from speech.understand import Gazetteer, understand
from speech.understand.lexicon import Span

SPOKEN = "一三八嗯零零一三六六六六"
SAID = f"家里没有米了电话{SPOKEN}请打这个"
WRITTEN = "家里没有米了，电话13800136666"
DIGITS = st.sampled_from("零一二三四五六七八九幺两0123456789０９")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("打13812345678", "打•••••••5678"),
        ("打138-1234-5678吧", "打•••-••••-5678吧"),
        ("一三八嗯零零一三，六六六六", "•••嗯••••，六六六六"),
        ("幺三八三个七一二三四五", "•••••••二三四五"),
        ("０２０８７６５４３２１", "•••••••４３２１"),
        ("身份证四四零一零三一九八零零一零一一二三四", "身份证••••••••••••••一二三四"),
        ("九号四楼，二零二六年三月二号，一千二百块", "九号四楼，二零二六年三月二号，一千二百块"),
        ("110也打过，12345也打过", "110也打过，12345也打过"),
        ("", ""),
    ],
)
def test_long_numbers_keep_their_last_digits_alone(text: str, shown: str) -> None:
    assert without_numbers(text) == shown


def test_short_number_is_hidden_where_it_is_known_to_be_one() -> None:
    assert without_numbers("分机八六五三零二", [Span(3, 8)]) == "分机••五三零二"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("工单编号2611220005。", "工单编号2611220005。"),
        ("2611220005，电话13800136666", "2611220005，电话•••••••6666"),
        ("电话12611220005", "电话•••••••0005"),
        ("26112200051234", "••••••••••1234"),
    ],
)
def test_our_own_number_is_shown_where_it_stands_by_itself(text: str, shown: str) -> None:
    assert without_numbers(text, ours="2611220005") == shown


@given(st.text(alphabet=st.one_of(DIGITS, st.sampled_from("家里，- 个嗯的"), st.characters()), max_size=60))
def test_text_stays_as_long_and_hiding_twice_hides_no_more(text: str) -> None:
    hidden = without_numbers(text)

    assert len(hidden) == len(text)
    assert without_numbers(hidden) == hidden
    assert all(after in {before, "•"} for before, after in zip(text, hidden, strict=True))


@given(st.text(alphabet=DIGITS, min_size=7, max_size=30))
def test_no_long_row_of_digits_is_shown(row: str) -> None:
    assert without_numbers(row) == "•" * (len(row) - 4) + row[-4:]


@pytest.fixture
def order(site: Site) -> Order:
    """A caller said a number; the machine understood it, and a person wrote it down differently."""
    with site.sessions.begin() as session:
        order = factories.order(session, session.merge(site.line))
        recording = factories.recording(session, order.calls[0])
        words = tuple(Word(char, i * 0.2, i * 0.2 + 0.2, 0.95) for i, char in enumerate(SAID))
        heard = Heard(2.0, words, "model", "zh-CN")
        recordings.transcribed(session, recording, heard, factories.NOW, delete_at_carrier=False)
        understood = understand(SAID, Gazetteer.from_rows([], []), words=words)
        session.flush()
        transcript = session.query(Transcript).one()
        facts.propose(session, order, transcript, understood, factories.NOW, factories.ZONE)
        summary = Fact(
            name=FactName.SUMMARY, content={"value": WRITTEN}, evidence=[], confidence=0.9, origin=Origin.MACHINE,
            transcript_id=None, made_at=factories.NOW,
        )  # fmt: skip
        order.summary = WRITTEN
        order.facts.append(summary)
        actor = factories.actor(session, session.merge(site.street), Role.CALL_TAKER)
        recordings.correct(session, recording, WRITTEN, actor, factories.NOW)
        return order


def read(text: str) -> str:
    """What is read on the page: its text and what lies in its fields, without the marks between two characters."""
    without_tokens = re.sub(r'name="csrf_token" value="[^"]*"', "", text)
    fields = re.findall(r'value="([^"]*)"|<textarea[^>]*>([^<]*)', without_tokens)
    visible = re.sub(r"<[^>]*>", "", without_tokens)
    return unescape(visible + " ".join(one or other for one, other in fields))


def shows_a_number(text: str) -> bool:
    return any(number in read(text) for number in (SPOKEN, "13800136666", "零零一三六", "0013666"))


@pytest.mark.parametrize("role", Role)
def test_no_page_shows_a_number_that_was_said(site: Site, order: Order, role: Role) -> None:
    browser = site.browser(role)

    for path in ("/", "/orders", f"/orders/{order.number}", f"/calls/{order.calls[0].id}", "/calls"):
        assert not shows_a_number(browser.get(path).text), path
    assert "六六六六" in read(browser.get(f"/orders/{order.number}").text)


@pytest.mark.parametrize("mark", ["data-show-number", 'data-show-fact="phone"', "data-open-transcript"])
def test_who_dials_is_shown_everything_on_asking_and_is_written_down(site: Site, order: Order, mark: str) -> None:
    browser = site.browser(Role.CALL_TAKER)
    browser.get(f"/orders/{order.number}")

    text = browser.send(mark).text

    row = text.split('<tr data-fact="phone"')[1].split("</tr>")[0]
    assert "13800136666" in row
    assert f"电话{SPOKEN}" in read(text.split('id="heard"')[1].split('id="facts"')[0])
    assert WRITTEN in text.split("data-correct-transcript")[1].split("</textarea>")[0]
    assert ('<details class="correct" open' in text) == (mark == "data-open-transcript")
    assert not shows_a_number(browser.get(f"/orders/{order.number}").text)
    with site.sessions() as session:
        seen = [each for each in site.all(session, AuditEntry) if each.action == Action.NUMBER_SEEN]
        assert [(each.subject, each.subject_id) for each in seen] == [("orders", order.id)]


def test_call_shows_what_was_said_on_asking(site: Site, order: Order) -> None:
    browser = site.browser(Role.SUPERVISOR)
    browser.get(f"/calls/{order.calls[0].id}")

    text = browser.send("data-show-number").text

    assert WRITTEN in text
    assert SPOKEN in text


@pytest.mark.parametrize("role", sorted(Role))
def test_transcript_with_a_number_is_opened_by_those_who_may_see_it(site: Site, order: Order, role: Role) -> None:
    text = site.browser(role).get(f"/orders/{order.number}").text

    assert "data-correct-transcript" not in text
    assert ("data-open-transcript" in text) == (role in REVIEWERS & DIALLERS)
    assert ('data-show-fact="phone"' in text) == (role in DIALLERS)


def test_who_may_not_see_it_does_not_get_it_by_asking(site: Site, order: Order) -> None:
    browser: Browser = site.browser(Role.DISPATCHER)
    browser.get(f"/orders/{order.number}")
    form = next(iter(re.findall(r'name="csrf_token" value="([^"]+)"', browser.page.text)))  # type: ignore[union-attr]

    answer = browser.client.post(
        f"/orders/{order.number}/number",
        data={"csrf_token": form, "open": "transcript-1"},
        base_url=factories.BASE_URL,
        headers={"Referer": f"{factories.BASE_URL}/"},
    )

    assert answer.status_code == 403
    assert not shows_a_number(answer.text)


def test_correction_that_was_refused_is_still_there_to_go_on_with(site: Site, order: Order) -> None:
    browser = site.browser(Role.CALL_TAKER)
    browser.get(f"/orders/{order.number}")
    browser.send("data-open-transcript")

    page = browser.send("data-correct-transcript", text="")

    assert page.status_code == 422
    assert '<details class="correct" open' in page.text
    with site.sessions() as session:
        assert len(session.query(Recording).one().transcripts) == 2


def test_callbacks_show_no_number_either(site: Site, order: Order) -> None:
    with site.sessions.begin() as session:
        attempt = factories.attempt(session, session.merge(site.line))
        waiting = attempt.round
        waiting.state = round_after(waiting.state, RoundEvent.HAND_OVER)
        waiting.order.summary = WRITTEN
        number = waiting.order.number
    browser = site.browser(Role.CALL_TAKER)

    for path in ("/surveys", f"/orders/{number}"):
        text = browser.get(path).text
        assert "家里没有米了" in read(text), path
        assert not shows_a_number(text), path


def test_a_letter_names_the_order_to_whoever_reads_it(site: Site) -> None:
    with site.sessions.begin() as session:
        order = factories.wrote(session, session.merge(site.line))
        assert order is not None
        number = order.number
    browser = site.browser(Role.CALL_TAKER)
    browser.get(f"/orders/{number}")

    text = browser.send("data-letter", text=f"工单编号{number}，电话13800136666").text

    assert f"工单编号{number}，电话•••••••6666" in read(text)
