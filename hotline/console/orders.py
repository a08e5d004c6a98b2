"""Orders: the list, the page of one, and what people do there: move it on, state its facts, see whom to ring."""

from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

from flask import Blueprint, abort, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from hotline.console import assistants, clock_requests, endings, known, letters, moves, uploads
from hotline.console.assistants import Assist
from hotline.console.entry_forms import InWritingForm, LetterForm
from hotline.console.forms import FactForm, MoveForm, ResultForm, fact_form
from hotline.console.known import KnownForm
from hotline.console.lists import asked_place
from hotline.console.moves import Doing, UnusableFieldError
from hotline.console.order_page import Refused, change, show, take_emergency_on
from hotline.console.person import person
from hotline.console.signing import own_address
from hotline.rules.facts import Category, FactName, Urgency
from hotline.rules.order_states import Move, OrderState
from hotline.services import facts
from hotline.services.desk import orders as desk
from hotline.services.desk.clocks import ClockRequest
from hotline.services.desk.endings import EndingRequest
from hotline.services.desk.orders import OrdersWanted
from hotline.services.facts import WrongFactError
from hotline.services.orders import ChangedMeanwhileError
from hotline.web import runtime

area = Blueprint("orders", __name__, url_prefix="/orders")

Member = TypeVar("Member", bound=StrEnum)


@area.get("")
def page() -> str:
    """The orders, what ends first on top."""
    asked, held = request.args, runtime()
    wanted = OrdersWanted(
        state=_member(OrderState, asked.get("state")),
        urgency=_member(Urgency, asked.get("urgency")),
        category=_member(Category, asked.get("category")),
        mine="mine" in asked,
        overdue="overdue" in asked,
        to_approve="to_approve" in asked,
        ended_too="ended" in asked,
        number=asked.get("number", "").strip(),
        place=asked_place(),
    )
    with held.transaction() as session:
        found = desk.listed(session, person().actor, wanted, held.now())
    kinds = {"states": OrderState, "urgencies": Urgency, "categories": Category}
    return render_template("orders.html", found=found, wanted=wanted, **kinds)


@area.get("/units")
def units() -> ResponseReturnValue:
    """The units of a name, for whoever types it to choose one."""
    with runtime().transaction() as session:
        found = desk.units_called(session, request.args.get("words", ""))
    return jsonify([{"code": unit.code, "name": unit.name} for unit in found])


@area.get("/<number>")
def one(number: str) -> ResponseReturnValue:
    """One order."""
    return show(number)


@area.post("/<number>/number")
def reveal(number: str) -> ResponseReturnValue:
    """The full numbers, once: the one that is rung back, and those that were said."""
    held, actor = runtime(), person().actor
    with held.transaction() as session:
        order = desk.to_change(session, actor, number) or abort(404)
        desk.reveal_numbers(session, actor, order, held.now())
    return show(number, shows_numbers=True, opened=request.form.get("open", ""))


@area.post("/<number>/moves/<move>")
def move_on(number: str, move: str) -> ResponseReturnValue:
    """Make a move of the state table."""
    chosen = _member(Move, move) or abort(404)
    form = moves.form_for(chosen, _units(number))
    refused = Refused(chosen.value, form)
    # Kept whatever becomes of the rest: a browser does not send a file twice by itself.
    unusable = uploads.attach(number, uploads.chosen(form.photos.data)) if isinstance(form, ResultForm) else []
    if unusable:
        form.photos.errors = unusable
        return show(number, refused), 422
    return _filled_in(
        number,
        form,
        refused,
        lambda doing, seen: moves.make(doing, chosen, form, seen),
        beside=moves.order_beside(form),
    )


@area.post("/<number>/ending/<what>")
def end(number: str, what: str) -> ResponseReturnValue:
    """Approve a result or send it back, or say that the order is secret, or not any more."""
    chosen = _member(EndingRequest, what) or abort(404)
    form = endings.form_for(chosen)
    refused = Refused(chosen.value, form)
    return _filled_in(number, form, refused, lambda doing, seen: endings.make(doing, chosen, form, seen))


@area.post("/<number>/clocks/<what>")
def change_clocks(number: str, what: str) -> ResponseReturnValue:
    """Pause the clocks or let them run on, ask for more time, decide about either, or leave a supervisor's note."""
    chosen = _member(ClockRequest, what) or abort(404)
    form = clock_requests.form_for(chosen)
    refused = Refused(chosen.value, form)
    then = own_address(request.form.get("next"))
    return _filled_in(
        number, form, refused, lambda doing, seen: clock_requests.make(doing, chosen, form, seen), then=then
    )


