"""What a stand-in carrier is told when it starts: the account, its numbers, its pace, where media lies."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any


class ConfigError(ValueError):
    """A key of the configuration is missing, unknown or wrong."""


@dataclass(frozen=True)
class Number:
    """A telephone number that the service owns, and the addresses that hear of what happens on it."""

    voice_url: str = ""
    voice_fallback_url: str = ""
    status_callback: str = ""
    sms_url: str = ""
    sms_fallback_url: str = ""

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Number":
        """A number as JSON tells it; ConfigError names what is wrong."""
        _refuse_unknown(cls, record, "number")
        for key, value in record.items():
            if value and not str(value).startswith(("http://", "https://")):
                raise ConfigError(f"{key} is no web address: {value}")
        return cls(**{key: str(value or "") for key, value in record.items()})


@dataclass(frozen=True)
class Config:
    """Everything settable. `speed` 0 means that no time passes while people speak or wait."""

    account_sid: str
    auth_token: str
    data_dir: Path
    host: str = "127.0.0.1"
    port: int = 5060
    speed: float = 1.0
    calls_per_second: float = 1.0
    requests_per_second: float = 0.0
    webhook_timeout_s: float = 15.0
    numbers: Mapping[str, Number] = field(default_factory=dict)

    @classmethod
    def from_file(cls, path: Path) -> "Config":
        """Read a JSON file."""
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
        except json.JSONDecodeError as problem:
            raise ConfigError(f"{path} is no JSON: {problem}") from problem
        return cls.from_record(record)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Config":
        """The same from a decoded JSON object."""
        _refuse_unknown(cls, record, "configuration")
        missing = [name for name in ("account_sid", "auth_token", "data_dir") if not record.get(name)]
        if missing:
            raise ConfigError(f"the configuration lacks {', '.join(missing)}")
        for name in ("speed", "calls_per_second", "requests_per_second"):
            if float(record.get(name, 0)) < 0:
                raise ConfigError(f"{name} is less than nothing")
        numbers = {name: Number.from_record(urls) for name, urls in record.get("numbers", {}).items()}
        return cls(**{**record, "data_dir": Path(record["data_dir"]), "numbers": numbers})

    @property
    def base_url(self) -> str:
        """Where this carrier's own REST interface answers."""
        return f"http://{self.host}:{self.port}"


def _refuse_unknown(kind: type[Config] | type[Number], record: Mapping[str, Any], what: str) -> None:
    unknown = sorted(set(record) - {one.name for one in fields(kind)})
    if unknown:
        raise ConfigError(f"the {what} has no {', '.join(unknown)}")
