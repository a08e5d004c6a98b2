"""The list of calls and the page of one."""

import re

import factories
import pytest
from site_under_test import Site, turn

from hotline.models import (
    Action,
    Attention,
    AuditEntry,
    Call,
    OutboxEntry,
    OutboxState,
    Recording,
    RecordingState,
    Work,
)
from hotline.rules.call_flow import CallState
from hotline.rules.roles import Role
from hotline.services import outbox, recordings
from hotline.services.desk.stretches import ROWS


def rows_of(text: str) -> list[int]:
    return [int(each) for each in re.findall(r'<tr[^>]* data-call="(\d+)"', text)]


def test_calls_of_the_unit_stand_in_the_list_with_their_numbers_masked(site: Site) -> None:
    with site.sessions.begin() as session:
        mine = factories.call(session, session.merge(site.line), number="+8613812345678")
        other_line = factories.line(session, session.merge(site.other), number="+862011112222")
        foreign = factories.call(session, other_line)

    text = site.browser(Role.CALL_TAKER).get("/calls").text

    assert rows_of(text) == [mine.id]
    assert "•••• 5678" in text
    assert "13812345678" not in text
    assert site.browser(Role.CALL_TAKER).get(f"/calls/{foreign.id}").status_code == 404


def test_supervisor_of_the_city_sees_the_calls_of_all_streets(site: Site) -> None:
    with site.sessions.begin() as session:
        factories.call(session, session.merge(site.line))
        factories.call(session, factories.line(session, session.merge(site.other), number="+862011112222"))

    assert len(rows_of(site.browser(Role.SUPERVISOR, unit=site.city).get("/calls").text)) == 2


def test_list_can_be_narrowed(site: Site) -> None:
    with site.sessions.begin() as session:
        line = session.merge(site.line)
        plain = factories.call(session, line)
        silent = factories.call(session, line, state=CallState.ABANDONED, attention=Attention.RING_BACK)
        ordered = factories.order(session, line).calls[0]
    browser = site.browser(Role.CALL_TAKER)

    def shown(query: str) -> set[int]:
        return set(rows_of(browser.get(f"/calls?{query}").text))

    assert shown("") == {plain.id, silent.id, ordered.id}
    assert shown("attention=1") == {silent.id}
    assert shown("with_order=1") == {ordered.id}
    assert shown(f"number={plain.order_number}") == {plain.id}
    assert shown("number=%25") == set()


def test_long_list_has_pages(site: Site) -> None:
    with site.sessions.begin() as session:
        line = session.merge(site.line)
        for _ in range(ROWS + 1):
            factories.call(session, line)
    browser = site.browser(Role.CALL_TAKER)

    first = browser.get("/calls").text
    second = browser.get(turn(first, "next")).text

    assert len(rows_of(first)) == ROWS
    assert len(rows_of(second)) == 1
    assert not set(rows_of(first)) & set(rows_of(second))
    assert rows_of(browser.get(turn(second, "prev")).text) == rows_of(first)
    for nonsense in ("0", "-3", "x"):
        assert len(rows_of(browser.get(f"/calls?after={nonsense}").text)) == ROWS


def test_empty_list_says_what_will_appear(site: Site) -> None:
    assert "还没有来电" in site.browser(Role.CALL_TAKER).get("/calls").text


def test_call_that_was_dealt_with_needs_no_attention(site: Site) -> None:
    with site.sessions.begin() as session:
        call = factories.call(session, session.merge(site.line), attention=Attention.RING_BACK)
    browser = site.browser(Role.CALL_TAKER)
    assert "需回电" in browser.get(f"/calls/{call.id}").text

    empty = browser.send("data-handled", note=" ")
    assert empty.status_code == 422
    page = browser.send("data-handled", note="已回电，打错了")

    assert "需回电" not in page.text
    with site.sessions() as session:
        noted = site.all(session, AuditEntry)[-1]
        dealt_with = session.get_one(Call, call.id)
        assert (dealt_with.attention, dealt_with.handled_note) == (None, "已回电，打错了")
        assert (noted.action, noted.subject_id, noted.detail) == (Action.CALL_HANDLED, call.id, None)
    assert "已回电，打错了" in page.text


def test_full_number_is_shown_on_asking_and_written_down(site: Site) -> None:
    with site.sessions.begin() as session:
        call = factories.call(session, session.merge(site.line))
    browser = site.browser(Role.SUPERVISOR)
    assert factories.CALLER not in browser.get(f"/calls/{call.id}").text

    page = browser.send("data-show-number")

    assert factories.CALLER in page.text
    with site.sessions() as session:
        noted = site.all(session, AuditEntry)[-1]
        assert (noted.action, noted.subject, noted.subject_id) == (Action.NUMBER_SEEN, "calls", call.id)


@pytest.mark.parametrize("role", [Role.DISPATCHER, Role.ADMINISTRATOR])
def test_who_dials_nobody_is_shown_no_number(site: Site, role: Role) -> None:
    with site.sessions.begin() as session:
        call = factories.call(session, session.merge(site.line))
    browser = site.browser(role)
    text = browser.get(f"/calls/{call.id}").text
    assert "data-show-number" not in text

    browser.get("/orders")
    token = re.search(r'name="csrf_token" value="([^"]+)"', text)
    assert token is not None
    answer = browser.client.post(
        f"/calls/{call.id}/number",
        data={"csrf_token": token[1]},
        base_url=factories.BASE_URL,
        headers={"Referer": f"{factories.BASE_URL}/"},
    )

    assert answer.status_code == 403
    assert factories.CALLER not in answer.text


@pytest.fixture
def failed(site: Site) -> Call:
    """A call whose recording could not be transcribed, eight times."""
    with site.sessions.begin() as session:
        call = factories.call(session, session.merge(site.line))
        recording = factories.recording(session, call)
        outbox.ask(session, Work.TRANSCRIBE_RECORDING, recording.id, factories.NOW)
        entry = session.query(OutboxEntry).one()
        entry.state, entry.trouble = OutboxState.DEAD, "MemoryError"
        recordings.spoiled(session, recording, RecordingState.FAILED, "MemoryError", factories.NOW, factories.ZONE)
        return call


def test_failed_work_is_told_in_plain_words_and_can_be_tried_again(site: Site, failed: Call) -> None:
    browser = site.browser(Role.SUPERVISOR)
    text = browser.get(f"/calls/{failed.id}").text
    assert "未能完成：转写录音" in text
    assert "系统自身故障（MemoryError）" in text

    page = browser.send('data-again="transcribe_recording"')

    assert page.request.path == f"/calls/{failed.id}"
    assert "未能完成" not in page.text
    with site.sessions() as session:
        entry, recording = session.query(OutboxEntry).one(), session.query(Recording).one()
        assert (entry.state, entry.tries) == (OutboxState.WAITING, 0)
        assert (recording.state, recording.trouble, recording.call.attention) == (RecordingState.STORED, None, None)


def test_call_taker_sees_the_failure_but_does_not_replay_it(site: Site, failed: Call) -> None:
    text = site.browser(Role.CALL_TAKER).get(f"/calls/{failed.id}").text

    assert "未能完成：转写录音" in text
    assert "data-again" not in text
