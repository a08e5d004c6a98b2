"""The details of the audit log, in the reader's language: what was written down as codes and counts."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from flask_babel import LazyString
from flask_babel import lazy_gettext as _
from flask_babel import lazy_pgettext as _p

from hotline.console.policy_words import SETTING_WORDS, TABLE_WORDS
from hotline.console.trouble_words import in_words
from hotline.console.words import word
from hotline.models import Action, AuditEntry
from hotline.rules.alarms import Way
from hotline.rules.facts import FactName
from hotline.rules.order_states import Move, Remark
from hotline.rules.roles import Role
from hotline.rules.roster import SwapState
from hotline.rules.supervision import ApprovalState

# What is done to one thing of one kind: the detail is a member of the kind.
KINDS: Mapping[Action, type[StrEnum]] = {
    Action.ORDER_MOVED: Move,
    Action.FACT_CONFIRMED: FactName,
    Action.PAUSE_ASKED: Remark,
    Action.PAUSE_DECIDED: Remark,
    Action.PAUSE_ENDED: Remark,
    Action.EXTENSION_ASKED: Remark,
    Action.EXTENSION_DECIDED: Remark,
    Action.SECRECY_SET: Remark,
    Action.RESULT_REPORTED: ApprovalState,
    Action.RESULT_DECIDED: ApprovalState,
    Action.SWAP_DECIDED: SwapState,
    Action.ALARM_ACKNOWLEDGED: Way,
}

_VERSION = (
    (r"(?P<code>\S+) -", _p("audit", "%(code)s: none")),
    (r"(?P<code>\S+) (?P<number>\d+)", _p("audit", "%(code)s: version %(number)s")),
)

# What is written down, and what a person reads, as in `trouble_words`.
SAYINGS: Mapping[Action, Sequence[tuple[str, LazyString]]] = {
    Action.ORGANISATION_IMPORTED: ((r"(?P<count>\d+) units", _p("audit", "units: %(count)s")),),
    Action.ROSTER_IMPORTED: ((r"(?P<count>\d+) shifts", _p("audit", "shifts: %(count)s")),),
    Action.CALENDAR_CHANGED: (
        (
            r"(?P<added>\d+) added, (?P<changed>\d+) changed",
            _p("audit", "days added: %(added)s, changed: %(changed)s"),
        ),
        (r"(?P<day>\d{4}-\d\d-\d\d) removed", _p("audit", "%(day)s removed")),
    ),
    Action.EMERGENCY_MODE_SET: (
        (r"on", _p("audit", "switched on")),
        (r"off", _p("audit", "switched off")),
        (r"over", _p("audit", "ended at its time")),
    ),
    Action.AUTO_DISPATCH_SET: (
        (r"on", _p("audit", "switched on")),
        (r"off", _p("audit", "switched off")),
        (r"on (?P<sure>[\d.]+)", _p("audit", "switched on, from a certainty of %(sure)s")),
        (r"off (?P<sure>[\d.]+)", _p("audit", "switched off, certainty set to %(sure)s")),
    ),
    Action.CATALOGUE_CHANGED: _VERSION,
    Action.CATALOGUE_CHOSEN: _VERSION,
}

# The settings of a unit by what they are called elsewhere, and those that have no page.
SETTINGS: Mapping[str, LazyString] = {
    **{key: name for key, (name, _effect) in SETTING_WORDS.items()},
    **TABLE_WORDS,
    "closing": _p("setting", "What a result needs"),
    "survey_delay": _p("setting", "Wait before the callback"),
    "survey_attempts": _p("setting", "Attempts of a callback"),
    "survey_spacing": _p("setting", "Time between attempts of a callback"),
    "survey_patience": _p("setting", "Wait for a written answer"),
    "repeated_within": _p("setting", "Time in which a call is a repeated one"),
    "calls_per_minute": _p("setting", "Calls a minute"),
    "calls_from": _p("setting", "Callbacks from"),
    "calls_until": _p("setting", "Callbacks until"),
    "roster_look_ahead": _p("setting", "How far ahead gaps in the roster are told"),
    "roster_from": _p("setting", "Roster kept from"),
    "roster_until": _p("setting", "Roster kept until"),
    "alarm_spacing": _p("setting", "Time until the next person is told of an emergency"),
    "alarm_rounds": _p("setting", "How often everybody is told of an emergency"),
    "auto_dispatch": _p("setting", "Automatic dispatch"),
    "auto_confidence": _p("setting", "Certainty for automatic dispatch"),
}

_ENDS: Mapping[str, LazyString] = {
    "set": _("%(setting)s: set"),
    "unset": _("%(setting)s: as above again"),
}


def detail_words(entry: AuditEntry) -> str:
    """The detail of an entry in words; names, codes of units and what is not known are shown as they were written."""
    said = entry.detail or ""
    if entry.action == Action.USER_CHANGED:
        return " ".join(map(_changed_words, said.split()))
    if entry.action == Action.POLICY_SET:
        return _setting_words(said)
    kind = KINDS.get(entry.action)
    if kind is not None and said in set(kind):
        return word(kind(said))
    return in_words(SAYINGS.get(entry.action, ()), said)


def _changed_words(part: str) -> str:
    """What became of a person: a role given or taken, another unit, another name."""
    if part[1:] in set(Role):
        return f"{part[0]}{word(Role(part[1:]))}"
    return str(_p("person", "name")) if part == "name" else part.replace(">", " → ")


def _setting_words(said: str) -> str:
    key, _space, end = said.rpartition(" ")
    if key not in SETTINGS or end not in _ENDS:
        return said
    return str(_ENDS[end]) % {"setting": SETTINGS[key]}
