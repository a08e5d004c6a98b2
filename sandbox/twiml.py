"""TwiML as data: a document becomes a tuple of verbs, or an error with the number Twilio gives it."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree

MAX_DOCUMENT_BYTES = 64 * 1024
MAX_SAY_CHARACTERS = 4096
KEYS = "0123456789*#"
XML_TYPES = ("text/xml", "application/xml", "text/html")

VOICES: Mapping[str, tuple[str, ...]] = {
    "cmn-CN": (
        "Polly.Zhiyu",
        "Polly.Zhiyu-Neural",
        *(f"Google.cmn-CN-Wavenet-{letter}" for letter in "ABCD"),
    ),
    "yue-CN": ("Polly.Hiujin-Neural",),
    "yue-HK": tuple(f"Google.yue-HK-Standard-{letter}" for letter in "ABCD"),
    "en-US": (
        "man",
        "woman",
        "alice",
        "Polly.Joanna",
        "Polly.Joanna-Neural",
        "Polly.Matthew",
        "Polly.Matthew-Neural",
    ),
    "en-GB": ("man", "woman", "alice", "Polly.Amy", "Polly.Amy-Neural", "Polly.Brian", "Polly.Brian-Neural"),
}
"""Which voice speaks which language, of those a Chinese hotline would choose from."""


class TwimlError(ValueError):
    """A document that Twilio would not play; `code` is Twilio's number for the reason."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Say:
    """Words read aloud; `loop` 0 means again and again."""

    text: str
    language: str = "en-US"
    voice: str = ""
    loop: int = 1


@dataclass(frozen=True)
class Play:
    """A sound file, or keys sounded on the line."""

    url: str = ""
    loop: int = 1
    digits: str = ""


@dataclass(frozen=True)
class Pause:
    """Silence."""

    length_s: int = 1


Prompt = Say | Play | Pause


@dataclass(frozen=True)
class Gather:
    """Waits for keys, during and after its prompts."""

    prompts: tuple[Prompt, ...] = ()
    action: str = ""
    method: str = "POST"
    timeout_s: int = 5
    num_digits: int | None = None
    finish_on_key: str = "#"
    action_on_empty_result: bool = False
    hears_keys: bool = True


@dataclass(frozen=True)
class RecordingCallback:
    """Who is told what becomes of a recording."""

    url: str = ""
    method: str = "POST"
    events: tuple[str, ...] = ("completed",)


@dataclass(frozen=True)
class Record:
    """Records the caller until silence, a key or the end of the length."""

    action: str = ""
    method: str = "POST"
    timeout_s: int = 5
    finish_on_key: str = "1234567890*#"
    max_length_s: int = 3600
    play_beep: bool = True
    trims: bool = True
    callback: RecordingCallback = RecordingCallback()


@dataclass(frozen=True)
class Destination:
    """A number to be dialled, and who is told of the progress of that call."""

    number: str
    send_digits: str = ""
    status_callback: str = ""
    status_callback_method: str = "POST"
    status_callback_events: tuple[str, ...] = ("completed",)


@dataclass(frozen=True)
class Dial:
    """Connects the caller with the first of several numbers that answers."""

    destinations: tuple[Destination, ...]
    action: str = ""
    method: str = "POST"
    timeout_s: int = 30
    time_limit_s: int = 14400
    caller_id: str = ""
    record: str = "do-not-record"
    trims: bool = False
    hangup_on_star: bool = False
    callback: RecordingCallback = RecordingCallback()


@dataclass(frozen=True)
class Redirect:
    """Goes on with another document."""

    url: str
    method: str = "POST"


@dataclass(frozen=True)
class Reject:
    """Refuses an incoming call without answering it."""

    reason: str = "rejected"


@dataclass(frozen=True)
class Hangup:
    """Ends the call."""


Verb = Say | Play | Pause | Gather | Record | Dial | Redirect | Reject | Hangup


def parse(body: bytes, content_type: str = "text/xml") -> tuple[Verb, ...]:
    """The verbs of a voice document, in order; TwimlError with Twilio's code when it is none."""
    return tuple(_verb(element) for element in _children(_response(body, content_type)))


def parse_replies(body: bytes, content_type: str) -> tuple[str, ...]:
    """The texts with which a messaging document answers a message that came in."""
    if content_type.startswith("text/plain"):
        text = body.decode("utf-8", errors="replace").strip()
        return (text,) if text else ()
    replies = []
    for element in _children(_response(body, content_type)):
        if element.tag != "Message":
            raise TwimlError(12200, f"<{element.tag}> is no verb that the stand-in knows for messages")
        replies.append("".join(element.itertext()).strip())
    return tuple(replies)


