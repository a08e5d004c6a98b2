"""Puts the public pages on the application, and limits how often one address on the net may use them."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, request

from hotline.public import photos
from hotline.public.pages import area
from hotline.public.words import dialled
from hotline.settings import Settings
from hotline.web import make_limiter

# Nobody guesses an address of 256 bits; this keeps whoever tries from being a burden.
_WRONG_ADDRESSES = "60 per hour"
_WORDS = "60 per hour"


def install_public(app: Flask, settings: Settings) -> None:
    """Pages for everybody; the console's own protection goes over them too."""
    app.register_blueprint(area)
    app.jinja_env.filters["dialled"] = dialled
    limiter = make_limiter(app, settings, "hotline-public")

    for endpoint, limit in (
        ("public.ask", limiter.limit(settings.public_form_limits)),
        ("public.write", limiter.limit(_WORDS)),
        ("public.status", limiter.limit(_WRONG_ADDRESSES, deduct_when=_leads_nowhere)),
    ):
        limited: Callable[..., Any] = app.view_functions[endpoint]
        app.view_functions[endpoint] = limit(limited)

    gate = photos.Gate()

    @app.before_request
    def set_largest() -> None:
        """After the limits, and before the form's token is looked for, which reads the whole request."""
        if request.endpoint == "public.ask":
            gate.admit()

    app.teardown_request(gate.leave)

    @app.after_request
    def give_back(response: Response) -> Response:
        """A form that was not taken, since something was missing, is sent again; what cost us work counts."""
        if request.endpoint == "public.ask" and response.status_code not in _COUNTED and not photos.was_work():
            for counted in limiter.current_limits:
                counted.limiter.hit(counted.limit, *counted.request_args, cost=-1)
        return response


def _leads_nowhere(response: Response) -> bool:
    return response.status_code == HTTPStatus.NOT_FOUND


_COUNTED = frozenset({HTTPStatus.SEE_OTHER, HTTPStatus.TOO_MANY_REQUESTS})
