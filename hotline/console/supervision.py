"""Supervision (督办): what waits for this person, and the lists of what was not cleared at the end of the days."""

import csv
from collections.abc import Iterable
from datetime import date
from io import StringIO

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from hotline.console import clock_requests
from hotline.console.forms import MoveForm
from hotline.console.moments import full
from hotline.console.person import person
from hotline.console.signing import own_address
from hotline.console.words import reason_words, word
from hotline.models import UnclearedOrder
from hotline.services import csv_files, supervision
from hotline.services.desk import supervision as desk
from hotline.services.desk import units
from hotline.services.desk.clocks import ClockRequest
from hotline.services.desk.supervision import SupervisionDesk
from hotline.web import runtime

area = Blueprint("supervision", __name__, url_prefix="/supervision")


@area.get("")
def page() -> str:
    """Notices that the person has not looked at, and what waits for a supervisor's word."""
    held, actor = runtime(), person().actor
    with held.transaction() as session:
        found = desk.overview(session, actor)
        last = desk.list_of(session, actor, units.one(session, actor, None) or abort(404), None)
    forms, most = _decision_forms(found), supervision.MOST_WAITING
    return render_template("supervision.html", found=found, last=last, forms=forms, most=most)


@area.post("/seen")
def mark_seen() -> ResponseReturnValue:
    """The person has looked at one notice, or at all that the page showed."""
    held, actor = runtime(), person().actor
    with held.transaction() as session:
        for reader_id in request.form.getlist("reader", type=int)[: supervision.MOST_WAITING]:
            reader = supervision.reader_by_id(session, reader_id) or abort(404)
            supervision.mark_seen(session, reader, actor, held.now())
    flash(gettext("Marked as seen."))
    return redirect(own_address(request.form.get("next")) or url_for("supervision.page"))


@area.get("/uncleared")
def uncleared() -> str:
    """The list of one day for a unit and all below it, to read and to print."""
    held, actor = runtime(), person().actor
    with held.transaction() as session:
        unit = units.one(session, actor, request.args.get("unit")) or abort(404)
        found = desk.list_of(session, actor, unit, _day())
    return render_template("uncleared.html", found=found, days=desk.DAYS)


@area.get("/uncleared.csv")
def uncleared_file() -> Response:
    """The same as a file for spreadsheets: one day, or all of the last week without one."""
    held, actor, day = runtime(), person().actor, _day()
    with held.transaction() as session:
        unit = units.one(session, actor, request.args.get("unit")) or abort(404)
        rows = desk.list_of(session, actor, unit, day).rows if day else desk.last_lists(session, actor, unit)
        content = _as_csv(rows)
    name = f"uncleared-{unit.code}-{day or 'week'}.csv"
    disposition = {"Content-Disposition": f'attachment; filename="{_plain(name)}"'}
    # Spreadsheets take a file without this mark for one of another alphabet.
    return Response(content.encode("utf-8-sig"), mimetype="text/csv", headers=disposition)


def _as_csv(rows: Iterable[UnclearedOrder]) -> str:
    content = StringIO()
    writer = csv.writer(content)
    writer.writerow(
        [
            gettext("Day"),
            gettext("Unit"),
            gettext("Order number"),
            gettext("State"),
            gettext("Handler"),
            gettext("Since"),
            gettext("Result due"),
            gettext("Overdue"),
            gettext("Why"),
            gettext("In words"),
        ]
    )
    writer.writerows(_row(each) for each in rows)
    return content.getvalue()


def _row(each: UnclearedOrder) -> list[str]:
    return [
        each.list.day.isoformat(),
        csv_files.harmless(each.list.unit.name),
        each.order.number,
        word(each.state),
        csv_files.harmless(each.handler.name) if each.handler else "",
        full(each.since),
        full(each.resolve_by) if each.resolve_by else "",
        gettext("yes") if each.is_overdue else gettext("no"),
        word(each.why),
        csv_files.harmless(reason_words(each.words)) if each.words else "",
    ]


def _plain(name: str) -> str:
    """A file's name as a header may hold it."""
    return "".join(char if char.isascii() and (char.isalnum() or char in "-_.") else "_" for char in name)


def _decision_forms(found: SupervisionDesk) -> dict[str, MoveForm]:
    """One for each kind of request; the page repeats it for each order."""
    kinds = (ClockRequest.DECIDE_PAUSE, ClockRequest.DECIDE_EXTENSION)
    return {kind.value: clock_requests.form_for(kind, formdata=None) for kind in kinds} if not found.is_empty else {}


def _day() -> date | None:
    """The day asked for; none that is nonsense exists."""
    asked = request.args.get("day", "")
    if not asked:
        return None
    try:
        return date.fromisoformat(asked)
    except ValueError:
        abort(404)
