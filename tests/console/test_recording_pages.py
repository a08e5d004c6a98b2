"""Recordings as a player asks for them."""

import io
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

import factories
import fsspec
import pytest
from fsspec.implementations.local import LocalFileSystem
from site_under_test import Site

from hotline import web
from hotline.models import Action, AuditEntry, Recording, RecordingState
from hotline.rules.roles import Role
from hotline.store import RecordingStore

SOUND = bytes(range(256)) * 40


@pytest.fixture
def recording(site: Site) -> Recording:
    """A stored recording of a call on the street's line; its content is no sound, which the player finds out."""
    with site.sessions.begin() as session:
        call = factories.order(session, session.merge(site.line)).calls[0]
        made = factories.recording(session, call, size_bytes=len(SOUND))
    RecordingStore(f"file://{site.recordings}").put(str(made.store_key), io.BytesIO(SOUND))
    return made


def test_whole_recording_is_sent_when_no_part_is_asked_for(site: Site, recording: Recording) -> None:
    answer = site.browser(Role.HANDLER).get(f"/recordings/{recording.id}/audio")

    assert answer.status_code == 200
    assert answer.data == SOUND
    assert answer.mimetype == "audio/wav"
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.content_length == len(SOUND)
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("bytes=0-", 0, len(SOUND)), ("bytes=100-199", 100, 200), ("bytes=-50", len(SOUND) - 50, len(SOUND))],
)
def test_part_that_is_asked_for_is_sent_alone(
    site: Site, recording: Recording, asked: str, start: int, end: int
) -> None:
    answer = site.browser(Role.HANDLER).get(f"/recordings/{recording.id}/audio", headers={"Range": asked})

    assert answer.status_code == 206
    assert answer.data == SOUND[start:end]
    assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(SOUND)}"


def test_part_beyond_the_end_is_refused(site: Site, recording: Recording) -> None:
    answer = site.browser(Role.HANDLER).get(
        f"/recordings/{recording.id}/audio", headers={"Range": f"bytes={len(SOUND)}-"}
    )

    assert answer.status_code == 416


class WatchedFiles(LocalFileSystem):
    """A store that remembers what was opened in it; the local one closes by itself what nobody closed."""

    opened: ClassVar[list[Any]] = []

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return str(super()._strip_protocol(path.removeprefix("watched://")))

    def open(self, *args: Any, **kwargs: Any) -> Any:
        self.opened.append(super().open(*args, **kwargs))
        return self.opened[-1]


@pytest.mark.parametrize("asked", ["bytes=0-9", f"bytes={len(SOUND)}-", ""])
def test_file_is_closed_whatever_is_answered(site: Site, recording: Recording, asked: str) -> None:
    fsspec.register_implementation("watched", WatchedFiles, clobber=True)
    held = site.app.extensions["hotline"]
    settings = factories.settings(site.recordings, recordings_url=f"watched://{site.recordings}")
    web.install(site.app, replace(held, settings=settings))
    WatchedFiles.opened.clear()

    path = f"/recordings/{recording.id}/audio"
    site.browser(Role.HANDLER).get(path, headers={"Range": asked} if asked else {}).close()

    assert [file.closed for file in WatchedFiles.opened] == [True]


def test_sound_is_sent_piece_by_piece(site: Site, recording: Recording) -> None:
    answer = site.browser(Role.HANDLER).get(f"/recordings/{recording.id}/audio", buffered=False)

    assert len(next(iter(answer.response))) < len(SOUND)
    answer.close()


def test_many_parts_are_one_look_until_a_while_has_passed(site: Site, recording: Recording) -> None:
    browser = site.browser(Role.CALL_TAKER)
    for start in (0, 1000, 2000):
        browser.get(f"/recordings/{recording.id}/audio", headers={"Range": f"bytes={start}-"})
    site.clock.at += timedelta(hours=1)
    browser.get(f"/recordings/{recording.id}/audio")

    with site.sessions() as session:
        looks = [each for each in site.all(session, AuditEntry) if each.action == Action.RECORDING_HEARD]
        assert [each.subject_id for each in looks] == [recording.id, recording.id]


def test_recording_of_another_street_is_not_there(site: Site, recording: Recording) -> None:
    stranger = site.browser(Role.SUPERVISOR, unit=site.other)

    assert stranger.get(f"/recordings/{recording.id}/audio").status_code == 404
    with site.sessions() as session:
        assert not [each for each in site.all(session, AuditEntry) if each.action == Action.RECORDING_HEARD]


def test_recording_that_is_not_stored_is_not_there(site: Site, recording: Recording) -> None:
    with site.sessions.begin() as session:
        waiting = factories.recording(
            session, session.merge(recording.call), state=RecordingState.EXPECTED, store_key=None
        )
        gone = factories.recording(session, session.merge(recording.call), store_key="never/stored.wav")
    browser = site.browser(Role.CALL_TAKER)

    for each in (waiting, gone):
        assert browser.get(f"/recordings/{each.id}/audio").status_code == 404
    assert browser.get("/recordings/999999/audio").status_code == 404
