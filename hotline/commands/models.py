"""`flask models`: the recognition models that can be had, those that are here, and which of them hears which line."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import click
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from hotline.commands.surroundings import read_speech_settings, transaction
from hotline.models import Line
from hotline.services import organisation, speech_models
from hotline.services.speech_models import Choices
from hotline.settings import SpeechSettings
from speech import download
from speech.download import DownloadError, Published
from speech.registry import ModelInfo, NotAModelError
from speech.trial import TrialError, try_out

_ALL_LINES = "all lines"

models = AppGroup("models", help="The models that hear what is said.")


@dataclass(frozen=True)
class _Entry:
    """A model as it is listed; `used_by` are numbers of lines, or all that have no model of their own."""

    name: str
    language: str
    kind: str
    size_bytes: int | None
    is_installed: bool
    is_obsolete: bool
    used_by: tuple[str, ...]

    def __str__(self) -> str:
        size = f"{self.size_bytes / 1e6:,.0f} MB" if self.size_bytes else "-"
        marks = [f"in use: {', '.join(self.used_by)}"] if self.used_by else []
        marks += ["installed"] if self.is_installed else []
        marks += ["obsolete"] if self.is_obsolete else []
        return f"{self.name:44} {self.language:8} {self.kind:10} {size:>10}  {'; '.join(marks)}".rstrip()


@models.command("list")
@click.option("--language", default="", help="Only models of this language, as zh or zh-CN.")
@click.option("--json", "as_json", is_flag=True)
def _list_models(language: str, as_json: bool) -> None:
    """List the models of the published list and those of this machine."""
    settings = read_speech_settings()
    there = speech_models.on_disk(settings)
    listed = [entry for entry in _entries(_published(settings), there, _used_by(settings)) if _is_of(entry, language)]
    if as_json:
        click.echo(json.dumps([asdict(entry) for entry in listed], ensure_ascii=False))
    for entry in [] if as_json else listed:
        click.echo(str(entry))


@models.command("fetch")
@click.argument("name")
def _fetch_model(name: str) -> None:
    """Fetch the model NAME of the published list; taken up again where it was cut off, and checked."""
    settings = read_speech_settings()
    try:
        model = _named(download.published(str(settings.speech_models_url)), name)
        with click.progressbar(length=model.size_bytes, label=model.name) as bar:
            info = download.fetch(model, settings.models_path, lambda done, _of: bar.update(done - bar.pos))
    except (DownloadError, NotAModelError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{info.label} is in {info.path}. To hear with it: flask models use {info.label}")


@models.command("use")
@click.argument("name", required=False)
@click.option("--line", "number", help="For this number alone; for all that have no model of their own when left out.")
@click.option("--no-choice", is_flag=True, help="Take an earlier choice back, instead of NAME.")
def _use_model(name: str | None, number: str | None, no_choice: bool) -> None:
    """Hear with the model NAME from now on, once it has been tried on a known recording."""
    if bool(name) == no_choice:
        raise click.UsageError("either NAME or --no-choice")
    info = _tried(read_speech_settings(), name) if name else None
    with transaction() as (session, now):
        line = _line(session, number) if number else None
        if info and line and info.language.split("-")[0] != line.language.split("-")[0]:
            click.echo(f"Note: the line speaks {line.language}, the model {info.language}.", err=True)
        speech_models.choose(session, info.label if info else None, line, now)
    click.echo(f"{number or _ALL_LINES}: {info.label if info else 'no choice of its own'}")


def _tried(settings: SpeechSettings, name: str) -> ModelInfo:
    there = speech_models.on_disk(settings)
    by_folder = {info.path.name: info for info in there.values()}
    info = there.get(name) or by_folder.get(name)
    if info is None:
        raise click.ClickException(f"there is no model {name} on this machine: `flask models fetch {name}` first?")
    click.echo(f"Trying {info.label} ...")
    try:
        heard = try_out(info.path)
    except (TrialError, NotAModelError) as error:
        raise click.ClickException(f"{error} It is not used.") from error
    click.echo(f"It heard: {heard.text or '(no words)'}")
    return info


def _line(session: Session, number: str) -> Line:
    line = organisation.line_by_number(session, number)
    if line is None:
        raise click.ClickException(f"there is no line {number}")
    return line


def _published(settings: SpeechSettings) -> Sequence[Published]:
    """Without a network, the models of this machine are listed all the same."""
    try:
        return download.published(str(settings.speech_models_url))
    except DownloadError as error:
        click.echo(f"Note: {error}", err=True)
        return ()


def _named(found: Sequence[Published], name: str) -> Published:
    for model in found:
        if model.name == name:
            return model
    raise click.ClickException(f"there is no model {name} in the list: `flask models list` shows what there is")


def _used_by(settings: SpeechSettings) -> Mapping[str, tuple[str, ...]]:
    """Who hears with which model; nobody, as far as can be seen, where there is no service on this machine."""
    try:
        with transaction() as (session, _now):
            choices, lines = speech_models.choices(session), organisation.lines(session)
    except click.ClickException:
        click.echo("Note: without the service's settings and database it can't be seen what is in use.", err=True)
        return {}
    return _users(choices, lines, speech_models.label_of_settings(settings))


def _users(choices: Choices, lines: Sequence[Line], of_settings: str) -> Mapping[str, tuple[str, ...]]:
    users: dict[str, tuple[str, ...]] = {choices.default or of_settings: (_ALL_LINES,)}
    for line in lines:
        model = choices.lines.get(line.id)
        if model:
            users[model] = (*users.get(model, ()), line.number)
    return users


def _entries(
    announced: Sequence[Published], there: Mapping[str, ModelInfo], used_by: Mapping[str, tuple[str, ...]]
) -> list[_Entry]:
    """Models of this machine first; one that is in use and missing stands among them."""
    known = {model.name: model for model in announced}
    here = [_entry(label, known.get(label), there.get(label), used_by) for label in sorted({*there, *used_by})]
    return here + [
        _entry(model.name, model, None, used_by)
        for model in sorted(announced, key=lambda model: (model.is_obsolete, model.language, model.name))
        if model.name not in there and model.name not in used_by
    ]


def _entry(
    label: str, announced: Published | None, info: ModelInfo | None, used_by: Mapping[str, tuple[str, ...]]
) -> _Entry:
    told = info or announced
    return _Entry(
        name=label,
        language=told.language if told else "-",
        kind=announced.kind if announced else "-",
        size_bytes=announced.size_bytes if announced else None,
        is_installed=info is not None,
        is_obsolete=announced.is_obsolete if announced else False,
        used_by=used_by.get(label, ()),
    )


def _is_of(entry: _Entry, language: str) -> bool:
    return entry.language.lower().startswith(language.lower())
