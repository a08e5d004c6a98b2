"""The duty roster: who is on when, planned, imported and swapped, and what one shift tells the next."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import LazyString, gettext, lazy_gettext
from sqlalchemy.orm import Session

from hotline.console.forms import Form
from hotline.console.moments import stretch
from hotline.console.person import person
from hotline.console.roster_forms import HandoverForm, PhoneForm, PlanForm, ShiftForm, SwapForm
from hotline.console.row_words import row_words
from hotline.console.signing import own_address
from hotline.models import Shift, ShiftSwap, Unit, User
from hotline.rules.machine import ImpossibleMoveError
from hotline.rules.roster import POST_WORDS, NoSuchHoursError, Post, hours
from hotline.services import accounts, people, roster
from hotline.services.access import Actor
from hotline.services.accounts import UnusablePhoneError
from hotline.services.csv_files import UnusableRowsError
from hotline.services.desk import roster as desk
from hotline.services.desk.roster import OwnShift, RosterDesk
from hotline.services.roster import NoSwap, NoSwapError, OverlapError, PastShiftError
from hotline.web import runtime

area = Blueprint("roster", __name__, url_prefix="/roster")

_NO_SWAP: Mapping[NoSwap, LazyString] = {
    NoSwap.PERSON: lazy_gettext("This person cannot take the shift."),
    NoSwap.ASKED: lazy_gettext("Somebody is asked to take this shift already."),
    NoSwap.CHANGED: lazy_gettext("One of the shifts is somebody else’s by now, or is cancelled."),
    NoSwap.BEGUN: lazy_gettext("One of the shifts has begun."),
}
# Weeks that anybody plans, or looks back at.
_YEARS = range(2000, 2100)


@dataclass(frozen=True)
class Refused:
    """A form that was not accepted, to be shown again; `name` says which one it is."""

    name: str
    form: Form
    troubles: tuple[str, ...] = ()


@area.get("")
def page() -> ResponseReturnValue:
    """The roster of the person's own unit, or of the one that was chosen."""
    return _shown(request.args.get("unit") or None)


@area.get("/<code>")
def one(code: str) -> ResponseReturnValue:
    """The roster of a unit below it, or of one that the person serves."""
    return _shown(code)


@area.post("/<code>/shifts")
def plan(code: str) -> ResponseReturnValue:
    """Put a person on duty."""
    held, actor, form = runtime(), person().actor, ShiftForm()
    with held.transaction() as session:
        people = desk.people_of(session, _unit(session, actor, code), held.now())
        form.offer(people)
    refused = Refused("shift", form)
    if not form.validate():
        return _shown(code, refused), 422
    chosen = next(user.id for user in people if user.login == form.person.data)
    try:
        span = hours(form.day.data, form.begins.data, form.ends.data, held.settings.zone)
        with held.transaction() as session:
            unit, user = _unit(session, actor, code), session.get_one(User, chosen)
            roster.plan(session, unit, user, Post(form.post.data), span, actor, held.now())
    except (OverlapError, PastShiftError, NoSuchHoursError, OverflowError) as error:
        form.form_errors.append(_why_no_shift(error))
        return _shown(code, refused), 422
    flash(gettext("The shift is planned."))
    return redirect(url_for("roster.one", code=code, week=form.day.data.isoformat()))


@area.post("/<code>/import")
def bring_in(code: str) -> ResponseReturnValue:
    """Bring in a plan, as a whole or not at all."""
    held, actor, form = runtime(), person().actor, PlanForm()
    if not form.validate():
        return _shown(code, Refused("file", form)), 422
    name, content = form.file.data.filename, form.file.data.read()
    try:
        with held.transaction() as session:
            brought = roster.import_shifts(session, name, content, actor, held.now(), held.settings.zone)
    except UnusableRowsError as error:
        return _shown(code, Refused("file", form, tuple(map(row_words, error.troubles)))), 422
    flash(gettext("%(added)d shifts are new, %(kept)d were there.", added=brought.added, kept=brought.kept))
    if brought.cannot_be_rung:
        flash(
            gettext("Without a telephone, and so not to be rung: %(logins)s.", logins=" ".join(brought.cannot_be_rung))
        )
    return redirect(url_for("roster.one", code=code))


@area.post("/shifts/<row:shift_id>/cancel")
def cancel(shift_id: int) -> ResponseReturnValue:
    """Have nobody on duty in this shift."""
    held, actor = runtime(), person().actor
    try:
        with held.transaction() as session:
            shift = roster.shift_to_change(session, actor, shift_id) or abort(404)
            roster.cancel(session, shift, actor, held.now())
    except PastShiftError:
        flash(gettext("The shift is over; it stays on record."))
    else:
        flash(gettext("The shift is cancelled."))
    return _back()


@area.post("/shifts/<row:shift_id>/swap")
def ask_swap(shift_id: int) -> ResponseReturnValue:
    """Ask somebody to take an own shift."""
    held, actor = runtime(), person().actor
    with held.transaction() as session:
        own = next((each for each in desk.own_shifts(session, actor, held.now()) if each.shift.id == shift_id), None)
        own = own or abort(404)
        form, code = _swap_form(own, from_request=True), own.shift.unit.code
    refused = Refused(f"swap-{shift_id}", form)
    if not form.validate():
        return _shown(code, refused), 422
    try:
        with held.transaction() as session:
            shift = roster.shift_to_change(session, actor, shift_id) or abort(404)
            asked = accounts.by_login(session, form.asked.data) or abort(404)
            in_return = session.get(Shift, int(form.in_return.data)) if form.in_return.data else None
            roster.ask_swap(session, shift, asked, in_return, form.note.data, actor, held.now())
    except (NoSwapError, OverlapError) as error:
        form.form_errors.append(_why_no_swap(error))
        return _shown(code, refused), 422
    flash(gettext("%(name)s is asked to take the shift.", name=asked.name))
    return _back()


