"""The languages of the console, and which of them a request is answered in."""

from collections.abc import Mapping

from flask import has_request_context, session
from flask_login import current_user

# As people's settings and HTML name them, and as Babel names the catalogue.
CATALOGUES: Mapping[str, str] = {"zh-CN": "zh_Hans_CN", "en": "en"}
NAMES: Mapping[str, str] = {"zh-CN": "中文", "en": "English"}
DEFAULT = "zh-CN"
SESSION_KEY = "language"


def language() -> str:
    """What was chosen in this browser, else by this person, else Chinese."""
    if not has_request_context():
        return DEFAULT
    chosen = session.get(SESSION_KEY) or getattr(current_user, "language", None)
    return str(chosen) if chosen in CATALOGUES else DEFAULT


def chosen_catalogue() -> str:
    """The catalogue of `language()`."""
    return CATALOGUES[language()]
