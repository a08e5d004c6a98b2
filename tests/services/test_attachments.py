"""Files of an order: taken for what they are and not for what they are called, harmless, and kept once."""

import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from threading import Barrier
from typing import Any

import factories
import pytest
from factories import NOW
from PIL import Image
from pypdf import PdfReader, PdfWriter
from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline.db import Sessions
from hotline.models import Action, Attachment, AuditEntry, Order
from hotline.rules.attachments import LONGEST_SIDE, MOST_PAGES, PDF, AttachmentKind, FileTrouble, Most
from hotline.rules.order_states import OrderState
from hotline.rules.roles import Role
from hotline.services import attachments, orders
from hotline.services.access import SYSTEM, Actor, NotAllowedError
from hotline.services.attachments import UnusableFileError
from hotline.store import RecordingStore

MOST = Most(size_bytes=200_000, files=3)
# What unpacking one photo may take, as docs/operations.md says.
MOST_MEMORY_MB = 300
LOOK = """
import re, sys
from io import BytesIO
from pathlib import Path
from hotline.rules.attachments import Most
from hotline.services import attachments

def highest():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

content = BytesIO(Path(sys.argv[1]).read_bytes())
before = highest()
attachments.examine("a.jpg", content, Most(20_000_000, 3))
print((highest() - before) // 1000)
"""
_GPS, _ORIENTATION, _MAKER = 0x8825, 0x0112, 0x010F


