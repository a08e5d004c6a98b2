"""The duty roster: planned and swapped shifts, who is on now, gaps that are told, and what one shift tells the next."""

from hotline.services.roster.gaps import Gap, gaps_of, rostered_units, see_warning, tell_gaps, warnings
from hotline.services.roster.handover import (
    NothingWrittenError,
    NotOnDutyError,
    leave_note,
    notes,
    read_note,
    unread_notes,
)
from hotline.services.roster.on_duty import OnDuty, everybody_on, numbers_for_caller, who_is_on
from hotline.services.roster.plan import (
    OverlapError,
    PastShiftError,
    cancel,
    plan,
    shift_to_change,
    shifts,
)
from hotline.services.roster.plan_files import Imported, import_shifts
from hotline.services.roster.swaps import (
    NoSwapError,
    accept_swap,
    ask_swap,
    decline_swap,
    lapse_swaps,
    swap_to_change,
    swaps_for,
    withdraw_swap,
)

__all__ = [
    "Gap",
    "Imported",
    "NoSwapError",
    "NotOnDutyError",
    "NothingWrittenError",
    "OnDuty",
    "OverlapError",
    "PastShiftError",
    "accept_swap",
    "ask_swap",
    "cancel",
    "decline_swap",
    "everybody_on",
    "gaps_of",
    "import_shifts",
    "lapse_swaps",
    "leave_note",
    "notes",
    "numbers_for_caller",
    "plan",
    "read_note",
    "rostered_units",
    "see_warning",
    "shift_to_change",
    "shifts",
    "swap_to_change",
    "swaps_for",
    "tell_gaps",
    "unread_notes",
    "warnings",
    "who_is_on",
    "withdraw_swap",
]
