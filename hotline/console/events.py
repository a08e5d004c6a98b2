"""Outreach events (宣传活动): the list with what was taken in at each, and new ones."""

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from wtforms.fields import SelectChoice

from hotline.console.entry_forms import EventForm
from hotline.console.lists import page_number
from hotline.console.person import person
from hotline.services import outreach
from hotline.services.desk import events as desk
from hotline.services.desk import units
from hotline.services.outreach import EventExistsError
from hotline.web import runtime

area = Blueprint("events", __name__, url_prefix="/events")


@area.get("")
def page() -> str:
    """The events, the latest first."""
    return _page(EventForm(formdata=None, held_on=runtime().now().astimezone(runtime().settings.zone).date()))


@area.post("")
def add() -> ResponseReturnValue:
    """A new event."""
    form, held, actor = EventForm(), runtime(), person().actor
    _offer(form)
    if not form.validate():
        return _page(form), 422
    try:
        with held.transaction() as session:
            unit = units.one(session, actor, form.unit.data) or abort(404)
            outreach.add(session, form.name.data, form.held_on.data, unit, actor, held.now())
    except EventExistsError:
        form.name.errors = [gettext("The unit has an event of this name on that day.")]
        return _page(form), 422
    flash(gettext("The event is added."))
    return redirect(url_for("events.page"))


def _offer(form: EventForm) -> None:
    with runtime().transaction() as session:
        form.unit.choices = [SelectChoice(each.code, each.name) for each in units.choices(session, person().actor)]


def _page(form: EventForm) -> str:
    _offer(form)
    with runtime().transaction() as session:
        found = desk.listed(session, person().actor, page_number())
    return render_template("events.html", found=found, form=form)
