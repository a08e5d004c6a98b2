"""What is attached to an order: looked at for what it really is, made harmless, and kept once.

Looking at a file and storing it are slow and belong outside a transaction; `keep` is what belongs inside:

    found = attachments.examine(name, content, most)
    with attachments.put(store, found, now) as put, sessions.begin() as session:
        attachments.keep(session, order, put, most, actor, now)
"""

import hashlib
import threading
import unicodedata
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import PurePosixPath
from typing import IO
from uuid import uuid4

from PIL import Image, ImageOps
from pypdf import PdfReader
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hotline.models import Action, Attachment, Order
from hotline.rules.attachments import (
    FORMATS,
    LONGEST_NAME,
    LONGEST_SIDE,
    MOST_PAGES,
    MOST_PIXELS_IN_ROWS,
    MOST_PIXELS_UNPACKED,
    PDF,
    SMALL_SIDE,
    AttachmentKind,
    FileTrouble,
    Format,
    Most,
)
from hotline.rules.roles import Role
from hotline.services import audit, orders
from hotline.services.access import Actor, require_role
from hotline.store import RecordingStore


class UnusableFileError(ValueError):
    """The file is not taken; `trouble` says why."""

    def __init__(self, trouble: FileTrouble) -> None:
        super().__init__(trouble.value)
        self.trouble = trouble


@dataclass(frozen=True)
class Examined:
    """A file that can be kept: what it is, what it is called, and what is left of it."""

    kind: AttachmentKind
    content_type: str
    suffix: str
    name: str
    # Of what came in: the same photo again is known by it, whatever becomes of its encoding.
    sha256: str
    content: bytes
    small: bytes | None = None


@dataclass
class Put:
    """A file that lies in the store."""

    file: Examined
    key: str
    small_key: str | None
    is_kept: bool = False


WHO_ATTACHES = frozenset({Role.CALL_TAKER, Role.DISPATCHER, Role.HANDLER, Role.SUPERVISOR})

_JPEG, _PNG, _RIFF, _WEBP, _PDF = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF", b"WEBP", b"%PDF-"
_HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif")
# Of a JPEG (ITU-T T.81, B.1.1.3): frames that come row by row, and the beginning of a scan.
_ROWS, _SCAN = frozenset({b"\xff\xc0", b"\xff\xc1"}), b"\xff\xda"
# A file that is unpacked takes hundreds of times its size: a process does it with one after the other.
_ONE_AT_A_TIME = threading.Lock()
# Whoever waits for the file before holds a thread that others need, those of the telephone too.
PATIENCE_S = 10.0
_ALL_KINDS = frozenset(AttachmentKind)


def examine(
    name: str,
    content: IO[bytes],
    most: Most,
    kinds: Collection[AttachmentKind] = _ALL_KINDS,
    patience_s: float = PATIENCE_S,
) -> Examined:
    """Look at what a file is, whatever its name says; `name` is what whoever sent it called it.

    What begins like none of the `kinds` is refused unopened, and so is what would wait for longer than `patience_s`.
    Photos are encoded anew, upright and no larger than needed, so that nothing is left of what stood around the
    picture: the place where it was taken, another file behind it. A PDF is kept as it is.

    Raises:
        UnusableFileError
    """
    uploaded = content.read(most.size_bytes + 1)
    if not uploaded:
        raise UnusableFileError(FileTrouble.EMPTY)
    if len(uploaded) > most.size_bytes:
        raise UnusableFileError(FileTrouble.TOO_LARGE)
    sha256 = hashlib.sha256(uploaded).hexdigest()
    kind = AttachmentKind.PDF if uploaded.startswith(_PDF) else AttachmentKind.PHOTO
    if kind not in kinds:
        raise UnusableFileError(FileTrouble.UNKNOWN_KIND)
    if kind == AttachmentKind.PDF:
        with _alone(patience_s):
            _check_pdf(uploaded)
        name = cleaned_name(name, PDF)
        return Examined(kind, PDF.content_type, PDF.suffix, name, sha256, uploaded)
    known_as = _picture_format(uploaded)
    with _alone(patience_s):
        fresh, small = _photo(uploaded, known_as)
    found = FORMATS[known_as]
    name = cleaned_name(name, found)
    return Examined(kind, found.content_type, found.suffix, name, sha256, fresh, small)


