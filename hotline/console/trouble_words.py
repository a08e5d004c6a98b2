"""What went wrong, in the reader's language: what the machine wrote down is recognised and said in plain words."""

import re
from collections.abc import Mapping, Sequence

from flask_babel import LazyString
from flask_babel import lazy_gettext as _

from hotline.models import Receipt

# What is written down, and what a person reads; the groups of the first are the fields of the second.
TROUBLES: Sequence[tuple[str, LazyString]] = (
    (r"the carrier could not record", _("The carrier could not record.")),
    (r"The recording is an empty file\.", _("The recording is an empty file.")),
    (r"The recording has (?P<size>\d+) bytes; .*", _("The recording is too large: %(size)s bytes.")),
    (r"more than (?P<most>\d+) bytes", _("The recording is larger than %(most)s bytes.")),
    (r"The file is no recording of a known kind\.", _("What the carrier sent is no sound file.")),
    (
        r"The recording says it has .*|The recording has \d+ channels.*|This is .+, which can't be read here: .*",
        _("The sound file is of a kind we cannot read."),
    ),
    (r"The recording holds no sound\.", _("The recording holds no sound.")),
    (r"The recording lasts (?P<length>\d+) s or more; .*", _("The recording is too long: %(length)s seconds or more.")),
    (
        r"(The recording can't be read to its end|This is .+, but it is broken|The recording's header tells).*",
        _("The recording is damaged."),
    ),
    (r"the carrier refused with code channel_off", _("The message channel is switched off.")),
    (r"the carrier refused with code no_secret", _("The message channel has no secret in the settings.")),
    (r"the carrier refused with code (?P<code>\S+)", _("The carrier refused (code %(code)s).")),
    (r"carrier error (?P<code>\S+)", _("The carrier reports error %(code)s.")),
    (r"pressed 1 without seeing the order", _("Pressed 1, but does not see the order: the next one was told.")),
    (r"nobody acknowledged the alarm", _("Nobody has taken the emergency on. Again: everybody on duty is told again.")),
    (r"CarrierUnavailableError", _("The carrier could not be reached.")),
    (r"CarrierRefusedError", _("The carrier refused.")),
    (r"NotThereError", _("The carrier does not have it.")),
    (r"FileNotFoundError", _("The file is not in the store.")),
    (r"ModelNotLoadedError", _("The recognition model chosen for the line is not on this machine.")),
    (r"OperationalError", _("The database could not be reached.")),
    (r"(?P<name>[A-Z]\w+)", _("A fault of our own (%(name)s).")),
)


# What a callback told, by the kind of it and by what happened.
RECEIPTS: Mapping[tuple[str, str], LazyString] = {
    ("recording", "complete"): _("a recording is complete"),
    ("recording", "failed"): _("a recording failed"),
    ("recording", "absent"): _("there is no recording"),
}


def receipt_words(receipt: Receipt) -> str:
    """What the carrier told, in plain words; what is not known is shown as it was written down."""
    said = RECEIPTS.get((receipt.source, receipt.event))
    return f"{receipt.source} · {receipt.event}" if said is None else str(said)


def trouble_words(trouble: str | None) -> str:
    """The trouble in plain words; what is not known is shown as it was written down."""
    return in_words(TROUBLES, trouble or "")


def in_words(known: Sequence[tuple[str, LazyString]], written: str) -> str:
    """What was written down, as the first of `known` that fits it says; itself where none does."""
    for pattern, said in known:
        found = re.fullmatch(pattern, written)
        if found:
            return str(said) % {name: value for name, value in found.groupdict().items() if value is not None}
    return written
