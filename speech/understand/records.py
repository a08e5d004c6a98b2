"""Records in, records out: what the understanding commands do with each line of JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from speech.transcript import Word
from speech.understand.answers import understand_outreach, understand_survey
from speech.understand.places import Gazetteer
from speech.understand.request import understand


class RecordError(Exception):
    """A record that can't be understood because its text isn't there."""


def understand_record(record: Mapping[str, Any], gazetteer: Gazetteer) -> dict[str, Any]:
    """A request as `flask understand` answers it; `words` of a transcript give the evidence its times."""
    facts = understand(_text(record), gazetteer, words=_words(record))
    return {"id": record.get("id"), **facts.as_dict()}


def understand_survey_record(record: Mapping[str, Any]) -> dict[str, Any]:
    """An answer to a callback as `flask understand-survey` answers it."""
    return {"id": record.get("id"), **understand_survey(_text(record)).as_dict()}


def understand_outreach_record(record: Mapping[str, Any]) -> dict[str, Any]:
    """An answer to a check call as `flask understand-outreach` answers it."""
    return {"id": record.get("id"), **understand_outreach(_text(record)).as_dict()}


def _text(record: Mapping[str, Any]) -> str:
    text = record.get("text")
    if not isinstance(text, str):
        raise RecordError("A record needs its text, as a string under the name text.")
    return text


def _words(record: Mapping[str, Any]) -> Sequence[Word]:
    try:
        return [Word(**word) for word in cast(list[dict[str, Any]], record.get("words", []))]
    except TypeError as error:
        raise RecordError("The words of a record have word, start, end, conf and channel.") from error
