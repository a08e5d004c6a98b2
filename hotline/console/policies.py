"""The rules of a unit (规则设置): its limits and other figures, its working calendar, and emergency mode."""

from collections.abc import Callable
from datetime import date
from functools import partial

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from hotline.clock import YEARS
from hotline.console.person import person
from hotline.console.policy_forms import (
    SETTINGS,
    CalendarForm,
    ClosingForm,
    EmergencyForm,
    LimitsForm,
    SettingForm,
    limits_data,
)
from hotline.console.policy_words import (
    SETTING_WORDS,
    TABLE_WORDS,
    WEEKDAYS,
    always_words,
    element_words,
    limit_words,
)
from hotline.console.row_words import row_words
from hotline.console.words import word
from hotline.models import Unit
from hotline.rules.closing import Element
from hotline.rules.facts import Category, Urgency
from hotline.rules.policy import PolicyError
from hotline.rules.roles import Role
from hotline.services import calendar, emergency_mode, policies
from hotline.services.csv_files import UnusableRowsError
from hotline.services.desk import policies as desk
from hotline.services.desk import units
from hotline.services.desk.policies import TABLES, LimitsDesk
from hotline.services.emergency_mode import LONGEST, AlreadyOnError, NotOnError, UnusableEndError
from hotline.services.policies import NotSetError, PolicyChangedError
from hotline.web import runtime

area = Blueprint("policies", __name__, url_prefix="/policies")

_TAKE_BACK = "take_back"


@area.get("")
def page() -> str:
    """The limits and other figures of a unit, each with who set it."""
    with runtime().transaction() as session:
        found = desk.of_unit(session, person().actor, _unit(session), list(SETTINGS))
    return render_template(
        "policies.html",
        found=found,
        kinds=SETTINGS,
        setting_words=SETTING_WORDS,
        table_words=TABLE_WORDS,
        limit_words=limit_words,
        element_words=element_words,
        always=always_words(),
        sets=Role.ADMINISTRATOR in person().roles,
    )


@area.get("/limits/<table>/<urgency>")
def limits(table: str, urgency: str) -> str:
    """The form for the limits of one urgency."""
    _only_administrators()
    return _limits_page(table, urgency)


@area.post("/limits/<table>/<urgency>")
def set_limits(table: str, urgency: str) -> ResponseReturnValue:
    """Set the limits of one urgency, or take them all from above."""
    held, actor, form = runtime(), person().actor, LimitsForm()
    with held.transaction() as session:
        shown = _limits(session, _unit(session), table, urgency)
    form.offer(shown)

    def change(session: Session, unit: Unit, *, takes_back: bool) -> None:
        told = {} if takes_back else form.told()
        policies.set_limits(session, unit, table, shown.urgency, told, actor, held.now())

    return _change(form, partial(_limits_page, table, urgency, form), change)


@area.get("/settings/<key>")
def setting(key: str) -> str:
    """The form for one other figure."""
    _only_administrators()
    return _setting_page(key)


@area.post("/settings/<key>")
def set_setting(key: str) -> ResponseReturnValue:
    """Set one figure, or take it from above."""
    held, actor = runtime(), person().actor
    kind = SETTINGS.get(key) or abort(404)
    form = kind.form()

    def change(session: Session, unit: Unit, *, takes_back: bool) -> None:
        if takes_back:
            policies.unset_policy(session, unit, key, actor, held.now())
        else:
            policies.set_policy(session, unit, key, kind.told(form), actor, held.now())

    return _change(form, partial(_setting_page, key, form), change)


@area.get("/closing/<category>")
def closing(category: str) -> str:
    """The form for what a result needs besides in one category."""
    _only_administrators()
    return _closing_page(category)


@area.post("/closing/<category>")
def set_closing(category: str) -> ResponseReturnValue:
    """Say what a result needs besides in one category, or take that from above."""
    held, actor, form = runtime(), person().actor, ClosingForm()
    about = _category(category)

    def change(session: Session, unit: Unit, *, takes_back: bool) -> None:
        elements = None if takes_back else [Element(name) for name in form.elements.data]
        policies.set_closing(session, unit, about, elements, actor, held.now())

    return _change(form, partial(_closing_page, category, form), change)


