"""`flask understanding`: rounds of learning listed, asked for, and put into use."""

import json
from collections.abc import Callable

import factories
import pytest
from click.testing import Result
from sqlalchemy import NullPool, create_engine

from hotline.db import make_sessions
from hotline.models import LearningEnd
from hotline.rules.learning import Figure
from hotline.services import learning
from hotline.services.access import SYSTEM

Flask = Callable[..., Result]
BETTER = {"category": Figure(40, 30, 33)}


@pytest.fixture
def rounds(own_database_url: str) -> None:
    """One that made a better model, and one that made none."""
    with make_sessions(create_engine(own_database_url, poolclass=NullPool)).begin() as session:
        made = learning.ask(session, SYSTEM, factories.NOW)
        learning.learned(session, made, "weights", BETTER, factories.NOW, examples=120)
        learning.ended(learning.ask(session, SYSTEM, factories.LATER), LearningEnd.TOO_FEW, factories.LATER)


def test_before_any_learning_the_base_is_in_use(flask_command: Flask) -> None:
    assert json.loads(flask_command("understanding", "list", "--json").output) == [{"round": "base", "is_in_use": True}]


def test_a_round_is_asked_for_once(flask_command: Flask) -> None:
    assert "round 1 " in flask_command("understanding", "learn").output
    assert "round 1 " in flask_command("understanding", "learn").output


@pytest.mark.usefixtures("rounds")
def test_rounds_are_listed_with_their_figures(flask_command: Flask) -> None:
    assert flask_command("understanding", "list").output.splitlines() == [
        "     2  too_few",
        "     1  better      category 30 -> 33 of 40; in use",
        "  base",
    ]


@pytest.mark.usefixtures("rounds")
def test_the_base_is_put_back_and_the_round_forth(flask_command: Flask) -> None:
    assert flask_command("understanding", "use", "base").exit_code == 0
    assert flask_command("understanding", "list").output.endswith("base  in use\n")
    assert flask_command("understanding", "use", "1").output == "in use: 1\n"


@pytest.mark.usefixtures("rounds")
@pytest.mark.parametrize("name", ["2", "3", "nosuch", "-1"])
def test_what_made_no_model_is_refused_in_words(flask_command: Flask, name: str) -> None:
    done = flask_command("understanding", "use", "--", name)

    assert done.exit_code == 1
    assert done.output.startswith("Error: ")
