"""What a person on the telephone will do, written down beforehand, step by step."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.twiml import KEYS
from sandbox.voice import Manner

MOMENTS = ("say", "play", "pause", "gather", "record", "dial")
ANSWERS = ("yes", "no", "busy", "failed", "machine")
DELIVERIES = ("delivered", "undelivered", "failed")

_MANNER = {"language": "language", "voice": "voice", "rate": "rate", "pitch": "pitch", "snr": "snr_db", "seed": "seed"}
_STEP_KEYS = {
    "on",
    "after_s",
    "press",
    "nothing",
    "say",
    "wav",
    "silence",
    "then",
    "hang_up",
    "hang_up_after_s",
    *_MANNER,
}
_PERSON_KEYS = {"answers", "rings_s", "script", "answered_by", "texts"}


class ScriptError(ValueError):
    """A step or a person is written in a way that cannot be played."""


@dataclass(frozen=True)
class Step:
    """One thing that a person does when the service does `on`; an empty `on` is whatever comes next."""

    on: str = ""
    after_s: float | None = None
    press: str = ""
    say: str = ""
    wav: Path | None = None
    manner: Manner = field(default_factory=Manner)
    then_press: str = ""
    hangs_up: bool = False
    hang_up_after_s: float | None = None

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Step":
        """A step as JSON tells it; ScriptError names what is wrong."""
        if unknown := sorted(set(record) - _STEP_KEYS):
            raise ScriptError(f"a step has no {', '.join(unknown)}")
        on = str(record.get("on", ""))
        if on not in ("", *MOMENTS):
            raise ScriptError(f"a step cannot wait for {on!r}, only for {', '.join(MOMENTS)}")
        then = record.get("then", "silence")
        step = cls(
            on=on,
            after_s=_seconds(record, "after_s"),
            press=_keys(record.get("press", "")),
            say=str(record.get("say", "")),
            wav=Path(record["wav"]) if "wav" in record else None,
            manner=Manner(**{name: record[key] for key, name in _MANNER.items() if key in record}),
            then_press=_keys(then["press"]) if isinstance(then, Mapping) and "press" in then else "",
            hangs_up=bool(record.get("hang_up")) or then == "hang_up",
            hang_up_after_s=_seconds(record, "hang_up_after_s"),
        )
        if not isinstance(then, Mapping) and then not in ("silence", "hang_up"):
            raise ScriptError(f"after speaking comes hang_up, silence or a press, not {then!r}")
        if not on and not step.hangs_up:
            raise ScriptError("a step without on can only be hang_up")
        if step.wav and not step.wav.is_file():
            raise ScriptError(f"there is no file {step.wav}")
        return step


def script_from(records: Iterable[Mapping[str, Any]]) -> tuple[Step, ...]:
    """A whole script from decoded JSON."""
    return tuple(Step.from_record(record) for record in records)


@dataclass(frozen=True)
class Person:
    """Who is behind a telephone number: whether they pick up, what they then do, whether texts reach them."""

    answers: str = "no"
    rings_s: float = 2.0
    script: tuple[Step, ...] = field(default=())
    answered_by: str = ""
    texts: str = "delivered"

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Person":
        """A person as JSON tells it; ScriptError names what is wrong."""
        if unknown := sorted(set(record) - _PERSON_KEYS):
            raise ScriptError(f"a person has no {', '.join(unknown)}")
        answers, texts = record.get("answers", "no"), record.get("texts", "delivered")
        if answers not in ANSWERS:
            raise ScriptError(f"a person answers {', '.join(ANSWERS)}, not {answers!r}")
        if texts not in DELIVERIES:
            raise ScriptError(f"texts are {', '.join(DELIVERIES)}, not {texts!r}")
        rings_s = _seconds(record, "rings_s")
        return cls(
            answers=answers,
            rings_s=cls.rings_s if rings_s is None else rings_s,
            script=script_from(record.get("script", ())),
            answered_by=str(record.get("answered_by", "")),
            texts=texts,
        )

    @property
    def picks_up(self) -> bool:
        """Somebody, or an answering machine, takes the call."""
        return self.answers in ("yes", "machine")


def _seconds(record: Mapping[str, Any], name: str) -> float | None:
    if name not in record:
        return None
    try:
        value = float(record[name])
    except (TypeError, ValueError) as problem:
        raise ScriptError(f"{name} is no number: {record[name]!r}") from problem
    if value < 0:
        raise ScriptError(f"{name} lies in the past: {value}")
    return value


def _keys(keys: object) -> str:
    pressed = str(keys)
    if set(pressed) - set(KEYS):
        raise ScriptError(f"{pressed!r} holds a key that no telephone has")
    return pressed
