"""The languages of the console, and which of them a request is answered in."""

from collections.abc import Mapping

from flask import has_request_context, request, session
from flask_login import current_user

# As people's settings and HTML name them, and as Babel names the catalogue.
CATALOGUES: Mapping[str, str] = {"zh-CN": "zh_Hans_CN", "en": "en"}
NAMES: Mapping[str, str] = {"zh-CN": "中文", "en": "English"}
DEFAULT = "zh-CN"
SESSION_KEY = "language"


def language() -> str:
    """What was chosen in this browser, else by this person, else what a visitor's browser asks for, else Chinese."""
    if not has_request_context():
        return DEFAULT
    chosen = session.get(SESSION_KEY) or getattr(current_user, "language", None) or _asked_for()
    return str(chosen) if chosen in CATALOGUES else DEFAULT


def _asked_for() -> str | None:
    """For the public; our own people read Chinese until they choose, whatever their browsers are set to."""
    if request.blueprint != "public":
        return None
    asked = (wanted.partition("-")[0].lower() for wanted in request.accept_languages.values())
    return next((known for prefix in asked for known in CATALOGUES if known.partition("-")[0] == prefix), None)


def chosen_catalogue() -> str:
    """The catalogue of `language()`."""
    return CATALOGUES[language()]