@area.get("/calendar")
def working_calendar() -> str:
    """The special days of a year."""
    return _calendar_page()


@area.post("/calendar")
def bring_days_in() -> ResponseReturnValue:
    """Bring special days in out of a file; a row that cannot be used is named, and then nothing is brought in."""
    held, actor, form = runtime(), person().actor, CalendarForm()
    with held.transaction() as session:
        form.offer(_unit(session).name, everybody=actor.is_at_the_top)
    if not form.validate():
        return _calendar_page(form), 422
    name, content = form.file.data.filename or "", form.file.data.read()
    try:
        with held.transaction() as session:
            whose = None if form.whom.data == CalendarForm.EVERYBODY else _unit(session)
            brought = calendar.import_days(session, name, content, whose, actor, held.now())
    except UnusableRowsError as error:
        return _calendar_page(form, tuple(map(row_words, error.troubles))), 422
    flash(
        gettext(
            "%(added)d days added, %(changed)d changed, %(same)d as before.",
            added=brought.added,
            changed=brought.changed,
            same=brought.same,
        )
    )
    return redirect(url_for("policies.working_calendar", unit=request.form.get("unit")))


@area.post("/calendar/<day>/removal")
def remove_day(day: str) -> ResponseReturnValue:
    """Make a day an ordinary one again."""
    held, actor, when = runtime(), person().actor, _date(day)
    with held.transaction() as session:
        unit = _unit(session)
        whose = None if request.form.get("whom") == CalendarForm.EVERYBODY else unit
        is_removed = calendar.remove_day(session, when, whose, actor, held.now())
    flash(
        gettext("The day is an ordinary one again.") if is_removed else gettext("Somebody else has removed it already.")
    )
    return redirect(url_for("policies.working_calendar", unit=unit.code, year=when.year))


@area.get("/emergency-mode")
def emergency() -> str:
    """Whether emergency mode is on for a unit, and when it was."""
    return _emergency_page()


@area.post("/emergency-mode/on")
def switch_on() -> ResponseReturnValue:
    """Let the emergency limits count for a unit and all below it."""
    held, actor, form = runtime(), person().actor, EmergencyForm()
    if not form.validate():
        return _emergency_page(form), 422
    try:
        with held.transaction() as session:
            emergency_mode.switch_on(
                session,
                _unit(session),
                form.reason.data,
                form.until.moment,
                actor,
                held.now(),
                held.settings.zone,
                includes_open=form.includes_open.data,
            )
    except UnusableEndError:
        form.until.errors = [gettext("It ends later than now, and within %(days)d days.", days=LONGEST.days)]
        return _emergency_page(form), 422
    except AlreadyOnError:
        form.form_errors.append(gettext("Somebody else has switched it on meanwhile."))
        return _emergency_page(form), 409
    flash(gettext("Emergency mode is on."))
    return redirect(url_for("policies.emergency", unit=form.unit.data))


@area.post("/emergency-mode/off")
def switch_off() -> ResponseReturnValue:
    """End it before its time."""
    held, actor = runtime(), person().actor
    try:
        with held.transaction() as session:
            emergency_mode.switch_off(session, _unit(session), actor, held.now())
    except NotOnError:
        flash(gettext("Somebody else has switched it off already."))
    else:
        flash(gettext("Emergency mode is off."))
    return redirect(url_for("policies.emergency", unit=request.form.get("unit")))


def _unit(session: Session) -> Unit:
    """The unit asked for, the own one when none is named; outside the own subtree there is none."""
    return units.one(session, person().actor, request.values.get("unit")) or abort(404)


def _only_administrators() -> None:
    if Role.ADMINISTRATOR not in person().roles:
        abort(403)


def _limits(session: Session, unit: Unit, table: str, urgency: str) -> LimitsDesk:
    if table not in TABLES or urgency not in set(Urgency):
        abort(404)
    found = desk.of_unit(session, person().actor, unit, ())
    return next(each for each in found.tables[table] if each.urgency == urgency)


