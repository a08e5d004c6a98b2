"""The photo that may come with a request for help: looked at before anything is kept, then attached to the order."""

from http import HTTPStatus
from threading import BoundedSemaphore

from flask import abort, g, request
from werkzeug.datastructures import FileStorage

from hotline.rules.attachments import AttachmentKind, Most
from hotline.services import attachments, web_forms
from hotline.services.access import SYSTEM
from hotline.services.attachments import Examined
from hotline.settings import Settings
from hotline.store import RecordingStore
from hotline.web import MORE_TIME, runtime

_BESIDE_THE_PHOTO = 1024 * 1024
# A photo over a bad mobile line; other requests have seconds.
_ARRIVES_WITHIN_S = 60.0
# Larger than the longest words in all fields.
_BRINGS_A_PHOTO_BYTES = 100_000
# In one process at once, of its threads: the others are for the telephone, for our own people, and for words alone.
AT_ONCE = 4
_PHOTO = frozenset({AttachmentKind.PHOTO})


class Gate:
    """Lets a few strangers' photos arrive at a time, so that slow ones take no thread from those who ring."""

    def __init__(self, places: int = AT_ONCE) -> None:
        self._places = BoundedSemaphore(places)

    def admit(self) -> None:
        """Let this request be as large, and take as long, as the photo that it may bring.

        One that is small enough to come at once needs no place. Where there is none the request ends here, unread.
        """
        request.max_content_length = runtime().settings.attachment_limit_bytes + _BESIDE_THE_PHOTO
        if request.content_length is not None and request.content_length <= _BRINGS_A_PHOTO_BYTES:
            return
        if not self._places.acquire(blocking=False):
            abort(HTTPStatus.SERVICE_UNAVAILABLE)
        g.photo_admitted = True
        allow = request.environ.get(MORE_TIME)
        if allow is not None:
            allow(_ARRIVES_WITHIN_S)

    def leave(self, _error: BaseException | None = None) -> None:
        """Give the place back, at the end of every request."""
        if g.pop("photo_admitted", False):
            self._places.release()


def was_work() -> bool:
    """Whether this request brought so much, or a file that was looked at, that it counts even if it is not taken."""
    return "photo_admitted" in g or "photo_seen" in g


def looked_at(file: FileStorage | None) -> Examined | None:
    """The photo, made harmless; None when none was chosen.

    Raises:
        UnusableFileError
    """
    if not file or not file.filename:
        return None
    g.photo_seen = True
    return attachments.examine(file.filename, file.stream, _most(runtime().settings), _PHOTO)


def attach(token: str, photo: Examined) -> None:
    """Attach it to the order of that page; the same one again changes nothing."""
    held = runtime()
    store, most = RecordingStore(held.settings.recordings_url), _most(held.settings)
    with attachments.put(store, photo, held.now()) as stored, held.transaction() as session:
        order = web_forms.order_of(session, token)
        attachments.keep(session, order, stored, most, SYSTEM, held.now())


def _most(settings: Settings) -> Most:
    return Most(settings.attachment_limit_bytes, settings.attachments_for_order)
