"""What people fill in about orders of other platforms."""

from collections.abc import Sequence

from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField
from wtforms import HiddenField, SelectField, StringField
from wtforms.validators import DataRequired, Length

from hotline.console.fields import FOREIGN, a_file, choices_among, filled_in, within
from hotline.console.forms import Form
from hotline.rules.transfers import LARGEST_FILE_BYTES, USUAL_SOURCE
from hotline.services.desk.orders import UnitChoice
from hotline.services.transfers import LONGEST_SOURCE


class TransferForm(Form):
    """A file of orders, from whom it is and for whom."""

    source = StringField(
        _("From which platform"),
        [filled_in, within(LONGEST_SOURCE)],
        default=USUAL_SOURCE,
        render_kw={"list": "known-sources", "autocomplete": "off"},
    )
    # Only somebody who writes requests by hand meets a unit that is none of the choices.
    unit = SelectField(_("For which unit"), **FOREIGN)
    file = FileField(
        _("CSV file or workbook (.xlsx)"),
        [a_file],
        render_kw={"accept": ".csv,.xlsx,.txt", "data-largest": LARGEST_FILE_BYTES},
    )

    def offer(self, units: Sequence[UnitChoice]) -> None:
        """Set the units to choose from; the first is the person's own."""
        self.unit.choices = choices_among(units)


class WriteForm(Form):
    """Whose results are to be written down."""

    source = HiddenField(validators=[DataRequired(), Length(max=LONGEST_SOURCE)])
