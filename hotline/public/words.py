"""What a matter's steps and questions are called to whoever waits."""

from collections.abc import Mapping

import phonenumbers
from flask_babel import LazyString, lazy_gettext, lazy_pgettext

from hotline.rules.attachments import FileTrouble
from hotline.rules.order_states import Move, OrderState
from hotline.rules.survey_states import Step
from hotline.rules.wording import text_for

_ = lazy_gettext
_p = lazy_pgettext

STEPS: Mapping[Move | None, LazyString] = {
    None: _("Received"),
    Move.TRIAGE: _p("step", "Read and checked by a person"),
    Move.INVALIDATE: _p("step", "Could not be taken up"),
    Move.RESTORE: _p("step", "Taken up after all"),
    Move.DISPATCH: _p("step", "Passed to those who deal with it"),
    Move.ANSWER: _p("step", "Answered"),
    Move.ACCEPT: _p("step", "Taken on"),
    Move.CONTACT: _p("step", "Somebody got in touch with you"),
    Move.REFER: _p("step", "Passed to another department or body"),
    Move.RESOLVE: _p("step", "Dealt with"),
    Move.REPORT_BACK: _p("step", "Dealt with by the other department or body"),
    Move.CLOSE: _p("step", "Closed"),
    Move.REOPEN: _p("step", "To be done again"),
    Move.MERGE: _p("step", "Put together with the same matter"),
}

QUESTIONS: Mapping[Step, LazyString] = {
    Step.ASK_RESOLVED: _("Is your matter settled?"),
    Step.ASK_RESOLVED_AGAIN: _("Is your matter settled?"),
    Step.ASK_SATISFIED: _("Are you satisfied with the help?"),
    Step.ASK_SATISFIED_AGAIN: _("Are you satisfied with the help?"),
    Step.ASK_REASON: _("We are sorry, and will do it again. What was not right?"),
}

_RESOLVED = {
    "1": _p("figure", "It is settled"),
    "2": _p("figure", "A part is settled"),
    "3": _p("figure", "It is not settled"),
    "0": _p("figure", "A person should get in touch with me"),
}
_SATISFIED = {
    "1": _p("figure", "Satisfied"),
    "2": _p("figure", "So-so"),
    "3": _p("figure", "Dissatisfied"),
}
# What can be answered by a click.
FIGURES: Mapping[Step, Mapping[str, LazyString]] = {
    Step.ASK_RESOLVED: _RESOLVED,
    Step.ASK_RESOLVED_AGAIN: _RESOLVED,
    Step.ASK_SATISFIED: _SATISFIED,
    Step.ASK_SATISFIED_AGAIN: _SATISFIED,
}


_PHOTO_TROUBLES: Mapping[FileTrouble, LazyString] = {
    FileTrouble.TOO_LARGE: _("This photo is too large. Please choose a smaller one; what you wrote is kept."),
    FileTrouble.TOO_MANY_PIXELS: _("This photo is too large. Please choose a smaller one; what you wrote is kept."),
    FileTrouble.HEIC: _("Photos in the HEIC format are not taken. Please choose one in JPEG; what you wrote is kept."),
    FileTrouble.BUSY: _("Too many photos came at once. Please try again in a moment; what you wrote is kept."),
}
_NO_PHOTO = _("This is no photo that can be opened. Please choose another one, or none; what you wrote is kept.")


def photo_trouble(trouble: FileTrouble) -> str:
    """Why a photo was not taken."""
    return str(_PHOTO_TROUBLES.get(trouble, _NO_PHOTO))


def state_words(state: OrderState, language: str) -> str:
    """Where a matter stands, as in our text messages."""
    return text_for(language, f"state_{state}")


def dialled(number: str) -> str:
    """A number of ours as people of this country dial it."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