def _response(body: bytes, content_type: str) -> etree._Element:
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in XML_TYPES:
        raise TwimlError(12300, f"Content-Type {kind or '(none)'} is not XML")
    if len(body) > MAX_DOCUMENT_BYTES:
        raise TwimlError(11750, f"the document has {len(body)} bytes, more than {MAX_DOCUMENT_BYTES}")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as problem:
        raise TwimlError(12100, f"the document is no XML: {problem}") from problem
    if root.getroottree().docinfo.doctype:
        raise TwimlError(12100, "the document declares a DOCTYPE, which TwiML has not")
    if root.tag != "Response":
        raise TwimlError(12100, f"the document begins with <{root.tag}>, not with <Response>")
    if root.attrib:
        raise TwimlError(12200, f"<Response> has no attribute {next(iter(root.attrib))}")
    return root


def _children(element: etree._Element) -> Iterator[etree._Element]:
    loose = [element.text, *(child.tail for child in element)]
    if any(text and text.strip() for text in loose):
        raise TwimlError(12200, f"<{element.tag}> holds words outside any verb")
    yield from element


def _verb(element: etree._Element) -> Verb:
    read = _READERS.get(str(element.tag))
    if read is None:
        raise TwimlError(12200, f"<{element.tag}> is no verb that the stand-in knows")
    return read(element, _Attributes(element))


