"""The stand-in carrier's controls: what people on the telephone do, and what became of their calls."""

import json
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

_TIMEOUT_S = 60

Script = Sequence[Mapping[str, Any]]


class Telephone:
    """Everybody on the other end of the line."""

    def __init__(self, sandbox_url: str) -> None:
        self._base_url = f"{sandbox_url}/sandbox"

    def ring(self, caller: str, called: str, script: Script) -> str:
        """Ring the service; the call's id."""
        told = self._ask("POST", "/calls", {"from": caller, "to": called, "script": list(script)})
        return str(told["call_sid"])

    def will_answer(self, number: str, script: Script) -> None:
        """Whoever rings the number from now on is answered like this."""
        self._ask("PUT", f"/people/{quote(number)}", {"answers": "yes", "rings_s": 1, "script": list(script)})

    def call(self, call_sid: str) -> dict[str, Any]:
        """A call as it stands, with the log of all that was said and done."""
        return dict(self._ask("GET", f"/calls/{call_sid}"))

    def calls_to(self, number: str) -> list[dict[str, Any]]:
        """The calls that rang a number."""
        return [call for call in self._ask("GET", "/calls") if call["to"] == number]

    def messages_to(self, number: str) -> list[str]:
        """The text messages that a number received."""
        return [message["body"] for message in self._ask("GET", "/messages") if message["to"] == number]

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        request = urllib.request.Request(  # noqa: S310 - our own address
            self._base_url + path,
            json.dumps(body).encode() if body is not None else None,
            {"Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as response:  # noqa: S310 - our own address
            return json.loads(response.read())
