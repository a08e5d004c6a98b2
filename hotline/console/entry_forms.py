"""What people fill in who type in a matter, or add an outreach event."""

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, DateField, RadioField, SelectField, StringField, TelField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, ValidationError

from hotline.console.clock_forms import MomentField
from hotline.console.forms import Form, MoveForm
from hotline.console.words import WORDS
from hotline.models import Channel, OutreachEvent
from hotline.rules.facts import Category, Urgency
from hotline.services.correspondence import LONGEST_LETTER
from hotline.services.desk.orders import UnitChoice
from hotline.services.entry import CHANNELS
from hotline.services.facts import LONGEST_TEXT
from hotline.services.intake import LONGEST_REQUEST
from hotline.services.outreach import LONGEST_NAME

_YEARS = range(2000, 2200)
_missing = DataRequired(message=_("Please fill this in."))
_not_chosen = InputRequired(message=_("Please choose one."))
_foreign = _("This is none of the choices.")
_not_known = SelectChoice("", _("not known yet"))


def _within(longest: int) -> Length:
    return Length(max=longest, message=_("Please write at most %(max)d characters."))


def _choices(kind: Any) -> list[SelectChoice]:
    return [SelectChoice(member.value, label) for member, label in WORDS[kind].items()]


class EntryForm(Form):
    """A matter as it was told to the person who types it in."""

    channel = RadioField(
        _("How did it reach you?"),
        [_not_chosen],
        choices=[SelectChoice(channel.value, WORDS[Channel][channel]) for channel in CHANNELS],
        invalid_choice_message=_foreign,
    )
    event = SelectField(_("Outreach event"), invalid_choice_message=_foreign)
    text = TextAreaField(_("What the caller told or wrote"), [_missing, _within(LONGEST_REQUEST)])
    caller_name = StringField(_("Caller’s name"), [_within(LONGEST_TEXT)])
    phone = TelField(_("Telephone number"), [_within(LONGEST_TEXT)], render_kw={"autocomplete": "off"})
    by_text = BooleanField(_("Serve in writing: the caller cannot hear or speak well"))
    place = SelectField(_("Place"), invalid_choice_message=_foreign)
    address = StringField(_("Address: street, house number, floor"), [_within(LONGEST_TEXT)])
    category = SelectField(_("Category"), choices=[_not_known, *_choices(Category)], invalid_choice_message=_foreign)
    urgency = SelectField(_("Urgency"), choices=[_not_known, *_choices(Urgency)], invalid_choice_message=_foreign)
    received_at = MomentField(_("Told at"))

    def offer(self, units: Sequence[UnitChoice], events: Sequence[OutreachEvent]) -> None:
        """Set the places and events to choose from."""
        self.place.choices = [_not_known, *(SelectChoice(unit.code, unit.name) for unit in units)]
        shown = (SelectChoice(str(each.id), f"{each.held_on} {each.name} · {each.unit.name}") for each in events)
        self.event.choices = [SelectChoice("", _("none")), *shown]


class EventForm(Form):
    """An outreach event to be added."""

    name = StringField(_("Name of the event"), [_missing, _within(LONGEST_NAME)])
    held_on = DateField(_("Day"), [_missing], format="%Y-%m-%d")
    unit = SelectField(_("Unit that holds it"), [_not_chosen], invalid_choice_message=_foreign)

    def validate_held_on(self, field: Any) -> None:
        """A day that a calendar of ours holds."""
        if field.data.year not in _YEARS:
            raise ValidationError(_("Please write a day, as 2026-03-02."))


class LetterForm(MoveForm):
    """A letter to the caller."""

    text = TextAreaField(_("Your message to the caller"), [_missing, _within(LONGEST_LETTER)])


class InWritingForm(MoveForm):
    """Whether the caller is served in writing."""
