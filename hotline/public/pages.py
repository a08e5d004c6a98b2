"""The form, and the page of one matter; whoever has the address may open them."""

from http import HTTPStatus

from flask import Blueprint, Response, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import NotFound

from hotline.public import photos, words
from hotline.public.forms import HelpForm, WordForm, new_key
from hotline.rules.survey_states import Step
from hotline.services import status_pages, web_forms
from hotline.services.attachments import UnusableFileError
from hotline.services.web_forms import Place, WebForm
from hotline.web import runtime

area = Blueprint("public", __name__, template_folder="templates")
# What was sent is refused before it is read.
_UNREAD = frozenset({HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.SERVICE_UNAVAILABLE})


@area.get("/help")
@area.get("/help/<code>")
def help_page(code: str | None = None) -> str:
    """The form, of the topmost unit or of that of the code."""
    return _form(_place(code), HelpForm(formdata=None, key=new_key()))


@area.post("/help")
@area.post("/help/<code>")
def ask(code: str | None = None) -> ResponseReturnValue:
    """Take a request in, and lead to its page."""
    place, form, held = _place(code), HelpForm(), runtime()
    if not form.validate():
        return _form(place, form), HTTPStatus.UNPROCESSABLE_ENTITY
    try:
        photo = photos.looked_at(form.photo.data)
    except UnusableFileError as error:
        form.photo.errors = [words.photo_trouble(error.trouble)]
        return _form(place, form), HTTPStatus.UNPROCESSABLE_ENTITY
    filled = WebForm(
        key=form.own_key,
        unit_id=place.unit_id,
        text=form.text.data,
        address=form.address.data or "",
        caller_name=form.caller_name.data or "",
        phone=form.phone.data or "",
        wants_text=form.by_text.data,
    )
    with held.transaction() as session:
        order = web_forms.take(session, filled, held.status_page, held.now(), held.settings.zone)
        token = order.status_token or ""
    if photo is not None:
        photos.attach(token, photo)
    return redirect(f"{held.status_page(token)}?new=1", HTTPStatus.SEE_OTHER)


@area.get("/s/<token>")
def status(token: str) -> str:
    """How the matter stands."""
    return _status(token, WordForm(formdata=None, key=new_key()))


@area.post("/s/<token>")
def write(token: str) -> ResponseReturnValue:
    """An answer to the question on the page, or more about the matter."""
    form, held = WordForm(), runtime()
    if not form.validate():
        return _status(token, form), HTTPStatus.UNPROCESSABLE_ENTITY
    with held.transaction() as session:
        asked = Step(form.asked.data) if form.asked.data in set(Step) else None
        is_kept = status_pages.write(session, token, form.said, form.own_key, asked, held.now(), held.settings.zone)
    if is_kept is None:
        abort(HTTPStatus.NOT_FOUND)
    if not is_kept:
        notice = gettext("Nothing was sent: how the matter stands has changed meanwhile. Please look at it once more.")
        return _status(token, form, notice), HTTPStatus.CONFLICT
    return redirect(f"{held.status_page(token)}?new=1", HTTPStatus.SEE_OTHER)


@area.after_request
def keep_off(response: Response) -> Response:
    """No search engine lists what only its reader should find."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response


@area.errorhandler(HTTPStatus.NOT_FOUND)
def not_there(_error: Exception) -> ResponseReturnValue:
    """The same words whatever was asked for."""
    return _plain(
        HTTPStatus.NOT_FOUND, gettext("No such page"), gettext("Please check the address, to its last letter.")
    )


@area.errorhandler(HTTPStatus.TOO_MANY_REQUESTS)
def too_many(_error: Exception) -> ResponseReturnValue:
    """Whoever is held up is told how else to reach us, and loses no words."""
    advice = gettext("Too much was sent from your network. Please try again in an hour, or ring the hotline.")
    return _plain(HTTPStatus.TOO_MANY_REQUESTS, gettext("Please wait a little"), advice)


@area.errorhandler(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
def too_large(_error: Exception) -> ResponseReturnValue:
    """More than any person writes."""
    return _plain(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, gettext("Too large"), gettext("What was sent is larger than we take.")
    )


@area.errorhandler(HTTPStatus.SERVICE_UNAVAILABLE)
def busy(_error: Exception) -> ResponseReturnValue:
    """Other people's photos are arriving; words alone are always taken."""
    advice = gettext(
        "Too many photos are arriving at once. Please go back and try again in a moment, or send it without the photo."
    )
    return _plain(HTTPStatus.SERVICE_UNAVAILABLE, gettext("Please wait a little"), advice)


@area.errorhandler(CSRFError)
def expired(_error: Exception) -> ResponseReturnValue:
    """The browser was closed in between, or keeps no cookies: one more click, and nothing typed is lost."""
    notice = gettext("Nothing was sent yet, since this page was open for long. Please press the button once more.")
    told = request.view_args or {}
    try:
        again = (
            _form_again(told.get("code"), notice) if "token" not in told else _status(told["token"], WordForm(), notice)
        )
    except NotFound:
        return _plain(
            HTTPStatus.BAD_REQUEST, gettext("No such page"), gettext("Please check the address, to its last letter.")
        )
    return again, HTTPStatus.BAD_REQUEST


def _form_again(code: str | None, notice: str) -> str:
    return _form(_place(code), HelpForm(), notice)


def _place(code: str | None) -> Place:
    with runtime().transaction() as session:
        return web_forms.place_of(session, code) or abort(HTTPStatus.NOT_FOUND)


def _form(place: Place, form: HelpForm, notice: str = "") -> str:
    return render_template("public/help.html", place=place, form=form, notice=notice)


def _status(token: str, form: WordForm, notice: str = "") -> str:
    held = runtime()
    with held.transaction() as session:
        found = status_pages.page(session, token, held.now()) or abort(HTTPStatus.NOT_FOUND)
    return render_template(
        "public/status.html",
        found=found,
        form=form,
        notice=notice,
        is_new="new" in request.args,
        steps=words.STEPS,
        questions=words.QUESTIONS,
        figures=words.FIGURES.get(found.question, {}) if found.question else {},
        state_words=words.state_words,
        days=status_pages.TOLD_FOR.days,
    )


def _plain(code: HTTPStatus, heading: str, advice: str) -> ResponseReturnValue:
    typed = request.form.get("text", "") if code not in _UNREAD else ""
    return render_template("public/plain.html", code=code, heading=heading, advice=advice, typed=typed), code
