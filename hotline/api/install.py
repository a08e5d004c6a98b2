"""Puts the interface on the application, and limits how often one address on the net may ask."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask import Flask, Response

from hotline.api.transfers import api
from hotline.settings import Settings
from hotline.web import make_limiter

# More than any platform has orders; and fewer than anybody needs to guess a token of 256 bits.
_REQUESTS = "600 per minute"
_WRONG_TOKENS = "30 per minute"


def install_api(app: Flask, settings: Settings) -> None:
    """Addresses below /api/v1, each of which asks for a token."""
    app.register_blueprint(api)
    limiter = make_limiter(app, settings, "hotline-api")
    for endpoint in [name for name in app.view_functions if name.startswith(f"{api.name}.")]:
        view: Callable[..., Any] = app.view_functions[endpoint]
        guessing = limiter.limit(_WRONG_TOKENS, deduct_when=_is_guess)
        app.view_functions[endpoint] = limiter.limit(_REQUESTS)(guessing(view))


def _is_guess(response: Response) -> bool:
    return response.status_code == HTTPStatus.UNAUTHORIZED
