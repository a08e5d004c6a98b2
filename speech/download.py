"""Recognition models from a published list: resumed where cut off, checked, and there as a whole or not at all."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import lzma
import os
import re
import shutil
import stat
import time
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from typing import Any

import requests

from speech.registry import OFFICIAL_LIST, ModelInfo, NotAModelError, describe, language_tag

# Checksums that we know by ourselves count above a list's, which gives only MD5.
PINNED_SHA256 = {"vosk-model-small-cn-0.22": "3af8b0e7e0f835ae9d414ce5df580237a3cfb08d586c9fbbb0f7ff29ad5b14ba"}

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_TIMEOUT_S = (10, 60)  # to connect, and between two pieces of an answer
# What of a piece has come when the answer breaks off is lost.
_PIECE = 1 << 14
_LARGEST_LIST = 10_000_000
# Published models unpack to about twice their archive; what unpacks to far more is no model.
_MOST_EXPANSION = 20
_ALWAYS_ALLOWED = 10_000_000
_MOST_FILES = 10_000

_DAMAGES = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError),
    *(NotImplementedError, RuntimeError, ValueError),  # which zipfile raises for what it can't unpack
)
# What a disk says of a name that no file can have, or that a folder has; without a number it is bzip2 that complains.
_NO_SUCH_FILES = {errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ, None}

OnProgress = Callable[[int, int], None]


class DownloadError(Exception):
    """A model or the list could not be had; the message is a sentence for whoever asked for it."""


class NotReachedError(DownloadError):
    """Nobody answered, or the answer broke off again and again."""


class NotPublishedError(DownloadError):
    """There is no such list or model where it was looked for."""


class WrongChecksumError(DownloadError):
    """What came is not what was published."""


class UnusableArchiveError(DownloadError):
    """The archive is damaged, dangerous, or holds no model."""


class NoRoomError(DownloadError):
    """The disk cannot take it."""


class AlreadyFetchingError(DownloadError):
    """Somebody else is fetching the same model into the same folder."""


@dataclass(frozen=True)
class Published:
    """A model as a list announces it."""

    name: str
    language: str
    kind: str
    size_bytes: int
    url: str
    md5: str
    is_obsolete: bool = False

    @property
    def checksum(self) -> tuple[str, str]:
        """The algorithm, and what it must come to."""
        pinned = PINNED_SHA256.get(self.name)
        return ("sha256", pinned) if pinned else ("md5", self.md5)


def published(list_url: str = OFFICIAL_LIST) -> tuple[Published, ...]:
    """What the list at this address announces.

    Raises:
        NotReachedError, NotPublishedError
    """
    try:
        with requests.get(list_url, stream=True, timeout=_TIMEOUT_S) as answer:
            _check_status(answer, list_url)
            content = _start_of(answer, _LARGEST_LIST)
        return tuple(_published(entry) for entry in json.loads(content))
    except requests.RequestException as error:
        raise NotReachedError(_unreachable(list_url, error)) from error
    except (ValueError, KeyError, TypeError) as error:
        raise NotPublishedError(f"What {list_url} gives is no list of models.") from error


def _start_of(answer: requests.Response, length: int) -> bytes:
    """All of the answer, unless it is longer."""
    content = bytearray()
    for piece in answer.iter_content(_PIECE):
        content += piece
        if len(content) >= length:
            break
    return bytes(content[:length])


def _published(entry: dict[str, Any]) -> Published:
    if not _NAME.fullmatch(entry["name"]):
        raise ValueError("a name that no folder can have")
    if int(entry["size"]) <= 0:
        raise ValueError("a size that no archive can have")
    return Published(
        name=entry["name"],
        language=language_tag(str(entry["lang"])),
        kind=str(entry["type"]),
        size_bytes=int(entry["size"]),
        url=str(entry["url"]),
        md5=str(entry["md5"]).lower(),
        is_obsolete=str(entry["obsolete"]).lower() == "true",
    )


def fetch(
    model: Published,
    folder: Path,
    on_progress: OnProgress = lambda _done, _of: None,
    *,
    waits_s: Sequence[float] = (1, 3, 10, 30),
) -> ModelInfo:
    """Bring the model into `folder`, below its name, unless it is there already.

    What an earlier run received is taken up again. Cut off, it asks for the rest after each of `waits_s`, as long as
    something more arrives; what has come so far stays for the next run.

    Raises:
        DownloadError: and nothing stands under the model's name.
    """
    there = folder / model.name
    if there.exists():
        return describe(there)
    with _workplace(folder, model.name) as place:
        if there.exists():  # whoever fetched it was done between our look and our turn
            shutil.rmtree(place)
            return describe(there)
        part = _Part(place, model)
        _receive_all(model, part, on_progress, waits_s)
        try:
            _check(model, part.archive)
            unpacked = _unpack(part.archive, place / "unpacked")
        except (WrongChecksumError, UnusableArchiveError):
            shutil.rmtree(place)
            raise
        os.sync()
        unpacked.rename(there)
        shutil.rmtree(place)
    return describe(there)


@contextmanager
def _workplace(folder: Path, name: str) -> Iterator[Path]:
    """A hidden folder beside where the model will stand, for one process at a time."""
    place = folder / f".{name}.fetching"
    try:
        place.mkdir(parents=True, exist_ok=True)
        lock = os.open(place, os.O_RDONLY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield place
        finally:
            os.close(lock)
    except BlockingIOError as error:
        raise AlreadyFetchingError(f"{name} is being fetched already.") from error
    except OSError as error:
        reason = "is full" if error.errno in {errno.ENOSPC, errno.EDQUOT} else f"cannot be used: {error.strerror}"
        raise NoRoomError(f"The folder {folder} {reason}.") from error


class _Part:
    """What has been received so far, and which version of the file it is a part of."""

    def __init__(self, place: Path, model: Published) -> None:
        self.archive = place / "archive.zip"
        self._source = place / "source.json"
        self._model = model

    @property
    def size(self) -> int:
        return self.archive.stat().st_size if self.archive.exists() else 0

    @property
    def version(self) -> str | None:
        """What the server called the file's version; None when what is there belongs to no known one."""
        if not self.size or not self._source.exists():
            return None
        try:
            source = json.loads(self._source.read_bytes())
            return str(source["version"]) if source["version"] and source["url"] == self._model.url else None
        except (ValueError, KeyError, TypeError):  # the power went while it was written
            return None

    def begin(self, version: str | None) -> None:
        self.archive.unlink(missing_ok=True)
        self._source.write_text(json.dumps({"url": self._model.url, "version": version}))

    def add(self, pieces: Iterable[bytes], on_progress: OnProgress) -> None:
        done = self.size
        with self.archive.open("ab") as file:
            for piece in pieces:
                file.write(piece)
                done += len(piece)
                on_progress(done, self._model.size_bytes)
                if done > self._model.size_bytes:
                    return  # more than was announced: its checksum will be wrong, however much there is


