"""The people on a line: what they say and press, told to the carrier as events in the time of the call."""

import heapq
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import count
from typing import Protocol

import soundfile
import soxr

from sandbox.clock import CallClock
from sandbox.script import MOMENTS, ScriptError, Step
from sandbox.track import Track
from sandbox.voice import SAMPLE_RATE_HZ, Samples, VoiceError, over_the_telephone, speak

_REACTION_S = 0.6
_KEY_INTERVAL_S = 0.2
_PAUSE_BEFORE_HANGING_UP_S = 0.4


@dataclass(frozen=True)
class Pressed:
    """A key."""

    key: str


@dataclass(frozen=True)
class HungUp:
    """A side of the line that is gone; `call_sid` names it when it is not the line's own party."""

    call_sid: str = ""


@dataclass(frozen=True)
class Ordered:
    """What the service asks of a running call over REST: another document, or its end."""

    status: str = ""
    url: str = ""
    method: str = "POST"
    twiml: str = ""


@dataclass(frozen=True)
class PickedUp:
    """A ringing telephone that was answered."""

    call_sid: str


Event = Pressed | HungUp | Ordered | PickedUp
Note = Callable[..., None]


@dataclass(frozen=True)
class Turn:
    """What one side of a conversation does before the other side speaks."""

    sound: Samples
    words: str
    hangs_up: bool


class Party(Protocol):
    """One end of a line."""

    track: Track
    is_live: bool

    def attend(self, moment: str, now_s: float) -> None:
        """The service begins to do something: say, gather, record ...; `waiting` ends a gather's prompts."""

    def next_at(self) -> float | None:
        """When this party will act next, if that is already known."""

    def take(self) -> Event:
        """The act that is due."""

    def turn(self) -> Turn | None:
        """What this party says next in a conversation; None when it has nothing more to say."""

    def hear(self, sound: Samples, words: str) -> None:
        """Sound from the other end."""

    def relay(self, other: "Party | None") -> None:
        """From now on let `other` hear what this party says; None ends that."""


class Nobody:
    """The far end while it still rings: silent, and out of reach."""

    is_live = False

    def __init__(self) -> None:
        self.track = Track()

    def attend(self, moment: str, now_s: float) -> None:
        """Nobody is there to act."""

    def next_at(self) -> float | None:
        """Nobody acts."""
        return None

    def take(self) -> Event:
        """Nobody acts."""
        raise LookupError("nobody is on the line")

    def turn(self) -> Turn | None:
        """Nobody speaks."""
        return None

    def hear(self, sound: Samples, words: str) -> None:
        """Nobody listens."""

    def relay(self, other: Party | None) -> None:
        """Nobody speaks."""


class ScriptedParty:
    """A person who follows a script, and stays silent on the line when it is used up."""

    is_live = False

    def __init__(self, steps: Iterable[Step], note: Note) -> None:
        self.track = Track()
        self._steps = deque(steps)
        self._note = note
        self._acts: list[tuple[float, int, Event]] = []
        self._planned = count()

    def attend(self, moment: str, now_s: float) -> None:
        """Take the next step if it waits for this moment, and plan what it says."""
        step = self._step_for(moment)
        if step is None:
            return
        begins_s = now_s + (_REACTION_S if step.after_s is None else step.after_s)
        ends_s = self._speak(step, begins_s)
        ends_s = self._press(step.press + step.then_press, ends_s)
        if step.hang_up_after_s is not None:
            self._plan(now_s + step.hang_up_after_s, HungUp())
        elif step.hangs_up:
            spoke = bool(step.say or step.wav)
            self._plan(ends_s + _PAUSE_BEFORE_HANGING_UP_S if spoke else _when(step, now_s), HungUp())

    def next_at(self) -> float | None:
        """When the next planned act is due."""
        return self._acts[0][0] if self._acts else None

    def take(self) -> Event:
        """The act that is due."""
        return heapq.heappop(self._acts)[2]

    def turn(self) -> Turn | None:
        """The next step for a conversation, as sound."""
        step = self._step_for("talk")
        if step is None:
            return None
        sound, words = _sound_of(step)
        return Turn(sound, words, step.hangs_up)

    def hear(self, sound: Samples, words: str) -> None:
        """A script does not listen."""

    def relay(self, other: Party | None) -> None:
        """A script is heard by turns."""

    def _step_for(self, moment: str) -> Step | None:
        if not self._steps:
            return None
        step = self._steps[0]
        return self._steps.popleft() if moment in _moments_of(step) else None

    def _speak(self, step: Step, begins_s: float) -> float:
        sound, words = _sound_of(step)
        if not len(sound):
            return begins_s
        self._note("spoke", text=words, begins_s=round(begins_s, 2))
        return self.track.add(begins_s, sound)

    def _press(self, keys: str, begins_s: float) -> float:
        for number, key in enumerate(keys):
            self._plan(begins_s + number * _KEY_INTERVAL_S, Pressed(key))
        return begins_s + len(keys) * _KEY_INTERVAL_S

    def _plan(self, at_s: float, act: Event) -> None:
        heapq.heappush(self._acts, (at_s, next(self._planned), act))


def _moments_of(step: Step) -> tuple[str, ...]:
    """When a step is taken: at once if it interrupts, else when a prompt or the ringing is over."""
    interrupts = step.hang_up_after_s is not None or (step.on == "gather" and step.after_s is not None)
    if step.on == "":
        return (*MOMENTS, "waiting", "talk")
    if step.on == "gather":
        return ("gather",) if interrupts else ("waiting",)
    if step.on == "dial":
        return ("dial",) if interrupts else ("talk",)
    return (step.on,)


def _when(step: Step, now_s: float) -> float:
    return now_s + (step.after_s or 0.0)


def rehearse(steps: Iterable[Step]) -> None:
    """Say every step once before it is needed, so that no time passes on a call while words are made.

    ScriptError when a step cannot be said.
    """
    for step in steps:
        try:
            _sound_of(step)
        except (VoiceError, soundfile.LibsndfileError) as problem:
            raise ScriptError(str(problem)) from problem


def _sound_of(step: Step) -> tuple[Samples, str]:
    if step.wav:
        samples, rate_hz = soundfile.read(step.wav, dtype="int16", always_2d=True)
        heard = soxr.resample(samples[:, 0], rate_hz, SAMPLE_RATE_HZ)
        return over_the_telephone(heard, snr_db=step.manner.snr_db, seed=step.manner.seed), step.wav.name
    if step.say:
        return speak(step.say, step.manner), step.say
    return Track().cut(0, 0), ""


class Line:
    """The connection with one party: time passes on it until somebody acts."""

    def __init__(self, clock: CallClock, party: Party) -> None:
        self.clock = clock
        self.party = party
        self._news: deque[Event] = deque()

    @property
    def now_s(self) -> float:
        """How long the call has lasted."""
        return self.clock.now_s

    def tell(self, event: Event) -> None:
        """Something happens that no script foresaw: a key on a softphone, an order of the service."""
        with self.clock.changed:
            self._news.append(event)
            self.clock.changed.notify_all()

    def wait(self, until_s: float) -> Event | None:
        """Let time pass; the first event before `until_s`, or None when that moment has come."""
        with self.clock.changed:
            while True:
                if self._news:
                    return self._news.popleft()
                act_at_s = self.party.next_at()
                is_act = act_at_s is not None and act_at_s <= until_s
                moment_s = act_at_s if is_act and act_at_s is not None else until_s
                if self.clock.wait_until(moment_s):
                    return self.party.take() if is_act else None