Decision = Callable[[Session, ShiftSwap, Actor, datetime], None]
_DECISIONS: Mapping[str, Decision] = {
    "accept": roster.accept_swap,
    "decline": roster.decline_swap,
    "withdraw": roster.withdraw_swap,
}


@area.post("/swaps/<row:swap_id>/<decision>")
def decide(swap_id: int, decision: str) -> ResponseReturnValue:
    """Agree to a swap or not, or take it back."""
    held, actor = runtime(), person().actor
    act = _DECISIONS.get(decision) or abort(404)
    try:
        with held.transaction() as session:
            act(session, roster.swap_to_change(session, actor, swap_id) or abort(404), actor, held.now())
    except ImpossibleMoveError:
        flash(gettext("This swap has been decided about already."))
    except (NoSwapError, OverlapError) as error:
        flash(_why_no_swap(error))
    else:
        flash(gettext("Kept."))
    return _back()


@area.post("/<code>/notes")
def leave_note(code: str) -> ResponseReturnValue:
    """Tell the next shift something."""
    held, actor, form = runtime(), person().actor, HandoverForm()
    if not form.validate():
        return _shown(code, Refused("note", form)), 422
    with held.transaction() as session:
        roster.leave_note(session, _unit(session, actor, code), form.text.data, actor, held.now())
    flash(gettext("The note waits for the next shift."))
    return redirect(url_for("roster.one", code=code))


@area.post("/notes/<row:note_id>/read")
def read_note(note_id: int) -> ResponseReturnValue:
    """Mark a note as read."""
    held, actor = runtime(), person().actor
    with held.transaction() as session:
        note = desk.note_of(session, actor, note_id, held.now()) or abort(404)
        roster.read_note(session, note, actor, held.now())
    return _back()


@area.post("/warnings/<row:warning_id>/seen")
def see_warning(warning_id: int) -> ResponseReturnValue:
    """A supervisor knows of the gaps."""
    held, actor = runtime(), person().actor
    with held.transaction() as session:
        warning = desk.warning_of(session, actor, warning_id) or abort(404)
        roster.see_warning(session, warning, actor, held.now())
    return _back()


@area.post("/phone")
def set_phone() -> ResponseReturnValue:
    """Where the person is rung when on duty."""
    held, actor, form = runtime(), person().actor, PhoneForm()
    try:
        with held.transaction() as session:
            user = session.get_one(User, actor.user_id)
            people.set_phone(session, user, form.phone.data, actor, held.now())
    except UnusablePhoneError:
        form.phone.errors = [gettext("No telephone has this number: a digit is missing, or the area code.")]
        return _shown(None, Refused("phone", form)), 422
    flash(gettext("Kept."))
    return _back()


def _back() -> ResponseReturnValue:
    return redirect(own_address(request.form.get("next")) or url_for("roster.page"))


def _unit(session: Session, actor: Actor, code: str | None) -> Unit:
    return desk.unit_of(session, actor, code, runtime().now()) or abort(404)


def _week() -> date | None:
    """The first day of the week that is asked for; None when that is nonsense."""
    try:
        asked = date.fromisoformat(request.args.get("week", ""))
    except ValueError:
        return None
    return asked if asked.year in _YEARS else None


def _shown(code: str | None, refused: Refused | None = None) -> str:
    held, actor = runtime(), person().actor
    with held.transaction() as session:
        unit = _unit(session, actor, code)
        found = desk.overview(session, actor, unit, _week(), held.now(), held.settings.zone)
        phone = session.get_one(User, actor.user_id).phone
        forms = _forms(found, phone, refused)
    first, week = found.days[0].day, timedelta(days=7)
    return render_template(
        "roster.html",
        found=found,
        forms=forms,
        refused=refused,
        POST_WORDS=POST_WORDS,
        has_phone=phone is not None,
        before=(first - week).isoformat(),
        after=(first + week).isoformat(),
        address=url_for("roster.one", code=found.unit.code, week=first.isoformat()),
    )


def _forms(found: RosterDesk, phone: str | None, refused: Refused | None) -> dict[str, Form]:
    """The forms of the page, the refused one with what was filled in."""
    shift = ShiftForm(formdata=None)
    shift.offer(found.people)
    forms: dict[str, Form] = {
        "shift": shift,
        "file": PlanForm(formdata=None),
        "note": HandoverForm(formdata=None),
        "phone": PhoneForm(formdata=None, phone=phone),
        **{f"swap-{own.shift.id}": _swap_form(own) for own in found.own},
    }
    if refused is not None:
        forms[refused.name] = refused.form
    return forms


def _swap_form(own: OwnShift, *, from_request: bool = False) -> SwapForm:
    form = SwapForm() if from_request else SwapForm(formdata=None)
    form.offer(own.colleagues, own.others)
    return form


def _why_no_shift(error: Exception) -> str:
    if isinstance(error, OverlapError):
        return _twice(error)
    if isinstance(error, PastShiftError):
        return str(gettext("This shift would be over already."))
    return str(gettext("There are no such hours on that day."))


def _twice(error: OverlapError) -> str:
    told = {"name": error.name, "unit": error.unit, "when": stretch(error.span.begins_at, error.span.ends_at)}
    return str(gettext("%(name)s is on duty for %(unit)s then: %(when)s.", **told))


def _why_no_swap(error: NoSwapError | OverlapError) -> str:
    if isinstance(error, OverlapError):
        return _twice(error)
    return str(_NO_SWAP[error.why])
