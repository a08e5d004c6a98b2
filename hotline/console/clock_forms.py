"""What people fill in about the clocks of an order: pauses, more time, a supervisor's note."""

from datetime import UTC, datetime, tzinfo
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import DateTimeLocalField, Field, Form, RadioField, TextAreaField, ValidationError
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired

from hotline.clock import YEARS
from hotline.console.fields import FOREIGN, LONGEST_NOTE, chosen, filled_in, within
from hotline.console.forms import MoveForm
from hotline.web import runtime

GRANT, REFUSE = "grant", "refuse"

_not_a_time = _("Please write a day and a time, as 2026-03-02 18:00.")


def _zone() -> tzinfo:
    return runtime().settings.zone


def _in_our_time(_form: Form, field: Field) -> None:
    if field.data.year not in YEARS:
        raise ValidationError(str(_not_a_time))


class MomentField(DateTimeLocalField):  # type: ignore[misc]  # wtforms ships no types
    """A moment, written and read in local time, to the minute."""

    def __init__(self, label: Any = None, **more: Any) -> None:
        super().__init__(
            label,
            [DataRequired(message=_not_a_time), _in_our_time],
            format=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"],
            invalid_value_message=_not_a_time,
            tz=_zone,
            **more,
        )

    @property
    def moment(self) -> datetime:
        """What was filled in, once it was looked at."""
        at: datetime = self.data
        return at.astimezone(UTC)


def decision_field() -> RadioField:
    """Granted or refused."""
    choices = [SelectChoice(GRANT, _("Grant")), SelectChoice(REFUSE, _("Refuse"))]
    return RadioField(_("Decision"), [chosen], choices=choices, **FOREIGN)


class PauseForm(MoveForm):
    """Ask that the clocks stand still."""

    until = MomentField(_("Until when"))
    reason = TextAreaField(_("Reason"), [filled_in, within(LONGEST_NOTE)])


class PauseDecisionForm(MoveForm):
    """Grant or refuse a pause; a refusal says why."""

    decision = decision_field()
    word = TextAreaField(_("Word to the handler; needed when refused"), [within(LONGEST_NOTE)])


class ExtensionForm(MoveForm):
    """Ask for more time."""

    until = MomentField(_("New limit"))
    reason = TextAreaField(_("Reason"), [filled_in, within(LONGEST_NOTE)])


class ExtensionDecisionForm(MoveForm):
    """Grant or refuse more time, with a word."""

    decision = decision_field()
    word = TextAreaField(_("Word to the handler"), [filled_in, within(LONGEST_NOTE)])


class NoteForm(MoveForm):
    """A supervisor's note."""

    note = TextAreaField(_("What the handler shall do"), [filled_in, within(LONGEST_NOTE)])
