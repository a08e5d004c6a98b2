"""What people fill in about the rules of a unit: limits, other figures, the calendar, emergency mode."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from flask_babel import LazyString, gettext
from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
    widgets,
)
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, NumberRange, Optional

from hotline.console.clock_forms import MomentField
from hotline.console.fields import (
    FOREIGN,
    LONGEST_REMARK,
    a_file,
    a_number,
    a_time,
    chosen,
    filled_in,
    up_to_100,
    within,
)
from hotline.console.forms import Form
from hotline.console.policy_words import (
    SPANS,
    WEEKDAYS,
    approval_words,
    hours_words,
    in_words,
    limit_words,
    portion_words,
    refusal_words,
    weekday_words,
    yes_no,
)
from hotline.console.words import WORDS
from hotline.rules.clocks import LIMITED
from hotline.rules.closing import OF_CATEGORY, Element
from hotline.rules.facts import Category, Urgency
from hotline.rules.policy import NEVER_RESTS, Flaw, Limits, PolicyError
from hotline.services.desk.policies import LimitsDesk
from hotline.services.policies import UnfitBelowError

_LONGEST_HOURS = 200
_MOST = 1_000_000

_no_number = NumberRange(1, _MOST, message=_("Please write a whole number from 1 on."))

ABOVE, NONE, YES, NO = "above", "none", "yes", "no"
_SPAN_CHOICES = [
    SelectChoice("minutes", _("minutes")),
    SelectChoice("hours", _("hours")),
    SelectChoice("days", _("days")),
]
_YES_NO = [SelectChoice(YES, _("yes")), SelectChoice(NO, _("no"))]


def _checkboxes(label: LazyString, kind: type[StrEnum], members: Collection[StrEnum] = ()) -> SelectMultipleField:
    """Any of the members, or none."""
    choices = [SelectChoice(member.value, WORDS[kind][member]) for member in members or kind]
    return SelectMultipleField(label, choices=choices, option_widget=widgets.CheckboxInput(), **FOREIGN)


class SettingForm(Form):
    """Something that a unit sets; `unit` is whose, `seen` the version of its settings that the person looked at."""

    # The field that is wrong where the policy finds a flaw; without one named, the first.
    BLAMED: ClassVar[Mapping[Flaw, str]] = {}

    unit = HiddenField()
    seen = HiddenField()

    def refuse(self, error: PolicyError) -> None:
        """Say what the policy refuses: at its field, or of the whole form where it does not fit a unit below."""
        words = refusal_words(error)
        if isinstance(error, UnfitBelowError):
            unfit = gettext("This does not fit what %(unit)s, below, has set. %(why)s", unit=error.unit_name, why=words)
            self.form_errors.append(unfit)
            return
        first = next(field.name for field in self if field.type != "HiddenField")
        self[self.BLAMED.get(error.flaw, first)].errors = [words]


class LimitsForm(SettingForm):
    """The limits of one urgency: for each part what counts above, or the unit's own."""

    BLAMED: ClassVar = {Flaw.TWO_ENDS: "same_day", Flaw.NEVER_RESTS: "in_working_time"}

    accept_amount = IntegerField(_("Accepted within"), [Optional(), _no_number])
    accept_span = SelectField(_("Accepted within"), **FOREIGN)
    contact_amount = IntegerField(_("Caller contacted within"), [Optional(), _no_number])
    contact_span = SelectField(_("Caller contacted within"), **FOREIGN)
    resolve_amount = IntegerField(_("Result within"), [Optional(), _no_number])
    resolve_span = SelectField(_("Result within"), **FOREIGN)
    same_day = SelectField(_("Result on the same day"), **FOREIGN)
    in_working_time = SelectField(_("Only working time counts"), **FOREIGN)

    def offer(self, desk: LimitsDesk) -> None:
        """Set the choices, and what counts above as one of them."""
        self._above = desk.above
        for step in LIMITED:
            above = getattr(desk.above, step)
            taken = SelectChoice(ABOVE, _("as above: %(limit)s", limit=limit_words(above)))
            self[f"{step}_span"].choices = [taken, *_SPAN_CHOICES, SelectChoice(NONE, _("no limit"))]
        for flag in ("same_day", "in_working_time"):
            above = yes_no(getattr(desk.above, flag))
            self[flag].choices = [SelectChoice(ABOVE, _("as above: %(limit)s", limit=above)), *_YES_NO]
        if desk.urgency in NEVER_RESTS:
            del self.in_working_time

    def told(self) -> dict[str, Any]:
        """What the unit sets itself, as it is stored."""
        told: dict[str, Any] = {}
        for step in LIMITED:
            chosen = self[f"{step}_span"].data
            if chosen != ABOVE:
                told[step.value] = None if chosen == NONE else _seconds(self[f"{step}_amount"].data, chosen)
        flags = (flag for flag in ("same_day", "in_working_time") if flag in self)
        return told | {flag: self[flag].data == YES for flag in flags if self[flag].data != ABOVE}

    def validate(self, extra_validators: Any = None) -> bool:
        """Whether what was filled in makes sense together with what counts above; what does not is named."""
        return super().validate(extra_validators) and self._is_usable(self._above)

    def _is_usable(self, above: Limits) -> bool:
        for step in LIMITED:
            amount, chosen = self[f"{step}_amount"], self[f"{step}_span"].data
            if chosen in SPANS and amount.data is None:
                amount.errors = [gettext("Please write a number.")]
            elif chosen in SPANS and amount.data * SPANS[chosen] > timedelta(days=366):
                amount.errors = [gettext("A limit is at most a year.")]
        told = self.told() if not self._has_errors else {}
        if told.get("same_day", above.same_day) and told.get("resolve", above.resolve) is not None:
            self.same_day.errors = [
                gettext("With the same day there is no other limit for the result: choose “no limit”.")
            ]
        return not self._has_errors

    @property
    def _has_errors(self) -> bool:
        return any(field.errors for field in self)


