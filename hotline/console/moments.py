"""Times as people read them: local, with today and yesterday in words, and how long is left."""

from datetime import date, datetime, time, timedelta

from flask_babel import format_date, gettext, ngettext, pgettext
from markupsafe import Markup

from hotline.web import runtime

_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def full(at: datetime) -> str:
    """Date and time to the minute, local."""
    return f"{at.astimezone(runtime().settings.zone):%Y-%m-%d %H:%M}"


def short(at: datetime) -> str:
    """Yesterday, today and tomorrow in words, other days by their date."""
    zone = runtime().settings.zone
    local, today = at.astimezone(zone), runtime().now().astimezone(zone).date()
    if local.date() == today:
        return str(gettext("today %(time)s", time=f"{local:%H:%M}"))
    if local.date() == today + _DAY:
        return str(gettext("tomorrow %(time)s", time=f"{local:%H:%M}"))
    if local.date() == today - _DAY:
        return str(gettext("yesterday %(time)s", time=f"{local:%H:%M}"))
    return f"{local:%Y-%m-%d %H:%M}"


def moment(at: datetime | None) -> Markup:
    """A time element that shows the short form and tells the full one."""
    if at is None:
        return Markup("")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(at.isoformat(), full(at), short(at))


def span(length: timedelta) -> str:
    """A length of time in its largest unit, two of them below a day; never less than a minute."""
    length = max(length, _MINUTE)
    if length >= _DAY:
        return str(ngettext("%(num)d day", "%(num)d days", length // _DAY))
    hours, minutes = length // _HOUR, length % _HOUR // _MINUTE
    parts = [ngettext("%(num)d hour", "%(num)d hours", hours)] if hours else []
    if minutes:
        parts.append(ngettext("%(num)d minute", "%(num)d minutes", minutes))
    return " ".join(parts)


def seconds(length_s: int | None) -> str:
    """The length of a call or recording as minutes and seconds."""
    return "" if length_s is None else f"{length_s // 60}:{length_s % 60:02d}"


def day(on: date) -> str:
    """A day with its weekday, without the year."""
    return str(format_date(on, pgettext("pattern of a date", "EEE d MMM")))


def hour(at: datetime) -> str:
    """The local time of day."""
    return f"{at.astimezone(runtime().settings.zone):%H:%M}"


def stretch(begins_at: datetime, ends_at: datetime) -> str:
    """From when until when, local, in as few words as say it."""
    zone = runtime().settings.zone
    begins, ends = begins_at.astimezone(zone), ends_at.astimezone(zone)
    told = {"day": day(begins.date()), "begins": f"{begins:%H:%M}", "ends": f"{ends:%H:%M}"}
    days = (ends.date() - begins.date()).days
    if days == 0:
        return str(gettext("%(day)s, %(begins)s to %(ends)s", **told))
    if days == 1 and ends.time() == time(0):
        return str(gettext("%(day)s, %(begins)s to %(ends)s", **{**told, "ends": "24:00"}))
    if days == 1:
        return str(gettext("%(day)s, %(begins)s to %(ends)s of the next day", **told))
    return str(gettext("%(day)s, %(begins)s to %(until)s, %(ends)s", **told, until=day(ends.date())))
