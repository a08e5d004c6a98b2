"""Telephones that people hold in their hands: they ring, are picked up, speak and hear in real time."""

from collections.abc import Callable, Mapping
from functools import partial
from threading import RLock
from typing import Any, ClassVar

import numpy as np

from sandbox.call import FINAL, Call
from sandbox.carrier import Carrier
from sandbox.messages import MessageCenter
from sandbox.office import Office
from sandbox.party import Event, HungUp, Line, Party, PickedUp, Pressed, Turn
from sandbox.ringing import Callee
from sandbox.track import Track
from sandbox.twiml import KEYS
from sandbox.voice import SAMPLE_RATE_HZ, Manner, Samples, VoiceError, mu_law_decode, mu_law_encode, speak

_JITTER_S = 0.3
_LISTENING = ("record", "talk")

Tell = Callable[[Mapping[str, Any]], None]
Sound = Callable[[Samples], None]


class PhoneError(ValueError):
    """Something that this telephone cannot do now; `reason` is a word that the page knows how to put."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason

    def news(self, event: str) -> dict[str, str]:
        """The same as news for the page."""
        return {"event": event, "reason": self.reason, "message": str(self)}


class LiveParty:
    """A person on a line. What is typed before the service listens is kept and said once it does."""

    is_live = True

    def __init__(self, line: Line, tell: Tell, sound: Sound, note: Callable[..., None]) -> None:
        self.track = Track()
        self._line = line
        self._tell = tell
        self._sound = sound
        self._note = note
        self._lock = RLock()
        self._moment = ""
        self._kept: list[str] = []
        self._spoken_until_s = 0.0
        self._heard_until_s = 0.0
        self._other: Party | None = None

    def attend(self, moment: str, now_s: float) -> None:
        """The service goes on: sound that is still to be heard was cut short."""
        if now_s < self._heard_until_s - _JITTER_S:
            self._tell({"event": "hush"})
        self._heard_until_s = now_s
        self._turn_to(moment)

    def next_at(self) -> float | None:
        """A person's acts are not known beforehand."""
        return None

    def take(self) -> Event:
        """A person's acts are told to the line."""
        raise LookupError("a person's acts come as news of the line")

    def turn(self) -> Turn | None:
        """A person speaks when they like."""
        return None

    def hear(self, sound: Samples, words: str) -> None:  # noqa: ARG002 - the words are shown by the call's log
        """Play a sound into the person's ear."""
        self._heard_until_s = max(self._heard_until_s, self._line.now_s) + len(sound) / SAMPLE_RATE_HZ
        self._sound(sound)

    def relay(self, other: Party | None) -> None:
        """Connect with another party, or part from it."""
        self._other = other
        self._turn_to("talk" if other else "")

    def say(self, text: str) -> None:
        """Say typed words, now or as soon as the service listens."""
        with self._lock:
            if self._moment in _LISTENING:
                self._speak(text)
            else:
                self._kept.append(text)
                self._tell({"event": "kept", "text": text})

    def microphone(self, samples: Samples) -> None:
        """A piece of sound from the microphone; pieces that follow closely are joined without a gap."""
        with self._lock:
            arrived_s = self._line.now_s - len(samples) / SAMPLE_RATE_HZ
            follows = abs(arrived_s - self._spoken_until_s) < _JITTER_S
            begins_s = self._spoken_until_s if follows else max(arrived_s, 0.0)
            heard = mu_law_decode(mu_law_encode(samples))
            self._spoken_until_s = self.track.add(begins_s, heard)
        if self._other:
            self._other.hear(heard, "")

    def _turn_to(self, moment: str) -> None:
        with self._lock:
            self._moment = moment
            if moment in _LISTENING:
                kept, self._kept = self._kept, []
                for text in kept:
                    self._speak(text)

    def _speak(self, text: str) -> None:
        try:
            samples = speak(text, Manner())
        except VoiceError as problem:
            self._tell(PhoneError("unsayable", str(problem)).news("error"))
            return
        begins_s = max(self._line.now_s, self._spoken_until_s)
        self._spoken_until_s = self.track.add(begins_s, samples)
        self._note("spoke", text=text, begins_s=round(begins_s, 2))
        self._sound(samples)
        if self._other:
            self._other.hear(samples, text)


