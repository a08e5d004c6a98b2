"""What people fill in. The token against forged requests is checked for every POST before a form is read."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import (
    HiddenField,
    MultipleFileField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    widgets,
)
from wtforms.fields import SelectChoice
from wtforms.validators import Optional, Regexp

from hotline.console.fields import (
    FOREIGN,
    LONGEST_NOTE,
    PLEASE_CHOOSE,
    choices_among,
    choices_of,
    chosen,
    filled_in,
    within,
)
from hotline.console.words import CONTACTS
from hotline.models import Outcome
from hotline.rules.facts import Category, FactName, Group, Need, Urgency
from hotline.rules.survey_states import Reason, Resolved, Satisfied
from hotline.services.desk.orders import UnitChoice
from hotline.services.facts import LONGEST_TEXT
from hotline.services.local_words import LONGEST_WORD

_ACCEPTED = "image/jpeg,image/png,image/webp,application/pdf,.jpg,.jpeg,.png,.webp,.pdf"
_LONGEST_TRANSCRIPT = 20_000


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def offer_units(field: SelectField, units: Sequence[UnitChoice], nothing: Any, found_by: str = "orders.units") -> None:
    """Set what to choose from: the units that come into question; others are found by what is typed."""
    field.choices = [SelectChoice("", nothing), *choices_among(units)]
    field.render_kw = {"data-search": url_for(found_by)}


class Form(FlaskForm):  # type: ignore[misc]  # flask-wtf ships no types
    """A form; fields are trimmed."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]  # as above
        csrf = False  # checked for the whole request

        def bind_field(self, form: Any, unbound: Any, options: dict[str, Any]) -> Any:
            """Bind a field, trimming what is typed into it."""
            if issubclass(unbound.field_class, StringField) and not issubclass(unbound.field_class, PasswordField):
                options = {**options, "filters": [_stripped]}
            return unbound.bind(form=form, **options)


class LogInForm(Form):
    """Name and password."""

    login = StringField(
        _("User name"), [filled_in], render_kw={"autocomplete": "username", "autofocus": True, "autocapitalize": "none"}
    )
    password = PasswordField(_("Password"), [filled_in], render_kw={"autocomplete": "current-password"})


class MoveForm(Form):
    """A move that needs nothing but a click; `version` and `seen_at` say which order the person looked at."""

    version = HiddenField(validators=[filled_in])
    seen_at = HiddenField()


class ReasonForm(MoveForm):
    """A move that needs a reason."""

    reason = TextAreaField(_("Reason"), [filled_in, within(LONGEST_NOTE)])


class UnitForm(MoveForm):
    """A move to a unit."""

    unit = SelectField(_("Unit"), [chosen], **FOREIGN)
    note = TextAreaField(_("Note"), [within(LONGEST_NOTE)])

    def offer(self, units: Sequence[UnitChoice]) -> None:
        """Set the units to choose from."""
        offer_units(self.unit, units, PLEASE_CHOOSE)


class ReferForm(UnitForm):
    """To which body, and why."""

    unit = SelectField(_("To whom"), [chosen], **FOREIGN)
    note = TextAreaField(_("Reason"), [filled_in, within(LONGEST_NOTE)])


class ContactForm(MoveForm):
    """The first talk with the caller."""

    how = TextAreaField(_("How, and what was agreed"), [filled_in, within(LONGEST_NOTE)])


class AnswerForm(MoveForm):
    """A question answered on the spot."""

    reason = TextAreaField(_("What was answered"), [filled_in, within(LONGEST_NOTE)])


class CloseForm(MoveForm):
    """How it ended."""

    reason = TextAreaField(_("How it was settled with the caller"), [filled_in, within(LONGEST_NOTE)])


class MergeForm(ReasonForm):
    """Into which order."""

    number = StringField(_("Number of the other order"), [filled_in, within(20)])


class ResultForm(MoveForm):
    """The closing elements; which of them must be there, the service decides."""

    outcome = RadioField(_("Outcome"), [chosen], choices=choices_of(Outcome), **FOREIGN)
    done = TextAreaField(_("What was done"), [within(LONGEST_NOTE)])
    why_not = TextAreaField(_("Why it is not solved"), [within(LONGEST_NOTE)])
    aid = TextAreaField(_("Aid handed out"), [within(LONGEST_NOTE)])
    evidence = TextAreaField(_("Visit record, or other evidence"), [within(LONGEST_NOTE)])
    photos = MultipleFileField(_("Photos or PDF files"), render_kw={"accept": _ACCEPTED})


class AttachForm(Form):
    """Files for an order."""

    files = MultipleFileField(_("Photos or PDF files"), [filled_in], render_kw={"accept": _ACCEPTED})