def folder(at: datetime) -> str:
    """Where the files of that day lie in the store."""
    return f"attachments/{at:%Y/%m/%d}"


@contextmanager
def put(store: RecordingStore, file: Examined, now: datetime) -> Iterator[Put]:
    """The file in the store: for good if it was kept within the block, else only as long as that takes."""
    key = f"{folder(now)}/{uuid4().hex}"
    stored = Put(file, key + file.suffix, f"{key}.small.jpg" if file.small else None)
    is_over = False
    try:
        store.put(stored.key, BytesIO(file.content))
        if stored.small_key and file.small:
            store.put(stored.small_key, BytesIO(file.small))
        yield stored
        is_over = True
    finally:
        if not (is_over and stored.is_kept):
            for each in filter(None, (stored.key, stored.small_key)):
                store.delete(each)


def keep(session: Session, order: Order, stored: Put, most: Most, actor: Actor, now: datetime) -> Attachment:
    """Attach the file to the order; the same one again is the attachment that there is.

    Raises:
        UnusableFileError: the order has as many as it may have.
        NotAllowedError
    """
    require_role(actor, *WHO_ATTACHES)
    orders.lock(session, order.id)
    of_order, file = select(Attachment).where(Attachment.order_id == order.id), stored.file
    known = session.scalars(of_order.where(Attachment.sha256 == file.sha256)).one_or_none()
    if known is not None:
        return known
    if (session.scalar(select(func.count()).select_from(of_order.subquery())) or 0) >= most.files:
        raise UnusableFileError(FileTrouble.TOO_MANY_FILES)
    attachment = Attachment(
        order=order,
        kind=file.kind,
        content_type=file.content_type,
        name=file.name,
        sha256=file.sha256,
        size_bytes=len(file.content),
        store_key=stored.key,
        small_key=stored.small_key,
        user_id=actor.user_id,
        at=now,
    )
    session.add(attachment)
    session.flush()
    stored.is_kept = True
    audit.note(session, actor, Action.FILE_ATTACHED, now, subject="attachments", subject_id=attachment.id)
    return attachment


def of_work(order: Order) -> list[Attachment]:
    """What our own people attached since somebody signed for the order, and no result has named yet."""
    since = order.accepted_at or order.clocks_started_at
    return [
        each for each in order.attachments if each.user_id is not None and each.result_id is None and each.at >= since
    ]


def cleaned_name(name: str, found: Format) -> str:
    """A name for people to read: the last part of a path, nothing unseen in it, and the ending that is true."""
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(char for char in unicodedata.normalize("NFC", last) if unicodedata.category(char)[0] != "C")
    path = PurePosixPath(" ".join(shown.split()).strip(". "))
    is_true = path.suffix.lower() in found.suffixes
    stem = (path.stem if is_true else path.name)[: LONGEST_NAME - len(found.suffix)] or found.content_type.partition(
        "/"
    )[2]
    return stem + (path.suffix if is_true else found.suffix)


@contextmanager
def _alone(patience_s: float) -> Iterator[None]:
    if not _ONE_AT_A_TIME.acquire(timeout=patience_s):
        raise UnusableFileError(FileTrouble.BUSY)
    try:
        yield
    finally:
        _ONE_AT_A_TIME.release()


def _picture_format(uploaded: bytes) -> str:
    if uploaded.startswith(_JPEG):
        return "JPEG"
    if uploaded.startswith(_PNG):
        return "PNG"
    if uploaded.startswith(_RIFF) and uploaded[8:12] == _WEBP:
        return "WEBP"
    is_heic = uploaded[4:8] == b"ftyp" and uploaded[8:12] in _HEIC_BRANDS
    raise UnusableFileError(FileTrouble.HEIC if is_heic else FileTrouble.UNKNOWN_KIND)


