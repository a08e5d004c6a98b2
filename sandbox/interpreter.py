"""The conversation that TwiML describes, held with whoever is on the line."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import repeat
from urllib.parse import urljoin

from sandbox import twiml
from sandbox.bridge import Bridge
from sandbox.call import Call
from sandbox.office import Office
from sandbox.party import HungUp, Line, Ordered, Pressed
from sandbox.recordings import Recording
from sandbox.sounds import BEEP, Sound, sound_from, words_of
from sandbox.track import Track, trim_silence
from sandbox.twiml import TwimlError
from sandbox.webhooks import WebhookError

APPLICATION_ERROR = "We are sorry, an application error has occurred. Goodbye."
_MAX_DOCUMENTS = 250
_PAUSE_AFTER_WORDS_S = 0.2


@dataclass(frozen=True)
class Source:
    """Where the next document comes from: an address, or the words themselves."""

    url: str = ""
    method: str = "POST"
    params: Mapping[str, str] = field(default_factory=dict)
    inline: str = ""
    is_fallback: bool = False


@dataclass(frozen=True)
class _Ending:
    """How a recording ended: when, by which key, and whether the caller is gone."""

    at_s: float
    digits: str = ""
    left: bool = False


class _Over(Exception):  # noqa: N818 - the call ends; that is no error
    """The call has ended with a status."""

    def __init__(self, status: str = "completed") -> None:
        super().__init__(status)
        self.status = status


class _CallerLeft(Exception):  # noqa: N818 - people hang up; that is no error
    """The party on the line hung up."""


class _Moved(Exception):  # noqa: N818 - the service asked for it
    """The service gave the running call another document."""

    def __init__(self, source: Source) -> None:
        super().__init__(source.url)
        self.source = source


class Interpreter:
    """Plays documents on one call until it ends."""

    def __init__(
        self, office: Office, call: Call, line: Line, *, fallback_url: str = "", time_limit_s: int = 14400
    ) -> None:
        self._office = office
        self._call = call
        self._line = line
        self._fallback_url = fallback_url
        self._ends_s = line.now_s + time_limit_s
        self._documents = 0
        self._base_url = ""
        self.spoken: Track | None = None
        """What the service says, kept only when the whole call is recorded."""

    def run(self, source: Source | None) -> str:
        """Play the document, and those it leads to; the final status of the call."""
        while source is not None:
            try:
                source = self._play(source)
            except _Moved as moved:
                source = moved.source
            except _CallerLeft:
                self._call.note("hung_up", by="caller")
                return "completed"
            except _Over as over:
                return over.status
        self._call.note("hung_up", by="service")
        return "completed"

    def _play(self, source: Source) -> Source | None:
        try:
            for verb in self._read(source):
                if not isinstance(verb, twiml.Reject):
                    self._answer()
                following = self._perform(verb)
                if following is not None:
                    return following
            self._answer()
        except (TwimlError, WebhookError) as problem:
            return self._recover(problem, source)
        return None

    def _read(self, source: Source) -> tuple[twiml.Verb, ...]:
        self._documents += 1
        if self._documents > _MAX_DOCUMENTS:
            raise TwimlError(12400, f"more than {_MAX_DOCUMENTS} documents in one call: the service goes in circles")
        if source.inline:
            return twiml.parse(source.inline.encode())
        answer = self._office.ask(self._call, source.url, source.method, source.params)
        self._base_url = answer.url
        return twiml.parse(answer.body, answer.content_type)

    def _recover(self, problem: TwimlError | WebhookError, source: Source) -> Source | None:
        """Go on with the fallback address; without one the caller hears the carrier's own words."""
        url = urljoin(self._base_url, source.url) if source.url else self._base_url
        self._call.note("error", code=problem.code, message=str(problem), url=url)
        if self._fallback_url and not source.is_fallback:
            told = {"ErrorCode": str(problem.code), "ErrorUrl": url}
            return Source(self._fallback_url, params=told, is_fallback=True)
        self._answer()
        self._call.note("application_error", code=problem.code)
        self._prompt(twiml.Say(APPLICATION_ERROR))
        raise _Over("failed")

    def _answer(self) -> None:
        if self._call.status == "ringing":
            self._call.advance("in-progress")

    def _perform(self, verb: twiml.Verb) -> Source | None:
        match verb:
            case twiml.Say() | twiml.Play() | twiml.Pause():
                self._prompt(verb)
            case twiml.Gather():
                return self._gather(verb)
            case twiml.Record():
                return self._record(verb)
            case twiml.Dial():
                return self._dial(verb)
            case twiml.Redirect():
                return self._next(verb.url, verb.method)
            case twiml.Reject():
                self._reject(verb)
            case twiml.Hangup():
                self._call.note("hung_up", by="service")
                raise _Over
        return None

    def _next(self, url: str, method: str, params: Mapping[str, str] | None = None) -> Source:
        return Source(urljoin(self._base_url, url), method, params or {})

    # Words and sounds

    def _prompt(self, prompt: twiml.Prompt, *, until_key: bool = False) -> str | None:
        """Let something be heard; the key that interrupts it, if keys may."""
        if isinstance(prompt, twiml.Pause):
            self._attend("pause")
            self._call.note("paused", length_s=prompt.length_s)
            return self._pass(self._line.now_s + prompt.length_s, until_key=until_key)
        if prompt.loop == 0:
            return self._repeat(prompt, repeat(prompt), until_key=until_key)
        return self._repeat(prompt, repeat(prompt, prompt.loop), until_key=until_key)

    def _repeat(self, prompt: twiml.Say | twiml.Play, times: Iterable[object], *, until_key: bool) -> str | None:
        sound = self._sound(prompt)
        for _ in times:
            self._attend("say" if isinstance(prompt, twiml.Say) else "play")
            self._hear(sound)
            ends_s = self._line.now_s + sound.length_s + _PAUSE_AFTER_WORDS_S
            key = self._pass(ends_s, until_key=until_key)
            if key is not None:
                return key
        return None

    def _sound(self, prompt: twiml.Say | twiml.Play) -> Sound:
        if isinstance(prompt, twiml.Play):
            self._call.note("played", url=prompt.url, digits=prompt.digits)
            return sound_from(self._office.webhooks, urljoin(self._base_url, prompt.url), prompt)
        self._call.note("said", text=prompt.text, language=prompt.language, voice=prompt.voice)
        is_heard = self._line.party.is_live or self.spoken is not None
        return words_of(prompt, is_heard=is_heard)

    def _hear(self, sound: Sound) -> None:
        self._line.party.hear(sound.samples, sound.words)
        if self.spoken is not None:
            self.spoken.add(self._line.now_s, sound.samples)

    def _attend(self, moment: str) -> None:
        self._line.party.attend(moment, self._line.now_s)

    # Time and keys

    def _pass(self, until_s: float, *, until_key: bool) -> str | None:
        """Let time pass; keys that nobody waits for are lost, as on a real line."""
        while True:
            key = self._key(until_s)
            if key is None or until_key:
                return key

    def _key(self, until_s: float) -> str | None:
        """The next key before a moment. Leaves by exception when the call ends or is moved."""
        event = self._line.wait(min(until_s, self._ends_s))
        match event:
            case Pressed(key):
                self._call.note("pressed", key=key)
                return key
            case HungUp():
                raise _CallerLeft
            case Ordered():
                raise self._obeyed(event)
        if self._line.now_s >= self._ends_s:
            self._call.note("hung_up", by="time limit")
            raise _Over
        return None

    def _obeyed(self, order: Ordered) -> _Over | _Moved:
        if order.status:
            self._call.note("hung_up", by="api")
            return _Over()
        self._call.note("moved", url=order.url)
        return _Moved(Source(order.url, order.method, inline=order.twiml))

    # Gather

    def _gather(self, verb: twiml.Gather) -> Source | None:
        self._call.note("listening", num_digits=verb.num_digits, timeout_s=verb.timeout_s)
        self._attend("gather")
        digits, finished_on = self._digits(verb)
        self._call.note("gathered", digits=digits)
        if not digits and not verb.action_on_empty_result:
            return None
        told = {"Digits": digits, "FinishedOnKey": finished_on, "msg": "Gather End"}
        return self._next(verb.action, verb.method, told)

    def _digits(self, verb: twiml.Gather) -> tuple[str, str]:
        digits, key = "", self._first_key(verb)
        while key is not None:
            if key == verb.finish_on_key:
                return digits, key
            digits += key if verb.hears_keys else ""
            if len(digits) == verb.num_digits:
                break
            key = self._key(self._line.now_s + verb.timeout_s)
        return digits, ""

    def _first_key(self, verb: twiml.Gather) -> str | None:
        for prompt in verb.prompts:
            key = self._prompt(prompt, until_key=verb.hears_keys)
            if key is not None:
                return key
        self._attend("waiting")
        return self._pass(self._line.now_s + verb.timeout_s, until_key=verb.hears_keys)

    # Record

    def _record(self, verb: twiml.Record) -> Source | None:
        if verb.play_beep:
            self._call.note("beeped")
            self._hear(BEEP)
            self._pass(self._line.now_s + BEEP.length_s, until_key=False)
        recording = Recording(self._call.account_sid, self._call.sid, "RecordVerb")
        verb = replace(verb, callback=self._absolute(verb.callback))
        self._office.tell_recording(self._call, recording, verb.callback)
        began_s = self._line.now_s
        self._call.note("recording", sid=recording.sid)
        self._attend("record")
        try:
            ending = self._listen(verb, began_s)
        except (_Over, _Moved):
            self._keep(verb, recording, began_s, self._line.now_s)
            raise
        kept = self._keep(verb, recording, began_s, ending.at_s)
        if ending.left:
            self._leave_while_recording(verb, kept)
        return self._next(verb.action, verb.method, self._recorded(kept, ending.digits)) if kept else None

    def _listen(self, verb: twiml.Record, began_s: float) -> _Ending:
        while True:
            try:
                key = self._key(self._stops_s(verb, began_s))
            except _CallerLeft:
                return _Ending(self._line.now_s, "hangup", left=True)
            if key is not None and key in verb.finish_on_key:
                return _Ending(self._line.now_s, key)
            # somebody may have spoken while we waited, so the end is worked out anew
            stops_s = self._stops_s(verb, began_s)
            if key is None and stops_s <= self._line.now_s:
                return _Ending(stops_s)

    def _stops_s(self, verb: twiml.Record, began_s: float) -> float:
        quiet_s = self._line.party.track.silence_from(began_s, verb.timeout_s)
        return min(began_s + verb.max_length_s, quiet_s)

    def _keep(self, verb: twiml.Record, recording: Recording, began_s: float, ends_s: float) -> Recording | None:
        sound = self._line.party.track.cut(began_s, ends_s)
        if verb.trims:
            sound = trim_silence(sound)
        return self._office.keep(self._call, recording, sound, verb.callback)

    def _leave_while_recording(self, verb: twiml.Record, kept: Recording | None) -> None:
        """The caller hung up: the service still learns of the recording, but nobody hears its answer."""
        self._call.note("hung_up", by="caller")
        self._call.advance("completed")
        if kept:
            following = self._next(verb.action, verb.method, self._recorded(kept, "hangup"))
            self._ask_in_vain(following)
        raise _Over

    def _ask_in_vain(self, source: Source) -> None:
        """Make the last request of a call that is over; its answer cannot be played any more."""
        try:
            self._read(source)
        except (TwimlError, WebhookError) as problem:
            self._call.note("error", code=problem.code, message=str(problem), url=source.url)

    def _recorded(self, recording: Recording, digits: str) -> dict[str, str]:
        return {
            "RecordingUrl": recording.url(self._office.base_url),
            "RecordingSid": recording.sid,
            "RecordingDuration": str(recording.duration_s),
            "Digits": digits,
        }

    def _absolute(self, callback: twiml.RecordingCallback) -> twiml.RecordingCallback:
        return replace(callback, url=urljoin(self._base_url, callback.url)) if callback.url else callback

    # Dial, Reject

    def _dial(self, verb: twiml.Dial) -> Source | None:
        self._attend("dial")
        verb = replace(verb, callback=self._absolute(verb.callback))
        bridge = Bridge(self._office, self._call, self._line, verb, self._base_url, self._ends_s)
        result = bridge.connect()
        following = self._next(verb.action, verb.method, result.params(self._office.base_url)) if verb.action else None
        if isinstance(result.interrupted_by, Ordered):
            raise self._obeyed(result.interrupted_by)
        if result.interrupted_by is not None:
            self._call.note("hung_up", by="caller")
            self._call.advance("completed")
            if following:
                self._ask_in_vain(following)
            raise _Over
        return following

    def _reject(self, verb: twiml.Reject) -> None:
        if self._call.status == "ringing":
            self._call.note("rejected", reason=verb.reason)
            raise _Over("busy" if verb.reason == "busy" else "no-answer")
