"""The dispatch catalogue: kept row by row or as a file, put back, asked beforehand, and followed without a person."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, pgettext
from sqlalchemy.orm import Session

from hotline.console.catalogue_forms import AskForm, AutomaticForm, ChangeForm, FileForm, RowForm, asked
from hotline.console.forms import Form
from hotline.console.lists import page_number
from hotline.console.person import person
from hotline.console.row_words import row_words, wrong_words
from hotline.models import CatalogueRow, Unit
from hotline.rules.facts import Category
from hotline.services import catalogue, organisation, policies
from hotline.services.access import Actor
from hotline.services.catalogue import (
    CatalogueChangedError,
    CatalogueUnitError,
    NewRow,
    NoSuchVersionError,
    UnusableCatalogueError,
)
from hotline.services.csv_files import UnusableRowsError
from hotline.services.desk import catalogue as desk
from hotline.services.desk import units
from hotline.services.desk.catalogue import CatalogueDesk, Preview, Wanted
from hotline.services.desk.orders import unit_choices
from hotline.web import runtime

area = Blueprint("catalogue", __name__, url_prefix="/catalogue")


@dataclass(frozen=True)
class Refused:
    """A form that was not accepted, to be shown again with what was filled in; `name` says which one it is."""

    name: str
    form: Form
    troubles: tuple[str, ...] = ()
    is_outdated: bool = False


@dataclass(frozen=True)
class Doing:
    """Who changes the catalogue of which unit, and what they looked at when they did."""

    session: Session
    owner: Unit
    actor: Actor
    now: datetime
    seen: int


@area.get("")
def page() -> ResponseReturnValue:
    """The catalogue of the person's own unit, or of the one that was chosen."""
    return _shown(request.args.get("unit"))


@area.get("/<code>")
def one(code: str) -> ResponseReturnValue:
    """The catalogue of a unit below it."""
    return _shown(code)


@area.get("/<code>/export")
def export(code: str) -> ResponseReturnValue:
    """A version as a file that spreadsheet programs open, the one in use unless another is named."""
    with runtime().transaction() as session:
        owner = units.one(session, person().actor, code) or abort(404)
        try:
            number = request.args.get("version", type=int)
            current = catalogue.in_use(session, owner)
            version = (current or abort(404)) if number is None else catalogue.version(session, owner, number)
        except NoSuchVersionError:
            abort(404)
        content, name = catalogue.written(session, version), f"catalogue-{owner.code}-{version.number}.csv"
    # With a byte order mark, without which a spreadsheet takes Chinese for something else.
    answer = Response(content.encode("utf-8-sig"), content_type="text/csv; charset=utf-8")
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


@area.post("/<code>/rows")
def set_row(code: str) -> ResponseReturnValue:
    """Add a row, or put it in the place of the one for the same orders."""
    form = RowForm()
    with runtime().transaction() as session:
        form.offer(unit_choices(session))
    return _change(code, "row", form, partial(_set_row, form=form))


def _set_row(doing: Doing, form: RowForm) -> str:
    chosen = {code: _unit(doing.session, code) for code in [form.unit.data, *form.assisting.data]}
    assisting = tuple(chosen[said] for said in form.assisting.data)
    place = _unit(doing.session, form.place.data) if form.place.data else None
    category = Category(form.category.data) if form.category.data else None
    row = NewRow(category, place, chosen[form.unit.data], assisting)
    made = catalogue.set_row(doing.session, doing.owner, row, form.note.data, doing.actor, doing.now, doing.seen)
    return _in_use(made.number)


@area.post("/<code>/rows/<row:row_id>/drop")
def drop_row(code: str, row_id: int) -> ResponseReturnValue:
    """Do without a row."""

    def drop(doing: Doing) -> str:
        note, seen = form.note.data, doing.seen
        made = catalogue.drop_row(doing.session, doing.owner, row_id, note, doing.actor, doing.now, seen)
        return _in_use(made.number)

    form = ChangeForm()
    return _change(code, "drop", form, drop)


@area.post("/<code>/import")
def bring_in(code: str) -> ResponseReturnValue:
    """Make a file the next version, as a whole or not at all."""
    form = FileForm()
    return _change(code, "file", form, partial(_bring_in, form=form))


def _bring_in(doing: Doing, form: FileForm) -> str:
    name, content = form.file.data.filename, form.file.data.read()
    made = catalogue.bring_in(
        doing.session, doing.owner, name, content, form.note.data, doing.actor, doing.now, doing.seen
    )
    said = _in_use(made.version.number)
    if not made.unstaffed:
        return said
    names = pgettext("between the parts of a list", ", ").join(unit.name for unit in made.unstaffed)
    unstaffed = gettext("Nobody could sign for an order at: %(units)s.", units=names)
    return f"{said} {unstaffed}"


