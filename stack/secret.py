"""Secrets that are made once, kept in a file that only we can read, and found again at the next start."""

import os
from collections.abc import Callable
from pathlib import Path


def kept(path: Path, make: Callable[[], str]) -> str:
    """The secret in the file, made by `make` and stored if there is none yet."""
    if path.exists():
        return path.read_text().strip()
    return write_private(path, make())


def write_private(path: Path, content: str) -> str:
    """Put the whole content into a file that only we can read, or leave the old one; gives the content."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(content)
    unfinished.replace(path)
    return content
