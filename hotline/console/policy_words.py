"""The settings of a unit in words: what they are called and do, their values, and what is wrong with a refused one."""

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from typing import Any

from flask_babel import LazyString, gettext, ngettext, pgettext
from flask_babel import lazy_gettext as _

from hotline.console.moments import span as span_words
from hotline.console.words import word
from hotline.rules.calendar import Hours
from hotline.rules.closing import ALWAYS, Element
from hotline.rules.facts import Category, Urgency
from hotline.rules.policy import Flaw, PolicyError, Portion

SPANS: Mapping[str, timedelta] = {
    "minutes": timedelta(minutes=1),
    "hours": timedelta(hours=1),
    "days": timedelta(days=1),
}

# 1 is Monday, as everywhere.
WEEKDAYS: Mapping[int, LazyString] = {
    1: _("Monday"),
    2: _("Tuesday"),
    3: _("Wednesday"),
    4: _("Thursday"),
    5: _("Friday"),
    6: _("Saturday"),
    7: _("Sunday"),
}

# What each figure is called, and what it does.
SETTING_WORDS: Mapping[str, tuple[LazyString, LazyString]] = {
    "reminder": (_("Blue reminder"), _("So long before a limit whoever has to act is reminded.")),
    "red_after": (
        _("Red notice"),
        _("So long after a limit the district’s supervisors are told; yellow comes at once."),
    ),
    "copies_up": (_("Copies upwards"), _("So many supervising units above the one told get a copy.")),
    "quiet_from": (_("Reminders rest from"), _("Blue reminders wait for the morning, but for emergencies.")),
    "quiet_until": (_("Reminders rest until"), _("Equal times mean that they never rest.")),
    "notice_texts": (
        _("Notices as text messages"),
        _("Whoever must look and has a telephone is written to, with the order’s number and what is late."),
    ),
    "texts_from": (
        _("Text messages from"),
        _("No notice is texted at night, but for emergencies; it waits for the morning."),
    ),
    "texts_until": (_("Text messages until"), _("Equal times mean all day.")),
    "uncleared_at": (_("List of the day at"), _("When the list of what is not cleared is made each day.")),
    "pause_needs_approval": (_("Pauses need approval"), _("Whether a handler’s pause waits for a supervisor.")),
    "longest_pause": (_("Longest pause"), _("All pauses of one run of work together last no longer.")),
    "results_need_approval": (
        _("Results that need approval"),
        _("They wait for a supervisor’s word before the caller is asked. Where nothing is chosen, none waits."),
    ),
    "decide_within": (
        _("Approval of results within"),
        _("So much working time a supervisor has for the word on a result that waits for it."),
    ),
    "appoint_after_returns": (
        _("Supervisor appoints after returns"),
        _("After so many returns a supervisor says who gets the order."),
    ),
    "working_weekdays": (_("Working days"), _("Where only working time counts; holidays stand in the calendar.")),
    "working_hours": (_("Working hours"), _("Where only working time counts.")),
}

TABLE_WORDS: Mapping[str, LazyString] = {
    "limits": _("Limits on ordinary days"),
    "emergency_mode": _("Limits in emergency mode"),
}

_FLAWS: Mapping[Flaw, LazyString] = {
    Flaw.UNREADABLE: _("This is no possible value."),
    Flaw.OUT_OF_BOUNDS: _("Please write a number from %(least)d to %(most)d."),
    Flaw.NO_LIMIT: _("A limit is more than nothing and at most a year."),
    Flaw.NO_STRETCHES: _("Please write stretches of a day, one after the other, such as 09:00-12:00 14:00-18:00."),
    Flaw.NEVER_RESTS: _("Emergencies and urgent matters run day and night."),
    Flaw.TWO_ENDS: _("With the same day there is no other limit for the result: choose “no limit”."),
}


def in_words(length: timedelta) -> tuple[int, str]:
    """In the largest measure that gives a whole number."""
    for name in ("days", "hours"):
        if length and not length % SPANS[name]:
            return length // SPANS[name], name
    return length // SPANS["minutes"], "minutes"


def length_words(length: timedelta) -> str:
    """A length of time, exactly."""
    if not length:
        return str(ngettext("%(num)d minute", "%(num)d minutes", 0))
    return span_words(length)


def limit_words(limit: timedelta | None) -> str:
    """A limit; None is none."""
    if limit is None:
        return str(gettext("no limit"))
    amount, measure = in_words(limit)
    if measure == "days":
        return str(ngettext("%(num)d day", "%(num)d days", amount))
    return length_words(limit)


def yes_no(value: bool) -> str:
    """Yes or no."""
    return str(gettext("yes")) if value else str(gettext("no"))


def portion_words(value: Portion) -> str:
    """A share of the time given, and at most so long."""
    return str(
        gettext(
            "%(percent)d %% of the time given, at most %(most)s",
            percent=round(value.share * 100),
            most=limit_words(value.most),
        )
    )


def weekday_words(value: frozenset[int]) -> str:
    """Days of the week, Monday first."""
    return _listed(WEEKDAYS[day] for day in sorted(value))


def _listed(parts: Iterable[Any]) -> str:
    return str(pgettext("between the parts of a list", ", ")).join(map(str, parts))


def element_words(value: Collection[Element]) -> str:
    """What a result needs besides in a category."""
    return _listed(word(element) for element in Element if element in value) or str(gettext("nothing besides"))


def always_words() -> str:
    """What every result needs, whatever it is about."""
    return str(gettext("Every result needs: %(elements)s.", elements=_listed(word(element) for element in ALWAYS)))


def approval_words(value: Collection[Category | Urgency]) -> str:
    """Whose results need approval."""
    if set(Urgency) <= set(value):
        return str(gettext("all results"))
    return _listed(word(each) for each in (*Urgency, *Category) if each in value) or str(gettext("none"))


def hours_words(value: tuple[Hours, ...]) -> str:
    """Stretches of a day."""
    return " ".join(f"{each.start:%H:%M}-{each.end:%H:%M}" for each in value)


def refusal_words(error: PolicyError) -> str:
    """What is wrong with what was to be set."""
    least, most = error.bounds
    return str(_FLAWS[error.flaw]) % {"least": least, "most": most}
