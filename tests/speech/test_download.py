"""Models are fetched from a web server as bad as any: resumed, checked, and there as a whole or not at all."""

import hashlib
import os
import resource
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from stat import S_IFLNK
from typing import ClassVar
from zipfile import ZIP_BZIP2, ZIP_LZMA, ZipFile, ZipInfo

import pytest
from model_server import MODEL, NAME, SOUND, ModelServer, zipped

from speech import download
from speech.download import (
    AlreadyFetchingError,
    DownloadError,
    NoRoomError,
    NotPublishedError,
    NotReachedError,
    Published,
    UnusableArchiveError,
    WrongChecksumError,
    fetch,
    published,
)
from speech.registry import OFFICIAL_LIST

ROOT = Path(__file__).parents[2]
AT_ONCE = (0.0, 0.0)
CUT = 98_304


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer().serving() as server:
        yield server


def the_model(server: ModelServer) -> Published:
    return published(server.list_url)[0]


def nothing_but(folder: Path, *names: str) -> bool:
    return {path.name for path in folder.iterdir()} == set(names)


# The list


def test_a_list_tells_of_its_models(server: ModelServer) -> None:
    model, old = published(server.list_url)

    assert (model.name, model.language, model.kind, model.size_bytes) == (NAME, "zh-CN", "small", len(MODEL))
    assert model.url == f"{server.address}/{NAME}.zip"
    assert (model.is_obsolete, old.is_obsolete) == (False, True)


@pytest.mark.parametrize(
    "content", [b"<html>Sign in</html>", b'{"a": 1}', b'[{"name": "x"}]', b'[{"name": "../x"}]', b"[1]"]
)
def test_what_is_no_list_is_told(server: ModelServer, content: bytes) -> None:
    server.content = content

    with pytest.raises(NotPublishedError, match="no list"):
        published(f"{server.address}/{NAME}.zip")


def test_a_list_that_is_not_there_is_told(server: ModelServer) -> None:
    with pytest.raises(NotPublishedError, match="nothing at"):
        published(f"{server.address}/elsewhere.zip")


def test_without_a_network_it_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    with pytest.raises(NotReachedError, match="Is there a network"):
        published(f"http://127.0.0.1:{port}/list.json")


def test_a_list_that_breaks_off_is_told(server: ModelServer) -> None:
    server.list_breaks_after = 100

    with pytest.raises(NotReachedError, match="Is there a network"):
        published(server.list_url)


def test_a_list_without_an_end_is_no_list(server: ModelServer) -> None:
    server.claims = {"text": "x" * 6_000_000}

    with pytest.raises(NotPublishedError, match="no list"):
        published(server.list_url)


@pytest.mark.parametrize("size", [0, -1])
def test_a_model_without_a_size_cannot_be_fetched_and_makes_no_list(server: ModelServer, size: int) -> None:
    server.claims = {"size": size}

    with pytest.raises(NotPublishedError, match="no list"):
        published(server.list_url)


# Fetching


