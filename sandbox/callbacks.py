"""Callbacks on their way to the service: in order for each call, unless a fault was asked for."""

import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Condition, Thread

from sandbox.faults import Faults
from sandbox.webhooks import WebhookError, Webhooks


@dataclass(frozen=True)
class Callback:
    """One thing the service is told without being asked for words."""

    kind: str
    url: str
    params: Mapping[str, str]
    note: Callable[..., None]
    method: str = "POST"


class Postman:
    """Delivers callbacks in the background, one at a time for each subject (a call, a message)."""

    def __init__(self, webhooks: Webhooks) -> None:
        self.faults = Faults()
        self._webhooks = webhooks
        self._changed = Condition()
        self._waiting: defaultdict[str, deque[Callback]] = defaultdict(deque)
        self._held: defaultdict[str, list[Callback]] = defaultdict(list)
        self._busy: set[str] = set()

    def send(self, subject: str, callback: Callback) -> None:
        """Put a callback on its way; one without an address goes nowhere."""
        if not callback.url:
            return
        if callback.kind in self.faults.drop:
            callback.note("callback_dropped", kind=callback.kind, url=callback.url)
            return
        copies = 2 if callback.kind in self.faults.duplicate else 1
        with self._changed:
            if callback.kind in self.faults.reorder:
                self._held[subject].extend([callback] * copies)
            else:
                self._enqueue(subject, [callback] * copies)

    def close(self, subject: str) -> None:
        """No more callbacks will come for this subject: those held back leave now, the last first."""
        with self._changed:
            self._enqueue(subject, self._held.pop(subject, [])[::-1])
            while subject in self._busy:
                self._changed.wait()

    def _enqueue(self, subject: str, callbacks: list[Callback]) -> None:
        if not callbacks:
            return
        self._waiting[subject].extend(callbacks)
        if subject not in self._busy:
            self._busy.add(subject)
            Thread(target=self._deliver, args=(subject,), name=f"callbacks-{subject}", daemon=True).start()

    def _deliver(self, subject: str) -> None:
        while True:
            with self._changed:
                if not self._waiting[subject]:
                    del self._waiting[subject]
                    self._busy.discard(subject)
                    self._changed.notify_all()
                    return
                callback = self._waiting[subject].popleft()
            time.sleep(self.faults.delay_s.get(callback.kind, 0))
            self._post(callback)

    def _post(self, callback: Callback) -> None:
        told = {"kind": callback.kind, "url": callback.url, "params": dict(callback.params)}
        try:
            answer = self._webhooks.ask(callback.url, callback.params, callback.method)
        except WebhookError as problem:
            callback.note("callback", **told, status=problem.status, code=problem.code, message=str(problem))
        else:
            callback.note("callback", **told, status=answer.status)
