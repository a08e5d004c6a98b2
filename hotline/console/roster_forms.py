"""What people fill in about the duty roster."""

from collections.abc import Sequence

from flask_babel import lazy_gettext as _
from flask_babel import lazy_pgettext as _p
from flask_wtf.file import FileField
from wtforms import DateField, SelectField, StringField, TextAreaField, TimeField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired

from hotline.console.fields import (
    FOREIGN,
    LONGEST_REMARK,
    PLEASE_CHOOSE,
    a_file,
    a_time,
    choices_of,
    chosen,
    filled_in,
    within,
)
from hotline.console.forms import Form
from hotline.console.moments import stretch
from hotline.models import Shift, User
from hotline.rules.roster import Post
from hotline.services.roster import LONGEST_HANDOVER


class ShiftForm(Form):
    """A shift of the unit's roster."""

    person = SelectField(_p("roster", "Who"), [chosen], **FOREIGN)
    post = SelectField(_("Post"), [chosen], **FOREIGN)
    day = DateField(_("Date"), [DataRequired(message=_("Please write a date."))])
    begins = TimeField(_("From"), [a_time])
    ends = TimeField(_("Until"), [a_time])

    def offer(self, people: Sequence[User]) -> None:
        """Set whom to choose from."""
        named = [SelectChoice(user.login, f"{user.name} · {user.unit.name}") for user in people]
        self.person.choices = [SelectChoice("", PLEASE_CHOOSE), *named]
        self.post.choices = choices_of(Post)


class SwapForm(Form):
    """Whom somebody asks to take a shift, and which of theirs they would take for it."""

    asked = SelectField(_("Who shall take it"), [chosen], **FOREIGN)
    in_return = SelectField(_("In return I take"), default="", **FOREIGN)
    note = StringField(_("Note"), [within(LONGEST_REMARK)])

    def offer(self, people: Sequence[User], shifts: Sequence[Shift]) -> None:
        """Set whom, and which shifts, to choose from."""
        self.asked.choices = [
            SelectChoice("", PLEASE_CHOOSE),
            *(SelectChoice(user.login, user.name) for user in people),
        ]
        theirs = [
            SelectChoice(str(shift.id), f"{shift.user.name} · {stretch(shift.begins_at, shift.ends_at)}")
            for shift in shifts
        ]
        self.in_return.choices = [SelectChoice("", _("nothing")), *theirs]


class PlanForm(Form):
    """A whole plan as a file."""

    file = FileField(_("CSV file"), [a_file])


class HandoverForm(Form):
    """What one shift tells the next."""

    text = TextAreaField(
        _("What the next shift should know"),
        [filled_in, within(LONGEST_HANDOVER)],
    )


class PhoneForm(Form):
    """Where the person is rung when on duty; empty takes it back."""

    phone = StringField(_("My telephone when on duty"), render_kw={"inputmode": "tel", "autocomplete": "tel"})
