"""What a result must hold, what is missing of it, and what is wrong with a file, in sentences for a person."""

from collections.abc import Mapping

from flask_babel import LazyString, gettext, lazy_gettext, lazy_pgettext

from hotline.console.words import word
from hotline.rules.attachments import LONGEST_NAME, MOST_PAGES, FileTrouble, Most
from hotline.rules.closing import Element
from hotline.rules.facts import Category

_ = lazy_gettext

_MB = 1_000_000

_OF_CATEGORY: Mapping[Element, LazyString] = {
    Element.AID: _("For %(category)s, say what was handed out, or that nothing was needed."),
    Element.VISIT_RECORD: _("A visit record is needed for %(category)s."),
    Element.PHOTO: _("A photo taken by one of you is needed for %(category)s."),
}
_NEEDED: Mapping[Element, LazyString] = {
    Element.CONTACT: lazy_pgettext("closing", "Somebody has spoken with the caller."),
    Element.DONE: lazy_pgettext("closing", "What was done."),
    Element.WHY_NOT: lazy_pgettext("closing", "Where it is not solved: why."),
    **_OF_CATEGORY,
}
_MISSING: Mapping[Element, LazyString] = {
    Element.CONTACT: _("Nobody has contacted the caller yet."),
    Element.DONE: _("Please say what was done."),
    Element.WHY_NOT: _("Please say why it is not solved."),
    **_OF_CATEGORY,
}
_TROUBLES: Mapping[FileTrouble, LazyString] = {
    FileTrouble.EMPTY: _("“%(name)s” is empty."),
    FileTrouble.TOO_LARGE: _("“%(name)s” is larger than %(size)s."),
    FileTrouble.UNKNOWN_KIND: _("“%(name)s” is neither a photo (JPEG, PNG or WebP) nor a PDF, whatever its name says."),
    FileTrouble.HEIC: _(
        "“%(name)s” is a photo in the HEIC format, which is not taken. Set the telephone’s camera to JPEG "
        "(“most compatible”), or send the photo as a JPEG."
    ),
    FileTrouble.BROKEN: _("“%(name)s” is damaged and cannot be opened. Please send it again."),
    FileTrouble.TOO_MANY_PIXELS: _("“%(name)s” has too many pixels. Please send a smaller picture."),
    FileTrouble.LOCKED: _("“%(name)s” is protected by a password. Please send it without one."),
    FileTrouble.TOO_MANY_PAGES: _("“%(name)s” has more than %(pages)d pages."),
    FileTrouble.TOO_MANY_FILES: _("“%(name)s” was not kept: an order has at most %(files)d files."),
    FileTrouble.BUSY: _("“%(name)s” was not kept: too many files came at once. Please try again in a moment."),
}


def needed_words(element: Element, category: Category | None) -> str:
    """What must be there."""
    return str(_NEEDED[element]) % {"category": word(category)}


def missing_words(element: Element, category: Category | None) -> str:
    """What is not there yet."""
    return str(_MISSING[element]) % {"category": word(category)}


def trouble_of_file(name: str, trouble: FileTrouble, most: Most) -> str:
    """Why the file was not taken."""
    return str(_TROUBLES[trouble]) % {
        "name": name[:LONGEST_NAME],
        "size": size_words(most.size_bytes),
        "pages": MOST_PAGES,
        "files": most.files,
    }


def size_words(size_bytes: int) -> str:
    """How large a file is."""
    if size_bytes < _MB:
        return str(gettext("%(size)d KB", size=max(1, size_bytes // 1000)))
    return str(gettext("%(size)s MB", size=f"{size_bytes / _MB:.1f}".removesuffix(".0")))
