"""Old calls heard anew by command: which are asked for, how often, and what is said about it."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import factories
import pytest
from click.testing import Result
from factories import NOW
from sqlalchemy import select

from hotline.db import Sessions
from hotline.models import OutboxEntry, Work
from hotline.services import recordings, speech_models
from speech.registry import describe
from speech.transcript import Transcript, Word

Flask = Callable[..., Result]
DEMO = Path(__file__).parents[2] / "speech/demo_model"
LABEL = describe(DEMO).label
OTHER_LINE = "+862087650000"
# As the hotline's calendar has it: Monday, and the night from Tuesday to Wednesday.
HEARD = {1: ("old", factories.LINE, NOW), 2: (LABEL, factories.LINE, NOW), 3: ("old", OTHER_LINE, NOW + timedelta(1.6))}


@pytest.fixture
def flask(flask_command: Flask, own_sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """Three recordings: two by an old model, one of them on another line and two days later."""
    monkeypatch.setenv("SPEECH_MODEL_PATH", str(DEMO))
    with own_sessions.begin() as session:
        lines = {number: factories.line(session, number=number) for number in (factories.LINE, OTHER_LINE)}
        for model, number, at in HEARD.values():
            recording = factories.recording(session, factories.call(session, lines[number]), recorded_at=at)
            heard = Transcript(1.0, (Word("米", 0.0, 0.5, 0.9),), model, "zh-CN")
            recordings.transcribed(session, recording, heard, NOW, delete_at_carrier=False)
    return flask_command


def asked(sessions: Sessions) -> list[int]:
    with sessions() as session:
        entries = select(OutboxEntry.subject_id).where(OutboxEntry.work == Work.RETRANSCRIBE_RECORDING)
        return sorted(session.scalars(entries))


NARROWED = {
    (): [1, 3],
    ("--model", "old"): [1, 3],
    ("--model", LABEL): [2],
    ("--line", factories.LINE): [1],
    ("--since", "2026-03-03"): [3],
    ("--since", "2026-03-04"): [3],
    ("--since", "2026-03-05"): [],
    ("--until", "2026-03-02"): [1],
    ("--until", "2026-03-03"): [1],
    ("--since", "2026-03-02", "--until", "2026-03-04"): [1, 3],
    ("--recording", "2"): [2],
}


@pytest.mark.parametrize("arguments", NARROWED, ids=" ".join)
def test_what_is_wanted_is_asked_for(flask: Flask, own_sessions: Sessions, arguments: tuple[str, ...]) -> None:
    done = flask("calls", "retranscribe", *arguments)

    assert done.exit_code == 0, done.output
    assert asked(own_sessions) == NARROWED[arguments]
    assert done.output == f"asked for: {len(NARROWED[arguments])}\n"


def test_asked_for_twice_it_is_once(flask: Flask, own_sessions: Sessions) -> None:
    flask("calls", "retranscribe", "--line", factories.LINE)

    assert flask("calls", "retranscribe").output == "asked for: 1; asked for before: 1\n"
    assert asked(own_sessions) == [1, 3]


def test_a_dry_run_asks_for_nothing(flask: Flask, own_sessions: Sessions) -> None:
    assert flask("calls", "retranscribe", "--dry-run").output == "would be heard anew: 2\n"

    assert asked(own_sessions) == []


def test_what_the_model_of_its_line_heard_is_left(flask: Flask, own_sessions: Sessions) -> None:
    with own_sessions.begin() as session:
        speech_models.choose(session, "old", None, NOW)

    flask("calls", "retranscribe")

    assert asked(own_sessions) == [2]


@pytest.mark.parametrize(
    ("arguments", "trouble"),
    [
        (("--line", "+8620000"), "there is no line"),
        (("--recording", "99"), "was never heard"),
        (("--since", "yesterday"), "does not match the format"),
        (("--since", "2026-03-05", "--until", "2026-03-04"), "--since lies after --until"),
        (("--model", "odl"), f"odl heard no recording; these did: old, {LABEL}"),
    ],
)
def test_what_cannot_be_meant_is_told(
    flask: Flask, own_sessions: Sessions, arguments: tuple[str, ...], trouble: str
) -> None:
    done = flask("calls", "retranscribe", *arguments)

    assert done.exit_code != 0
    assert trouble in done.output
    assert asked(own_sessions) == []
