"""Live telephones: none yet."""

from sandbox.ringing import Callee


class NoPhones:
    def find(self, _number: str) -> Callee | None:
        return None
