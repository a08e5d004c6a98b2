"""What could not be done, told in plain words, and given another chance."""

import io

import factories
import numpy as np
import pytest
import soundfile
from site_under_test import Site

from hotline.console.trouble_words import TROUBLES, trouble_words
from hotline.models import (
    Action,
    AuditEntry,
    MessageState,
    OutboxEntry,
    OutboxState,
    Receipt,
    ReceiptOutcome,
    RecordingState,
    TextMessage,
    Work,
)
from hotline.rules.order_states import OrderState
from hotline.rules.roles import Role
from hotline.services import learning, outbox, recordings, text_messages
from hotline.services.access import SYSTEM
from speech.audio import AudioError, Limits, open_sound


def bury(site: Site, work: Work, subject_id: int, trouble: str = "CarrierUnavailableError") -> None:
    with site.sessions.begin() as session:
        outbox.ask(session, work, subject_id, factories.NOW)
        entry = session.query(OutboxEntry).filter_by(work=work, subject_id=subject_id).one()
        entry.state, entry.trouble, entry.tries = OutboxState.DEAD, trouble, outbox.TRIES


def test_page_says_when_everything_could_be_done(site: Site) -> None:
    assert "一切正常" in site.browser(Role.SUPERVISOR).get("/troubles").text


@pytest.fixture
def subjects(site: Site) -> dict[Work, int]:
    """A row of the street for every kind of work."""
    with site.sessions.begin() as session:
        line = session.merge(site.line)
        order = factories.order(session, line)
        recording = factories.recording(session, order.calls[0])
        transcript = recordings.correct(
            session, recording, "家里没有米", factories.actor(session, line.unit, Role.CALL_TAKER), factories.NOW
        )
        text_messages.tell_order_number(session, order.calls[0], factories.NOW)
        attempt = factories.order(session, line, OrderState.RESOLVED).survey_rounds[-1].attempts[-1]
        receipt = Receipt(
            source="recording", carrier_id="RE1", event="complete", outcome=ReceiptOutcome.UNMATCHED,
            content={}, received_at=factories.NOW,
        )  # fmt: skip
        session.add(receipt)
        session.flush()
        return {
            Work.FETCH_RECORDING: recording.id,
            Work.TRANSCRIBE_RECORDING: recording.id,
            Work.RETRANSCRIBE_RECORDING: recording.id,
            Work.DELETE_AT_CARRIER: recording.id,
            Work.UNDERSTAND_TRANSCRIPT: transcript.id,
            Work.SEND_MESSAGE: session.query(TextMessage).one().id,
            Work.DIAL_ATTEMPT: attempt.id,
            Work.ADOPT_RECORDING: receipt.id,
            Work.LEARN: learning.ask(session, SYSTEM, factories.NOW).id,
            Work.RING_ALARM: factories.alarm(session, line).attempts[0].id,
            Work.UNDERSTAND_STATEMENT: factories.statement(session, line).id,
            Work.UNDERSTAND_ANSWER: factories.written_answer(session, line).id,
            Work.END_TEXT_ATTEMPT: factories.asked_in_writing(session, line).id,
        }


@pytest.mark.parametrize("work", Work)
def test_dead_work_of_every_kind_is_seen_by_those_whom_it_concerns(
    site: Site, subjects: dict[Work, int], work: Work
) -> None:
    bury(site, work, subjects[work])
    mark = f'data-dead="{work}"'

    assert mark in site.browser(Role.ADMINISTRATOR, unit=site.city).get("/troubles").text
    is_about_a_call = work not in {Work.ADOPT_RECORDING, Work.LEARN}
    assert (mark in site.browser(Role.SUPERVISOR).get("/troubles").text) == is_about_a_call
    assert mark not in site.browser(Role.SUPERVISOR, unit=site.other).get("/troubles").text