def limits_data(desk: LimitsDesk) -> dict[str, Any]:
    """What a form for these limits begins with."""
    data: dict[str, Any] = {}
    for step in LIMITED:
        if step not in desk.own:
            data[f"{step}_span"] = ABOVE
        elif getattr(desk.limits, step) is None:
            data[f"{step}_span"] = NONE
        else:
            data[f"{step}_amount"], data[f"{step}_span"] = in_words(getattr(desk.limits, step))
    for flag in ("same_day", "in_working_time"):
        data[flag] = (YES if desk.own[flag] else NO) if flag in desk.own else ABOVE
    return data


class YesNoForm(SettingForm):
    """Yes or no."""

    value = RadioField(_("Setting"), [chosen], choices=_YES_NO, **FOREIGN)


class SpanForm(SettingForm):
    """A length of time."""

    amount = IntegerField(_("How long"), [a_number, _no_number])
    span = SelectField(_("Measured in"), [chosen], choices=_SPAN_CHOICES, **FOREIGN)


class PortionForm(SettingForm):
    """A share of the time given, and at most so long."""

    percent = IntegerField(
        _("Share of the time given, in per cent"),
        [a_number, up_to_100],
    )
    amount = IntegerField(_("At most"), [a_number, _no_number])
    span = SelectField(_("Measured in"), [chosen], choices=_SPAN_CHOICES, **FOREIGN)


class CountForm(SettingForm):
    """A number; how large it may be, the policy says."""

    count = IntegerField(
        _("Count"),
        [a_number, up_to_100],
    )


class TimeForm(SettingForm):
    """A local time of day."""

    at = TimeField(
        _("Time of day"),
        [a_time],
        invalid_value_message=_("Please write a time of day."),
    )


class WeekdaysForm(SettingForm):
    """Days of the week."""

    days = SelectMultipleField(
        _("Working days"),
        [InputRequired(message=_("Please choose at least one."))],
        choices=[SelectChoice(str(day), name) for day, name in WEEKDAYS.items()],
        option_widget=widgets.CheckboxInput(),
        **FOREIGN,
    )


class ApprovalForm(SettingForm):
    """Whose results wait for a supervisor's word: those of a priority, and those of a category."""

    urgencies = _checkboxes(_("Of these priorities"), Urgency)
    categories = _checkboxes(_("Of these categories, whatever the priority"), Category)


class ClosingForm(SettingForm):
    """What a result needs in one category, besides what it always needs."""

    elements = _checkboxes(_("Needed besides"), Element, [each for each in Element if each in OF_CATEGORY])


