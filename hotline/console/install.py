"""Puts the console on the application: pages, who may open them, languages, and what a browser is allowed to do."""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

from flask import Flask, Response, abort, request
from flask.typing import ResponseReturnValue
from flask_babel import Babel
from flask_login import LoginManager, current_user
from flask_talisman import Talisman
from flask_wtf import CSRFProtect

from hotline.console import (
    account,
    attachments,
    audit,
    calls,
    catalogue,
    connections,
    entry,
    errors,
    events,
    learning,
    orders,
    people,
    policies,
    recordings,
    roster,
    signing,
    start,
    supervision,
    surveys,
    transfers,
    troubles,
    units,
    uploads,
)
from hotline.console.areas import OPEN_AREAS, SIGNED_AREAS, WHO_OPENS, is_open, may_open
from hotline.console.languages import CATALOGUES, DEFAULT, chosen_catalogue
from hotline.console.layout import install_layout
from hotline.console.lists import RowConverter
from hotline.console.person import WORKING_DAY, load_person
from hotline.settings import Settings
from hotline.web import address_of_sender, make_limiter

_AREAS = (
    signing,
    start,
    account,
    calls,
    entry,
    orders,
    recordings,
    attachments,
    surveys,
    supervision,
    events,
    roster,
    transfers,
    catalogue,
    policies,
    people,
    units,
    connections,
    troubles,
    learning,
    audit,
)
_TRANSLATIONS = Path(__file__).parent / "translations"
_LARGEST_REQUEST = 1024 * 1024
_A_YEAR_S = 365 * 24 * 3600
# Attempts to sign in that may fail within 15 minutes, under one name from one address.
ATTEMPTS = 10
_ATTEMPTS_BY_NAME = f"{ATTEMPTS} per 15 minutes"
_ATTEMPTS_BY_ADDRESS = "60 per 15 minutes"
_GUESSED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS})

_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "media-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


def install_console(app: Flask, settings: Settings) -> None:
    """Put the pages on the application; the signed webhooks are there before."""
    _configure(app, settings)
    app.url_map.converters["row"] = RowConverter
    install_layout(app)
    for area in _AREAS:
        app.register_blueprint(area.area)
    errors.install_errors(app)
    Babel(
        app,
        default_locale=CATALOGUES[DEFAULT],
        default_translation_directories=str(_TRANSLATIONS),
        locale_selector=chosen_catalogue,
    )
    _know_people(app)
    _limit_attempts(app, settings)
    _protect(app, settings)


def _configure(app: Flask, settings: Settings) -> None:
    app.secret_key = settings.secret_key.get_secret_value()
    app.config.update(
        SECRET_KEY_FALLBACKS=[key.get_secret_value() for key in settings.secret_key_fallbacks],
        TRUSTED_HOSTS=[host for host in (settings.public_base_url.host, *settings.trusted_hosts) if host],
        MAX_CONTENT_LENGTH=_LARGEST_REQUEST,
        PERMANENT_SESSION_LIFETIME=WORKING_DAY,
        SESSION_REFRESH_EACH_REQUEST=False,  # a page that refreshes itself keeps nobody signed in
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.session_cookie_secure,
        SEND_FILE_MAX_AGE_DEFAULT=_A_YEAR_S,  # their addresses change with their content
        WTF_CSRF_TIME_LIMIT=None,  # a page may stand open all day; the token lives as long as the sign-in
        BABEL_DEFAULT_TIMEZONE=settings.time_zone,
    )


def _know_people(app: Flask) -> None:
    manager = LoginManager(app)
    manager.login_view = "signing.log_in_page"
    manager.login_message = None
    manager.user_loader(load_person)

    @app.before_request
    def check_roles() -> ResponseReturnValue | None:
        """Let nobody into an area whom the table does not name; an address that leads nowhere is told as that."""
        if request.endpoint is None or is_open(request.endpoint):
            return None
        if not current_user.is_authenticated:
            # A page that refreshes itself asks to be told, not led to the form.
            return abort(401) if "X-Refresh" in request.headers else manager.unauthorized()  # type: ignore[no-any-return]
        if not may_open(request.blueprint or "", current_user.actor):
            abort(403)
        if request.endpoint in uploads.TAKES_FILES:
            uploads.expect_files()
        return None


def _limit_attempts(app: Flask, settings: Settings) -> None:
    """Slow down who guesses passwords; counted in Redis, or in each process while Redis is away.

    Counted by name and address together, so that nobody can lock out somebody else; and before the password is
    looked at, so that many guesses at once are no way around. What was no failure is given back afterwards.
    """
    limiter = make_limiter(app, settings, "hotline-sign-in")
    for endpoint, limit, key in _LIMITED:
        limited: Callable[..., Any] = app.view_functions[endpoint]
        app.view_functions[endpoint] = limiter.limit(limit, key_func=key)(limited)
    guessed_at = {endpoint for endpoint, _limit, _key in _LIMITED}

    @app.after_request
    def give_back(response: Response) -> Response:
        """Signing in, or leaving a field empty, guesses nothing."""
        if request.endpoint in guessed_at and response.status_code not in _GUESSED:
            for counted in limiter.current_limits:
                counted.limiter.hit(counted.limit, *counted.request_args, cost=-1)
        return response


def _name_and_address() -> str:
    return f"{request.form.get('login', '').strip().lower()} {address_of_sender()}"


def _whoever_is_signed_in() -> str:
    return f"own password {current_user.id}"


# Where a password can be guessed, and by what the attempts are counted.
_LIMITED: Sequence[tuple[str, str, Callable[[], str]]] = (
    ("signing.log_in", _ATTEMPTS_BY_NAME, _name_and_address),
    ("signing.log_in", _ATTEMPTS_BY_ADDRESS, address_of_sender),
    ("account.change", _ATTEMPTS_BY_NAME, _whoever_is_signed_in),
)


def _protect(app: Flask, settings: Settings) -> None:
    tokens = CSRFProtect(app)
    for name in SIGNED_AREAS:
        tokens.exempt(app.blueprints[name])
    for endpoint, view in app.view_functions.items():
        if endpoint.partition(".")[0] not in {*WHO_OPENS, *OPEN_AREAS, "static"}:
            # The carrier would lose what it posts to a redirect; a health check speaks no https.
            view.talisman_view_options = {"force_https": False}  # type: ignore[union-attr]
    Talisman(
        app,
        force_https=settings.session_cookie_secure,
        strict_transport_security=settings.session_cookie_secure,
        session_cookie_secure=settings.session_cookie_secure,
        frame_options="DENY",
        content_security_policy=_POLICY,
        referrer_policy="same-origin",
    )
