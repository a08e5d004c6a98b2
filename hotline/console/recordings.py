"""Recordings: listened to in pieces as a player asks for them, and corrected by a person who listened."""

from dataclasses import replace

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.wsgi import FileWrapper

from hotline.console.forms import TranscriptForm
from hotline.console.order_page import Refused, show
from hotline.console.person import person
from hotline.services import recordings
from hotline.services.desk import calls as desk
from hotline.services.orders import ChangedMeanwhileError
from hotline.store import RecordingStore
from hotline.web import runtime

area = Blueprint("recordings", __name__, url_prefix="/recordings")


@area.get("/<row:recording_id>/audio")
def audio(recording_id: int) -> ResponseReturnValue:
    """The sound, or the part of it that the Range header asks for."""
    held = runtime()
    with held.transaction() as session:
        recording = desk.listen(session, person().actor, recording_id, held.now()) or abort(404)
    store = RecordingStore(held.settings.recordings_url)
    try:
        size, sound = store.size(str(recording.store_key)), store.open(str(recording.store_key)).__enter__()
    except FileNotFoundError:
        abort(404)
    response = Response(FileWrapper(sound), mimetype="audio/wav", direct_passthrough=True)
    response.call_on_close(sound.close)
    response.content_length = size
    response.set_etag(str(recording.sha256))
    try:
        return response.make_conditional(request.environ, accept_ranges=True, complete_length=size)
    except RequestedRangeNotSatisfiable:
        response.close()
        raise


@area.post("/<row:recording_id>/transcript")
def correct(recording_id: int) -> ResponseReturnValue:
    """A reviewer's version of what was said."""
    form = TranscriptForm()
    with runtime().transaction() as session:
        recording = desk.recording(session, person().actor, recording_id) or abort(404)
        number = recording.call.order.number if recording.call.order else abort(404)
    refused = Refused(f"transcript-{recording_id}", form)
    if not form.validate():
        return show(number, refused), 422
    try:
        _correct(recording_id, form)
    except ChangedMeanwhileError:
        return show(number, replace(refused, is_outdated=True)), 409
    flash(gettext("The transcript is corrected; its facts are being read again."))
    return redirect(url_for("orders.one", number=number))


def _correct(recording_id: int, form: TranscriptForm) -> None:
    held, actor = runtime(), person().actor
    with held.transaction() as session:
        recording = desk.to_correct(session, actor, recording_id) or abort(404)
        shown = recording.versions[-1].version if recording.transcripts else 0
        if str(shown) != form.version.data:
            raise ChangedMeanwhileError([])
        recordings.correct(session, recording, form.text.data, actor, held.now())
