"""What the carrier knows: its numbers, the people behind all others, calls, recordings, messages."""

from collections.abc import Mapping
from threading import Condition
from typing import Any, Protocol

import numpy as np

from sandbox.call import Call
from sandbox.callbacks import Callback, Postman
from sandbox.clock import CallClock
from sandbox.config import Config, Number
from sandbox.recordings import Recording, RecordingStore
from sandbox.ringing import Callee, ScriptedCallee
from sandbox.script import Person
from sandbox.twiml import RecordingCallback
from sandbox.webhooks import Answer, WebhookError, Webhooks


class LivePhones(Protocol):
    """Live telephones that people hold in their hands."""

    def find(self, number: str) -> Callee | None:
        """The telephone with this number, if somebody has it open."""


class Office:
    """The carrier's memory, shared by every call."""

    def __init__(self, config: Config, phones: LivePhones) -> None:
        self.config = config
        self.phones = phones
        self.webhooks = Webhooks(config.auth_token, config.webhook_timeout_s)
        self.postman = Postman(self.webhooks)
        self.recordings = RecordingStore(config.data_dir / "recordings")
        self.numbers: dict[str, Number] = dict(config.numbers)
        self.people: dict[str, Person] = {}
        self.calls: dict[str, Call] = {}
        self.changed = Condition()

    @property
    def base_url(self) -> str:
        """Where the carrier's REST interface answers."""
        return self.config.base_url

    def open_call(self, direction: str, caller: str, called: str, clock: CallClock | None = None, **more: Any) -> Call:
        """A new call that everybody can see."""
        clock = clock or CallClock(self.config.speed)
        call = Call(self.config.account_sid, direction, caller, called, clock, **more)
        self.calls[call.sid] = call
        return call

    def legs(self, call: Call) -> list[Call]:
        """The calls that a call dialled."""
        return [one for one in list(self.calls.values()) if one.parent_sid == call.sid]

    def reach(self, number: str) -> Callee:
        """Who is behind a number: a live telephone, somebody with a script, or nobody who would answer."""
        return self.phones.find(number) or ScriptedCallee(self.people.get(number, Person()))

    def ask(self, call: Call, url: str, method: str, params: Mapping[str, str]) -> Answer:
        """Ask the service what to do next on a call, and write down that it was asked."""
        told = {**call.params(), **params}
        try:
            answer = self.webhooks.ask(url, told, method)
        except WebhookError as problem:
            call.note("webhook", url=url, method=method, params=told, status=problem.status, code=problem.code)
            raise
        call.note("webhook", url=url, method=method, params=told, status=answer.status)
        return answer

    def keep(
        self,
        call: Call,
        recording: Recording,
        sound: np.ndarray[Any, np.dtype[np.int16]],
        callback: RecordingCallback,
    ) -> Recording | None:
        """Store a recording and tell the service; an empty one is only told as absent."""
        if not len(sound):
            call.note("recorded_nothing", sid=recording.sid)
            self.tell_recording(call, recording.absent(), callback)
            return None
        kept = self.recordings.keep(recording, sound)
        call.recordings.append(kept.sid)
        call.note("recorded", sid=kept.sid, duration_s=kept.duration_s, channels=kept.channels)
        self.tell_recording(call, kept, callback)
        return kept

    def tell_recording(self, call: Call, recording: Recording, callback: RecordingCallback) -> None:
        """Tell the service what became of a recording, if it asked for that event."""
        if recording.status in callback.events:
            params = recording.params(self.base_url)
            self.postman.send(call.sid, Callback("recording", callback.url, params, call.note, callback.method))
