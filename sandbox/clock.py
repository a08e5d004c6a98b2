"""The time inside one call: real, faster, or jumping from one event to the next without any waiting."""

import time
from threading import Condition


class CallClock:
    """Seconds since the call began. Speed 1 is real time, 10 ten times faster, 0 never waits.

    Whoever waits holds `changed`; whoever brings news notifies it, and the wait ends early.
    """

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._started = time.monotonic()
        self._jumped_s = 0.0
        self.changed = Condition()

    @property
    def now_s(self) -> float:
        """How long the call has lasted."""
        if self._speed == 0:
            return self._jumped_s
        return (time.monotonic() - self._started) * self._speed

    def wait_until(self, moment_s: float) -> bool:
        """Let time pass until `moment_s` or until `changed` is notified; True when the moment has come.

        The caller holds `changed`.
        """
        if self._speed == 0:
            self._jumped_s = max(self._jumped_s, moment_s)
            return True
        left_s = moment_s - self.now_s
        if left_s > 0:
            self.changed.wait(left_s / self._speed)
        return self.now_s >= moment_s
