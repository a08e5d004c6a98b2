"""Writing to an order's caller, and whether the caller is served in writing."""

from flask import flash
from flask_babel import gettext

from hotline.console.entry_forms import InWritingForm, LetterForm
from hotline.console.moves import Doing, UnusableFieldError
from hotline.services import correspondence, orders
from hotline.services.correspondence import EmptyLetterError, NoRoadError


def write(doing: Doing, form: LetterForm, seen: int) -> None:
    """Write to the caller of an order that was looked at when its version was `seen`.

    Raises:
        UnusableFieldError, NotAllowedError
        ChangedMeanwhileError: a second click too.
    """
    orders.check_unchanged(doing.order, seen)
    try:
        correspondence.write(doing.session, doing.order, form.text.data, doing.actor, doing.now)
    except NoRoadError as error:
        words = gettext("This caller can be reached by no message: there is neither a mobile number nor a page.")
        raise UnusableFieldError({"text": words}) from error
    except EmptyLetterError as error:
        raise UnusableFieldError({"text": gettext("Please write some words.")}) from error
    flash(gettext("The message is on its way."))


def serve(doing: Doing, _form: InWritingForm, seen: int) -> None:
    """Serve the caller in writing from now on, or by voice again.

    Raises:
        NotAllowedError, ChangedMeanwhileError
    """
    orders.check_unchanged(doing.order, seen)
    is_by_text = not doing.order.is_by_text
    correspondence.serve_by_text(doing.session, doing.order, doing.actor, doing.now, is_by_text=is_by_text)
    flash(
        gettext("The caller is served in writing from now on.")
        if is_by_text
        else gettext("The caller is rung from now on.")
    )
