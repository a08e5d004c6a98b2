"""What people fill in who type in a matter, or add an outreach event."""

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, DateField, RadioField, SelectField, StringField, TelField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import ValidationError

from hotline.clock import YEARS
from hotline.console.clock_forms import MomentField
from hotline.console.fields import FOREIGN, choices_among, choices_of, chosen, filled_in, within
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

_not_known = SelectChoice("", _("not known yet"))


class EntryForm(Form):
    """A matter as it was told to the person who types it in."""

    channel = RadioField(
        _("How did it reach you?"),
        [chosen],
        choices=[SelectChoice(channel.value, WORDS[Channel][channel]) for channel in CHANNELS],
        **FOREIGN,
    )
    event = SelectField(_("Outreach event"), **FOREIGN)
    text = TextAreaField(_("What the caller told or wrote"), [filled_in, within(LONGEST_REQUEST)])
    caller_name = StringField(_("Caller’s name"), [within(LONGEST_TEXT)])
    phone = TelField(_("Telephone number"), [within(LONGEST_TEXT)], render_kw={"autocomplete": "off"})
    by_text = BooleanField(_("Serve in writing: the caller cannot hear or speak well"))
    place = SelectField(_("Place"), **FOREIGN)
    address = StringField(_("Address: street, house number, floor"), [within(LONGEST_TEXT)])
    category = SelectField(_("Category"), choices=[_not_known, *choices_of(Category)], **FOREIGN)
    urgency = SelectField(_("Urgency"), choices=[_not_known, *choices_of(Urgency)], **FOREIGN)
    received_at = MomentField(_("Told at"))

    def offer(self, units: Sequence[UnitChoice], events: Sequence[OutreachEvent]) -> None:
        """Set the places and events to choose from."""
        self.place.choices = [_not_known, *choices_among(units)]
        shown = (SelectChoice(str(each.id), f"{each.held_on} {each.name} · {each.unit.name}") for each in events)
        self.event.choices = [SelectChoice("", _("none")), *shown]


class EventForm(Form):
    """An outreach event to be added."""

    name = StringField(_("Name of the event"), [filled_in, within(LONGEST_NAME)])
    held_on = DateField(_("Day"), [filled_in], format="%Y-%m-%d")
    unit = SelectField(_("Unit that holds it"), [chosen], **FOREIGN)

    def validate_held_on(self, field: Any) -> None:
        """A day that a calendar of ours holds."""
        if field.data.year not in YEARS:
            raise ValidationError(_("Please write a day, as 2026-03-02."))


class LetterForm(MoveForm):
    """A letter to the caller."""

    text = TextAreaField(_("Your message to the caller"), [filled_in, within(LONGEST_LETTER)])


class InWritingForm(MoveForm):
    """Whether the caller is served in writing."""