def _photo(uploaded: bytes, known_as: str) -> tuple[bytes, bytes]:
    """The picture itself, encoded anew, and a small one."""
    try:
        with Image.open(BytesIO(uploaded), formats=(known_as,)) as opened:
            most = FORMATS[known_as].most_pixels
            _check_pixels(opened, MOST_PIXELS_IN_ROWS if _comes_in_rows(uploaded) else most)
            _ask_for_less(opened)
            _check_pixels(opened, most)
            opened.load()
            picture = _plain(opened, known_as)
            picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))  # before it is turned: that takes as much once more
            ImageOps.exif_transpose(picture, in_place=True)
            picture.info = {}
        return _encoded(picture, known_as), _small(picture)
    except (UnusableFileError, MemoryError):
        raise
    except Image.DecompressionBombError as error:
        raise UnusableFileError(FileTrouble.TOO_MANY_PIXELS) from error
    except Exception as error:  # whatever the library stumbles over in a broken file
        raise UnusableFileError(FileTrouble.BROKEN) from error


def _check_pixels(opened: Image.Image, most: int) -> None:
    if opened.width * opened.height > most:
        raise UnusableFileError(FileTrouble.TOO_MANY_PIXELS)


def _comes_in_rows(uploaded: bytes) -> bool:
    """Whether it is a JPEG that is unpacked row by row, as cameras make them.

    Those that grow finer while they load, or bring one colour after the other (ITU-T T.81, B.2), are held whole, in
    six bytes a pixel, however small they are wanted. Whatever stands otherwise than expected is taken for such a one.
    """
    at, colours = 2, 0
    while (kind := uploaded[at : at + 2]).startswith(b"\xff"):
        length = int.from_bytes(uploaded[at + 2 : at + 4])
        if kind in _ROWS:
            colours = uploaded[at + 9]
        elif kind == _SCAN:
            return colours == uploaded[at + 4]
        at += 2 + length
    return False


def _ask_for_less(opened: Image.Image) -> None:
    """Have a large JPEG unpacked at half its size or less; others cannot be."""
    scale = 1
    while opened.width * opened.height > MOST_PIXELS_UNPACKED * scale**2:
        scale *= 2
    opened.draft("RGB", (opened.width // scale, opened.height // scale))


def _plain(picture: Image.Image, known_as: str) -> Image.Image:
    """In a mode that every browser shows."""
    has_alpha = known_as != "JPEG" and picture.has_transparency_data
    mode = "RGBA" if has_alpha else "RGB"
    return picture if picture.mode == mode else picture.convert(mode)


def _encoded(picture: Image.Image, known_as: str) -> bytes:
    written = BytesIO()
    picture.save(written, known_as, **({} if known_as == "PNG" else {"quality": 85}))
    return written.getvalue()


def _small(picture: Image.Image) -> bytes:
    small = picture.copy()
    small.thumbnail((SMALL_SIDE, SMALL_SIDE))
    on_white = Image.new("RGB", small.size, "white")
    on_white.paste(small, mask=small if small.mode == "RGBA" else None)
    return _encoded(on_white, "JPEG")


def _check_pdf(uploaded: bytes) -> None:
    try:
        reader = PdfReader(BytesIO(uploaded))
        is_locked = reader.is_encrypted
        pages = 0 if is_locked else len(reader.pages)
    except MemoryError:
        raise
    except Exception as error:  # as above
        raise UnusableFileError(FileTrouble.BROKEN) from error
    if is_locked:
        raise UnusableFileError(FileTrouble.LOCKED)
    if not pages:
        raise UnusableFileError(FileTrouble.BROKEN)
    if pages > MOST_PAGES:
        raise UnusableFileError(FileTrouble.TOO_MANY_PAGES)
