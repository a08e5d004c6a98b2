"""What the fields of all forms share: what must be filled in, how long it may be, and what there is to choose from."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf.file import FileRequired
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange

from hotline.console.words import WORDS
from hotline.services.desk.orders import UnitChoice

# What is written into a history, and what is said in passing.
LONGEST_NOTE = 2000
LONGEST_REMARK = 500

PLEASE_CHOOSE = _("Please choose")

filled_in = DataRequired(message=_("Please fill this in."))
chosen = InputRequired(message=_("Please choose one."))
a_number = InputRequired(message=_("Please write a number."))
up_to_100 = NumberRange(0, 100, message=_("Please write a number from 0 to 100."))
a_time = InputRequired(message=_("Please write a time of day."))
a_file = FileRequired(message=_("Please choose a file."))

# Only somebody who writes requests by hand meets it.
FOREIGN: Mapping[str, Any] = {"invalid_choice_message": _("This is none of the choices.")}


def within(longest: int) -> Length:
    """At most so many characters."""
    return Length(max=longest, message=_("Please write at most %(max)d characters."))


def choices_of(kind: type[StrEnum]) -> list[SelectChoice]:
    """Every member of it, in words."""
    return [SelectChoice(member.value, label) for member, label in WORDS[kind].items()]


def choices_among(units: Sequence[UnitChoice]) -> list[SelectChoice]:
    """These units, by name."""
    return [SelectChoice(unit.code, unit.name) for unit in units]
