"""Misbehaviour on request: what a carrier does on its bad days, so that the service can be seen to survive it."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

CALLBACKS = ("call", "recording", "message")


class FaultError(ValueError):
    """A fault that the stand-in cannot commit."""


@dataclass(frozen=True)
class Faults:
    """Which kinds of callback go wrong and how, and how REST and media fail. The default does nothing."""

    drop: frozenset[str] = frozenset()
    duplicate: frozenset[str] = frozenset()
    reorder: frozenset[str] = frozenset()
    delay_s: Mapping[str, float] = field(default_factory=dict)
    rest_status: int = 0
    requests_per_second: float = 0
    media_status: int = 0
    media_not_found_first: int = 0
    media_base64: str = ""

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Faults":
        """Faults as JSON tells them; FaultError names what is wrong."""
        if unknown := sorted(set(record) - {one.name for one in fields(cls)}):
            raise FaultError(f"there is no fault {', '.join(unknown)}")
        kinds = {name: frozenset(record.get(name, ())) for name in ("drop", "duplicate", "reorder")}
        delay_s = {str(kind): float(seconds) for kind, seconds in record.get("delay_s", {}).items()}
        if wrong := sorted(frozenset().union(*kinds.values(), delay_s) - set(CALLBACKS)):
            raise FaultError(f"callbacks are of the kinds {', '.join(CALLBACKS)}, not {', '.join(wrong)}")
        faults = cls(**{**record, **kinds, "delay_s": delay_s})
        try:
            base64.b64decode(faults.media_base64, validate=True)
        except binascii.Error as problem:
            raise FaultError(f"media_base64 is no base64: {problem}") from problem
        return faults

    @property
    def media(self) -> bytes | None:
        """The bytes handed out in place of every recording, if any."""
        return base64.b64decode(self.media_base64) if self.media_base64 else None

    def record(self) -> dict[str, Any]:
        """The same as JSON."""
        told = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: sorted(value) if isinstance(value, frozenset) else value for name, value in told.items()}
