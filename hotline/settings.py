"""Everything that is set from outside: one frozen record, read once when a process starts."""

import json
import re
from pathlib import Path
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from limits import parse_many
from pydantic import AfterValidator, BeforeValidator, Field, HttpUrl, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from speech.registry import OFFICIAL_LIST

_SECRET_KEY_CHARACTERS = 32
_AUTH_TOKEN = re.compile(r"[0-9a-fA-F]{32}")


class SettingsError(Exception):
    """Names every missing or wrong key at once, and never a value."""


def _known_time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError("is no time zone of this machine") from error
    return name


def _postgres_only(url: SecretStr) -> SecretStr:
    if not url.get_secret_value().startswith(("postgresql://", "postgresql+psycopg://")):
        raise ValueError("must be a postgresql:// address; no other database is supported")
    return url


def _long_enough(secret: SecretStr) -> SecretStr:
    if len(secret.get_secret_value()) < _SECRET_KEY_CHARACTERS:
        raise ValueError(f"must be at least {_SECRET_KEY_CHARACTERS} characters long")
    return secret


def _auth_token(secret: SecretStr) -> SecretStr:
    # Whoever guesses it can sign webhooks in the carrier's name.
    if not _AUTH_TOKEN.fullmatch(secret.get_secret_value()):
        raise ValueError("must be the carrier's token of 32 hexadecimal digits")
    return secret


def _limits(given: str) -> str:
    try:
        parse_many(given)
    except ValueError as error:
        raise ValueError('must be limits, as "5 per hour; 20 per day"') from error
    return given


def _listed(given: Any) -> Any:
    # Read here and not by the library, which would stop at the first list that is none, before any other key.
    if not isinstance(given, str):
        return given
    try:
        return json.loads(given)
    except ValueError:
        raise ValueError("must be a JSON list") from None


def _named(given: Any) -> Any:
    if not isinstance(given, str):
        return given
    try:
        return json.loads(given)
    except ValueError:
        raise ValueError("must be a JSON object of names and secrets") from None


def _here(folder: str) -> str:
    return str(Path.cwd() / "var" / folder)


class SpeechSettings(BaseSettings):
    """Where recognition models are and come from: all that is needed to fetch one."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    speech_model_path: Path = Path("speech/demo_model")
    models_path: Path = Field(default_factory=lambda: Path(_here("models")))
    speech_models_url: HttpUrl = HttpUrl(OFFICIAL_LIST)

    @classmethod
    def from_env(cls, **overrides: Any) -> Self:
        """Read the environment.

        Raises:
            SettingsError: with one line for each key that is missing or wrong.
        """
        try:
            return cls(**overrides)
        except ValidationError as error:
            lines = [f"{'.'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors()]
            raise SettingsError("settings are not usable:\n  " + "\n  ".join(lines)) from None


class Settings(SpeechSettings):
    """The keys of `.env.example`, where each is explained."""

    database_url: Annotated[SecretStr, AfterValidator(_postgres_only)]
    redis_url: SecretStr
    secret_key: Annotated[SecretStr, AfterValidator(_long_enough)]
    secret_key_fallbacks: Annotated[
        tuple[Annotated[SecretStr, AfterValidator(_long_enough)], ...], NoDecode, BeforeValidator(_listed)
    ] = ()
    public_base_url: HttpUrl
    trusted_hosts: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)] = ()
    proxy_hops: int = Field(default=0, ge=0, le=5)
    session_cookie_secure: bool = True

    twilio_account_sid: str = Field(pattern=r"^AC[0-9a-fA-F]{32}$")
    twilio_auth_token: Annotated[SecretStr, AfterValidator(_auth_token)]
    twilio_api_base: HttpUrl | None = None
    delete_at_carrier: bool = True

    recordings_url: str = Field(default_factory=lambda: f"file://{_here('recordings')}")
    recording_limit_bytes: int = Field(default=400_000_000, gt=0)
    attachment_limit_bytes: int = Field(default=10_000_000, gt=0)
    attachments_for_order: int = Field(default=30, gt=0)
    journal_dir: Path = Field(default_factory=lambda: Path(_here("journal")))
    speech_processes: int = Field(default=0, ge=0, description="0: one for each core")
    io_processes: int = Field(default=2, ge=1)

    channel_secrets: Annotated[
        dict[str, Annotated[SecretStr, AfterValidator(_long_enough)]], NoDecode, BeforeValidator(_named)
    ] = {}

    public_form_limits: Annotated[str, AfterValidator(_limits)] = "5 per hour; 20 per day"

    clock_file: Path | None = None
    time_zone: Annotated[str, AfterValidator(_known_time_zone)] = "Asia/Shanghai"
    log_level: str = Field(default="INFO", pattern=r"^(DEBUG|INFO|WARNING|ERROR)$")

    @property
    def zone(self) -> ZoneInfo:
        """The local time of the people who are rung."""
        return ZoneInfo(self.time_zone)

    @property
    def sqlalchemy_url(self) -> str:
        """The database address with the driver named."""
        url = self.database_url.get_secret_value()
        return url.replace("postgresql://", "postgresql+psycopg://", 1)

    @property
    def base_url(self) -> str:
        """Where the carrier reaches the web process; no trailing slash."""
        return str(self.public_base_url).rstrip("/")
