"""What the carrier does: takes calls in, places calls at its pace, obeys orders on running calls."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from queue import Queue
from threading import Lock, Thread

import numpy as np

from sandbox.call import Call, CallbackOrder
from sandbox.callbacks import Callback
from sandbox.clock import CallClock
from sandbox.interpreter import Interpreter, Source
from sandbox.office import Office
from sandbox.party import Line, Nobody, Ordered, Party, ScriptedParty, rehearse
from sandbox.progress import reach, tell
from sandbox.recordings import Recording
from sandbox.ringing import Callee, Leg, RingingStopped, ring
from sandbox.script import Step
from sandbox.track import Track, trim_silence
from sandbox.twiml import RecordingCallback

_log = logging.getLogger(__name__)
_FIRST_WEBHOOK = {"CallToken": "", "StirVerstat": ""}


class CallStateError(ValueError):
    """An order that a call in this state cannot obey."""


@dataclass(frozen=True)
class CallOrder:
    """A call that the service wants placed."""

    caller: str
    called: str
    source: Source
    fallback_url: str = ""
    callback: CallbackOrder = field(default_factory=CallbackOrder)
    timeout_s: int = 60
    time_limit_s: int = 14400
    detects_machine: str = ""
    detects_aside: bool = False
    detection_callback: CallbackOrder = field(default_factory=CallbackOrder)
    records: bool = False
    is_dual: bool = False
    trims: bool = True
    recording_callback: RecordingCallback = field(default_factory=RecordingCallback)


class Carrier:
    """One telephone company on this machine."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self._lines: dict[str, Line] = {}
        self._leaving = Lock()
        self._queue: Queue[tuple[Call, CallOrder]] = Queue()
        Thread(target=self._place_at_pace, name="pace", daemon=True).start()

    # Calls in

    def ring_in(self, caller: str, called: str, steps: Sequence[Step]) -> Call:
        """Somebody with a script rings one of the service's numbers; ScriptError if it cannot be said."""
        rehearse(steps)
        call = self.office.open_call("inbound", caller, called)
        self._start_inbound(call, Line(call.clock, ScriptedParty(steps, call.note)))
        return call

    def ring_in_live(self, caller: str, called: str, party: Callable[[Call, Line], Party]) -> Call:
        """Somebody with a telephone in their hand rings; such a call runs in real time."""
        call = self.office.open_call("inbound", caller, called, CallClock(1.0))
        line = Line(call.clock, Nobody())
        line.party = party(call, line)
        self._start_inbound(call, line)
        return call

    def _start_inbound(self, call: Call, line: Line) -> None:
        call.callback = CallbackOrder(self.office.numbers[call.called].status_callback)
        call.advance("ringing")
        self._begin(call, line, self._inbound)

    def _inbound(self, call: Call, line: Line) -> None:
        number = self.office.numbers[call.called]
        interpreter = Interpreter(self.office, call, line, fallback_url=number.voice_fallback_url)
        self._end(call, interpreter.run(Source(number.voice_url, params=_FIRST_WEBHOOK)))

    # Calls out

    def place(self, order: CallOrder) -> Call:
        """Queue a call; it leaves when the pace of the account allows."""
        callee = self.office.reach(order.called)
        clock = CallClock(1.0) if callee.is_live else None
        call = self.office.open_call("outbound-api", order.caller, order.called, clock, callback=order.callback)
        self._lines[call.sid] = Line(call.clock, Nobody())
        self._queue.put((call, order))
        return call

    def _place_at_pace(self) -> None:
        """Let the queued calls out, one at a time and not faster than the account may."""
        next_at = 0.0
        while True:
            call, order = self._queue.get()
            time.sleep(max(0.0, next_at - time.monotonic()))
            with self._leaving:
                if call.is_over:
                    continue
                call.advance("initiated")
            pace = self.office.config.calls_per_second
            next_at = time.monotonic() + (1 / pace if pace else 0)
            self._begin(call, self._lines[call.sid], partial(self._outbound, order=order))

    def _outbound(self, call: Call, line: Line, order: CallOrder) -> None:
        tell(self.office, call)
        callee = self.office.reach(order.called)
        plan = callee.plan()
        if plan is None or plan[0] != "failed":
            reach(self.office, call, "ringing")
        leg = Leg(call, callee)
        try:
            winner = ring(line, [leg], order.timeout_s)
        except RingingStopped:
            self._end(call, "canceled")
            return
        if winner is None:
            self._end(call, leg.outcome)
            return
        self._talk(call, line, order, callee)

    def _talk(self, call: Call, line: Line, order: CallOrder, callee: Callee) -> None:
        line.party = callee.party(call, line)
        reach(self.office, call, "in-progress")
        self._detect_machine(call, order, callee)
        began_s = line.now_s
        interpreter = Interpreter(
            self.office, call, line, fallback_url=order.fallback_url, time_limit_s=order.time_limit_s
        )
        if order.records:
            interpreter.spoken = Track()
        status = interpreter.run(order.source)
        more = self._keep_whole_call(call, line, order, interpreter.spoken, began_s)
        self._end(call, status, **more)

    def _detect_machine(self, call: Call, order: CallOrder, callee: Callee) -> None:
        if not order.detects_machine:
            return
        heard = callee.answered_by()
        if heard.startswith("machine") and order.detects_machine == "DetectMessageEnd":
            heard = "machine_end_beep"
        call.answered_by = heard
        call.note("detected", answered_by=heard)
        if order.detects_aside:
            told = {"CallSid": call.sid, "AccountSid": call.account_sid, "AnsweredBy": heard}
            told["MachineDetectionDuration"] = "3000"
            wanted = order.detection_callback
            self.office.postman.send(call.sid, Callback("call", wanted.url, told, call.note, wanted.method))

    def _keep_whole_call(
        self, call: Call, line: Line, order: CallOrder, spoken: Track | None, began_s: float
    ) -> dict[str, str]:
        if spoken is None:
            return {}
        person = line.party.track.cut(began_s, line.now_s)
        service = spoken.cut(began_s, line.now_s)
        if order.is_dual:
            sound = np.column_stack([person, service])
        else:
            sound = np.clip(person.astype(np.int32) + service, -32768, 32767).astype(np.int16)
            sound = trim_silence(sound) if order.trims else sound
        recording = Recording(call.account_sid, call.sid, "OutboundAPI")
        kept = self.office.keep(call, recording, sound, order.recording_callback)
        if kept is None:
            return {}
        url = kept.url(self.office.base_url)
        return {"RecordingUrl": url, "RecordingSid": kept.sid, "RecordingDuration": str(kept.duration_s)}

    # Orders on a call

    def finish(self, call: Call, status: str) -> None:
        """End a running call, or keep a queued one from leaving."""
        with self._leaving:
            if call.is_over:
                raise CallStateError(f"the call is already {call.status}")
            if call.status == "queued":
                reach(self.office, call, "canceled")
                self._lines.pop(call.sid, None)
                Thread(target=self._close, args=(call,), daemon=True).start()
                return
        if status == "canceled" and call.status == "in-progress":
            raise CallStateError("a call in progress cannot be canceled, only completed")
        self._order(call, Ordered(status=status))

    def move(self, call: Call, *, url: str = "", method: str = "POST", twiml: str = "") -> None:
        """Give a running call another document."""
        if call.status != "in-progress":
            raise CallStateError(f"the call is {call.status}, not in progress")
        self._order(call, Ordered(url=url, method=method, twiml=twiml))

    def _order(self, call: Call, order: Ordered) -> None:
        line = self._lines.get(call.sid)
        if line is None:
            raise CallStateError("nobody is on the line any more")
        line.tell(order)

    # The life of a call's thread

    def _begin(self, call: Call, line: Line, run: Callable[[Call, Line], None]) -> None:
        self._lines[call.sid] = line
        Thread(target=self._run, args=(call, line, run), name=f"call-{call.sid}", daemon=True).start()

    def _run(self, call: Call, line: Line, run: Callable[[Call, Line], None]) -> None:
        try:
            run(call, line)
        except Exception as problem:  # noqa: BLE001 - whatever it was, the call must end and say so
            _log.exception("a call broke off inside the carrier")
            call.note("error", code=12400, message=f"inside the carrier: {problem}")
            self._end(call, "failed")
        finally:
            self._lines.pop(call.sid, None)

    def _end(self, call: Call, status: str, **more: str) -> None:
        if not call.is_over:
            call.advance(status)
        tell(self.office, call, **more)
        self._close(call)

    def _close(self, call: Call) -> None:
        """Wait until the service was told everything of the call and of those it dialled; then they are settled."""
        for one in [*self.office.legs(call), call]:
            if not one.is_over:
                reach(self.office, one, "failed")
            self.office.postman.close(one.sid)
            one.settle()
