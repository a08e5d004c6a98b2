"""What people fill in about the dispatch catalogue; `seen` is the number of the version they looked at, 0 for none."""

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, IntegerField, SelectField, SelectMultipleField, StringField
from wtforms.fields import SelectChoice

from hotline.console.fields import (
    FOREIGN,
    LONGEST_REMARK,
    PLEASE_CHOOSE,
    a_file,
    a_number,
    choices_among,
    choices_of,
    chosen,
    filled_in,
    up_to_100,
    within,
)
from hotline.console.forms import Form
from hotline.rules.facts import Category
from hotline.services.desk.orders import UnitChoice
from hotline.services.orders import BODIES

_MOST_ASSISTING = 3


def _places(units: Sequence[UnitChoice]) -> list[SelectChoice]:
    return choices_among([unit for unit in units if unit.level not in BODIES])


class ChangeForm(Form):
    """A change of a catalogue, and why."""

    seen = HiddenField()
    note = StringField(
        _("Why"),
        [filled_in, within(LONGEST_REMARK)],
    )

    @property
    def seen_number(self) -> int | None:
        """The version that the person looked at; None when the form does not say so."""
        said = str(self.seen.data)
        return int(said) if said.isdecimal() and said.isascii() else None


class RowForm(ChangeForm):
    """One row: which orders, to whom, and who assists."""

    category = SelectField(_("Category"), **FOREIGN)
    place = SelectField(_("Place"), **FOREIGN)
    unit = SelectField(_("Goes to"), [chosen], **FOREIGN)
    assisting = SelectMultipleField(
        _("Assisting"), filters=[lambda said: [code for code in said or () if code]], **FOREIGN
    )

    def offer(self, units: Sequence[UnitChoice]) -> None:
        """Set the units to choose from."""
        self.category.choices = [SelectChoice("", _("any category")), *choices_of(Category)]
        self.place.choices = [SelectChoice("", _("anywhere")), *_places(units)]
        self.unit.choices = [SelectChoice("", PLEASE_CHOOSE), *choices_among(units)]
        self.assisting.choices = choices_among(units)

    @property
    def assisting_shown(self) -> list[str]:
        """One entry for each choice on the page: those that assist, then empty ones."""
        chosen: list[str] = list(self.assisting.data or ())
        return [*chosen, *[""] * max(1, _MOST_ASSISTING - len(chosen))]


class FileForm(ChangeForm):
    """A whole catalogue as a file."""

    file = FileField(_("CSV file"), [a_file])


class AutomaticForm(Form):
    """Whether orders go by themselves, and how sure their facts must be, in per cent."""

    is_on = BooleanField(_("Dispatch reviewed orders by the catalogue, without anybody’s doing"))
    percent = IntegerField(
        _("How sure category and place must be, in per cent, where no person confirmed them"),
        [a_number, up_to_100],
        render_kw={"min": 0, "max": 100},
    )


class AskForm(Form):
    """An order as one might come in."""

    category = SelectField(_("Category"), default="", **FOREIGN)
    place = SelectField(_("Place"), default="", **FOREIGN)

    def offer(self, units: Sequence[UnitChoice]) -> None:
        """Set what may be asked about."""
        self.category.choices = [SelectChoice("", _("not known")), *choices_of(Category)]
        self.place.choices = [SelectChoice("", _("not known")), *_places(units)]


def asked(units: Sequence[UnitChoice], args: Any) -> AskForm:
    """The question that the page's address asks."""
    form = AskForm(formdata=args or None)
    form.offer(units)
    return form
