"""The console: server-rendered pages on which people work."""

from hotline.console.install import install_console

__all__ = ["install_console"]