def test_a_model_is_there_after_it_was_fetched(server: ModelServer, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []

    info = fetch(the_model(server), tmp_path / "models", lambda done, of: told.append((done, of)))

    assert info.path == tmp_path / "models" / NAME
    assert (info.path / "am/final.mdl").read_bytes() == SOUND
    assert nothing_but(tmp_path / "models", NAME)
    assert told[-1] == (len(MODEL), len(MODEL))
    assert told == sorted(told)


def test_what_is_there_is_not_fetched_again(server: ModelServer, tmp_path: Path) -> None:
    fetch(the_model(server), tmp_path)

    fetch(the_model(server), tmp_path)

    assert server.asked == [None]


def test_cut_off_it_asks_for_the_rest(server: ModelServer, tmp_path: Path) -> None:
    server.breaks_after = [CUT, 49_152]

    info = fetch(the_model(server), tmp_path, waits_s=AT_ONCE)

    assert (info.path / "am/final.mdl").read_bytes() == SOUND
    assert server.asked == [None, f"bytes={CUT}-", f"bytes={CUT + 49_152}-"]


def test_a_later_run_takes_up_what_an_earlier_one_received(server: ModelServer, tmp_path: Path) -> None:
    model = the_model(server)
    server.breaks_after = [CUT, 0]
    with pytest.raises(NotReachedError):
        fetch(model, tmp_path, waits_s=())
    assert not (tmp_path / NAME).exists()

    fetch(model, tmp_path)

    assert server.asked[-1] == f"bytes={CUT}-"
    assert nothing_but(tmp_path, NAME)


@pytest.mark.parametrize("left", [b"", b"[]", b'{"url": 1}', b"\xff\xfe"])
def test_what_cannot_be_told_from_an_earlier_run_is_received_anew(
    server: ModelServer, tmp_path: Path, left: bytes
) -> None:
    server.breaks_after = [CUT, 0]
    with pytest.raises(NotReachedError):
        fetch(the_model(server), tmp_path, waits_s=())
    (tmp_path / f".{NAME}.fetching/source.json").write_bytes(left)

    fetch(the_model(server), tmp_path)

    assert server.asked[-1] is None
    assert nothing_but(tmp_path, NAME)


def test_a_server_without_ranges_is_asked_for_all_of_it_again(server: ModelServer, tmp_path: Path) -> None:
    server.breaks_after, server.knows_ranges = [CUT], False

    info = fetch(the_model(server), tmp_path, waits_s=AT_ONCE)

    assert (info.path / "am/final.mdl").read_bytes() == SOUND


@pytest.mark.parametrize(("etag", "modified"), [(None, None), ('W/"weak"', None)])
def test_a_version_without_a_sure_name_is_asked_for_from_the_start(
    server: ModelServer, tmp_path: Path, etag: str | None, modified: str | None
) -> None:
    server.breaks_after, server.etag, server.modified = [CUT], etag, modified

    info = fetch(the_model(server), tmp_path, waits_s=AT_ONCE)

    assert server.asked == [None, None]
    assert (info.path / "am/final.mdl").read_bytes() == SOUND


def test_the_time_of_a_change_names_a_version_too(server: ModelServer, tmp_path: Path) -> None:
    server.breaks_after, server.etag, server.modified = [CUT], 'W/"weak"', "Sun, 22 Nov 2026 08:00:00 GMT"

    fetch(the_model(server), tmp_path, waits_s=AT_ONCE)

    assert server.asked == [None, f"bytes={CUT}-"]


def test_a_file_that_was_changed_meanwhile_is_begun_anew(server: ModelServer, tmp_path: Path) -> None:
    server.breaks_after = [CUT, 0]
    with pytest.raises(NotReachedError):
        fetch(the_model(server), tmp_path, waits_s=())
    server.etag, server.content = '"two"', zipped({f"{NAME}/am/final.mdl": SOUND[::-1]})

    info = fetch(the_model(server), tmp_path)

    assert (info.path / "am/final.mdl").read_bytes() == SOUND[::-1]


def test_a_busy_server_is_asked_again(server: ModelServer, tmp_path: Path) -> None:
    server.says = [503, 429]

    fetch(the_model(server), tmp_path, waits_s=AT_ONCE)

    assert len(server.asked) == 3


# What must not leave anything behind


def test_a_wrong_checksum_leaves_nothing_behind(server: ModelServer, tmp_path: Path) -> None:
    model = the_model(server)
    server.content = MODEL[:-1] + b"?"

    with pytest.raises(WrongChecksumError, match="thrown away"):
        fetch(model, tmp_path)

    assert nothing_but(tmp_path)


def test_more_than_was_announced_is_not_what_was_announced(server: ModelServer, tmp_path: Path) -> None:
    model = the_model(server)
    server.content = MODEL * 20

    with pytest.raises(WrongChecksumError):
        fetch(model, tmp_path)

    assert nothing_but(tmp_path)


def test_a_checksum_that_we_know_counts_above_the_lists(server: ModelServer, tmp_path: Path) -> None:
    known = "vosk-model-small-cn-0.22"
    model = Published(known, "zh-CN", "small", len(MODEL), f"{server.address}/{NAME}.zip", the_model(server).md5)

    with pytest.raises(WrongChecksumError, match="sha256"):
        fetch(model, tmp_path)

    assert model.checksum == ("sha256", "3af8b0e7e0f835ae9d414ce5df580237a3cfb08d586c9fbbb0f7ff29ad5b14ba")
    assert nothing_but(tmp_path)


def test_a_model_that_is_not_there_is_told(server: ModelServer, tmp_path: Path) -> None:
    model = the_model(server)
    server.says = [404]

    with pytest.raises(NotPublishedError, match="nothing at"):
        fetch(model, tmp_path)


def packed_with(method: int) -> bytes:
    packed = BytesIO()
    with ZipFile(packed, "w", method) as archive:
        archive.writestr(f"{NAME}/am/final.mdl", SOUND)
    return packed.getvalue()


BAD_ARCHIVES = {
    "no archive": b"PK\x03\x04 but no more than that",
    "damaged": MODEL[:5000] + bytes(1000) + MODEL[6000:],
    "no model": zipped({f"{NAME}/README": b"nothing else"}),
    "leads up": zipped({f"{NAME}/am/final.mdl": b"x", "../outside": b"x"}),
    "absolute": zipped({f"{NAME}/am/final.mdl": b"x", "/outside": b"x"}),
    "backslash": zipped({f"{NAME}/am/final.mdl": b"x", "..\\outside": b"x"}),
    "bomb": zipped({f"{NAME}/am/final.mdl": bytes(50_000_000)}),
    "crowd": zipped({f"{NAME}/{number}": b"" for number in range(10_001)}),
    "below a file": zipped({f"{NAME}/am": b"x", f"{NAME}/am/final.mdl": b"x"}),
    "long name": zipped({f"{NAME}/am/final.mdl": b"x", f"{NAME}/{'x' * 300}": b"x"}),
    "settings not in UTF-8": zipped({f"{NAME}/am/final.mdl": b"x", f"{NAME}/conf/mfcc.conf": b"\xff\xfe"}),
    "broken bzip2": packed_with(ZIP_BZIP2)[:60] + bytes(30) + packed_with(ZIP_BZIP2)[90:],
    "broken lzma": packed_with(ZIP_LZMA)[:70] + bytes(30) + packed_with(ZIP_LZMA)[100:],
}


def with_a_link() -> bytes:
    link = ZipInfo(f"{NAME}/am")
    link.external_attr = (S_IFLNK | 0o777) << 16
    return zipped({link: b"/etc", f"{NAME}/README": b""})  # type: ignore[dict-item]  # a zip takes both


@pytest.mark.parametrize("content", [*BAD_ARCHIVES.values(), with_a_link()], ids=[*BAD_ARCHIVES, "link"])
def test_a_bad_archive_leaves_nothing_behind(server: ModelServer, tmp_path: Path, content: bytes) -> None:
    server.content = content

    with pytest.raises(UnusableArchiveError):
        fetch(the_model(server), tmp_path / "models")

    assert nothing_but(tmp_path / "models")
    assert nothing_but(tmp_path, "models")


def test_an_archive_without_a_folder_of_its_own_is_a_model_too(server: ModelServer, tmp_path: Path) -> None:
    server.content = zipped({"am/final.mdl": SOUND, "README": b""})

    assert (fetch(the_model(server), tmp_path).path / "am/final.mdl").read_bytes() == SOUND


def test_what_is_larger_than_the_disk_is_not_begun(server: ModelServer, tmp_path: Path) -> None:
    huge = Published(NAME, "zh-CN", "big", 10**18, f"{server.address}/{NAME}.zip", "0")

    with pytest.raises(NoRoomError, match="no room"):
        fetch(huge, tmp_path)

    assert server.asked == []


FETCH = (
    "import sys; from pathlib import Path; from speech.download import *; fetch(published(sys.argv[1])[0], Path('.'))"
)


def test_a_disk_that_takes_no_more_is_told_and_what_came_stays(server: ModelServer, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FETCH, server.list_url],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (CUT, CUT)),
        capture_output=True,
        text=True,
        check=False,
    )

    assert "NoRoomError: The folder . cannot be used" in done.stderr
    fetch(the_model(server), tmp_path)
    assert server.asked[-1] == f"bytes={CUT}-"