def photo(size: tuple[int, int] = (64, 48), kind: str = "JPEG", **more: object) -> bytes:
    """A picture whose left half is red and whose right half is blue."""
    picture = Image.new("RGB", size, "blue")
    picture.paste("red", (0, 0, size[0] // 2, size[1]))
    written = BytesIO()
    picture.save(written, kind, **more)
    return written.getvalue()


def taken_somewhere(*, orientation: int = 1) -> bytes:
    """A photo that tells where and with what it was taken."""
    exif = Image.Exif()
    exif[_ORIENTATION], exif[_MAKER] = orientation, "Kamera AG"
    exif.get_ifd(_GPS)[1] = "N"
    exif.get_ifd(_GPS)[2] = (23.0, 11.0, 42.0)
    return photo(exif=exif, comment=b"at home")


def pdf(pages: int = 1, password: str = "") -> bytes:
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(200, 200)
    if password:
        writer.encrypt(password)
    written = BytesIO()
    writer.write(written)
    return written.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it has that many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")


def in_one_colour_after_the_other(content: bytes) -> bytes:
    """The JPEG with a first scan that says it holds one colour of three."""
    at = content.index(b"\xff\xda")
    return content[: at + 4] + b"\x01" + content[at + 5 :]


def examine(content: bytes, name: str = "照片.jpg") -> attachments.Examined:
    return attachments.examine(name, BytesIO(content), MOST)


def trouble_of(content: bytes, name: str = "照片.jpg") -> FileTrouble:
    with pytest.raises(UnusableFileError) as refused:
        examine(content, name)
    return refused.value.trouble


@pytest.fixture
def store(tmp_path: Path) -> RecordingStore:
    return RecordingStore(f"file://{tmp_path / 'recordings'}")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    return tmp_path / "recordings"


def kept(files: Path) -> list[str]:
    return sorted(path.name for path in files.rglob("*") if path.is_file())


def attach(session: Session, store: RecordingStore, order: Order, content: bytes, actor: Actor = SYSTEM) -> Attachment:
    with attachments.put(store, examine(content), NOW) as stored:
        return attachments.keep(session, order, stored, MOST, actor, NOW)


# What a file is


@pytest.mark.parametrize(
    ("kind", "content_type"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")]
)
def test_a_photo_is_one_whatever_it_is_called(kind: str, content_type: str) -> None:
    found = examine(photo(kind=kind), "随手拍.txt")

    assert (found.kind, found.content_type) == (AttachmentKind.PHOTO, content_type)
    with Image.open(BytesIO(found.content)) as picture:
        assert (picture.size, picture.format) == ((64, 48), kind)
    assert found.small is not None
    with Image.open(BytesIO(found.small)) as small:
        assert small.format == "JPEG"


def test_nothing_is_left_of_where_a_photo_was_taken() -> None:
    uploaded = taken_somewhere()
    assert b"Kamera AG" in uploaded

    found = examine(uploaded)

    for content in (found.content, found.small or b""):
        assert b"Exif" not in content
        assert b"Kamera" not in content
        assert b"at home" not in content
        with Image.open(BytesIO(content)) as picture:
            assert not picture.getexif()


def test_a_photo_held_sideways_stands_upright() -> None:
    with Image.open(BytesIO(examine(taken_somewhere(orientation=6)).content)) as picture:
        top, bottom = picture.getpixel((24, 5)), picture.getpixel((24, 60))

        assert picture.size == (48, 64)
        assert isinstance(top, tuple)
        assert isinstance(bottom, tuple)
        assert top[0] > 200 > bottom[0]


def test_a_large_photo_is_made_no_larger_than_needed() -> None:
    found = attachments.examine("大.jpg", BytesIO(photo((6000, 3000))), Most(10_000_000, 3))

    with Image.open(BytesIO(found.content)) as picture:
        assert picture.size == (LONGEST_SIDE, LONGEST_SIDE // 2)


def test_a_photo_of_the_largest_telephones_is_taken_the_right_way_up() -> None:
    exif = Image.Exif()
    exif[_ORIENTATION] = 6

    found = attachments.examine("大.jpg", BytesIO(photo((8160, 6120), exif=exif)), Most(10_000_000, 3))

    with Image.open(BytesIO(found.content)) as picture:
        assert picture.size == (3060, 4080)
        assert picture.getpixel((1500, 100)) > picture.getpixel((1500, 4000))


@pytest.mark.parametrize(
    "content",
    [
        lambda: photo((8960, 8960)),  # more than any telephone's
        lambda: photo((8160, 6120), progressive=True),
        lambda: in_one_colour_after_the_other(photo((8160, 6120))),
    ],
)
def test_a_jpeg_that_would_be_held_whole_may_have_no_more_pixels_than_others(content: Callable[[], bytes]) -> None:
    with pytest.raises(UnusableFileError) as refused:
        attachments.examine("大.jpg", BytesIO(content()), Most(10_000_000, 3))

    assert refused.value.trouble == FileTrouble.TOO_MANY_PIXELS


@pytest.mark.parametrize(
    ("size", "more"),
    [
        ((6200, 4800), {"progressive": True, "subsampling": 0}),
        ((8900, 8900), {}),
        ((6000, 4900), {"kind": "PNG"}),
        ((4000, 4000), {"kind": "WEBP", "quality": 10}),
    ],
)
def test_no_photo_takes_more_memory_than_we_say(tmp_path: Path, size: tuple[int, int], more: dict[str, Any]) -> None:
    (tmp_path / "photo").write_bytes(photo(size, **more))

    looked = subprocess.run(
        [sys.executable, "-c", LOOK, str(tmp_path / "photo")], capture_output=True, text=True, check=True, timeout=120
    )
    assert int(looked.stdout) < MOST_MEMORY_MB


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16", "CMYK"])
def test_photos_of_every_kind_of_colour_are_shown(mode: str) -> None:
    written = BytesIO()
    Image.new(mode, (8, 8)).save(written, "JPEG" if mode == "CMYK" else "PNG")

    found = examine(written.getvalue())

    with Image.open(BytesIO(found.content)) as picture:
        assert picture.mode in {"RGB", "RGBA"}


def test_what_hangs_behind_a_photo_is_gone() -> None:
    polyglot = photo() + b"<script>alert(1)</script>PK\x03\x04"

    assert b"script" not in examine(polyglot, "页面.html").content


def test_a_pdf_is_kept_as_it_is() -> None:
    found = examine(pdf(2), "回执.pdf")

    assert (found.kind, found.content_type, found.small) == (AttachmentKind.PDF, "application/pdf", None)
    assert len(PdfReader(BytesIO(found.content)).pages) == 2


@pytest.mark.parametrize(
    ("content", "trouble"),
    [
        (b"", FileTrouble.EMPTY),
        (b"x" * (MOST.size_bytes + 1), FileTrouble.TOO_LARGE),
        ("这是一段文字".encode(), FileTrouble.UNKNOWN_KIND),
        (b"GIF89a" + bytes(40), FileTrouble.UNKNOWN_KIND),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", FileTrouble.UNKNOWN_KIND),
        (b" %PDF-1.7 not at the beginning", FileTrouble.UNKNOWN_KIND),
        (b"\0\0\0\x18ftypheic" + bytes(40), FileTrouble.HEIC),
        (photo()[:-200], FileTrouble.BROKEN),
        (photo(kind="PNG")[:-60], FileTrouble.BROKEN),
        (b"\xff\xd8\xff", FileTrouble.BROKEN),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), FileTrouble.BROKEN),
        (b"RIFF\0\0\0\0WEBP", FileTrouble.BROKEN),
        (bomb(40_000, 40_000), FileTrouble.TOO_MANY_PIXELS),
        (bomb(6_000, 6_000), FileTrouble.TOO_MANY_PIXELS),
        (pdf()[:200], FileTrouble.BROKEN),
        (b"%PDF-1.7\n%%EOF", FileTrouble.BROKEN),
        (pdf(password="secret"), FileTrouble.LOCKED),
        (pdf(MOST_PAGES + 1), FileTrouble.TOO_MANY_PAGES),
    ],
)
def test_what_is_none_is_told_what_is_wrong(content: bytes, trouble: FileTrouble) -> None:
    assert trouble_of(content) == trouble


def test_what_is_of_no_kind_that_is_asked_for_is_refused_unopened() -> None:
    for content in (pdf(password="secret"), b"%PDF-1.7 broken"):
        with pytest.raises(UnusableFileError) as refused:
            attachments.examine("a.pdf", BytesIO(content), MOST, {AttachmentKind.PHOTO})

        assert refused.value.trouble == FileTrouble.UNKNOWN_KIND


@pytest.mark.parametrize("content", [photo(), pdf()], ids=["photo", "pdf"])
def test_nobody_waits_for_long_until_others_files_were_looked_at(content: bytes) -> None:
    with attachments._ONE_AT_A_TIME, pytest.raises(UnusableFileError) as refused:
        attachments.examine("a", BytesIO(content), MOST, patience_s=0.01)

    assert refused.value.trouble == FileTrouble.BUSY
    assert attachments.examine("a", BytesIO(content), MOST, patience_s=0.01).sha256


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\王\\回执.PDF", "回执.PDF"),
        ("回执.pdf.exe", "回执.pdf.exe.pdf"),
        ("a\r\nSet-Cookie: x\0.pdf", "aSet-Cookie: x.pdf"),
        ("发票\u202efdp.exe", "发票fdp.exe.pdf"),
        ("  . .", "pdf.pdf"),
        ("", "pdf.pdf"),
        (".pdf", "pdf.pdf"),
    ],
)
def test_a_name_is_for_people_to_read(given: str, shown: str) -> None:
    assert attachments.cleaned_name(given, PDF) == shown