class HoursForm(SettingForm):
    """Stretches of a day."""

    hours = StringField(
        _("Working hours, one stretch after the other"),
        [filled_in, within(_LONGEST_HOURS)],
        render_kw={"placeholder": "09:00-12:00 14:00-18:00"},
    )


@dataclass(frozen=True)
class SettingKind:
    """How one figure is filled in, stored and told."""

    form: type[SettingForm]
    data: Callable[[Any], dict[str, Any]]
    told: Callable[[Any], Any]
    words: Callable[[Any], str]


def _seconds(amount: int, span: str) -> int:
    return int((amount * SPANS[span]).total_seconds())


def _approval_data(value: Collection[Category | Urgency]) -> dict[str, Any]:
    return {
        "urgencies": [each for each in Urgency if each in value],
        "categories": [each for each in Category if each in value],
    }


def _hours_told(form: HoursForm) -> list[list[str]]:
    """As the policy stores them; what is no stretch it refuses."""
    said = form.hours.data.replace("，", " ").replace(",", " ").replace("～", "-").replace("—", "-").replace("：", ":")
    return [stretch.split("-") for stretch in said.split()]


def _length(form: SpanForm | PortionForm) -> int:
    return _seconds(form.amount.data, form.span.data)


def _length_data(length: timedelta) -> dict[str, Any]:
    amount, span = in_words(length)
    return {"amount": amount, "span": span}


_YES_OR_NO = SettingKind(
    YesNoForm, lambda value: {"value": YES if value else NO}, lambda form: form.value.data == YES, yes_no
)
_SPAN = SettingKind(SpanForm, _length_data, _length, limit_words)
_PORTION = SettingKind(
    PortionForm,
    lambda value: {"percent": round(value.share * 100), **_length_data(value.most)},
    lambda form: {"share": form.percent.data / 100, "most": _length(form)},
    portion_words,
)
_COUNT = SettingKind(CountForm, lambda value: {"count": value}, lambda form: form.count.data, str)
_TIME = SettingKind(
    TimeForm,
    lambda value: {"at": value},
    lambda form: form.at.data.strftime("%H:%M"),
    lambda value: f"{value:%H:%M}" if isinstance(value, time) else "",
)

SETTINGS: Mapping[str, SettingKind] = {
    "reminder": _PORTION,
    "red_after": _PORTION,
    "copies_up": _COUNT,
    "quiet_from": _TIME,
    "quiet_until": _TIME,
    "notice_texts": _YES_OR_NO,
    "texts_from": _TIME,
    "texts_until": _TIME,
    "uncleared_at": _TIME,
    "pause_needs_approval": _YES_OR_NO,
    "longest_pause": _SPAN,
    "results_need_approval": SettingKind(
        ApprovalForm, _approval_data, lambda form: [*form.urgencies.data, *form.categories.data], approval_words
    ),
    "decide_within": _SPAN,
    "appoint_after_returns": _COUNT,
    "working_weekdays": SettingKind(
        WeekdaysForm,
        lambda value: {"days": [str(day) for day in sorted(value)]},
        lambda form: [int(day) for day in form.days.data],
        weekday_words,
    ),
    "working_hours": SettingKind(HoursForm, lambda value: {"hours": hours_words(value)}, _hours_told, hours_words),
}


class CalendarForm(Form):
    """Special days as a file, for a unit or for everybody."""

    EVERYBODY = "everybody"

    unit = HiddenField()
    whom = RadioField(_("For whom"), [chosen], **FOREIGN)
    file = FileField(_("CSV file"), [a_file])

    def offer(self, unit_name: str, *, everybody: bool) -> None:
        """Set for whom the days may be."""
        own = SelectChoice("unit", _("%(unit)s and all below it", unit=unit_name))
        self.whom.choices = [own, SelectChoice(self.EVERYBODY, _("everybody"))] if everybody else [own]


class EmergencyForm(Form):
    """Switch emergency mode on."""

    unit = HiddenField()
    reason = TextAreaField(
        _("Reason"),
        [filled_in, within(LONGEST_REMARK)],
    )
    until = MomentField(_("Until when, at most 31 days"))
    includes_open = BooleanField(_("Also for orders that are open already, counted from now"))