class Phone:
    """One telephone: at most one call at a time, incoming or outgoing."""

    def __init__(
        self, number: str, office: Office, carrier: Carrier, messages: MessageCenter, tell: Tell, sound: Sound
    ) -> None:
        self.number = number
        self._messages = messages
        self._office = office
        self._carrier = carrier
        self._tell = tell
        self._sound = sound
        self._lock = RLock()
        self._call: Call | None = None
        self._line: Line | None = None
        self._party: LiveParty | None = None

    @property
    def is_free(self) -> bool:
        """Nobody is on the line and it does not ring."""
        return self._call is None

    def dial(self, number: str) -> None:
        """Ring one of the service's numbers."""
        if not self.is_free:
            raise PhoneError("in_use", "there is a call already")
        self._carrier.ring_in_live(self.number, self._service(number), self._join)

    def text(self, number: str, body: str) -> None:
        """Write to one of the service's numbers."""
        self._messages.receive(self.number, self._service(number), body)

    def alert(self, call: Call, line: Line) -> None:
        """An incoming call rings."""
        with self._lock:
            if not self.is_free:
                return
            self._call, self._line = call, line
            call.watchers.append(self._watch)
        self._tell({"event": "ringing", "from": call.caller, "call_sid": call.sid})

    def party(self, call: Call, line: Line) -> Party:
        """Who speaks now that it was picked up."""
        return self._join(call, line)

    def pick_up(self) -> None:
        """Answer what rings."""
        if self._call and self._line and not self._party:
            self._line.tell(PickedUp(self._call.sid))

    def hang_up(self) -> None:
        """Leave the call, or refuse what rings."""
        if self._call and self._line:
            self._line.tell(HungUp(self._own_sid()))

    def press(self, key: str) -> None:
        """Press a key."""
        if key not in KEYS or len(key) != 1:
            raise PhoneError("no_key", f"{key!r} is no key")
        if self._line and self._party and not self._own_sid():
            self._line.tell(Pressed(key))

    def say(self, text: str) -> None:
        """Let the synthesiser say typed words on the call."""
        if not self._party:
            raise PhoneError("nobody", "there is nobody to say it to")
        self._party.say(text)

    def microphone(self, samples: Samples) -> None:
        """Sound from the microphone; without a call nobody hears it."""
        if self._party:
            self._party.microphone(samples)

    def _service(self, number: str) -> str:
        if number not in self._office.numbers:
            raise PhoneError("no_service", f"{number} is none of the service's numbers")
        return number

    def _join(self, call: Call, line: Line) -> Party:
        whole = self._office.calls[call.parent_sid] if call.parent_sid else call
        party = LiveParty(line, self._tell, self._sound, partial(whole.note, by=self.number))
        with self._lock:
            if self._call is not call:
                call.watchers.append(self._watch)
            self._call, self._line, self._party = call, line, party
            if whole is not call:
                whole.watchers.append(self._show)
        self._tell({"event": "connected", "call_sid": call.sid, "from": call.caller, "to": call.called})
        return party

    def _own_sid(self) -> str:
        """How the line tells this telephone from its own party: by the call, when it was dialled."""
        is_dialled = self._call is not None and (self._call.parent_sid is not None or self._party is None)
        return self._call.sid if self._call and is_dialled else ""

    def _watch(self, line: Mapping[str, Any]) -> None:
        self._show(line)
        call = self._call
        if call and line["event"] == "status" and line["status"] in FINAL and call.status in FINAL:
            self._stop(call)

    def _stop(self, call: Call) -> None:
        """The call is over, or somebody else picked up."""
        with self._lock:
            if self._call is not call:
                return
            if call.parent_sid and self._party:
                self._office.calls[call.parent_sid].watchers.remove(self._show)
            self._call = self._line = self._party = None
        self._tell({"event": "ended", "call_sid": call.sid, "status": call.status})

    def _show(self, line: Mapping[str, Any]) -> None:
        self._tell({"event": "log", "line": {key: line[key] for key in line if key != "params"}})


class LiveCallee:
    """A telephone as the carrier rings it."""

    is_live: ClassVar[bool] = True

    def __init__(self, phone: Phone) -> None:
        self._phone = phone

    def plan(self) -> tuple[str, float] | None:
        """Only a telephone in use is known to be busy."""
        return None if self._phone.is_free else ("busy", 1.0)

    def alert(self, call: Call, line: Line) -> None:
        """Ring."""
        self._phone.alert(call, line)

    def party(self, call: Call, line: Line) -> Party:
        """Whoever picked up."""
        return self._phone.party(call, line)

    def answered_by(self) -> str:
        """A person."""
        return "human"


class Phones:
    """The telephones that are open now, by their numbers."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._phones: dict[str, Phone] = {}

    def find(self, number: str) -> Callee | None:
        """The telephone with this number, ready to be rung."""
        with self._lock:
            phone = self._phones.get(number)
        return LiveCallee(phone) if phone else None

    def open(self, phone: Phone) -> None:
        """Put a telephone on the network."""
        with self._lock:
            if phone.number in self._phones:
                raise PhoneError("open_elsewhere", f"{phone.number} is open elsewhere")
            self._phones[phone.number] = phone

    def close(self, phone: Phone) -> None:
        """Take a telephone off the network; a call on it ends."""
        with self._lock:
            self._phones.pop(phone.number, None)
        phone.hang_up()


def samples_from(frame: bytes) -> Samples:
    """Sound as a browser sends it: 16 bit, little-endian, 8 kHz."""
    return np.frombuffer(frame[: len(frame) // 2 * 2], dtype="<i2").astype(np.int16)
