"""Which recognition model hears which line: chosen by a person, kept as a history, and the newest choice counts."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from hotline.models import Line, ModelUse
from hotline.settings import SpeechSettings
from speech.registry import ModelInfo, NotAModelError, describe, installed


@dataclass(frozen=True)
class Choices:
    """The labels of the models in use; where there is no choice at all, it is the model of the settings (None)."""

    default: str | None
    lines: Mapping[int, str]

    def for_line(self, line_id: int | None) -> str | None:
        """A line's own choice, or else that for all lines."""
        return self.lines.get(line_id or 0, self.default)


def choices(session: Session) -> Choices:
    """What counts now."""
    newest = {use.line_id: use.model for use in uses(session)}
    return Choices(newest.get(None), {line_id: model for line_id, model in newest.items() if line_id and model})


def on_disk(settings: SpeechSettings) -> dict[str, ModelInfo]:
    """The models of this machine by their labels: those that were fetched, and that of the settings."""
    there = {info.label: info for info in installed(settings.models_path)}
    with suppress(NotAModelError):
        of_settings = describe(settings.speech_model_path)
        there[of_settings.label] = of_settings
    return there


def label_of_settings(settings: SpeechSettings) -> str:
    """What hears lines without any choice; the folder's name where there is no model in it."""
    try:
        return describe(settings.speech_model_path).label
    except NotAModelError:
        return settings.speech_model_path.name


def uses(session: Session) -> list[ModelUse]:
    """Every choice there was, with its line, oldest first."""
    return list(session.scalars(select(ModelUse).options(joinedload(ModelUse.line)).order_by(ModelUse.id)))


def choose(session: Session, model: str | None, line: Line | None, now: datetime) -> None:
    """From now on `line`, or each line without a choice of its own, is heard with `model`; None takes a choice back."""
    now_chosen = choices(session)
    before = now_chosen.lines.get(line.id) if line else now_chosen.default
    if model != before:
        session.add(ModelUse(line=line, model=model, used_from=now))
        session.flush()
