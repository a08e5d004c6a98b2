"""The people of one's part of the organisation: who they are, what they may, and what depends on each of them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from hotline.console.forms import Form
from hotline.console.lists import asked_place
from hotline.console.people_forms import AddForm, DetailsForm, PhoneForm, SeenForm
from hotline.console.person import person
from hotline.models import User
from hotline.rules.roles import Role
from hotline.services import accounts, people
from hotline.services.access import Actor, require_role
from hotline.services.accounts import LoginTakenError, UnusableNameError, UnusablePhoneError
from hotline.services.desk import people as desk
from hotline.services.desk import units
from hotline.services.desk.people import PeopleWanted
from hotline.services.people import Details, OwnAccountError, PersonChangedError
from hotline.web import runtime

area = Blueprint("people", __name__, url_prefix="/people")


@dataclass(frozen=True)
class Refused:
    """A form that was not accepted, to be shown again with what was filled in; `name` says which one it is."""

    name: str
    form: Form
    is_outdated: bool = False


@area.get("")
def page() -> str:
    """The people of the unit and below it, unit by unit."""
    asked, actor = request.args, person().actor
    role, code = asked.get("role", ""), asked.get("unit", "")
    with runtime().transaction() as session:
        wanted = PeopleWanted(
            words=asked.get("words", "").strip(),
            role=Role(role) if role in set(Role) else None,
            ended_too="ended" in asked,
            unit=(units.one(session, actor, code) or abort(404)) if code else None,
            place=asked_place(),
        )
        found = desk.listed(session, actor, wanted)
    return render_template("people.html", found=found, wanted=wanted, roles=Role)


@area.get("/add")
def new() -> str:
    """The form for a new person."""
    require_role(person().actor, Role.ADMINISTRATOR)
    form = AddForm(formdata=None, unit=request.args.get("unit"))
    return _add_page(form)


@area.post("/add")
def add() -> ResponseReturnValue:
    """Make a person; the password is told this once."""
    held, form, password = runtime(), AddForm(), accounts.made_up_password()
    _offer(form)
    if not form.validate():
        return _add_page(form), 422
    try:
        with held.transaction() as session:
            user = _make(session, form, password, person().actor, held.now())
            user_id = user.id
    except LoginTakenError:
        form.login.errors = [gettext("Somebody has this user name already.")]
    except UnusableNameError:
        form.name.errors = [gettext("A character in it cannot be shown.")]
    except UnusablePhoneError:
        form.phone.errors = [_no_telephone()]
    else:
        return _shown(user_id, password=password)
    return _add_page(form), 422


def _make(session: Session, form: AddForm, password: str, actor: Actor, now: datetime) -> User:
    unit = units.one(session, actor, form.unit.data) or abort(404)
    roles = form.chosen_roles
    user = accounts.create_user(session, form.login.data, form.name.data, password, unit, roles, actor, now)
    if form.phone.data:
        people.set_phone(session, user, form.phone.data, actor, now)
    return user


@area.get("/<row:user_id>")
def one(user_id: int) -> str:
    """One person."""
    return _shown(user_id)


@area.post("/<row:user_id>")
def change(user_id: int) -> ResponseReturnValue:
    """Give the person another name, unit or other roles."""
    form = DetailsForm()
    _offer(form)

    def act(session: Session, user: User, actor: Actor, now: datetime) -> None:
        unit = units.one(session, actor, form.unit.data) or abort(404)
        people.change(session, user, Details(form.name.data, unit, form.chosen_roles), actor, now, form.seen.data)

    return _do(user_id, Refused("details", form), act)


@area.post("/<row:user_id>/phone")
def set_phone(user_id: int) -> ResponseReturnValue:
    """Say where the person is rung when on duty."""
    form = PhoneForm()
    return _do(
        user_id,
        Refused("phone", form),
        lambda session, user, actor, now: people.set_phone(session, user, form.phone.data, actor, now),
    )


@area.post("/<row:user_id>/phone/take-back")
def take_phone_back(user_id: int) -> ResponseReturnValue:
    """Have the person rung nowhere."""
    return _do(
        user_id,
        Refused("take-back", SeenForm()),
        lambda session, user, actor, now: people.set_phone(session, user, None, actor, now),
    )


@area.post("/<row:user_id>/password")
def set_password(user_id: int) -> ResponseReturnValue:
    """Give the person a new password, which is told this once."""
    held, actor, password = runtime(), person().actor, accounts.made_up_password()
    try:
        with held.transaction() as session:
            user = desk.seen(session, actor, user_id) or abort(404)
            people.set_password(session, user, password, actor, held.now())
    except OwnAccountError:
        form = SeenForm()
        form.form_errors.append(str(gettext("You change your own password under “My password”.")))
        return _shown(user_id, Refused("password", form)), 422
    return _shown(user_id, password=password)


@area.post("/<row:user_id>/end")
def end(user_id: int) -> ResponseReturnValue:
    """Put the person out of service."""
    form = SeenForm()
    return _do(
        user_id,
        Refused("end", form),
        lambda session, user, actor, now: people.end(session, user, actor, now, form.seen.data),
    )


@area.post("/<row:user_id>/let-in")
def let_in(user_id: int) -> ResponseReturnValue:
    """Let the person sign in again."""
    form = SeenForm()
    return _do(
        user_id,
        Refused("let-in", form),
        lambda session, user, actor, now: people.let_in(session, user, actor, now, form.seen.data),
    )


def _do(user_id: int, refused: Refused, act: Callable[[Session, User, Actor, datetime], None]) -> ResponseReturnValue:
    """Change a person; what cannot be done is shown with the form."""
    held, actor, form = runtime(), person().actor, refused.form
    if not form.validate():
        return _shown(user_id, refused), 422
    try:
        with held.transaction() as session:
            act(session, desk.seen(session, actor, user_id) or abort(404), actor, held.now())
    except PersonChangedError:
        return _shown(user_id, Refused(refused.name, form, is_outdated=True)), 409
    except OwnAccountError:
        form.form_errors.append(_own_account())
    except UnusableNameError:
        form.name.errors = [gettext("A character in it cannot be shown.")]
    except UnusablePhoneError:
        form.phone.errors = [_no_telephone()]
    else:
        flash(gettext("Kept."))
        return redirect(url_for("people.one", user_id=user_id))
    return _shown(user_id, refused), 422


def _own_account() -> str:
    said = gettext("Nobody ends or moves themselves, or gives up being an administrator: please ask a colleague.")
    return str(said)


def _no_telephone() -> str:
    return str(gettext("No telephone has this number: a digit is missing, or the area code."))


def _offer(form: DetailsForm) -> None:
    """Set the units to choose from, among them the one that is chosen."""
    with runtime().transaction() as session:
        form.offer(units.choices(session, person().actor, form.unit.data))


def _add_page(form: AddForm) -> str:
    _offer(form)
    return render_template("person_new.html", form=form)


def _shown(user_id: int, refused: Refused | None = None, password: str | None = None) -> str:
    held, actor = runtime(), person().actor
    with held.transaction() as session:
        found = desk.one(session, actor, user_id, held.now()) or abort(404)
        state = people.state_of(found.user)
    forms = _forms(found.user, refused)
    return render_template(
        "person.html", found=found, user=found.user, state=state, forms=forms, refused=refused, password=password
    )


def _forms(user: User, refused: Refused | None) -> dict[str, Form]:
    """The forms of the page, the refused one with what was filled in."""
    known = {"name": user.name, "unit": user.unit.code, "roles": sorted(user.roles)}
    details = DetailsForm(formdata=None, data=known)
    if refused is not None and isinstance(refused.form, DetailsForm) and not refused.is_outdated:
        details = refused.form
    _offer(details)
    phone = refused.form if refused is not None and refused.name == "phone" else PhoneForm(formdata=None)
    return {"details": details, "phone": phone}
