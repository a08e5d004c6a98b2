"""Photos and PDFs of orders: sent by the people who work on them, and looked at."""

from flask import Blueprint, Response, abort, flash, redirect, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext

from hotline.console import uploads
from hotline.console.forms import AttachForm
from hotline.console.order_page import Refused, show
from hotline.console.person import person
from hotline.models import Attachment
from hotline.rules.attachments import AttachmentKind
from hotline.services.desk import attachments as desk
from hotline.store import RecordingStore
from hotline.web import runtime

area = Blueprint("attachments", __name__)

# Nothing of a file does anything in a browser, whatever is in it.
_POLICY = {"default-src": "'none'", "frame-ancestors": "'none'", "sandbox": ""}


@area.post("/orders/<number>/attachments")
def attach(number: str) -> ResponseReturnValue:
    """Attach files to an order."""
    form = AttachForm()
    refused = Refused("attach", form)
    files = uploads.chosen(form.files.data)
    if not files:
        form.files.data = None
        form.validate()
        return show(number, refused), 422
    troubles = uploads.attach(number, files)
    if troubles:
        form.files.errors = troubles
        return show(number, refused), 422
    flash(ngettext("%(num)d file is attached.", "%(num)d files are attached.", len(files)))
    return redirect(url_for("orders.one", number=number, _anchor="attachments"))


@area.get("/attachments/<row:attachment_id>")
def one(attachment_id: int) -> ResponseReturnValue:
    """The file: a photo to look at, a PDF to keep."""
    found = _looked_at(attachment_id)
    return _sent(found, found.store_key, found.content_type)


@area.get("/attachments/<row:attachment_id>/small")
def small(attachment_id: int) -> ResponseReturnValue:
    """A photo as it stands on the order's page."""
    found = _looked_at(attachment_id)
    return _sent(found, found.small_key or abort(404), "image/jpeg")


for _view in (one, small):
    _view.talisman_view_options = {"content_security_policy": _POLICY}  # type: ignore[attr-defined]  # how it is told


def _looked_at(attachment_id: int) -> Attachment:
    held = runtime()
    with held.transaction() as session:
        return desk.look_at(session, person().actor, attachment_id, held.now()) or abort(404)


def _sent(found: Attachment, key: str, content_type: str) -> Response:
    store = RecordingStore(runtime().settings.recordings_url)
    try:
        content = store.open(key).__enter__()
    except FileNotFoundError:
        abort(404)
    is_photo = found.kind == AttachmentKind.PHOTO
    return send_file(content, content_type, as_attachment=not is_photo, download_name=found.name, etag=False)
