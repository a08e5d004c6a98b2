"""Typing in (录入) what a person was told at a desk, on another telephone, or at an outreach event."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from hotline.console.entry_forms import EntryForm
from hotline.console.person import person
from hotline.models import Channel
from hotline.rules.facts import FactName
from hotline.services import entry, outreach
from hotline.services.desk import orders as desk
from hotline.services.entry import Entry, EventMissingError, ReceivedAtError
from hotline.services.facts import WrongFactError
from hotline.services.web_forms import UnusableNumberError
from hotline.web import runtime

area = Blueprint("entry", __name__, url_prefix="/orders/new")


@area.get("")
def page() -> str:
    """The form; with `event` in the address it is that event's."""
    event_id = request.args.get("event", type=int)
    told = {
        "received_at": runtime().now(),
        "channel": Channel.EVENT if event_id else Channel.DESK,
        "event": str(event_id or ""),
    }
    return _page(_form(formdata=None, data=told))


@area.post("")
def enter() -> ResponseReturnValue:
    """Make the order, and go on with it."""
    form, held = _form(), runtime()
    if not form.validate():
        return _page(form), 422
    try:
        with held.transaction() as session:
            order = entry.enter(
                session, _filled_in(form), person().actor, held.status_page, held.now(), held.settings.zone
            )
            number = order.number
    except tuple(_TROUBLES) as error:
        _mark(form, error)
        return _page(form), 422
    flash(gettext("Order %(number)s is entered.", number=number))
    return redirect(url_for("orders.one", number=number))


_TROUBLES: Mapping[type[Exception], str] = {
    ReceivedAtError: "received_at",
    EventMissingError: "event",
    UnusableNumberError: "phone",
    WrongFactError: "text",
}


def _mark(form: EntryForm, error: Exception) -> None:
    words: Mapping[type[Exception], str] = {
        ReceivedAtError: gettext("This must be within the last seven days, and not in the future."),
        EventMissingError: gettext("Please choose the event."),
        UnusableNumberError: gettext("No telephone has this number: a digit is missing, or the area code."),
        WrongFactError: gettext("This value cannot be right; please check it."),
    }
    field = form[_TROUBLES[type(error)]]
    field.errors = [*field.errors, words[type(error)]]


def _filled_in(form: EntryForm) -> Entry:
    facts: dict[FactName, Any] = {
        FactName.CATEGORY: form.category.data,
        FactName.URGENCY: form.urgency.data,
        FactName.PLACE: form.place.data,
        FactName.ADDRESS: form.address.data,
        FactName.CALLER_NAME: form.caller_name.data,
    }
    return Entry(
        channel=Channel(form.channel.data),
        text=form.text.data,
        received_at=form.received_at.moment,
        phone=form.phone.data or "",
        is_by_text=form.by_text.data,
        event_id=int(form.event.data) if form.event.data else None,
        stated={name: value for name, value in facts.items() if value},
    )


def _form(**given: Any) -> EntryForm:
    held = runtime()
    with held.transaction() as session:
        units = desk.unit_choices(session)
        events = outreach.of_late(session, person().actor, held.now(), held.settings.zone)
    form = EntryForm(**given)
    form.offer(units, events)
    return form


def _page(form: EntryForm) -> str:
    return render_template("entry.html", form=form)
