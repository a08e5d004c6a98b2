"""What the processes are told: what was given, and for everything that was left open a value of this machine's."""

import os
import secrets
import shlex
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values

from stack.errors import StackError
from stack.ports import claim, claim_from, free_port
from stack.postgres import binaries
from stack.secret import kept

ROOT = Path(__file__).parent.parent
# Whatever else the surroundings hold is no business of a process that is given its settings.
_PASSED_ON = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH")


@dataclass(frozen=True)
class Ports:
    """Where the web process and the stand-in carrier listen on this machine."""

    web: int
    sandbox: int

    @classmethod
    def choose(cls, settings: Mapping[str, str], preferred: "Ports | None", undo: ExitStack) -> "Ports":
        """Those that were asked for, else the preferred or the next above, else any; ours until `undo` is closed.

        Raises `StackError` if one that was asked for is taken.
        """
        web, sandbox = (preferred.web, preferred.sandbox) if preferred else (None, None)
        return cls(_port(settings, "PORT", web, undo), _port(settings, "SANDBOX_PORT", sandbox, undo))


def given_settings(env_file: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """What the file and the environment say, the environment first; an empty value says nothing.

    Of the environment only the settings count: whatever else a shell holds is written to no file of ours.
    """
    written = dotenv_values(env_file, interpolate=False)
    known = dotenv_values(ROOT / ".env.example", interpolate=False).keys()
    given = {name: value for name, value in environment.items() if name in known}
    both = {name: value or "" for name, value in written.items()} | given
    return {name: value for name, value in both.items() if value}


def compose(directory: Path, settings: Mapping[str, str], ports: Ports, services: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of a process; `services` has the addresses of those that were started here."""
    machine = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    public = settings.get("PUBLIC_BASE_URL", f"http://127.0.0.1:{ports.web}")
    return {
        **machine,
        "SECRET_KEY": kept(directory / "secrets" / "secret_key", lambda: secrets.token_urlsafe(48)),
        "PUBLIC_BASE_URL": public,
        "SESSION_COOKIE_SECURE": "true" if public.startswith("https:") else "false",
        "RECORDINGS_URL": f"file://{directory / 'recordings'}",
        "JOURNAL_DIR": str(directory / "journal"),
        "MODELS_PATH": str(directory / "models"),
        "SPEECH_MODEL_PATH": str(ROOT / "speech" / "demo_model"),
        "WEB_CONCURRENCY": "2",
        **_carrier_account(directory, settings, ports),
        **services,
        **settings,
        "PATH": os.pathsep.join([str(ROOT / ".venv" / "bin"), str(binaries()), machine.get("PATH", os.defpath)]),
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
        "FLASK_APP": "hotline.cli",
        # What .env says is in here already, unless it was not meant to be.
        "FLASK_SKIP_DOTENV": "1",
        "HOST": "127.0.0.1",
        "PORT": str(ports.web),
        "SANDBOX_PORT": str(ports.sandbox),
    }


def needs_stand_in(settings: Mapping[str, str]) -> bool:
    """Whether no carrier was named, so that the stand-in must be one."""
    return not settings.keys() & {"TWILIO_ACCOUNT_SID", "TWILIO_API_BASE"}


def as_shell(environment: Mapping[str, str]) -> str:
    """The same for a shell to read: `set -a; . FILE`."""
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in sorted(environment.items()))


def _carrier_account(directory: Path, settings: Mapping[str, str], ports: Ports) -> dict[str, str]:
    if not needs_stand_in(settings):
        return {}
    return {
        "TWILIO_ACCOUNT_SID": kept(directory / "secrets" / "account_sid", lambda: f"AC{secrets.token_hex(16)}"),
        "TWILIO_AUTH_TOKEN": kept(directory / "secrets" / "auth_token", lambda: secrets.token_hex(16)),
        "TWILIO_API_BASE": f"http://127.0.0.1:{ports.sandbox}",
    }


def _port(settings: Mapping[str, str], name: str, preferred: int | None, undo: ExitStack) -> int:
    if name not in settings:
        return claim_from(preferred, undo) if preferred else free_port()
    if not settings[name].isdigit():
        raise StackError(f"{name} is no port: {settings[name]}")
    port = int(settings[name])
    if not claim(port, undo):
        raise StackError(f"port {port} is taken; set {name} to another")
    return port