def test_two_do_not_fetch_the_same_at_once(server: ModelServer, tmp_path: Path) -> None:
    model = the_model(server)
    refused: list[DownloadError] = []

    def fetch_as_well(_done: int, _of: int) -> None:
        if not refused:
            with pytest.raises(AlreadyFetchingError) as error:
                fetch(model, tmp_path)
            refused.append(error.value)

    fetch(model, tmp_path, fetch_as_well)

    assert refused
    assert nothing_but(tmp_path, NAME)


class LaterLook(type(Path())):  # type: ignore[misc]  # the kind of path that this machine has
    """A folder in which somebody does something just after it was looked whether a file is there."""

    deeds: ClassVar[list[Callable[[], object]]] = []

    def exists(self) -> bool:
        found = super().exists()
        if self.deeds:
            self.deeds.pop()()
        return found


def test_what_another_has_just_fetched_is_not_fetched_again(server: ModelServer, tmp_path: Path) -> None:
    model = the_model(server)
    LaterLook.deeds.append(lambda: fetch(model, tmp_path))

    info = fetch(model, LaterLook(tmp_path))

    assert info.path == tmp_path / NAME
    assert server.asked == [None]
    assert nothing_but(tmp_path, NAME)


def test_the_official_list_is_where_models_come_from() -> None:
    assert OFFICIAL_LIST.startswith("https://")
    assert all(len(pinned) == hashlib.sha256().digest_size * 2 for pinned in download.PINNED_SHA256.values())
