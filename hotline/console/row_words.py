"""What is wrong with the rows of a file, in the reader's language, by the number of the row."""

import re
from collections.abc import Sequence

from flask_babel import LazyString
from flask_babel import lazy_gettext as _

from hotline.console.trouble_words import in_words

_SAID = r"""['"](?P<said>.*)['"]"""

# What an import says, and what a person reads; the groups of the first are the fields of the second.
ROWS: Sequence[tuple[str, LazyString]] = (
    (r"there is no row below the heading", _("There is no row below the heading.")),
    (r"more than (?P<most>\d+) rows", _("There are more than %(most)s rows.")),
    (r"no column (?P<columns>.+)", _("The heading lacks the column %(columns)s.")),
    (r"more columns than the heading has", _("The row has more columns than the heading.")),
    (r"these are no characters of UTF-8: .*", _("These are no characters of UTF-8: save the file as “CSV UTF-8”.")),
    (r"a character that cannot be shown", _("A character in it cannot be shown.")),
    (rf"{_SAID} is no category", _("There is no category “%(said)s”.")),
    (rf"there is no unit {_SAID}", _("There is no unit “%(said)s”.")),
    (
        rf"several units are called {_SAID}: write one of the codes (?P<codes>.+)",
        _("Several units are called “%(said)s”: write one of the codes %(codes)s."),
    ),
    (r"the unit must not be empty", _("The unit is missing.")),
    (r"(?P<name>.+) is no place", _("“%(name)s” is no place.")),
    (r"(?P<name>.+) cannot assist itself", _("“%(name)s” cannot assist itself.")),
    (r"a unit assists twice", _("The same unit assists twice.")),
    (
        r"(the same category and place stand|the same shift stands) in .*:(?P<row>\d+)( already)?",
        _("It stands in row %(row)s already."),
    ),
    (r"two rows are for the same category and place", _("Two rows are for the same category and place.")),
    (rf"{_SAID} is not below the unit of whoever imports", _("The unit “%(said)s” is outside your part.")),
    (rf"nobody is called {_SAID}", _("Nobody has the user name “%(said)s”.")),
    (rf"{_SAID} is out of service", _("“%(said)s” is out of service.")),
    (rf"{_SAID} is no post: (?P<posts>.+) or .+", _("There is no post “%(said)s”, only %(posts)s.")),
    (rf"{_SAID} is no date: .*", _("“%(said)s” is no date; write 2026-03-02.")),
    (rf"{_SAID} is no time of day: .*", _("“%(said)s” is no time of day; write hours and minutes.")),
    (r".+ do not exist on .+: the clocks are put forward", _("The clocks jump over these hours on that day.")),
    (rf"{_SAID} is no day, .*", _("“%(said)s” is no day; write 2026-03-02.")),
    (rf"{_SAID} is neither holiday nor workday", _("“%(said)s” is neither holiday nor workday.")),
    (r"a day's name has 1 to (?P<most>\d+) characters", _("The name of a day has 1 to %(most)s characters.")),
    (r"(?P<day>\S+) stands in .*:(?P<row>\d+) already", _("%(day)s stands in row %(row)s already.")),
    (r"date value out of range", _("The date is too far away.")),
    (r"(?P<login>\S+) is on duty then by .*:(?P<row>\d+)", _("%(login)s is on duty then by row %(row)s.")),
    (
        r"(?P<login>\S+) is on duty for (?P<unit>\S+) from (?P<at>.+) already",
        _("%(login)s is on duty for %(unit)s already from %(at)s."),
    ),
    (r"(?P<error>unexpected end of data|.*(expected|quote|newline|field|NUL).*)", _("The row is no CSV (%(error)s).")),
)


def row_words(trouble: str) -> str:
    """What is wrong with which row; what is not known is shown as it was written down."""
    where = re.fullmatch(r"(?s)(?P<file>.*?)(:(?P<row>\d+))?: (?P<what>.*)", trouble)
    if where is None:
        return wrong_words(trouble)
    what = wrong_words(where["what"])
    return what if where["row"] is None else str(_("Row %(row)s: %(what)s", row=where["row"], what=what))


def wrong_words(what: str) -> str:
    """What is wrong with a row, without its number."""
    return in_words(ROWS, what)
