"""A model is tried on a known recording, in a process of its own: a broken one can end whoever loads it, or hang."""

from __future__ import annotations

import signal
import subprocess
import sys
from difflib import SequenceMatcher
from pathlib import Path

from speech.recognizer import Recognizer
from speech.registry import ModelInfo, NotAModelError, describe
from speech.transcript import Transcript

# A synthetic caller: 老人一个人在家，没有药了，请帮帮忙。Models made for people may hear anything in it, or nothing.
RECORDING = Path(__file__).with_suffix(".wav")
# The largest published models take a minute to load from a slow disk.
_LIMIT_S = 300.0
_ALIKE = 0.7
# What nobody does to itself: the kernel, short of memory, or a person.
_KILLED = frozenset({-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT})


class TrialError(Exception):
    """The model must not be used; the message says why."""


class CutShortError(TrialError):
    """The trial took too long or was killed from outside, which another time may not happen."""


def try_out(path: Path | str, limit_s: float = _LIMIT_S) -> Transcript:
    """What the model in this folder hears in the known recording.

    Where its card says what that should be (`trial_text`), it must be about that.

    Raises:
        TrialError, NotAModelError
    """
    info = describe(path)
    heard = _heard_by_child(info, limit_s)
    if not _is_well_formed(heard):
        raise TrialError(f"{info.label} gives words that are none, or times that cannot be.")
    if info.trial_text and SequenceMatcher(None, heard.text, info.trial_text).ratio() < _ALIKE:
        raise TrialError(f"{info.label} heard {heard.text!r} where it should have heard {info.trial_text!r}.")
    return heard


def _heard_by_child(info: ModelInfo, limit_s: float) -> Transcript:
    command = [sys.executable, "-m", __name__, str(info.path)]
    try:
        done = subprocess.run(  # noqa: S603 - our own module, and a folder that is a model
            command, cwd=Path(__file__).parents[1], capture_output=True, timeout=limit_s, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise CutShortError(f"{info.label} was not done with a few seconds of sound after {limit_s:.0f} s.") from error
    if done.returncode in _KILLED:
        raise CutShortError(f"The process that tried {info.label} was killed: is there enough memory for it?")
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        raise TrialError(f"{info.label} ended the process that tried it ({name}): its files are damaged.")
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise TrialError(f"{info.label} can't be used: {''.join(last)}")
    return Transcript.from_json(done.stdout.decode())


def _is_well_formed(heard: Transcript) -> bool:
    return all(
        word.word.strip() and 0 <= word.start <= word.end <= heard.duration_s + 1 and 0 <= word.conf <= 1
        for word in heard.words
    )


def main(path: str) -> None:
    """The child: load, hear, tell."""
    try:
        sys.stdout.write(Recognizer.load(path).transcribe(RECORDING).to_json())
    except NotAModelError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1])
