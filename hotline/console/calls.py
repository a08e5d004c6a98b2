"""The list of calls, and one call with all that came of it."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from hotline.console.forms import NoteForm
from hotline.console.lists import asked_place
from hotline.console.person import person
from hotline.console.reading import Reading
from hotline.services import calls, facts
from hotline.services.access import require_call_contents
from hotline.services.desk import calls as desk
from hotline.services.desk.calls import CallsWanted
from hotline.web import runtime

area = Blueprint("calls", __name__, url_prefix="/calls")


@area.get("")
def page() -> str:
    """The calls, the latest first."""
    wanted = CallsWanted(
        attention="attention" in request.args,
        with_order="with_order" in request.args,
        number=request.args.get("number", "").strip(),
        place=asked_place(),
    )
    with runtime().transaction() as session:
        found = desk.listed(session, person().actor, wanted)
        dead = desk.with_dead_work(session, found)
    return render_template("calls.html", found=found, wanted=wanted, dead=dead)


@area.get("/<row:call_id>")
def one(call_id: int) -> ResponseReturnValue:
    """One call."""
    return _one(call_id, NoteForm(formdata=None))


@area.post("/<row:call_id>/handled")
def handled(call_id: int) -> ResponseReturnValue:
    """Somebody dealt with what the call needed attention for."""
    form, held = NoteForm(), runtime()
    if not form.validate():
        return _one(call_id, form), 422
    with held.transaction() as session:
        call = desk.to_change(session, person().actor, call_id) or abort(404)
        require_call_contents(person().actor, call)
        calls.handled(session, call, person().actor, held.now(), form.note.data)
    flash(gettext("Noted as dealt with."))
    return redirect(url_for("calls.one", call_id=call_id))


@area.post("/<row:call_id>/number")
def number(call_id: int) -> ResponseReturnValue:
    """The full number of who rang, and those that were said, once."""
    held = runtime()
    with held.transaction() as session:
        call = desk.to_change(session, person().actor, call_id) or abort(404)
        desk.reveal_numbers(session, person().actor, call, held.now())
    return _one(call_id, NoteForm(formdata=None), shows_numbers=True)


def _one(call_id: int, form: NoteForm, *, shows_numbers: bool = False) -> str:
    held = runtime()
    with held.transaction() as session:
        found = desk.one(session, person().actor, call_id) or abort(404)
        if found.shows_contents:
            desk.note_transcripts_seen(session, person().actor, [found.call], held.now())
    if not found.shows_contents:
        return render_template("call_secret.html", call=found.call)
    order = found.call.order
    reading = Reading(facts.present(order) if order else {}, shows_numbers, order.number if order else "")
    heard = (transcript for recording in found.call.recordings for transcript in recording.transcripts)
    hides_numbers = not shows_numbers and (bool(found.call.number) or any(map(reading.hides, heard)))
    return render_template("call.html", found=found, form=form, reading=reading, hides_numbers=hides_numbers)
