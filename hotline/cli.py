"""The service's commands: `flask COMMAND`. Each reads the settings only when it needs them."""

from flask import Flask

from hotline.commands import (
    calendar,
    calls,
    catalogue,
    channels,
    database,
    docs,
    models,
    organisation,
    people,
    policy,
    roster,
    speech,
    supervision,
    time,
    transfers,
    understanding,
)

_COMMANDS = (
    database.db,
    people.users,
    roster.group,
    organisation.lines,
    organisation.organisation_files,
    organisation.sample_organisation,
    calendar.group,
    policy.group,
    supervision.orders,
    supervision.mode,
    time.clock,
    docs.docs,
    models.models,
    calls.calls,
    transfers.group,
    channels.group,
    understanding.understanding,
    catalogue.catalogue,
    speech.transcribe,
    speech.understand,
    speech.understand_survey,
    speech.understand_outreach,
)


def create_app() -> Flask:
    """An application that has nothing but commands, so that those without a database need no settings."""
    app = Flask("hotline")
    for command in _COMMANDS:
        app.cli.add_command(command)
    return app
