"""What every page of the console has: templates, static files, and the words and times that templates use."""

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, request, url_for
from flask_login import current_user
from markupsafe import Markup
from werkzeug.routing import BuildError

from hotline.console import closing_words, languages, moments, words
from hotline.console.areas import entries_for
from hotline.console.audit_words import detail_words
from hotline.console.lists import leads_to
from hotline.console.transcripts import UNSURE
from hotline.console.trouble_words import receipt_words, trouble_words
from hotline.console.waveform import waveform_of
from hotline.models import EmergencyMode, Order
from hotline.rules.attachments import MOST_AT_ONCE
from hotline.services import emergency_mode
from hotline.services.access import sees_contents
from hotline.services.desk.orders import clock_of
from hotline.services.hiding import without_numbers
from hotline.web import runtime

_STATIC = Path(__file__).parent / "static"

layout = Blueprint("console", __name__, template_folder="templates", static_folder="static", static_url_path="/assets")


def install_layout(app: Flask) -> None:
    """Give templates what they use."""
    app.register_blueprint(layout)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        word=words.word,
        masked=words.masked,
        without_numbers=without_numbers,
        reason_words=words.reason_words,
        detail_words=detail_words,
        subject_word=words.subject_word,
        moment=moments.moment,
        full_time=moments.full,
        span=moments.span,
        seconds=moments.seconds,
        day=moments.day,
        hour=moments.hour,
        trouble_words=trouble_words,
        receipt_words=receipt_words,
        needed_words=closing_words.needed_words,
        size_words=closing_words.size_words,
    )
    app.jinja_env.globals.update(
        UNSURE=UNSURE,
        MOST_AT_ONCE=MOST_AT_ONCE,
        asset=_asset,
        stretch=moments.stretch,
        fact_words=words.fact_words,
        clock_of=clock_of,
        reads=_reads,
        largest_file=_largest_file,
        waveform_of=waveform_of,
        leads_to=leads_to,
        LANGUAGES=languages.NAMES,
        NOTHING=Markup('<span class="dash">—</span>'),
    )
    app.context_processor(_of_this_request)
    app.after_request(_keep_private)


def _reads(order: Order) -> bool:
    """Whether what the order holds is for whoever asks."""
    return sees_contents(current_user.actor, order)


def _largest_file() -> int:
    return runtime().settings.attachment_limit_bytes


def _of_this_request() -> dict[str, Any]:
    """Names that depend on who asks, and when."""
    known = current_user.is_authenticated
    return {
        "person": current_user if known else None,
        "navigation": entries_for(current_user.actor) if known else [],
        "language": languages.language(),
        "now": runtime().now(),
        "here": _here(),
        "emergency_modes": _emergency_modes,
    }


def _emergency_modes() -> Sequence[EmergencyMode]:
    """Those that are on for the unit of whoever looks, or below it; every page says so.

    A page that refreshes itself takes only what is below that.
    """
    if not current_user.is_authenticated or "X-Refresh" in request.headers:
        return ()
    held = runtime()
    with held.transaction() as session:
        return emergency_mode.touching(session, current_user.actor, held.now())


def _here() -> str:
    """Where to come back to: the page itself, or the one whose form was sent."""
    if request.method == "GET":
        return request.full_path
    for endpoint in (f"{request.blueprint}.one", f"{request.blueprint}.page"):
        try:
            return url_for(endpoint, **(request.view_args or {})).partition("?")[0]
        except BuildError:
            continue
    return url_for("start.page")


def _asset(name: str) -> str:
    """The address of a static file, which changes with its content, so that browsers may keep it."""
    return url_for("console.static", filename=name, v=_digest(name))


@cache
def _digest(name: str) -> str:
    return hashlib.sha256((_STATIC / name).read_bytes()).hexdigest()[:12]


def _keep_private(response: Response) -> Response:
    """Pages about people stay in no cache."""
    if request.endpoint != "console.static":
        response.headers["Cache-Control"] = "no-store"
    return response