def _category(category: str) -> Category:
    return Category(category) if category in set(Category) else abort(404)


def _limits_page(table: str, urgency: str, refused: LimitsForm | None = None, *, is_outdated: bool = False) -> str:
    with runtime().transaction() as session:
        unit = _unit(session)
        shown, version = _limits(session, unit, table, urgency), policies.version(unit)
    form = refused or LimitsForm(formdata=None, data=limits_data(shown))
    form.offer(shown) if refused is None else None
    return render_template(
        "policy_limits.html",
        unit=unit,
        table=table,
        heading=TABLE_WORDS[table],
        shown=shown,
        form=form,
        version=version,
        is_outdated=is_outdated,
    )


def _setting_page(key: str, refused: SettingForm | None = None, *, is_outdated: bool = False) -> str:
    kind = SETTINGS.get(key) or abort(404)
    with runtime().transaction() as session:
        found = desk.of_unit(session, person().actor, _unit(session), (key,))
    shown = found.settings[key]
    form = refused or kind.form(formdata=None, data=kind.data(shown.value))
    return render_template(
        "policy_setting.html",
        unit=found.unit,
        shown=shown,
        told=kind.words(shown.value),
        heading=SETTING_WORDS[key],
        action=url_for("policies.set_setting", key=key),
        part="settings",
        form=form,
        version=found.version,
        is_outdated=is_outdated,
    )


def _closing_page(category: str, refused: ClosingForm | None = None, *, is_outdated: bool = False) -> str:
    about = _category(category)
    with runtime().transaction() as session:
        found = desk.of_unit(session, person().actor, _unit(session), ())
    shown = found.closing[about]
    return render_template(
        "policy_setting.html",
        unit=found.unit,
        shown=shown,
        told=element_words(shown.value),
        heading=(gettext("What a result needs: %(category)s", category=word(about)), always_words()),
        action=url_for("policies.set_closing", category=about),
        part="closing",
        form=refused or ClosingForm(formdata=None, elements=sorted(shown.value)),
        version=found.version,
        is_outdated=is_outdated,
    )


def _calendar_page(refused: CalendarForm | None = None, troubles: tuple[str, ...] = ()) -> str:
    held, actor = runtime(), person().actor
    today = held.now().astimezone(held.settings.zone).date()
    year = request.args.get("year", today.year, type=int)
    if year not in YEARS:
        abort(404)
    with held.transaction() as session:
        found = desk.calendar_of(session, actor, _unit(session), year)
    form = refused or CalendarForm(formdata=None, whom="unit")
    form.offer(found.unit.name, everybody=actor.is_at_the_top)
    return render_template(
        "policy_calendar.html",
        found=found,
        form=form,
        troubles=troubles,
        sets=Role.ADMINISTRATOR in actor.roles,
        is_top=actor.is_at_the_top,
        weekdays=WEEKDAYS,
    )


def _emergency_page(refused: EmergencyForm | None = None) -> str:
    held = runtime()
    with held.transaction() as session:
        found = desk.emergency_of(session, person().actor, _unit(session), held.now())
    return render_template("policy_emergency.html", found=found, form=refused or EmergencyForm(formdata=None))


def _change(form: SettingForm, page: Callable[..., str], change: Callable[..., None]) -> ResponseReturnValue:
    """Have the unit set what was filled in, or take it from above; what cannot be is shown with the form."""
    takes_back = request.form.get("do") == _TAKE_BACK
    if not takes_back and not form.validate():
        return page(), 422
    try:
        with runtime().transaction() as session:
            unit = _unit(session)
            policies.lock(session, unit, form.seen.data or "")
            change(session, unit, takes_back=takes_back)
    except (PolicyChangedError, NotSetError):
        return page(is_outdated=True), 409
    except PolicyError as error:
        form.refuse(error)
        return page(), 422
    flash(gettext("Kept. Limits that run already stay as they were given."))
    return redirect(url_for("policies.page", unit=request.form.get("unit")))


def _date(said: str) -> date:
    try:
        return date.fromisoformat(said)
    except ValueError:
        abort(404)