class _Attributes:
    """The attributes of one element, each asked for by name; what nobody asked for is an error."""

    def __init__(self, element: etree._Element) -> None:
        self._tag = element.tag
        self._left = {str(name): str(value) for name, value in element.attrib.items()}

    def text(self, name: str, default: str = "") -> str:
        return self._left.pop(name, default)

    def one_of(self, name: str, default: str, allowed: tuple[str, ...], code: int) -> str:
        value = self.text(name, default)
        if value not in allowed:
            raise self._wrong(name, value, code)
        return value

    def method(self, code: int, name: str = "method") -> str:
        return self.one_of(name, "POST", ("GET", "POST"), code)

    def flag(self, name: str, *, default: bool, code: int = 12200) -> bool:
        return self.one_of(name, str(default).lower(), ("true", "false"), code) == "true"

    def number(self, name: str, default: int, code: int, *, at_least: int = 0, at_most: int = 2**31) -> int:
        value = self.text(name, str(default))
        if not re.fullmatch(r"\d{1,9}", value) or not at_least <= int(value) <= at_most:
            raise self._wrong(name, value, code)
        return int(value)

    def keys(self, name: str, default: str, code: int, *, at_most: int) -> str:
        value = self.text(name, default)
        if len(value) > at_most or set(value) - set(KEYS):
            raise self._wrong(name, value, code)
        return value

    def events(self, name: str, default: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
        chosen = tuple(self.text(name, default).split())
        if set(chosen) - set(allowed):
            raise self._wrong(name, " ".join(chosen), 12200)
        return chosen

    def recording_callback(self, code: int) -> RecordingCallback:
        return RecordingCallback(
            self.text("recordingStatusCallback"),
            self.method(code, "recordingStatusCallbackMethod"),
            self.events("recordingStatusCallbackEvent", "completed", ("in-progress", "completed", "absent")),
        )

    def ignore(self, *names: str) -> None:
        """Attributes that Twilio knows and that change nothing here."""
        for name in names:
            self._left.pop(name, None)

    def finish(self) -> None:
        if self._left:
            raise TwimlError(12200, f"<{self._tag}> has no attribute {min(self._left)}")

    def _wrong(self, name: str, value: str, code: int) -> TwimlError:
        return TwimlError(code, f"<{self._tag}> cannot have {name}={value!r}")


def _say(element: etree._Element, given: _Attributes) -> Say:
    text = " ".join("".join(element.itertext()).split())
    voice = given.text("voice")
    language = given.text("language") or _language_of(voice)
    if language not in VOICES or (voice and voice not in VOICES[language]):
        raise TwimlError(13511, f"voice {voice or '(default)'} does not speak {language}")
    if not text or len(text) > MAX_SAY_CHARACTERS:
        raise TwimlError(13520, f"<Say> has {len(text)} characters; 1 to {MAX_SAY_CHARACTERS} can be said")
    say = Say(text, language, voice, given.number("loop", 1, 13510))
    given.finish()
    return say


def _language_of(voice: str) -> str:
    return next((language for language, voices in VOICES.items() if voice in voices), "en-US")


def _play(element: etree._Element, given: _Attributes) -> Play:
    play = Play((element.text or "").strip(), given.number("loop", 1, 13410), given.text("digits"))
    if not play.url and not play.digits:
        raise TwimlError(11100, "<Play> names no sound")
    if set(play.digits) - set(KEYS + "wW"):
        raise TwimlError(12200, f"<Play> cannot sound {play.digits!r}")
    given.finish()
    return play


def _pause(_element: etree._Element, given: _Attributes) -> Pause:
    pause = Pause(given.number("length", 1, 13910))
    given.finish()
    return pause


def _gather(element: etree._Element, given: _Attributes) -> Gather:
    prompts = tuple(_verb(child) for child in _children(element))
    if not all(isinstance(prompt, Prompt) for prompt in prompts):
        raise TwimlError(13320, "<Gather> may hold <Say>, <Play> and <Pause>, nothing else")
    inputs = set(given.text("input", "dtmf").split())
    if inputs - {"dtmf", "speech"}:
        raise TwimlError(13326, f"<Gather> cannot have input={' '.join(sorted(inputs))!r}")
    digits = given.text("numDigits")
    if digits and not re.fullmatch(r"[1-9]\d{0,3}", digits):
        raise TwimlError(13314, f"<Gather> cannot have numDigits={digits!r}")
    gather = Gather(
        prompts=prompts,  # type: ignore[arg-type]  # checked just above
        action=given.text("action"),
        method=given.method(13312),
        timeout_s=given.number("timeout", 5, 13313),
        num_digits=int(digits) if digits else None,
        finish_on_key=given.keys("finishOnKey", "#", 13310, at_most=1),
        action_on_empty_result=given.flag("actionOnEmptyResult", default=False),
        hears_keys="dtmf" in inputs,
    )
    given.ignore("speechTimeout", "maxSpeechTime", "profanityFilter", "language", "hints", "speechModel")
    given.ignore("partialResultCallback", "partialResultCallbackMethod", "bargeIn", "enhanced", "debug")
    given.finish()
    return gather


def _record(element: etree._Element, given: _Attributes) -> Record:
    _no_children(element)
    record = Record(
        action=given.text("action"),
        method=given.method(13610),
        timeout_s=given.number("timeout", 5, 13611, at_least=1),
        finish_on_key=given.keys("finishOnKey", "1234567890*#", 13613, at_most=len(KEYS)),
        max_length_s=given.number("maxLength", 3600, 13612, at_least=1, at_most=14400),
        play_beep=given.flag("playBeep", default=True, code=13616),
        trims=given.one_of("trim", "trim-silence", ("trim-silence", "do-not-trim"), 12200) == "trim-silence",
        callback=given.recording_callback(13610),
    )
    given.finish()
    return record


def _dial(element: etree._Element, given: _Attributes) -> Dial:
    destinations = tuple(_destinations(element))
    if not destinations:
        raise TwimlError(13223, "<Dial> names no number")
    dial = Dial(
        destinations=destinations,
        action=given.text("action"),
        method=given.method(13221),
        timeout_s=given.number("timeout", 30, 13212, at_least=1, at_most=600),
        time_limit_s=given.number("timeLimit", 14400, 13216, at_least=1, at_most=86400),
        caller_id=given.text("callerId"),
        record=_RECORD_ALIASES.get(value := given.one_of("record", "do-not-record", _DIAL_RECORD, 12200), value),
        trims=given.one_of("trim", "do-not-trim", ("trim-silence", "do-not-trim"), 12200) == "trim-silence",
        hangup_on_star=given.flag("hangupOnStar", default=False, code=13213),
        callback=given.recording_callback(13221),
    )
    given.ignore("answerOnBridge", "ringTone", "recordingTrack", "sequential")
    given.finish()
    return dial


def _destinations(element: etree._Element) -> Iterator[Destination]:
    if text := (element.text or "").strip():
        yield Destination(_dialable(text))
    for child in element:
        if child.tag != "Number":
            raise TwimlError(13215, f"<Dial> can ring a <Number> here, not a <{child.tag}>")
        given = _Attributes(child)
        yield Destination(
            _dialable((child.text or "").strip()),
            given.keys("sendDigits", "", 13222, at_most=32),
            given.text("statusCallback"),
            given.method(13221, "statusCallbackMethod"),
            given.events("statusCallbackEvent", "completed", ("initiated", "ringing", "answered", "completed")),
        )
        given.finish()


def _dialable(number: str) -> str:
    if not re.fullmatch(r"\+[1-9]\d{6,14}", number):
        raise TwimlError(13223, f"{number!r} is no number that can be dialled (E.164: +86...)")
    return number


def _redirect(element: etree._Element, given: _Attributes) -> Redirect:
    _no_children(element)
    redirect = Redirect((element.text or "").strip(), given.method(13710))
    if not redirect.url:
        raise TwimlError(11100, "<Redirect> names no address")
    given.finish()
    return redirect


def _reject(element: etree._Element, given: _Attributes) -> Reject:
    _no_children(element)
    reject = Reject(given.one_of("reason", "rejected", ("rejected", "busy"), 12200))
    given.finish()
    return reject


def _hangup(element: etree._Element, given: _Attributes) -> Hangup:
    _no_children(element)
    given.finish()
    return Hangup()


def _no_children(element: etree._Element) -> None:
    if len(element):
        raise TwimlError(12200, f"<{element.tag}> may hold no <{element[0].tag}>")


_RECORD_ALIASES = {"true": "record-from-answer", "false": "do-not-record"}
_DIAL_RECORD = (
    "do-not-record",
    "record-from-answer",
    "record-from-ringing",
    "record-from-answer-dual",
    "record-from-ringing-dual",
    *_RECORD_ALIASES,
)
_READERS: Mapping[str, Callable[[Any, _Attributes], Verb]] = {
    "Say": _say,
    "Play": _play,
    "Pause": _pause,
    "Gather": _gather,
    "Record": _record,
    "Dial": _dial,
    "Redirect": _redirect,
    "Reject": _reject,
    "Hangup": _hangup,
}
