"""Where the carrier reaches us: addresses made from the configured base, never from a request."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Addresses:
    """`base` is the public base URL without a trailing slash."""

    base: str

    def voice(self, what: str) -> str:
        """An address of the inbound call: inbound, key, recorded, nothing-said, person-done, recording, status."""
        return f"{self.base}/voice/{what}"

    def survey(self, token: str, what: str = "picked-up") -> str:
        """An address of one survey attempt: picked-up, key, spoken, fallback, status."""
        return f"{self.base}/voice/survey/{token}/{what}"

    def alarm(self, token: str, what: str = "picked-up") -> str:
        """An address of one call of an alarm: picked-up, key, fallback, status."""
        return f"{self.base}/voice/alarm/{token}/{what}"

    def status_page(self, token: str) -> str:
        """The page on which whoever wrote sees how the matter stands."""
        return f"{self.base}/s/{token}"

    def message_status(self, message_id: int) -> str:
        """Where the fate of a text message is told, be it before the carrier's own name for it is known."""
        return f"{self.base}/messages/{message_id}/status"
