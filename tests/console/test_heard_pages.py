"""What an order's page shows of hearing: the outline, how far it has come, doubt, and names put right."""

from typing import Any

import factories
from site_under_test import Site

from hotline.models import Origin, RecordingState, Transcript
from hotline.rules.roles import Role
from speech.transcript import Doubt

WORDS = [("我", 0.9), ("住", 0.9), ("杏花苑", 0.8), ("二十", 0.9), ("三", 0.3), ("号", 0.9)]


def order_page(site: Site, heard: dict[str, Any] | None = None, **recorded: Any) -> str:
    """The page of an order with one recording, transcribed as `heard`."""
    with site.sessions.begin() as session:
        order = factories.order(session, session.merge(site.line))
        recording = factories.recording(session, order.calls[0], **recorded)
        if heard is not None:
            words = [
                {"word": word, "start": i / 5, "end": i / 5 + 0.2, "conf": conf, "channel": "caller"}
                for i, (word, conf) in enumerate(WORDS)
            ]
            words[2]["heard"] = "信花园"
            recording.state = RecordingState.TRANSCRIBED
            recording.transcripts.append(
                Transcript(
                    version=1,
                    origin=Origin.MACHINE,
                    text="".join(word for word, _ in WORDS),
                    words=words,
                    confidence=0.8,
                    model="m-1",
                    language="zh-CN",
                    made_at=factories.NOW,
                    **heard,
                )
            )
        number = order.number
    return str(site.browser(Role.SUPERVISOR).get(f"/orders/{number}").text)


def test_outline_of_both_parties_is_drawn(site: Site) -> None:
    page = order_page(site, channels=2, peaks=bytes([64, 0, 0, 128]), peaks_channels=2, peaks_per_second=50.0)

    assert '<path class="party-1" d="M0.5 16V8M1.5 16V15"/>' in page
    assert '<path class="party-2" d="M0.5 16V17M1.5 16V32"/>' in page


def test_recording_that_was_not_measured_has_a_player_alone(site: Site) -> None:
    page = order_page(site)

    assert "<audio" in page
    assert "waveform" not in page


def test_words_of_a_long_recording_are_there_before_its_end(site: Site) -> None:
    page = order_page(site, heard_until_s=754.0, heard_text="家里没有米了电话一三九零零零零五六七八")

    assert "已听到 12:34" in page
    assert "家里没有米了电话•••••••五六七八" in page


def test_doubtful_transcript_says_so_and_asks_for_a_person(site: Site) -> None:
    page = order_page(site, {"doubt": Doubt.UNKNOWN_SPEECH})

    assert "机器听不懂" in page
    assert "请人工收听" in page


def test_transcript_is_written_as_people_write_and_tells_of_names_and_doubtful_words(site: Site) -> None:
    page = order_page(site, {})

    assert 'title="已按本地名称更正，原识别为“信花园”">杏花苑</span>' in page
    assert 'title="识别不清：可信度 30%">23</span>' in page
    assert "识别不清：可信度 30%" in page
    assert "data-doubtful" not in page