@area.post("/<number>/assistants/<what>")
def assist(number: str, what: str) -> ResponseReturnValue:
    """Have a unit assist, release one, or say what one did."""
    chosen = _member(Assist, what) or abort(404)
    form = assistants.form_for(chosen, _units(number))
    refused = Refused(assistants.name_of(chosen, form), form)
    return _filled_in(number, form, refused, lambda doing, seen: assistants.make(doing, chosen, form, seen))


@area.post("/<number>/alarm")
def take_on(number: str) -> ResponseReturnValue:
    """Take an emergency on, so that nobody else is alarmed: for whom its page stood open when the alarm began."""
    held, actor = runtime(), person().actor
    with held.transaction() as session:
        order = desk.to_change(session, actor, number) or abort(404)
        take_emergency_on(session, order, actor, held.now())
    return redirect(url_for("orders.one", number=number))


@area.post("/<number>/known")
def take_as_known(number: str) -> ResponseReturnValue:
    """Say what the order is to an earlier one of the same caller, and go on there."""
    form = KnownForm()
    seen = moves.seen_version(form)
    if not form.validate() or seen is None:
        abort(400)
    earlier = url_for("orders.one", number=form.number.data)
    refused = Refused("known", form)
    return change(number, refused, lambda doing: known.take(doing, form, seen), form.number.data, then=earlier)


@area.post("/<number>/letters")
def write_letter(number: str) -> ResponseReturnValue:
    """Write to the caller."""
    form = LetterForm()
    return _filled_in(number, form, Refused("letter", form), lambda doing, seen: letters.write(doing, form, seen))


@area.post("/<number>/in-writing")
def serve_in_writing(number: str) -> ResponseReturnValue:
    """Serve the caller in writing, or by voice again."""
    form = InWritingForm()
    seen = moves.seen_version(form)
    if not form.validate() or seen is None:
        abort(400)
    return change(number, Refused("in-writing", form), lambda doing: letters.serve(doing, form, seen))


@area.post("/<number>/facts/<name>")
def state_fact(number: str, name: str) -> ResponseReturnValue:
    """Confirm a fact as it was shown, or state another value."""
    fact = _member(FactName, name) or abort(404)
    form = fact_form(fact, _units(number))
    refused = Refused(f"fact-{fact}", form)
    is_confirmed = request.form.get("do") == "confirm"
    if not is_confirmed and not form.validate():
        return show(number, refused), 422
    return change(number, refused, lambda doing: _state(doing, fact, form, is_confirmed=is_confirmed))


def _filled_in(
    number: str, form: MoveForm, refused: Refused, act: Callable[[Doing, int], None], **how: str | None
) -> ResponseReturnValue:
    """Do what the form says to the order as the person saw it; one that is not rightly filled in is shown again.

    `how` goes to `change`.
    """
    if not form.validate():
        return show(number, refused), 422
    seen = moves.seen_version(form)
    if seen is None:
        abort(400)
    return change(number, refused, lambda doing: act(doing, seen), **how)


def _state(doing: Doing, name: FactName, form: FactForm, *, is_confirmed: bool) -> None:
    shown = facts.present(doing.order)[name].now
    if str(shown.id if shown else "") != (form.seen.data or ""):
        raise ChangedMeanwhileError([])
    value = (shown.value if shown else None) if is_confirmed else form.value.data
    try:
        facts.confirm(doing.session, doing.order, name, value, doing.actor, doing.now, doing.zone)
    except WrongFactError as error:
        raise UnusableFieldError({"value": _why_not(name)}) from error
    flash(gettext("Kept."))


def _why_not(name: FactName) -> str:
    if name == FactName.PHONE:
        return str(gettext("No telephone has this number: a digit is missing, or the area code."))
    return str(gettext("This value cannot be right; please check it."))


def _units(number: str) -> list[desk.UnitChoice]:
    """What can be chosen for an order: what its page offers, and what was found by name and sent in."""
    chosen = [*request.form.getlist("unit"), *request.form.getlist("value")]
    with runtime().transaction() as session:
        order = desk.seen(session, person().actor, number) or abort(404)
        return desk.unit_choices_for(session, order, chosen)


def _member(kind: type[Member], value: str | None) -> Member | None:
    return kind(value) if value in set(kind) else None
