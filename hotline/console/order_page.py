"""The page of one order: shown fresh, or again with a form that could not be accepted and why."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar, cast

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from hotline.console import assistants, clock_requests, endings, moves
from hotline.console.entry_forms import LetterForm
from hotline.console.forms import AttachForm, FactForm, Form, MoveForm, TranscriptForm, fact_form
from hotline.console.moves import Doing, UnusableFieldError
from hotline.console.person import person
from hotline.console.reading import Reading
from hotline.console.words import PURPOSES
from hotline.models import Order
from hotline.rules.facts import FactName, Urgency
from hotline.rules.machine import ImpossibleMoveError
from hotline.rules.order_states import Move
from hotline.rules.roles import REVIEWERS
from hotline.services import alarms, recognition, transfers
from hotline.services.access import Actor
from hotline.services.desk import clocks as clock_desk
from hotline.services.desk import endings as endings_desk
from hotline.services.desk import orders as desk
from hotline.services.desk import written as written_desk
from hotline.services.desk.around import Around, around
from hotline.services.desk.clocks import ClockDesk, ClockRequest
from hotline.services.desk.orders import OrderDesk
from hotline.services.facts import FactVersions
from hotline.services.orders import ChangedMeanwhileError
from hotline.web import runtime

Key = TypeVar("Key")
AnyForm = TypeVar("AnyForm", bound=Form)


@dataclass(frozen=True)
class Refused:
    """A form that was not accepted, to be shown again with what was filled in.

    `name` is that of its move or of what is done about the clocks, `fact-...`, `transcript-...` or `assist-...`; it is
    outdated when somebody else was quicker.
    """

    name: str
    form: Form
    is_outdated: bool = False

    @property
    def seen_at(self) -> datetime | None:
        """When the person looked at the order; None when the form does not say so."""
        try:
            seen_at = datetime.fromisoformat(self.form.seen_at.data or "")
        except ValueError:
            return None
        return seen_at if seen_at.tzinfo else None


def show(number: str, refused: Refused | None = None, shows_numbers: bool = False, opened: str = "") -> str:
    """The page, with telephone numbers for whom they were shown; `opened` names a form as `Refused` does."""
    held, actor = runtime(), person().actor
    with held.transaction() as session:
        found = desk.one(session, actor, number, held.now()) or abort(404)
        ending = endings_desk.of_order(session, actor, found.order)
        # A page that refreshes itself may stand open on a desk where nobody is.
        if "X-Refresh" not in request.headers and found.shows_contents:
            take_emergency_on(session, found.order, actor, held.now())
        beside = around(session, found.order, actor, found.moves, held.now())
        if beside.recommended_unit is not None:
            found = desk.offering(session, found, beside.recommended_unit.code)
        same_caller = recognition.known(session, actor, found.order)
        absorbed = recognition.merged_into(session, found.order)
        transfer = transfers.of_order(session, found.order)
        clocks = clock_desk.of_order(session, actor, found.order, held.now())
        seen_at = refused.seen_at if refused and refused.is_outdated else None
        changes = desk.changes_since(session, number, seen_at) if seen_at else None
    reading = Reading(found.facts, shows_numbers, number)
    return render_template(
        "order.html" if found.shows_contents else "order_secret.html",
        desk=found,
        order=found.order,
        reading=reading,
        refused=refused,
        opened=refused.name if refused else opened,
        changes=changes,
        clocks=clocks,
        ClockRequest=ClockRequest,
        clock_forms=_clock_forms(clocks, refused),
        around=beside,
        known=same_caller,
        absorbed=absorbed,
        transfer=transfer,
        written=written_desk.of_order(found.order),
        may_write=written_desk.may_write(found.order, actor),
        letter_form=_letter_form(refused),
        message_words=PURPOSES,
        may_take=bool(actor.roles & REVIEWERS),
        assist_forms=_assist_forms(found, beside, refused),
        ending=ending,
        ending_forms=_with_refused(endings.forms_for(ending), refused, ""),
        attach_form=refused.form if refused and refused.name == "attach" else AttachForm(formdata=None),
        move_forms=_move_forms(found, beside, refused),
        fact_forms=_fact_forms(found, reading, refused),
        transcript_forms=_transcript_forms(found, reading, refused),
        unit_names={unit.code: unit.name for unit in found.units},
    )


def take_emergency_on(session: Session, order: Order, actor: Actor, now: datetime) -> None:
    """Whoever opens an emergency that alarms people, and can act on it, has it from then on, and is told so."""
    if order.urgency == Urgency.EMERGENCY and alarms.acknowledge(session, order, actor, now):
        flash(gettext("You have taken on this emergency; nobody else is alarmed any more."))


def change(
    number: str, refused: Refused, act: Callable[[Doing], None], beside: str | None = None, then: str | None = None
) -> ResponseReturnValue:
    """Do something to the order and go back to its page; what cannot be done is shown there with the form.

    `beside` is the number of a second order that is acted upon; `then` an address to go to instead of the order's.
    """
    held, actor = runtime(), person().actor
    try:
        with held.transaction() as session:
            desk.lock(session, number, beside or number)
            order = desk.to_change(session, actor, number) or abort(404)
            act(Doing(session, order, actor, held.now(), held.settings.zone))
            is_seen = desk.is_seen(session, actor, order)
    except (ChangedMeanwhileError, ImpossibleMoveError, StaleDataError):
        return show(number, replace(refused, is_outdated=True)), 409
    except UnusableFieldError as error:
        _mark(refused.form, error.troubles)
        return show(number, refused), 422
    if then:
        return redirect(then)
    return redirect(url_for("orders.one", number=number) if is_seen else url_for("orders.page"))


def _mark(form: Form, troubles: Mapping[str, str]) -> None:
    for name, trouble in troubles.items():
        if name:
            form[name].errors = [*form[name].errors, trouble]
        else:
            form.form_errors.append(trouble)


def _clock_forms(found: ClockDesk, refused: Refused | None) -> dict[ClockRequest, MoveForm]:
    return _with_refused(clock_requests.forms_for(found), refused, "")


def _assist_forms(found: OrderDesk, beside: Around, refused: Refused | None) -> dict[str, MoveForm]:
    assisting = [each.unit for each in found.order.assistants]
    return _with_refused(assistants.forms_for(beside, assisting, found.units), refused, "")


def _move_forms(found: OrderDesk, beside: Around, refused: Refused | None) -> dict[Move, MoveForm]:
    forms = {move: moves.form_for(move, found.units, formdata=None) for move in found.moves}
    if Move.DISPATCH in forms:
        named = beside.recommended_unit
        forms[Move.DISPATCH].unit.data = named.code if named else found.place or found.order.unit.code
    return _with_refused(forms, refused, "")


def _fact_forms(found: OrderDesk, reading: Reading, refused: Refused | None) -> dict[FactName, FactForm]:
    forms = {
        name: fact_form(name, found.units, formdata=None, data={"value": _known(versions, reading)})
        for name, versions in found.facts.items()
    }
    return _with_refused(forms, refused, "fact-")


def _known(versions: FactVersions, reading: Reading) -> Any:
    """What there is to correct; who was not shown a number writes the whole of it."""
    value = versions.now.value if versions.now else None
    is_hidden = isinstance(value, str) and reading.said(value) != value
    return None if is_hidden else value


def _transcript_forms(found: OrderDesk, reading: Reading, refused: Refused | None) -> dict[int, TranscriptForm]:
    """One for each recording whose transcript the person has read to the last digit, or sent in."""
    forms = {
        recording.id: TranscriptForm(
            formdata=None, data={"text": recording.versions[-1].text if recording.transcripts else ""}
        )
        for recording in found.recordings
        if not recording.transcripts
        or not reading.hides(recording.versions[-1])
        or (refused and refused.name == f"transcript-{recording.id}")
    }
    return _with_refused(forms, refused, "transcript-")


def _letter_form(refused: Refused | None) -> LetterForm:
    return _with_refused({"letter": LetterForm(formdata=None)}, refused, "")["letter"]


def _with_refused(forms: dict[Key, AnyForm], refused: Refused | None, prefix: str) -> dict[Key, AnyForm]:
    """The forms, the refused one with what was filled in."""
    is_refused = {key: refused is not None and refused.name == f"{prefix}{key}" for key in forms}
    return {key: cast(AnyForm, refused.form) if refused and is_refused[key] else form for key, form in forms.items()}
