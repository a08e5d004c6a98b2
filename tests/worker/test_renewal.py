"""How a speech parent finds out that something has changed, and what it makes of a trial."""

import os
from pathlib import Path

import factories
import pytest
from pydantic import SecretStr
from workshop import Workshop

from hotline.settings import Settings
from stack.postgres import Postgres
from worker import ears
from worker.context import make_context
from worker.speech import BROKEN, Renewal


class Hours:
    """A time that goes on when the test says so."""

    def __init__(self) -> None:
        self.s = 1000.0

    def __call__(self) -> float:
        return self.s


@pytest.fixture
def hours() -> Hours:
    return Hours()


@pytest.fixture
def renewal(workshop: Workshop, settings: Settings, hours: Hours) -> Renewal:
    """Everything is loaded as it stands."""
    return Renewal(make_context(settings), ears.look(settings, workshop.context.sessions), hours)


@pytest.fixture
def settings(workshop: Workshop, tmp_path: Path) -> Settings:
    return workshop.context.settings.model_copy(update={"models_path": tmp_path / "models"})


def something_changes(workshop: Workshop) -> None:
    workshop.make(lambda session: factories.unit(session, name="静溪街道"))


def is_tried(renewal: Renewal) -> bool:
    """Whether a trial begins; how it ends is not waited for."""
    trial = renewal.check()
    if trial is not None:
        os.kill(trial, 9)
        os.waitpid(trial, 0)
    return trial is not None


def test_what_has_changed_is_tried_once(workshop: Workshop, renewal: Renewal) -> None:
    assert not is_tried(renewal)
    something_changes(workshop)
    assert is_tried(renewal)
    assert not is_tried(renewal)


def test_what_is_broken_is_not_tried_again(workshop: Workshop, renewal: Renewal, hours: Hours) -> None:
    something_changes(workshop)
    assert is_tried(renewal)

    assert not renewal.is_ready(BROKEN)

    hours.s += 3600
    assert not is_tried(renewal)


@pytest.mark.parametrize("status", [1, -9, -14])
def test_what_failed_for_another_reason_is_tried_again_after_a_while(
    workshop: Workshop, renewal: Renewal, hours: Hours, status: int
) -> None:
    something_changes(workshop)
    assert is_tried(renewal)

    assert not renewal.is_ready(status)

    assert not is_tried(renewal)
    hours.s += 60
    assert is_tried(renewal)


def test_what_can_be_used_is_ready(renewal: Renewal) -> None:
    assert renewal.is_ready(0)


def test_whatever_goes_wrong_with_looking_the_work_goes_on(
    settings: Settings, postgres: Postgres, hours: Hours
) -> None:
    postgres.create_database("without_tables")
    without_tables = settings.model_copy(update={"database_url": SecretStr(postgres.url("without_tables"))})

    assert Renewal(make_context(without_tables), None, hours).check() is None
    assert is_tried(Renewal(make_context(settings), None, hours))
    postgres.drop_database("without_tables")