class _CutOffError(Exception):
    """The answer ended too early, or there was none this time."""


def _receive_all(model: Published, part: _Part, on_progress: OnProgress, waits_s: Sequence[float]) -> None:
    if model.size_bytes - part.size > shutil.disk_usage(part.archive.parent).free:
        raise NoRoomError(f"{model.name} has {model.size_bytes} bytes, and the disk has no room for that.")
    in_vain = 0
    while part.size < model.size_bytes:
        before = part.size
        try:
            _receive(model, part, on_progress)
        except _CutOffError as error:
            in_vain = 0 if part.size > before else in_vain + 1
            if in_vain > len(waits_s):
                raise NotReachedError(_unreachable(model.url, error.__cause__ or error)) from error
            time.sleep(waits_s[in_vain - 1] if in_vain else 0)


def _receive(model: Published, part: _Part, on_progress: OnProgress) -> None:
    have, version = part.size, part.version
    # Compressed on the way, a part would have no place in the whole.
    headers = {"Accept-Encoding": "identity"}
    if version:
        headers |= {"Range": f"bytes={have}-", "If-Range": version}
    try:
        with requests.get(model.url, headers=headers, stream=True, timeout=_TIMEOUT_S) as answer:
            _check_status(answer, model.url)
            if not (version and _is_rest(answer, have)):
                part.begin(_version(answer))
            part.add(answer.iter_content(_PIECE), on_progress)
    except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
        raise _CutOffError from error
    except requests.RequestException as error:
        raise NotReachedError(_unreachable(model.url, error)) from error
    if part.size < model.size_bytes:
        raise _CutOffError("the answer was shorter than announced")


