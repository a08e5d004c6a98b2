"""What is known of a recognition model without loading it: its name, version, language and rate."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

OFFICIAL_LIST = "https://alphacephei.com/vosk/models/model-list.json"

# Vosk reads models in two layouts; the older one has everything in one folder.
_FOLDERS_OF_A_MODEL = ("am", "conf", "graph", "ivector", "rescore", "rnnlm")
_ACOUSTIC_MODELS = ("am/final.mdl", "final.mdl")
_FEATURES = ("conf/mfcc.conf", "mfcc.conf")
_PUBLISHED_NAME = re.compile(r"vosk-model-(?:small-)?(?P<language>[a-z]{2}(?:-[a-z]{2})?)-(?P<version>[\w.]+)$")
_SAMPLE_FREQUENCY = re.compile(r"^--sample-frequency=(\d+)", re.MULTILINE)
_LANGUAGE_TAGS = {"cn": "zh-CN", "en-us": "en-US", "en-in": "en-IN"}
_DEFAULT_RATE_HZ = 16000

State = frozenset[tuple[str, int, int, int]]


class NotAModelError(Exception):
    """The folder holds no model that Vosk could load."""


@dataclass(frozen=True)
class ModelInfo:
    """A model on this disk; `sample_rate_hz` is the rate it wants its sound in.

    `unknown_word` is what it writes where somebody or something is heard, but no word that it knows; `trial_text` what
    it hears in the known recording (`speech.trial`), where its maker says so.
    """

    path: Path
    name: str
    version: str
    language: str
    sample_rate_hz: int
    unknown_word: str = "[unk]"
    trial_text: str = ""

    @property
    def label(self) -> str:
        """Name and version in one word, as it is stored with every transcript."""
        return self.name if self.name.endswith(self.version) else f"{self.name}-{self.version}"


def language_tag(published: str) -> str:
    """The usual name of a language that Vosk's models are published under: zh-CN for cn."""
    return _LANGUAGE_TAGS.get(published, published)


def installed(folder: Path) -> tuple[ModelInfo, ...]:
    """The models that lie in a folder, by name; what is hidden or no model is passed over."""
    found = []
    for path in _inside(folder):
        if not path.name.startswith("."):
            with suppress(NotAModelError):
                found.append(describe(path))
    return tuple(found)


def _inside(folder: Path) -> list[Path]:
    """Nothing, where there is no such folder or its disk has gone."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def state_of_model(folder: Path) -> State:
    """Changes whenever a file does that belongs to the model; what else lies beside them doesn't count."""
    files = {path for path in _inside(folder) if path.is_file()}
    return _state(files.union(*(_below(folder / name) for name in _FOLDERS_OF_A_MODEL)))


def state_of_files(folder: Path) -> State:
    """Changes whenever a file of the folder does, or of one below it; empty where there is none."""
    return _state(_below(folder))


def _below(folder: Path) -> set[Path]:
    return {Path(above, name) for above, _, names in os.walk(folder) for name in names}


def _state(files: Iterable[Path]) -> State:
    """Name, size, time and number of each."""
    found = set()
    for path in files:
        with suppress(OSError):  # it went while we looked, which the next look sees
            file = path.stat()
            found.add((str(path), file.st_size, file.st_mtime_ns, file.st_ino))
    return frozenset(found)


def describe(path: Path | str) -> ModelInfo:
    """What the folder says of itself in model.json, or else what its name and settings tell.

    Raises NotAModelError where there is no model, or none that can be read.
    """
    try:
        return _described(Path(path).resolve())
    except (OSError, RuntimeError, UnicodeDecodeError) as error:  # RuntimeError: links in a ring
        raise NotAModelError(f"What is in {path} can't be read: {error}.") from error


def _described(folder: Path) -> ModelInfo:
    if not any((folder / name).is_file() for name in _ACOUSTIC_MODELS):
        raise NotAModelError(f"There is no recognition model in {folder}.")
    card = folder / "model.json"
    return _from_card(folder, card) if card.is_file() else _from_name(folder)


def _from_card(folder: Path, card: Path) -> ModelInfo:
    try:
        data = json.loads(card.read_text(encoding="utf-8"))
        return ModelInfo(
            folder,
            str(data["name"]),
            str(data["version"]),
            str(data["language"]),
            int(data["sample_rate_hz"]),
            str(data.get("unknown_word", ModelInfo.unknown_word)),
            str(data.get("trial_text", "")),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise NotAModelError(f"{card} can't be read: {error!r}.") from error


def _from_name(folder: Path) -> ModelInfo:
    published = _PUBLISHED_NAME.match(folder.name)
    if not published:
        return ModelInfo(folder, folder.name, "unknown", "und", _rate(folder))
    return ModelInfo(folder, folder.name, published["version"], language_tag(published["language"]), _rate(folder))


def _rate(folder: Path) -> int:
    for name in _FEATURES:
        if (folder / name).is_file():
            found = _SAMPLE_FREQUENCY.search((folder / name).read_text(encoding="utf-8"))
            return int(found[1]) if found else _DEFAULT_RATE_HZ
    return _DEFAULT_RATE_HZ
