"""What people fill in about the dispatch catalogue; `seen` is the number of the version they looked at, 0 for none."""

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, HiddenField, IntegerField, SelectField, SelectMultipleField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange

from hotline.console.forms import Form
from hotline.console.words import WORDS
from hotline.rules.facts import Category
from hotline.services.desk.orders import UnitChoice
from hotline.services.orders import BODIES

_LONGEST_NOTE = 500
_MOST_ASSISTING = 3
# Only somebody who writes requests by hand meets it.
_FOREIGN = _("This is none of the choices.")
_PLEASE = _("Please choose")


def _categories() -> list[SelectChoice]:
    return [SelectChoice(member.value, label) for member, label in WORDS[Category].items()]


def _units(units: Sequence[UnitChoice]) -> list[SelectChoice]:
    return [SelectChoice(unit.code, unit.name) for unit in units]


def _places(units: Sequence[UnitChoice]) -> list[SelectChoice]:
    return _units([unit for unit in units if unit.level not in BODIES])


class ChangeForm(Form):
    """A change of a catalogue, and why."""

    seen = HiddenField()
    note = StringField(
        _("Why"),
        [
            DataRequired(message=_("Please fill this in.")),
            Length(max=_LONGEST_NOTE, message=_("Please write at most %(max)d characters.")),
        ],
    )

    @property
    def seen_number(self) -> int | None:
        """The version that the person looked at; None when the form does not say so."""
        said = str(self.seen.data)
        return int(said) if said.isdecimal() and said.isascii() else None


class RowForm(ChangeForm):
    """One row: which orders, to whom, and who assists."""

    category = SelectField(_("Category"), invalid_choice_message=_FOREIGN)
    place = SelectField(_("Place"), invalid_choice_message=_FOREIGN)
    unit = SelectField(_("Goes to"), [InputRequired(message=_("Please choose one."))], invalid_choice_message=_FOREIGN)
    assisting = SelectMultipleField(
        _("Assisting"), filters=[lambda said: [code for code in said or () if code]], invalid_choice_message=_FOREIGN
    )

    def offer(self, units: Sequence[UnitChoice]) -> None:
        """Set the units to choose from."""
        self.category.choices = [SelectChoice("", _("any category")), *_categories()]
        self.place.choices = [SelectChoice("", _("anywhere")), *_places(units)]
        self.unit.choices = [SelectChoice("", _PLEASE), *_units(units)]
        self.assisting.choices = _units(units)

    @property
    def assisting_shown(self) -> list[str]:
        """One entry for each choice on the page: those that assist, then empty ones."""
        chosen: list[str] = list(self.assisting.data or ())
        return [*chosen, *[""] * max(1, _MOST_ASSISTING - len(chosen))]


class FileForm(ChangeForm):
    """A whole catalogue as a file."""

    file = FileField(_("CSV file"), [FileRequired(message=_("Please choose a file."))])


class AutomaticForm(Form):
    """Whether orders go by themselves, and how sure their facts must be, in per cent."""

    is_on = BooleanField(_("Dispatch reviewed orders by the catalogue, without anybody’s doing"))
    percent = IntegerField(
        _("How sure category and place must be, in per cent, where no person confirmed them"),
        [
            InputRequired(message=_("Please write a number.")),
            NumberRange(0, 100, message=_("Please write a number from 0 to 100.")),
        ],
        render_kw={"min": 0, "max": 100},
    )


class AskForm(Form):
    """An order as one might come in."""

    category = SelectField(_("Category"), default="", invalid_choice_message=_FOREIGN)
    place = SelectField(_("Place"), default="", invalid_choice_message=_FOREIGN)

    def offer(self, units: Sequence[UnitChoice]) -> None:
        """Set what may be asked about."""
        self.category.choices = [SelectChoice("", _("not known")), *_categories()]
        self.place.choices = [SelectChoice("", _("not known")), *_places(units)]


def asked(units: Sequence[UnitChoice], args: Any) -> AskForm:
    """The question that the page's address asks."""
    form = AskForm(formdata=args or None)
    form.offer(units)
    return form
