"""<Dial>: the caller is connected with whoever picks up first, and what both say is recorded."""

from dataclasses import dataclass
from urllib.parse import urljoin

import numpy as np

from sandbox import twiml
from sandbox.call import Call, CallbackOrder
from sandbox.office import Office
from sandbox.party import Event, HungUp, Line, Ordered, Party, Pressed, Turn
from sandbox.progress import reach
from sandbox.recordings import Recording
from sandbox.ringing import Leg, RingingStopped, ring
from sandbox.track import trim_silence

_BETWEEN_TURNS_S = 0.5


@dataclass(frozen=True)
class DialResult:
    """What became of a <Dial>; `interrupted_by` is set when the caller left or the service moved the call."""

    status: str
    call_sid: str = ""
    duration_s: int = 0
    recording: Recording | None = None
    interrupted_by: Event | None = None

    def params(self, base_url: str) -> dict[str, str]:
        """What the action request adds."""
        params = {"DialCallStatus": self.status}
        if self.call_sid:
            params |= {"DialCallSid": self.call_sid, "DialCallDuration": str(self.duration_s)}
        if self.recording:
            params |= {
                "RecordingUrl": self.recording.url(base_url),
                "RecordingSid": self.recording.sid,
                "RecordingDuration": str(self.recording.duration_s),
            }
        return params


class Bridge:
    """Rings the destinations of one <Dial> and holds the conversation."""

    def __init__(self, office: Office, call: Call, line: Line, verb: twiml.Dial, base_url: str, ends_s: float) -> None:
        self._office = office
        self._call = call
        self._line = line
        self._verb = verb
        self._base_url = base_url
        self._ends_s = ends_s

    def connect(self) -> DialResult:
        """Ring, talk, hang up."""
        legs = [self._leg(destination) for destination in self._verb.destinations]
        self._call.note("dialling", numbers=[leg.call.called for leg in legs])
        began_s = self._line.now_s
        try:
            winner = ring(self._line, legs, self._verb.timeout_s)
        except RingingStopped as stopped:
            self._close(legs, "canceled")
            return DialResult("canceled", legs[0].call.sid, interrupted_by=stopped.event)
        if winner is None:
            self._close(legs, "")
            status = next((leg.outcome for leg in legs if leg.outcome != "no-answer"), "no-answer")
            return DialResult(status, legs[0].call.sid)
        self._close([leg for leg in legs if leg is not winner], "canceled")
        return self._talk(winner, began_s)

    def _leg(self, destination: twiml.Destination) -> Leg:
        caller = self._verb.caller_id or self._call.caller
        call = self._office.open_call(
            "outbound-dial", caller, destination.number, self._call.clock, parent_sid=self._call.sid
        )
        call.callback = CallbackOrder(
            destination.status_callback and urljoin(self._base_url, destination.status_callback),
            destination.status_callback_method,
            destination.status_callback_events,
        )
        reach(self._office, call, "initiated")
        reach(self._office, call, "ringing")
        return Leg(call, self._office.reach(destination.number))

    def _close(self, legs: list[Leg], status: str) -> None:
        for leg in legs:
            reach(self._office, leg.call, status or leg.outcome)
            self._call.note("dialled", number=leg.call.called, status=leg.call.status)

    def _talk(self, leg: Leg, rang_s: float) -> DialResult:
        reach(self._office, leg.call, "in-progress")
        answered_s = self._line.now_s
        agent = leg.callee.party(leg.call, self._line)
        self._call.note("connected", number=leg.call.called)
        recording = Recording(self._call.account_sid, self._call.sid, "DialVerb")
        if self._records:
            self._office.tell_recording(self._call, recording, self._verb.callback)
        ended_by = self._converse(leg, agent, min(self._ends_s, answered_s + self._verb.time_limit_s))
        from_s = rang_s if "ringing" in self._verb.record else answered_s
        kept = self._keep(recording, agent, from_s) if self._records else None
        reach(self._office, leg.call, "completed")
        self._call.note("dialled", number=leg.call.called, status="completed")
        interrupted_by = None if ended_by == HungUp(leg.call.sid) else ended_by
        return DialResult("completed", leg.call.sid, leg.call.duration_s or 0, kept, interrupted_by)

    @property
    def _records(self) -> bool:
        return self._verb.record != "do-not-record"

    def _converse(self, leg: Leg, agent: Party, limit_s: float) -> Event:
        """Let both speak until one of them hangs up or the service wants otherwise."""
        caller = self._line.party
        caller.relay(agent)
        agent.relay(caller)
        try:
            return self._turns(leg, agent, limit_s) or self._goodbye(leg, agent, limit_s)
        finally:
            caller.relay(None)
            agent.relay(None)

    def _turns(self, leg: Leg, agent: Party, limit_s: float) -> Event | None:
        """The scripts of both sides speak in turns, whoever picked up first; None when both are used up."""
        sides = [agent, self._line.party]
        silent = 0
        while silent < len(sides):
            speaker, listener = sides
            turn = speaker.turn()
            silent = 0 if turn else silent + 1
            if turn:
                event = self._speak(turn, speaker, listener, leg, limit_s)
                if event:
                    return event
                if turn.hangs_up:
                    return HungUp(leg.call.sid if speaker is agent else "")
            sides.reverse()
        return None

    def _speak(self, turn: Turn, speaker: Party, listener: Party, leg: Leg, limit_s: float) -> Event | None:
        begins_s = self._line.now_s + _BETWEEN_TURNS_S
        by = "caller" if speaker is self._line.party else leg.call.called
        self._call.note("spoke", text=turn.words, by=by, begins_s=round(begins_s, 2))
        ends_s = speaker.track.add(begins_s, turn.sound)
        listener.hear(turn.sound, turn.words)
        return self._wait(ends_s, leg, limit_s)

    def _goodbye(self, leg: Leg, agent: Party, limit_s: float) -> Event:
        """With nothing left to say a scripted agent hangs up; people decide for themselves."""
        is_live = agent.is_live or self._line.party.is_live
        until_s = limit_s if is_live else self._line.now_s + _BETWEEN_TURNS_S
        return self._wait(until_s, leg, limit_s) or HungUp(leg.call.sid)

    def _wait(self, until_s: float, leg: Leg, limit_s: float) -> Event | None:
        """Let time pass; the event that ends the conversation, or None."""
        while True:
            event = self._line.wait(min(until_s, limit_s))
            match event:
                case None:
                    return HungUp(leg.call.sid) if self._line.now_s >= limit_s else None
                case HungUp() | Ordered():
                    return event
                case Pressed(key):
                    self._call.note("pressed", key=key)
                    if key == "*" and self._verb.hangup_on_star:
                        return HungUp(leg.call.sid)

    def _keep(self, recording: Recording, agent: Party, from_s: float) -> Recording | None:
        now_s = self._line.now_s
        left, right = self._line.party.track.cut(from_s, now_s), agent.track.cut(from_s, now_s)
        if self._verb.record.endswith("-dual"):
            return self._office.keep(self._call, recording, np.column_stack([left, right]), self._verb.callback)
        mixed = np.clip(left.astype(np.int32) + right, -32768, 32767).astype(np.int16)
        sound = trim_silence(mixed) if self._verb.trims else mixed
        return self._office.keep(self._call, recording, sound, self._verb.callback)
