"""Where recordings lie: any fsspec store, the local disk or S3-compatible, behind five verbs."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import BinaryIO, cast

import fsspec


class RecordingStore:
    """`url` is the store's root, such as `file:///srv/recordings` or `s3://bucket/recordings`."""

    def __init__(self, url: str) -> None:
        self._files, self._root = fsspec.url_to_fs(url, auto_mkdir=True)

    def put(self, key: str, content: BinaryIO) -> None:
        """Store `content` from where it stands; a reader finds all of it or nothing."""
        unfinished = self._path(f"{key}.part")
        with self._files.open(unfinished, "wb") as file:
            while chunk := content.read(1 << 20):
                file.write(chunk)
        self._files.mv(unfinished, self._path(key))

    def open(self, key: str) -> AbstractContextManager[BinaryIO]:
        """The content as a file that can be searched.

        Raises:
            FileNotFoundError
        """
        return cast(AbstractContextManager[BinaryIO], self._files.open(self._path(key), "rb"))

    def size(self, key: str) -> int:
        """Bytes of the content.

        Raises:
            FileNotFoundError
        """
        return int(self._files.size(self._path(key)))

    def delete(self, key: str) -> None:
        """Remove it; what is not there is removed."""
        if self._files.exists(self._path(key)):
            self._files.rm(self._path(key))

    def keys(self, folder: str) -> Sequence[str]:
        """The keys of all that lies below a folder, unfinished ones too; none where there is no such folder."""
        self._files.invalidate_cache()
        return [path.removeprefix(self._path("")) for path in self._files.find(self._path(folder))]

    def _path(self, key: str) -> str:
        return f"{self._root}/{key}"
