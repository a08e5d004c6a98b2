"""What people say of a new order of a known caller: that it adds to an earlier one, asks after it, or repeats it."""

from flask_babel import gettext
from wtforms import HiddenField
from wtforms.validators import AnyOf

from hotline.console.forms import MoveForm
from hotline.console.moves import Doing, UnusableFieldError
from hotline.services import orders, recognition
from hotline.services.desk import orders as desk
from hotline.services.recognition import Meaning, NotTheSameCallerError


class KnownForm(MoveForm):
    """Which earlier order, and what the new one is to it."""

    number = HiddenField()
    meaning = HiddenField(validators=[AnyOf([meaning.value for meaning in Meaning])])


def take(doing: Doing, form: KnownForm, seen: int) -> None:
    """Let the order go into the earlier one.

    Raises:
        UnusableFieldError: the two are not known to be of one caller.
        ChangedMeanwhileError, ImpossibleMoveError: one of the two is not what the person saw.
        NotAllowedError
    """
    orders.check_unchanged(doing.order, seen)
    into = desk.to_change(doing.session, doing.actor, form.number.data or "")
    if into is None:
        raise UnusableFieldError({"number": gettext("There is no such order.")})
    meaning = Meaning(form.meaning.data)
    try:
        recognition.take_as(doing.session, doing.order, into, meaning, doing.actor, doing.now, doing.zone)
    except NotTheSameCallerError as error:
        raise UnusableFieldError({"number": gettext("That order is not known to be of the same caller.")}) from error
