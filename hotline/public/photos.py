"""The photo that may come with a request for help: looked at before anything is kept, then attached to the order."""

from flask import request
from werkzeug.datastructures import FileStorage

from hotline.rules.attachments import AttachmentKind, FileTrouble, Most
from hotline.services import attachments, web_forms
from hotline.services.access import SYSTEM
from hotline.services.attachments import Examined, UnusableFileError
from hotline.settings import Settings
from hotline.store import RecordingStore
from hotline.web import MORE_TIME, runtime

_BESIDE_THE_PHOTO = 1024 * 1024
# A photo over a bad mobile line; other requests have seconds.
_ARRIVES_WITHIN_S = 60.0


def expect_photo() -> None:
    """Let this request be as large, and take as long, as the photo that it may bring."""
    request.max_content_length = runtime().settings.attachment_limit_bytes + _BESIDE_THE_PHOTO
    allow = request.environ.get(MORE_TIME)
    if allow is not None:
        allow(_ARRIVES_WITHIN_S)


def looked_at(file: FileStorage | None) -> Examined | None:
    """The photo, made harmless; None when none was chosen.

    Raises:
        UnusableFileError
    """
    if not file or not file.filename:
        return None
    found = attachments.examine(file.filename, file.stream, _most(runtime().settings))
    if found.kind != AttachmentKind.PHOTO:
        raise UnusableFileError(FileTrouble.UNKNOWN_KIND)
    return found


def attach(token: str, photo: Examined) -> None:
    """Attach it to the order of that page; the same one again changes nothing."""
    held = runtime()
    store, most = RecordingStore(held.settings.recordings_url), _most(held.settings)
    with attachments.put(store, photo, held.now()) as stored, held.transaction() as session:
        order = web_forms.order_of(session, token)
        attachments.keep(session, order, stored, most, SYSTEM, held.now())


def _most(settings: Settings) -> Most:
    return Most(settings.attachment_limit_bytes, settings.attachments_for_order)