def _is_rest(answer: requests.Response, have: int) -> bool:
    """Whether the server goes on where we are; it may begin anew, because the file changed or it can't do else."""
    said = answer.headers.get("Content-Range", "")
    return answer.status_code == HTTPStatus.PARTIAL_CONTENT and said.startswith(f"bytes {have}-")


def _version(answer: requests.Response) -> str | None:
    """What names this version of the file for sure (RFC 9110: a weak tag does not)."""
    tag = answer.headers.get("ETag", "")
    return tag if tag and not tag.startswith("W/") else answer.headers.get("Last-Modified")


def _check_status(answer: requests.Response, url: str) -> None:
    code = answer.status_code
    if code in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        raise NotPublishedError(f"There is nothing at {url} (any more).")
    if code >= HTTPStatus.INTERNAL_SERVER_ERROR or code == HTTPStatus.TOO_MANY_REQUESTS:
        raise requests.ConnectionError(f"answer {code}")
    if code not in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT}:
        raise NotReachedError(f"{url} can't be had: its server answers {code}.")


def _unreachable(url: str, error: BaseException) -> str:
    return f"{url} can't be reached ({type(error).__name__}). Is there a network, and does a proxy have to be set?"


def _check(model: Published, archive: Path) -> None:
    algorithm, expected = model.checksum
    with archive.open("rb") as file:
        found = hashlib.file_digest(file, algorithm).hexdigest()
    if found != expected:
        raise WrongChecksumError(
            f"What was received as {model.name} is not what was published: its {algorithm} is {found}, and not "
            f"{expected}. It was thrown away."
        )


def _unpack(archive: Path, into: Path) -> Path:
    """The model's folder among what was in the archive."""
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir()
    try:
        with zipfile.ZipFile(archive) as packed:
            _check_members(packed, archive.stat().st_size, into)
            packed.extractall(into)
    except _DAMAGES as error:
        raise UnusableArchiveError("The archive is damaged.") from error
    except OSError as error:
        if error.errno not in _NO_SUCH_FILES:
            raise
        raise UnusableArchiveError("The archive holds files that can't be.") from error
    inside = list(into.iterdir())
    model = inside[0] if len(inside) == 1 else into
    try:
        describe(model)
    except NotAModelError as error:
        raise UnusableArchiveError("The archive holds no recognition model.") from error
    return model


def _check_members(packed: zipfile.ZipFile, packed_bytes: int, into: Path) -> None:
    members = packed.infolist()
    unpacked_bytes = sum(member.file_size for member in members)
    if len(members) > _MOST_FILES or unpacked_bytes > packed_bytes * _MOST_EXPANSION + _ALWAYS_ALLOWED:
        raise UnusableArchiveError("The archive unpacks to far more than a model has.")
    if any(_leads_out(member) for member in members):
        raise UnusableArchiveError("The archive holds files that lead out of its folder.")
    if unpacked_bytes > shutil.disk_usage(into).free:
        raise NoRoomError(f"Unpacked it has {unpacked_bytes} bytes, and the disk has no room for that.")


def _leads_out(member: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(member.filename)
    is_link = stat.S_ISLNK(member.external_attr >> 16)
    return path.is_absolute() or ".." in path.parts or "\\" in member.filename or is_link
