"""What people fill in about the duty roster."""

from collections.abc import Sequence

from flask_babel import lazy_gettext as _
from flask_babel import lazy_pgettext as _p
from flask_wtf.file import FileField, FileRequired
from wtforms import DateField, SelectField, StringField, TextAreaField, TimeField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length

from hotline.console.forms import Form
from hotline.console.moments import stretch
from hotline.console.words import WORDS
from hotline.models import Shift, User
from hotline.rules.roster import Post
from hotline.services.roster import LONGEST_NOTE

_LONGEST_SWAP_NOTE = 500
_chosen = InputRequired(message=_("Please choose one."))
_FOREIGN = _("This is none of the choices.")
_PLEASE = _("Please choose")


class ShiftForm(Form):
    """A shift of the unit's roster."""

    person = SelectField(_p("roster", "Who"), [_chosen], invalid_choice_message=_FOREIGN)
    post = SelectField(_("Post"), [_chosen], invalid_choice_message=_FOREIGN)
    day = DateField(_("Date"), [DataRequired(message=_("Please write a date."))])
    begins = TimeField(_("From"), [InputRequired(message=_("Please write a time of day."))])
    ends = TimeField(_("Until"), [InputRequired(message=_("Please write a time of day."))])

    def offer(self, people: Sequence[User]) -> None:
        """Set whom to choose from."""
        named = [SelectChoice(user.login, f"{user.name} · {user.unit.name}") for user in people]
        self.person.choices = [SelectChoice("", _PLEASE), *named]
        self.post.choices = [SelectChoice(post.value, label) for post, label in WORDS[Post].items()]


class SwapForm(Form):
    """Whom somebody asks to take a shift, and which of theirs they would take for it."""

    asked = SelectField(_("Who shall take it"), [_chosen], invalid_choice_message=_FOREIGN)
    in_return = SelectField(_("In return I take"), default="", invalid_choice_message=_FOREIGN)
    note = StringField(
        _("Note"), [Length(max=_LONGEST_SWAP_NOTE, message=_("Please write at most %(max)d characters."))]
    )

    def offer(self, people: Sequence[User], shifts: Sequence[Shift]) -> None:
        """Set whom, and which shifts, to choose from."""
        self.asked.choices = [SelectChoice("", _PLEASE), *(SelectChoice(user.login, user.name) for user in people)]
        theirs = [
            SelectChoice(str(shift.id), f"{shift.user.name} · {stretch(shift.begins_at, shift.ends_at)}")
            for shift in shifts
        ]
        self.in_return.choices = [SelectChoice("", _("nothing")), *theirs]


class PlanForm(Form):
    """A whole plan as a file."""

    file = FileField(_("CSV file"), [FileRequired(message=_("Please choose a file."))])


class HandoverForm(Form):
    """What one shift tells the next."""

    text = TextAreaField(
        _("What the next shift should know"),
        [
            DataRequired(message=_("Please fill this in.")),
            Length(max=LONGEST_NOTE, message=_("Please write at most %(max)d characters.")),
        ],
    )


class PhoneForm(Form):
    """Where the person is rung when on duty; empty takes it back."""

    phone = StringField(_("My telephone when on duty"), render_kw={"inputmode": "tel", "autocomplete": "tel"})