@area.post("/<code>/versions/<row:number>/use")
def use(code: str, number: int) -> ResponseReturnValue:
    """Put a version back in use."""

    def put_back(doing: Doing) -> str:
        version = catalogue.version(doing.session, doing.owner, number)
        catalogue.use(doing.session, doing.owner, version, form.note.data, doing.actor, doing.now, doing.seen)
        return _in_use(number)

    form = ChangeForm()
    return _change(code, f"use-{number}", form, put_back)


@area.post("/<code>/off")
def do_without(code: str) -> ResponseReturnValue:
    """Go without a catalogue of the unit's own."""

    def go_without(doing: Doing) -> str:
        catalogue.use(doing.session, doing.owner, None, form.note.data, doing.actor, doing.now, doing.seen)
        return str(gettext("This unit has no catalogue of its own in use any more."))

    form = ChangeForm()
    return _change(code, "off", form, go_without)


@area.post("/<code>/automatic")
def set_automatic(code: str) -> ResponseReturnValue:
    """Let reviewed orders go by themselves, or not."""
    held, actor, form = runtime(), person().actor, AutomaticForm()
    if not form.validate():
        return _shown(code, Refused("automatic", form)), 422
    with held.transaction() as session:
        owner = units.one(session, actor, code) or abort(404)
        wanted: dict[str, Any] = {"is_on": form.is_on.data, "confidence": form.percent.data / 100}
        policies.set_automatic(session, owner, **wanted, actor=actor, now=held.now())
    flash(gettext("Automatic dispatch is on.") if form.is_on.data else gettext("Automatic dispatch is off."))
    return redirect(url_for("catalogue.one", code=code))


def _change(code: str, name: str, form: ChangeForm, act: Callable[[Doing], str]) -> ResponseReturnValue:
    """Change the catalogue and say what was done; what cannot be done is shown with the form."""
    held, actor, refused = runtime(), person().actor, Refused(name, form)
    if not form.validate():
        return _shown(code, refused), 422
    seen = form.seen_number
    if seen is None:
        abort(400)
    try:
        with held.transaction() as session:
            owner = units.one(session, actor, code) or abort(404)
            said = act(Doing(session, owner, actor, held.now(), seen))
    except CatalogueChangedError:
        return _shown(code, replace(refused, is_outdated=True)), 409
    except UnusableRowsError as error:
        return _shown(code, replace(refused, troubles=tuple(map(row_words, error.troubles)))), 422
    except UnusableCatalogueError as error:
        return _shown(code, replace(refused, troubles=(wrong_words(str(error)),))), 422
    except (NoSuchVersionError, CatalogueUnitError):
        abort(404)
    flash(said)
    return redirect(url_for("catalogue.one", code=code))


def _in_use(number: int) -> str:
    return str(gettext("Version %(number)d is in use from now on.", number=number))


def _unit(session: Session, code: str) -> Unit:
    return organisation.unit_by_code(session, code) or abort(404)


def _shown(code: str | None, refused: Refused | None = None) -> str:
    actor, is_asked = person().actor, "ask" in request.args
    shown = request.args.get("show", "")
    wanted = Wanted(
        category=Category(shown) if shown in set(Category) else None,
        page=page_number(),
        before=request.args.get("before", type=int),
    )
    with runtime().transaction() as session:
        owner = units.one(session, actor, code) or abort(404)
        found = desk.overview(session, actor, owner, wanted)
        ask = asked(found.units, request.args if is_asked else None)
        preview = _preview(session, owner, ask) if is_asked and ask.validate() else None
        row = desk.row_of(session, owner, request.args.get("row", 0, type=int))
        forms = _forms(found, row, refused)
    return render_template(
        "catalogue.html",
        found=found,
        wanted=wanted,
        categories=Category,
        ask=ask,
        preview=preview,
        row=row,
        forms=forms,
        refused=refused,
    )


def _preview(session: Session, owner: Unit, ask: AskForm) -> Preview:
    category = Category(ask.category.data) if ask.category.data else None
    place = _unit(session, ask.place.data) if ask.place.data else None
    return desk.preview(session, owner, category, place)


def _forms(found: CatalogueDesk, row: CatalogueRow | None, refused: Refused | None) -> dict[str, Form]:
    """The forms of the page, the refused one with what was filled in."""
    automatic = found.automatic
    forms: dict[str, Form] = {
        "row": _row_form(found, row),
        "drop": ChangeForm(formdata=None),
        "file": FileForm(formdata=None),
        "off": ChangeForm(formdata=None),
        "automatic": AutomaticForm(formdata=None, is_on=automatic.is_on, percent=round(automatic.confidence * 100)),
        **{f"use-{told.version.number}": ChangeForm(formdata=None) for told in found.versions},
    }
    if refused is not None:
        forms[refused.name] = refused.form
    return forms


def _row_form(found: CatalogueDesk, row: CatalogueRow | None) -> RowForm:
    known = {
        "category": row.category or "",
        "place": row.place.code if row.place else "",
        "unit": row.unit.code,
        "assisting": [unit.code for unit in row.assisting],
    } if row else {}  # fmt: skip
    form = RowForm(formdata=None, data=known)
    form.offer(found.units)
    return form
