"""`flask transcribe` and the `flask understand` commands: recordings and texts in, lines of JSON out."""

import csv
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from hotline.commands.surroundings import read_speech_settings
from speech.audio import AudioError
from speech.local_names import LocalNames, drug_names
from speech.recognizer import Recognizer
from speech.registry import NotAModelError
from speech.understand import (
    Gazetteer,
    RecordError,
    understand_outreach_record,
    understand_record,
    understand_survey_record,
)

_EXISTING = click.Path(exists=True, path_type=Path)


@click.command("transcribe")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--model", type=click.Path(path_type=Path), help="A recognition model's folder; that of SPEECH_MODEL_PATH."
)
@click.option("--units", type=_EXISTING, help="units.csv of the organisation: its names, and medicines, are put right.")
@click.option("--places", type=_EXISTING, help="places.csv of the organisation.")
def transcribe(files: tuple[Path, ...], model: Path | None, units: Path | None, places: Path | None) -> None:
    """Transcribe recordings: a line of JSON for each FILE, with `error` for those that are none."""
    try:
        recognizer = Recognizer.load(model or read_speech_settings().speech_model_path)
    except NotAModelError as error:
        raise click.ClickException(str(error)) from error
    local = _gazetteer(units, places).names
    names = LocalNames.from_names([*local, *drug_names()]) if units else LocalNames()
    failed = False
    for file in files:
        try:
            said: dict[str, Any] = {"file": str(file), **names.correct(recognizer.transcribe(file)).as_dict()}
        except (AudioError, OSError) as error:
            said, failed = {"file": str(file), "error": str(error)}, True
        click.echo(json.dumps(said, ensure_ascii=False))
    sys.exit(1 if failed else 0)


@click.command("understand")
@click.option("--units", type=_EXISTING, help="units.csv of the organisation.")
@click.option("--places", type=_EXISTING, help="places.csv of the organisation.")
def understand(units: Path | None, places: Path | None) -> None:
    """Take facts from transcripts: JSON lines (id, text) on standard input, JSON lines out; `< FILE` for a file."""
    gazetteer = _gazetteer(units, places)
    _each_line(lambda record: understand_record(record, gazetteer))


@click.command("understand-survey")
def understand_survey() -> None:
    """The same for spoken answers to a callback."""
    _each_line(understand_survey_record)


@click.command("understand-outreach")
def understand_outreach() -> None:
    """The same for spoken answers to a check call."""
    _each_line(understand_outreach_record)


def _gazetteer(units: Path | None, places: Path | None) -> Gazetteer:
    if places and not units:
        raise click.UsageError("--places tells which unit a place belongs to: give --units too")
    try:
        return Gazetteer.from_csv(units, places) if units else Gazetteer()
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise click.ClickException("UNITS and PLACES cannot be read: UTF-8 CSV files with their headings?") from error


def _each_line(answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """One line of JSON for each that comes; one that cannot be read ends with its `error`, and holds up no other."""
    said = [_said(line, answer) for line in sys.stdin.buffer if line.strip()]
    sys.exit(0 if all(said) else 1)


def _said(line: bytes, answer: Callable[[dict[str, Any]], dict[str, Any]]) -> bool:
    record: Any = None
    try:
        record = json.loads(line.decode("utf-8-sig"))
        told = json.dumps(answer(record), ensure_ascii=False).encode()
    except (RecordError, ValueError, TypeError, AttributeError, RecursionError) as error:
        known = record.get("id") if isinstance(record, dict) else None
        trouble = str(error) if isinstance(error, RecordError) else f"no usable record: {type(error).__name__}"
        click.echo(json.dumps({"id": known, "error": trouble}))
        return False
    click.echo(told)
    return True
