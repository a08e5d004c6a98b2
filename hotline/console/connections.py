"""Platforms with their tokens, and message channels: made and ended by administrators of the topmost unit."""

from dataclasses import dataclass

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_babel import lazy_pgettext as _p
from wtforms import SelectField, StringField

from hotline.console.fields import FOREIGN, PLEASE_CHOOSE, chosen, filled_in, within
from hotline.console.forms import Form, offer_units
from hotline.console.person import person
from hotline.console.transfer_words import source_trouble
from hotline.services import message_channels, transfers
from hotline.services.desk import connections as desk
from hotline.services.desk import units
from hotline.services.message_channels import UnknownChannelError, UnusableChannelError
from hotline.services.transfers import LONGEST_SOURCE, UnusableSourceError
from hotline.web import runtime

area = Blueprint("connections", __name__, url_prefix="/connections")

_LONGEST_ADDRESS = 500


class ConnectionForm(Form):
    """What is connected, and the unit to which it brings orders."""

    name = StringField(_("Name"), [filled_in, within(LONGEST_SOURCE)])
    unit = SelectField(_p("connection", "Orders go to"), [chosen], **FOREIGN)


class ChannelForm(ConnectionForm):
    """The same of a message channel, and where its gateway takes replies."""

    reply_url = StringField(
        _("Address for replies"),
        [filled_in, within(_LONGEST_ADDRESS)],
        render_kw={"inputmode": "url", "placeholder": "https://"},
    )


@dataclass(frozen=True)
class Shown:
    """What the page shows beside the lists: forms with what was filled in, and a token, this once."""

    platform: ConnectionForm | None = None
    channel: ChannelForm | None = None
    token: str | None = None


@area.get("")
def page() -> str:
    """All connections."""
    return _page(Shown())


@area.post("/platforms")
def set_platform() -> ResponseReturnValue:
    """Give a platform a token, which is told this once."""
    held, actor, form = runtime(), person().actor, ConnectionForm()
    _offer(form)
    if not form.validate():
        return _page(Shown(platform=form)), 422
    try:
        with held.transaction() as session:
            unit = units.one(session, actor, form.unit.data) or abort(404)
            token = transfers.set_platform(session, form.name.data, unit, actor, held.now())
    except UnusableSourceError as error:
        form.name.errors = [source_trouble(error.trouble)]
        return _page(Shown(platform=form)), 422
    return _page(Shown(token=token))


@area.post("/platforms/<row:platform_id>/off")
def end_platform(platform_id: int) -> ResponseReturnValue:
    """Let a platform's token count no longer; by its number, since names may differ by a space alone."""
    held = runtime()
    with held.transaction() as session:
        platform = transfers.platform_by_id(session, platform_id) or abort(404)
        transfers.switch_off(session, platform, person().actor, held.now())
    return _switched_off()


@area.post("/channels")
def set_channel() -> ResponseReturnValue:
    """Add a message channel, change it, or switch it on again."""
    held, actor, form = runtime(), person().actor, ChannelForm()
    _offer(form)
    if not form.validate():
        return _page(Shown(channel=form)), 422
    try:
        with held.transaction() as session:
            unit = units.one(session, actor, form.unit.data) or abort(404)
            message_channels.set_channel(session, form.name.data, unit, form.reply_url.data, actor, held.now())
    except UnusableChannelError:
        form.form_errors.append(_unusable_channel())
        return _page(Shown(channel=form)), 422
    flash(gettext("Kept."))
    return redirect(url_for("connections.page"))


@area.post("/channels/<name>/off")
def end_channel(name: str) -> ResponseReturnValue:
    """Take in and send out nothing more by a channel."""
    held = runtime()
    try:
        with held.transaction() as session:
            message_channels.switch_off(session, name, person().actor, held.now())
    except UnknownChannelError:
        abort(404)
    return _switched_off()


def _switched_off() -> ResponseReturnValue:
    flash(gettext("Switched off."))
    return redirect(url_for("connections.page"))


def _unusable_channel() -> str:
    return str(
        gettext(
            "A channel’s name has 2 to 20 of a-z, 0-9 and hyphen; replies go to an https:// address, or to http:// on "
            "this machine."
        )
    )


def _offer(form: ConnectionForm) -> None:
    with runtime().transaction() as session:
        choices = units.choices(session, person().actor, form.unit.data)
    offer_units(form.unit, choices, PLEASE_CHOOSE, found_by="units.named")


def _page(shown: Shown) -> str:
    held = runtime()
    with held.transaction() as session:
        found = desk.overview(session, person().actor)
    platform, channel = shown.platform or ConnectionForm(formdata=None), shown.channel or ChannelForm(formdata=None)
    _offer(platform)
    _offer(channel)
    return render_template(
        "connections.html",
        found=found,
        forms={"platform": platform, "channel": channel},
        secrets=held.settings.channel_secrets,
        new_token=shown.token,
    )
