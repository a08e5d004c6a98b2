"""Signing in and out, and the choice of language: the pages that are open to everybody."""

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user, login_user, logout_user

from hotline.console import languages
from hotline.console.forms import LogInForm
from hotline.console.person import begin_sign_in, person, person_of
from hotline.services import accounts
from hotline.web import runtime

area = Blueprint("signing", __name__)


@area.get("/login")
def log_in_page() -> ResponseReturnValue:
    """The form."""
    if current_user.is_authenticated:
        return redirect(url_for("start.page"))
    return render_template("login.html", form=LogInForm(formdata=None))


@area.post("/login")
def log_in() -> ResponseReturnValue:
    """Check name and password; which of them was wrong is not told."""
    form, held = LogInForm(), runtime()
    if not form.validate():
        return render_template("login.html", form=form), 422
    with held.transaction() as database:
        user = accounts.sign_in(database, form.login.data, form.password.data, held.now())
        known = person_of(user) if user else None
    if known is None:
        form.login.errors = [gettext("User name or password is wrong.")]
        return render_template("login.html", form=form), 401
    kept = session.get(languages.SESSION_KEY)
    session.clear()
    begin_sign_in(held.now())
    if kept:
        session[languages.SESSION_KEY] = kept
    login_user(known)
    return redirect(own_address(request.args.get("next")) or url_for("start.page"))


@area.post("/logout")
def log_out() -> ResponseReturnValue:
    """Leave this browser."""
    if current_user.is_authenticated:
        held = runtime()
        with held.transaction() as database:
            accounts.sign_out(database, person().actor, held.now())
        logout_user()
        session.clear()
        flash(gettext("You are signed out."))
    return redirect(url_for("signing.log_in_page"))


@area.post("/language")
def choose_language() -> ResponseReturnValue:
    """Read the console in another language from now on, wherever this person signs in."""
    chosen = request.form.get("language", "")
    if chosen in languages.CATALOGUES:
        session[languages.SESSION_KEY] = chosen
        if current_user.is_authenticated:
            with runtime().transaction() as database:
                accounts.set_language(database, person().actor, chosen)
    return redirect(own_address(request.form.get("next")) or url_for("start.page"))


def own_address(wanted: str | None) -> str | None:
    """A path of ours, to go on to; nothing that could lead to another host."""
    if (
        not wanted
        or not wanted.startswith("/")
        or wanted.startswith("//")
        or "\\" in wanted
        or not wanted.isprintable()
    ):
        return None
    return wanted
