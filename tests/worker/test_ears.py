"""What a speech parent loads, and how it sees that something has changed."""

import os
import shutil
from pathlib import Path

import factories
import pytest
from factories import NOW
from sqlalchemy.orm import Session
from workshop import Workshop

from hotline.models import Place, Unit
from hotline.rules.learning import Figure
from hotline.services import learning, speech_models
from hotline.services.access import SYSTEM
from hotline.settings import Settings
from speech.recognizer import Recognizer
from speech.understand.learned import base
from worker import ears
from worker.context import NoEarsError, make_context
from worker.ears import ModelNotLoadedError, Sources

OTHER = "vosk-model-small-cn-0.1"


@pytest.fixture
def settings(workshop: Workshop, tmp_path: Path, model: Recognizer) -> Settings:
    """A second model lies where models are fetched to, and is in no use yet."""
    other = tmp_path / "models" / OTHER
    shutil.copytree(model.info.path, other, ignore=shutil.ignore_patterns("training", "model.json"))
    return workshop.context.settings.model_copy(
        update={"models_path": tmp_path / "models", "speech_model_path": model.info.path}
    )


def look(workshop: Workshop, settings: Settings) -> Sources:
    return ears.look(settings, workshop.context.sessions)


def choose(workshop: Workshop, label: str | None, *, for_line: bool = False) -> int:
    with workshop.context.sessions.begin() as session:
        line = factories.line(session, number=f"+8620876500{NOW.second:02d}") if for_line else None
        speech_models.choose(session, label, line, NOW)
        return line.id if line else 0


def test_without_a_choice_there_is_the_model_of_the_settings(
    workshop: Workshop, settings: Settings, model: Recognizer
) -> None:
    made = ears.make(look(workshop, settings), workshop.context.sessions)

    assert set(made.models) == {model.info.label}
    assert made.recognizer(None).info.label == model.info.label


def test_the_models_of_all_lines_are_loaded_and_no_others(
    workshop: Workshop, settings: Settings, model: Recognizer
) -> None:
    choose(workshop, OTHER, for_line=True)

    made = ears.make(look(workshop, settings), workshop.context.sessions)

    assert set(made.models) == {model.info.label, OTHER}
    assert made.recognizer(OTHER).info.path == settings.models_path / OTHER


def test_a_choice_for_all_lines_takes_the_place_of_the_settings(workshop: Workshop, settings: Settings) -> None:
    choose(workshop, OTHER)
    assert set(look(workshop, settings).models) == {OTHER}

    choose(workshop, None)
    assert OTHER not in look(workshop, settings).models


def test_a_model_that_is_absent_leaves_the_others(workshop: Workshop, settings: Settings, model: Recognizer) -> None:
    choose(workshop, "vosk-model-cn-0.22", for_line=True)
    sources = look(workshop, settings)
    assert sources.absent == {"vosk-model-cn-0.22"}

    assert ears.failing(sources) == {}
    made = ears.make(sources, workshop.context.sessions)

    assert made.recognizer(None).info.label == model.info.label
    with pytest.raises(ModelNotLoadedError):
        made.recognizer("vosk-model-cn-0.22")


def test_a_damaged_model_leaves_the_others(workshop: Workshop, settings: Settings, model: Recognizer) -> None:
    (settings.models_path / OTHER / "graph/HCLr.fst").write_bytes(b"no graph")
    choose(workshop, OTHER, for_line=True)
    sources = look(workshop, settings)

    assert ears.failing(sources).keys() == {OTHER}
    assert set(ears.make(sources, workshop.context.sessions).models) == {model.info.label}


def test_a_model_that_ends_whoever_loads_it_is_found_out_and_left_out(
    workshop: Workshop, settings: Settings, model: Recognizer
) -> None:
    (settings.models_path / OTHER / "conf/model.conf").write_text("")
    choose(workshop, OTHER, for_line=True)
    sources = look(workshop, settings)

    failing = ears.failing(sources)
    made = ears.make(sources, workshop.context.sessions, without=failing)

    assert failing.keys() == {OTHER}
    assert made.recognizer(None).info.label == model.info.label
    with pytest.raises(ModelNotLoadedError):
        made.recognizer(OTHER)


def test_what_has_not_changed_looks_the_same(workshop: Workshop, settings: Settings) -> None:
    workshop.make(lambda session: factories.unit(session, name="静溪街道"))

    assert look(workshop, settings) == look(workshop, settings)


def a_place(session: Session) -> Unit:
    unit = session.query(Unit).first() or factories.unit(session)
    session.add(Place(unit=unit, name="梅花苑"))
    return unit


def renamed(session: Session) -> Unit:
    unit = session.query(Unit).one()
    unit.name = "另一个街道"
    return unit


def called_otherwise(session: Session) -> Unit:
    unit = session.query(Unit).one()
    unit.aliases = ["老街"]
    return unit


@pytest.mark.parametrize("change", [a_place, renamed, called_otherwise, factories.unit])
def test_a_change_of_names_is_seen(workshop: Workshop, settings: Settings, change: object) -> None:
    workshop.make(lambda session: factories.unit(session, name="静溪街道"))
    before = look(workshop, settings)

    workshop.make(change)  # type: ignore[arg-type]  # each gives a unit

    assert look(workshop, settings).names != before.names


def test_a_change_of_choice_is_seen(workshop: Workshop, settings: Settings) -> None:
    before = look(workshop, settings)

    choose(workshop, OTHER, for_line=True)

    assert look(workshop, settings) != before


def test_a_change_of_a_models_files_is_seen_where_the_model_is_in_use(workshop: Workshop, settings: Settings) -> None:
    words = settings.models_path / OTHER / "graph/words.txt"
    unused = look(workshop, settings)
    os.utime(words, (1, 1))
    assert look(workshop, settings) == unused

    choose(workshop, OTHER)
    before = look(workshop, settings)
    os.utime(words, (2, 2))
    assert look(workshop, settings) != before


def test_a_change_of_a_lexicon_is_seen(workshop: Workshop, settings: Settings) -> None:
    seen = {name for name, *_ in look(workshop, settings).lexicons}

    assert {Path(name).name for name in seen} >= {"needs.toml", "urgency.toml"}


def test_a_process_that_is_not_for_speech_has_no_ears(settings: Settings) -> None:
    with pytest.raises(NoEarsError):
        _ = make_context(settings).ears


def test_of_very_many_names_only_so_many_are_listened_for(
    workshop: Workshop, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ears, "_MOST_HEARD", 2)
    with workshop.context.sessions.begin() as session:
        unit = factories.unit(session, name="静溪街道")
        session.add_all([Place(unit=unit, name=name) for name in ("荷花路", "莲塘路", "桂花苑")])

    made = ears.make(look(workshop, settings), workshop.context.sessions)

    heard = {name.text for name in made.names.names}
    assert "静溪街道" in heard
    assert len(heard & {"荷花路", "莲塘路", "桂花苑"}) == 1
    assert made.gazetteer.find("我住桂花苑") is not None


def test_what_was_learned_and_is_damaged_gives_way_to_the_base_model(workshop: Workshop) -> None:
    with workshop.context.sessions.begin() as session:
        made = learning.ask(session, SYSTEM, NOW)
        learning.learned(session, made, "rubbish", {"category": Figure(40, 30, 33)}, NOW, examples=120)
        assert learning.in_use(session) == made.id

        assert ears.model_in_use(session, made.id) is base()
