"""What may be attached to an order: kinds of files, how large they may be, and what can be wrong with one."""

from dataclasses import dataclass
from enum import StrEnum

# A file for people to read, not an archive.
MOST_PAGES = 100
# Of a photo's longer side, as it is kept and as it is shown small.
LONGEST_SIDE = 4096
SMALL_SIDE = 320
# Of a JPEG that is unpacked row by row, as those of cameras are: it can be had at half its size or less, and is where
# it has more pixels than the second.
MOST_PIXELS_IN_ROWS = 80_000_000
MOST_PIXELS_UNPACKED = 20_000_000
LONGEST_NAME = 120
# In one form.
MOST_AT_ONCE = 5


class AttachmentKind(StrEnum):
    """What a file turned out to be."""

    PHOTO = "photo"
    PDF = "pdf"


class FileTrouble(StrEnum):
    """Why a file is not taken."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    UNKNOWN_KIND = "unknown_kind"
    HEIC = "heic"
    BROKEN = "broken"
    TOO_MANY_PIXELS = "too_many_pixels"
    LOCKED = "locked"
    TOO_MANY_PAGES = "too_many_pages"
    TOO_MANY_FILES = "too_many_files"
    BUSY = "busy"


@dataclass(frozen=True)
class Format:
    """A kind of file: how it is kept, and of a picture how many pixels are unpacked at once."""

    content_type: str
    suffix: str
    suffixes: frozenset[str]
    most_pixels: int


# By Pillow's name. As many pixels as take no more memory than docs/operations.md says.
_JPEG = Format("image/jpeg", ".jpg", frozenset({".jpg", ".jpeg", ".jpe"}), 30_000_000)
FORMATS = {
    "JPEG": _JPEG,
    "MPO": _JPEG,  # what some telephones call a JPEG with a second picture in it
    "PNG": Format("image/png", ".png", frozenset({".png"}), 30_000_000),
    "WEBP": Format("image/webp", ".webp", frozenset({".webp"}), 16_000_000),
}
PDF = Format("application/pdf", ".pdf", frozenset({".pdf"}), 0)


@dataclass(frozen=True)
class Most:
    """How much is taken: of one file in bytes, and how many files an order has."""

    size_bytes: int
    files: int
