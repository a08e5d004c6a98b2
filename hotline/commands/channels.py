"""`flask channels`: the message channels through which people of social networks write."""

import click
from flask.cli import AppGroup

from hotline.commands.surroundings import plain_errors, read_settings, transaction
from hotline.services import message_channels, organisation
from hotline.services.access import SYSTEM

group = AppGroup("channels", help="Message channels: WeChat, Weibo and whatever else has a gateway (docs/channels.md).")


@group.command("add")
@click.argument("name")
@click.option("--unit", "unit_code", required=True, help="The code of the unit to which people write.")
@click.option("--reply-url", required=True, help="Where the gateway takes our replies.")
def _add(name: str, unit_code: str, reply_url: str) -> None:
    """Add the channel NAME, or change the one of that name."""
    has_secret = name in read_settings().channel_secrets
    with transaction() as (session, now), plain_errors():
        unit = organisation.unit_by_code(session, unit_code)
        if unit is None:
            raise click.ClickException(f"there is no unit {unit_code}")
        message_channels.set_channel(session, name, unit, reply_url, SYSTEM, now)
    click.echo(f"{name} is on")
    if not has_secret:
        click.echo(f"CHANNEL_SECRETS has no secret for {name} yet: nothing is taken in or sent", err=True)


@group.command("list")
def _list() -> None:
    """List the channels."""
    secrets = read_settings().channel_secrets
    with transaction() as (session, _now):
        for each in message_channels.listed(session):
            state = "off" if not each.is_active else "on" if each.name in secrets else "no secret"
            click.echo(f"{each.name}\t{each.unit.code}\t{state}\t{each.reply_url}")


@group.command("off")
@click.argument("name")
def _off(name: str) -> None:
    """Take in and send out nothing more by the channel NAME."""
    with transaction() as (session, now), plain_errors():
        message_channels.switch_off(session, name, SYSTEM, now)
    click.echo(f"{name} is off")