def test_a_name_is_no_longer_than_its_place() -> None:
    assert len(attachments.cleaned_name("长" * 500 + ".pdf", PDF)) <= 200


# Keeping


def test_what_is_attached_lies_in_the_store_and_is_written_down(
    session: Session, store: RecordingStore, files: Path
) -> None:
    order = factories.order(session)
    handler = factories.actor(session, order.unit, Role.HANDLER)

    made = attach(session, store, order, photo(), handler)

    assert (made.user_id, made.order_id, made.at) == (handler.user_id, order.id, NOW)
    with store.open(made.store_key) as content:
        assert len(content.read()) == made.size_bytes
    assert len(kept(files)) == 2
    noted = session.scalars(select(AuditEntry).where(AuditEntry.action == Action.FILE_ATTACHED)).one()
    assert (noted.subject, noted.subject_id) == ("attachments", made.id)


def test_what_a_caller_sends_has_no_user(session: Session, store: RecordingStore) -> None:
    assert attach(session, store, factories.order(session), photo()).user_id is None


def test_the_same_file_twice_is_one(session: Session, store: RecordingStore, files: Path) -> None:
    order = factories.order(session)

    first, second = (attach(session, store, order, photo()) for _ in range(2))

    assert first is second
    assert len(kept(files)) == 2


