"""What a person sees when something cannot be shown or done."""

from collections.abc import Callable, Mapping

from flask import Flask, current_app, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import LazyString, lazy_gettext
from flask_wtf.csrf import CSRFError
from psycopg.errors import DeadlockDetected, SerializationFailure
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException, SecurityError

from hotline.console.areas import OPEN_AREAS, WHO_OPENS
from hotline.rules.machine import ImpossibleMoveError
from hotline.services.access import NotAllowedError

_ = lazy_gettext

# Heading and what to do about it.
PAGES: Mapping[int, tuple[LazyString, LazyString]] = {
    400: (_("This request makes no sense"), _("Go back, load the page again and try once more.")),
    403: (_("Not for you"), _("Your roles do not allow this. If they should, ask your administrator.")),
    404: (_("No such page"), _("There is no such page, or it is about something outside your unit.")),
    405: (_("No such page"), _("There is no such page, or it is about something outside your unit.")),
    409: (_("Changed meanwhile"), _("Somebody was quicker. Load the page again to see how it stands.")),
    413: (_("Too large"), _("What was sent is larger than we take. Send smaller files, or one after the other.")),
    416: (_("No such part"), _("The recording has no such part.")),
    429: (_("Too many attempts"), _("Please wait a few minutes before you try again.")),
}
# What services and database raise, and the page it is answered with.
_ANSWERS: Mapping[type[Exception], int] = {
    NotAllowedError: 403,
    ImpossibleMoveError: 409,
    StaleDataError: 409,
    DataError: 400,  # a character or number that the database cannot hold: nobody writes one who uses our pages
}
_EXPIRED = (_("The form has expired"), _("Load the page again; you may have signed in anew in between."))


def install_errors(app: Flask) -> None:
    """Answer errors of pages with pages; others answer theirs themselves."""
    for code in PAGES:
        app.register_error_handler(code, _page)
    app.register_error_handler(500, _fault)
    app.register_error_handler(CSRFError, _expired)
    app.register_error_handler(SecurityError, _as_it_is)
    for raised, code in _ANSWERS.items():
        app.register_error_handler(raised, _answer(code))
    app.register_error_handler(OperationalError, _quicker)


def _page(error: HTTPException) -> ResponseReturnValue:
    if not _is_page():
        return error
    code = error.code or 500
    return _rendered(code, *PAGES[code]), code


def _answer(code: int) -> Callable[[Exception], ResponseReturnValue]:
    def answer(error: Exception) -> ResponseReturnValue:
        if not _is_page():
            raise error
        return _rendered(code, *PAGES[code]), code

    return answer


def _quicker(error: OperationalError) -> ResponseReturnValue:
    """Two people in each other's way, of whom the database let one go first; all else is a fault."""
    if not isinstance(error.orig, DeadlockDetected | SerializationFailure):
        raise error
    return _answer(409)(error)


def _is_page() -> bool:
    return request.blueprint is None or request.blueprint in {*WHO_OPENS, *OPEN_AREAS}


def _as_it_is(error: HTTPException) -> ResponseReturnValue:
    # Asked for under a host's name that is none of ours: no page of ours has an address there.
    return error


def _fault(_error: Exception) -> ResponseReturnValue:
    # Not in the layout, which asks the database who looks at it.
    return current_app.jinja_env.get_template("fault.html").render(), 500


def _expired(_error: Exception) -> ResponseReturnValue:
    return _rendered(400, *_EXPIRED), 400


def _rendered(code: int, heading: LazyString, advice: LazyString) -> str:
    return render_template("error.html", code=code, heading=heading, advice=advice)