@pytest.mark.parametrize("work", Work)
def test_dead_work_of_every_kind_gets_all_its_tries_again(site: Site, subjects: dict[Work, int], work: Work) -> None:
    bury(site, work, subjects[work])
    browser = site.browser(Role.ADMINISTRATOR, unit=site.city)
    browser.get("/troubles")

    page = browser.send(f'data-again="{work}"')

    assert page.request.path == "/troubles"
    assert "正在重试" in page.text
    with site.sessions() as session:
        entry = session.query(OutboxEntry).filter_by(work=work, subject_id=subjects[work]).one()
        assert (entry.state, entry.tries, entry.due_at) == (OutboxState.WAITING, 0, factories.NOW)
        assert site.all(session, AuditEntry)[-1].action == Action.WORK_REPLAYED


def test_work_that_is_not_dead_cannot_be_replayed(site: Site, subjects: dict[Work, int]) -> None:
    bury(site, Work.SEND_MESSAGE, subjects[Work.SEND_MESSAGE])
    browser, other = site.browser(Role.SUPERVISOR), site.browser(Role.SUPERVISOR)
    browser.get("/troubles")
    other.get("/troubles")
    browser.send('data-again="send_message"')

    assert other.send('data-again="send_message"').status_code == 404


def test_text_that_is_sent_again_waits_as_at_first(site: Site, subjects: dict[Work, int]) -> None:
    bury(site, Work.SEND_MESSAGE, subjects[Work.SEND_MESSAGE])
    with site.sessions.begin() as session:
        message = session.get_one(TextMessage, subjects[Work.SEND_MESSAGE])
        message.state, message.trouble = MessageState.FAILED, "CarrierUnavailableError"
    browser = site.browser(Role.SUPERVISOR)
    browser.get("/troubles")

    browser.send('data-again="send_message"')

    with site.sessions() as session:
        message = session.get_one(TextMessage, subjects[Work.SEND_MESSAGE])
        assert (message.state, message.trouble) == (MessageState.WAITING, None)


def test_spoiled_recordings_and_unknown_callbacks_are_told(site: Site, subjects: dict[Work, int]) -> None:
    with site.sessions.begin() as session:
        call = factories.call(session, session.merge(site.line))
        recording = factories.recording(session, call)
        recordings.spoiled(
            session,
            recording,
            RecordingState.UNREADABLE,
            "The recording holds no sound.",
            factories.NOW,
            factories.ZONE,
        )

    text = site.browser(Role.ADMINISTRATOR, unit=site.city).get("/troubles").text

    assert "录音里没有声音" in text
    assert "对应的来电不存在" in text
    assert "RE1" not in site.browser(Role.SUPERVISOR).get("/troubles").text


def test_known_troubles_are_said_in_chinese_and_others_as_they_are(site: Site) -> None:
    with site.app.test_request_context():
        assert trouble_words("the carrier refused with code 21211") == "运营商拒绝了请求（代码 21211）。"
        assert trouble_words("The recording has 99 bytes; 10 are taken.") == "录音过大：99 字节。"
        assert trouble_words("100 % strange") == "100 % strange"
        assert trouble_words(None) == ""
    assert len(TROUBLES) == len({pattern for pattern, _ in TROUBLES})


def wav(seconds: float, channels: int = 1, rate_hz: int = 8000) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, np.zeros((int(seconds * rate_hz), channels), np.int16), rate_hz, format="WAV")
    return file.getvalue()


@pytest.mark.parametrize(
    ("recording", "said"),
    [
        (b"", "录音是空文件。"),
        (b"hello", "运营商发来的不是音频文件。"),
        (b"#!AMR" + bytes(40), "音频格式无法读取。"),
        (b"RIFF" + bytes(40), "录音已损坏。"),
        (wav(1).replace(b"data" + (16000).to_bytes(4, "little"), b"data" + (0).to_bytes(4, "little")), "录音已损坏。"),
        (wav(1, channels=3), "音频格式无法读取。"),
        (wav(1, rate_hz=1000), "音频格式无法读取。"),
        (wav(3), "录音过长：至少 3 秒。"),
        (wav(0), "录音里没有声音。"),
    ],
)
def test_whatever_is_wrong_with_a_recording_is_said_in_chinese(site: Site, recording: bytes, said: str) -> None:
    with (
        pytest.raises(AudioError) as caught,
        open_sound(io.BytesIO(recording), 8000, Limits(max_duration_s=2)) as sound,
    ):
        list(sound.blocks)

    with site.app.test_request_context():
        assert trouble_words(str(caught.value)) == said
