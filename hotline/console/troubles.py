"""What could not be done and why, with another chance for each."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from hotline.console.person import person
from hotline.console.signing import own_address
from hotline.services.desk import troubles as desk
from hotline.services.replay import AlreadyAliveError, replay
from hotline.web import runtime

area = Blueprint("troubles", __name__, url_prefix="/troubles")


@area.get("")
def page() -> str:
    """Dead work, callbacks about unknown calls, recordings that came to nothing."""
    with runtime().transaction() as session:
        found = desk.all_of(session, person().actor)
    return render_template("troubles.html", found=found)


@area.post("/<row:entry_id>/again")
def again(entry_id: int) -> ResponseReturnValue:
    """Have dead work done again."""
    held, actor = runtime(), person().actor
    try:
        with held.transaction() as session:
            replay(session, desk.to_replay(session, actor, entry_id) or abort(404), actor, held.now())
    except AlreadyAliveError:
        abort(404)
    flash(gettext("It is being tried again."))
    return redirect(own_address(request.form.get("next")) or url_for("troubles.page"))
