"""What people do about the units that assist with an order: have one assist, release it, say what it did."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired

from hotline.console.fields import LONGEST_NOTE, filled_in, within
from hotline.console.forms import MoveForm, offer_units
from hotline.console.moves import Doing, UnusableFieldError
from hotline.models import Unit
from hotline.services import assistance, orders, organisation
from hotline.services.assistance import AssistsAlreadyError, NotAssistingError
from hotline.services.desk.around import Around
from hotline.services.desk.orders import UnitChoice
from hotline.services.orders import ChangedMeanwhileError


class Assist(StrEnum):
    """What is done."""

    ADD = "add"
    RELEASE = "release"
    REPORT = "report"


class AddForm(MoveForm):
    """Which unit shall assist, and with what."""

    unit = SelectField(
        _("Unit"),
        [InputRequired(message=_("Please choose one."))],
        invalid_choice_message=_("This is none of the choices."),
    )
    note = StringField(_("With what"), [within(LONGEST_NOTE)])

    def offer(self, units: Sequence[UnitChoice]) -> None:
        """Set the units to choose from."""
        offer_units(self.unit, units, _("Please choose"))


class ReleaseForm(MoveForm):
    """Which unit assists no longer, and why."""

    unit = HiddenField(validators=[filled_in])
    note = StringField(_("Why"), [within(LONGEST_NOTE)])


class ReportForm(MoveForm):
    """What a unit did."""

    unit = HiddenField(validators=[filled_in])
    done = TextAreaField(_("What was done"), [filled_in, within(LONGEST_NOTE)])


@dataclass(frozen=True)
class AssistKind:
    """The form, and what is done with it; a report is true whatever the order has become meanwhile."""

    form: type[MoveForm]
    act: Callable[[Doing, Any], None]
    is_about_the_present: bool = True


def form_for(what: Assist, units: Sequence[UnitChoice], **given: Any) -> MoveForm:
    """The form, with its choices; `given` goes to the form."""
    form = KINDS[what].form(**given)
    if isinstance(form, AddForm):
        form.offer(units)
    return form


def name_of(what: Assist, form: MoveForm) -> str:
    """Tells the form from the others of the page."""
    return f"assist-{what}" if what == Assist.ADD else f"assist-{what}-{form.unit.data}"


def forms_for(found: Around, assisting: Sequence[Unit], units: Sequence[UnitChoice]) -> dict[str, MoveForm]:
    """An empty form for each thing that can be done, by name."""
    may = found.assisting
    forms = [(Assist.ADD, form_for(Assist.ADD, units, formdata=None))] if may.may_add else []
    for what, about in ((Assist.RELEASE, assisting if may.may_release else ()), (Assist.REPORT, may.reports_for)):
        forms += [(what, form_for(what, units, formdata=None, data={"unit": unit.code})) for unit in about]
    return {name_of(what, form): form for what, form in forms}


def make(doing: Doing, what: Assist, form: MoveForm, seen: int) -> None:
    """Do it, with an order that was looked at when its version was `seen`.

    Raises:
        UnusableFieldError: what was filled in cannot be used.
        ChangedMeanwhileError, ImpossibleMoveError: the order is not what the person saw.
        NotAllowedError
    """
    kind = KINDS[what]
    if kind.is_about_the_present:
        orders.check_unchanged(doing.order, seen)
    try:
        kind.act(doing, form)
    except AssistsAlreadyError as error:
        raise UnusableFieldError({"unit": gettext("This unit holds the order, or assists already.")}) from error
    except NotAssistingError as error:
        raise ChangedMeanwhileError(doing.order.history[-1:]) from error


def _add(doing: Doing, form: AddForm) -> None:
    assistance.add(doing.session, doing.order, _unit(doing, form), doing.actor, doing.now, form.note.data)


def _release(doing: Doing, form: ReleaseForm) -> None:
    assistance.remove(doing.session, doing.order, _unit(doing, form), doing.actor, doing.now, form.note.data)


def _report(doing: Doing, form: ReportForm) -> None:
    assistance.report(doing.session, doing.order, _unit(doing, form), doing.actor, doing.now, form.done.data)


def _unit(doing: Doing, form: MoveForm) -> Unit:
    unit = organisation.unit_by_code(doing.session, form.unit.data)
    if unit is None:
        raise NotAssistingError(form.unit.data)
    return unit


KINDS: Mapping[Assist, AssistKind] = {
    Assist.ADD: AssistKind(AddForm, _add),
    Assist.RELEASE: AssistKind(ReleaseForm, _release),
    Assist.REPORT: AssistKind(ReportForm, _report, is_about_the_present=False),
}
