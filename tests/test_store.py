"""What lies in a store, whatever kind of store it is."""

from io import BytesIO
from pathlib import Path

import pytest

from hotline.store import RecordingStore


@pytest.fixture(params=["file", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> RecordingStore:
    return RecordingStore(f"{request.param}://{tmp_path}/recordings")


def test_the_keys_below_a_folder_are_those_under_which_files_were_put(store: RecordingStore) -> None:
    for key in ("attachments/2026/03/02/a.jpg", "attachments/2026/03/02/b/c.pdf", "attachments/2026/03/03/d.jpg"):
        store.put(key, BytesIO(b"x"))

    assert sorted(store.keys("attachments/2026/03/02")) == [
        "attachments/2026/03/02/a.jpg",
        "attachments/2026/03/02/b/c.pdf",
    ]


def test_what_was_put_or_deleted_by_another_process_is_seen(store: RecordingStore) -> None:
    store.put("attachments/a.jpg", BytesIO(b"x"))
    assert list(store.keys("attachments")) == ["attachments/a.jpg"]

    store.delete("attachments/a.jpg")

    assert list(store.keys("attachments")) == []


def test_a_folder_that_is_not_there_holds_nothing(store: RecordingStore) -> None:
    assert list(store.keys("attachments/2026/03/04")) == []
