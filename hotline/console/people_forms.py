"""What administrators fill in about the people of their part of the organisation."""

from collections.abc import Sequence

from flask_babel import lazy_gettext as _
from flask_babel import lazy_pgettext as _p
from wtforms import HiddenField, SelectField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Regexp

from hotline.console.fields import FOREIGN, PLEASE_CHOOSE, choices_of, chosen, filled_in, within
from hotline.console.forms import Form, offer_units
from hotline.rules.roles import Role
from hotline.services.accounts import LONGEST_NAME
from hotline.services.desk.orders import UnitChoice

_phone_length = within(30)
_AS_PHONE = {"inputmode": "tel", "autocomplete": "off"}


class DetailsForm(Form):
    """Who a person is and what they may; `seen` is how the person stood when the form was shown."""

    seen = HiddenField()
    name = StringField(_("Full name"), [filled_in, within(LONGEST_NAME)])
    unit = SelectField(_p("person", "Unit"), [chosen], **FOREIGN)
    roles = SelectMultipleField(
        _("Roles"),
        [InputRequired(message=_("Please choose at least one role."))],
        choices=choices_of(Role),
        **FOREIGN,
    )

    def offer(self, units: Sequence[UnitChoice]) -> None:
        """Set the units to choose from."""
        offer_units(self.unit, units, PLEASE_CHOOSE, found_by="units.named")

    @property
    def chosen_roles(self) -> frozenset[Role]:
        """The roles that are ticked."""
        return frozenset(map(Role, self.roles.data))


class PhoneForm(Form):
    """Where a person is rung when on duty."""

    phone = StringField(_("New number"), [filled_in, _phone_length], render_kw=_AS_PHONE)


class AddForm(DetailsForm):
    """A new person."""

    phone = StringField(_("Telephone when on duty"), [_phone_length], render_kw=_AS_PHONE)
    login = StringField(
        _("User name"),
        [
            filled_in,
            Regexp(
                r"[A-Za-z0-9._@-]{1,60}$",
                message=_("A user name has 1 to 60 letters from a to z, digits, dots, hyphens, underscores and @."),
            ),
        ],
        render_kw={"autocomplete": "off", "autocapitalize": "none"},
    )


class SeenForm(Form):
    """Something done with a click; `seen` as above."""

    seen = HiddenField()
