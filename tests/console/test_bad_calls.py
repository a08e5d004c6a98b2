"""What a person sees of a call that went wrong: a plain state in words on every page where the call stands."""

import factories
import pytest
from site_under_test import Browser, Site
from test_reading import read

from hotline.models import (
    Attention,
    Call,
    Direction,
    OutboxEntry,
    OutboxState,
    Receipt,
    ReceiptOutcome,
    Recording,
    RecordingState,
    Work,
)
from hotline.rules.call_flow import CallState
from hotline.rules.roles import Role
from hotline.services import outbox, recordings
from speech.transcript import Transcript as Heard

# No word that only a program reads stands where a person looks.
CODES = ("recording_unreadable", "unmatched", "unknown_to_carrier", "CarrierUnavailableError", "abandoned", "no_speech")


@pytest.fixture
def browser(site: Site) -> Browser:
    """Somebody of the topmost unit who may do everything: callbacks about unknown calls are for them."""
    return site.browser(*Role, unit=site.city)


def seen(browser: Browser, path: str) -> str:
    page = browser.get(path)
    assert page.status_code == 200
    text = read(page.text.split("<main")[1])
    assert not [code for code in CODES if code in text], path
    return text


def test_unreadable_recording(site: Site, browser: Browser) -> None:
    with site.sessions.begin() as session:
        call = factories.call(session, session.merge(site.line))
        recording = factories.recording(session, call)
        trouble = "The file is no recording of a known kind."
        recordings.spoiled(session, recording, RecordingState.UNREADABLE, trouble, factories.NOW, factories.ZONE)
        assert call.order is not None
        number = call.order.number

    listed = seen(browser, "/calls")
    assert "录音无法读取" in listed
    assert number in listed
    for path in (f"/calls/{call.id}", f"/orders/{number}", "/troubles"):
        assert "运营商发来的不是音频文件" in seen(browser, path), path
    assert "填写通话内容" in seen(browser, f"/orders/{number}")


@pytest.mark.parametrize(
    ("state", "words"),
    [(CallState.SILENT, "没有说话"), (CallState.ABANDONED, "中途挂断"), (CallState.NOT_SERVED, "系统故障未接通")],
)
def test_call_that_left_nothing_has_no_order_and_is_rung_back(
    site: Site, browser: Browser, state: CallState, words: str
) -> None:
    with site.sessions.begin() as session:
        call = factories.call(session, session.merge(site.line), state=state, attention=Attention.RING_BACK)

    for path in ("/calls", f"/calls/{call.id}"):
        text = seen(browser, path)
        assert words in text, path
        assert "需回电" in text, path
        assert "未生成工单" in text, path
        assert str(call.order_number) not in text, path
    assert "没有录音" in seen(browser, f"/calls/{call.id}")
    assert "一切正常" in seen(browser, "/troubles")


def test_recording_without_a_word(site: Site, browser: Browser) -> None:
    with site.sessions.begin() as session:
        order = factories.order(session, session.merge(site.line))
        recording = factories.recording(session, order.calls[0])
        nothing = Heard(3.0, (), "model", "zh-CN")
        recordings.transcribed(session, recording, nothing, factories.NOW, delete_at_carrier=False)

    assert "未识别到语音" in seen(browser, "/calls")
    for path in (f"/calls/{order.calls[0].id}", f"/orders/{order.number}"):
        text = seen(browser, path)
        assert "无语音内容" in text, path
        assert "未识别到语音内容" in text, path


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (ReceiptOutcome.UNMATCHED, "对应的来电不存在"),
        (ReceiptOutcome.UNKNOWN_TO_CARRIER, "运营商处也没有该来电"),
    ],
)
def test_callback_about_a_call_that_nobody_knows(
    site: Site, browser: Browser, outcome: ReceiptOutcome, words: str
) -> None:
    with site.sessions.begin() as session:
        session.add(
            Receipt(
                source="recording",
                carrier_id=factories.recording_sid(),
                event="complete",
                outcome=outcome,
                content={},
                received_at=factories.NOW,
            )
        )

    text = seen(browser, "/troubles")

    assert words in text
    assert "录音完成" in text
    assert "还没有来电" in seen(browser, "/calls")


@pytest.mark.parametrize("role", [Role.CALL_TAKER, Role.SUPERVISOR])
def test_work_that_was_given_up(site: Site, browser: Browser, role: Role) -> None:
    with site.sessions.begin() as session:
        order = factories.order(session, session.merge(site.line))
        recording = factories.recording(session, order.calls[0], state=RecordingState.EXPECTED, store_key=None)
        factories.order(session, session.merge(site.line))
        outbox.ask(session, Work.FETCH_RECORDING, recording.id, factories.NOW)
        entry = session.query(OutboxEntry).one()
        entry.state, entry.trouble, entry.tries = OutboxState.DEAD, "CarrierUnavailableError", outbox.TRIES

    assert seen(browser, "/calls").count("任务未完成") == 1
    assert "取回录音" in seen(browser, "/troubles")
    worker = site.browser(role)
    for path in (f"/calls/{order.calls[0].id}", f"/orders/{order.number}"):
        text = seen(worker, path)
        assert "未能完成：取回录音" in text, path
        assert "联系不上运营商" in text, path
        assert ("重试" in text) == (role == Role.SUPERVISOR), path


def test_work_is_tried_again_from_the_page_of_the_order(site: Site) -> None:
    with site.sessions.begin() as session:
        order = factories.order(session, session.merge(site.line))
        recording = factories.recording(session, order.calls[0])
        outbox.ask(session, Work.TRANSCRIBE_RECORDING, recording.id, factories.NOW)
        session.query(OutboxEntry).one().state = OutboxState.DEAD
    browser = site.browser(*Role)
    browser.get(f"/orders/{order.number}")
    browser.send("data-show-number")

    page = browser.send('data-again="transcribe_recording"')

    assert page.request.path == f"/orders/{order.number}"
    assert page.status_code == 200
    with site.sessions() as session:
        assert session.query(OutboxEntry).one().state == OutboxState.WAITING
        assert session.get_one(Recording, recording.id).state == RecordingState.STORED


def test_length_of_our_own_call_is_told(site: Site) -> None:
    with site.sessions.begin() as session:
        call = factories.call(
            session, session.merge(site.line), direction=Direction.OUTBOUND, state=CallState.OUTBOUND,
            order_number=None, duration_s=65,
        )  # fmt: skip
        assert isinstance(call, Call)

    assert "1:05" in seen(site.browser(Role.CALL_TAKER), "/calls")


@pytest.mark.parametrize("path", ["/orders/{number}", "/calls/{call}"])
def test_language_is_changed_on_a_page_that_a_form_brought(site: Site, path: str) -> None:
    with site.sessions.begin() as session:
        order = factories.order(session, session.merge(site.line))
        address = path.format(number=order.number, call=order.calls[0].id)
    browser = site.browser(Role.CALL_TAKER)
    browser.get(address)
    browser.send("data-show-number")

    page = browser.send('action="/language"', language="en")

    assert (page.status_code, page.request.path) == (200, address)
