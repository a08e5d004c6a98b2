"""The console: server-rendered pages on which people work."""

from flask import Flask

from hotline.settings import Settings


def install_console(app: Flask, settings: Settings) -> None:
    """Put the pages on the application."""
    app.secret_key = settings.secret_key.get_secret_value()
