"""What people fill in who ask for help. The token against forged requests is checked before a form is read."""

import secrets
from typing import Any

from flask import current_app
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from itsdangerous import BadSignature, Signer
from wtforms import BooleanField, HiddenField, StringField, TelField, TextAreaField
from wtforms.validators import DataRequired, Length, ValidationError

from hotline.services.intake import LONGEST_REQUEST
from hotline.services.web_forms import UnusableNumberError, check_number

_LONGEST_FIELD = 200
_missing = DataRequired(message=_("Please fill this in."))


def _within(longest: int) -> Length:
    return Length(max=longest, message=_("Please write at most %(max)d characters."))


def _cleaned(value: Any) -> Any:
    # Browsers end lines with two characters; the other one is what the database cannot hold, and nobody means.
    return value.replace("\r\n", "\n").replace("\0", "").strip() if isinstance(value, str) else value


class _Form(FlaskForm):  # type: ignore[misc]  # flask-wtf ships no types
    """A form; fields are trimmed. `key` names this one form, so that it counts once however often it is sent."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]  # as above
        csrf = False  # checked for the whole request

        def bind_field(self, form: Any, unbound: Any, options: dict[str, Any]) -> Any:
            """Bind a field, trimming what is typed into it."""
            if issubclass(unbound.field_class, StringField):
                options = {**options, "filters": [_cleaned]}
            return unbound.bind(form=form, **options)

    key = HiddenField()

    @property
    def own_key(self) -> str:
        """The key that we gave this form; a new one for a form that brings none of ours."""
        try:
            return _signer().unsign(self.key.data or "").decode()
        except BadSignature:
            return secrets.token_urlsafe(16)


class HelpForm(_Form):
    """A request for help."""

    text = TextAreaField(_("What do you need help with?"), [_missing, _within(LONGEST_REQUEST)])
    address = StringField(
        _("Where? Street, house number, floor"),
        [_within(_LONGEST_FIELD)],
        render_kw={"autocomplete": "street-address"},
    )
    caller_name = StringField(_("What is your name?"), [_within(_LONGEST_FIELD)], render_kw={"autocomplete": "name"})
    phone = TelField(_("Telephone number"), [_within(_LONGEST_FIELD)], render_kw={"autocomplete": "tel"})
    by_text = BooleanField(_("Write to me, do not ring: I cannot hear or speak well"))
    photo = FileField(_("A photo, if it helps"), render_kw={"accept": "image/jpeg,image/png,image/webp"})
    # People do not see it, and programs that fill in whatever they find do.
    website = StringField(_("Leave this empty"))

    def validate_phone(self, field: Any) -> None:
        """A number that can be rung, or none."""
        try:
            check_number(field.data or "")
        except UnusableNumberError as error:
            raise ValidationError(
                gettext(
                    "No telephone has this number: a digit is missing, or the area code. You can also leave it empty."
                )
            ) from error

    def validate_website(self, field: Any) -> None:
        """Nothing; whoever filled it in by accident is told, and nothing else is lost."""
        if field.data:
            field.data = ""
            raise ValidationError(gettext("This field must stay empty. Please send the form once more."))


class WordForm(_Form):
    """An answer by a click, or some words; `asked` is the question that the page showed."""

    asked = HiddenField()
    figure = HiddenField(validators=[Length(max=1)])
    text = TextAreaField(_("Your words"), [_within(LONGEST_REQUEST)])

    def validate_text(self, field: Any) -> None:
        """Words, where nothing was clicked."""
        if not field.data and not self.figure.data:
            raise ValidationError(gettext("Please fill this in."))

    @property
    def said(self) -> str:
        """What was clicked, or written."""
        return str(self.figure.data or self.text.data)


def new_key() -> str:
    """A key that nobody can make up."""
    return _signer().sign(secrets.token_urlsafe(16)).decode()


def _signer() -> Signer:
    keys = [*current_app.config["SECRET_KEY_FALLBACKS"], current_app.config["SECRET_KEY"]]
    return Signer(keys, salt="public-form")