def test_what_a_caller_sent_is_none_of_ours_when_one_of_us_sends_it_again(
    session: Session, store: RecordingStore
) -> None:
    order = factories.order(session, state=OrderState.IN_PROGRESS)
    attach(session, store, order, photo())

    again = attach(session, store, order, photo(), factories.actor(session, order.unit, Role.HANDLER))

    assert again.user_id is None
    assert attachments.of_work(order) == []


def test_the_same_file_for_two_orders_is_two(session: Session, store: RecordingStore, files: Path) -> None:
    order = factories.order(session)

    attach(session, store, order, photo())
    attach(session, store, factories.another(session, order), photo())

    assert len(kept(files)) == 4


def test_an_order_has_so_many_and_no_more(session: Session, store: RecordingStore, files: Path) -> None:
    order = factories.order(session)
    for width in range(10, 10 + MOST.files):
        attach(session, store, order, photo((width, 10)))
    before = kept(files)

    with pytest.raises(UnusableFileError) as refused:
        attach(session, store, order, photo((99, 10)))

    assert refused.value.trouble == FileTrouble.TOO_MANY_FILES
    assert kept(files) == before
    assert attach(session, store, order, photo((10, 10))) in order.attachments


def test_an_administrator_attaches_nothing(session: Session, store: RecordingStore, files: Path) -> None:
    order = factories.order(session)

    with pytest.raises(NotAllowedError):
        attach(session, store, order, photo(), factories.actor(session, order.unit, Role.ADMINISTRATOR))

    assert kept(files) == []


def test_what_is_not_committed_is_not_stored(own_sessions: Sessions, store: RecordingStore, files: Path) -> None:
    with own_sessions.begin() as session:
        order_id = factories.order(session).id

    def send() -> None:
        with attachments.put(store, examine(photo()), NOW) as stored, own_sessions.begin() as session:
            attachments.keep(session, session.get_one(Order, order_id), stored, MOST, SYSTEM, NOW)
            raise RuntimeError("the transaction fails")

    with pytest.raises(RuntimeError):
        send()

    assert kept(files) == []


def test_the_same_file_sent_at_once_is_stored_once(own_sessions: Sessions, store: RecordingStore, files: Path) -> None:
    with own_sessions.begin() as session:
        order_id = factories.order(session).id
    start = Barrier(4)

    def send() -> int:
        found = examine(photo())
        start.wait(10)
        with attachments.put(store, found, NOW) as stored, own_sessions.begin() as session:
            return attachments.keep(session, session.get_one(Order, order_id), stored, MOST, SYSTEM, NOW).id

    with ThreadPoolExecutor(4) as pool:
        ids = {sent.result(30) for sent in [pool.submit(send) for _ in range(4)]}

    assert len(ids) == 1
    assert len(kept(files)) == 2


def test_many_at_once_are_no_more_than_an_order_may_have(own_sessions: Sessions, store: RecordingStore) -> None:
    with own_sessions.begin() as session:
        order_id = factories.order(session).id
    start = Barrier(6)

    def send(width: int) -> bool:
        found = examine(photo((width, 10)))
        start.wait(10)
        try:
            with attachments.put(store, found, NOW) as stored, own_sessions.begin() as session:
                attachments.keep(session, orders.lock(session, order_id), stored, MOST, SYSTEM, NOW)
        except UnusableFileError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        took = [sent.result(30) for sent in [pool.submit(send, 10 + number) for number in range(6)]]

    assert sum(took) == MOST.files
    with own_sessions() as session:
        assert len(session.get_one(Order, order_id).attachments) == MOST.files