class WordForm(MoveForm):
    """A supervisor's word that may be left out."""

    word = TextAreaField(_("Note"), [within(LONGEST_NOTE)])


class NeededWordForm(MoveForm):
    """A supervisor's word that is needed."""

    word = TextAreaField(_("What is to be done yet"), [filled_in, within(LONGEST_NOTE)])


class TranscriptForm(Form):
    """What was really said; `version` is the one that the person corrected."""

    version = HiddenField(validators=[filled_in])
    seen_at = HiddenField()
    text = TextAreaField(_("Transcript"), [filled_in, within(_LONGEST_TRANSCRIPT)])


class NoteForm(Form):
    """What was done about a call, or tried to reach a caller."""

    note = TextAreaField(_("What was done"), [filled_in, within(LONGEST_NOTE)])


class AnswersForm(Form):
    """The callback's questions, asked by a person."""

    resolved = RadioField(_("Was it solved?"), [chosen], choices=choices_of(Resolved), **FOREIGN)
    satisfied = RadioField(_("Satisfied?"), [chosen], choices=choices_of(Satisfied), **FOREIGN)
    reason = SelectField(
        _("Reason, if they are unhappy"), choices=[SelectChoice("", "—"), *choices_of(Reason)], **FOREIGN
    )
    note = TextAreaField(_("Note"), [within(LONGEST_NOTE)])


class LocalWordForm(Form):
    """A word that a reviewer typed: how it is written, and what it names."""

    DRUG = "drug"

    word = StringField(_("Name"), [filled_in, within(LONGEST_WORD)])
    names = SelectField(_("What it names"), [chosen], **FOREIGN)

    def offer(self, units: Sequence[UnitChoice]) -> None:
        """Set what it may name: a medicine, or a place of one of the units."""
        places = [SelectChoice(unit.code, _("a place in %(unit)s", unit=unit.name)) for unit in units]
        self.names.choices = [SelectChoice("", PLEASE_CHOOSE), SelectChoice(self.DRUG, _("a medicine")), *places]


class FactForm(Form):
    """A statement about one fact; `seen` is the id of the version that the person looked at."""

    seen = HiddenField()
    seen_at = HiddenField()


class TextFactForm(FactForm):
    """A few words."""

    value = StringField(validators=[within(LONGEST_TEXT)])


class LongTextFactForm(FactForm):
    """A sentence."""

    value = TextAreaField(validators=[within(LONGEST_TEXT)])


class PeopleFactForm(FactForm):
    """A number of people."""

    value = StringField(
        validators=[
            Optional(),
            Regexp(r"\d{1,6}$", message=_("Please write a number.")),
        ],
        render_kw={"inputmode": "numeric"},
    )


class ChoiceFactForm(FactForm):
    """One of several."""

    value = SelectField(**FOREIGN)


class ChoicesFactForm(FactForm):
    """Any of several."""

    value = SelectMultipleField(option_widget=widgets.CheckboxInput(), **FOREIGN)


_NOT_SAID = _("not said")
_NOTHING_SAID = SelectChoice("", _NOT_SAID)

_FACT_FORMS: Mapping[FactName, type[FactForm]] = {
    FactName.SUMMARY: LongTextFactForm,
    FactName.CATEGORY: ChoiceFactForm,
    FactName.URGENCY: ChoiceFactForm,
    FactName.NEEDS: ChoicesFactForm,
    FactName.GROUPS: ChoicesFactForm,
    FactName.PEOPLE: PeopleFactForm,
    FactName.PLACE: ChoiceFactForm,
    FactName.ADDRESS: TextFactForm,
    FactName.CALLER_NAME: TextFactForm,
    FactName.PHONE: TextFactForm,
    FactName.CONTACT: ChoiceFactForm,
}

_OFFERS: Mapping[FactName, Callable[[], list[Any]]] = {
    FactName.CATEGORY: lambda: [_NOTHING_SAID, *choices_of(Category)],
    FactName.URGENCY: lambda: choices_of(Urgency),
    FactName.NEEDS: lambda: choices_of(Need),
    FactName.GROUPS: lambda: choices_of(Group),
    FactName.CONTACT: lambda: [
        _NOTHING_SAID,
        *(SelectChoice(value, label) for value, label in CONTACTS.items()),
    ],
}


def fact_form(name: FactName, units: Sequence[UnitChoice], **given: Any) -> FactForm:
    """The form for one fact, with its choices."""
    form = _FACT_FORMS[name](**given)
    if name in _OFFERS:
        form.value.choices = _OFFERS[name]()
    if name == FactName.PLACE:
        offer_units(form.value, units, _NOT_SAID)
    return form
